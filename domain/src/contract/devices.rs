//! What [`Devices`](crate::ports::Devices) promises.

use super::{World, paged, racing, samples::*};
use crate::model::{
    AiSettings, ApiKey, Device, DeviceFilter, DeviceId, DeviceUpdate, MessageFilter, PageRequest, Removed, Session, SessionFilter,
    SessionId, Status, UserId,
};

/// Makes a test of each sentence here, for the world that `$start` starts.
#[macro_export]
macro_rules! devices_contract {
    ($start:path) => {
        $crate::contract_tests!(
            devices,
            $start,
            [
                a_created_device_is_found_by_id_and_by_session_id,
                a_taken_session_id_is_refused,
                creating_a_device_again_finds_it_created,
                of_racing_creations_with_one_session_id_one_succeeds,
                what_is_not_there_is_none,
                a_device_is_found_by_its_key_alone,
                an_update_changes_what_is_given_and_nothing_else,
                a_new_key_takes_the_place_of_the_former,
                a_users_devices_are_listed_oldest_first,
                devices_are_listed_by_status,
                devices_are_paged_by_number_and_by_cursor,
                sessions_are_those_a_host_has_started_the_latest_first,
                sessions_are_paged_by_number_and_by_cursor,
                the_wanted_devices_are_those_whose_session_is_wanted,
                deleting_a_device_removes_all_there_is_of_it,
                deleting_a_device_leaves_the_others_alone,
                devices_survive_a_crash,
            ]
        );
    };
}

pub async fn a_created_device_is_found_by_id_and_by_session_id(world: World) {
    let ai = AiSettings { enabled: true, temperature: 0.25, system_prompt: "Jawab \"singkat\"".into(), ..AiSettings::default() };
    let device = Device { ai, description: Some("'; DROP TABLE devices; --".into()), ..device_with_webhook("toko_東京") };
    assert!(world.devices.create(&device).await.unwrap());
    assert_eq!(world.devices.get(&device.id).await.unwrap(), Some(device.clone()));
    assert_eq!(world.devices.find(&device.session_id).await.unwrap(), Some(device));
}

pub async fn a_taken_session_id_is_refused(world: World) {
    let first = device("a");
    let second = Device { id: DeviceId::parse("dev_other").unwrap(), ..device("a") };
    assert!(world.devices.create(&first).await.unwrap());
    assert!(!world.devices.create(&second).await.unwrap());
    assert_eq!(world.devices.get(&second.id).await.unwrap(), None);
    assert_eq!(world.devices.find(&first.session_id).await.unwrap(), Some(first));
}

pub async fn creating_a_device_again_finds_it_created(world: World) {
    assert!(world.devices.create(&device("a")).await.unwrap());
    assert!(world.devices.create(&device("a")).await.unwrap());
    assert_eq!(world.devices.list(Some(user()), &DeviceFilter::default(), &first_page(10)).await.unwrap().total, 1);
}

pub async fn of_racing_creations_with_one_session_id_one_succeeds(world: World) {
    let created = racing(20, |n| {
        let devices = world.devices.clone();
        let device = Device { id: DeviceId::parse(format!("dev_{n}")).unwrap(), ..device("a") };
        async move { devices.create(&device).await.unwrap() }
    });
    assert_eq!(created.await.into_iter().filter(|created| *created).count(), 1);
}

pub async fn what_is_not_there_is_none(world: World) {
    let nobody = device("nobody");
    assert_eq!(world.devices.get(&nobody.id).await.unwrap(), None);
    assert_eq!(world.devices.find(&SessionId::parse("user_123_device_nobody").unwrap()).await.unwrap(), None);
    assert_eq!(world.devices.update(&nobody.id, DeviceUpdate::default(), at(1)).await.unwrap(), None);
    assert_eq!(world.devices.delete(&nobody.id).await.unwrap(), None);
    assert_eq!(world.devices.wanted().await.unwrap(), Vec::new());
}

