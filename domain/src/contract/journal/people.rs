//! What becomes of contacts and groups.

use super::{chat, commit, contact, with_device};
use crate::{
    contract::{World, samples::*},
    model::{Contact, ContactFilter, ContactUpdate, Group, Jid, Message, MessageStatus},
    ports::Change,
};

pub async fn news_of_a_contact_take_effect_once(world: World) {
    let device = with_device(&world, device("a")).await;
    let news = |update| told_step(1, Change::Contact { contact: phone(2), update: Box::new(update) });
    let none = ContactUpdate::default;
    let updates = [
        // The first news make the contact, whatever they say.
        (none(), true),
        (none(), false),
        (ContactUpdate { name: Some(Some("Ani".into())), push_name: Some("ani".into()), ..none() }, true),
        (ContactUpdate { name: Some(Some("Ani".into())), blocked: Some(false), ..none() }, false),
        (ContactUpdate { about: Some(Some("Sibuk".into())), business: Some(true), last_seen: Some(at(9)), ..none() }, true),
        (ContactUpdate { about: Some(None), last_seen: Some(at(8)), ..none() }, true),
        (ContactUpdate { last_seen: Some(at(8)), ..none() }, false),
        (ContactUpdate { picture_url: Some(Some("https://example.com/ani.jpg".into())), enterprise: Some(true), ..none() }, true),
        (ContactUpdate { blocked: Some(true), verified_name: Some(Some("Toko Ani".into())), ..none() }, true),
    ];
    for (update, takes_effect) in updates {
        assert_eq!(commit(&world, &device, vec![news(update.clone())]).await.len() == 1, takes_effect, "{update:?}");
    }
    let ani = Contact {
        name: Some("Ani".into()),
        push_name: Some("ani".into()),
        verified_name: Some("Toko Ani".into()),
        picture_url: Some("https://example.com/ani.jpg".into()),
        business: true,
        enterprise: true,
        last_seen: Some(at(9)),
        blocked: true,
        ..Contact::new(phone(2))
    };
    assert_eq!(contact(&world, &device, &phone(2)).await, Some(ani));
}

pub async fn a_contacts_hidden_id_is_learned_from_news_of_it(world: World) {
    let device = with_device(&world, device("a")).await;
    commit(&world, &device, vec![message_step(1, &Message { chat: lid(2), from: Some(lid(2)), ..incoming(&device, 1) })]).await;
    let news =
        || told_step(2, Change::Contact { contact: phone(2), update: Box::new(ContactUpdate { lid: Some(lid(2)), ..Default::default() }) });
    assert_eq!([commit(&world, &device, vec![news()]).await.len(), commit(&world, &device, vec![news()]).await.len()], [1, 0]);
    assert_eq!(world.aliases.phone(&device.id, &lid(2)).await.unwrap(), Some(phone(2)));
    let ani = Contact { lid: Some(lid(2)), push_name: Some("Ani".into()), ..Contact::new(phone(2)) };
    assert_eq!(contact(&world, &device, &lid(2)).await, Some(ani));
    assert_eq!(chat(&world, &device, &phone(2)).await.map(|chat| chat.unread), Some(1));
}

pub async fn a_received_message_tells_what_its_sender_is_called(world: World) {
    let device = with_device(&world, device("a")).await;
    let says = |n, name: &str| Message { push_name: Some(name.into()), ..incoming(&device, n) };
    let push_name = async |of: Jid| contact(&world, &device, &of).await.map(|contact| contact.push_name);
    commit(&world, &device, vec![message_step(1, &says(1, "Ani")), message_step(2, &Message { push_name: None, ..incoming(&device, 2) })])
        .await;
    assert_eq!(push_name(phone(2)).await, Some(Some("Ani".into())));
    // A message that is repeated tells nothing new; one of the past tells as much as any; one without a name tells nothing.
    let in_group = Message { chat: group_jid(1), from: Some(phone(3)), ..says(4, "Budi") };
    let steps = vec![
        message_step(3, &says(1, "Anna")),
        history_step(4, &in_group),
        message_step(5, &says(5, "")),
        message_step(6, &says(6, "Ani S")),
    ];
    assert_eq!(commit(&world, &device, steps).await.len(), 3);
    assert_eq!((push_name(phone(2)).await, push_name(phone(3)).await), (Some(Some("Ani S".into())), Some(Some("Budi".into()))));
    // The account's own name is no news of anybody.
    let typed = Message { push_name: Some("Toko".into()), status: MessageStatus::Sent, ..outgoing(&device, 7) };
    commit(&world, &device, vec![message_step(7, &typed)]).await;
    assert_eq!((push_name(phone(1)).await, push_name(group_jid(1)).await), (None, None));
}

