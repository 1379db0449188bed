//! Folders that older programs left behind.

use domain::{
    contract::samples::*,
    model::{
        ApiKey, Attachment, ChatFilter, Command, Direction, Message, MessageFilter, MessageStatus, MessageTally, MessageType, Session,
        SessionFilter, UserId,
    },
    ports::{Accepted, CommandSource, Deliveries, Devices, EventScope, Events, Journal, Messages, People, Statistics},
};
use embedded::Store;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The tables of version 1, with what its program wrote.
fn version_1() -> TempDir {
    let folder = TempDir::new().unwrap();
    let database = Connection::open(folder.path().join("warta.db")).unwrap();
    database.execute_batch(include_str!("../../src/schema/1.sql")).unwrap();
    database.pragma_update(None, "user_version", 1).unwrap();
    let session = Session { started_at: Some(at(5)), ..connected() };
    let (ai, session) = (json!({}).to_string(), serde_json::to_string(&session).unwrap());
    let webhook = serde_json::to_string(&webhook()).unwrap();
    let data = json!({ "chatId": phone(2) }).to_string();
    for (row, name) in [(1_u32, "a"), (2, "b")] {
        const DEVICE: &str =
            "INSERT INTO devices VALUES (?1, 'dev_' || ?2, 123, 'user_123_device_' || ?2, ?2, NULL, 'wak_' || ?2, ?3, ?4, ?5, ?5,
            'connected', 1, ?6)";
        database.execute(DEVICE, (row, name, &webhook, &ai, at(0).millis(), &session)).unwrap();
        database.execute("INSERT INTO tallies (device, seq, messages, sent, received) VALUES (?1, 1, 4, 1, 1)", [row]).unwrap();
        for (n, kind, direction, status) in [
            (1, "text", "outgoing", "pending"),
            (2, "text", "outgoing", "sent"),
            (3, "image", "incoming", "delivered"),
            (4, "other", "outgoing", "failed"),
        ] {
            let origin = if direction == "incoming" { format!("{} {}", phone(2), phone(2)) } else { String::new() };
            let key = (n == 2).then_some("key");
            const MESSAGE: &str = "INSERT INTO messages (device, id, origin, idempotency_key, timestamp, status, error, body)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, iif(?6 = 'failed', 'rejected', NULL), ?7)";
            let body = body(name, n, kind, direction).to_string();
            // One of the days before 1970, as far as a message can tell.
            let timestamp = if n == 4 { -1 } else { at(n).millis() };
            database.execute(MESSAGE, (row, message_id(n).as_str(), origin, key, timestamp, status, body)).unwrap();
        }
        database
            .execute("INSERT INTO events VALUES (?1, 1, ?2, 'message_sent', 0, ?3)", (row, event_id(row.into()).as_str(), &data))
            .unwrap();
        database.execute("INSERT INTO deliveries VALUES (?1, 1, ?2, 0, 0)", (row, event_id(row.into()).as_str())).unwrap();
    }
    database.execute("UPDATE installation SET epoch = 7, messages = 8", []).unwrap();
    let command = json!({ "id": "send_1", "deviceId": "dev_a", "command": { "type": "sendText", "id": message_id(1), "to": phone(2), "text": "Halo",
        "quoted": null, "linkPreview": true }, "acceptedAt": at(1), "dueAt": at(1), "reply": false });
    database
        .execute("INSERT INTO commands (id, device_id, group_id, due_at, not_before, envelope) VALUES ('send_1', 'dev_a', 'dev_a/send', 0, 0, ?1)", [
            command.to_string()
        ])
        .unwrap();
    folder
}

/// A message as version 1 wrote it.
fn body(device: &str, n: u64, kind: &str, direction: &str) -> Value {
    let (from, to) = if direction == "incoming" { (phone(2), phone(1)) } else { (phone(1), phone(2)) };
    json!({
        "id": message_id(n), "device_id": format!("dev_{device}"), "session_id": format!("user_123_device_{device}"), "direction": direction,
        "chat": phone(2), "from": from, "to": to, "lid": null, "type": kind, "content": format!("Halo {n} \u{1f44b}"), "caption": null,
        "quoted": null, "forwarded": false, "broadcast": false, "push_name": null, "timestamp": at(n), "status": "pending", "read_at": null,
        "error": null,
    })
}

