//! Messages to groups.

use domain::{
    model::{Command, DeleteMessage, EditMessage, Jid, MessageId, MessageStatus, MessageType, Outcome},
    pipeline::Draft,
};
use serde_json::json;

use super::world::World;

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";
const CITRA: &str = "6281100000003";

#[tokio::test]
async fn everything_goes_to_groups_of_either_naming() {
    let world = World::new().await;
    for number in [ANI, BUDI, CITRA] {
        world.phone(number).await;
    }
    let device = world.linked(ANI).await;
    for addressing in ["pn", "lid"] {
        let group = json!({"subject": "Arisan", "owner": ANI, "participants": [BUDI, CITRA], "addressing": addressing});
        let group = Jid::parse(world.post("/groups", group).await["id"].as_str().unwrap()).unwrap();
        let first = world.send(&device, Draft::text(group.clone(), "Halo")).await;
        for number in [BUDI, CITRA] {
            assert_eq!(world.on_phone(number, &first.id).await["text"], "Halo");
        }
        world.record(&device, &first.id, "it is delivered", |message| message.status >= MessageStatus::Delivered).await;

        let written = world.post(&format!("/phones/{BUDI}/messages"), json!({"to": group.to_string(), "text": "Hai"})).await;
        let written = MessageId::parse(written["id"].as_str().unwrap()).unwrap();
        let received = world.record(&device, &written, "it is there", |_| true).await;
        let mut answer = Draft::text(group.clone(), format!("Hai @{BUDI}"));
        answer.quoted = Some(received.quote());
        answer.mentions = received.from.clone().into_iter().collect();
        let answer = world.send(&device, answer).await;
        let row = world.on_phone(CITRA, &answer.id).await;
        assert_eq!(row["quotedId"], json!(written.as_str()), "{addressing}: {row}");
        if addressing == "pn" {
            assert_eq!(row["text"], json!(format!("Hai @{BUDI}")));
        } else {
            let name = row["mentions"][0].as_str().unwrap().strip_suffix("@lid").unwrap().to_owned();
            assert_eq!(row["text"], json!(format!("Hai @{name}")));
        }

        let mut reaction = Draft::new(group.clone(), MessageType::Reaction, "👍");
        reaction.quoted = Some(received.quote());
        world.send(&device, reaction).await;
        world.on_phone_when(CITRA, &written, |row| row["reactions"][0]["emoji"] == "👍").await;

        let edit = EditMessage {
            id: world.intake.ids.message(),
            chat: answer.chat.clone(),
            target: answer.id.clone(),
            text: "Hai semua".into(),
            mentions: vec![],
        };
        let outcome = world.ask(&device.id, Command::Edit(edit)).await;
        assert!(matches!(outcome, Outcome::Sent { .. }), "{outcome:?}");
        world.on_phone_when(CITRA, &answer.id, |row| row["text"] == "Hai semua").await;

        let read = Command::Read { chat: group.clone(), messages: vec![received.key()] };
        assert_eq!(world.ask(&device.id, read).await, Outcome::Done);
        world.on_phone_when(BUDI, &written, |row| row["status"] == "read").await;

        // An admin may take back what others wrote.
        let delete = DeleteMessage { id: world.intake.ids.message(), chat: received.chat.clone(), target: received.key() };
        let outcome = world.ask(&device.id, Command::Delete(delete)).await;
        assert!(matches!(outcome, Outcome::Sent { .. }), "{outcome:?}");
        world.on_phone_when(CITRA, &written, |row| row["deleted"] == true).await;
        world.record(&device, &written, "it is deleted", |message| message.deleted_at.is_some()).await;

        let picture = world.file(&device, &group.to_string(), MessageType::Document, "text/plain", b"Halo".to_vec()).await;
        let file = world.send(&device, picture).await;
        assert_eq!(world.on_phone(CITRA, &file.id).await["downloaded"], true);
    }
}
