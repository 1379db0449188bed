//! Every kind of message that needs no file, and what changes messages.

use domain::{
    model::{
        Attachment, Command, ContactCard, Degrees, DeleteMessage, EditMessage, Jid, Location, MessageKey, MessageStatus, MessageType,
        Outcome, Poll, Typing,
    },
    pipeline::Draft,
};
use serde_json::json;

use super::world::{World, eventually};

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";

async fn world() -> (World, domain::model::Device, Jid) {
    let world = World::new().await;
    world.phone(ANI).await;
    world.phone(BUDI).await;
    let device = world.linked(ANI).await;
    (world, device, Jid::parse(BUDI).unwrap())
}

#[tokio::test]
async fn texts_with_all_that_can_be_said_about_them_arrive() {
    let (world, device, budi) = world().await;
    let first = world.send(&device, Draft::text(budi.clone(), "Halo")).await;
    let mut answer = Draft::text(budi.clone(), format!("Halo @{BUDI}"));
    answer.quoted = Some(first.quote());
    answer.mentions = vec![budi.clone()];
    answer.forwarded = true;
    let answer = world.send(&device, answer).await;
    let row = world.on_phone(BUDI, &answer.id).await;
    assert_eq!((&row["text"], &row["quotedId"]), (&json!(format!("Halo @{BUDI}")), &json!(first.id.as_str())), "{row}");
    assert_eq!(row["mentions"], json!([budi.to_string()]), "{row}");
}

#[tokio::test]
async fn places_cards_polls_and_reactions_arrive() {
    let (world, device, budi) = world().await;
    let attached = |kind, content: &str, attachment| {
        let mut draft = Draft::new(budi.clone(), kind, content);
        draft.attachment = Some(attachment);
        draft
    };
    let place = Location {
        latitude: Degrees::parse(-6.2, 90.0).unwrap(),
        longitude: Degrees::parse(106.8, 180.0).unwrap(),
        name: Some("Monas".into()),
        address: None,
    };
    let place = world.send(&device, attached(MessageType::Location, "", Attachment::Location(place))).await;
    assert_eq!(world.on_phone(BUDI, &place.id).await["type"], "location");
    let card = ContactCard::new("Citra", &Jid::parse("6281100000003").unwrap());
    for cards in [vec![card.clone()], vec![card.clone(), card]] {
        let message = world.send(&device, attached(MessageType::Contact, "", Attachment::Contacts { cards })).await;
        assert_eq!(world.on_phone(BUDI, &message.id).await["type"], "contact");
    }
    for selectable in [0, 1] {
        let options = vec!["Ya".to_owned(), "Tidak".to_owned()];
        let poll = world.send(&device, attached(MessageType::Poll, "Ikut?", Attachment::Poll(Poll { options, selectable }))).await;
        let row = world.on_phone(BUDI, &poll.id).await;
        assert_eq!((&row["type"], &row["poll"]["question"]), (&json!("poll"), &json!("Ikut?")), "{row}");
    }
    for emoji in ["👍", ""] {
        let mut reaction = Draft::new(budi.clone(), MessageType::Reaction, emoji);
        reaction.quoted = Some(place.quote());
        world.send(&device, reaction).await;
        let count = usize::from(!emoji.is_empty());
        world.on_phone_when(BUDI, &place.id, |row| row["reactions"].as_array().unwrap().len() == count).await;
    }
}

#[tokio::test]
async fn a_message_is_edited_and_taken_back_and_both_are_told_once() {
    let (world, device, budi) = world().await;
    let message = world.send(&device, Draft::text(budi, "Halo")).await;
    let mut events = world.events();
    let edit = EditMessage {
        id: world.intake.ids.message(),
        chat: message.chat.clone(),
        target: message.id.clone(),
        text: "Hai".into(),
        mentions: vec![],
    };
    let outcome = world.ask(&device.id, Command::Edit(edit)).await;
    assert!(matches!(outcome, Outcome::Sent { .. }), "{outcome:?}");
    world.on_phone_when(BUDI, &message.id, |row| row["text"] == "Hai").await;
    let record = world.record(&device, &message.id, "it is edited", |message| message.edited_at.is_some()).await;
    assert_eq!(record.content, "Hai");
    let delete = DeleteMessage { id: world.intake.ids.message(), chat: message.chat.clone(), target: MessageKey::own(message.id.clone()) };
    let outcome = world.ask(&device.id, Command::Delete(delete)).await;
    assert!(matches!(outcome, Outcome::Sent { .. }), "{outcome:?}");
    world.on_phone_when(BUDI, &message.id, |row| row["deleted"] == true).await;
    world.record(&device, &message.id, "it is deleted", |message| message.deleted_at.is_some()).await;
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        told.push(event.kind.as_str());
    }
    told.retain(|kind| kind.starts_with("message_edited") || kind.starts_with("message_deleted"));
    assert_eq!(told, ["message_edited", "message_deleted"]);
}

#[tokio::test]
async fn messages_are_marked_as_read_and_typing_is_shown() {
    let (world, device, budi) = world().await;
    let id = world.post(&format!("/phones/{BUDI}/messages"), json!({"to": ANI, "text": "Halo"})).await["id"].clone();
    let id = domain::model::MessageId::parse(id.as_str().unwrap()).unwrap();
    let received = world.record(&device, &id, "it is there", |_| true).await;
    let read = Command::Read { chat: budi.clone(), messages: vec![received.key()] };
    assert_eq!(world.ask(&device.id, read).await, Outcome::Done);
    assert_eq!(world.record(&device, &id, "it is read", |_| true).await.status, MessageStatus::Read);
    world.on_phone_when(BUDI, &id, |row| row["status"] == "read").await;
    for state in [Typing::Composing, Typing::Recording, Typing::Paused] {
        assert_eq!(world.ask(&device.id, Command::Typing { chat: budi.clone(), state }).await, Outcome::Done);
    }
    assert_eq!(world.ask(&device.id, Command::Disconnect).await, Outcome::Done);
    let refused = world.ask(&device.id, Command::Typing { chat: budi, state: Typing::Composing }).await;
    assert_eq!(refused, Outcome::Failed { error: "disconnected".into() });
}

#[tokio::test]
async fn one_person_is_one_chat_after_the_first_message() {
    let (world, device, budi) = world().await;
    world.send(&device, Draft::text(budi.clone(), "Halo")).await;
    let lid =
        eventually("the hidden id is known", async || domain::ports::Aliases::lid(&world.store, &device.id, &budi).await.unwrap()).await;
    let by_lid = world.send(&device, Draft::text(lid.clone(), "Halo lagi")).await;
    assert_eq!((by_lid.chat, by_lid.lid), (budi, Some(lid)));
    assert_eq!(world.on_phone(BUDI, &by_lid.id).await["text"], "Halo lagi");
}
