//! A device is more than one transaction deletes: after a crash before any request of its deletion, the same call deletes what is left.

use std::time::Duration;

use aws::{Clients, DeviceKeys, Queues, Records, Resources};
use domain::{
    contract::samples::*,
    model::{Bulk, Device, Envelope, Removed},
    ports::{Bulks, Clock, CommandSink, Devices, Epoch, Journal, KeyValue, Op, SystemClock},
};

use crate::{between::Between, stand_in::StandIn};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_that_was_cut_off_is_finished_by_the_next() {
    let stand_in = StandIn::find().await;
    let resources = stand_in.stack().await;
    let between = Between::start(&stand_in.url).await;
    let crashing = Records::new(&Clients::to(&between.url), &resources);
    let clients = Clients::to(&stand_in.url);
    let records = Records::new(&clients, &resources);
    let removed = Some(Removed { messages: 31, contacts: 1, sessions: 1 });
    for requests in 0.. {
        let device = device_with_webhook(&requests.to_string());
        fill(&device, &records, &clients, &resources).await;
        match between.until(requests, Devices::delete(&crashing, &device.id)).await {
            Some(done) => {
                assert_eq!(done.unwrap(), removed);
                assert_eq!(left(&stand_in, &resources).await, (0, 0));
                assert!(requests > 8, "{requests}");
                return;
            }
            // But for the last look, when the device itself is gone.
            None if Devices::get(&records, &device.id).await.unwrap().is_some() => {
                assert_eq!(Devices::delete(&records, &device.id).await.unwrap(), removed, "{requests}");
            }
            None => {}
        }
        assert_eq!(left(&stand_in, &resources).await, (0, 0), "{requests}");
    }
}

/// Some of everything.
async fn fill(device: &Device, records: &Records, clients: &Clients, resources: &Resources) {
    assert!(Devices::create(records, device).await.unwrap());
    let mut steps = vec![session_step(0, &connected())];
    steps.extend((1..=30).map(|n| message_step(n, &incoming(device, n))));
    records.commit(&device.id, Epoch(1), steps).await.unwrap();
    let bulk = Bulk {
        id: bulk_id(1),
        device_id: device.id.clone(),
        session_id: device.session_id.clone(),
        size: 1,
        delay: Duration::ZERO,
        created_at: at(0),
        cancelled_at: None,
    };
    Bulks::accept(records, &bulk, &[outgoing(device, 31)], Some("key")).await.unwrap();
    let keys = DeviceKeys::new(clients, resources);
    keys.write(&device.id, Epoch(1), vec![Op::Put { key: "key".into(), value: vec![1], expires_at: None }]).await.unwrap();
    let later = Envelope { due_at: SystemClock.now() + Duration::from_secs(3600), ..envelope(&device.alias, "1") };
    Queues::new(clients, resources).enqueue(&later).await.unwrap();
}

/// How many items there are in the tables of records and of keys.
async fn left(stand_in: &StandIn, resources: &Resources) -> (u64, u64) {
    (stand_in.items(&resources.records_table).await, stand_in.items(&resources.keys_table).await)
}
