//! Providers on loopback, in both wire formats.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../tests/world/llm.rs"]
#[allow(dead_code, reason = "the black-box tests use the rest")]
mod llm;

use std::time::{Duration, Instant};

use ai::{Answer, Config, Endpoint, Error, Prompt, Providers, Question, Role, Timing, Turn};
use domain::pipeline::Backoff;
use fetch::{Poster, Reach};
use serde_json::json;

use self::llm::{Llm, Saying};

/// One name for each way to write.
const MODELS: [&str; 2] = ["gpt-4", "gemini-1.5-flash"];

fn config(llm: &Llm) -> Config {
    Config {
        openai: Endpoint::find(Some(&llm.openai()), Some("sk-secret"), Endpoint::OPENAI).unwrap(),
        gemini: Endpoint::find(Some(&llm.gemini()), Some("google-secret"), Endpoint::GEMINI).unwrap(),
        timing: Timing {
            attempt: Duration::from_millis(300),
            backoff: Backoff { first: Duration::from_millis(10), longest: Duration::from_millis(20) },
            ..Timing::default()
        },
    }
}

fn with(config: Config) -> Providers {
    // Only the first one counts.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Providers::new(Poster::new(Reach::Loopback), config)
}

async fn world() -> (Llm, Providers) {
    let llm = Llm::start().await;
    let providers = with(config(&llm));
    (llm, providers)
}

fn question(model: &str) -> Question {
    let turn = |role, text: &str| Turn { role, text: text.into() };
    Question {
        model: model.into(),
        prompt: Prompt {
            system: "Be kind.".into(),
            turns: vec![turn(Role::User, "hi"), turn(Role::Assistant, "Hello!"), turn(Role::User, "price?")],
        },
        max_tokens: 500,
        temperature: 0.7,
    }
}

#[tokio::test]
async fn openai_is_asked_in_its_own_words() {
    let (llm, providers) = world().await;
    let answer = providers.ask(&question("gpt-4")).await;
    assert_eq!(answer, Ok(Answer { text: "You said: price?".into(), tokens: 10 }));
    let asked = llm.asked().remove(0);
    assert_eq!(asked.headers["authorization"], "Bearer sk-secret");
    assert_eq!(
        asked.body,
        json!({"model": "gpt-4", "max_tokens": 500, "temperature": 0.7, "messages": [
            {"role": "system", "content": "Be kind."}, {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "Hello!"}, {"role": "user", "content": "price?"},
        ]})
    );
}

#[tokio::test]
async fn models_that_think_are_given_room_for_it() {
    let (llm, providers) = world().await;
    for model in ["gpt-5-mini", "gemini-2.5-flash"] {
        providers.ask(&question(model)).await.unwrap();
    }
    let asked = llm.asked();
    assert_eq!(asked[0].body["max_completion_tokens"], 4596);
    assert!(asked[0].body["max_tokens"].is_null() && asked[0].body["temperature"].is_null());
    assert_eq!(asked[1].body["generationConfig"], json!({"maxOutputTokens": 4596, "temperature": 0.7}));
}

#[tokio::test]
async fn gemini_is_asked_in_its_own_words() {
    let (llm, providers) = world().await;
    let answer = providers.ask(&question("gemini-1.5-flash")).await;
    assert_eq!(answer, Ok(Answer { text: "You said: price?".into(), tokens: 10 }));
    let asked = llm.asked().remove(0);
    assert_eq!(
        (asked.path.as_str(), &asked.headers["x-goog-api-key"]),
        ("/v1beta/models/gemini-1.5-flash:generateContent", &"google-secret".parse().unwrap())
    );
    assert_eq!(
        asked.body,
        json!({
            "systemInstruction": {"parts": [{"text": "Be kind."}]},
            "contents": [
                {"role": "user", "parts": [{"text": "hi"}]}, {"role": "model", "parts": [{"text": "Hello!"}]},
                {"role": "user", "parts": [{"text": "price?"}]},
            ],
            "generationConfig": {"maxOutputTokens": 500, "temperature": 0.7},
        })
    );
}

#[tokio::test]
async fn gemini_is_asked_as_openai_is_at_its_compatible_address() {
    let llm = Llm::start().await;
    let gemini = Endpoint::find(Some(&format!("{}/openai/", llm.gemini())), Some("google-secret"), Endpoint::GEMINI).unwrap();
    let providers = with(Config { gemini, openai: None, ..config(&llm) });
    providers.ask(&question("gemini-1.5-flash")).await.unwrap();
    let asked = llm.asked().remove(0);
    assert_eq!((asked.path.as_str(), &asked.body["max_tokens"]), ("/v1beta/openai/chat/completions", &json!(500)));
    assert_eq!(asked.headers["authorization"], "Bearer google-secret");
}

