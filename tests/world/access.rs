//! Whoever else there is besides the operator.

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::{Device, Program};

impl Program {
    /// A token for a user, good for an hour.
    pub async fn token_of(&self, user: u64) -> String {
        let answer = self.post("/auth/token", &json!({"userId": user})).await;
        assert_eq!(answer.status, 201, "{:?}", answer.body);
        answer.body["data"]["token"].as_str().unwrap().to_owned()
    }

    /// A token for a user, good for so many seconds.
    pub async fn token_for(&self, user: u64, seconds: u64) -> String {
        let answer = self.post("/auth/token", &json!({"userId": user, "expiresIn": seconds})).await;
        assert_eq!(answer.status, 201, "{:?}", answer.body);
        answer.body["data"]["token"].as_str().unwrap().to_owned()
    }

    /// A request with a user's token alone.
    pub fn by_user(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        self.anonymous(method, path).bearer_auth(token)
    }

    /// A request with a device's key alone.
    pub fn by_key(&self, method: Method, path: &str, key: &str) -> RequestBuilder {
        self.anonymous(method, path).header("x-device-api-key", key)
    }
}

impl Device {
    /// The key that it is known by.
    pub async fn key(&self, program: &Program) -> String {
        let answer = program.get(&format!("/devices/{}", self.id)).await;
        answer.body["data"]["device"]["apiKey"].as_str().unwrap().to_owned()
    }
}