pub async fn a_device_is_found_by_its_key_alone(world: World) {
    for name in ["a", "b"] {
        world.devices.create(&device(name)).await.unwrap();
    }
    assert_eq!(world.devices.find_by_key(&ApiKey::new("wak_b")).await.unwrap(), Some(device("b")));
    for key in ["", "wak_", "wak_c", "WAK_A", "wak_a ", "wak_a\0"] {
        assert_eq!(world.devices.find_by_key(&ApiKey::new(key)).await.unwrap(), None, "{key:?}");
    }
    world.devices.delete(&device("b").id).await.unwrap();
    assert_eq!(world.devices.find_by_key(&ApiKey::new("wak_b")).await.unwrap(), None);
}

pub async fn a_new_key_takes_the_place_of_the_former(world: World) {
    let device = device("a");
    world.devices.create(&device).await.unwrap();
    let update = DeviceUpdate { api_key: Some(ApiKey::new("wak_new")), ..DeviceUpdate::default() };
    let changed = Device { api_key: ApiKey::new("wak_new"), updated_at: at(1), ..device };
    assert_eq!(world.devices.update(&changed.id, update, at(1)).await.unwrap(), Some(changed.clone()));
    let world = world.crash().await;
    assert_eq!(world.devices.find_by_key(&ApiKey::new("wak_new")).await.unwrap(), Some(changed));
    assert_eq!(world.devices.find_by_key(&ApiKey::new("wak_a")).await.unwrap(), None);
}

pub async fn an_update_changes_what_is_given_and_nothing_else(world: World) {
    let device = Device { description: Some("first".into()), ..device_with_webhook("a") };
    world.devices.create(&device).await.unwrap();

    let alias = DeviceUpdate { alias: Some("B".into()), ..DeviceUpdate::default() };
    let renamed = Device { alias: "B".into(), updated_at: at(1), ..device };
    assert_eq!(world.devices.update(&renamed.id, alias, at(1)).await.unwrap(), Some(renamed.clone()));

    let ai = AiSettings { enabled: true, ..AiSettings::default() };
    let bare = DeviceUpdate { description: Some(None), webhook: Some(None), ai: Some(ai.clone()), ..DeviceUpdate::default() };
    let bared = Device { description: None, webhook: None, ai, updated_at: at(2), ..renamed };
    assert_eq!(world.devices.update(&bared.id, bare, at(2)).await.unwrap(), Some(bared.clone()));

    let full = DeviceUpdate { description: Some(Some("again".into())), webhook: Some(Some(webhook())), ..DeviceUpdate::default() };
    let filled = Device { description: Some("again".into()), webhook: Some(webhook()), updated_at: at(3), ..bared };
    assert_eq!(world.devices.update(&filled.id, full, at(3)).await.unwrap(), Some(filled.clone()));
    assert_eq!(world.devices.get(&filled.id).await.unwrap(), Some(filled));
}

pub async fn a_users_devices_are_listed_oldest_first(world: World) {
    let other = Device { user_id: UserId::parse(7).unwrap(), ..device("other") };
    for device in [&other, &created("late", 2), &created("early", 1)] {
        world.devices.create(device).await.unwrap();
    }
    assert_eq!(names(&world, &DeviceFilter::default()).await, ["early", "late"]);
    let theirs = world.devices.list(Some(other.user_id), &DeviceFilter::default(), &first_page(10)).await.unwrap();
    assert_eq!((theirs.items, theirs.total), (vec![other], 1));
}

pub async fn devices_are_listed_by_status(world: World) {
    for name in ["a", "b", "c"] {
        world.devices.create(&device(name)).await.unwrap();
    }
    world.journal.commit(&device("b").id, world.epoch, vec![session_step(1, &connected())]).await.unwrap();
    assert_eq!(names(&world, &DeviceFilter { status: Some(Status::Connected) }).await, ["b"]);
    assert_eq!(names(&world, &DeviceFilter { status: Some(Status::Pending) }).await, ["a", "c"]);
    assert_eq!(names(&world, &DeviceFilter { status: Some(Status::Error) }).await, [""; 0]);
}

