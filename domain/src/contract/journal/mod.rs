//! What [`Journal`](crate::ports::Journal) promises.

mod chats;
mod messages;
mod people;

pub use self::{chats::*, messages::*, people::*};
use super::{World, racing, samples::*};
use crate::{
    model::{
        Chat, Contact, ContactFilter, Device, Direction, Event, Jid, Message, MessageCounts, MessageFilter, MessageStatus, Session, Status,
        WebhookFilter, WebhookSettings,
    },
    ports::{Change, Op, PortError, Step},
};

/// Makes a test of each sentence here, for the world that `$start` starts.
#[macro_export]
macro_rules! journal_contract {
    ($start:path) => {
        $crate::contract_tests!(
            journal,
            $start,
            [
                a_session_changes_whenever_it_is_told_to,
                a_message_is_stored_and_told_once,
                one_id_in_two_chats_or_of_two_senders_is_two_messages,
                an_outgoing_message_that_is_known_is_not_stored_again,
                a_status_moves_forward_and_never_back,
                a_failure_is_told_with_its_reason,
                a_status_of_an_unknown_message_is_nothing,
                a_status_reaches_the_one_message_of_its_key,
                an_edit_changes_the_text_once,
                an_edit_of_a_message_with_a_file_changes_its_caption_and_content,
                an_edit_of_an_unknown_or_deleted_message_is_nothing,
                a_deletion_takes_effect_once_and_what_was_said_stays,
                a_file_that_arrives_is_told_once,
                a_file_that_failed_may_arrive_later,
                a_file_of_a_message_without_one_is_nothing,
                a_message_of_the_past_is_stored_once_and_did_not_go_through_the_device,
                of_racing_changes_each_takes_effect_once,
                what_messages_became_survives_a_crash,
                news_of_a_contact_take_effect_once,
                a_contacts_hidden_id_is_learned_from_news_of_it,
                a_received_message_tells_what_its_sender_is_called,
                the_blocked_are_those_told_and_nobody_else,
                news_of_a_chat_take_effect_once,
                every_stored_message_makes_its_chat,
                what_everybody_sees_is_no_chat_unless_it_was_told_to_be,
                a_chat_counts_what_came_in_until_it_is_read,
                a_chat_that_is_read_counts_from_there_on,
                a_deleted_chat_is_gone_and_its_messages_stay,
                a_deleted_chat_begins_anew_with_what_is_sent_later,
                a_group_takes_effect_when_it_is_new_or_has_changed,
                a_notice_is_told_whenever_it_is_given,
                sequence_numbers_count_up_without_gaps,
                sequence_numbers_have_no_gaps_when_many_commit_at_once,
                however_many_steps_are_stored_in_order,
                a_step_without_an_event_is_stored_and_not_told,
                a_delivery_is_made_for_each_event_the_webhook_wants,
                counts_are_of_messages_sent_and_received,
                an_earlier_host_is_fenced_and_stores_nothing,
                a_host_is_fenced_by_a_later_one_that_only_wrote_keys,
                a_host_of_a_former_life_is_fenced,
                a_device_that_is_gone_stores_and_tells_nothing,
                the_sequence_goes_on_after_a_crash,
            ]
        );
    };
}

pub async fn a_session_changes_whenever_it_is_told_to(world: World) {
    let device = with_device(&world, device("a")).await;
    for n in 1..=2 {
        let events = commit(&world, &device, vec![session_step(n, &connected())]).await;
        assert_eq!((events.len(), events[0].seq), (1, n));
    }
    let session = Session { status: Status::Error, reason: Some("logged_out".into()), ..connected() };
    commit(&world, &device, vec![session_step(3, &session)]).await;
    assert_eq!(world.devices.get(&device.id).await.unwrap().map(|device| device.session), Some(session));
}

