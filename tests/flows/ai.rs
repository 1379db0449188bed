//! Devices that answer by themselves, with a model on this machine.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::world::{Device, Llm, Phone, Receiver, Saying, World, is_split, within};

/// A device that answers by itself, its owner, and somebody who writes to it.
struct Shop {
    world: World,
    llm: Llm,
    receiver: Receiver,
    device: Device,
    ani: Phone,
    budi: Phone,
}

impl Shop {
    /// Answers everything at once.
    async fn open(settings: Value) -> Self {
        Self::open_after(300, settings).await
    }

    /// Answers after a pause of so many milliseconds.
    async fn open_after(pause: u64, settings: Value) -> Self {
        let llm = Llm::start().await;
        let (openai, gemini, pause) = (llm.openai(), llm.gemini(), pause.to_string());
        let environment =
            [("OPENAI_BASE_URL", &*openai), ("GEMINI_BASE_URL", &*gemini), ("GEMINI_API_KEY", "secret"), ("AI_PAUSE_MS", &*pause)];
        let world = World::with(&environment).await;
        let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
        let receiver = Receiver::start().await;
        let body = json!({"userId": 123, "alias": "Toko", "webhook": {"url": receiver.url, "events": ["ai", "message"]}});
        let device = world.device_of(body).await;
        world.link(&device, &ani).await;
        let shop = Self { world, llm, receiver, device, ani, budi };
        shop.set(json!({"enabled": true, "autoReply": true, "model": "gpt-4"})).await;
        shop.set(settings).await;
        shop
    }

    async fn set(&self, settings: Value) {
        let answer = self.world.program.put(&format!("/devices/{}/settings/ai", self.device.id), &settings).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
    }

    /// Budi writes; answers the message's id.
    async fn ask(&self, text: &str) -> String {
        self.budi.write(&self.ani.number, text).await
    }

    /// Budi writes, and is answered by the model.
    async fn ask_and_hear(&self, text: &str) {
        self.ask(text).await;
        self.budi.wait_for(&format!("You said: {text}")).await;
    }

    /// Somebody else writes and is answered: what was to become of earlier messages has become of them.
    async fn somebody_else_is_answered(&self) {
        static NUMBERS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(100);
        let number = NUMBERS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let other = self.world.phone(&format!("62811{number:08}"), "Somebody").await;
        other.write(&self.ani.number, "barrier").await;
        other.wait_for("You said: barrier").await;
    }

    /// How often the model was asked about Budi's messages.
    fn times_asked(&self) -> usize {
        self.llm.asked().iter().filter(|asked| asked.last() != "barrier").count()
    }

    /// What the webhook was told of answers that could not be given: chat, message and reason.
    fn errors(&self) -> Vec<(String, String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let taken = self.receiver.taken();
        let errors = taken.iter().map(|taken| &taken.body).filter(|body| body["event"] == "ai_error").map(|body| &body["data"]);
        errors.map(|data| (text(&data["chatId"]), text(&data["messageId"]), text(&data["error"]))).collect()
    }

