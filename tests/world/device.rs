//! A device as its user knows it.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Answer, Form, Program, answer, is_split, put_at};

/// What fits into a request to a function.
const LARGEST_REQUEST: usize = 4_500_000;

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

    /// Asks to send something else: a request's body without its session and recipient.
    pub async fn send_as(&self, program: &Program, path: &str, to: &str, mut body: Value) -> Answer {
        body["sessionId"] = self.session_id.as_str().into();
        body["recipient"] = to.into();
        program.post(path, &body).await
    }

    /// Sends something else that WhatsApp takes at once; answers its id.
    pub async fn sent_as(&self, program: &Program, path: &str, to: &str, body: Value) -> String {
        let answer = self.send_as(program, path, to, body).await;
        assert_eq!((answer.status, answer.body["data"]["status"].as_str()), (200, Some("sent")), "{path}: {:?}", answer.body);
        answer.body["data"]["messageId"].as_str().unwrap().to_owned()
    }

    /// A form that begins with the session and the recipient, as all clients' do.
    pub fn form(&self, to: &str) -> Form {
        Form::new().text("sessionId", &self.session_id).text("recipient", to)
    }

    /// Sends a file that WhatsApp takes at once; answers its id.
    pub async fn sent_file(&self, program: &Program, kind: &str, to: &str, file_name: &str, bytes: &[u8]) -> String {
        if is_split() && bytes.len() > LARGEST_REQUEST {
            return self.sent_by_ticket(program, kind, to, file_name, bytes).await;
        }
        let form = self.form(to).file(kind, file_name, "application/octet-stream", bytes);
        let answer = answer(form.post(program, &format!("/send/{kind}"))).await;
        assert_eq!((answer.status, answer.body["data"]["status"].as_str()), (200, Some("sent")), "{kind}: {:?}", answer.body);
        answer.body["data"]["messageId"].as_str().unwrap().to_owned()
    }

    /// The same for a file that is handed in first.
    async fn sent_by_ticket(&self, program: &Program, kind: &str, to: &str, file_name: &str, bytes: &[u8]) -> String {
        let ticket = program.post("/media", &json!({"sessionId": self.session_id, "fileName": file_name})).await.body["data"].clone();
        let put = answer(put_at(&ticket).body(bytes.to_vec())).await;
        assert_eq!(put.status, 200, "{:?}", put.body);
        self.sent_as(program, &format!("/send/{kind}"), to, json!({"mediaId": ticket["mediaId"]})).await
    }

    /// Asks to send a text without waiting for WhatsApp; answers its id.
    pub async fn queued(&self, program: &Program, to: &str, text: &str) -> String {
        let answer = answer(self.request(program, to, text).header("prefer", "respond-async")).await;
        assert_eq!(answer.status, 202, "{:?}", answer.body);
        answer.body["data"]["messageId"].as_str().unwrap().to_owned()
    }
}