pub async fn a_message_is_stored_and_told_once(world: World) {
    let device = with_device(&world, device_with_webhook("a")).await;
    let message = incoming(&device, 1);
    let events = commit(&world, &device, vec![message_step(1, &message)]).await;
    assert_eq!(events.len(), 1);
    assert_eq!((&events[0].id, events[0].seq, &events[0].device_id, events[0].at), (&event_id(1), 1, &device.id, at(1)));
    assert_eq!(commit(&world, &device, vec![message_step(2, &message), message_step(3, &message)]).await.len(), 0);
    assert_eq!(world.messages.get(&device.id, &message.id).await.unwrap(), Some(message));
    assert_eq!(world.deliveries.next(&device.id, &[], 10).await.unwrap().len(), 1);
}

pub async fn one_id_in_two_chats_or_of_two_senders_is_two_messages(world: World) {
    let device = with_device(&world, device("a")).await;
    let first = incoming(&device, 1);
    let other_chat = Message { chat: phone(7), ..first.clone() };
    let other_sender = Message { from: Some(phone(8)), ..first.clone() };
    let ours = Message { direction: Direction::Outgoing, from: Some(phone(1)), ..first.clone() };
    let steps = (1..).zip([&first, &other_chat, &other_sender, &ours]).map(|(n, message)| message_step(n, message));
    assert_eq!(commit(&world, &device, steps.collect()).await.len(), 4);
}

pub async fn an_outgoing_message_that_is_known_is_not_stored_again(world: World) {
    let device = with_device(&world, device("a")).await;
    let accepted = Message { from: None, ..outgoing(&device, 1) };
    world.messages.accept(&accepted, None).await.unwrap();
    // WhatsApp tells us of our own message, now with our number.
    let echo = Message { from: Some(phone(1)), status: MessageStatus::Sent, ..accepted.clone() };
    assert_eq!(commit(&world, &device, vec![message_step(1, &echo)]).await.len(), 0);
    assert_eq!(world.messages.get(&device.id, &accepted.id).await.unwrap(), Some(accepted));
}

pub async fn a_message_of_the_past_is_stored_once_and_did_not_go_through_the_device(world: World) {
    let device = with_device(&world, device("a")).await;
    let typed = Message { status: MessageStatus::Sent, ..outgoing(&device, 2) };
    let steps = || vec![history_step(1, &incoming(&device, 1)), history_step(2, &typed), message_step(3, &incoming(&device, 1))];
    assert_eq!(commit(&world, &device, steps()).await.len(), 2);
    assert_eq!(commit(&world, &device, steps()).await.len(), 0);
    assert_eq!(commit(&world, &device, vec![status_step(4, &typed, MessageStatus::Read)]).await.len(), 1);
    let counts = world.devices.get(&device.id).await.unwrap().map(|device| device.counts);
    assert_eq!(counts, Some(MessageCounts::default()));
    assert_eq!(world.messages.tally(&MessageFilter::default()).await.unwrap().total, 2);
    assert_eq!(world.devices.delete(&device.id).await.unwrap().map(|removed| removed.messages), Some(2));
}

pub async fn sequence_numbers_count_up_without_gaps(world: World) {
    let device = with_device(&world, device("a")).await;
    let message = incoming(&device, 1);
    let steps = vec![message_step(1, &message), message_step(2, &message), session_step(3, &connected())];
    let events = commit(&world, &device, steps).await;
    assert_eq!(events.iter().map(|event| (event.seq, event.id.clone())).collect::<Vec<_>>(), [(1, event_id(1)), (2, event_id(3))]);
    let other = with_device(&world, self::device("b")).await;
    assert_eq!(commit(&world, &other, vec![session_step(4, &connected())]).await[0].seq, 1);
    assert_eq!(commit(&world, &device, vec![session_step(5, &connected())]).await[0].seq, 3);
}

pub async fn sequence_numbers_have_no_gaps_when_many_commit_at_once(world: World) {
    let device = with_device(&world, device("a")).await;
    let commits = racing(20, |task| {
        let (journal, device, epoch) = (world.journal.clone(), device.clone(), world.epoch);
        let steps = (0..3).map(|n| message_step(task * 10 + n, &incoming(&device, task * 10 + n))).collect();
        async move { journal.commit(&device.id, epoch, steps).await.unwrap() }
    });
    let mut seqs = Vec::new();
    for events in commits.await {
        assert!(events.windows(2).all(|pair| pair[1].seq == pair[0].seq + 1));
        seqs.extend(events.iter().map(|event| event.seq));
    }
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=60).collect::<Vec<_>>());
}

