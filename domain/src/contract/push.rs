//! What [`Push`] and [`Subscription`] promise where sockets live in the process.

use std::sync::Arc;

use tokio::sync::broadcast::error::RecvError;

use super::{samples::*, soon};
use crate::{
    model::{Event, EventData, EventDraft},
    ports::{Push, Subscription},
};

/// Makes a test of each sentence here, for the [`Sockets`] that `$start` makes.
#[macro_export]
macro_rules! push_contract {
    ($start:path) => {
        $crate::contract_tests!(
            push,
            $start,
            [every_listener_gets_every_event_in_order, nobody_listening_is_fine, a_listener_that_falls_behind_is_told_so]
        );
    };
}

/// Both ends of the way to the sockets.
pub struct Sockets {
    /// Where events go in.
    pub push: Arc<dyn Push>,
    /// Where they come out.
    pub subscription: Arc<dyn Subscription>,
}

pub async fn every_listener_gets_every_event_in_order(sockets: Sockets) {
    let mut listeners = [sockets.subscription.subscribe(), sockets.subscription.subscribe()];
    for seq in 1..=3 {
        sockets.push.push(event(seq)).await.unwrap();
    }
    for listener in &mut listeners {
        for seq in 1..=3 {
            assert_eq!(soon(listener.recv()).await.unwrap().frame(), event(seq).frame());
        }
    }
}

pub async fn nobody_listening_is_fine(sockets: Sockets) {
    sockets.push.push(event(1)).await.unwrap();
    let mut listener = sockets.subscription.subscribe();
    sockets.push.push(event(2)).await.unwrap();
    assert_eq!(soon(listener.recv()).await.unwrap().seq, 2);
}

pub async fn a_listener_that_falls_behind_is_told_so(sockets: Sockets) {
    let mut listener = sockets.subscription.subscribe();
    for seq in 1..=20_000 {
        sockets.push.push(event(seq)).await.unwrap();
    }
    assert!(matches!(soon(listener.recv()).await, Err(RecvError::Lagged(_))));
    assert!(soon(listener.recv()).await.is_ok());
}

fn event(seq: u64) -> Event {
    let draft = EventDraft::new(event_id(seq), at(seq), &EventData::connection_update(&connected()));
    Event { id: draft.id, seq, device_id: device("a").id, kind: draft.kind, at: draft.at, trace: None, data: draft.data }
}
