//! What lists and totals cost grows with what is asked for, not with what is stored: counted in items that DynamoDB looks at.

use aws::{Clients, Records};
use domain::{
    contract::samples::*,
    model::{Cursor, Device, Message, MessageFilter, MessageStatus, MessageType, PageRequest},
    ports::{Devices, Epoch, Journal, Messages, Step},
};

use crate::{between::Between, stand_in::StandIn};

const DAY_MS: u64 = 24 * 3_600_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_and_totals_cost_the_same_however_much_is_stored() {
    let stand_in = StandIn::find().await;
    let resources = stand_in.stack().await;
    let between = Between::start(&stand_in.url).await;
    let records = Records::new(&Clients::to(&between.url), &resources);
    let devices = [device("a"), device("b")];
    for device in &devices {
        assert!(records.create(device).await.unwrap());
    }
    store(&records, &devices, 0..100).await;
    let few = costs(&between, &records, &devices[0]).await;
    store(&records, &devices, 100..800).await;
    let many = costs(&between, &records, &devices[0]).await;
    for ((name, few), (_, many)) in few.into_iter().zip(many) {
        assert!(0 < few && many <= few + 2 && many < 150, "{name}: {few} items, then {many}");
    }
}

/// Messages of five days, dealt out over them and over the devices.
async fn store(records: &Records, devices: &[Device], numbers: std::ops::Range<u64>) {
    let numbers: Vec<u64> = numbers.collect();
    for device in devices {
        for numbers in numbers.chunks(40) {
            let messages = numbers.iter().map(|n| {
                let status = if n % 2 == 0 { MessageStatus::Delivered } else { MessageStatus::Read };
                let timestamp = at(n % 5 * DAY_MS + n * 1000);
                let kind = if n % 3 == 0 { MessageType::Location } else { MessageType::Text };
                Message { status, timestamp, kind, ..incoming(device, *n) }
            });
            let steps: Vec<Step> = messages.map(|message| Step { event: None, ..message_step(1, &message) }).collect();
            records.commit(&device.id, Epoch(1), steps).await.unwrap();
        }
    }
}

async fn costs(between: &Between, records: &dyn Messages, device: &Device) -> Vec<(&'static str, u64)> {
    let of_device = MessageFilter { device: Some(device.id.clone()), ..MessageFilter::default() };
    let midnight = DAY_MS - at(0).millis().unsigned_abs() % DAY_MS;
    let days = MessageFilter { since: Some(at(midnight)), until: Some(at(midnight + 3 * DAY_MS)), ..of_device.clone() };
    let filters = [
        ("everybody's", MessageFilter::default()),
        ("a user's", MessageFilter { user: Some(device.user_id), ..MessageFilter::default() }),
        ("a device's", of_device.clone()),
        ("a device's of some days", days),
        ("a device's of a kind", MessageFilter { kind: Some(MessageType::Location), ..of_device.clone() }),
        ("a device's of a status", MessageFilter { status: Some(MessageStatus::Read), ..of_device.clone() }),
        ("a device's of a status that none has", MessageFilter { status: Some(MessageStatus::Failed), ..of_device.clone() }),
        ("a message", MessageFilter { id: Some(message_id(7)), ..of_device }),
    ];
    let mut costs = Vec::new();
    for (name, filter) in filters {
        let first = PageRequest { page: 1, limit: 10, cursor: None };
        let (page, cost) = between.cost(records.list(&filter, &first)).await;
        costs.push((name, cost));
        if let Some(Cursor(next)) = page.unwrap().next {
            let (page, cost) = between.cost(records.list(&filter, &PageRequest { cursor: Some(Cursor(next)), ..first })).await;
            assert_eq!(page.unwrap().items.len(), 10);
            costs.push((name, cost));
        }
        let (tally, cost) = between.cost(records.tally(&filter)).await;
        tally.unwrap();
        costs.push((name, cost));
    }
    costs
}