pub async fn however_many_steps_are_stored_in_order(world: World) {
    let device = with_device(&world, device_with_webhook("a")).await;
    const MOST: u64 = 250;
    let days_apart = |n| Message { timestamp: at(n * 20_000_000), ..incoming(&device, n) };
    let steps = || (1..=MOST).map(|n| history_step(n, &days_apart(n))).collect();
    let events = commit(&world, &device, steps()).await;
    assert_eq!(
        events.iter().map(|event| (event.seq, event.id.clone())).collect::<Vec<_>>(),
        (1..=MOST).map(|n| (n, event_id(n))).collect::<Vec<_>>()
    );
    assert_eq!(commit(&world, &device, steps()).await.len(), 0);
    let all = MessageFilter { status: Some(MessageStatus::Delivered), ..MessageFilter::default() };
    assert_eq!(world.messages.tally(&all).await.unwrap().total, MOST);
    let late = MessageFilter { since: Some(days_apart(101).timestamp), until: Some(days_apart(201).timestamp), ..all };
    assert_eq!(world.messages.tally(&late).await.unwrap().total, 100);
    assert_eq!(world.people.chat(&device.id, &phone(2)).await.unwrap().map(|chat| u64::from(chat.unread)), Some(MOST));
    // One step may be of many people too.
    let block = |n| vec![told_step(n, Change::Blocked { contacts: (1..=MOST).map(phone).collect() })];
    assert_eq!([commit(&world, &device, block(1000)).await.len(), commit(&world, &device, block(1001)).await.len()], [1, 0]);
    let blocked = ContactFilter { blocked: Some(true), ..ContactFilter::default() };
    assert_eq!(world.people.contacts(&device.id, &blocked, &first_page(1)).await.unwrap().total, MOST);
}

pub async fn a_step_without_an_event_is_stored_and_not_told(world: World) {
    let device = with_device(&world, device_with_webhook("a")).await;
    let silent = Step { event: None, ..message_step(1, &incoming(&device, 1)) };
    assert_eq!(commit(&world, &device, vec![silent]).await.len(), 0);
    assert_eq!(world.messages.get(&device.id, &message_id(1)).await.unwrap(), Some(incoming(&device, 1)));
    assert_eq!(commit(&world, &device, vec![session_step(2, &connected())]).await[0].seq, 1);
    assert_eq!(commit(&world, &device, Vec::new()).await.len(), 0);
}

pub async fn a_delivery_is_made_for_each_event_the_webhook_wants(world: World) {
    let picky = Device { webhook: Some(WebhookSettings { events: vec![WebhookFilter::Message], ..webhook() }), ..device("picky") };
    let off = Device { webhook: Some(WebhookSettings { enabled: false, ..webhook() }), ..device("off") };
    for (device, wanted) in [(picky, vec![2]), (off, vec![]), (device_with_webhook("all"), vec![1, 2]), (device("none"), vec![])] {
        let device = with_device(&world, device).await;
        let events = commit(&world, &device, vec![session_step(1, &connected()), message_step(2, &incoming(&device, 2))]).await;
        let deliveries = world.deliveries.next(&device.id, &[], 10).await.unwrap();
        assert_eq!(deliveries.iter().map(|delivery| delivery.event.seq).collect::<Vec<_>>(), wanted, "{}", device.alias);
        for delivery in deliveries {
            let told = &events[delivery.event.seq as usize - 1];
            assert_eq!((delivery.event.body(), &delivery.event.id), (told.body(), &told.id));
        }
    }
}

