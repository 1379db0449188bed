//! What [`Templates`](crate::ports::Templates) promises.

use super::{World, racing, samples::*};
use crate::model::{Cursor, PageRequest, Template, TemplateOwner, UserId};

/// Makes a test of each sentence here, for the world that `$start` starts.
#[macro_export]
macro_rules! templates_contract {
    ($start:path) => {
        $crate::contract_tests!(
            templates,
            $start,
            [
                a_created_template_is_found_by_owner_and_name,
                a_name_is_unique_within_its_owner,
                creating_a_template_again_finds_it_created,
                of_racing_creations_with_one_name_one_succeeds,
                an_update_changes_the_text_and_nothing_else,
                a_deleted_template_is_gone_and_its_name_free,
                templates_are_listed_by_name_then_owner,
                templates_are_paged_by_number_and_by_cursor,
                templates_survive_a_crash,
            ]
        );
    };
}

const EVERYONE: TemplateOwner = TemplateOwner::Everyone;

pub async fn a_created_template_is_found_by_owner_and_name(world: World) {
    let template = Template { content: "Halo {{name}} '; DROP TABLE templates; --".into(), ..template(of(0), "selamat datang \u{6771}") };
    assert!(world.templates.create(&template).await.unwrap());
    assert_eq!(world.templates.get(of(0), &template.name).await.unwrap(), Some(template));
    for (owner, name) in [(of(0), "another"), (of(1), "selamat datang \u{6771}"), (EVERYONE, "selamat datang \u{6771}"), (of(0), "")] {
        assert_eq!(world.templates.get(owner, name).await.unwrap(), None);
    }
}

pub async fn a_name_is_unique_within_its_owner(world: World) {
    for owner in [EVERYONE, of(0), of(1)] {
        assert!(world.templates.create(&template(owner, "x")).await.unwrap());
        let other = Template { content: "other".into(), ..template(owner, "x") };
        assert!(!world.templates.create(&other).await.unwrap());
        assert_eq!(world.templates.get(owner, "x").await.unwrap(), Some(template(owner, "x")));
    }
    assert!(world.templates.create(&template(EVERYONE, "X")).await.unwrap());
}

pub async fn creating_a_template_again_finds_it_created(world: World) {
    for _ in 0..2 {
        assert!(world.templates.create(&template(EVERYONE, "x")).await.unwrap());
    }
    assert_eq!(world.templates.list(None, &first_page(10)).await.unwrap().total, 1);
}

pub async fn of_racing_creations_with_one_name_one_succeeds(world: World) {
    let created = racing(20, |n| {
        let templates = world.templates.clone();
        let template = Template { content: n.to_string(), ..template(EVERYONE, "x") };
        async move { templates.create(&template).await.unwrap() }
    });
    assert_eq!(created.await.into_iter().filter(|created| *created).count(), 1);
}

pub async fn an_update_changes_the_text_and_nothing_else(world: World) {
    for owner in [EVERYONE, of(0)] {
        world.templates.create(&template(owner, "x")).await.unwrap();
    }
    let changed = Template { content: "new".into(), updated_at: at(5), ..template(of(0), "x") };
    assert_eq!(world.templates.update(of(0), "x", "new", at(5)).await.unwrap(), Some(changed.clone()));
    assert_eq!(world.templates.get(of(0), "x").await.unwrap(), Some(changed));
    assert_eq!(world.templates.get(EVERYONE, "x").await.unwrap(), Some(template(EVERYONE, "x")));
    assert_eq!(world.templates.update(of(1), "x", "new", at(5)).await.unwrap(), None);
}

pub async fn a_deleted_template_is_gone_and_its_name_free(world: World) {
    for owner in [EVERYONE, of(0)] {
        world.templates.create(&template(owner, "x")).await.unwrap();
    }
    assert!(world.templates.delete(of(0), "x").await.unwrap());
    assert!(!world.templates.delete(of(0), "x").await.unwrap());
    assert_eq!(world.templates.get(of(0), "x").await.unwrap(), None);
    assert_eq!(world.templates.get(EVERYONE, "x").await.unwrap(), Some(template(EVERYONE, "x")));
    assert!(world.templates.create(&Template { content: "other".into(), ..template(of(0), "x") }).await.unwrap());
}

pub async fn templates_are_listed_by_name_then_owner(world: World) {
    for template in [template(of(1), "b"), template(of(0), "a"), template(EVERYONE, "b"), template(of(0), "b"), template(EVERYONE, "c")] {
        world.templates.create(&template).await.unwrap();
    }
    for (owner, wanted) in [
        (None, vec![(of(0), "a"), (EVERYONE, "b"), (of(0), "b"), (of(1), "b"), (EVERYONE, "c")]),
        (Some(of(0)), vec![(of(0), "a"), (of(0), "b")]),
        (Some(EVERYONE), vec![(EVERYONE, "b"), (EVERYONE, "c")]),
        (Some(of(2)), vec![]),
    ] {
        let page = world.templates.list(owner, &first_page(10)).await.unwrap();
        let wanted: Vec<_> = wanted.into_iter().map(|(owner, name)| template(owner, name)).collect();
        assert_eq!((page.total, page.items, page.next), (wanted.len() as u64, wanted, None));
    }
}

pub async fn templates_are_paged_by_number_and_by_cursor(world: World) {
    for n in 0..5 {
        world.templates.create(&template(of(0), &format!("t{n}"))).await.unwrap();
    }
    for owner in [None, Some(of(0))] {
        let mut page = first_page(2);
        for number in 1..=3 {
            let by_number = world.templates.list(owner, &PageRequest { page: number, limit: 2, cursor: None }).await.unwrap();
            let by_cursor = world.templates.list(owner, &page).await.unwrap();
            assert_eq!((&by_number.items, by_number.total, by_number.next.is_some()), (&by_cursor.items, 5, number < 3));
            assert_eq!(by_cursor.items[0].name, format!("t{}", (number - 1) * 2));
            page.cursor = by_cursor.next.map(|next| Cursor::decode(&next.encode()).unwrap());
        }
        for cursor in [vec![], vec![255; 16], b"{\"x\":1}".to_vec()] {
            let page = PageRequest { cursor: Some(Cursor(cursor)), ..first_page(10) };
            assert!(world.templates.list(owner, &page).await.unwrap().items.len() <= 5);
        }
    }
}

pub async fn templates_survive_a_crash(world: World) {
    world.templates.create(&template(EVERYONE, "x")).await.unwrap();
    let world = world.crash().await;
    assert_eq!(world.templates.get(EVERYONE, "x").await.unwrap(), Some(template(EVERYONE, "x")));
}

fn of(user: u64) -> TemplateOwner {
    TemplateOwner::User(UserId::parse(user).unwrap())
}

fn template(owner: TemplateOwner, name: &str) -> Template {
    Template { owner, name: name.into(), content: format!("Halo from {name}"), created_at: at(1), updated_at: at(1) }
}
