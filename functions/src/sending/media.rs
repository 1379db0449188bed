//! Sending files: out of a form, from a URL, or handed in before.

use axum::{
    extract::{FromRequest, Request},
    http::StatusCode,
};
use domain::{
    model::{Attachment, Device, DeviceId, Jid, MediaFile, MediaId, MediaPlace, Message, MessageId, MessageStatus, Timestamp},
    pipeline::Draft,
};
use fetch::{FetchError, Limits};
use media::Kind;
use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, Unexpected},
};
use serde_json::{Value, json};

use super::{Answer, Begun, Options, Sender, Terms, answer::settled, recipient};
use crate::{
    api::Api,
    error::ApiError,
    extract::Json,
    fields::{Object, Text},
    files::{self, Form, Origin, Part, Received},
    openapi::Operation,
    reply::Success,
};

/// A file to send that is not in the request itself. In a form, what stands in `options` are fields like the others.
#[derive(Debug, JsonSchema, Deserialize)]
#[schemars(rename = "SendMedia", extend("oneOf" = [{"required": ["url"]}, {"required": ["mediaId"]}]))]
#[serde(rename_all = "camelCase")]
pub struct MediaRequest {
    session_id: Option<String>,
    recipient: String,
    /// The text under a picture, video or document.
    caption: Option<Text<0, 65_536>>,
    file_name: Option<Text<0, 1000>>,
    /// Whether a sound is sent as a voice note.
    is_voice_note: Option<Flag>,
    /// Where the file lies.
    url: Option<String>,
    /// The id of a file that was handed in before.
    media_id: Option<String>,
    #[serde(default)]
    options: Object<Options>,
}

/// A file that was sent, or will be.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MediaSent {
    message_id: MessageId,
    recipient: Jid,
    media_type: &'static str,
    file_name: Option<String>,
    file_size: Option<u64>,
    timestamp: Timestamp,
    status: MessageStatus,
}

impl MediaSent {
    /// What there is to say of sending such files.
    pub fn doc(id: &'static str, summary: &'static str, kind: Kind, mut request: Value) -> Operation {
        request["sessionId"] = "user_123_device_my_device".into();
        request["recipient"] = "1234567890@s.whatsapp.net".into();
        let file_name = request.get("fileName").cloned().unwrap_or_else(|| files::word(kind).into());
        let example = |message: &str, status: &str| {
            json!({
                "success": true,
                "message": message,
                "data": {
                    "messageId": "msg_123456789",
                    "recipient": "1234567890@s.whatsapp.net",
                    "mediaType": files::word(kind),
                    "fileName": file_name,
                    "fileSize": 1_024_000,
                    "timestamp": "2024-01-01T10:00:00Z",
                    "status": status,
                },
            })
        };
        Operation::new(id, "Media", summary)
            .describe("The file comes in a form, or by its `url`, or by the `mediaId` of one that was handed in before.")
            .sends()
            .takes_form::<MediaRequest>(request, Some(kind))
            .answers::<Self>(200, "WhatsApp has it.", example("File sent successfully", "sent"))
            .answers::<Self>(202, "It will be sent.", example("Message accepted", "pending"))
            .refuses([ApiError::MediaNotFound])
    }

    fn of(kind: Kind, message: Message) -> Result<Answer<Self>, ApiError> {
        let (code, status) = settled(&message)?;
        let text = match (kind, code == StatusCode::OK) {
            (Kind::Image, true) => "Image sent successfully",
            (Kind::Video, true) => "Video sent successfully",
            (Kind::Audio, true) => "Audio sent successfully",
            (Kind::Document, true) => "Document sent successfully",
            (Kind::Sticker, true) => "Sticker sent successfully",
            (_, false) => "Message accepted",
        };
        let file = message.media();
        let sent = Self {
            file_name: file.and_then(|file| file.file_name.clone()),
            file_size: file.map(|file| file.size_bytes),
            message_id: message.id,
            recipient: message.to.unwrap_or(message.chat),
            media_type: message.kind.as_str(),
            timestamp: message.timestamp,
            status,
        };
        Ok((code, Success::with(text, sent)))
    }
}

/// Sends the file that a request holds or names.
pub async fn send(api: &Api, terms: Terms, kind: Kind, request: Request) -> Result<Answer<MediaSent>, ApiError> {
    let terms = terms.with_file();
    if files::is_form(request.headers()) {
        return by_form(api, terms, kind, Form::new(request, files::word(kind), api.config.max_file_bytes)?).await;
    }
    let Json(request) = Json::<MediaRequest>::from_request(request, api).await?;
    by_name(api, terms, kind, request).await
}

