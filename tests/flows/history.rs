//! What was said, and with whom: by people, by their phones, and before anybody linked a device.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::world::{Device, Phone, Receiver, World, eventually, moment, png};

/// What a phone remembers; there is nobody behind this number.
const STRANGER: &str = "6281100000099";
const JANUARY: u64 = 1_705_312_800; // 2024-01-15T10:00:00Z
const LAST: u64 = 1_706_745_599; // 2024-01-31T23:59:59Z

/// All of a list, by cursor.
async fn all(world: &World, path: &str) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let mark = if path.contains('?') { '&' } else { '?' };
        let answer = world.program.get(&format!("{path}{mark}limit=200{cursor}")).await;
        assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
        found.extend(answer.body["data"]["messages"].as_array().unwrap().iter().cloned());
        match answer.body["data"]["pagination"]["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

fn ids(messages: &[Value]) -> BTreeSet<String> {
    messages.iter().map(|message| message["id"].as_str().unwrap().to_owned()).collect()
}

fn set(ids: &[&String]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).clone()).collect()
}

async fn total(world: &World, device: &Device, count: u64) {
    eventually(&format!("{count} messages are on record"), async || {
        let answer = world.program.get(&format!("/devices/{}/messages?limit=1", device.id)).await;
        (answer.body["data"]["pagination"]["total"] == count).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_before_a_device_was_linked_is_on_record_and_told_to_nobody() {
    let mut world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let group = world.group("Keluarga", &ani, &[&budi]).await;
    let past = [
        (json!({"chat": budi.number, "text": "dari Budi", "timestamp": JANUARY}), "incoming", budi.jid(), "dari Budi", JANUARY),
        (
            json!({"chat": budi.number, "text": "dari Ani", "fromMe": true, "timestamp": JANUARY + 60}),
            "outgoing",
            budi.jid(),
            "dari Ani",
            JANUARY + 60,
        ),
        (
            json!({"chat": STRANGER, "text": "siapa ini?", "timestamp": JANUARY + 120}),
            "incoming",
            format!("{STRANGER}@s.whatsapp.net"),
            "siapa ini?",
            JANUARY + 120,
        ),
        (
            json!({"chat": group, "text": "halo semua", "participant": budi.number, "timestamp": JANUARY + 180}),
            "incoming",
            group.clone(),
            "halo semua",
            JANUARY + 180,
        ),
        (json!({"chat": group, "text": "halo juga", "fromMe": true, "timestamp": LAST}), "outgoing", group.clone(), "halo juga", LAST),
    ];
    let remembered = ani.remembers(json!({"messages": past.each_ref().map(|(memory, ..)| memory)})).await;
    let receiver = Receiver::start().await;
    let hook = json!({"url": receiver.url, "events": ["message", "media", "status", "connection", "qr"]});
    let device = world.device_of(json!({"userId": 123, "alias": "Toko", "webhook": hook})).await;
    world.link(&device, &ani).await;
    total(&world, &device, 5).await;

    let records = world.records(&device).await;
    for (id, (_, direction, chat, text, seconds)) in remembered.iter().zip(&past) {
        let record = records.iter().find(|record| record["id"] == **id).unwrap_or_else(|| panic!("{text} is missing: {records:#?}"));
        assert_eq!((&record["direction"], &record["chatId"]), (&json!(direction), &json!(chat)), "{record}");
        assert_eq!((&record["content"], &record["type"]), (&json!(text), &json!("text")));
        assert_eq!(moment(&record["timestamp"]).timestamp(), *seconds as i64);
        let author = if *direction == "outgoing" {
            ani.jid()
        } else if *chat == group {
            budi.jid()
        } else {
            chat.clone()
        };
        assert_eq!(record["from"], author, "{record}");
    }
    let found = world.program.get(&format!("/devices/{}/messages?dateTo=2024-01-31", device.id)).await;
    let statistics = json!({"totalMessages": 5, "sentMessages": 2, "receivedMessages": 3, "mediaMessages": 0, "textMessages": 5});
    assert_eq!(found.body["data"]["statistics"], statistics);

    // What happens now is told, and nothing before it was.
    let now = budi.write(&ani.number, "sekarang").await;
    receiver.wait_for("what was said now", |event| event["data"]["messageId"] == *now).await;
    let told: Vec<_> = receiver.events(&device.id).into_iter().filter(|event| event["data"]["messageId"].is_string()).collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    world.restart().await;
    world.wait_for_status(&device, "connected").await;
    total(&world, &device, 6).await;
    assert_eq!(ids(&all(&world, &format!("/devices/{}/messages/{group}", device.id)).await), set(&[&remembered[3], &remembered[4]]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_past_is_on_record_whole_and_can_be_read_page_by_page() {
    const COUNT: usize = 1500;
    let world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    let mut remembered = ani.remembers(json!({"generate": COUNT})).await;
    let device = world.linked("Toko", &ani).await;
    total(&world, &device, COUNT as u64).await;
    let records = world.records(&device).await;
    assert!(records.is_sorted_by(|one, two| one["timestamp"].as_str() >= two["timestamp"].as_str()), "newest first");
    let mut found: Vec<_> = records.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect();
    found.sort_unstable();
    remembered.sort_unstable();
    assert_eq!(found, remembered);
    let counts = world.program.get(&format!("/devices/{}", device.id)).await.body["data"]["device"]["stats"].clone();
    let statistics = world.program.get(&format!("/devices/{}/messages?limit=1", device.id)).await.body["data"]["statistics"].clone();
    assert_eq!((&counts["messagesSent"], &counts["messagesReceived"]), (&json!(0), &json!(0)), "none of it went through the device");
    let expected = json!({"totalMessages": 1500, "sentMessages": 740, "receivedMessages": 760, "mediaMessages": 0, "textMessages": 1500});
    assert_eq!(statistics, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_past_is_taken_in_whole_though_the_program_stops_on_the_way() {
    const COUNT: usize = 3000;
    let mut world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    let mut remembered = ani.remembers(json!({"generate": COUNT})).await;
    let device = world.linked("Toko", &ani).await;
    for _ in 0..2 {
        eventually("some of it is on record", async || (!world.records(&device).await.is_empty()).then_some(())).await;
        world.restart().await;
    }
    total(&world, &device, COUNT as u64).await;
    let mut found: Vec<_> = ids(&world.records(&device).await).into_iter().collect();
    found.sort_unstable();
    remembered.sort_unstable();
    assert_eq!(found, remembered);
}

/// The device's messages with a contact, asked for in every way there is: all answer alike.
async fn with_contact(world: &World, device: &Device, contact: &str) -> BTreeSet<String> {
    let found = ids(&all(world, &format!("/devices/{}/messages/{contact}", device.id)).await);
    for path in [
        format!("/devices/{}/messages?contactId={contact}", device.id),
        format!("/users/123/messages?contactId={contact}"),
        format!("/messages?deviceId={}&contactId={contact}", device.id),
        format!("/messages?contactId={contact}"),
    ] {
        assert_eq!(ids(&all(world, &path).await), found, "{path}");
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_whose_number_comes_later_is_one_chat_under_number_and_lid() {
    let (world, device, ani, budi) = World::pair().await;
    let bare = budi.say(&ani.number, json!({"text": "siapa aku?", "as": "lid", "withNumber": false})).await;
    world.wait_for_message(&bare, "delivered").await;
    let told = budi.say(&ani.number, json!({"text": "aku Budi", "as": "lid", "withNumber": true})).await;
    world.wait_for_message(&told, "delivered").await;
    let by_number = budi.write(&ani.number, "dengan nomor").await;
    world.wait_for_message(&by_number, "delivered").await;
    let to_lid = device.sent(&world.program, &budi.lid, "ke lid").await;
    let to_number = device.sent(&world.program, &budi.number, "ke nomor").await;
    let typed = ani.write(&budi.number, "dari ponsel").await;
    world.wait_for_message(&typed, "sent").await;
    assert_eq!(budi.wait_for("ke lid").await["id"], *to_lid);

    let everything = set(&[&bare, &told, &by_number, &to_lid, &to_number, &typed]);
    for record in world.records(&device).await {
        assert_eq!(record["chatId"], budi.jid(), "{record}");
        assert!(record["direction"] == "outgoing" || record["lid"] == budi.lid, "{record}");
    }
    for contact in [budi.number.clone(), budi.jid(), format!("%2B{}", budi.number), format!("{}@c.us", budi.number), budi.lid.clone()] {
        assert_eq!(with_contact(&world, &device, &contact).await, everything, "{contact}");
    }
    world.wait_for_message(&to_lid, "delivered").await;
    budi.read(&ani.jid()).await;
    for message in [&to_lid, &to_number] {
        world.wait_for_message(message, "read").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_groups_messages_are_the_groups_whoever_wrote_them() {
    let (world, device, ani, budi) = World::pair().await;
    let citra = world.phone("6281100000003", "Citra").await;
    let group = world.group("Keluarga", &ani, &[&budi, &citra]).await;
    let private = budi.write(&ani.number, "hanya untukmu").await;
    let mut in_group = vec![device.sent(&world.program, &group, "halo semua").await];
    for member in [&budi, &citra, &ani] {
        in_group.push(member.write(&group, &format!("dari {}", member.number)).await);
    }
    total(&world, &device, 5).await;
    assert_eq!(with_contact(&world, &device, &group).await, in_group.iter().cloned().collect());
    assert_eq!(with_contact(&world, &device, &budi.number).await, set(&[&private]));
    let records = all(&world, &format!("/devices/{}/messages/{group}", device.id)).await;
    let from = |id: &String| records.iter().find(|record| record["id"] == **id).unwrap()["from"].clone();
    let authors = [&ani, &budi, &citra, &ani].map(|phone: &Phone| json!(phone.jid()));
    assert_eq!(in_group.iter().map(from).collect::<Vec<_>>(), authors);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_combination_of_filters_finds_and_counts_what_meets_all_of_them() {
    let world = World::new().await;
    let (ani, budi, citra) = (
        world.phone("6281100000001", "Ani").await,
        world.phone("6281100000002", "Budi").await,
        world.phone("6281100000003", "Citra").await,
    );
    let past: Vec<_> = [(&budi.number, JANUARY), (&budi.number, LAST), (&citra.number, LAST + 1)]
        .into_iter()
        .flat_map(|(chat, at)| [true, false].map(|from_me| json!({"chat": chat, "text": "dulu", "fromMe": from_me, "timestamp": at})))
        .collect();
    ani.remembers(json!({"messages": past})).await;
    let (device, other) = (world.linked("Toko", &ani).await, world.linked("Kios", &citra).await);
    let read = device.sent(&world.program, &budi.number, "dibaca").await;
    world.wait_for_message(&read, "delivered").await;
    budi.read(&ani.jid()).await;
    world.wait_for_message(&read, "read").await;
    let picture = device.sent_file(&world.program, "image", &budi.number, "x.png", &png()).await;
    world.wait_for_message(&picture, "delivered").await;
    citra.hand(&ani.number, "image", &png(), json!({})).await;
    device.sent_as(&world.program, "/send/location", &citra.number, json!({"latitude": 1, "longitude": 2})).await;
    let to_nobody = device.send(&world.program, "6281100000077", "tak ada orangnya").await;
    assert!(to_nobody.status >= 400 || to_nobody.body["data"]["status"] == "sent", "{:?}", to_nobody.body);
    total(&world, &device, 6 + 5).await;
    total(&world, &other, 2).await;

    let stable = async || {
        let (one, two) = (all(&world, "/messages").await, all(&world, "/messages").await);
        (one == two && one.iter().all(|record| record["status"] != "pending" && record["media"]["status"] != "downloading")).then_some(one)
    };
    let records = eventually("all is quiet", stable).await;
    let of = |record: &Value, name: &str| record[name].as_str().unwrap().to_owned();
    let jids = [&budi, &citra].map(|phone: &Phone| phone.jid());
    let mut combinations = 0;
    for device_id in ["", &device.id, &other.id] {
        for contact in ["", &budi.number, &citra.number] {
            for kind in ["", "text", "image", "location"] {
                for status in ["", "delivered", "read"] {
                    for direction in ["", "incoming", "outgoing"] {
                        for (from, to) in [("", ""), ("2024-01-16", "2024-01-31"), ("2024-02-01", "")] {
                            let filters = [
                                ("deviceId", device_id),
                                ("contactId", contact),
                                ("type", kind),
                                ("status", status),
                                ("direction", direction),
                                ("dateFrom", from),
                                ("dateTo", to),
                            ];
                            let given: Vec<_> = filters.into_iter().filter(|(_, value)| !value.is_empty()).collect();
                            combinations += 1;
                            // All of them would take a while: those of one and two filters, and some of the others.
                            if given.len() > 2 && combinations % 7 != 0 {
                                continue;
                            }
                            let query: Vec<_> = given.iter().map(|(name, value)| format!("{name}={value}")).collect();
                            let query = format!("/messages?limit=200&{}", query.join("&"));
                            let expected: Vec<&Value> = records
                                .iter()
                                .filter(|record| {
                                    let at = moment(&record["timestamp"]);
                                    (device_id.is_empty() || record["deviceId"] == *device_id)
                                        && (contact.is_empty()
                                            || jids.iter().any(|jid| jid.starts_with(contact) && record["chatId"] == **jid))
                                        && (kind.is_empty() || record["type"] == kind)
                                        && (status.is_empty() || record["status"] == status)
                                        && (direction.is_empty() || record["direction"] == direction)
                                        && (from.is_empty() || at >= day(from, 0))
                                        && (to.is_empty() || at < day(to, 1))
                                })
                                .collect();
                            let found = world.program.get(&query).await;
                            let data = &found.body["data"];
                            let found: Vec<_> = data["messages"].as_array().unwrap().iter().map(|record| of(record, "id")).collect();
                            assert_eq!(found, expected.iter().map(|record| of(record, "id")).collect::<Vec<_>>(), "{query}");
                            assert_eq!(data["pagination"]["total"], expected.len(), "{query}");
                            assert_eq!(data["statistics"], statistics(&expected), "{query}");
                        }
                    }
                }
            }
        }
    }
}

fn day(text: &str, days: i64) -> DateTime<Utc> {
    moment(&json!(format!("{text}T00:00:00.000Z"))) + chrono::TimeDelta::days(days)
}

fn statistics(records: &[&Value]) -> Value {
    let count = |like: &dyn Fn(&Value) -> bool| records.iter().filter(|record| like(record)).count();
    json!({
        "totalMessages": records.len(),
        "sentMessages": count(&|record| record["direction"] == "outgoing"),
        "receivedMessages": count(&|record| record["direction"] == "incoming"),
        "mediaMessages": count(&|record| !record["media"].is_null()),
        "textMessages": count(&|record| record["type"] == "text"),
    })
}