    async fn is_told(&self, id: &str, error: &str) {
        let like = |body: &Value| body["event"] == "ai_error" && body["data"]["messageId"] == *id && body["data"]["error"] == *error;
        let told = self.receiver.wait_for(error, like).await;
        assert_eq!(told.body["data"]["chatId"], self.budi.jid());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_answered_by_the_model_which_is_told_of_the_conversation_while_the_device_types() {
    let shop = Shop::open(json!({"systemPrompt": "Sell shirts.", "botName": "Sari", "maxTokens": 77})).await;
    shop.ask_and_hear("Halo").await;
    shop.device.sent(&shop.world.program, &shop.budi.number, "We have shirts today.").await;
    shop.ask_and_hear("Berapa?").await;
    let asked = shop.llm.asked().pop().unwrap();
    assert_eq!(asked.turns(), [(false, "Halo".into()), (true, "You said: Halo\nWe have shirts today.".into()), (false, "Berapa?".into())]);
    let system = asked.body["messages"][0]["content"].as_str().unwrap();
    assert!(system.starts_with("Sell shirts.") && system.contains("Sari"), "{system}");
    assert_eq!(asked.body["max_tokens"], 77);
    let typed = shop.budi.typings().await;
    assert!(typed.iter().any(|row| row["from"] == shop.ani.jid() && row["state"] == "composing"), "{typed:?}");
    let records = shop.world.records(&shop.device).await;
    assert_eq!(records.iter().filter(|record| record["direction"] == "outgoing").count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_of_geminis_is_asked_there() {
    let shop = Shop::open(json!({"model": "gemini-1.5-flash"})).await;
    shop.ask_and_hear("Halo").await;
    let asked = shop.llm.asked().remove(0);
    assert_eq!(asked.path, "/v1beta/models/gemini-1.5-flash:generateContent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fixed_answer_comes_without_a_model_and_a_keyword_calls_for_one() {
    let shop = Shop::open(json!({
        "triggerKeywords": ["bantuan", "barrier"],
        "autoResponses": [{"trigger": "hello", "response": "Hello! How can I help you today?"}],
    }))
    .await;
    shop.ask("Oh, HELLO there").await;
    shop.budi.wait_for("Hello! How can I help you today?").await;
    shop.ask("othello").await;
    shop.somebody_else_is_answered().await;
    assert_eq!(shop.times_asked(), 0);
    shop.ask("perlu BANTUAN!").await;
    shop.budi.wait_for("You said: othello\nperlu BANTUAN!").await;
    assert_eq!(shop.budi.texts().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_answered_outside_the_hours_or_with_a_switch_off() {
    let closed = json!({"enabled": true, "timezone": "Asia/Jakarta", "start": "00:00", "end": "00:00", "days": []});
    let shop = Shop::open(json!({"workingHours": closed, "autoResponses": [{"trigger": "hello", "response": "Hi!"}]})).await;
    let other = shop.world.phone("6281100000003", "Cici").await;
    let third = shop.world.phone("6281100000004", "Dedi").await;
    let ignored = async |phone: &Phone, text: &str, settings: Value| {
        shop.set(settings).await;
        let id = phone.write(&shop.ani.number, text).await;
        shop.world.record(&id, "is stored", |_| true).await;
        // It has been thought about by the time that a whole pause is over.
        assert_eq!(within(Duration::from_millis(1500), async || phone.texts().await.into_iter().next()).await, None, "{text}");
    };
    ignored(&shop.budi, "hello, are you closed?", json!({})).await;
    ignored(&other, "not enabled", json!({"enabled": false, "workingHours": {"enabled": false}})).await;
    ignored(&third, "no auto reply", json!({"enabled": true, "autoReply": false})).await;
    shop.set(json!({"autoReply": true})).await;
    shop.somebody_else_is_answered().await;
    assert_eq!(shop.times_asked(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_are_left_alone_unless_they_are_not_excluded() {
    let shop = Shop::open(json!({})).await;
    let group = shop.world.group("Arisan", &shop.ani, &[&shop.budi]).await;
    shop.budi.write(&group, "hi all").await;
    shop.somebody_else_is_answered().await;
    assert_eq!(shop.times_asked(), 0);
    shop.set(json!({"excludeGroups": false})).await;
    shop.budi.write(&group, "really?").await;
    let asked = shop.llm.wait_for(2).await.remove(1);
    assert_eq!(asked.last(), "Budi: hi all\nBudi: really?");
    let answer = shop.budi.wait_for("You said: Budi: hi all\nBudi: really?").await;
    assert_eq!(answer["to"], group);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_past_the_device_itself_and_what_has_no_words_are_not_answered() {
    let llm = Llm::start().await;
    let world = World::with(&[("OPENAI_BASE_URL", &llm.openai()), ("AI_PAUSE_MS", "300")]).await;
    let (ani, budi, cici) =
        (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await, world.phone("6281100000003", "Cici").await);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    ani.remembers(json!({"messages": [{"chat": budi.number, "from": budi.number, "text": "still there?", "timestamp": now - 60}]})).await;
    let settings = json!({"enabled": true, "autoReply": true, "model": "llama3"});
    let device = world.device_of(json!({"userId": 123, "alias": "Toko", "aiSettings": settings})).await;
    world.link(&device, &ani).await;
    cici.say(&ani.number, json!({"location": {"latitude": -6.2, "longitude": 106.8, "name": "Monas"}})).await;
    ani.write(&cici.number, "I wrote that myself").await;
    device.sent(&world.program, &budi.number, "So did my program").await;
    let dedi = world.phone("6281100000004", "Dedi").await;
    dedi.write(&ani.number, "barrier").await;
    dedi.wait_for("You said: barrier").await;
    assert_eq!(llm.asked().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fragments_of_one_thought_are_answered_once() {
    let shop = Shop::open_after(1500, json!({})).await;
    for text in ["halo", "mau tanya", "berapa harganya?"] {
        shop.ask(text).await;
    }
    shop.budi.wait_for("You said: halo\nmau tanya\nberapa harganya?").await;
    assert_eq!((shop.llm.asked().len(), shop.budi.texts().await.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_goes_on_typing_is_waited_for() {
    let shop = Shop::open_after(1000, json!({})).await;
    let id = shop.ask("one moment").await;
    shop.world.record(&id, "is stored", |_| true).await;
    shop.budi.type_in(&shop.ani.number, "composing").await;
    let asked = within(Duration::from_secs(3), async || shop.llm.asked().into_iter().next()).await;
    assert!(asked.is_none(), "{asked:?}");
    shop.ask("here it is").await;
    shop.budi.wait_for("You said: one moment\nhere it is").await;
    assert_eq!(shop.llm.asked().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_while_the_model_thinks_is_answered_too_and_the_first_answer_is_dropped() {
    let shop = Shop::open(json!({})).await;
    shop.llm.hold(true);
    for (times, text) in (1..).zip(["one", "two", "three"]) {
        shop.ask(text).await;
        shop.llm.wait_for(times).await;
    }
    // Nobody is made to wait for ever by those who go on writing.
    let id = shop.ask("four").await;
    shop.world.record(&id, "is stored", |_| true).await;
    shop.llm.hold(false);
    shop.budi.wait_for("You said: one\ntwo\nthree").await;
    shop.budi.wait_for("You said: four").await;
    assert_eq!((shop.llm.asked().len(), shop.budi.texts().await.len()), (4, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_on_the_phone_takes_the_chat_over_and_a_program_does_not() {
    let shop = Shop::open(json!({})).await;
    shop.device.sent(&shop.world.program, &shop.budi.number, "Your order is on its way.").await;
    shop.ask_and_hear("thanks").await;
    shop.llm.hold(true);
    shop.ask("is it really?").await;
    shop.llm.wait_for(2).await;
    let joined = shop.ani.write(&shop.budi.number, "Ani here").await;
    shop.world.record(&joined, "is stored", |_| true).await;
    shop.llm.hold(false);
    shop.ask("hi Ani").await;
    shop.somebody_else_is_answered().await;
    assert_eq!(shop.budi.texts().await, ["Your order is on its way.", "You said: thanks", "Ani here"]);
    let mut shop = shop;
    shop.world.restart().await;
    shop.ask("are you there?").await;
    shop.somebody_else_is_answered().await;
    assert_eq!((shop.times_asked(), shop.budi.texts().await.len()), (2, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_has_spent_its_tokens_says_so_once_a_day_and_is_silent() {
    let mut shop = Shop::open(json!({"dailyTokenLimit": 15})).await;
    for text in ["one", "two"] {
        shop.ask_and_hear(text).await;
    }
    let id = shop.ask("three").await;
    shop.is_told(&id, "budget_exhausted").await;
    shop.world.restart().await;
    let more = shop.ask("four").await;
    shop.world.record(&more, "is stored", |_| true).await;
    shop.set(json!({"autoResponses": [{"trigger": "hello", "response": "Fixed answers cost nothing."}]})).await;
    let other = shop.world.phone("6281100000003", "Cici").await;
    other.write(&shop.ani.number, "hello").await;
    other.wait_for("Fixed answers cost nothing.").await;
    assert_eq!((shop.llm.asked().len(), shop.errors().len()), (2, 1), "{:?}", shop.errors());
    shop.set(json!({"dailyTokenLimit": 0})).await;
    shop.ask("five").await;
    shop.budi.wait_for("You said: three\nfour\nfive").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_model_answers_in_whole_is_told_and_nobody_gets_half_of_it() {
    let shop = Shop::open(json!({})).await;
    for (saying, error) in [
        (Saying::Status(401, None), "refused_401"),
        (Saying::CutOff, "cut_off"),
        (Saying::Filtered, "filtered"),
        (Saying::Garbage, "invalid_answer"),
    ] {
        shop.llm.say(saying);
        let id = shop.ask(error).await;
        shop.is_told(&id, error).await;
    }
    shop.set(json!({"model": "gemini-1.5-flash"})).await;
    shop.llm.say_next([Saying::Status(503, None)]);
    shop.llm.say(Saying::Echo);
    shop.ask("again").await;
    shop.llm.wait_for(6).await;
    shop.budi.wait_for("You said: refused_401\ncut_off\nfiltered\ninvalid_answer\nagain").await;
    assert_eq!((shop.budi.texts().await.len(), shop.errors().len()), (1, 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_without_a_provider_says_so() {
    let world = World::with(&[("AI_PAUSE_MS", "300")]).await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let receiver = Receiver::start().await;
    let settings = json!({"enabled": true, "autoReply": true});
    let hook = json!({"url": receiver.url, "events": ["ai"]});
    let device = world.device_of(json!({"userId": 123, "alias": "Toko", "aiSettings": settings, "webhook": hook})).await;
    world.link(&device, &ani).await;
    let id = budi.write(&ani.number, "hello?").await;
    let told = receiver.wait_for("an error", |body| body["event"] == "ai_error").await;
    assert_eq!(told.body["data"], json!({"chatId": budi.jid(), "messageId": id, "error": "not_configured"}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_devices_that_answer_by_themselves_do_not_answer_each_other_for_ever() {
    const ANSWERS: usize = 60;
    let shop = Shop::open_after(1, json!({"autoResponses": [{"trigger": "hello", "response": "hello"}]})).await;
    let settings = json!({"enabled": true, "autoReply": true, "autoResponses": [{"trigger": "hello", "response": "hello"}]});
    let other = shop.world.device_of(json!({"userId": 123, "alias": "Other", "aiSettings": settings})).await;
    shop.world.link(&other, &shop.budi).await;
    other.sent(&shop.world.program, &shop.ani.number, "hello").await;
    let given = async || {
        let records = shop.world.records(&shop.device).await;
        records.iter().filter(|record| record["direction"] == "outgoing").count()
    };
    // Sixty in turn take MiniStack a while.
    let patience = Duration::from_secs(if is_split() { 150 } else { 30 });
    within(patience, async || (given().await == ANSWERS).then_some(())).await.expect("one of them has had enough");
    shop.somebody_else_is_answered().await;
    assert_eq!(given().await, ANSWERS + 1, "to each other, and to somebody else");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_chats_at_once_stay_apart() {
    // So many messages at once take MiniStack too long.
    let chats = if is_split() { 30 } else { 200 };
    let shop = Shop::open(json!({"dailyTokenLimit": 0})).await;
    let people = join_all((0..chats).map(async |number| shop.world.phone(&format!("62812{number:08}"), "Person").await)).await;
    join_all(people.iter().enumerate().map(async |(number, phone)| {
        phone.write(&shop.ani.number, &format!("I am number {number}.")).await;
    }))
    .await;
    for (number, phone) in people.iter().enumerate() {
        phone.wait_for(&format!("You said: I am number {number}.")).await;
        assert_eq!(phone.texts().await.len(), 1);
    }
    let asked = shop.llm.asked();
    assert_eq!(asked.len(), chats);
    assert!(asked.iter().all(|asked| asked.turns().len() == 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_any_two_steps_neither_loses_an_answer_nor_doubles_it() {
    let mut shop = Shop::open(json!({})).await;
    let steps = ["received", "accept", "enqueue", "receive", "sent", "acknowledge"];
    // Each takes a lease and the time that a dead host's commands are held: on AWS the steps that it shares with no other test are enough.
    let steps = if is_split() { &steps[..2] } else { &steps[..] };
    let sides = steps.iter().flat_map(|step| ["before", "after"].map(|side| format!("{step}/{side}")));
    // A program asks for commands as soon as it starts.
    let sides = sides.filter(|at| at != "receive/before");
    for (number, at) in sides.enumerate() {
        shop.world.program.terminate().await;
        shop.world.start_with(&[("CRASH_AT", &at)]).await;
        shop.world.wait_for_status(&shop.device, "connected").await;
        let text = format!("{number}: {at}");
        shop.ask(&text).await;
        shop.world.wait_for_crash().await;
        shop.world.start().await;
        shop.budi.wait_for(&format!("You said: {text}")).await;
        shop.somebody_else_is_answered().await;
        assert_eq!(shop.budi.texts().await.len(), number + 1, "{at}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thought_that_a_crash_broke_off_is_thought_again() {
    let mut shop = Shop::open(json!({})).await;
    shop.llm.hold(true);
    shop.ask("hello?").await;
    shop.llm.wait_for(1).await;
    shop.world.crash().await;
    shop.llm.hold(false);
    shop.world.start().await;
    shop.budi.wait_for("You said: hello?").await;
    shop.somebody_else_is_answered().await;
    shop.world.restart().await;
    shop.somebody_else_is_answered().await;
    assert_eq!(shop.budi.texts().await.len(), 1);
}
