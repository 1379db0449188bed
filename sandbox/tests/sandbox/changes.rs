//! Messages that change others: edits, ends, reactions, votes.

use buffa::MessageField;
use reqwest::Method;
use serde_json::json;
use wacore::poll::PollVoteCiphertext;
use waproto::whatsapp::message::protocol_message;
use waproto::whatsapp::{Message, MessageKey};
use whatsapp_rust::Jid;

use whatsapp_rust::send::RevokeType;

use crate::net::{Companion, Net, Phone};

fn text(text: &str) -> Message {
    Message { conversation: Some(text.to_owned()), ..Default::default() }
}

fn key(chat: &Jid, from_me: bool, id: &str) -> MessageKey {
    MessageKey { remote_jid: Some(chat.to_string()), from_me: Some(from_me), id: Some(id.to_owned()), participant: None }
}

/// Ani with a companion, and Budi.
async fn acquainted(net: &Net) -> (Phone<'_>, Phone<'_>, Companion) {
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    (ani, budi, companion)
}

/// Budi wrote this to Ani, and her companion has it.
async fn greeted(ani: &Phone<'_>, budi: &Phone<'_>, companion: &Companion) -> String {
    let id = budi.write(&ani.number, "halo").await;
    companion.message(&id).await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_edits_and_deletes() {
    let net = Net::start().await;
    let (ani, budi, companion) = acquainted(&net).await;
    companion.send(&budi.jid, "halo", "3EB0A1").await;
    companion.client.edit_message(budi.jid.clone(), "3EB0A1", text("hai")).await.unwrap();
    for phone in [&ani, &budi] {
        let row = phone.message("3EB0A1", |m| m["edited"] == true).await;
        assert_eq!((&row["text"], &row["deleted"]), (&json!("hai"), &json!(false)));
    }
    companion.client.revoke_message(budi.jid.clone(), "3EB0A1", RevokeType::Sender).await.unwrap();
    for phone in [&ani, &budi] {
        let row = phone.message("3EB0A1", |m| m["deleted"] == true).await;
        assert!(row["text"].is_null(), "{row}");
        assert_eq!(phone.messages().await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_edits_and_deletes() {
    let net = Net::start().await;
    let (ani, budi, companion) = acquainted(&net).await;
    let id = greeted(&ani, &budi, &companion).await;

    let edit = budi.letter(&ani.jid, json!({"edit": {"messageId": id, "text": "hai"}})).await;
    let message = companion.message(&edit).await.message;
    let protocol = message.protocol_message.as_option().unwrap();
    assert_eq!(protocol.r#type, Some(protocol_message::Type::MESSAGE_EDIT));
    assert_eq!(protocol.key.as_option().unwrap().id.as_deref(), Some(&*id));
    assert_eq!(protocol.edited_message.as_option().unwrap().conversation.as_deref(), Some("hai"));
    for phone in [&ani, &budi] {
        assert_eq!(phone.message(&id, |m| m["edited"] == true).await["text"], "hai");
    }

    let end = budi.letter(&ani.jid, json!({"delete": {"messageId": id}})).await;
    let message = companion.message(&end).await.message;
    let protocol = message.protocol_message.as_option().unwrap();
    assert_eq!(protocol.r#type, Some(protocol_message::Type::REVOKE));
    assert_eq!(protocol.key.as_option().unwrap().id.as_deref(), Some(&*id));
    for phone in [&ani, &budi] {
        assert!(phone.message(&id, |m| m["deleted"] == true).await["text"].is_null());
        assert_eq!(phone.messages().await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caption_is_edited_and_the_file_stays() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let file = json!({"type": "image", "base64": "YWJj", "caption": "lama"});
    let id = budi.letter(&ani.jid, json!({"media": file})).await;
    budi.letter(&ani.jid, json!({"edit": {"messageId": id, "text": "baru"}})).await;
    let row = ani.message(&id, |m| m["edited"] == true).await;
    assert_eq!((&row["caption"], &row["size"], &row["text"]), (&json!("baru"), &json!(3), &json!(null)));

    budi.letter(&ani.jid, json!({"delete": {"messageId": id}})).await;
    let row = ani.message(&id, |m| m["deleted"] == true).await;
    assert_eq!((&row["caption"], &row["size"], &row["type"]), (&json!(null), &json!(null), &json!("image")));
    let path = format!("/phones/{}/messages/{id}/media", ani.number);
    assert_eq!(net.call(Method::GET, &path, json!(null)).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_changes_what_someone_else_wrote() {
    let net = Net::start().await;
    let (ani, budi, companion) = acquainted(&net).await;
    let id = greeted(&ani, &budi, &companion).await;
    companion.client.edit_message(budi.jid.clone(), &id, text("bukan")).await.unwrap();
    companion.client.revoke_message(budi.jid.clone(), &id, RevokeType::Sender).await.unwrap();
    companion.send(&budi.jid, "selesai", "3EB0B1").await;
    budi.message("3EB0B1", |_| true).await;
    let row = budi.message(&id, |_| true).await;
    assert_eq!((&row["text"], &row["edited"], &row["deleted"]), (&json!("halo"), &json!(false), &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_come_and_go() {
    let net = Net::start().await;
    let (ani, budi, companion) = acquainted(&net).await;
    let id = greeted(&ani, &budi, &companion).await;

    companion.client.send_reaction(budi.jid.clone(), key(&budi.jid, false, &id), "👍").await.unwrap();
    let mut expected = json!([{"from": ani.jid.to_string(), "emoji": "👍"}]);
    for phone in [&ani, &budi] {
        phone.message(&id, |m| m["reactions"] == expected).await;
        let reaction = phone.messages().await.into_iter().find(|m| m["type"] == "reaction").unwrap();
        assert_eq!((&reaction["text"], &reaction["quotedId"]), (&json!("👍"), &json!(id)));
    }

    let own = budi.letter(&ani.jid, json!({"reaction": {"messageId": id, "emoji": "❤"}})).await;
    let message = companion.message(&own).await.message;
    let reaction = message.reaction_message.as_option().unwrap();
    assert_eq!((reaction.text.as_deref(), reaction.key.as_option().unwrap().from_me), (Some("❤"), Some(true)));
    expected.as_array_mut().unwrap().push(json!({"from": budi.jid.to_string(), "emoji": "❤"}));
    for phone in [&ani, &budi] {
        phone.message(&id, |m| m["reactions"] == expected).await;
    }

    budi.letter(&ani.jid, json!({"reaction": {"messageId": id, "emoji": ""}})).await;
    companion.client.send_reaction(budi.jid.clone(), key(&budi.jid, false, &id), "").await.unwrap();
    for phone in [&ani, &budi] {
        phone.message(&id, |m| m["reactions"] == json!([])).await;
    }
}

/// What a vote that a companion received says, given the poll.
async fn open(companion: &Companion, poll: &Message, id: &str, author: &Jid, vote: &str, voter: &Jid) -> Vec<Vec<u8>> {
    let message = companion.message(vote).await.message;
    let update = message.poll_update_message.as_option().unwrap();
    assert_eq!(update.poll_creation_message_key.as_option().unwrap().id.as_deref(), Some(id));
    let value = update.vote.as_option().unwrap();
    let sealed = PollVoteCiphertext { enc_payload: value.enc_payload.as_deref().unwrap(), enc_iv: value.enc_iv.as_deref().unwrap() };
    let secret = poll.message_context_info.as_option().unwrap().message_secret.as_deref().unwrap();
    companion.client.polls().decrypt_vote(sealed, secret, id, author, voter).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_votes_in_the_poll_of_a_phone() {
    let net = Net::start().await;
    let (ani, budi, companion) = acquainted(&net).await;
    let poll = json!({"poll": {"question": "Kapan?", "options": ["Senin", "Selasa", "Rabu"], "selectable": 0}});
    for author in [&budi.jid, &budi.lid] {
        let (to, way) = if author == &budi.lid { (&ani.lid, "lid") } else { (&ani.jid, "pn") };
        let id = budi.letter(to, poll.clone()).await;
        let received = companion.message(&id).await.message;
        let secret = received.message_context_info.as_option().unwrap().message_secret.clone().unwrap();
        for chosen in [&["Senin", "Rabu"][..], &["Selasa"], &[]] {
            let names: Vec<_> = chosen.iter().map(|name| (*name).to_owned()).collect();
            companion.client.polls().vote(budi.jid.clone(), &id, author, &secret, &names).await.unwrap();
            let voters = |option: &str| if chosen.contains(&option) { json!([ani.jid.to_string()]) } else { json!([]) };
            let expected = json!({"Senin": voters("Senin"), "Selasa": voters("Selasa"), "Rabu": voters("Rabu")});
            for phone in [&budi, &ani] {
                phone.message(&id, |m| m["poll"]["votes"] == expected).await;
            }
        }
        assert!(budi.messages().await.iter().all(|m| m["type"] == "poll"), "{way}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_votes_in_the_poll_of_a_companion() {
    let net = Net::start().await;
    let (ani, budi, companion) = acquainted(&net).await;
    let options = ["Senin".to_owned(), "Selasa".to_owned()];
    let (sent, secret) = companion.client.polls().create(budi.jid.clone(), "Kapan?", &options, 1).await.unwrap();
    let id = sent.message_id;
    budi.message(&id, |_| true).await;
    let vote = budi.letter(&ani.jid, json!({"vote": {"messageId": id, "options": ["Selasa"]}})).await;
    let poll = Message {
        message_context_info: MessageField::some(waproto::whatsapp::MessageContextInfo {
            message_secret: Some(secret),
            ..Default::default()
        }),
        ..Default::default()
    };
    let chosen = open(&companion, &poll, &id, &ani.jid, &vote, &budi.jid).await;
    assert_eq!(chosen, [wacore::poll::compute_option_hash("Selasa").to_vec()]);
    let expected = json!({"Senin": [], "Selasa": [budi.jid.to_string()]});
    for phone in [&ani, &budi] {
        phone.message(&id, |m| m["poll"]["votes"] == expected).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_have_it_all_too() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let cici = net.phone("6281100000003", "Cici").await;
    let companion = ani.link().await;
    for addressing in ["lid", "pn"] {
        let group = net.group_by(&ani.number, &[&budi.number, &cici.number], addressing).await;
        let author = if addressing == "lid" { &budi.lid } else { &budi.jid };

        let file = json!({"type": "image", "base64": "YWJj", "caption": "lihat"});
        let id = budi.letter(&group, json!({"media": file})).await;
        let message = companion.message(&id).await.message;
        assert_eq!(companion.client.download(message.image_message.as_option().unwrap()).await.unwrap(), b"abc");
        assert_eq!(cici.message(&id, |m| m["downloaded"] == true).await["size"], 3);
        let reply = cici.letter(&group, json!({"text": "bagus", "quotedId": id, "mentions": [budi.number]})).await;
        let message = companion.message(&reply).await.message;
        let context = message.extended_text_message.as_option().unwrap().context_info.as_option().unwrap();
        assert_eq!((&context.participant, &context.mentioned_jid), (&Some(author.to_string()), &vec![author.to_string()]));

        cici.letter(&group, json!({"reaction": {"messageId": id, "emoji": "👍"}})).await;
        budi.message(&id, |m| m["reactions"] == json!([{"from": cici.jid.to_string(), "emoji": "👍"}])).await;
        budi.letter(&group, json!({"edit": {"messageId": id, "text": "dengar"}})).await;
        cici.message(&id, |m| m["caption"] == "dengar").await;

        let poll = budi.letter(&group, json!({"poll": {"question": "?", "options": ["a", "b"]}})).await;
        let received = companion.message(&poll).await.message;
        let secret = received.message_context_info.as_option().unwrap().message_secret.clone().unwrap();
        companion.client.polls().vote(group.clone(), &poll, author, &secret, &["b".to_owned()]).await.unwrap();
        let vote = cici.letter(&group, json!({"vote": {"messageId": poll, "options": ["a"]}})).await;
        for phone in [&ani, &budi, &cici] {
            phone.message(&poll, |m| m["poll"]["votes"] == json!({"a": [cici.jid.to_string()], "b": [ani.jid.to_string()]})).await;
        }
        let voter = if addressing == "lid" { &cici.lid } else { &cici.jid };
        let chosen = open(&companion, &received, &poll, author, &vote, voter).await;
        assert_eq!(chosen, [wacore::poll::compute_option_hash("a").to_vec()]);

        // Whoever made the group may delete what others wrote; they may not.
        cici.letter(&group, json!({"delete": {"messageId": poll}})).await;
        companion.client.revoke_message(group.clone(), &id, RevokeType::Admin { original_sender: author.clone() }).await.unwrap();
        for phone in [&ani, &budi, &cici] {
            phone.message(&id, |m| m["deleted"] == true).await;
            assert_eq!(phone.message(&poll, |_| true).await["deleted"], false);
        }
    }
}
