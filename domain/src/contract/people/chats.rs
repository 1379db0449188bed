//! Chats.

use super::{change, chat_news, chats, commit, from, named, news, with_device};
use crate::{
    contract::{World, samples::*},
    model::{Chat, ChatFilter, ChatUpdate, ContactUpdate, Group, Jid, Message, MessageStatus},
    ports::Change,
};

pub async fn a_chat_is_found_by_either_name(world: World) {
    let device = with_device(&world, "a").await;
    commit(&world, &device, vec![message_step(1, &incoming(&device, 1)), change(Change::Alias { phone: phone(2), lid: lid(2) })]).await;
    let chat = world.people.chat(&device.id, &phone(2)).await.unwrap();
    assert!(chat.is_some());
    assert_eq!(world.people.chat(&device.id, &lid(2)).await.unwrap(), chat);
    assert_eq!(world.people.chat(&device.id, &phone(3)).await.unwrap(), None);
}

pub async fn pinned_chats_come_first_and_then_those_with_the_latest_message(world: World) {
    let device = with_device(&world, "a").await;
    let mut steps: Vec<_> = [3, 1, 4, 2].map(|n| message_step(n, &from(&device, n, phone(n)))).into();
    let pin = |n, moment| chat_news(&phone(n), ChatUpdate { pinned_at: Some(moment), ..ChatUpdate::default() });
    steps.extend([pin(1, Some(at(50))), pin(9, Some(at(60))), pin(8, None), pin(4, Some(at(40))), pin(4, None)]);
    commit(&world, &device, steps).await;
    assert_eq!(order(&chats(&world, &device, ChatFilter::default()).await), [9, 1, 4, 3, 2, 8].map(phone));
    commit(&world, &device, vec![message_step(10, &from(&device, 10, phone(2)))]).await;
    assert_eq!(order(&chats(&world, &device, ChatFilter::default()).await), [9, 1, 2, 4, 3, 8].map(phone));
}

pub async fn chats_are_filtered_by_what_they_are(world: World) {
    let device = with_device(&world, "a").await;
    let archived = |archived| ChatUpdate { archived: Some(archived), ..ChatUpdate::default() };
    let marked = ChatUpdate { marked_unread: Some(true), archived: Some(true), ..ChatUpdate::default() };
    let read = Message { status: MessageStatus::Read, ..from(&device, 3, phone(3)) };
    let steps = vec![
        message_step(5, &from(&device, 5, phone(5))),
        message_step(4, &from(&device, 4, phone(4))),
        message_step(3, &read),
        chat_news(&phone(4), archived(true)),
        chat_news(&phone(5), archived(true)),
        chat_news(&phone(5), archived(false)),
        chat_news(&phone(2), marked),
    ];
    commit(&world, &device, steps).await;
    let all = ChatFilter::default;
    for (filter, wanted) in [
        (all(), vec![5, 4, 3, 2]),
        (ChatFilter { unread_only: true, ..all() }, vec![5, 4, 2]),
        (ChatFilter { archived: Some(true), ..all() }, vec![4, 2]),
        (ChatFilter { archived: Some(false), ..all() }, vec![5, 3]),
        (ChatFilter { archived: Some(false), unread_only: true, ..all() }, vec![5]),
    ] {
        let found = chats(&world, &device, filter.clone()).await;
        assert_eq!(order(&found), wanted.into_iter().map(phone).collect::<Vec<_>>(), "{filter:?}");
        assert!(!filter.unread_only || found.iter().all(Chat::is_unread));
    }
}

pub async fn chats_are_searched_by_their_name_and_number(world: World) {
    let device = with_device(&world, "a").await;
    let steps = vec![
        message_step(3, &from(&device, 3, group_jid(1))),
        message_step(2, &Message { push_name: None, ..from(&device, 2, phone(2)) }),
        message_step(1, &from(&device, 1, phone(1))),
        change(Change::Group(Box::new(Group { subject: "Arisan RT 05".into(), ..group(1) }))),
        named(1, "Émilie"),
    ];
    commit(&world, &device, steps).await;
    let search = |text: &str| ChatFilter { search: Some(text.into()), ..ChatFilter::default() };
    for (text, wanted) in [
        ("ARISAN", vec![group_jid(1)]),
        ("éM", vec![phone(1)]),
        (phone(2).user(), vec![phone(2)]),
        ("+62811", vec![phone(2), phone(1)]),
        ("g.us", vec![]),
        ("Budi", vec![]),
    ] {
        assert_eq!(order(&chats(&world, &device, search(text)).await), wanted, "{text}");
    }
}

