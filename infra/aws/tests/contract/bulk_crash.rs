//! A bulk is more than one transaction holds: a crash before any request of its acceptance leaves all of it or nothing.

use aws::{Clients, Records};
use domain::{
    contract::samples::*,
    model::{Bulk, BulkPart, Device, Message, MessageFilter, PageRequest, Timestamp},
    ports::{Accepted, Bulks, Devices, Messages},
};

use crate::{between::Between, stand_in::StandIn};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_any_moment_leaves_a_bulk_that_is_soon_whole_or_none() {
    let stand_in = StandIn::find().await;
    let resources = stand_in.stack().await;
    let between = Between::start(&stand_in.url).await;
    let crashing = Records::new(&Clients::to(&between.url), &resources);
    let records = Records::new(&Clients::to(&stand_in.url), &resources);
    let (mut whole, mut none) = (0, 0);
    for requests in 0.. {
        let device = device(&requests.to_string());
        assert!(records.create(&device).await.unwrap());
        let (first, messages) = bulk(&device, 2 * requests as u64);
        let done = between.until(requests, Bulks::accept(&crashing, &first, &messages, Some("key"))).await;

        // Half of the time the sweep comes first, half of the time whoever asks for the bulk.
        if requests % 2 == 0 {
            Messages::pending(&records, Timestamp::MAX, 1000).await.unwrap();
        }
        let key = Bulks::accepted(&records, &device.id, "key").await.unwrap();
        let found = records.messages(&first.id, &PageRequest { page: 1, limit: 10, cursor: None }).await.unwrap().items;
        let total = total(&records, &device).await;
        if Bulks::get(&records, &first.id).await.unwrap().is_some() {
            assert_eq!((key, found, total), (Some(first.clone()), messages.clone(), 3), "{requests}");
            whole += 1;
        } else {
            assert_eq!((key, found, total), (None, Vec::new(), 0), "{requests}");
            none += 1;
        }

        // It may be asked for again, under another id.
        let (again, others) = bulk(&device, 2 * requests as u64 + 1);
        let answer = Bulks::accept(&records, &again, &others, Some("key")).await.unwrap();
        assert_eq!(answer == Accepted::New, total == 0);
        assert_eq!(self::total(&records, &device).await, 3);
        if done.is_some() {
            break;
        }
    }
    assert!(whole > 5 && none >= 3, "{whole} {none}");
}

async fn total(messages: &dyn Messages, device: &Device) -> u64 {
    messages.tally(&MessageFilter { device: Some(device.id.clone()), ..MessageFilter::default() }).await.unwrap().total
}

fn bulk(device: &Device, n: u64) -> (Bulk, Vec<Message>) {
    let bulk = Bulk {
        id: bulk_id(n),
        device_id: device.id.clone(),
        session_id: device.session_id.clone(),
        size: 3,
        delay: std::time::Duration::ZERO,
        created_at: at(0),
        cancelled_at: None,
    };
    let part =
        |index| Message { bulk: Some(BulkPart { id: bulk.id.clone(), index, delay_ms: 0 }), ..outgoing(device, n * 10 + u64::from(index)) };
    let messages = (0..3).map(part).collect();
    (bulk, messages)
}
