//! Sending files: out of a form, from a URL, or handed in before.

mod ready;
mod request;
mod sent;

use axum::extract::{FromRequest, Request};
use domain::{
    model::{Attachment, DeviceId, Jid, MediaFile, MediaId, MediaPlace},
    pipeline::Draft,
};
use media::Kind;

use self::{
    ready::{Ready, discarded, fetched, hand_over, handed_in, taken_in},
    request::{Flag, read},
};
pub use self::{request::MediaRequest, sent::MediaSent};
use super::{Answer, Begun, Sender, Terms, recipient, without_options};
use crate::{
    api::Api,
    error::ApiError,
    extract::Json,
    fields::Text,
    files::{self, Form, Part},
};

/// Sends the file that a request holds or names.
pub async fn send(api: &Api, terms: Terms, kind: Kind, request: Request) -> Result<Answer<MediaSent>, ApiError> {
    let terms = terms.with_file();
    if files::is_form(request.headers()) {
        let arrives = files::arrives(request.headers(), api.config.max_request_bytes);
        let form = Form::new(request, files::word(kind), api.config.max_file_bytes)?;
        arrives?;
        return by_form(api, terms, kind, form).await.map_err(without_options);
    }
    let Json(request) = Json::<MediaRequest>::from_request(request, api).await?;
    by_name(api, terms, kind, request).await
}

/// Where the file of a request lies that does not hold it.
enum Source {
    Url(String),
    Media(MediaId),
}

/// The file is somewhere else.
async fn by_name(api: &Api, terms: Terms, kind: Kind, mut request: MediaRequest) -> Result<Answer<MediaSent>, ApiError> {
    let to = recipient(&request.recipient)?;
    let source = match (request.url.take(), request.media_id.take()) {
        (Some(url), None) => Source::Url(url),
        (None, Some(id)) => Source::Media(MediaId::parse(id).map_err(|_| ApiError::MediaNotFound)?),
        (Some(_), Some(_)) => return Err(ApiError::invalid("url", "expected either url or mediaId")),
        (None, None) => return Err(ApiError::invalid(files::word(kind), "missing: send a file, its url or its mediaId")),
    };
    let sender = match terms.begin(api, request.session_id.as_deref(), |first| first.kind == files::message_type(kind)).await? {
        Begun::New(sender) => sender,
        Begun::Repeated(first) => return MediaSent::of(kind, *first),
    };
    let ready = match source {
        Source::Url(url) => fetched(api, &sender.device, kind, &url).await?,
        Source::Media(id) => handed_in(api, &sender.device, kind, id).await?,
    };
    finish(api, &sender, kind, to, request, ready).await
}

/// The file is in the form. Whatever stands before it is looked at before it is read.
async fn by_form(api: &Api, terms: Terms, kind: Kind, mut form: Form) -> Result<Answer<MediaSent>, ApiError> {
    let Some(part) = form.next_file().await? else {
        return by_name(api, terms, kind, read(&form)?).await;
    };
    if let Some(to) = form.field("recipient") {
        recipient(to)?;
    }
    if !terms.knows_device() && form.field("sessionId").is_none() {
        return file_first(api, terms, kind, form, part).await;
    }
    let sender = match terms.begin(api, form.field("sessionId"), |first| first.kind == files::message_type(kind)).await? {
        Begun::New(sender) => sender,
        Begun::Repeated(first) => return MediaSent::of(kind, *first),
    };
    let ready = taken_in(api, &sender.device.id, kind, part).await?;
    match rest(kind, &mut form).await {
        Ok((request, to)) => finish(api, &sender, kind, to, request, ready).await,
        Err(error) => discarded(api, &sender.device.id, &ready.id, error).await,
    }
}

/// The file comes before the field that says whose it is, and waits for that under nobody's name.
async fn file_first(api: &Api, terms: Terms, kind: Kind, mut form: Form, part: Part) -> Result<Answer<MediaSent>, ApiError> {
    let nobody = DeviceId::parse("unassigned").expect("a word is an identifier");
    let ready = taken_in(api, &nobody, kind, part).await?;
    let placed = async {
        let (request, to) = rest(kind, &mut form).await?;
        let begun = terms.begin(api, request.session_id.as_deref(), |first| first.kind == files::message_type(kind)).await?;
        if let Begun::New(sender) = &begun {
            hand_over(api, &nobody, &sender.device.id, &ready.id).await?;
        }
        Ok::<_, ApiError>((begun, request, to))
    };
    let placed = placed.await;
    api.media.delete(&nobody, &ready.id).await?;
    match placed? {
        (Begun::New(sender), request, to) => finish(api, &sender, kind, to, request, ready).await,
        (Begun::Repeated(first), ..) => MediaSent::of(kind, *first),
    }
}

/// What comes after the file.
async fn rest(kind: Kind, form: &mut Form) -> Result<(MediaRequest, Jid), ApiError> {
    if form.next_file().await?.is_some() {
        return Err(ApiError::invalid(files::word(kind), "expected one file"));
    }
    let request = read(form)?;
    if request.url.is_some() || request.media_id.is_some() {
        return Err(ApiError::invalid(files::word(kind), "expected either a file or its url or mediaId"));
    }
    let to = recipient(&request.recipient)?;
    Ok((request, to))
}

/// Sends a file that is in the store, or lets go of it.
async fn finish(
    api: &Api,
    sender: &Sender,
    kind: Kind,
    to: Jid,
    request: MediaRequest,
    ready: Ready,
) -> Result<Answer<MediaSent>, ApiError> {
    let (id, own) = (ready.id.clone(), ready.own);
    let sent = async {
        let draft = draft(kind, to, &request, ready)?;
        // Kept first: a message never has a file that may go.
        if !api.media.keep(&sender.device.id, &id).await? {
            return Err(ApiError::MediaNotFound);
        }
        sender.send(api, draft, request.options.0).await
    };
    match sent.await {
        Ok(message) => {
            // Another request with the same idempotency key was faster: its file is the one that is sent.
            if own && message.media().and_then(MediaFile::stored) != Some(&id) {
                api.media.delete(&sender.device.id, &id).await?;
            }
            MediaSent::of(kind, message)
        }
        // A store that failed may have taken the message in.
        Err(error @ ApiError::Internal(_)) => Err(error),
        Err(error) if own => discarded(api, &sender.device.id, &id, error).await,
        Err(error) => Err(error),
    }
}

fn draft(kind: Kind, to: Jid, request: &MediaRequest, ready: Ready) -> Result<Draft, ApiError> {
    let given = request.file_name.as_ref().map(|Text(name)| name).filter(|name| !name.is_empty());
    let file_name = match given {
        Some(name) => files::given_name(name)?,
        None => ready.name.unwrap_or_else(|| files::default_name(kind, &ready.file.mime_type)),
    };
    let caption = request.caption.as_ref().map(|Text(caption)| caption.clone()).filter(|caption| !caption.trim().is_empty());
    let caption = caption.filter(|_| matches!(kind, Kind::Image | Kind::Video | Kind::Document));
    let file = MediaFile {
        mime_type: ready.file.mime_type,
        file_name: Some(file_name),
        size_bytes: ready.file.size_bytes,
        seconds: None,
        voice_note: kind == Kind::Audio && request.is_voice_note.is_some_and(|Flag(is)| is),
        place: MediaPlace::Stored { id: ready.id },
    };
    let content = caption.clone().unwrap_or_default();
    Ok(Draft { caption, attachment: Some(Attachment::Media(file)), ..Draft::new(to, files::message_type(kind), content) })
}
