use domain::model::{MediaFile, MediaPlace};
use wacore::download::Downloadable;
use waproto::buffa::MessageField;

use super::{context::Quote, *};

fn some<T: Default>(value: T) -> MessageField<T> {
    MessageField::some(value)
}

fn text(text: &str) -> wa::Message {
    wa::Message { conversation: Some(text.into()), ..Default::default() }
}

fn wrapped(message: wa::Message) -> MessageField<kinds::FutureProofMessage> {
    some(kinds::FutureProofMessage { message: some(message) })
}

fn said(message: &wa::Message) -> (Content, Context) {
    match read(message) {
        Some(Said::Content(content, context)) => (*content, context),
        other => panic!("{other:?}"),
    }
}

fn file(content: &Content) -> &MediaFile {
    match &content.attachment {
        Some(Attachment::Media(file)) => file,
        other => panic!("{other:?}"),
    }
}

fn image() -> wa::Message {
    wa::Message {
        image_message: some(kinds::ImageMessage {
            mimetype: Some("image/png".into()),
            caption: Some("Laut".into()),
            file_length: Some(7),
            direct_path: Some("/v/t62".into()),
            media_key: Some(vec![1; 32]),
            file_sha256: Some(vec![2; 32]),
            file_enc_sha256: Some(vec![3; 32]),
            ..Default::default()
        }),
        ..Default::default()
    }
}

#[test]
fn a_text_is_read_through_every_envelope() {
    let envelopes = [
        wa::Message { ephemeral_message: wrapped(text("Halo")), ..Default::default() },
        wa::Message { view_once_message_v2: wrapped(text("Halo")), ..Default::default() },
        wa::Message {
            device_sent_message: some(kinds::DeviceSentMessage {
                message: some(wa::Message { ephemeral_message: wrapped(text("Halo")), ..Default::default() }),
                ..Default::default()
            }),
            ..Default::default()
        },
    ];
    for message in &envelopes {
        assert_eq!(said(message).0, Content::new(MessageType::Text, "Halo"));
    }
}

#[test]
fn envelopes_without_end_do_no_harm() {
    let mut message = text("Halo");
    for _ in 0..50 {
        message = wa::Message { ephemeral_message: wrapped(message), ..Default::default() };
    }
    assert!(matches!(read(&message), Some(Said::Content(content, _)) if content.kind == MessageType::Other));
}

#[test]
fn a_file_comes_with_what_it_takes_to_download_it() {
    let (content, _) = said(&image());
    assert_eq!((content.kind, content.text.as_str(), content.caption.as_deref()), (MessageType::Image, "Laut", Some("Laut")));
    let file = file(&content);
    assert_eq!((file.mime_type.as_str(), file.size_bytes), ("image/png", 7));
    let reference = reference(file).unwrap();
    assert_eq!((reference.direct_path(), reference.media_key(), reference.file_length()), (Some("/v/t62"), Some(&[1; 32][..]), Some(7)));
    assert_eq!((reference.file_sha256(), reference.file_enc_sha256()), (Some(&[2; 32][..]), Some(&[3; 32][..])));
    assert!(Reference::decode(&reference.encode()) == Some(reference) && Reference::decode("x").is_none());
}

