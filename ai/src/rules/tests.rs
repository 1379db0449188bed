use domain::model::{AutoResponse, Jid, WorkingHours};

use super::*;
use crate::samples::{at, group, incoming, outgoing, settings};

const ASK: Decision = Decision::Ask;

fn ignore(reason: Ignored) -> Decision {
    Decision::Ignore(reason)
}

fn fixed(trigger: &str, response: &str) -> AutoResponse {
    AutoResponse { trigger: trigger.into(), response: response.into() }
}

/// What becomes of one text at the second it came.
fn about(settings: &AiSettings, text: &str) -> Decision {
    decide(settings, &[incoming(100, text)], at(100))
}

#[test]
fn a_device_answers_by_itself_only_if_both_switches_are_on() {
    assert_eq!(about(&settings(), "hi"), ASK);
    for off in [AiSettings { enabled: false, ..settings() }, AiSettings { auto_reply: false, ..settings() }, AiSettings::default()] {
        assert_eq!(about(&off, "hi"), ignore(Ignored::Off));
    }
}

#[test]
fn groups_are_left_alone_unless_they_are_not_excluded() {
    let hello = [group(incoming(100, "hi"))];
    assert_eq!(decide(&settings(), &hello, at(100)), ignore(Ignored::Group));
    assert_eq!(decide(&AiSettings { exclude_groups: false, ..settings() }, &hello, at(100)), ASK);
}

#[test]
fn own_messages_are_never_answered() {
    assert_eq!(decide(&settings(), &[outgoing(100, "hi")], at(100)), ignore(Ignored::Own));
}

#[test]
fn status_posts_broadcasts_and_channels_are_never_answered() {
    for chat in ["status@broadcast", "120363000000000001@newsletter"] {
        let post = Message { chat: Jid::parse(chat).unwrap(), ..incoming(100, "hi") };
        assert_eq!(decide(&settings(), &[post], at(100)), ignore(Ignored::Broadcast), "{chat}");
    }
    let listed = Message { broadcast: true, ..incoming(100, "hi") };
    assert_eq!(decide(&settings(), &[listed], at(100)), ignore(Ignored::Broadcast));
}

#[test]
fn what_is_older_than_five_minutes_is_never_answered() {
    let hello = [incoming(100, "hi")];
    assert_eq!(decide(&settings(), &hello, at(400)), ASK);
    assert_eq!(decide(&settings(), &hello, at(401)), ignore(Ignored::Old));
    assert_eq!(decide(&settings(), &hello, at(50)), ASK, "a clock that is behind");
}

#[test]
fn only_texts_and_captions_are_answered() {
    for kind in
        [MessageType::Reaction, MessageType::Vote, MessageType::Location, MessageType::Contact, MessageType::Poll, MessageType::Other]
    {
        assert_eq!(decide(&settings(), &[Message { kind, ..incoming(100, "hi") }], at(100)), ignore(Ignored::Wordless), "{kind:?}");
    }
    let picture = Message { kind: MessageType::Image, ..incoming(100, "") };
    assert_eq!(decide(&settings(), std::slice::from_ref(&picture), at(100)), ignore(Ignored::Wordless));
    let captioned = Message { caption: Some("what is this?".into()), content: "what is this?".into(), ..picture };
    assert_eq!(decide(&settings(), &[captioned], at(100)), ASK);
    assert_eq!(decide(&settings(), &[Message { deleted_at: Some(at(100)), ..incoming(100, "hi") }], at(100)), ignore(Ignored::Wordless));
    assert_eq!(about(&settings(), " \n"), ignore(Ignored::Wordless));
    assert_eq!(decide(&settings(), &[], at(100)), ignore(Ignored::Wordless));
}

#[test]
fn a_fixed_answer_comes_before_keywords_and_the_first_that_fits_is_given() {
    let settings = AiSettings {
        trigger_keywords: vec!["bantuan".into()],
        auto_responses: vec![fixed("hello", "Hello!"), fixed("price", "See our website.")],
        ..settings()
    };
    assert_eq!(about(&settings, "HELLO, what is the price? bantuan"), Decision::Fixed("Hello!".into()));
    assert_eq!(about(&settings, "the price?"), Decision::Fixed("See our website.".into()));
    assert_eq!(about(&settings, "butuh Bantuan"), ASK);
    assert_eq!(about(&settings, "the prices"), ignore(Ignored::Keyword));
}

#[test]
fn fixed_answers_keep_to_hours_and_stay_out_of_groups_too() {
    let never = WorkingHours { enabled: true, days: Vec::new(), ..WorkingHours::default() };
    let settings = AiSettings { auto_responses: vec![fixed("hi", "Hello!")], ..settings() };
    assert_eq!(decide(&settings, &[group(incoming(100, "hi"))], at(100)), ignore(Ignored::Group));
    assert_eq!(about(&AiSettings { working_hours: never, ..settings }, "hi"), ignore(Ignored::Hours));
}

#[test]
fn fragments_of_one_thought_are_read_as_one() {
    let settings = AiSettings { trigger_keywords: vec!["price".into()], ..settings() };
    let fragments = [incoming(100, "hi"), incoming(101, "what is the price"), incoming(102, "of this?")];
    assert_eq!(decide(&settings, &fragments, at(102)), ASK);
    assert_eq!(decide(&settings, &[outgoing(99, "price"), incoming(100, "hi")], at(102)), ignore(Ignored::Keyword));
    assert_eq!(decide(&settings, &[incoming(100, "price"), incoming(450, "hi")], at(450)), ignore(Ignored::Keyword), "the first is old");
}
