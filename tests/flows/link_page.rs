//! The link page: somebody without any token links their account, and can do nothing else.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Answer, Browser, Device, World, answer, http, read_qr};

async fn link_page(world: &World, device: &Device, asked: Value) -> String {
    let made = world.program.post(&format!("/devices/{}/link-page", device.id), &asked).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    made.body["data"]["url"].as_str().unwrap().to_owned()
}

async fn at(method: Method, url: &str, path: &str, body: Value) -> Answer {
    answer(http().request(method, format!("{url}{path}")).json(&body)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_of_an_account_links_it_by_scanning() {
    let world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    let device = world.device("Toko").await;
    let url = link_page(&world, &device, json!({"language": "id"})).await;
    let browser = Browser::open("en-US", 360, 740).await;
    browser.go(&url).await;
    browser.find("heading", "Tautkan WhatsApp Anda").await;
    browser.sees("Pindai kode ini dengan WhatsApp.").await;
    browser.fits().await;
    browser.picture("tautan").await;
    browser.resize(1100, 800).await;
    browser.choose("Bahasa", "en").await;
    browser.find("heading", "Link your WhatsApp").await;
    browser.picture("link").await;
    // Taken back by whoever runs the service, or because nobody scanned it for long: another one is a press away.
    world.program.post(&format!("/devices/{}/disconnect", device.id), &json!({})).await;
    browser.click("button", "Show a new code").await;
    let picture = browser.wait_for("document.querySelector('.scan:not([hidden]) img.code')?.src").await;
    ani.scan(&read_qr(picture.as_str().unwrap())).await;
    browser.sees("Connected as …0001").await;
    browser.picture("link-linked").await;
    world.wait_for_status(&device, "connected").await;
    // The end of the number is all that is told of it, or of the device.
    let state = at(Method::GET, &url, "", Value::Null).await;
    assert_eq!(state.status, 200);
    let state = at(Method::GET, url.split('?').next().unwrap(), "/state", Value::Null).await;
    assert_eq!((&state.body["data"]["linked"], &state.body["data"]["numberEndsWith"]), (&json!(true), &json!("0001")));
    for secret in ["811000", "Toko", device.id.as_str(), device.session_id.as_str()] {
        assert!(!state.body.to_string().contains(secret), "{secret}");
    }

    assert_eq!(world.program.delete(&format!("/devices/{}", device.id)).await.status, 200);
    browser.sees("This link is no longer valid").await;
    browser.go(&url).await;
    browser.sees("This link is no longer valid").await;
    browser.picture("link-gone").await;
    assert_eq!(at(Method::GET, &url, "", Value::Null).await.status, 410);
    assert_eq!(browser.troubles(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_of_an_account_links_it_by_a_code() {
    let world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    let device = world.device("Toko").await;
    let url = link_page(&world, &device, json!({})).await;
    let browser = Browser::open("id", 360, 740).await;
    browser.go(&url).await;
    browser.sees("Pindai kode ini dengan WhatsApp.").await;
    browser.click("DisclosureTriangle", "Tautkan dengan nomor telepon bila WhatsApp ada di ponsel ini juga").await;
    browser.fill("textbox", "Nomor telepon akun", "12").await;
    browser.click("button", "Dapatkan kode").await;
    browser.sees("INVALID_PHONE_NUMBER").await;
    browser.fill("textbox", "Nomor telepon akun", "+62 811-0000-0001").await;
    browser.click("button", "Dapatkan kode").await;
    let code = browser.wait_for("document.querySelector('.by-number .pairing')?.innerText").await;
    browser.fits().await;
    browser.picture("kode").await;
    ani.link_code(code.as_str().unwrap()).await;
    browser.sees("Terhubung sebagai …0001").await;
    world.wait_for_status(&device, "connected").await;
    assert_eq!(browser.troubles(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_address_opens_nothing_else_and_nothing_else_opens_it() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    let url = link_page(&world, &device, json!({"expiresIn": 60})).await;
    let token = url.rsplit_once('/').unwrap().1;
    for request in [
        world.program.anonymous(Method::GET, "/devices").header("x-api-token", token),
        world.program.anonymous(Method::GET, "/devices").bearer_auth(token),
        world.program.anonymous(Method::GET, "/device/send").header("x-device-api-key", token),
    ] {
        assert!([401, 405].contains(&answer(request).await.status));
    }
    let user = world.program.token_of(123).await;
    let key = device.key(&world.program).await;
    let origin = world.program.api.replace("/api/whatsapp", "");
    for other in [user.as_str(), key.as_str(), crate::world::TOKEN, &device.id, "..", &token[1..]] {
        for (method, path) in [(Method::GET, "/state"), (Method::POST, "/connect"), (Method::POST, "/pairing-code")] {
            let refused = at(method, &format!("{origin}/link/{other}"), path, json!({"phoneNumber": "6281100000001"})).await;
            assert_eq!(refused.status, 404, "{other}{path}");
        }
    }
    for (asked, field) in [
        (json!({"expiresIn": 59}), "expiresIn"),
        (json!({"expiresIn": 604_801}), "expiresIn"),
        (json!({"expiresIn": "60"}), "expiresIn"),
        (json!({"language": "fr"}), "language"),
    ] {
        let refused = world.program.post(&format!("/devices/{}/link-page", device.id), &asked).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{asked}");
        assert!(refused.body["error"]["details"].as_str().unwrap().starts_with(field), "{asked}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_linked_an_account_links_no_other_after_it() {
    let world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    let device = world.device("Toko").await;
    let [first, second] = [link_page(&world, &device, json!({})).await, link_page(&world, &device, json!({})).await];
    let companion = world.link(&device, &ani).await;
    for url in [&first, &second] {
        assert_eq!(at(Method::GET, url, "/state", Value::Null).await.body["data"]["linked"], true);
    }
    ani.unlink(companion).await;
    world.wait_for_status(&device, "disconnected").await;
    for url in [&first, &second] {
        assert_eq!(at(Method::GET, url, "", Value::Null).await.status, 410);
        assert_eq!(at(Method::GET, url, "/state", Value::Null).await.status, 410);
        assert_eq!(at(Method::POST, url, "/connect", json!({})).await.status, 410);
    }
    let third = link_page(&world, &device, json!({})).await;
    assert_eq!(at(Method::GET, &third, "/state", Value::Null).await.body["data"]["linked"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_are_limited_as_the_api_s_own_are_and_looking_is_not() {
    let world = World::with(&[("RATE_LIMIT_QR_PER_MINUTE", "2")]).await;
    let device = world.device("Toko").await;
    let url = link_page(&world, &device, json!({})).await;
    let connect = async || at(Method::POST, &url, "/connect", json!({})).await.status;
    assert_eq!(connect().await, 204);
    world.wait_for_status(&device, "connecting").await;
    // Codes are shown already.
    assert_eq!((connect().await, connect().await, connect().await), (204, 204, 204));
    let disconnect = format!("/devices/{}/disconnect", device.id);
    world.program.post(&disconnect, &json!({})).await;
    assert_eq!(connect().await, 204);
    world.wait_for_status(&device, "connecting").await;
    world.program.post(&disconnect, &json!({})).await;
    let refused = at(Method::POST, &url, "/connect", json!({})).await;
    assert_eq!((refused.status, refused.code()), (429, "RATE_LIMIT_EXCEEDED"));
    assert!(refused.headers.contains_key("retry-after"));
    for _ in 0..5 {
        assert_eq!(at(Method::GET, &url, "/state", Value::Null).await.status, 200);
    }
}
