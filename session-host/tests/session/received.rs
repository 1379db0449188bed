//! What comes in, and what is typed on the phone itself.

use std::time::Duration;

use domain::{
    model::{
        Attachment, Device, Direction, Event, EventKind, Jid, Message, MessageFilter, MessageId, MessageStatus, MessageType, PageRequest,
    },
    pipeline::Draft,
    ports::Messages,
};
use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::world::{World, eventually};

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";
const CITRA: &str = "6281100000003";

type Told = broadcast::Receiver<std::sync::Arc<Event>>;

async fn world() -> (World, Device) {
    let world = World::new().await;
    for number in [ANI, BUDI, CITRA] {
        world.phone(number).await;
    }
    let device = world.linked(ANI).await;
    (world, device)
}

impl World {
    /// A phone writes; answers the message's id.
    async fn writes(&self, number: &str, body: Value) -> MessageId {
        let written = self.post(&format!("/phones/{number}/messages"), body).await;
        MessageId::parse(written["id"].as_str().unwrap()).unwrap()
    }

    /// A phone writes; answers the record.
    async fn received(&self, device: &Device, number: &str, body: Value) -> Message {
        let id = self.writes(number, body).await;
        self.record(device, &id, "it is there", |_| true).await
    }

    async fn all(&self, device: &Device) -> Vec<Message> {
        let filter = MessageFilter { device: Some(device.id.clone()), ..MessageFilter::default() };
        self.store.list(&filter, &PageRequest { page: 1, limit: 200, cursor: None }).await.unwrap().items
    }
}