#[tokio::test]
async fn a_provider_needs_no_key() {
    let llm = Llm::start().await;
    let openai = Endpoint::find(Some(&llm.openai()), None, Endpoint::OPENAI).unwrap();
    let providers = with(Config { openai, gemini: None, ..config(&llm) });
    providers.ask(&question("llama3")).await.unwrap();
    assert!(!llm.asked()[0].headers.contains_key("authorization"));
    assert_eq!(providers.ask(&question("gemini-1.5-flash")).await, Err(Error::NotConfigured));
}

#[tokio::test]
async fn a_models_name_leads_nowhere_else() {
    let (llm, providers) = world().await;
    assert_eq!(
        providers.ask(&question("gemini-x/../../../v1/chat/completions?")).await.map_err(|error| error.to_string()),
        Ok(Answer { text: "You said: price?".into(), tokens: 10 })
    );
    assert!(llm.asked()[0].path.starts_with("/v1beta/models/gemini-x/"), "the name is one segment, decoded by the server");
}

#[tokio::test]
async fn nobody_gets_a_half_answer() {
    let (llm, providers) = world().await;
    for model in MODELS {
        for (saying, error) in [
            (Saying::CutOff, Error::CutOff { tokens: 10 }),
            (Saying::Filtered, Error::Filtered { tokens: 10 }),
            (Saying::Text(" \n"), Error::InvalidAnswer { tokens: 10 }),
            (Saying::Garbage, Error::InvalidAnswer { tokens: 0 }),
        ] {
            llm.say(saying);
            assert_eq!(providers.ask(&question(model)).await, Err(error), "{model}");
        }
    }
    assert_eq!(llm.asked().len(), 8, "none of them is asked again");
}

#[tokio::test]
async fn what_may_pass_is_tried_again_twice() {
    let (llm, providers) = world().await;
    for model in MODELS {
        let before = llm.asked().len();
        llm.say_next([Saying::Status(500, None), Saying::Status(429, None)]);
        assert!(providers.ask(&question(model)).await.is_ok(), "{model}");
        llm.say_next([Saying::Silence]);
        assert!(providers.ask(&question(model)).await.is_ok(), "{model}");
        llm.say_next([Saying::Status(503, None), Saying::Status(502, None), Saying::Status(529, None)]);
        assert_eq!(providers.ask(&question(model)).await, Err(Error::Refused(529)), "{model}");
        assert_eq!(llm.asked().len() - before, 3 + 2 + 3);
    }
    llm.say(Saying::Status(429, None));
    assert_eq!(providers.ask(&question("gpt-4")).await, Err(Error::RateLimited));
    llm.say(Saying::Silence);
    assert_eq!(providers.ask(&question("gpt-4")).await, Err(Error::Timeout));
}

#[tokio::test]
async fn what_is_refused_is_not_tried_again() {
    let (llm, providers) = world().await;
    for status in [400, 401, 404, 302] {
        llm.say(Saying::Status(status, None));
        assert_eq!(providers.ask(&question("gpt-4")).await, Err(Error::Refused(status)));
    }
    assert_eq!(llm.asked().len(), 4);
}

#[tokio::test]
async fn a_provider_that_asks_for_a_while_gets_it_if_it_is_short() {
    let (llm, providers) = world().await;
    llm.say_next([Saying::Status(429, Some(1))]);
    let began = Instant::now();
    assert!(providers.ask(&question("gpt-4")).await.is_ok());
    assert!(began.elapsed() >= Duration::from_secs(1));
    llm.say_next([Saying::Status(429, Some(21))]);
    assert_eq!(providers.ask(&question("gpt-4")).await, Err(Error::RateLimited));
    assert_eq!(llm.asked().len(), 3);
}

#[tokio::test]
async fn all_tries_together_have_a_deadline() {
    let llm = Llm::start().await;
    let timing = Timing { deadline: Duration::from_millis(400), ..config(&llm).timing };
    let providers = with(Config { timing, ..config(&llm) });
    llm.say(Saying::Silence);
    assert_eq!(providers.ask(&question("gpt-4")).await, Err(Error::Timeout));
    assert_eq!(llm.asked().len(), 2);
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_unreachable() {
    let llm = Llm::start().await;
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let nowhere = |url: &str| Endpoint::find(Some(url), None, Endpoint::OPENAI).unwrap();
    for url in [format!("http://{free}/v1"), "http://192.0.2.1/v1".to_owned()] {
        let providers = with(Config { openai: nowhere(&url), ..config(&llm) });
        assert_eq!(providers.ask(&question("gpt-4")).await, Err(Error::Unreachable), "{url}");
    }
}
