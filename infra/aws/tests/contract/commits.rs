//! A commit may be more than one transaction holds, and hosts may meet: whatever happens between its requests, it is done once. And what one costs.

use aws::{Clients, Records};
use domain::{
    contract::samples::*,
    model::{Device, Message, MessageFilter, MessageStatus},
    ports::{Devices, Epoch, EventScope, Events, Journal, Messages, People, Step},
};
use tokio::task::JoinSet;

use crate::{between::Between, stand_in::StandIn};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_any_moment_of_a_long_commit_loses_and_doubles_nothing() {
    let stand_in = StandIn::find().await;
    let resources = stand_in.stack().await;
    let between = Between::start(&stand_in.url).await;
    let crashing = Records::new(&Clients::to(&between.url), &resources);
    let records = Records::new(&Clients::to(&stand_in.url), &resources);
    const HIDDEN: u64 = 30;
    for requests in 0.. {
        let device = device(&requests.to_string());
        assert!(records.create(&device).await.unwrap());
        let name = |n| 1_000 * requests as u64 + n;
        let hidden = |n| Message { chat: lid(2), from: Some(lid(2)), ..incoming(&device, n) };
        let steps: Vec<Step> = (1..=HIDDEN)
            .map(|n| message_step(name(n), &hidden(n)))
            .chain([
                alias_step(name(100), &phone(2), &lid(2)),
                message_step(name(101), &hidden(101)),
                session_step(name(102), &connected()),
            ])
            .collect();
        let done = between.until(requests, crashing.commit(&device.id, Epoch(1), steps.clone())).await;

        // The session is what it is told to be once more.
        let repeated = records.commit(&device.id, Epoch(1), steps).await.unwrap().len();
        let told = Events::after(&records, &event_id(name(0)), &EventScope::Device(device.id.clone()), 1_000).await.unwrap();
        let expected = HIDDEN + 3 + u64::from(repeated == 1);
        assert_eq!(told.iter().map(|event| event.seq).collect::<Vec<_>>(), (1..=expected).collect::<Vec<_>>(), "{requests}");
        let of_device = MessageFilter { device: Some(device.id.clone()), ..MessageFilter::default() };
        assert_eq!(records.tally(&of_device).await.unwrap().total, HIDDEN + 1, "{requests}");
        let of_chat = MessageFilter { chat: Some(phone(2)), ..of_device };
        let listed = Messages::list(&records, &of_chat, &first_page(100)).await.unwrap();
        assert_eq!((listed.total, listed.items.len() as u64), (HIDDEN + 1, HIDDEN + 1), "{requests}");
        let chat = records.chat(&device.id, &phone(2)).await.unwrap().unwrap();
        assert_eq!(u64::from(chat.unread), HIDDEN + 1, "{requests}");
        if done.is_some() {
            assert!(requests > 10);
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_hosts_that_meet_each_stores_all_of_its_commits() {
    let stand_in = StandIn::find().await;
    let resources = stand_in.stack().await;
    let hosts: Vec<Records> = (0..3).map(|_| Records::new(&Clients::to(&stand_in.url), &resources)).collect();
    let device = device("a");
    assert!(hosts[0].create(&device).await.unwrap());
    let mut commits = JoinSet::new();
    for (host, records) in (0..).zip(hosts.iter().cloned()) {
        let device: Device = device.clone();
        commits.spawn(async move {
            let mut seqs = Vec::new();
            for n in 0..10 {
                let steps = vec![
                    message_step(10 * host + n, &incoming(&device, 10 * host + n)),
                    message_step(100 + n, &incoming(&device, 100 + n)),
                ];
                seqs.extend(records.commit(&device.id, Epoch(1), steps).await.unwrap().iter().map(|event| event.seq));
            }
            seqs
        });
    }
    let mut seqs = commits.join_all().await.concat();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=40).collect::<Vec<_>>());
    assert_eq!(Devices::get(&hosts[0], &device.id).await.unwrap().unwrap().counts.received, 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sent_text_writes_four_items_and_a_received_one_four() {
    let stand_in = StandIn::find().await;
    let resources = stand_in.stack().await;
    let between = Between::start(&stand_in.url).await;
    let records = Records::new(&Clients::to(&between.url), &resources);
    let device = device("a");
    assert!(records.create(&device).await.unwrap());
    let send = async |n| {
        records.accept(&outgoing(&device, n), None).await.unwrap();
        records.commit(&device.id, Epoch(1), vec![status_step(n, &outgoing(&device, n), MessageStatus::Sent)]).await.unwrap();
    };
    let receive = async |n| records.commit(&device.id, Epoch(1), vec![message_step(n, &incoming(&device, n))]).await.unwrap();
    // The first ones make the chat and the contact, and raise the fences.
    send(1).await;
    receive(2).await;
    // Accepted: the message. Sent: the message, its event, the head.
    assert_eq!(between.writes(send(3)).await.1, 4);
    // The message, its chat, its event, the head.
    assert_eq!(between.writes(receive(4)).await.1, 4);
}