async fn told(events: &mut Told, kind: EventKind) -> Value {
    let next = async {
        loop {
            let event = events.recv().await.unwrap();
            if event.kind == kind {
                return serde_json::from_str(event.data.get()).unwrap();
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), next).await.unwrap_or_else(|_| panic!("no {} came", kind.as_str()))
}

#[tokio::test]
async fn every_kind_of_message_is_told_as_it_was_written() {
    let (world, device) = world().await;
    let mut events = world.events();
    let question = world.send(&device, Draft::text(Jid::parse(BUDI).unwrap(), "Di mana?")).await;

    let answer = json!({"to": ANI, "text": "Di sini", "quotedId": question.id.as_str(), "mentions": [CITRA], "forwarded": true});
    let answer = world.received(&device, BUDI, answer).await;
    assert_eq!((answer.kind, answer.content.as_str(), answer.forwarded), (MessageType::Text, "Di sini", true));
    let quoted = answer.quoted.clone().unwrap();
    assert_eq!((quoted.message_id, quoted.from_me, quoted.content.as_str()), (question.id.clone(), true, "Di mana?"));
    assert_eq!(answer.mentions, [Jid::parse(CITRA).unwrap()]);
    assert_eq!((answer.chat, answer.direction), (Jid::parse(BUDI).unwrap(), Direction::Incoming));
    assert_eq!(told(&mut events, EventKind::MessageReceived).await["quotedMessageId"], question.id.as_str());

    let place = json!({"to": ANI, "location": {"latitude": -6.2, "longitude": 106.8, "name": "Monas", "address": "Jakarta"}});
    let place = world.received(&device, BUDI, place).await;
    assert_eq!((place.kind, place.content.as_str()), (MessageType::Location, "Monas"));
    assert_eq!(told(&mut events, EventKind::MessageReceived).await["location"]["latitude"], -6.2);

    let card = world.received(&device, BUDI, json!({"to": ANI, "contact": {"name": "Toko", "number": CITRA}})).await;
    assert_eq!((card.kind, card.content.as_str()), (MessageType::Contact, "Toko"));
    assert!(matches!(card.attachment, Some(Attachment::Contacts { cards }) if cards[0].phones == [format!("+{CITRA}")]));

    let reaction = json!({"to": ANI, "reaction": {"messageId": question.id.as_str(), "emoji": "👍"}});
    let reaction = world.received(&device, BUDI, reaction).await;
    assert_eq!((reaction.kind, reaction.content.as_str()), (MessageType::Reaction, "👍"));
    assert_eq!(reaction.quoted.map(|quoted| (quoted.message_id, quoted.from_me)), Some((question.id.clone(), true)));
    let data = told(&mut events, EventKind::MessageReaction).await;
    assert_eq!((&data["message"], &data["quotedMessageId"]), (&json!("👍"), &json!(question.id.as_str())));
    let taken_back = json!({"to": ANI, "reaction": {"messageId": question.id.as_str(), "emoji": ""}});
    assert_eq!(world.received(&device, BUDI, taken_back).await.content, "");
}

#[tokio::test]
async fn what_is_typed_on_the_phone_is_told_as_sent() {
    let (world, device) = world().await;
    let mut events = world.events();
    let typed = world.received(&device, ANI, json!({"to": BUDI, "text": "Dari HP"})).await;
    assert_eq!((typed.direction, typed.chat), (Direction::Outgoing, Jid::parse(BUDI).unwrap()));
    let data = told(&mut events, EventKind::MessageSent).await;
    assert_eq!((&data["message"], &data["status"]), (&json!("Dari HP"), &json!("sent")));

    let edit = json!({"to": BUDI, "edit": {"messageId": typed.id.as_str(), "text": "Dari HP saya"}});
    world.writes(ANI, edit).await;
    assert_eq!(told(&mut events, EventKind::MessageEdited).await["message"], "Dari HP saya");
    world.writes(ANI, json!({"to": BUDI, "delete": {"messageId": typed.id.as_str()}})).await;
    assert_eq!(told(&mut events, EventKind::MessageDeleted).await["messageId"], typed.id.as_str());
    let record = world.record(&device, &typed.id, "it is deleted", |message| message.deleted_at.is_some()).await;
    assert_eq!(record.content, "Dari HP saya");
    assert_eq!(world.all(&device).await.len(), 1, "edits and deletions are no messages");
}

#[tokio::test]
async fn only_authors_edit_and_only_authors_and_admins_delete() {
    let (world, device) = world().await;
    let mut events = world.events();
    let group = world.post("/groups", json!({"subject": "Arisan", "owner": BUDI, "participants": [ANI, CITRA]})).await;
    let group = group["id"].as_str().unwrap();
    let theirs = world.received(&device, CITRA, json!({"to": group, "text": "Halo"})).await;
    assert_eq!((theirs.from.clone(), theirs.chat.to_string()), (Some(Jid::parse(CITRA).unwrap()), group.to_owned()));

    world.writes(CITRA, json!({"to": group, "edit": {"messageId": theirs.id.as_str(), "text": "Halo semua"}})).await;
    let data = told(&mut events, EventKind::MessageEdited).await;
    assert_eq!((&data["message"], &data["messageId"]), (&json!("Halo semua"), &json!(theirs.id.as_str())));

    let owners = world.received(&device, BUDI, json!({"to": group, "text": "Selamat pagi"})).await;
    // Citra is no admin.
    world.writes(CITRA, json!({"to": group, "delete": {"messageId": owners.id.as_str()}})).await;
    world.received(&device, CITRA, json!({"to": group, "text": "Sesudah itu"})).await;
    assert_eq!(world.record(&device, &owners.id, "it is there", |_| true).await.deleted_at, None);
    // Budi is.
    world.writes(BUDI, json!({"to": group, "delete": {"messageId": theirs.id.as_str()}})).await;
    assert_eq!(told(&mut events, EventKind::MessageDeleted).await["messageId"], theirs.id.as_str());
    world.record(&device, &theirs.id, "it is deleted", |message| message.deleted_at.is_some()).await;
}

#[tokio::test]
async fn votes_name_what_was_chosen() {
    let (world, device) = world().await;
    let mut events = world.events();
    let poll = json!({"to": ANI, "poll": {"question": "Makan apa?", "options": ["Nasi", "Mi"], "selectable": 2}});
    let poll = world.received(&device, BUDI, poll).await;
    assert_eq!((poll.kind, poll.content.as_str()), (MessageType::Poll, "Makan apa?"));
    for (options, wanted) in [(json!(["Mi"]), "Mi"), (json!(["Nasi", "Mi"]), "Nasi\nMi"), (json!([]), "")] {
        let vote = json!({"to": ANI, "vote": {"messageId": poll.id.as_str(), "options": options}});
        let vote = world.received(&device, BUDI, vote).await;
        assert_eq!((vote.kind, vote.content.as_str()), (MessageType::Vote, wanted));
        let data = told(&mut events, EventKind::PollVote).await;
        assert_eq!((&data["message"], &data["quotedMessageId"]), (&json!(wanted), &json!(poll.id.as_str())));
    }
    // The account's own vote, given on the phone.
    let own = world.received(&device, ANI, json!({"to": BUDI, "vote": {"messageId": poll.id.as_str(), "options": ["Nasi"]}})).await;
    assert_eq!((own.kind, own.content.as_str(), own.direction), (MessageType::Vote, "Nasi", Direction::Outgoing));

    // A poll of ours, in a group where people are known by hidden ids.
    let group = world.post("/groups", json!({"subject": "Arisan", "owner": ANI, "participants": [BUDI], "addressing": "lid"})).await;
    let group = Jid::parse(group["id"].as_str().unwrap()).unwrap();
    let mut draft = Draft::new(group.clone(), MessageType::Poll, "Kapan?");
    let options = vec!["Senin".to_owned(), "Selasa".to_owned()];
    draft.attachment = Some(Attachment::Poll(domain::model::Poll { options, selectable: 1 }));
    let asked = world.send(&device, draft).await;
    world.on_phone(BUDI, &asked.id).await;
    let vote = json!({"to": group.to_string(), "vote": {"messageId": asked.id.as_str(), "options": ["Selasa"]}});
    let vote = world.received(&device, BUDI, vote).await;
    assert_eq!((vote.content.as_str(), vote.quoted.map(|quoted| quoted.from_me)), ("Selasa", Some(true)));
}

#[tokio::test]
async fn one_person_is_one_chat_whichever_name_they_come_by() {
    let (world, device) = world().await;
    let budi = Jid::parse(BUDI).unwrap();
    world.writes(BUDI, json!({"to": ANI, "text": "Dengan id", "as": "lid"})).await;
    world.writes(BUDI, json!({"to": ANI, "text": "Dengan keduanya", "as": "lid", "withNumber": true})).await;
    world.writes(BUDI, json!({"to": ANI, "text": "Dengan nomor"})).await;
    let messages = eventually("all are in one chat", async || {
        let messages = world.all(&device).await;
        (messages.len() == 3 && messages.iter().all(|message| message.chat == budi)).then_some(messages)
    })
    .await;
    assert!(messages.iter().all(|message| message.lid.is_some()), "{messages:?}");
    let by_id = messages.iter().find(|message| message.content == "Dengan id").unwrap();
    // It can be edited after it moved.
    world.writes(BUDI, json!({"to": ANI, "edit": {"messageId": by_id.id.as_str(), "text": "Baru"}})).await;
    world.record(&device, &by_id.id, "it is edited", |message| message.content == "Baru").await;
}

#[tokio::test]
async fn what_the_phone_shows_counts_as_read() {
    let (world, device) = world().await;
    let message = world.received(&device, BUDI, json!({"to": ANI, "text": "Halo"})).await;
    assert_eq!(message.status, MessageStatus::Delivered);
    world.post(&format!("/phones/{ANI}/read"), json!({"chat": BUDI})).await;
    world.record(&device, &message.id, "it is read", |message| message.status == MessageStatus::Read).await;
}
