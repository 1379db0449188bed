//! A device as its user knows it.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Answer, Program, answer};

#[derive(Clone, Debug)]
pub struct Device {
    pub id: String,
    pub session_id: String,
}

impl Device {
    pub fn from(body: &Value) -> Self {
        let text = |field: &str| body[field].as_str().unwrap().to_owned();
        Self { id: text("id"), session_id: text("sessionId") }
    }

    /// Asks to send a text.
    pub async fn send(&self, program: &Program, to: &str, text: &str) -> Answer {
        answer(self.request(program, to, text)).await
    }

    /// A request to send a text, to be changed before it is sent.
    pub fn request(&self, program: &Program, to: &str, text: &str) -> RequestBuilder {
        let body = json!({"sessionId": self.session_id, "recipient": to, "message": text});
        program.request(Method::POST, "/send").json(&body)
    }

    /// Sends a text that WhatsApp takes at once; answers its id.
    pub async fn sent(&self, program: &Program, to: &str, text: &str) -> String {
        let answer = self.send(program, to, text).await;
        assert_eq!((answer.status, answer.body["data"]["status"].as_str()), (200, Some("sent")), "{:?}", answer.body);
        answer.body["data"]["messageId"].as_str().unwrap().to_owned()
    }

    /// Asks to send a text without waiting for WhatsApp; answers its id.
    pub async fn queued(&self, program: &Program, to: &str, text: &str) -> String {
        let answer = answer(self.request(program, to, text).header("prefer", "respond-async")).await;
        assert_eq!(answer.status, 202, "{:?}", answer.body);
        answer.body["data"]["messageId"].as_str().unwrap().to_owned()
    }
}
