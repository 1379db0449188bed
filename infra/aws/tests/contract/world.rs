//! A stack's tables, queues and bucket as a world for the suites.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use aws::{Bucket, Clients, Counters, DeviceKeys, DynamoLeases, Figures, Outcomes, Queues, Records, Resources};
use domain::{
    contract::{Life, World},
    ports::{Epoch, Leases},
};

use crate::stand_in::StandIn;

/// An empty stack.
pub async fn start() -> World {
    let stand_in = StandIn::find().await;
    let resources = stand_in.stack().await;
    open(stand_in, resources, Epoch(1))
}

/// A stack without hosts.
pub async fn leases() -> (Arc<dyn Leases>, StandIn) {
    let stand_in = StandIn::find().await;
    let resources = stand_in.stack().await;
    (Arc::new(DynamoLeases::new(&Clients::to(&stand_in.url), &resources)), stand_in)
}

fn open(stand_in: StandIn, resources: Resources, epoch: Epoch) -> World {
    let clients = Clients::to(&stand_in.url);
    let records = Arc::new(Records::new(&clients, &resources));
    // Short, so that what was in hand at a crash comes again soon.
    let queues = Arc::new(Queues::new(&clients, &resources).with_visibility(Duration::from_secs(3)));
    World {
        devices: records.clone(),
        messages: records.clone(),
        bulks: records.clone(),
        aliases: records.clone(),
        people: records.clone(),
        templates: records.clone(),
        media: Arc::new(Bucket::new(&clients, &resources)),
        limits: Arc::new(Counters::new(&clients, &resources)),
        journal: records.clone(),
        commands: queues.clone(),
        source: queues,
        events: records.clone(),
        deliveries: records.clone(),
        keys: Arc::new(DeviceKeys::new(&clients, &resources)),
        replies: Arc::new(Outcomes::new(&clients, &resources)),
        statistics: Arc::new(Figures::new(&clients, &resources, &records)),
        epoch,
        life: Box::new(Stack { stand_in, resources, epoch }),
    }
}

struct Stack {
    stand_in: StandIn,
    resources: Resources,
    epoch: Epoch,
}

#[async_trait]
impl Life for Stack {
    /// What a host holds in its hands is gone with it; what is in the stack is not.
    async fn crash(self: Box<Self>) -> World {
        open(self.stand_in, self.resources, Epoch(self.epoch.0 + 1))
    }
}
