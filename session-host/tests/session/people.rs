//! The people an account knows.

use domain::{
    model::{Command, Contact, Device, Jid, MessageId, NumberCheck, Outcome, Refresh, Server},
    ports::People,
};
use serde_json::json;

use super::world::{World, eventually};

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";
const CITRA: &str = "6281100000003";
const NOBODY: &str = "6281100000009";

fn jid(number: &str) -> Jid {
    Jid::parse(number).unwrap()
}

impl World {
    async fn contact(&self, device: &Device, number: &str, what: &str, is_so: impl Fn(&Contact) -> bool) -> Contact {
        eventually(what, async || People::contact(&self.store, &device.id, &jid(number)).await.unwrap().filter(&is_so)).await
    }

    async fn refresh(&self, device: &Device, refresh: Refresh) {
        assert_eq!(self.ask(&device.id, Command::Refresh(refresh)).await, Outcome::Done);
    }
}

async fn world() -> World {
    let world = World::new().await;
    for number in [ANI, BUDI, CITRA] {
        world.phone(number).await;
    }
    world
}

fn failed(error: &str) -> Outcome {
    Outcome::Failed { error: error.to_owned() }
}

#[tokio::test]
async fn the_address_book_is_known_and_what_is_added_to_it() {
    let world = world().await;
    world.post(&format!("/phones/{ANI}/contacts"), json!({"number": BUDI, "name": "Budi Santoso"})).await;
    let device = world.linked(ANI).await;
    world.contact(&device, BUDI, "the first is known", |contact| contact.name.as_deref() == Some("Budi Santoso")).await;
    world.post(&format!("/phones/{ANI}/contacts"), json!({"number": CITRA, "name": "Citra"})).await;
    world.post(&format!("/phones/{ANI}/contacts"), json!({"number": BUDI, "name": "Budi Kantor"})).await;
    world.refresh(&device, Refresh::Contacts).await;
    world.contact(&device, CITRA, "the second is known", |contact| contact.name.as_deref() == Some("Citra")).await;
    world.contact(&device, BUDI, "the name is new", |contact| contact.name.as_deref() == Some("Budi Kantor")).await;
}

#[tokio::test]
async fn what_people_show_of_themselves_is_known_when_asked_for_and_when_it_changes() {
    let world = world().await;
    let device = world.linked(ANI).await;
    world
        .put(&format!("/phones/{BUDI}/profile"), json!({"about": "Sibuk", "picture": "YWJj", "business": {"verifiedName": "Toko Budi"}}))
        .await;
    world.refresh(&device, Refresh::Contact { contact: jid(BUDI) }).await;
    let budi = world.contact(&device, BUDI, "he is known", |_| true).await;
    assert_eq!((budi.about.as_deref(), budi.verified_name.as_deref(), budi.business), (Some("Sibuk"), Some("Toko Budi"), true));
    let url = budi.picture_url.clone().unwrap();
    assert_eq!(budi.lid.as_ref().map(Jid::server), Some(Server::Lid));
    // One person is one contact, whichever of their names one knows.
    let lid = budi.lid.clone().unwrap();
    world.refresh(&device, Refresh::Contact { contact: lid.clone() }).await;
    assert_eq!(People::contact(&world.store, &device.id, &lid).await.unwrap().map(|contact| contact.jid), Some(jid(BUDI)));

    let written = world.post(&format!("/phones/{BUDI}/messages"), json!({"to": ANI, "text": "Halo"})).await;
    let written = MessageId::parse(written["id"].as_str().unwrap()).unwrap();
    world.record(&device, &written, "it is there", |_| true).await;
    world.put(&format!("/phones/{BUDI}/profile"), json!({"about": "Libur", "picture": "ZGVm", "business": null})).await;
    let is_new = |contact: &Contact| contact.about.as_deref() == Some("Libur") && !contact.business && contact.verified_name.is_none();
    world.contact(&device, BUDI, "the news are known", is_new).await;
    let is_new = |contact: &Contact| contact.picture_url.as_ref().is_some_and(|new| *new != url);
    world.contact(&device, BUDI, "there is a new picture", is_new).await;
    world.put(&format!("/phones/{BUDI}/profile"), json!({"picture": null})).await;
    world.contact(&device, BUDI, "the picture is gone", |contact| contact.picture_url.is_none()).await;
    assert_eq!(world.ask(&device.id, Command::Refresh(Refresh::Contact { contact: jid(NOBODY) })).await, failed("not_found"));
}

#[tokio::test]
async fn the_people_one_wrote_with_are_looked_at_together() {
    let world = world().await;
    let device = world.linked(ANI).await;
    world.send(&device, domain::pipeline::Draft::text(jid(BUDI), "Halo")).await;
    world.put(&format!("/phones/{BUDI}/profile"), json!({"about": "Sibuk", "picture": "YWJj"})).await;
    world.refresh(&device, Refresh::Contacts).await;
    let shows = |contact: &Contact| contact.about.as_deref() == Some("Sibuk") && contact.picture_url.is_some();
    world.contact(&device, BUDI, "he is known", shows).await;
}

#[tokio::test]
async fn numbers_are_checked() {
    let world = world().await;
    let device = world.linked(ANI).await;
    let numbers = vec![jid(NOBODY), jid(BUDI)];
    let Outcome::Numbers { checks } = world.ask(&device.id, Command::CheckNumbers { numbers }).await else { panic!("no numbers") };
    let nobody = NumberCheck { number: jid(NOBODY), exists: false, jid: None, lid: None, business: false };
    assert_eq!(checks[0], nobody);
    assert_eq!((&checks[1].number, checks[1].exists, &checks[1].jid), (&jid(BUDI), true, &Some(jid(BUDI))));
    assert_eq!(checks[1].lid.as_ref().map(Jid::server), Some(Server::Lid));
    assert!(People::contact(&world.store, &device.id, &jid(BUDI)).await.unwrap().is_none(), "nobody was met");
}

#[tokio::test]
async fn people_are_blocked_here_and_on_the_phone() {
    let world = world().await;
    let device = world.linked(ANI).await;
    let block = |blocked| Command::Block { contact: jid(BUDI), blocked };
    assert_eq!(world.ask(&device.id, block(true)).await, Outcome::Done);
    assert!(world.contact(&device, BUDI, "he is known", |_| true).await.blocked);
    world.post(&format!("/phones/{ANI}/block"), json!({"number": CITRA, "blocked": true})).await;
    world.contact(&device, CITRA, "the other is blocked too", |contact| contact.blocked).await;
    world.post(&format!("/phones/{ANI}/block"), json!({"number": BUDI, "blocked": false})).await;
    world.contact(&device, BUDI, "he is let in", |contact| !contact.blocked).await;
    assert!(world.contact(&device, CITRA, "she is known", |_| true).await.blocked);
    let nobody = Command::Block { contact: jid(NOBODY), blocked: true };
    assert_eq!(world.ask(&device.id, nobody).await, failed("not_found"));
}
