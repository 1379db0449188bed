//! A sandbox phone, by remote control.

use std::net::SocketAddr;

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::{eventually, http};

pub struct Phone {
    pub number: String,
    /// Its hidden address on WhatsApp.
    pub lid: String,
    url: String,
    http: Client,
}

impl Phone {
    pub async fn new(sandbox: SocketAddr, number: &str, name: &str) -> Self {
        let http = http();
        let body = json!({"number": number, "name": name});
        let response = http.post(format!("http://{sandbox}/phones")).json(&body).send().await.unwrap();
        assert_eq!(response.status(), 201);
        let phone: Value = response.json().await.unwrap();
        Self {
            number: number.to_owned(),
            lid: phone["lid"].as_str().unwrap().to_owned(),
            url: format!("http://{sandbox}/phones/{number}"),
            http,
        }
    }

    /// Its address on WhatsApp.
    pub fn jid(&self) -> String {
        format!("{}@s.whatsapp.net", self.number)
    }

    /// Has the person do something with it that the remote control knows.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.does(Method::POST, path, body).await
    }

    /// Changes what the person shows of themselves.
    pub async fn shows_itself(&self, profile: Value) {
        self.does(Method::PUT, "/profile", profile).await;
    }

    /// Puts somebody into the address book.
    pub async fn names(&self, number: &str, name: &str) {
        self.post("/contacts", json!({"number": number, "name": name})).await;
    }

    /// Archives, pins, mutes or marks a chat.
    pub async fn arranges(&self, chat: &str, change: Value) {
        self.post(&format!("/chats/{chat}"), change).await;
    }

    async fn does(&self, method: Method, path: &str, body: Value) -> Value {
        let response = self.http.request(method, format!("{}{path}", self.url)).json(&body).send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Scans a QR code; answers the number of the device it links.
    pub async fn scan(&self, qr: &str) -> u64 {
        self.post("/scan", json!({"qr": qr})).await["device"].as_u64().unwrap()
    }

    /// Types in the code that a companion shows; answers the number of the device it links.
    pub async fn link_code(&self, code: &str) -> u64 {
        self.post("/link-code", json!({"code": code})).await["device"].as_u64().unwrap()
    }

    /// The person writes; answers the message's id.
    pub async fn write(&self, to: &str, text: &str) -> String {
        self.post("/messages", json!({"to": to, "text": text})).await["id"].as_str().unwrap().to_owned()
    }

    /// The person writes what the letter says; answers the message's id.
    pub async fn say(&self, to: &str, mut letter: Value) -> String {
        letter["to"] = to.into();
        self.post("/messages", letter).await["id"].as_str().unwrap().to_owned()
    }

    /// The phone has a past, which it shares with devices that are linked later; answers its messages' ids.
    pub async fn remembers(&self, past: Value) -> Vec<String> {
        let answer = self.post("/history", past).await;
        answer["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    }

    /// The person sends a file, with whatever else is said of it; answers the message's id.
    pub async fn hand(&self, to: &str, kind: &str, bytes: &[u8], mut said: Value) -> String {
        said["type"] = kind.into();
        said["base64"] = BASE64_STANDARD.encode(bytes).into();
        self.say(to, json!({"media": said})).await
    }

    /// Types, records, or stops, in a chat.
    pub async fn type_in(&self, chat: &str, state: &str) {
        self.post("/typing", json!({"chat": chat, "state": state})).await;
    }

    /// Whom it saw typing.
    pub async fn typings(&self) -> Vec<Value> {
        self.http.get(format!("{}/typing", self.url)).send().await.unwrap().json().await.unwrap()
    }

    /// Waits until it shows this message like this; answers it.
    pub async fn shows(&self, id: &str, what: &str, like: impl Fn(&Value) -> bool) -> Value {
        eventually(&format!("the phone shows {id} {what}"), async || {
            self.messages().await.into_iter().find(|message| message["id"] == *id && like(message))
        })
        .await
    }

    /// Waits until it shows this message; answers it.
    pub async fn got(&self, id: &str) -> Value {
        self.shows(id, "at all", |_| true).await
    }

    /// The file that came with a message, downloaded and decrypted.
    pub async fn file(&self, id: &str) -> Vec<u8> {
        let response = self.http.get(format!("{}/messages/{id}/media", self.url)).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.bytes().await.unwrap().to_vec()
    }

    /// Opens a chat, so that what is in it counts as read.
    pub async fn read(&self, chat: &str) {
        self.post("/read", json!({"chat": chat})).await;
    }

    pub async fn power(&self, on: bool) {
        self.post("/power", json!({"on": on})).await;
    }

    pub async fn ban(&self, seconds: u64) {
        self.post("/ban", json!({"seconds": seconds})).await;
    }

    /// Takes a linked device off the account.
    pub async fn unlink(&self, device: u64) {
        assert!(self.unlink_if_linked(device).await, "no such device");
    }

    /// The same for one that may be gone already: answers whether it was linked.
    pub async fn unlink_if_linked(&self, device: u64) -> bool {
        let response = self.http.delete(format!("{}/devices/{device}", self.url)).send().await.unwrap();
        assert!(response.status().is_success() || response.status() == 404, "{response:?}");
        response.status().is_success()
    }

    /// All it sent and received.
    pub async fn messages(&self) -> Vec<Value> {
        self.http.get(format!("{}/messages", self.url)).send().await.unwrap().json().await.unwrap()
    }

    /// What it received from others.
    pub async fn inbox(&self) -> Vec<Value> {
        let own = self.jid();
        self.messages().await.into_iter().filter(|message| message["from"] != *own).collect()
    }

    /// The texts it received from others, in order.
    pub async fn texts(&self) -> Vec<String> {
        self.inbox().await.iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until it has got this text; answers the message.
    pub async fn wait_for(&self, text: &str) -> Value {
        eventually(&format!("the phone has got {text:?}"), async || {
            self.messages().await.into_iter().find(|message| message["text"] == text)
        })
        .await
    }
}

/// What a camera reads off the picture.
pub fn read_qr(data_uri: &str) -> String {
    let png = BASE64_STANDARD.decode(data_uri.strip_prefix("data:image/png;base64,").unwrap()).unwrap();
    let picture = image::load_from_memory_with_format(&png, image::ImageFormat::Png).unwrap().to_luma8();
    let mut picture = rqrr::PreparedImage::prepare(picture);
    let codes = picture.detect_grids();
    assert_eq!(codes.len(), 1);
    codes[0].decode().unwrap().1
}
