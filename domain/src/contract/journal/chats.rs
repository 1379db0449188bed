//! What becomes of chats.

use std::time::Duration;

use super::{chat, commit, contact, with_device};
use crate::{
    contract::{World, samples::*},
    model::{Bulk, Chat, ChatFilter, ChatUpdate, Device, Jid, Message, MessageFilter, MessageStatus, MessageType, Timestamp},
    ports::Change,
};

pub async fn news_of_a_chat_take_effect_once(world: World) {
    let device = with_device(&world, device("a")).await;
    let news = |update| told_step(1, Change::Chat { chat: phone(2), update });
    let none = ChatUpdate::default;
    let updates = [
        (none(), true),
        (none(), false),
        (ChatUpdate { archived: Some(true), pinned_at: Some(Some(at(5))), ..none() }, true),
        (ChatUpdate { archived: Some(true), pinned_at: Some(Some(at(5))), muted_until: Some(None), ..none() }, false),
        (ChatUpdate { muted_until: Some(Some(Timestamp::MAX)), pinned_at: Some(None), ..none() }, true),
        (ChatUpdate { marked_unread: Some(true), ..none() }, true),
        (ChatUpdate { marked_unread: Some(true), ..none() }, false),
        (ChatUpdate { last_message_at: Some(at(9)), ..none() }, true),
        (ChatUpdate { last_message_at: Some(at(8)), ..none() }, false),
    ];
    for (update, takes_effect) in updates {
        assert_eq!(commit(&world, &device, vec![news(update.clone())]).await.len() == 1, takes_effect, "{update:?}");
    }
    let known = Chat {
        archived: true,
        muted_until: Some(Timestamp::MAX),
        marked_unread: true,
        last_message_at: Some(at(9)),
        ..Chat::new(phone(2))
    };
    assert_eq!(chat(&world, &device, &phone(2)).await, Some(known));
}

pub async fn every_stored_message_makes_its_chat(world: World) {
    let device = with_device(&world, device("a")).await;
    let to = |n, chat: &Jid| Message { chat: chat.clone(), to: Some(chat.clone()), ..outgoing(&device, n) };
    world.messages.accept(&to(1, &phone(1)), None).await.unwrap();
    let bulk = Bulk {
        id: bulk_id(1),
        device_id: device.id.clone(),
        session_id: device.session_id.clone(),
        size: 2,
        delay: Duration::ZERO,
        created_at: at(0),
        cancelled_at: None,
    };
    world.bulks.accept(&bulk, &[to(2, &phone(2)), to(3, &phone(3))], None).await.unwrap();
    let received = Message { chat: phone(4), ..incoming(&device, 4) };
    let past = Message { chat: group_jid(5), ..incoming(&device, 5) };
    commit(&world, &device, vec![message_step(4, &received), history_step(5, &past)]).await;
    for (n, name) in (1..).zip([phone(1), phone(2), phone(3), phone(4), group_jid(5)]) {
        let chat = chat(&world, &device, &name).await.unwrap();
        assert_eq!((chat.last_message_at, chat.last_message.unwrap().id), (Some(at(n)), message_id(n)), "{name}");
    }
    // An older one changes nothing of when something was last written.
    commit(&world, &device, vec![history_step(6, &Message { chat: phone(4), timestamp: at(0), ..incoming(&device, 6) })]).await;
    assert_eq!(chat(&world, &device, &phone(4)).await.unwrap().last_message_at, Some(at(4)));
    assert_eq!(chats(&world, &device).await, 5);
}

pub async fn what_everybody_sees_is_no_chat_unless_it_was_told_to_be(world: World) {
    let device = with_device(&world, device("a")).await;
    let status = Jid::parse("status@broadcast").unwrap();
    let posted = |n| Message { chat: status.clone(), broadcast: true, ..incoming(&device, n) };
    commit(&world, &device, vec![message_step(1, &posted(1))]).await;
    assert_eq!(chats(&world, &device).await, 0);
    commit(&world, &device, vec![told_step(2, Change::Chat { chat: status.clone(), update: ChatUpdate::default() })]).await;
    commit(&world, &device, vec![message_step(3, &posted(3))]).await;
    assert_eq!(chat(&world, &device, &status).await.unwrap().last_message_at, Some(at(3)));
}

pub async fn a_chat_counts_what_came_in_until_it_is_read(world: World) {
    let device = with_device(&world, device("a")).await;
    let unread = async || chat(&world, &device, &phone(2)).await.unwrap().unread;
    let of = |n, kind| Message { kind, ..incoming(&device, n) };
    let read = Message { status: MessageStatus::Read, ..incoming(&device, 4) };
    let steps = || {
        vec![
            message_step(1, &incoming(&device, 1)),
            history_step(2, &incoming(&device, 2)),
            message_step(3, &of(3, MessageType::Image)),
            message_step(4, &read),
            message_step(5, &of(5, MessageType::Reaction)),
            message_step(6, &of(6, MessageType::Vote)),
            message_step(7, &Message { status: MessageStatus::Sent, ..outgoing(&device, 7) }),
        ]
    };
    for _ in 0..2 {
        commit(&world, &device, steps()).await;
        assert_eq!(unread().await, 3);
    }
    for _ in 0..2 {
        commit(&world, &device, vec![status_step(8, &incoming(&device, 2), MessageStatus::Read)]).await;
        assert_eq!(unread().await, 2);
    }
    // What the other side reads, and reactions that are seen, count nothing off.
    let seen = vec![
        status_step(9, &outgoing(&device, 7), MessageStatus::Read),
        status_step(9, &of(5, MessageType::Reaction), MessageStatus::Read),
    ];
    assert_eq!(commit(&world, &device, seen).await.len(), 2);
    assert_eq!(unread().await, 2);
}