#[test]
fn every_kind_of_file_is_told_apart() {
    let video = kinds::VideoMessage { seconds: Some(9), gif_playback: Some(true), ..Default::default() };
    let note = kinds::AudioMessage { ptt: Some(true), seconds: Some(3), ..Default::default() };
    let document = kinds::DocumentMessage { file_name: Some("a.pdf".into()), caption: Some("Ini".into()), ..Default::default() };
    let document = wa::Message { document_message: some(document), ..Default::default() };
    let messages = [
        (wa::Message { video_message: some(video.clone()), ..Default::default() }, MessageType::Video),
        (wa::Message { ptv_message: some(video), ..Default::default() }, MessageType::Video),
        (wa::Message { audio_message: some(note), ..Default::default() }, MessageType::Audio),
        (document.clone(), MessageType::Document),
        (wa::Message { document_with_caption_message: wrapped(document), ..Default::default() }, MessageType::Document),
        (wa::Message { sticker_message: some(Default::default()), ..Default::default() }, MessageType::Sticker),
        (
            wa::Message {
                lottie_sticker_message: wrapped(wa::Message { sticker_message: some(Default::default()), ..Default::default() }),
                ..Default::default()
            },
            MessageType::Sticker,
        ),
    ];
    for (message, kind) in &messages {
        let (content, _) = said(message);
        assert_eq!(content.kind, *kind);
        let file = file(&content);
        assert!(matches!(file.place, MediaPlace::Awaiting { .. }));
        assert_eq!(file.voice_note, *kind == MessageType::Audio);
        assert_eq!(file.file_name.as_deref(), (*kind == MessageType::Document).then_some("a.pdf"));
    }
}

#[test]
fn places_cards_and_polls_say_what_can_be_said() {
    let place = kinds::LocationMessage {
        degrees_latitude: Some(-6.2),
        degrees_longitude: Some(106.8),
        name: Some("Monas".into()),
        address: Some("Jakarta".into()),
        ..Default::default()
    };
    let (content, _) = said(&wa::Message { location_message: some(place), ..Default::default() });
    assert_eq!((content.kind, content.text.as_str()), (MessageType::Location, "Monas"));
    assert!(matches!(content.attachment, Some(Attachment::Location(Location { name: Some(_), .. }))));

    let nowhere = kinds::LiveLocationMessage { degrees_latitude: Some(f64::NAN), ..Default::default() };
    let (content, _) = said(&wa::Message { live_location_message: some(nowhere), ..Default::default() });
    assert_eq!((content.kind, content.attachment), (MessageType::Location, None));

    let card = |name: &str| kinds::ContactMessage {
        display_name: Some(name.into()),
        vcard: Some("BEGIN:VCARD\nTEL:+6281100000001\nEND:VCARD".into()),
        ..Default::default()
    };
    let cards = kinds::ContactsArrayMessage { contacts: vec![card("Ani"), card("Budi")], ..Default::default() };
    let (content, _) = said(&wa::Message { contacts_array_message: some(cards), ..Default::default() });
    assert_eq!((content.kind, content.text.as_str()), (MessageType::Contact, "Ani, Budi"));
    assert!(matches!(content.attachment, Some(Attachment::Contacts { cards }) if cards[1].phones == ["+6281100000001"]));

    let option = |name: &str| kinds::poll_creation_message::Option { option_name: Some(name.into()), ..Default::default() };
    let poll = kinds::PollCreationMessage {
        name: Some("Makan?".into()),
        options: vec![option("Ya"), option("Tidak")],
        selectable_options_count: Some(1),
        ..Default::default()
    };
    for message in [
        wa::Message { poll_creation_message: some(poll.clone()), ..Default::default() },
        wa::Message { poll_creation_message_v3: some(poll.clone()), ..Default::default() },
        wa::Message {
            poll_creation_message_v4: wrapped(wa::Message { poll_creation_message_v5: some(poll), ..Default::default() }),
            ..Default::default()
        },
    ] {
        let (content, _) = said(&message);
        assert_eq!((content.kind, content.text.as_str()), (MessageType::Poll, "Makan?"));
        assert_eq!(content.attachment, Some(Attachment::Poll(Poll { options: vec!["Ya".into(), "Tidak".into()], selectable: 1 })));
    }
}

#[test]
fn a_message_tells_what_it_answers_whom_it_mentions_and_whether_it_was_forwarded() {
    let context = wa::ContextInfo {
        stanza_id: Some("ID".into()),
        participant: Some("100000012345678@lid".into()),
        quoted_message: some(image()),
        mentioned_jid: vec!["6281100000002@s.whatsapp.net".into()],
        is_forwarded: Some(true),
        ..Default::default()
    };
    let quote = Quote { id: "ID".into(), author: Some("100000012345678@lid".into()), text: "Laut".into() };
    let expected = Context { quote: Some(quote), mentions: vec!["6281100000002@s.whatsapp.net".into()], forwarded: true };
    let text = kinds::ExtendedTextMessage { text: Some("Halo".into()), context_info: some(context.clone()), ..Default::default() };
    let sticker = kinds::StickerMessage { context_info: some(context), ..Default::default() };
    assert_eq!(said(&wa::Message { extended_text_message: some(text), ..Default::default() }).1, expected);
    assert_eq!(said(&wa::Message { sticker_message: some(sticker), ..Default::default() }).1, expected);
}

