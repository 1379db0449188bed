//! `/devices/{id}/contacts`

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::world::{Device, Phone, World, assert_like, eventually, png};

/// The contract's example. What nobody has told is null.
const RESPONSE: &str = r#"{
    "success": true,
    "data": {
        "contacts": [
            {
                "id": "1234567890@s.whatsapp.net",
                "name": "John Doe",
                "notify": null,
                "verifiedName": null,
                "imgUrl": null,
                "status": null,
                "isWABusiness": false,
                "isEnterprise": false,
                "lastSeen": null,
                "isBlocked": false,
                "isMuted": false
            }
        ],
        "pagination": {"page": 1, "limit": 50, "total": 150, "totalPages": 3}
    }
}"#;

/// A world where Ani's phone, which names Budi and the shop Citra, is linked to a device.
async fn acquainted() -> (World, Device, Phone, Phone, Phone) {
    let world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    let (budi, citra) = (world.phone("6281100000002", "Budi").await, world.phone("6281100000003", "Citra").await);
    citra.shows_itself(json!({"business": {"verifiedName": "Toko Citra"}})).await;
    ani.names(&budi.number, "Budi Santoso").await;
    ani.names(&citra.number, "Citra Dewi").await;
    let device = world.linked("Toko", &ani).await;
    (world, device, ani, budi, citra)
}

/// Those of the list whom the address book names, by their names there.
fn names(body: &Value) -> Vec<&str> {
    body["data"]["contacts"].as_array().unwrap().iter().filter_map(|contact| contact["name"].as_str()).collect()
}