pub async fn counts_are_of_messages_sent_and_received(world: World) {
    let device = with_device(&world, device("a")).await;
    for n in 1..=4 {
        world.messages.accept(&outgoing(&device, n), None).await.unwrap();
    }
    let typed = Message { status: MessageStatus::Sent, ..outgoing(&device, 5) };
    let status = |message, status| status_step(9, &outgoing(&device, message), status);
    let steps = || {
        vec![
            status(1, MessageStatus::Sent),
            status(1, MessageStatus::Delivered),
            status(2, MessageStatus::Read),
            status(3, MessageStatus::Failed),
            message_step(9, &typed),
            message_step(9, &incoming(&device, 6)),
            message_step(9, &incoming(&device, 7)),
        ]
    };
    for _ in 0..2 {
        let unnamed = steps().into_iter().map(|step| Step { event: None, ..step }).collect();
        commit(&world, &device, unnamed).await;
        let counts = world.devices.get(&device.id).await.unwrap().map(|device| device.counts);
        assert_eq!(counts, Some(MessageCounts { sent: 3, received: 2 }));
    }
}

pub async fn an_earlier_host_is_fenced_and_stores_nothing(world: World) {
    let device = with_device(&world, device("a")).await;
    world.journal.commit(&device.id, world.later(), vec![session_step(1, &connected())]).await.unwrap();
    let late = world.journal.commit(&device.id, world.epoch, vec![message_step(2, &incoming(&device, 1))]).await;
    assert!(matches!(late, Err(PortError::Fenced)));
    assert_eq!(world.messages.get(&device.id, &message_id(1)).await.unwrap(), None);
    let next = world.journal.commit(&device.id, world.later(), vec![session_step(3, &connected())]).await.unwrap();
    assert_eq!(next[0].seq, 2);
}

pub async fn a_host_is_fenced_by_a_later_one_that_only_wrote_keys(world: World) {
    let device = with_device(&world, device("a")).await;
    let put = Op::Put { key: "key".into(), value: vec![1], expires_at: None };
    world.keys.write(&device.id, world.later(), vec![put]).await.unwrap();
    let late = world.journal.commit(&device.id, world.epoch, vec![session_step(1, &connected())]).await;
    assert!(matches!(late, Err(PortError::Fenced)));
}

pub async fn a_host_of_a_former_life_is_fenced(world: World) {
    let device = with_device(&world, device("a")).await;
    let former = world.epoch;
    let world = world.crash().await;
    world.journal.commit(&device.id, world.epoch, vec![session_step(1, &connected())]).await.unwrap();
    let late = world.journal.commit(&device.id, former, vec![session_step(2, &connected())]).await;
    assert!(matches!(late, Err(PortError::Fenced)));
}

pub async fn a_device_that_is_gone_stores_and_tells_nothing(world: World) {
    let device = with_device(&world, device_with_webhook("a")).await;
    world.devices.delete(&device.id).await.unwrap();
    let steps = vec![session_step(1, &connected()), message_step(2, &incoming(&device, 1))];
    assert_eq!(commit(&world, &device, steps).await.len(), 0);
    assert_eq!(world.devices.get(&device.id).await.unwrap(), None);
    assert_eq!(world.messages.get(&device.id, &message_id(1)).await.unwrap(), None);
    assert_eq!(world.deliveries.waiting().await.unwrap(), []);
}

pub async fn the_sequence_goes_on_after_a_crash(world: World) {
    let device = with_device(&world, device("a")).await;
    let message = incoming(&device, 1);
    commit(&world, &device, vec![message_step(1, &message)]).await;
    let world = world.crash().await;
    assert_eq!(commit(&world, &device, vec![message_step(2, &message)]).await.len(), 0);
    assert_eq!(commit(&world, &device, vec![session_step(3, &connected())]).await[0].seq, 2);
}

async fn with_device(world: &World, device: Device) -> Device {
    assert!(world.devices.create(&device).await.unwrap());
    device
}

async fn commit(world: &World, device: &Device, steps: Vec<Step>) -> Vec<Event> {
    world.journal.commit(&device.id, world.epoch, steps).await.unwrap()
}

async fn contact(world: &World, device: &Device, contact: &Jid) -> Option<Contact> {
    world.people.contact(&device.id, contact).await.unwrap()
}

async fn chat(world: &World, device: &Device, chat: &Jid) -> Option<Chat> {
    world.people.chat(&device.id, chat).await.unwrap()
}
