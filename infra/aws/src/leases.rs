//! Which host holds which lane. All of it is one partition of the table of leases, so that one read shows the whole board.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use domain::{
    model::{HostId, Lane},
    ports::{Beat, Board, Clock, Epoch, Lease, Leases, PortError, SystemClock},
};

use crate::{
    Clients, Resources,
    error::flaw,
    table::{Item, Refused, Table, key, number, number_of, text, text_of},
};

const BOARD: &str = "board";
const STACK: &str = "stack";
const HOST: &str = "host#";
const LANE: &str = "lane#";

/// The board of hosts and lanes.
#[derive(Clone, Debug)]
pub struct DynamoLeases {
    table: Table,
}

impl DynamoLeases {
    /// Those of a stack.
    pub fn new(clients: &Clients, resources: &Resources) -> Self {
        Self { table: Table::new(clients.dynamodb(), &resources.leases_table) }
    }

    /// The condition that a lane is still what the board says, and its epoch from now on.
    fn held(lane: &Lease, update: UpdateBuilder, host: &HostId) -> (UpdateBuilder, Epoch) {
        // Not only later than all that this table knows of: devices remember the epochs of a table that was lost, or put back to an earlier time.
        let epoch = Epoch((lane.epoch.0 + 1).max(u64::try_from(SystemClock.now().millis()).unwrap_or(0)));
        let update = update
            .update_expression("SET epoch = :new, holder = :me")
            .expression_attribute_values(":new", number(epoch.0))
            .expression_attribute_values(":me", text(host.as_str()));
        let update = match lane.epoch {
            Epoch(0) => update.condition_expression("attribute_not_exists(pk)"),
            seen => {
                let update = update.expression_attribute_values(":seen", number(seen.0));
                match &lane.holder {
                    None => update.condition_expression("epoch = :seen AND attribute_not_exists(holder)"),
                    Some(holder) => update
                        .condition_expression("epoch = :seen AND holder = :holder")
                        .expression_attribute_values(":holder", text(holder.as_str())),
                }
            }
        };
        (update, epoch)
    }
}

#[async_trait]
impl Leases for DynamoLeases {
    async fn agree(&self, lanes: u16) -> Result<u16, PortError> {
        let mut stack = key(BOARD, STACK);
        stack.insert("lanes".into(), number(lanes));
        if self.table.put_new(stack).await? {
            return Ok(lanes);
        }
        let stack = self.table.get(BOARD, STACK).await?.ok_or_else(|| flaw("the board was taken away"))?;
        number_of(&stack, "lanes")
    }

    async fn board(&self) -> Result<Board, PortError> {
        let (mut hosts, mut held, mut lanes) = (Vec::new(), Vec::new(), 0);
        for item in self.table.all(self.table.prefix(BOARD, "")).await? {
            let sk = text_of(&item, "sk")?;
            if let Some(host) = sk.strip_prefix(HOST) {
                let leaves = item.get("leaves").and_then(|leaves| leaves.as_bool().ok()).copied().unwrap_or(false);
                hosts.push(Beat { host: HostId::parse(host).map_err(flaw)?, number: number_of(&item, "beat")?, leaves });
            } else if let Some(lane) = sk.strip_prefix(LANE) {
                held.push(lease(lane.parse().map(Lane).map_err(flaw)?, &item)?);
            } else {
                lanes = number_of(&item, "lanes")?;
            }
        }
        let free = |lane| Lease { lane, holder: None, epoch: Epoch(0) };
        let known = |lane| held.iter().find(|lease: &&Lease| lease.lane == lane).cloned();
        let leases = Lane::all(lanes).map(|lane| known(lane).unwrap_or_else(|| free(lane))).collect();
        Ok(Board { hosts, leases })
    }

    async fn beat(&self, beat: &Beat) -> Result<Board, PortError> {
        let mut item = key(BOARD, &host_key(&beat.host));
        item.insert("beat".into(), number(beat.number));
        item.insert("leaves".into(), aws_sdk_dynamodb::types::AttributeValue::Bool(beat.leaves));
        self.table.put(item).await?;
        self.board().await
    }

    async fn take(&self, lane: Lane, host: &HostId, board: &Board) -> Result<Option<Epoch>, PortError> {
        let Some(lease) = board.leases.iter().find(|lease| lease.lane == lane) else { return Ok(None) };
        let mut new = Epoch(0);
        let mut writes = vec![self.table.to_update(BOARD, &lane_key(lane), |update| {
            let (update, epoch) = Self::held(lease, update, host);
            new = epoch;
            update
        })?];
        if let Some(holder) = lease.holder.as_ref().filter(|holder| *holder != host) {
            writes.push(self.table.to_check(BOARD, &host_key(holder), |check| match board.beat(holder) {
                None => check.condition_expression("attribute_not_exists(pk)"),
                Some(watched) => check.condition_expression("beat = :beat").expression_attribute_values(":beat", number(watched.number)),
            })?);
        }
        match self.table.transact(writes).await {
            Ok(()) => Ok(Some(new)),
            Err(Refused::Conditions(_)) => Ok(None),
            Err(Refused::Port(error)) => Err(error),
        }
    }

    async fn release(&self, lane: Lane, host: &HostId, epoch: Epoch) -> Result<(), PortError> {
        let release = UpdateBuilder::default()
            .set_key(Some(key(BOARD, &lane_key(lane))))
            .update_expression("REMOVE holder")
            .condition_expression("epoch = :mine AND holder = :me")
            .expression_attribute_values(":mine", number(epoch.0))
            .expression_attribute_values(":me", text(host.as_str()));
        self.table.update(release).await.map(drop)
    }

    async fn withdraw(&self, beat: &Beat) -> Result<(), PortError> {
        let withdraw = self.table.to_delete(BOARD, &host_key(&beat.host), |delete| {
            delete.condition_expression("beat = :beat").expression_attribute_values(":beat", number(beat.number))
        })?;
        match self.table.transact(vec![withdraw]).await {
            Ok(()) | Err(Refused::Conditions(_)) => Ok(()),
            Err(Refused::Port(error)) => Err(error),
        }
    }
}

fn host_key(host: &HostId) -> String {
    format!("{HOST}{host}")
}

fn lane_key(lane: Lane) -> String {
    format!("{LANE}{:05}", lane.0)
}

fn lease(lane: Lane, item: &Item) -> Result<Lease, PortError> {
    let holder = item.contains_key("holder").then(|| text_of(item, "holder")).transpose()?;
    let holder = holder.map(HostId::parse).transpose().map_err(flaw)?;
    Ok(Lease { lane, holder, epoch: Epoch(number_of(item, "epoch")?) })
}
