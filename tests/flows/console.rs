//! The console in a real browser: sign in, create, scan, send, see what happens.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::{
    one_machine_only,
    world::{Answering, Browser, Phone, Receiver, TOKEN, World, eventually, read_qr},
};

/// The page that the API is served with.
fn origin(world: &World) -> String {
    world.program.api.replace("/api/whatsapp", "")
}

async fn sign_in(world: &World, browser: &Browser, token: &str) {
    browser.go(&format!("{}/", origin(world))).await;
    browser.fill("textbox", "Token", token).await;
    browser.press("Enter").await;
}

/// Scans whatever code the page shows, by its picture.
async fn scan(browser: &Browser, phone: &Phone) {
    let picture = browser.wait_for("document.querySelector('dialog .scan:not([hidden]) img.code')?.src").await;
    phone.post("/scan", json!({"qr": read_qr(picture.as_str().unwrap())})).await;
}

/// How a row of events reads.
const LATEST: &str = "document.querySelector('.events summary')?.innerText";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_links_a_device_sends_through_it_and_sees_what_happens() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let browser = Browser::open("en-US", 1280, 900).await;

    sign_in(&world, &browser, "wrong").await;
    browser.sees("INVALID_API_TOKEN").await;
    browser.picture("signin-refused").await;
    browser.fill("textbox", "Token", TOKEN).await;
    browser.click("button", "Sign in").await;
    browser.sees("Live").await;
    browser.sees("No devices yet").await;
    browser.picture("empty").await;

    // Markup in a name is but a name.
    let alias = "Toko <b>Ani</b> & <img src=x onerror=alert(1)>";
    browser.click("button", "New device").await;
    browser.fill("textbox", "Name", alias).await;
    browser.fill("spinbutton", "User id", "123").await;
    browser.picture("create").await;
    browser.click("button", "Create").await;
    browser.find("heading", alias).await;
    browser.click("button", "Connect").await;
    browser.sees("Scan this code with WhatsApp.").await;
    browser.sees("Valid for").await;
    browser.picture("scan").await;
    scan(&browser, &ani).await;
    browser.sees("Connected as +6281100000001").await;
    browser.picture("linked").await;
    browser.click("button", "Close").await;
    browser.sees("connected").await;

    browser.fill("textbox", "To", "+62 811-0000-0002").await;
    browser.fill("textbox", "Message", "Halo Budi 👋").await;
    browser.click("button", "Send").await;
    let id = budi.wait_for("Halo Budi 👋").await["id"].as_str().unwrap().to_owned();
    browser.wait_for("document.querySelector('.sent .tick.delivered')?.innerText.includes('delivered')").await;
    budi.read(&ani.jid()).await;
    browser.wait_for("document.querySelector('.sent .tick.read')?.innerText.includes('read')").await;
    world.wait_for_message(&id, "read").await;

    budi.write(&ani.number, "Halo juga <script>").await;
    browser.wait_for(&format!("{LATEST}?.includes('Budi: Halo juga <script>')")).await;
    browser.evaluate("document.querySelector('.events details').open = true").await;
    browser.wait_for("document.querySelector('.events pre').innerText.includes('\"message\": \"Halo juga <script>\"')").await;
    browser.picture("device").await;
    browser.prefer("dark").await;
    browser.picture("device-dark").await;

    // A message to nobody: the API's own words.
    browser.fill("textbox", "To", "12").await;
    browser.fill("textbox", "Message", "x").await;
    browser.click("button", "Send").await;
    browser.sees("INVALID_PHONE_NUMBER").await;
    browser.sees("req_").await;

    browser.click("button", "Delete").await;
    browser.find("heading", &format!("Delete “{alias}”?")).await;
    browser.picture("delete").await;
    browser.click("button", "Cancel").await;
    browser.click("button", "Delete").await;
    // The one in the dialog: what is behind it cannot be pressed.
    browser.click("button", "Delete").await;
    browser.sees("No devices yet").await;
    assert_eq!(world.program.get("/users/123/devices").await.body["data"]["pagination"]["total"], 0);

    browser.click("button", "Sign out").await;
    browser.find("textbox", "Token").await;
    assert_eq!(browser.evaluate("sessionStorage.length").await, 0);
    assert_eq!(browser.troubles(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_sees_their_own_devices_alone_until_their_token_is_worth_nothing() {
    let world = World::new().await;
    world.device("Toko").await;
    world.device_of(json!({"userId": 456, "alias": "Kios"})).await;
    let browser = Browser::open("en-US", 1000, 800).await;
    sign_in(&world, &browser, &world.program.token_of(456).await).await;
    browser.sees("Kios").await;
    assert!(!browser.text().await.contains("Toko"));
    browser.click("button", "New device").await;
    assert_eq!(browser.look("spinbutton", "User id").await, None);
    browser.fill("textbox", "Name", "Cabang").await;
    browser.click("button", "Create").await;
    browser.find("heading", "Cabang").await;
    let devices = world.program.get("/users/456/devices").await;
    assert_eq!(devices.body["data"]["devices"][1]["alias"], "Cabang");

    let expired = world.program.token_for(456, 1).await;
    browser.evaluate(&format!("sessionStorage.setItem('warta.token', {})", json!(expired))).await;
    eventually("the token has expired", async || {
        let request = world.program.by_user(reqwest::Method::GET, "/devices", &expired);
        (request.send().await.unwrap().status() == 401).then_some(())
    })
    .await;
    browser.go(&format!("{}/", origin(&world))).await;
    browser.sees("The token has expired").await;
    browser.find("textbox", "Token").await;
    assert_eq!(browser.troubles(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_speaks_indonesian_and_fits_a_narrow_phone() {
    let (world, _, ani, budi) = World::pair().await;
    let browser = Browser::open("id-ID", 360, 740).await;
    browser.go(&format!("{}/", origin(&world))).await;
    browser.find("button", "Masuk").await;
    browser.fits().await;
    browser.picture("masuk").await;
    browser.fill("textbox", "Token", TOKEN).await;
    browser.click("button", "Masuk").await;
    browser.sees("terhubung").await;
    browser.wait_for("document.querySelector('.live.on')?.innerText === 'Langsung'").await;
    budi.write(&ani.number, "Apakah toko buka hari Minggu? Saya mau mampir sebentar.").await;
    browser.wait_for(&format!("{LATEST}?.includes('Apakah')")).await;
    browser.fits().await;
    browser.picture("daftar").await;

    browser.wait_for("document.querySelector('.devices a')").await;
    browser.click("link", "Toko terhubung +6281100000001").await;
    browser.find("heading", "Kirim pesan percobaan").await;
    browser.fits().await;
    browser.picture("perangkat").await;
    for fold in ["Halaman tautan", "Webhook"] {
        browser.click("DisclosureTriangle", fold).await;
    }
    browser.find("textbox", "URL").await;
    browser.find("heading", "Pengiriman gagal").await;
    browser.fits().await;
    browser.picture("webhook-sempit").await;
    browser.click("button", "Buat halaman tautan").await;
    browser.sees("Berlaku sampai").await;
    let url = browser.evaluate("document.querySelector('.made input').value").await;
    assert!(url.as_str().unwrap().starts_with(&format!("{}/link/", origin(&world))), "{url}");
    browser.fits().await;
    browser.click("link", "← Semua perangkat").await;
    browser.click("button", "Perangkat baru").await;
    browser.fits().await;
    browser.picture("baru").await;
    browser.fill("textbox", "Nama", "Cabang").await;
    browser.click("button", "Buat").await;
    browser.find("heading", "Cabang").await;
    browser.click("button", "Hubungkan").await;
    browser.sees("Pindai kode ini dengan WhatsApp.").await;
    browser.fits().await;
    browser.picture("pindai").await;
    browser.press("Escape").await;
    browser.wait_for("!document.querySelector('dialog')").await;
    assert_eq!(browser.evaluate("document.activeElement.innerText").await, "Cabang");

    // Changed by hand, it stays, and what was typed stays too.
    browser.fill("textbox", "Pesan", "belum terkirim").await;
    browser.choose("Bahasa", "en").await;
    browser.find("heading", "Send a test message").await;
    assert_eq!(browser.evaluate("document.querySelector('textarea').value").await, "belum terkirim");
    assert_eq!(browser.evaluate("document.documentElement.lang").await, "en");
    browser.go(&format!("{}/", origin(&world))).await;
    browser.find("button", "New device").await;
    assert_eq!(browser.troubles(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_delivered_is_shown_and_delivered_again() {
    let (world, device, ani, budi) = World::pair().await;
    let receiver = Receiver::start().await;
    let browser = Browser::open("en-US", 1280, 1000).await;
    sign_in(&world, &browser, TOKEN).await;
    browser.sees("connected").await;
    browser.go(&format!("{}/#/devices/{}", origin(&world), device.id)).await;
    browser.click("DisclosureTriangle", "Webhook").await;
    browser.fill("textbox", "URL", &receiver.url).await;
    browser.click("DisclosureTriangle", "Secret, retries and headers").await;
    browser.fill("textbox", "Secret", "a secret of this test").await;
    browser.fill("spinbutton", "Retries", "0").await;
    browser.fill("textbox", "Headers", "X-Shop: Ani's <shop>\nX-Other: a: b").await;
    browser.click("button", "Save").await;
    browser.sees("Saved.").await;
    browser.click("button", "Send a test").await;
    browser.sees("The receiver took it: status 200").await;
    browser.picture("webhook").await;

    receiver.answer(Answering::Status(500));
    budi.write(&ani.number, "Tidak sampai").await;
    eventually("it was given up", async || {
        let answer = world.program.get(&format!("/devices/{}/deliveries?status=failed", device.id)).await;
        (answer.body["data"]["pagination"]["total"].as_u64()? > 0).then_some(())
    })
    .await;
    browser.click("button", "Refresh").await;
    browser.sees("message_received").await;
    browser.wait_for("document.querySelectorAll('.deliveries li').length > 0").await;
    browser.picture("failed").await;
    receiver.answer(Answering::Ok);
    browser.click("checkbox", "All").await;
    browser.click("button", "Deliver again").await;
    let delivered = |body: &Value| body["event"] == "message_received" && body["data"]["message"] == "Tidak sampai";
    receiver.wait_for("what had failed", delivered).await;
    browser.sees("delivered again").await;
    assert_eq!(browser.troubles(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_lost_connection_the_console_goes_on_with_what_it_missed() {
    one_machine_only!("no process of ours holds a socket there that could be lost with it");
    let (mut world, _, ani, budi) = World::pair().await;
    let port = origin(&world).rsplit_once(':').unwrap().1.to_owned();
    let browser = Browser::open("en-US", 1280, 900).await;
    sign_in(&world, &browser, TOKEN).await;
    browser.sees("Live").await;
    budi.write(&ani.number, "sebelum").await;
    browser.wait_for(&format!("{LATEST}?.includes('sebelum')")).await;
    world.program.terminate().await;
    browser.sees("Reconnecting…").await;
    world.start_with(&[("PORT", port.as_str())]).await;
    budi.write(&ani.number, "sesudah").await;
    browser.sees("Live").await;
    browser.wait_for(&format!("{LATEST}?.includes('sesudah')")).await;
    let shown =
        browser.evaluate("[...document.querySelectorAll('.events .gist')].filter(gist => gist.innerText.includes('se')).length").await;
    assert_eq!(shown, 2);
    assert_eq!(browser.troubles(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_with_a_passkey_is_linked_in_the_console_and_told_so_on_the_link_page() {
    let world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    ani.post("/passkey", json!({"required": true})).await;
    let device = world.device("Toko").await;
    let page = world.program.post(&format!("/devices/{}/link-page", device.id), &json!({"language": "en"})).await;
    let (browser, visitor) = (Browser::open("en-US", 1280, 900).await, Browser::open("en-US", 360, 740).await);
    sign_in(&world, &browser, TOKEN).await;
    browser.click("link", "Toko new not linked").await;
    browser.click("button", "Connect").await;
    browser.sees("Scan this code with WhatsApp.").await;
    visitor.go(page.body["data"]["url"].as_str().unwrap()).await;
    visitor.sees("Scan this code with WhatsApp.").await;
    scan(&browser, &ani).await;
    browser.sees("Hand in the passkey's answer through the API").await;
    visitor.sees("which cannot be done on this page").await;
    visitor.picture("link-passkey").await;

    let path = format!("/devices/{}/passkey", device.id);
    let asked = world.program.get(&path).await.body["data"]["request"].clone();
    let assertion = ani.post("/passkey/assertion", json!({"options": asked})).await;
    let answered = world.program.post(&path, &json!({"assertion": assertion})).await;
    assert_eq!(answered.status, 200, "{:?}", answered.body);
    let code = browser.wait_for("document.querySelector('dialog .linking > .pairing:not([hidden])')?.innerText").await;
    assert_eq!(world.program.get(&path).await.body["data"]["code"], code);
    browser.picture("passkey").await;
    browser.click("button", "The codes are the same").await;
    browser.sees("Connected as +6281100000001").await;
    visitor.sees("Connected as …0001").await;
    visitor.sees("You can close this page now.").await;
    assert_eq!((browser.troubles(), visitor.troubles()), (Vec::new(), Vec::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_than_the_newest_events_are_kept_and_those_of_one_device_if_asked() {
    let (world, _, ani, budi) = World::pair().await;
    let other = world.device("Cabang").await;
    let browser = Browser::open("en-US", 1280, 900).await;
    sign_in(&world, &browser, TOKEN).await;
    browser.sees("Live").await;
    let texts: Vec<_> = (0..200).map(|n| format!("kabar {n}")).collect();
    join_all(texts.iter().map(|text| budi.write(&ani.number, text))).await;
    browser.wait_for("document.querySelectorAll('.events li').length === 200").await;
    budi.write(&ani.number, "terakhir").await;
    browser.wait_for(&format!("{LATEST}?.includes('terakhir')")).await;
    assert_eq!(browser.evaluate("document.querySelectorAll('.events li').length").await, 200);
    browser.choose("Device", &other.id).await;
    browser.sees("What happens from now on appears here.").await;
    world.program.post(&format!("/devices/{}/connect", other.id), &json!({})).await;
    browser.wait_for("document.querySelector('.events')?.innerText.includes('qr_code')").await;
    let shown = browser.evaluate("document.querySelector('.events').innerText").await;
    assert!(!shown.as_str().unwrap().contains("kabar"), "{shown}");
    assert_eq!(browser.troubles(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_goes_on_even_if_what_it_saw_last_is_gone() {
    one_machine_only!("no process of ours holds a socket there that could be lost with it");
    let (mut world, _, ani, budi) = World::pair().await;
    let port = origin(&world).rsplit_once(':').unwrap().1.to_owned();
    let other = world.device("Cabang").await;
    let browser = Browser::open("en-US", 1280, 900).await;
    sign_in(&world, &browser, TOKEN).await;
    browser.sees("Live").await;
    world.program.post(&format!("/devices/{}/connect", other.id), &json!({})).await;
    browser.wait_for(&format!("{LATEST}?.includes('qr_code')")).await;
    assert_eq!(world.program.delete(&format!("/devices/{}", other.id)).await.status, 200);
    world.program.terminate().await;
    browser.sees("Reconnecting…").await;
    world.start_with(&[("PORT", port.as_str())]).await;
    browser.sees("Live").await;
    budi.write(&ani.number, "sesudah").await;
    browser.wait_for(&format!("{LATEST}?.includes('sesudah')")).await;
    assert_eq!(browser.troubles(), Vec::<String>::new());
}