pub async fn the_blocked_are_those_told_and_nobody_else(world: World) {
    let device = with_device(&world, device("a")).await;
    let block = |contacts: &[Jid]| vec![told_step(1, Change::Blocked { contacts: contacts.to_vec() })];
    let blocked = async || {
        let filter = ContactFilter { blocked: Some(true), ..ContactFilter::default() };
        let page = world.people.contacts(&device.id, &filter, &first_page(10)).await.unwrap();
        page.items.into_iter().map(|contact| contact.jid).collect::<Vec<_>>()
    };
    assert_eq!(commit(&world, &device, block(&[])).await.len(), 0);
    assert_eq!(commit(&world, &device, block(&[phone(2), phone(3)])).await.len(), 1);
    assert_eq!(commit(&world, &device, block(&[phone(3), phone(2), phone(3)])).await.len(), 0);
    assert_eq!(commit(&world, &device, block(&[phone(3), phone(4)])).await.len(), 1);
    assert_eq!(blocked().await, [phone(3), phone(4)]);
    assert_eq!(contact(&world, &device, &phone(2)).await.map(|contact| contact.blocked), Some(false));
    // By either name.
    commit(&world, &device, vec![alias_step(2, &phone(4), &lid(4))]).await;
    assert_eq!(commit(&world, &device, block(&[phone(3), lid(4)])).await.len(), 0);
    assert_eq!(commit(&world, &device, block(&[])).await.len(), 1);
    assert_eq!(blocked().await, []);
}

pub async fn a_group_takes_effect_when_it_is_new_or_has_changed(world: World) {
    let device = with_device(&world, device("a")).await;
    let told = |group: &Group| vec![told_step(1, Change::Group(Box::new(group.clone())))];
    let renamed = Group { subject: "Arisan RT 05".into(), ..group(1) };
    let smaller = Group { members: Vec::new(), ..renamed.clone() };
    for (group, takes_effect) in
        [(group(1), true), (group(1), false), (renamed.clone(), true), (smaller.clone(), true), (smaller.clone(), false)]
    {
        assert_eq!(commit(&world, &device, told(&group)).await.len() == 1, takes_effect, "{group:?}");
    }
    assert_eq!(world.people.group(&device.id, &group_jid(1)).await.unwrap(), Some(smaller.clone()));
    let left = |n| vec![told_step(2, Change::GroupLeft { group: group_jid(n) })];
    for (n, takes_effect) in [(1, true), (1, false), (9, false)] {
        assert_eq!(commit(&world, &device, left(n)).await.len() == 1, takes_effect, "{n}");
    }
    assert_eq!(world.people.group(&device.id, &group_jid(1)).await.unwrap(), None);
    assert_eq!(commit(&world, &device, told(&smaller)).await.len(), 1);
    assert_eq!(world.people.group(&device.id, &group_jid(1)).await.unwrap(), Some(smaller));
}

pub async fn a_notice_is_told_whenever_it_is_given(world: World) {
    let device = with_device(&world, device_with_webhook("a")).await;
    for n in 1..=2 {
        assert_eq!(commit(&world, &device, vec![told_step(n, Change::Notice)]).await.len(), 1);
    }
    assert_eq!(world.deliveries.next(&device.id, &[], 10).await.unwrap().len(), 2);
}