#[tokio::test]
async fn a_folder_of_version_1_has_its_messages_in_every_list_and_count() {
    let folder = version_1();
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.epoch().0, 8);
    let tally = async |filter: MessageFilter| store.tally(&filter).await.unwrap();
    let all = MessageFilter::default;
    let of_a = || MessageFilter { device: Some(device("a").id), ..all() };
    assert_eq!(tally(all()).await, MessageTally { total: 8, sent: 6, received: 2, media: 2, text: 4 });
    let of_user = MessageFilter { user: Some(user()), ..all() };
    assert_eq!(tally(of_user).await.total, 8);
    assert_eq!(tally(MessageFilter { user: Some(UserId::parse(7).unwrap()), ..all() }).await.total, 0);
    for (filter, wanted) in [
        (of_a(), vec![3, 2, 1, 4]),
        (MessageFilter { status: Some(MessageStatus::Sent), ..of_a() }, vec![2]),
        (MessageFilter { kind: Some(MessageType::Image), ..of_a() }, vec![3]),
        (MessageFilter { direction: Some(Direction::Outgoing), since: Some(at(0)), ..of_a() }, vec![2, 1]),
        (MessageFilter { until: Some(at(0)), ..of_a() }, vec![4]),
        (MessageFilter { chat: Some(phone(2)), ..of_a() }, vec![3, 2, 1, 4]),
        (MessageFilter { id: Some(message_id(3)), ..of_a() }, vec![3]),
    ] {
        let page = Messages::list(&store, &filter, &first_page(10)).await.unwrap();
        let found: Vec<_> = page.items.iter().map(|message| message.id.clone()).collect();
        let wanted: Vec<_> = wanted.into_iter().map(message_id).collect();
        assert_eq!((found, page.total), (wanted.clone(), wanted.len() as u64), "{filter:?}");
    }
    assert_eq!(store.snapshot(at(2)).await.unwrap().recent_messages, 4);
}

#[tokio::test]
async fn a_folder_of_version_1_has_its_chats_sessions_and_events() {
    let folder = version_1();
    let store = Store::open(folder.path()).unwrap();
    let device = device("a");
    let chats = store.chats(&device.id, &ChatFilter::default(), &first_page(10)).await.unwrap();
    assert_eq!(chats.total, 1);
    let chat = &chats.items[0];
    assert_eq!((&chat.jid, chat.unread, chat.last_message_at), (&phone(2), 1, Some(at(3))));
    assert_eq!(chat.last_message.as_ref().map(|message| &message.id), Some(&message_id(3)));
    let read = status_step(9, &incoming(&device, 3), MessageStatus::Read);
    store.commit(&device.id, store.epoch(), vec![read]).await.unwrap();
    assert_eq!(store.chat(&device.id, &phone(2)).await.unwrap().map(|chat| chat.unread), Some(0));

    let sessions = store.sessions(None, &SessionFilter::default(), &first_page(10)).await.unwrap();
    assert_eq!((sessions.total, sessions.items[0].session.started_at), (2, Some(at(5))));
    let events = store.after(&event_id(0), &EventScope::All, 10).await.unwrap();
    assert_eq!(events.iter().map(|event| event.id.clone()).collect::<Vec<_>>(), [1, 2, 9].map(event_id));
}

#[tokio::test]
async fn what_a_folder_of_version_1_holds_goes_on_in_this_one() {
    let folder = version_1();
    let store = Store::open(folder.path()).unwrap();
    let device = Devices::get(&store, &device("a").id).await.unwrap().unwrap();
    assert_eq!(Devices::find_by_key(&store, &ApiKey::new("wak_a")).await.unwrap(), Some(device.clone()));
    let failed = Messages::get(&store, &device.id, &message_id(4)).await.unwrap().unwrap();
    assert_eq!((failed.status, failed.error.as_deref(), failed.attachment), (MessageStatus::Failed, Some("rejected"), None::<Attachment>));
    assert_eq!(Messages::pending(&store, at(2), 10).await.unwrap()[0].id, message_id(1));
    let repeated = Messages::accept(&store, &outgoing(&device, 9), Some("key")).await.unwrap();
    assert!(matches!(repeated, Accepted::Repeated(first) if first.id == message_id(2)));
    let received = store.receive(10).await.unwrap();
    assert_eq!(received[0].envelope.command, Command::Send { id: message_id(1), chat: None });
    assert_eq!(store.next(&device.id, &[Some(phone(2))], 10).await.unwrap().len(), 0);
    assert_eq!(store.next(&device.id, &[], 10).await.unwrap().len(), 1);
    store.succeeded(&device.id, &event_id(1), at(1)).await.unwrap();
    assert_eq!(store.next(&device.id, &[], 10).await.unwrap().len(), 0);

    let picture = Message { kind: MessageType::Image, ..incoming(&device, 3) };
    let steps =
        vec![message_step(1, &picture), status_step(2, &outgoing(&device, 1), MessageStatus::Sent), message_step(3, &incoming(&device, 5))];
    let events = store.commit(&device.id, store.epoch(), steps).await.unwrap();
    assert_eq!(events.iter().map(|event| (event.seq, event.id.clone())).collect::<Vec<_>>(), [(2, event_id(2)), (3, event_id(3))]);
    let sent = MessageFilter { status: Some(MessageStatus::Sent), ..MessageFilter::default() };
    assert_eq!(store.tally(&sent).await.unwrap().total, 3);

    store.close().await;
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.tally(&MessageFilter::default()).await.unwrap().total, 9);
    assert_eq!(Devices::delete(&store, &device.id).await.unwrap().map(|removed| removed.messages), Some(5));
    assert_eq!(store.tally(&MessageFilter::default()).await.unwrap().total, 4);
}