/// The list, once it has these names.
async fn listed(world: &World, device: &Device, query: &str, expected: &[&str]) -> Value {
    let path = format!("/devices/{}/contacts{query}", device.id);
    eventually(&format!("contacts{query} are {expected:?}"), async || {
        let answer = world.program.get(&path).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        (names(&answer.body) == expected).then_some(answer.body)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_book_is_listed_by_name_and_searched() {
    let (world, device, _ani, budi, citra) = acquainted().await;
    listed(&world, &device, "", &["Budi Santoso", "Citra Dewi"]).await;
    let found = listed(&world, &device, "?search=SANTOSO", &["Budi Santoso"]).await;
    assert_like(&found, RESPONSE);
    let contact = &found["data"]["contacts"][0];
    assert_eq!((&contact["id"], &contact["phoneNumber"]), (&json!(budi.jid()), &json!("+6281100000002")));
    listed(&world, &device, &format!("?search={}", &citra.number[6..]), &["Citra Dewi"]).await;
    listed(&world, &device, "?search=nobody", &[]).await;
    listed(&world, &device, "?search=%20", &["Budi Santoso", "Citra Dewi"]).await;
    for address in [&budi.number, &budi.jid(), &budi.lid] {
        let one = world.program.get(&format!("/devices/{}/contacts/{address}", device.id)).await;
        assert_eq!((one.status, &one.body["data"]["contact"]["name"]), (200, &json!("Budi Santoso")), "{address}: {:?}", one.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_contact_is_reached_by_page_and_by_cursor() {
    let (world, device, ..) = acquainted().await;
    listed(&world, &device, "", &["Budi Santoso", "Citra Dewi"]).await;
    let path = format!("/devices/{}/contacts?limit=1", device.id);
    let first = world.program.get(&path).await.body;
    let pagination = &first["data"]["pagination"];
    let total = pagination["total"].as_u64().unwrap();
    assert_eq!((&pagination["page"], &pagination["limit"], &pagination["totalPages"]), (&json!(1), &json!(1), &json!(total)));
    let (mut by_page, mut by_cursor) = (vec![first["data"]["contacts"][0]["id"].clone()], vec![first["data"]["contacts"][0]["id"].clone()]);
    for page in 2..=total {
        let found = world.program.get(&format!("{path}&page={page}")).await.body;
        by_page.push(found["data"]["contacts"][0]["id"].clone());
    }
    let mut cursor = pagination["nextCursor"].clone();
    while let Some(next) = cursor.as_str() {
        let found = world.program.get(&format!("{path}&cursor={next}")).await.body;
        by_cursor.push(found["data"]["contacts"][0]["id"].clone());
        cursor = found["data"]["pagination"]["nextCursor"].clone();
    }
    assert_eq!(by_page, by_cursor);
    assert_eq!(by_page.len() as u64, total);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_show_of_themselves_is_fetched_and_kept() {
    let (world, device, _ani, budi, citra) = acquainted().await;
    let picture = png();
    budi.shows_itself(json!({"about": "Sedang rapat", "picture": BASE64_STANDARD.encode(&picture)})).await;
    let path = |phone: &Phone, live: &str| format!("/devices/{}/contacts/{}{live}", device.id, phone.number);
    let live = world.program.get(&path(&budi, "/live")).await;
    assert_eq!(live.status, 200, "{:?}", live.body);
    let contact = &live.body["data"]["contact"];
    assert_eq!((&contact["id"], &contact["status"]), (&json!(budi.jid()), &json!("Sedang rapat")), "{contact}");
    assert!(contact["imgUrl"].is_string(), "{contact}");
    assert_eq!(world.program.get(&path(&budi, "")).await.body, live.body, "it is kept");

    let shop = world.program.get(&path(&citra, "/live")).await.body["data"]["contact"].clone();
    assert_eq!((&shop["verifiedName"], &shop["isWABusiness"]), (&json!("Toko Citra"), &json!(true)), "{shop}");
    listed(&world, &device, "?verified=true", &["Citra Dewi"]).await;
    listed(&world, &device, "?verified=false", &["Budi Santoso"]).await;

    budi.shows_itself(json!({"picture": null})).await;
    let without = world.program.get(&path(&budi, "/live")).await;
    assert_eq!(without.body["data"]["contact"]["imgUrl"], json!(null), "{:?}", without.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_address_book_is_fetched_as_it_is_now() {
    let (world, device, ani, budi, _citra) = acquainted().await;
    let dewi = world.phone("6281100000004", "Dewi").await;
    ani.names(&dewi.number, "Dewi Lestari").await;
    ani.names(&budi.number, "Budi S.").await;
    let live = world.program.get(&format!("/devices/{}/contacts/live", device.id)).await;
    assert_eq!(live.status, 200, "{:?}", live.body);
    assert_eq!(names(&live.body), ["Budi S.", "Citra Dewi", "Dewi Lestari"]);
    let found = world.program.get(&format!("/devices/{}/contacts/live?search=lestari&limit=1", device.id)).await;
    assert_eq!(names(&found.body), ["Dewi Lestari"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_are_checked_in_their_order() {
    let (world, device, _ani, budi, citra) = acquainted().await;
    let path = format!("/devices/{}/contacts/check", device.id);
    let checked = world.program.get(&format!("{path}?numbers={},%2B62-811-9999-9999,{}", citra.number, budi.jid())).await;
    assert_eq!(checked.status, 200, "{:?}", checked.body);
    let nobody = json!({"number": "6281199999999", "exists": false, "id": null, "lid": null, "isWABusiness": false});
    let is = |phone: &Phone, business: bool| json!({"number": phone.number, "exists": true, "id": phone.jid(), "lid": phone.lid, "isWABusiness": business});
    assert_eq!(checked.body["data"]["numbers"], json!([is(&citra, true), nobody, is(&budi, false)]));
    let many = vec!["6281100000002"; 51].join(",");
    for (numbers, code) in
        [("", "VALIDATION_ERROR"), (&*many, "VALIDATION_ERROR"), ("0811", "INVALID_PHONE_NUMBER"), (&*budi.lid, "INVALID_PHONE_NUMBER")]
    {
        let refused = world.program.get(&format!("{path}?numbers={numbers}")).await;
        assert_eq!((refused.status, refused.code()), (400, code), "{numbers}: {:?}", refused.body);
    }
    let refused = world.program.get(&path).await;
    assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{:?}", refused.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_blocked_is_not_heard_until_they_are_let_in_again() {
    let (world, device, ani, budi, _citra) = acquainted().await;
    let path = format!("/devices/{}/contacts/{}", device.id, budi.number);
    let blocked = world.program.post(&format!("{path}/block"), &json!({})).await;
    assert_eq!((blocked.status, &blocked.body["message"]), (200, &json!("Contact blocked")), "{:?}", blocked.body);
    assert_eq!(blocked.body["data"], json!({"contactId": budi.jid(), "isBlocked": true}));
    listed(&world, &device, "?blocked=true", &["Budi Santoso"]).await;
    assert_eq!(world.program.get(&path).await.body["data"]["contact"]["isBlocked"], true);
    let unheard = budi.write(&ani.number, "dengar?").await;

    let let_in = world.program.post(&format!("{path}/unblock"), &json!({})).await;
    assert_eq!((let_in.status, &let_in.body["data"]["isBlocked"]), (200, &json!(false)), "{:?}", let_in.body);
    listed(&world, &device, "?blocked=true", &[]).await;
    let heard = budi.write(&ani.number, "dan sekarang?").await;
    world.wait_for_message(&heard, "delivered").await;
    assert_eq!(world.program.get(&format!("/messages?messageId={unheard}")).await.body["data"]["pagination"]["total"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_found_who_is_unknown_or_no_person() {
    let (world, device, ..) = acquainted().await;
    let path = format!("/devices/{}/contacts", device.id);
    for (contact, status, code) in [
        ("6281199999999", 404, "NOT_FOUND"),
        ("100000099999999@lid", 404, "NOT_FOUND"),
        ("%ff", 404, "NOT_FOUND"),
        ("0811", 400, "INVALID_PHONE_NUMBER"),
        ("120363023345678901@g.us", 400, "INVALID_PHONE_NUMBER"),
    ] {
        for live in ["", "/live"] {
            let refused = world.program.get(&format!("{path}/{contact}{live}")).await;
            assert_eq!((refused.status, refused.code()), (status, code), "{contact}{live}: {:?}", refused.body);
        }
    }
    let refused = world.program.post(&format!("{path}/120363023345678901@g.us/block"), &json!({})).await;
    assert_eq!((refused.status, refused.code()), (400, "INVALID_PHONE_NUMBER"), "{:?}", refused.body);
    for query in ["?verified=yes", "?limit=201", "?page=0", "?cursor=x", &format!("?search={}", "x".repeat(201))] {
        let refused = world.program.get(&format!("{path}{query}")).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{query}: {:?}", refused.body);
    }
}