#[test]
fn edits_and_deletions_name_their_message() {
    let key = || some(wa::MessageKey { id: Some("ID".into()), ..Default::default() });
    let protocol = |message: kinds::ProtocolMessage| wa::Message { protocol_message: some(message), ..Default::default() };
    let edit = |edited| kinds::ProtocolMessage {
        key: key(),
        r#type: Some(Type::MESSAGE_EDIT),
        edited_message: some(edited),
        timestamp_ms: Some(5),
        ..Default::default()
    };
    for (edited, wanted) in [(text("Baru"), "Baru"), (image(), "Laut")] {
        for message in
            [protocol(edit(edited.clone())), wa::Message { edited_message: wrapped(protocol(edit(edited))), ..Default::default() }]
        {
            assert!(
                matches!(read(&message), Some(Said::Edit { target, text, at: Some(5) }) if text == wanted && target.id.as_deref() == Some("ID"))
            );
        }
    }
    let revoke = protocol(kinds::ProtocolMessage { key: key(), r#type: Some(Type::REVOKE), ..Default::default() });
    assert!(matches!(read(&revoke), Some(Said::Revoke { target }) if target.id.as_deref() == Some("ID")));
}

#[test]
fn reactions_and_votes_name_theirs_too() {
    let key = || some(wa::MessageKey { id: Some("ID".into()), ..Default::default() });
    let reaction = kinds::ReactionMessage { key: key(), text: Some("👍".into()), ..Default::default() };
    let reaction = wa::Message { reaction_message: some(reaction), ..Default::default() };
    assert!(matches!(read(&reaction), Some(Said::Reaction { emoji: "👍", .. })));
    let vote = kinds::PollUpdateMessage { poll_creation_message_key: key(), vote: some(Default::default()), ..Default::default() };
    assert!(matches!(read(&wa::Message { poll_update_message: some(vote), ..Default::default() }), Some(Said::Vote { .. })));
}

#[test]
fn what_people_see_does_not_vanish_and_what_they_do_not_see_does() {
    let event = kinds::EventMessage { name: Some("Rapat".into()), ..Default::default() };
    let (content, _) = said(&wa::Message { event_message: some(event), ..Default::default() });
    assert_eq!((content.kind, content.text.as_str()), (MessageType::Other, "Rapat"));
    let (content, _) = said(&wa::Message {
        request_payment_message: some(kinds::RequestPaymentMessage { amount1000: Some(1), ..Default::default() }),
        ..Default::default()
    });
    assert_eq!(content.kind, MessageType::Other);
    let chosen = kinds::ListResponseMessage { title: Some("Nasi".into()), ..Default::default() };
    assert_eq!(said(&wa::Message { list_response_message: some(chosen), ..Default::default() }).0, Content::new(MessageType::Text, "Nasi"));

    let secret = wa::MessageContextInfo { message_secret: Some(vec![1; 32]), ..Default::default() };
    for nothing in [
        wa::Message::default(),
        text(""),
        wa::Message { message_context_info: some(secret), ..Default::default() },
        wa::Message { sender_key_distribution_message: some(Default::default()), ..Default::default() },
        wa::Message { pin_in_chat_message: some(Default::default()), ..Default::default() },
        wa::Message {
            protocol_message: some(kinds::ProtocolMessage { r#type: Some(Type::EPHEMERAL_SETTING), ..Default::default() }),
            ..Default::default()
        },
    ] {
        assert!(read(&nothing).is_none());
    }
}