pub async fn chats_are_paged_by_number_and_by_cursor(world: World) {
    let device = with_device(&world, "a").await;
    let mut steps: Vec<_> = (1..=5).map(|n| message_step(n, &from(&device, n, phone(n)))).collect();
    steps.push(chat_news(&phone(1), ChatUpdate { pinned_at: Some(Some(at(1))), ..ChatUpdate::default() }));
    steps.push(chat_news(&phone(6), ChatUpdate::default()));
    commit(&world, &device, steps).await;
    assert_eq!(order(&chats(&world, &device, ChatFilter::default()).await), [1, 5, 4, 3, 2, 6].map(phone));
}

pub async fn a_chat_is_called_what_its_person_or_group_is_called(world: World) {
    let device = with_device(&world, "a").await;
    let name = async |chat: Jid| world.people.chat(&device.id, &chat).await.unwrap().unwrap().name;
    let unnamed = Message { push_name: None, ..from(&device, 1, phone(1)) };
    commit(&world, &device, vec![message_step(1, &unnamed), message_step(2, &from(&device, 2, group_jid(1)))]).await;
    assert_eq!((name(phone(1)).await, name(group_jid(1)).await), (None, None));
    let push = ContactUpdate { push_name: Some("anı".into()), ..ContactUpdate::default() };
    let told = |subject: &str| change(Change::Group(Box::new(Group { subject: subject.into(), ..group(1) })));
    commit(&world, &device, vec![news(&phone(1), push), told("Arisan")]).await;
    assert_eq!((name(phone(1)).await.as_deref(), name(group_jid(1)).await.as_deref()), (Some("anı"), Some("Arisan")));
    // The account's own name for them comes first, and the name of a group stays when it was left.
    commit(&world, &device, vec![named(1, "Ani"), told("Arisan RT 05"), change(Change::GroupLeft { group: group_jid(1) })]).await;
    assert_eq!((name(phone(1)).await.as_deref(), name(group_jid(1)).await.as_deref()), (Some("Ani"), Some("Arisan RT 05")));
}

pub async fn a_chat_knows_its_last_message_as_it_is_now(world: World) {
    let device = with_device(&world, "a").await;
    let (first, second) = (from(&device, 1, phone(2)), Message { status: MessageStatus::Sent, ..outgoing(&device, 2) });
    commit(&world, &device, vec![message_step(2, &second), message_step(1, &first)]).await;
    let steps = vec![edited_step(3, &second, "Halo lagi"), status_step(4, &second, MessageStatus::Read)];
    commit(&world, &device, steps).await;
    let chat = world.people.chat(&device.id, &phone(2)).await.unwrap().unwrap();
    let last = Message { content: "Halo lagi".into(), edited_at: Some(at(3)), status: MessageStatus::Read, read_at: Some(at(4)), ..second };
    assert_eq!((chat.last_message_at, chat.last_message.as_ref()), (Some(at(2)), Some(&last)));
    assert_eq!(chats(&world, &device, ChatFilter::default()).await, [chat]);
    // One that only WhatsApp has a message of has none.
    let told = ChatUpdate { last_message_at: Some(at(9)), ..ChatUpdate::default() };
    commit(&world, &device, vec![chat_news(&phone(3), told)]).await;
    let empty = Chat { last_message_at: Some(at(9)), ..Chat::new(phone(3)) };
    assert_eq!(world.people.chat(&device.id, &phone(3)).await.unwrap(), Some(empty));
}

pub async fn a_chat_moves_up_with_what_is_sent_in_it(world: World) {
    let device = with_device(&world, "a").await;
    let to =
        |n, minutes: u64| Message { chat: phone(n), to: Some(phone(n)), timestamp: at(minutes * 60_000), ..outgoing(&device, minutes) };
    commit(&world, &device, (1..=4).map(|n| message_step(n, &from(&device, n, phone(n)))).collect()).await;
    let mut wanted = [4, 3, 2, 1].map(phone).to_vec();
    // Some at once after another, some not, and those that wait to be sent too.
    for (n, minutes, sent) in
        [(2, 1, true), (3, 2, true), (1, 25, true), (2, 26, false), (4, 56, true), (1, 57, true), (3, 88, true), (4, 89, false)]
    {
        let message = to(n, minutes);
        world.messages.accept(&message, None).await.unwrap();
        if sent {
            commit(&world, &device, vec![status_step(minutes, &message, MessageStatus::Sent)]).await;
        }
        wanted.retain(|chat| *chat != message.chat);
        wanted.insert(0, message.chat.clone());
        let found = chats(&world, &device, ChatFilter::default()).await;
        assert_eq!(order(&found), wanted);
        assert_eq!(
            (found[0].last_message_at, found[0].last_message.as_ref().map(|last| &last.id)),
            (Some(message.timestamp), Some(&message.id))
        );
        assert_eq!(world.people.chat(&device.id, &message.chat).await.unwrap().as_ref(), Some(&found[0]));
    }
}

fn order(chats: &[Chat]) -> Vec<Jid> {
    chats.iter().map(|chat| chat.jid.clone()).collect()
}