/// A file that the store has for a message that is about to be sent.
struct Ready {
    id: MediaId,
    file: Received,
    /// What the file itself is called.
    name: Option<String>,
    /// Whether it was put there for this message alone.
    own: bool,
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
        Begun::Repeated(first) => return MediaSent::of(kind, first),
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
        Begun::Repeated(first) => return MediaSent::of(kind, first),
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
        (Begun::Repeated(first), ..) => MediaSent::of(kind, first),
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

/// Puts the file of a form into the store.
async fn taken_in(api: &Api, device: &DeviceId, kind: Kind, part: Part) -> Result<Ready, ApiError> {
    let (id, name, said) = (api.ids.media(), part.file_name.clone(), part.mime_type.clone());
    let (origin, max_bytes) = (Origin::Body(files::word(kind)), api.config.max_file_bytes);
    let file = files::receive(api, (device, &id), origin, Some(kind), said.as_deref(), part.body(), max_bytes).await?;
    Ok(Ready { id, file, name, own: true })
}

/// Gives a file that waited to its device.
async fn hand_over(api: &Api, from: &DeviceId, to: &DeviceId, id: &MediaId) -> Result<(), ApiError> {
    let file = api.media.open(from, id).await?.ok_or(ApiError::MediaNotFound)?;
    api.media.put(to, id, file.body).await.map_err(|error| ApiError::Internal(error.into()))?;
    Ok(())
}

/// Gets what lies at a URL.
async fn fetched(api: &Api, device: &Device, kind: Kind, url: &str) -> Result<Ready, ApiError> {
    let max_bytes = api.config.max_file_bytes;
    let found = api.fetcher.get(url, Limits::bytes(max_bytes)).await.map_err(|error| match error {
        FetchError::TooLarge => ApiError::FileTooLarge { max_bytes },
        error => ApiError::invalid("url", error),
    })?;
    let id = api.ids.media();
    let said = found.content_type.as_deref();
    let file = files::receive(api, (&device.id, &id), Origin::Url, Some(kind), said, found.body, max_bytes).await?;
    Ok(Ready { id, file, name: found.file_name, own: true })
}

/// Finds what was handed in before.
async fn handed_in(api: &Api, device: &Device, kind: Kind, id: MediaId) -> Result<Ready, ApiError> {
    let mut stored = api.media.open(&device.id, &id).await?.ok_or(ApiError::MediaNotFound)?;
    let head = files::open_head(&mut stored.body).await.map_err(|error| ApiError::Internal(error.into()))?;
    let mime_type = files::mime_type(&head.concat(), Some(kind), None)?;
    Ok(Ready { name: files::name_in(&id), id, file: Received { size_bytes: stored.size_bytes, mime_type }, own: false })
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

/// Refuses a request whose file was put into the store.
async fn discarded<T>(api: &Api, device: &DeviceId, id: &MediaId, error: ApiError) -> Result<T, ApiError> {
    api.media.delete(device, id).await?;
    Err(error)
}

/// What a form asks for, all of it text.
fn read(form: &Form) -> Result<MediaRequest, ApiError> {
    let text = |name: &str| form.field(name);
    let quoted = text("quoted").filter(|quoted| *quoted != "false");
    let delay = text("delay").map(|delay| delay.trim().parse().map_or_else(|_| json!(delay), |delay: u64| json!(delay)));
    let request = json!({
        "sessionId": text("sessionId"),
        "recipient": text("recipient"),
        "caption": text("caption"),
        "fileName": text("fileName"),
        "isVoiceNote": text("isVoiceNote"),
        "url": text("url"),
        "mediaId": text("mediaId"),
        "options": {"quoted": quoted, "delay": delay, "mentions": mentions(form.values("mentions"))},
    });
    serde_path_to_error::deserialize(without_nulls(request)).map_err(|error| {
        // A form has no options: what they hold are fields of its own.
        let path = error.path().to_string();
        match path.strip_prefix("options.").unwrap_or(&path) {
            "." => ApiError::Validation { details: error.inner().to_string() },
            field => ApiError::invalid(field, error.inner()),
        }
    })
}

/// A field that was left out is missing, which says more than that it is `null`.
fn without_nulls(mut request: Value) -> Value {
    if let Value::Object(fields) = &mut request {
        fields.retain(|_, value| !value.is_null());
    }
    request
}

/// Several fields, a list in JSON, or numbers with commas between them.
fn mentions(values: &[String]) -> Value {
    let one = |value: &String| match serde_json::from_str(value) {
        Ok(Value::Array(items)) => items,
        _ => value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Value::from).collect(),
    };
    values.iter().flat_map(one).collect()
}

/// `true`, however it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(inline, description = "", extend("type" = ["boolean", "string", "integer"], "enum" = [true, false, "true", "false", "1", "0", 1, 0]))]
struct Flag(bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Bool(is) => Ok(Self(is)),
            Value::String(text) if text == "true" || text == "1" => Ok(Self(true)),
            Value::String(text) if text == "false" || text == "0" => Ok(Self(false)),
            Value::Number(number) if number.as_u64() == Some(1) => Ok(Self(true)),
            Value::Number(number) if number.as_u64() == Some(0) => Ok(Self(false)),
            other => Err(D::Error::invalid_value(Unexpected::Other(&other.to_string()), &"true or false")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_note_may_be_asked_for_in_many_ways() {
        for (json, is) in [("true", true), ("\"true\"", true), ("\"1\"", true), ("1", true), ("false", false), ("\"0\"", false)] {
            assert_eq!(serde_json::from_str::<Flag>(json).unwrap(), Flag(is), "{json}");
        }
        for wrong in ["\"yes\"", "2", "[]", "null"] {
            assert!(serde_json::from_str::<Flag>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_forms_mentions_are_fields_or_lists() {
        let read = |values: &[&str]| mentions(&values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>());
        assert_eq!(read(&["6281100000001", "6281100000002"]), json!(["6281100000001", "6281100000002"]));
        assert_eq!(read(&["6281100000001, 6281100000002"]), json!(["6281100000001", "6281100000002"]));
        assert_eq!(read(&[r#"["6281100000001"]"#]), json!(["6281100000001"]));
        assert_eq!(read(&[]), json!([]));
    }
}