pub async fn devices_are_paged_by_number_and_by_cursor(world: World) {
    for n in 0..5 {
        // Two were created in the same millisecond each.
        world.devices.create(&created(&n.to_string(), n / 2)).await.unwrap();
    }
    let list = async |page: &PageRequest| world.devices.list(Some(user()), &DeviceFilter::default(), page).await.unwrap();
    let alias = |devices: &[Device]| devices.iter().map(|device| device.alias.clone()).collect::<Vec<_>>();
    let mut page = first_page(2);
    let mut seen = Vec::new();
    for number in 1..=3 {
        let by_number = list(&PageRequest { page: number, limit: 2, cursor: None }).await;
        let by_cursor = list(&page).await;
        assert_eq!((alias(&by_number.items), by_number.total, by_number.next.is_some()), (alias(&by_cursor.items), 5, number < 3));
        seen.extend(alias(&by_cursor.items));
        page.cursor = by_cursor.next;
    }
    seen.sort();
    assert_eq!(seen, ["0", "1", "2", "3", "4"]);
    assert_eq!(list(&PageRequest { page: 9, limit: 2, cursor: None }).await.items, []);
}

pub async fn the_wanted_devices_are_those_whose_session_is_wanted(world: World) {
    for name in ["a", "b", "c"] {
        world.devices.create(&device(name)).await.unwrap();
    }
    for (n, name) in ["a", "b"].into_iter().enumerate() {
        world.journal.commit(&device(name).id, world.epoch, vec![session_step(n as u64, &connected())]).await.unwrap();
    }
    let stopped = Session { wanted: false, ..connected() };
    world.journal.commit(&device("a").id, world.epoch, vec![session_step(2, &stopped)]).await.unwrap();
    assert_eq!(world.devices.wanted().await.unwrap(), [device("b").id]);
    let world = world.crash().await;
    assert_eq!(world.devices.wanted().await.unwrap(), [device("b").id]);
}

pub async fn sessions_are_those_a_host_has_started_the_latest_first(world: World) {
    let other = Device { user_id: UserId::parse(7).unwrap(), ..device("other") };
    let started = |n| Session { started_at: Some(at(n)), ..connected() };
    let stopped = Session { wanted: false, status: Status::Disconnected, ..started(2) };
    let failed = Session { status: Status::Error, ..started(4) };
    let unstarted = connected();
    for (device, session) in [
        (device("first"), &started(1)),
        (device("stopped"), &stopped),
        (other.clone(), &started(3)),
        (device("failed"), &failed),
        (device("unstarted"), &unstarted),
    ] {
        world.devices.create(&device).await.unwrap();
        world.journal.commit(&device.id, world.epoch, vec![session_step(1, session)]).await.unwrap();
    }
    world.devices.create(&device("new")).await.unwrap();
    let all = SessionFilter::default;
    for (user, filter, wanted) in [
        (None, all(), vec!["failed", "other", "stopped", "first"]),
        (Some(user()), all(), vec!["failed", "stopped", "first"]),
        (Some(other.user_id), all(), vec!["other"]),
        (None, SessionFilter { active: Some(true), ..all() }, vec!["failed", "other", "first"]),
        (None, SessionFilter { active: Some(false), ..all() }, vec!["stopped"]),
        (Some(user()), SessionFilter { status: Some(Status::Connected), ..all() }, vec!["first"]),
        (None, SessionFilter { status: Some(Status::Error), active: Some(false) }, vec![]),
    ] {
        let found = paged(async |page| world.devices.sessions(user, &filter, &page).await.unwrap()).await;
        assert_eq!(found.iter().map(|device| device.alias.as_str()).collect::<Vec<_>>(), wanted, "{user:?} {filter:?}");
    }
    // One that is started again is the latest.
    world.journal.commit(&device("first").id, world.epoch, vec![session_step(9, &started(9))]).await.unwrap();
    let page = world.devices.sessions(None, &all(), &first_page(1)).await.unwrap();
    assert_eq!(page.items, [world.devices.get(&device("first").id).await.unwrap().unwrap()]);
}

pub async fn sessions_are_paged_by_number_and_by_cursor(world: World) {
    for n in 0..5_u64 {
        let device = device(&n.to_string());
        world.devices.create(&device).await.unwrap();
        // Two were started in the same millisecond each.
        let session = Session { started_at: Some(at(n / 2)), ..connected() };
        world.journal.commit(&device.id, world.epoch, vec![session_step(n, &session)]).await.unwrap();
    }
    let mut found = paged(async |page| world.devices.sessions(None, &SessionFilter::default(), &page).await.unwrap()).await;
    found.sort_by(|a, b| a.alias.cmp(&b.alias));
    assert_eq!(found.iter().map(|device| device.alias.as_str()).collect::<Vec<_>>(), ["0", "1", "2", "3", "4"]);
}

