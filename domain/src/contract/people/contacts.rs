//! Contacts.

use super::{change, chat_news, commit, contacts, named, news, with_device};
use crate::{
    contract::{World, samples::*},
    model::{ChatUpdate, Contact, ContactFilter, ContactUpdate, Timestamp},
    ports::Change,
};

pub async fn a_contact_is_found_by_either_name(world: World) {
    let device = with_device(&world, "a").await;
    commit(&world, &device, vec![named(2, "Ani"), change(Change::Alias { phone: phone(2), lid: lid(2) })]).await;
    let ani = Contact { name: Some("Ani".into()), lid: Some(lid(2)), ..Contact::new(phone(2)) };
    for name in [phone(2), lid(2)] {
        assert_eq!(world.people.contact(&device.id, &name).await.unwrap(), Some(ani.clone()));
    }
    assert_eq!(contacts(&world, &device, ContactFilter::default()).await, [ani]);
    assert_eq!(world.people.contact(&device.id, &phone(3)).await.unwrap(), None);
}

pub async fn a_contact_without_a_number_is_known_by_the_hidden_id(world: World) {
    let device = with_device(&world, "a").await;
    let update = ContactUpdate { push_name: Some("Ani".into()), ..ContactUpdate::default() };
    commit(&world, &device, vec![news(&lid(2), update)]).await;
    let ani = Contact { push_name: Some("Ani".into()), lid: Some(lid(2)), ..Contact::new(lid(2)) };
    assert_eq!(world.people.contact(&device.id, &lid(2)).await.unwrap(), Some(ani));
}

pub async fn contacts_are_listed_by_what_they_are_called(world: World) {
    let device = with_device(&world, "a").await;
    let verified = ContactUpdate {
        verified_name: Some(Some("budi".into())),
        push_name: Some("Zainal".into()),
        business: Some(true),
        ..ContactUpdate::default()
    };
    let push = ContactUpdate { push_name: Some("BUDI".into()), ..ContactUpdate::default() };
    let unknown = ContactUpdate::default();
    let steps = vec![
        named(9, "citra"),
        news(&phone(8), unknown.clone()),
        news(&phone(7), unknown),
        news(&phone(6), push),
        news(&phone(5), verified),
        named(4, "Ani"),
        named(3, "Émile"),
    ];
    commit(&world, &device, steps).await;
    let found: Vec<_> = contacts(&world, &device, ContactFilter::default()).await.into_iter().map(|contact| contact.jid).collect();
    assert_eq!(found, [4, 5, 6, 9, 3, 7, 8].map(phone));
}

pub async fn contacts_are_searched_by_every_name_and_the_number(world: World) {
    let device = with_device(&world, "a").await;
    let names = ContactUpdate {
        name: Some(Some("Ibu Émilie".into())),
        push_name: Some("Émi 💐".into()),
        verified_name: Some(Some("TOKO 100%_MURAH".into())),
        ..ContactUpdate::default()
    };
    commit(&world, &device, vec![news(&phone(2), names), named(3, "Budi")]).await;
    for search in ["ibu", "ÉMILIE", "émi", "💐", "toko", "100%_m", "62811", "+62811", "62811000000"] {
        let found = contacts(&world, &device, search_contacts(search)).await;
        assert!(found.iter().any(|contact| contact.jid == phone(2)), "{search}");
    }
    for search in ["whatsapp", "ibu\u{301}", "100__m", "9999", "ibu émilie toko"] {
        assert_eq!(contacts(&world, &device, search_contacts(search)).await, [], "{search}");
    }
    assert_eq!(contacts(&world, &device, search_contacts(phone(3).user())).await.len(), 1);
    assert_eq!(contacts(&world, &device, search_contacts("")).await.len(), 2);
    // What is called otherwise by now is not found by what it was called.
    commit(&world, &device, vec![named(3, "Citra")]).await;
    assert_eq!(contacts(&world, &device, search_contacts("budi")).await, []);
}

pub async fn contacts_are_filtered_by_what_they_are(world: World) {
    let device = with_device(&world, "a").await;
    let verified = ContactUpdate { verified_name: Some(Some("Toko".into())), ..ContactUpdate::default() };
    let blocked = Change::Blocked { contacts: vec![phone(3), phone(4)] };
    let also = ContactUpdate { verified_name: Some(Some("Warung".into())), ..ContactUpdate::default() };
    commit(&world, &device, vec![named(1, "Ani"), news(&phone(2), verified), news(&phone(3), also), change(blocked)]).await;
    let all = ContactFilter::default;
    for (filter, wanted) in [
        (ContactFilter { verified: Some(true), ..all() }, vec![2, 3]),
        (ContactFilter { verified: Some(false), ..all() }, vec![1, 4]),
        (ContactFilter { blocked: Some(true), ..all() }, vec![3, 4]),
        (ContactFilter { blocked: Some(false), ..all() }, vec![1, 2]),
        (ContactFilter { blocked: Some(true), verified: Some(true), search: Some("WAR".into()) }, vec![3]),
    ] {
        let found: Vec<_> = contacts(&world, &device, filter.clone()).await.into_iter().map(|contact| contact.jid).collect();
        assert_eq!(found, wanted.into_iter().map(phone).collect::<Vec<_>>(), "{filter:?}");
    }
}

pub async fn contacts_are_paged_by_number_and_by_cursor(world: World) {
    let device = with_device(&world, "a").await;
    // Some share a name, and some have none.
    let steps = (1..=7).map(|n| if n > 5 { news(&phone(n), ContactUpdate::default()) } else { named(n, ["Ani", "Budi"][n as usize % 2]) });
    commit(&world, &device, steps.collect()).await;
    let found: Vec<_> = contacts(&world, &device, ContactFilter::default()).await.into_iter().map(|contact| contact.jid).collect();
    assert_eq!(found, [2, 4, 1, 3, 5, 6, 7].map(phone));
}

pub async fn a_contact_knows_until_when_its_chat_is_muted(world: World) {
    let device = with_device(&world, "a").await;
    let mute = |until| vec![chat_news(&phone(2), ChatUpdate { muted_until: Some(until), ..ChatUpdate::default() })];
    commit(&world, &device, vec![named(2, "Ani")]).await;
    for until in [Some(at(9)), Some(Timestamp::MAX), None] {
        commit(&world, &device, mute(until)).await;
        let ani = world.people.contact(&device.id, &phone(2)).await.unwrap().unwrap();
        assert_eq!(ani.muted_until, until);
        assert_eq!(contacts(&world, &device, ContactFilter::default()).await, [ani]);
    }
}

fn search_contacts(text: &str) -> ContactFilter {
    ContactFilter { search: Some(text.into()), ..ContactFilter::default() }
}