pub async fn a_chat_that_is_read_counts_from_there_on(world: World) {
    let device = with_device(&world, device("a")).await;
    let marked =
        |n, unread| told_step(n, Change::Chat { chat: phone(2), update: ChatUpdate { marked_unread: Some(unread), ..Default::default() } });
    let state = async || chat(&world, &device, &phone(2)).await.map(|chat| (chat.unread, chat.marked_unread)).unwrap();
    commit(&world, &device, vec![message_step(1, &incoming(&device, 1)), message_step(2, &incoming(&device, 2)), marked(3, true)]).await;
    assert_eq!(state().await, (2, true));
    assert_eq!(
        [commit(&world, &device, vec![marked(4, false)]).await.len(), commit(&world, &device, vec![marked(4, false)]).await.len()],
        [1, 0]
    );
    assert_eq!(state().await, (0, false));
    // It counts what comes later, and is not misled by what is told late of what came before.
    let steps = vec![message_step(5, &incoming(&device, 5)), status_step(6, &incoming(&device, 1), MessageStatus::Read)];
    assert_eq!(commit(&world, &device, steps).await.len(), 2);
    assert_eq!(state().await, (1, false));
    // Without a mark it takes effect too if there is something to read.
    assert_eq!(commit(&world, &device, vec![marked(7, false)]).await.len(), 1);
    assert_eq!(state().await, (0, false));
    let filter = MessageFilter { status: Some(MessageStatus::Delivered), ..MessageFilter::default() };
    assert_eq!(world.messages.tally(&filter).await.unwrap().total, 2);
}

pub async fn a_deleted_chat_is_gone_and_its_messages_stay(world: World) {
    let device = with_device(&world, device("a")).await;
    let delete = || vec![told_step(3, Change::ChatDeleted { chat: phone(2) })];
    let pinned = ChatUpdate { pinned_at: Some(Some(at(1))), ..ChatUpdate::default() };
    commit(&world, &device, vec![message_step(1, &incoming(&device, 1)), told_step(2, Change::Chat { chat: phone(2), update: pinned })])
        .await;
    assert_eq!([commit(&world, &device, delete()).await.len(), commit(&world, &device, delete()).await.len()], [1, 0]);
    assert_eq!(chat(&world, &device, &phone(2)).await, None);
    assert_eq!(world.messages.get(&device.id, &message_id(1)).await.unwrap(), Some(incoming(&device, 1)));
    // What is known of the person does not go with it.
    assert!(contact(&world, &device, &phone(2)).await.is_some());
    // It begins anew with the next message.
    let next = incoming(&device, 4);
    commit(&world, &device, vec![message_step(4, &next)]).await;
    let anew = Chat { unread: 1, name: Some("Ani".into()), last_message_at: Some(at(4)), last_message: Some(next), ..Chat::new(phone(2)) };
    assert_eq!(chat(&world, &device, &phone(2)).await, Some(anew));
}

pub async fn a_deleted_chat_begins_anew_with_what_is_sent_later(world: World) {
    let device = with_device(&world, device("a")).await;
    let found = async || chat(&world, &device, &phone(2)).await;
    let (sent, waiting) = (outgoing(&device, 1), outgoing(&device, 3));
    world.messages.accept(&sent, None).await.unwrap();
    commit(&world, &device, vec![status_step(1, &sent, MessageStatus::Sent), message_step(2, &incoming(&device, 2))]).await;
    world.messages.accept(&waiting, None).await.unwrap();
    commit(&world, &device, vec![told_step(3, Change::ChatDeleted { chat: phone(2) })]).await;
    // What becomes of what was written before is no message.
    let steps = vec![
        status_step(4, &sent, MessageStatus::Read),
        status_step(4, &incoming(&device, 2), MessageStatus::Read),
        status_step(4, &waiting, MessageStatus::Sent),
    ];
    assert_eq!(commit(&world, &device, steps).await.len(), 3);
    assert_eq!((found().await, chats(&world, &device).await), (None, 0));
    let archived = ChatUpdate { archived: Some(true), ..ChatUpdate::default() };
    commit(&world, &device, vec![told_step(5, Change::Chat { chat: phone(2), update: archived })]).await;
    let empty = Chat { archived: true, name: Some("Ani".into()), ..Chat::new(phone(2)) };
    assert_eq!(found().await.as_ref(), Some(&empty));
    let next = outgoing(&device, 6);
    world.messages.accept(&next, None).await.unwrap();
    for status in [MessageStatus::Pending, MessageStatus::Sent] {
        commit(&world, &device, vec![status_step(6, &next, status)]).await;
        let last = Message { status, ..next.clone() };
        assert_eq!(found().await, Some(Chat { last_message_at: Some(at(6)), last_message: Some(last), ..empty.clone() }));
    }
    assert_eq!(chats(&world, &device).await, 1);
}

/// How many chats the device has.
async fn chats(world: &World, device: &Device) -> u64 {
    world.people.chats(&device.id, &ChatFilter::default(), &first_page(10)).await.unwrap().total
}