pub async fn deleting_a_device_removes_all_there_is_of_it(world: World) {
    let device = device_with_webhook("a");
    world.devices.create(&device).await.unwrap();
    let mut steps = vec![session_step(0, &connected())];
    // More than any adapter removes in one go.
    steps.extend((1..=1_200).map(|n| message_step(n, &incoming(&device, n))));
    world.journal.commit(&device.id, world.epoch, steps).await.unwrap();
    world.messages.accept(&outgoing(&device, 1_201), Some("key")).await.unwrap();
    world.commands.enqueue(&envelope("a", "1")).await.unwrap();

    assert_eq!(world.devices.delete(&device.id).await.unwrap(), Some(Removed { messages: 1_201, contacts: 1, sessions: 1 }));
    assert_eq!(world.devices.delete(&device.id).await.unwrap(), None);
    assert_eq!(world.devices.find(&device.session_id).await.unwrap(), None);
    assert_eq!(world.deliveries.waiting().await.unwrap(), []);
    assert_eq!(world.deliveries.next(&device.id, &[], 10).await.unwrap().len(), 0);
    assert_eq!(world.messages.pending(at(9_999), 10).await.unwrap(), []);
    let messages = world.messages.list(&MessageFilter::default(), &first_page(10)).await.unwrap();
    assert_eq!((messages.items, messages.total), (vec![], 0));

    // Its name is free again, and the new one has nothing of the old one.
    assert!(world.devices.create(&device).await.unwrap());
    assert_eq!(world.devices.get(&device.id).await.unwrap(), Some(device.clone()));
    assert_eq!(world.messages.get(&device.id, &message_id(1)).await.unwrap(), None);
    world.commands.enqueue(&envelope("a", "2")).await.unwrap();
    // A queue that nobody can look through still has what was asked of the old one, for a host to drop as no device's.
    let mut received = Vec::new();
    while received.last().is_none_or(|id| id != "a/2") {
        for command in super::soon(world.source.receive(10)).await.unwrap() {
            world.source.acknowledge(&[command.receipt]).await.unwrap();
            received.push(command.envelope.id.to_string());
        }
    }
    assert!(received == ["a/2"] || received == ["a/1", "a/2"], "{received:?}");
}

pub async fn deleting_a_device_leaves_the_others_alone(world: World) {
    for device in [device_with_webhook("a"), device_with_webhook("b")] {
        world.devices.create(&device).await.unwrap();
        world.journal.commit(&device.id, world.epoch, vec![message_step(1, &incoming(&device, 1))]).await.unwrap();
    }
    let kept = device("b");
    world.devices.delete(&device("a").id).await.unwrap();
    assert_eq!(world.messages.get(&kept.id, &message_id(1)).await.unwrap(), Some(incoming(&kept, 1)));
    assert_eq!(world.deliveries.waiting().await.unwrap(), [kept.id]);
    assert_eq!(world.messages.list(&MessageFilter::default(), &first_page(10)).await.unwrap().total, 1);
}

pub async fn devices_survive_a_crash(world: World) {
    let device = device_with_webhook("a");
    world.devices.create(&device).await.unwrap();
    world.journal.commit(&device.id, world.epoch, vec![session_step(1, &connected())]).await.unwrap();
    let before = world.epoch;
    let world = world.crash().await;
    assert!(world.epoch > before);
    let stored = Device { session: connected(), ..device };
    assert_eq!(world.devices.get(&stored.id).await.unwrap(), Some(stored));
}

fn created(name: &str, n: u64) -> Device {
    Device { created_at: at(n), ..device(name) }
}

async fn names(world: &World, filter: &DeviceFilter) -> Vec<String> {
    let page = world.devices.list(Some(user()), filter, &first_page(10)).await.unwrap();
    assert_eq!(page.total, page.items.len() as u64);
    page.items.into_iter().map(|device| device.alias).collect()
}
