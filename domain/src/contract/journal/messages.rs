//! What becomes of a message once it is stored: its status, its text, its end, its file.

use super::{commit, with_device};
use crate::{
    contract::{World, racing, samples::*},
    model::{MediaFile, MediaId, MediaPlace, Message, MessageCounts, MessageFilter, MessageStatus},
};

pub async fn a_status_moves_forward_and_never_back(world: World) {
    let device = with_device(&world, device("a")).await;
    let message = outgoing(&device, 1);
    world.messages.accept(&message, None).await.unwrap();
    let told = [
        (MessageStatus::Sent, true),
        (MessageStatus::Sent, false),
        (MessageStatus::Failed, false),
        (MessageStatus::Read, true),
        (MessageStatus::Delivered, false),
    ];
    for (n, (status, takes_effect)) in (10..).zip(told) {
        let events = commit(&world, &device, vec![status_step(n, &message, status)]).await;
        assert_eq!(events.len() == 1, takes_effect, "{status:?}");
    }
    let read = Message { status: MessageStatus::Read, read_at: Some(at(13)), ..message };
    assert_eq!(world.messages.get(&device.id, &read.id).await.unwrap(), Some(read));
}

pub async fn a_failure_is_told_with_its_reason(world: World) {
    let device = with_device(&world, device("a")).await;
    let message = outgoing(&device, 1);
    world.messages.accept(&message, None).await.unwrap();
    assert_eq!(commit(&world, &device, vec![status_step(1, &message, MessageStatus::Failed)]).await.len(), 1);
    let failed = Message { status: MessageStatus::Failed, error: Some("rejected".into()), ..message.clone() };
    assert_eq!(world.messages.get(&device.id, &message.id).await.unwrap(), Some(failed));
    // It had got through after all.
    assert_eq!(commit(&world, &device, vec![status_step(2, &message, MessageStatus::Delivered)]).await.len(), 1);
    let delivered = Message { status: MessageStatus::Delivered, ..message };
    assert_eq!(world.messages.get(&device.id, &delivered.id).await.unwrap(), Some(delivered));
}

pub async fn a_status_of_an_unknown_message_is_nothing(world: World) {
    let device = with_device(&world, device("a")).await;
    let stored = incoming(&device, 1);
    commit(&world, &device, vec![message_step(1, &stored)]).await;
    let of_another = Message { from: Some(phone(9)), ..stored.clone() };
    let elsewhere = Message { chat: phone(9), ..stored.clone() };
    for message in [of_another, elsewhere, outgoing(&device, 1), incoming(&device, 2)] {
        assert_eq!(commit(&world, &device, vec![status_step(2, &message, MessageStatus::Read)]).await.len(), 0);
    }
    assert_eq!(world.messages.get(&device.id, &message_id(1)).await.unwrap(), Some(stored));
}

pub async fn a_status_reaches_the_one_message_of_its_key(world: World) {
    let device = with_device(&world, device("a")).await;
    let (ours, theirs) = (outgoing(&device, 1), incoming(&device, 1));
    let elsewhere = Message { chat: phone(7), timestamp: at(0), ..theirs.clone() };
    let ours = Message { status: MessageStatus::Sent, ..ours };
    let steps = (1..).zip([&ours, &theirs, &elsewhere]).map(|(n, message)| message_step(n, message)).collect();
    assert_eq!(commit(&world, &device, steps).await.len(), 3);
    for takes_effect in [true, false] {
        let events = commit(&world, &device, vec![status_step(4, &theirs, MessageStatus::Read)]).await;
        assert_eq!(events.len() == 1, takes_effect);
    }
    let read = Message { status: MessageStatus::Read, read_at: Some(at(4)), ..theirs };
    let all = world.messages.list(&MessageFilter::default(), &first_page(10)).await.unwrap().items;
    for message in [&read, &ours, &elsewhere] {
        assert!(all.contains(message), "{message:?}");
    }
    // What the account itself has seen is no news of what it sent.
    let counts = world.devices.get(&device.id).await.unwrap().map(|device| device.counts);
    assert_eq!(counts, Some(MessageCounts { sent: 1, received: 2 }));
}

pub async fn an_edit_changes_the_text_once(world: World) {
    let device = with_device(&world, device("a")).await;
    let messages = [outgoing(&device, 1), incoming(&device, 2)];
    world.messages.accept(&messages[0], None).await.unwrap();
    commit(&world, &device, vec![message_step(1, &messages[1])]).await;
    for message in messages {
        let told = [(10, "first", true), (10, "again", false), (9, "earlier", false), (12, "second", true), (11, "late", false)];
        for (n, text, takes_effect) in told {
            let events = commit(&world, &device, vec![edited_step(n, &message, text)]).await;
            assert_eq!(events.len() == 1, takes_effect, "{text}");
        }
        let edited = Message { content: "second".into(), edited_at: Some(at(12)), ..message };
        assert_eq!(world.messages.get(&device.id, &edited.id).await.unwrap(), Some(edited));
    }
}

pub async fn an_edit_of_a_message_with_a_file_changes_its_caption_and_content(world: World) {
    let device = with_device(&world, device("a")).await;
    let picture = picture(&device, 1, stored());
    commit(&world, &device, vec![message_step(1, &picture), edited_step(2, &picture, "new")]).await;
    let edited = Message { content: "new".into(), caption: Some("new".into()), edited_at: Some(at(2)), ..picture };
    assert_eq!(world.messages.get(&device.id, &edited.id).await.unwrap(), Some(edited));
}

