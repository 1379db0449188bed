//! `/templates`

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Answer, World, answer, is_split, moment};

const CONTENT: &str = "Hello {{customer_name}}, order {{order_id}} costs {{amount}}. Thank you, {{customer_name}}!";

fn names(answer: &Answer) -> Vec<(String, Value)> {
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let templates = answer.body["data"]["templates"].as_array().unwrap();
    templates.iter().map(|template| (template["name"].as_str().unwrap().to_owned(), template["userId"].clone())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_is_made_shown_changed_and_deleted() {
    let mut world = World::new().await;
    let made = world.program.post("/templates", &json!({"name": "welcome_message", "content": CONTENT})).await;
    assert_eq!((made.status, &made.body["success"]), (201, &json!(true)), "{:?}", made.body);
    let template = made.body["data"]["template"].clone();
    moment(&template["createdAt"]);
    let expected = json!({
        "name": "welcome_message", "content": CONTENT, "variables": ["customer_name", "order_id", "amount"], "userId": null,
        "createdAt": template["createdAt"], "updatedAt": template["createdAt"],
    });
    assert_eq!(template, expected);
    let again = world.program.post("/templates", &json!({"name": "welcome_message", "content": "other"})).await;
    assert_eq!((again.status, again.code()), (409, "TEMPLATE_ALREADY_EXISTS"));
    world.restart().await;
    assert_eq!(world.program.get("/templates/welcome_message").await.body["data"]["template"], template);

    let changed = world.program.put("/templates/welcome_message", &json!({"content": "Dear {{name}}"})).await;
    assert_eq!(changed.status, 200, "{:?}", changed.body);
    let changed = changed.body["data"]["template"].clone();
    assert_eq!((&changed["content"], &changed["variables"]), (&json!("Dear {{name}}"), &json!(["name"])));
    assert_eq!(changed["createdAt"], template["createdAt"]);
    assert!(moment(&changed["updatedAt"]) > moment(&template["updatedAt"]));
    assert_eq!(world.program.get("/templates/welcome_message").await.body["data"]["template"], changed);

    let deleted = world.program.delete("/templates/welcome_message").await;
    assert_eq!((deleted.status, &deleted.body["data"]["deletedTemplate"]["name"]), (200, &json!("welcome_message")));
    let content = json!({"content": "x"});
    for gone in [
        world.program.get("/templates/welcome_message").await,
        world.program.put("/templates/welcome_message", &content).await,
        world.program.delete("/templates/welcome_message").await,
    ] {
        assert_eq!((gone.status, gone.code()), (404, "TEMPLATE_NOT_FOUND"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_have_templates_of_their_own_beside_everyones() {
    let world = World::new().await;
    let program = &world.program;
    let token = program.token_of(123).await;
    let make = async |body: Value| assert_eq!(program.post("/templates", &body).await.status, 201, "{body}");
    make(json!({"name": "salam", "content": "semua"})).await;
    make(json!({"name": "salam", "content": "milik 123", "userId": 123})).await;
    make(json!({"name": "salam", "content": "milik 456", "userId": 456})).await;
    make(json!({"name": "akhir", "content": "semua"})).await;
    // A user's is theirs without a word of it.
    let own = answer(program.by_user(Method::POST, "/templates", &token).json(&json!({"name": "baru", "content": "x"}))).await;
    assert_eq!((own.status, &own.body["data"]["template"]["userId"]), (201, &json!(123)), "{:?}", own.body);

    let content = |answer: Answer| answer.body["data"]["template"]["content"].as_str().map(str::to_owned);
    assert_eq!(content(program.get("/templates/salam").await).as_deref(), Some("semua"));
    assert_eq!(content(program.get("/templates/salam?userId=456").await).as_deref(), Some("milik 456"));
    assert_eq!(content(answer(program.by_user(Method::GET, "/templates/salam", &token)).await).as_deref(), Some("milik 123"));
    let named = |list: &[(&str, Value)]| list.iter().map(|(name, user)| ((*name).to_owned(), user.clone())).collect::<Vec<_>>();
    let of_user = named(&[("baru", json!(123)), ("salam", json!(123))]);
    assert_eq!(names(&answer(program.by_user(Method::GET, "/templates", &token)).await), of_user);
    assert_eq!(names(&program.get("/templates?userId=123").await), of_user);
    let mut all = names(&program.get("/templates").await);
    all.sort_by_key(|(name, user)| (name.clone(), user.as_u64()));
    let everybodys = [("akhir", json!(null)), ("baru", json!(123)), ("salam", json!(null)), ("salam", json!(123)), ("salam", json!(456))];
    assert_eq!(all, named(&everybodys));

    let changed = answer(program.by_user(Method::PUT, "/templates/salam", &token).json(&json!({"content": "lain"}))).await;
    assert_eq!(content(changed).as_deref(), Some("lain"));
    assert_eq!(answer(program.by_user(Method::DELETE, "/templates/salam", &token)).await.status, 200);
    assert_eq!(content(program.get("/templates/salam").await).as_deref(), Some("semua"));
    assert_eq!(content(program.get("/templates/salam?userId=456").await).as_deref(), Some("milik 456"));
    let everyones = answer(program.by_user(Method::DELETE, "/templates/akhir", &token)).await;
    assert_eq!((everyones.status, everyones.code()), (404, "TEMPLATE_NOT_FOUND"), "everyone's is not a user's to delete");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_templates_are_read_page_by_page_without_gaps() {
    let world = World::new().await;
    let wanted: Vec<_> = (0..7).map(|number| format!("t{number}")).collect();
    for name in &wanted {
        assert_eq!(world.program.post("/templates", &json!({"name": name, "content": "x"})).await.status, 201);
    }
    let (mut by_cursor, mut by_page, mut cursor) = (Vec::new(), Vec::new(), String::new());
    for page in 1.. {
        by_page.extend(names(&world.program.get(&format!("/templates?limit=3&page={page}")).await));
        let found = world.program.get(&format!("/templates?limit=3{cursor}")).await;
        by_cursor.extend(names(&found));
        let pagination = &found.body["data"]["pagination"];
        assert_eq!((&pagination["total"], &pagination["totalPages"]), (&json!(7), &json!(3)));
        match pagination["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(by_cursor.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), wanted);
    assert_eq!(by_page, by_cursor);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_template_is_refused() {
    let world = World::new().await;
    for (body, field) in [
        (json!({}), "name"),
        (json!({"name": "x"}), "content"),
        (json!({"name": "", "content": "x"}), "name"),
        (json!({"name": "a b", "content": "x"}), "name"),
        (json!({"name": "a/b", "content": "x"}), "name"),
        (json!({"name": "x".repeat(101), "content": "x"}), "name"),
        (json!({"name": "x", "content": ""}), "content"),
        (json!({"name": "x", "content": 7}), "content"),
        (json!({"name": "x", "content": "x".repeat(65_537)}), "content"),
        (json!({"name": "x", "content": "x", "userId": "me"}), "userId"),
    ] {
        let refused = world.program.post("/templates", &body).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{body}");
        assert!(refused.body["error"]["details"].as_str().unwrap().contains(field), "{:?}", refused.body);
    }
    assert!(names(&world.program.get("/templates").await).is_empty());
    // API Gateway decodes paths: what names a template elsewhere is another address there.
    let slash = if is_split() { "NOT_FOUND" } else { "TEMPLATE_NOT_FOUND" };
    for (name, code) in [("unknown", "TEMPLATE_NOT_FOUND"), ("%00", "TEMPLATE_NOT_FOUND"), ("a%2Fb", slash)] {
        let unknown = world.program.get(&format!("/templates/{name}")).await;
        assert_eq!((unknown.status, unknown.code()), (404, code), "{name}");
    }
}
