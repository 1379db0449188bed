use domain::model::{
    DeleteMessage, DeviceId, Direction, EditMessage, MediaFile, MediaPlace, MessageId, MessageKey, MessageStatus, Origin, SessionId,
    Timestamp,
};
use wacore::proto_helpers::MessageExt;

use super::*;

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";
const BUDI_LID: &str = "100000000000002@lid";

fn message(chat: &str, kind: MessageType, content: &str) -> Message {
    let chat = Jid::parse(chat).unwrap();
    Message {
        id: MessageId::parse("3EB0").unwrap(),
        device_id: DeviceId::parse("dev_1").unwrap(),
        session_id: SessionId::parse("user_1_device_toko").unwrap(),
        direction: Direction::Outgoing,
        from: Some(Jid::parse(ANI).unwrap()),
        to: Some(chat.clone()),
        chat,
        lid: None,
        kind,
        content: content.into(),
        caption: None,
        attachment: None,
        quoted: None,
        mentions: Vec::new(),
        link_preview: false,
        forwarded: false,
        broadcast: false,
        push_name: None,
        timestamp: Timestamp::from_millis(7),
        status: MessageStatus::Pending,
        read_at: None,
        error: None,
        due_at: None,
        bulk: None,
        author: None,
        edited_at: None,
        deleted_at: None,
    }
}

fn quoted(from: Option<&str>, from_me: bool) -> Quoted {
    let from = from.map(|from| Jid::parse(from).unwrap());
    Quoted { message_id: MessageId::parse("ORIGINAL").unwrap(), from, from_me, content: "Halo".into() }
}

/// In a group that names its members by hidden id.
fn hidden() -> Names {
    Names::given("100000000000001@lid", &[(BUDI, BUDI_LID)])
}

fn composed(message: Message, names: &Names) -> wa::Message {
    compose(&Outgoing::Message(message), None, names, || [7; 32]).unwrap()
}

#[test]
fn a_text_with_nothing_to_say_about_it_is_bare() {
    assert_eq!(composed(message(BUDI, MessageType::Text, "Halo"), &Names::default()), wa::Message::text("Halo"));
}

#[test]
fn an_answer_names_what_it_answers_and_whom_it_mentions_as_the_group_does() {
    let mut answer = message("120363023345678901@g.us", MessageType::Text, "Hai @6281100000002, bukan @62811000000023 @6281100000002");
    answer.quoted = Some(quoted(Some(BUDI), false));
    answer.mentions = vec![Jid::parse(BUDI).unwrap()];
    answer.forwarded = true;
    let composed = composed(answer, &hidden());
    let text = composed.extended_text_message.as_option().unwrap();
    assert_eq!(text.text.as_deref(), Some("Hai @100000000000002, bukan @62811000000023 @100000000000002"));
    let context = text.context_info.as_option().unwrap();
    assert_eq!((context.stanza_id.as_deref(), context.participant.as_deref()), (Some("ORIGINAL"), Some(BUDI_LID)));
    assert_eq!(context.quoted_message.as_option().and_then(MessageExt::text_content), Some("Halo"));
    assert_eq!(context.mentioned_jid, [BUDI_LID]);
    assert_eq!((context.is_forwarded, context.forwarding_score), (Some(true), Some(1)));
}

#[test]
fn a_reaction_names_the_author_in_groups_alone() {
    for (chat, from_me, participant) in [
        ("120363023345678901@g.us", false, Some(BUDI_LID)),
        ("120363023345678901@g.us", true, None),
        ("6281100000002@s.whatsapp.net", false, None),
    ] {
        let mut reaction = message(chat, MessageType::Reaction, "👍");
        reaction.quoted = Some(quoted(Some(BUDI), from_me));
        let composed = composed(reaction, &hidden());
        let reaction = composed.reaction_message.as_option().unwrap();
        let key = reaction.key.as_option().unwrap();
        assert_eq!((key.remote_jid.as_deref(), key.from_me, key.participant.as_deref()), (Some(chat), Some(from_me), participant));
        assert_eq!((key.id.as_deref(), reaction.text.as_deref()), (Some("ORIGINAL"), Some("👍")));
    }
}

#[test]
fn a_poll_has_a_secret_and_the_version_for_its_number_of_answers() {
    for (selectable, single) in [(0, false), (1, true), (2, false)] {
        let mut poll = message(BUDI, MessageType::Poll, "Ikut?");
        poll.attachment = Some(Attachment::Poll(Poll { options: vec!["Ya".into(), "Tidak".into()], selectable }));
        let composed = composed(poll, &Names::default());
        assert_eq!((composed.poll_creation_message_v3.is_set(), composed.poll_creation_message.is_set()), (single, !single));
        assert_eq!(composed.message_context_info.as_option().unwrap().message_secret, Some(vec![7; 32]));
    }
}

#[test]
fn an_edit_replaces_the_text_or_the_caption() {
    let edited = |target: Message| {
        let edit = EditMessage {
            id: MessageId::parse("EDIT").unwrap(),
            chat: target.chat.clone(),
            target: target.id.clone(),
            text: "Hai @6281100000002".into(),
            mentions: vec![Jid::parse(BUDI).unwrap()],
        };
        let outgoing = Outgoing::Edit { edit, target, at: Timestamp::from_millis(9) };
        compose(&outgoing, None, &hidden(), || unreachable!()).unwrap().protocol_message.into_option().unwrap()
    };
    let text = edited(message("120363023345678901@g.us", MessageType::Text, "Halo"));
    let key = text.key.as_option().unwrap();
    assert_eq!((key.id.as_deref(), key.from_me), (Some("3EB0"), Some(true)));
    assert_eq!((key.participant.as_deref(), text.timestamp_ms), (Some("100000000000001@lid"), Some(9)));
    assert_eq!(text.edited_message.as_option().unwrap().text_content(), Some("Hai @100000000000002"));
    let mut picture = message(BUDI, MessageType::Image, "");
    picture.attachment = Some(Attachment::Media(MediaFile {
        mime_type: "image/png".into(),
        file_name: None,
        size_bytes: 1,
        seconds: None,
        voice_note: false,
        place: MediaPlace::Failed { error: "gone".into() },
    }));
    let picture = edited(picture);
    assert_eq!(picture.edited_message.as_option().unwrap().get_caption(), Some("Hai @100000000000002"));
    assert_eq!(picture.key.as_option().unwrap().participant, None);
}

#[test]
fn an_admin_takes_back_what_others_wrote_by_their_name() {
    let group = Jid::parse("120363023345678901@g.us").unwrap();
    let deleted = |origin| {
        let target = MessageKey { id: MessageId::parse("GONE").unwrap(), origin };
        let outgoing = Outgoing::Delete(DeleteMessage { id: MessageId::parse("DELETE").unwrap(), chat: group.clone(), target });
        let message = compose(&outgoing, None, &hidden(), || unreachable!()).unwrap().protocol_message.into_option().unwrap();
        message.key.into_option().unwrap()
    };
    let own = deleted(Origin::Own);
    assert_eq!((own.id.as_deref(), own.from_me, own.participant), (Some("GONE"), Some(true), None));
    let other = deleted(Origin::Other { chat: group.clone(), from: Some(Jid::parse(BUDI).unwrap()) });
    assert_eq!((other.from_me, other.participant.as_deref()), (Some(false), Some(BUDI_LID)));
}