pub async fn an_edit_of_an_unknown_or_deleted_message_is_nothing(world: World) {
    let device = with_device(&world, device("a")).await;
    let message = incoming(&device, 1);
    commit(&world, &device, vec![message_step(1, &message), deleted_step(2, &message)]).await;
    for message in [&message, &outgoing(&device, 1), &incoming(&device, 2)] {
        assert_eq!(commit(&world, &device, vec![edited_step(3, message, "new")]).await.len(), 0);
    }
}

pub async fn a_deletion_takes_effect_once_and_what_was_said_stays(world: World) {
    let device = with_device(&world, device("a")).await;
    let message = incoming(&device, 1);
    commit(&world, &device, vec![message_step(1, &message)]).await;
    for (n, told) in [(5, 1), (6, 0), (5, 0)] {
        assert_eq!(commit(&world, &device, vec![deleted_step(n, &message)]).await.len(), told);
    }
    assert_eq!(commit(&world, &device, vec![deleted_step(7, &outgoing(&device, 1))]).await.len(), 0);
    let deleted = Message { deleted_at: Some(at(5)), ..message };
    assert_eq!(world.messages.get(&device.id, &deleted.id).await.unwrap(), Some(deleted));
}

pub async fn a_file_that_arrives_is_told_once(world: World) {
    let device = with_device(&world, device("a")).await;
    let message = picture(&device, 1, awaited());
    commit(&world, &device, vec![message_step(1, &message)]).await;
    let arrived = picture(&device, 1, stored());
    let other = MediaPlace::Stored { id: MediaId::parse("med_2").unwrap() };
    for (file, told) in [(file(&arrived), 1), (file(&arrived), 0), (MediaFile { place: other, ..file(&arrived) }, 0)] {
        assert_eq!(commit(&world, &device, vec![media_step(2, &message, &file)]).await.len(), told);
    }
    assert_eq!(world.messages.get(&device.id, &message.id).await.unwrap(), Some(arrived));
}

pub async fn a_file_that_failed_may_arrive_later(world: World) {
    let device = with_device(&world, device("a")).await;
    let message = picture(&device, 1, awaited());
    commit(&world, &device, vec![message_step(1, &message)]).await;
    let failed = picture(&device, 1, MediaPlace::Failed { error: "gone".into() });
    for told in [1, 0] {
        assert_eq!(commit(&world, &device, vec![media_step(2, &message, &file(&failed))]).await.len(), told);
    }
    assert_eq!(world.messages.get(&device.id, &message.id).await.unwrap(), Some(failed));
    assert_eq!(world.messages.awaiting_media(&device.id, 10).await.unwrap(), []);
    let arrived = picture(&device, 1, stored());
    assert_eq!(commit(&world, &device, vec![media_step(3, &message, &file(&arrived))]).await.len(), 1);
    assert_eq!(world.messages.get(&device.id, &message.id).await.unwrap(), Some(arrived));
}

pub async fn a_file_of_a_message_without_one_is_nothing(world: World) {
    let device = with_device(&world, device("a")).await;
    commit(&world, &device, vec![message_step(1, &incoming(&device, 1))]).await;
    let arrived = file(&picture(&device, 1, stored()));
    for message in [incoming(&device, 1), incoming(&device, 2)] {
        assert_eq!(commit(&world, &device, vec![media_step(2, &message, &arrived)]).await.len(), 0);
    }
    assert_eq!(world.messages.get(&device.id, &message_id(1)).await.unwrap(), Some(incoming(&device, 1)));
}

pub async fn of_racing_changes_each_takes_effect_once(world: World) {
    let device = with_device(&world, device("a")).await;
    let message = picture(&device, 1, awaited());
    let arrived = file(&picture(&device, 1, stored()));
    commit(&world, &device, vec![message_step(1, &message)]).await;
    let told = racing(12, |n| {
        let steps = vec![
            media_step(n + 10, &message, &arrived),
            edited_step(5, &message, "new"),
            status_step(n + 10, &message, MessageStatus::Read),
            deleted_step(n + 10, &message),
            alias_step(n + 10, &phone(2), &lid(2)),
            history_step(n + 10, &incoming(&device, 2)),
        ];
        let (journal, device, epoch) = (world.journal.clone(), device.id.clone(), world.epoch);
        async move { journal.commit(&device, epoch, steps).await.unwrap().len() }
    });
    assert_eq!(told.await.into_iter().sum::<usize>(), 6);
}

pub async fn what_messages_became_survives_a_crash(world: World) {
    let device = with_device(&world, device("a")).await;
    let message = picture(&device, 1, awaited());
    let arrived = picture(&device, 1, stored());
    let steps = || {
        vec![
            message_step(1, &message),
            media_step(2, &message, &file(&arrived)),
            edited_step(3, &message, "new"),
            deleted_step(4, &message),
        ]
    };
    assert_eq!(commit(&world, &device, steps()).await.len(), 4);
    let world = world.crash().await;
    assert_eq!(commit(&world, &device, steps()).await.len(), 0);
    let last = Message { content: "new".into(), caption: Some("new".into()), edited_at: Some(at(3)), deleted_at: Some(at(4)), ..arrived };
    assert_eq!(world.messages.get(&device.id, &last.id).await.unwrap(), Some(last));
}

fn awaited() -> MediaPlace {
    MediaPlace::Awaiting { reference: "cmVm".into() }
}

fn stored() -> MediaPlace {
    MediaPlace::Stored { id: MediaId::parse("med_1").unwrap() }
}

fn file(message: &Message) -> MediaFile {
    message.media().unwrap().clone()
}
