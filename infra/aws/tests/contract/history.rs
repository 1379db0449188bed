//! Events and deliveries that wait for long, or that the index does not know.

use aws::{Clients, Records};
use aws_sdk_dynamodb::{Client, types::AttributeValue};
use domain::{
    contract::samples::*,
    model::{DeliveryStatus, Device, EventId},
    ports::{Deliveries, Devices, Epoch, EventScope, Events, Journal},
};

use crate::stand_in::StandIn;

/// A device's records, and the table that they are in.
struct History {
    records: Records,
    device: Device,
    client: Client,
    table: String,
    _stand_in: StandIn,
}

impl History {
    /// A device with a webhook and events of these numbers.
    async fn of(numbers: &[u64]) -> Self {
        let stand_in = StandIn::find().await;
        let resources = stand_in.stack().await;
        let records = Records::new(&Clients::to(&stand_in.url), &resources);
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version_latest()
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(&stand_in.url)
            .region(aws_sdk_dynamodb::config::Region::new("us-east-1"))
            .credentials_provider(aws_sdk_dynamodb::config::Credentials::for_tests())
            .build();
        let device = device_with_webhook("a");
        assert!(records.create(&device).await.unwrap());
        let steps: Vec<_> = numbers.iter().map(|n| session_step(*n, &connected())).collect();
        records.commit(&device.id, Epoch(1), steps).await.unwrap();
        Self { records, device, client: Client::from_conf(config), table: resources.records_table, _stand_in: stand_in }
    }

    async fn change(&self, sk: &str, seq: u64, expression: &str) {
        let change = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(format!("D#{}", self.device.id)))
            .key("sk", AttributeValue::S(format!("{sk}#{seq:020}")))
            .update_expression(expression)
            .condition_expression("attribute_exists(pk)");
        let change = if expression.contains(":past") {
            change.expression_attribute_values(":past", AttributeValue::N("1000".to_owned()))
        } else {
            change
        };
        change.send().await.unwrap();
    }

    async fn delete(&self, sk: &str, seq: u64) {
        let delete = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(format!("D#{}", self.device.id)))
            .key("sk", AttributeValue::S(format!("{sk}#{seq:020}")));
        delete.send().await.unwrap();
    }

    async fn next(&self) -> Vec<u64> {
        let next = self.records.next(&self.device.id, &[], 10).await.unwrap();
        next.into_iter().map(|delivery| delivery.event.seq).collect()
    }

    /// Those given up, with the reasons; and how many are counted.
    async fn given_up(&self) -> (Vec<(u64, String)>, u64) {
        let failed = Deliveries::list(&self.records, &self.device.id, Some(DeliveryStatus::Failed), &first_page(10)).await.unwrap();
        let failed = failed.items.into_iter().map(|record| (record.seq, record.reason.unwrap())).collect();
        (failed, Devices::get(&self.records, &self.device.id).await.unwrap().unwrap().deliveries.failed)
    }
}

#[tokio::test]
async fn what_waits_for_too_long_is_given_up_even_while_the_webhook_is_paused() {
    let history = History::of(&[1, 2, 3]).await;
    history.change("waiting", 1, "SET waits_until = :past").await;
    assert_eq!(history.next().await, [2, 3]);
    assert_eq!(history.given_up().await, (vec![(1, "expired".to_owned())], 1));
    let id = &history.device.id;
    history.records.failed(id, &event_id(2), at(1), at(2), "timeout").await.unwrap();
    history.records.pause(id, at(3)).await.unwrap();
    history.change("waiting", 3, "SET waits_until = :past").await;
    assert_eq!(history.next().await, [0; 0]);
    assert_eq!(history.given_up().await, (vec![(3, "expired".to_owned()), (1, "expired".to_owned())], 2));
    assert_eq!(history.records.waiting().await.unwrap(), std::slice::from_ref(id));
}

#[tokio::test]
async fn what_lost_its_event_is_given_up_and_not_kept() {
    let history = History::of(&[1, 2, 3]).await;
    history.delete("event", 1).await;
    history.delete("event", 2).await;
    assert_eq!(history.next().await, [3]);
    assert_eq!(history.given_up().await, (vec![], 2));
    history.delete("event", 3).await;
    history.records.give_up(&history.device.id, &event_id(3), at(1), "gone").await.unwrap();
    assert_eq!((history.given_up().await, history.next().await), ((vec![], 3), vec![]));
}

#[tokio::test]
async fn a_delivery_is_done_though_the_index_does_not_know_its_event() {
    let numbers: Vec<u64> = (1..=90).collect();
    let history = History::of(&numbers).await;
    for seq in [1, 40, 90] {
        history.change("event", seq, "REMOVE i1").await;
        history.records.succeeded(&history.device.id, &event_id(seq), at(1)).await.unwrap();
    }
    let pending = Deliveries::list(&history.records, &history.device.id, Some(DeliveryStatus::Pending), &first_page(200)).await.unwrap();
    assert_eq!(pending.total, 87);
    assert!(pending.items.iter().all(|record| ![1, 40, 90].contains(&record.seq)));
}

#[tokio::test]
async fn a_place_is_found_among_many_events_with_gaps_and_disorder() {
    // Every other number is an event's, some are the wrong way round, and some are gone.
    let mut numbers: Vec<u64> = (1..=600).map(|n| 2 * n).collect();
    (0..600).step_by(37).for_each(|place| numbers[place..(place + 4).min(600)].reverse());
    let history = History::of(&numbers).await;
    let gone = [1, 2, 3, 4, 5, 200, 201, 202, 203, 333, 598, 600];
    for seq in gone {
        history.delete("event", seq).await;
    }
    let stored: Vec<(u64, EventId)> =
        (1..).zip(&numbers).filter(|(seq, _)| !gone.contains(seq)).map(|(seq, n)| (seq, event_id(*n))).collect();
    let scope = EventScope::Device(history.device.id.clone());
    for n in (0..=1_210).step_by(7) {
        let id = event_id(n);
        let last = stored.iter().find(|(_, other)| *other == id).map(|(seq, _)| *seq).unwrap_or_else(|| {
            let later = stored.iter().filter(|(_, other)| *other > id).min_by_key(|(_, other)| other).map_or(u64::MAX, |(seq, _)| *seq);
            stored.iter().rev().find(|(seq, other)| *other < id && *seq < later).map_or(0, |(seq, _)| *seq)
        });
        let wanted: Vec<u64> = stored.iter().map(|(seq, _)| *seq).filter(|seq| *seq > last).take(3).collect();
        let found: Vec<u64> = history.records.after(&id, &scope, 3).await.unwrap().iter().map(|event| event.seq).collect();
        assert_eq!(found, wanted, "{n}");
    }
}
