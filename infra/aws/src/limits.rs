//! How often something may be done, counted by all functions together. What is allowed often is taken in blocks: a function that goes on running answers from
//! what it has taken, and writes when that is used up.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use domain::{
    model::Timestamp,
    ports::{Count, Limits, PortError},
};
use tokio::sync::Mutex;

use crate::{
    Clients, Resources,
    table::{Item, Table, key, number, number_of},
};

/// A block is this part of what is allowed in a window, or one time if that is more: what is lost with functions that end is little, and limits below 100 are exact.
const BLOCKS: u32 = 50;

/// Most windows to remember; beyond that all are forgotten, and what was taken of them is lost.
const MOST: usize = 10_000;

/// How long a window outlasts its end, for functions whose clocks are late.
const GRACE: Duration = Duration::from_secs(60);

const SK: &str = "limit";

/// Counts of all functions, in the table of what passes.
#[derive(Clone, Debug)]
pub struct Counters {
    table: Table,
    /// Held while a block is taken: a function has one request at a time.
    windows: Arc<Mutex<HashMap<String, Window>>>,
}

/// What this process knows of a window.
#[derive(Clone, Copy, Debug)]
struct Window {
    ends: Timestamp,
    /// Taken so far, by whomever.
    taken: u32,
    /// What of that is left here.
    left: u32,
}

impl Window {
    fn of(item: &Item, left: u32) -> Result<Self, PortError> {
        Ok(Self { ends: Timestamp::from_millis(number_of(item, "ends")?), taken: number_of(item, "taken")?, left })
    }

    /// Whether it counts at `now`; one that ends later than a new one would does not: the clock was set back.
    fn holds(&self, now: Timestamp, length: Duration) -> bool {
        now < self.ends && self.ends <= now + length
    }
}

impl Counters {
    /// Those in the table of what passes.
    pub fn new(clients: &Clients, resources: &Resources) -> Self {
        Self { table: Table::new(clients.dynamodb(), &resources.passing_table), windows: Arc::default() }
    }

    /// Takes a block, or what is left of the window, or nothing if that is nothing. Begins a window if there is none.
    async fn take(&self, key: &str, limit: u32, length: Duration, now: Timestamp) -> Result<Window, PortError> {
        let mut block = (limit / BLOCKS).max(1);
        loop {
            if let Some(window) = self.take_more(key, block, limit, length, now).await? {
                return Ok(window);
            }
            if let Some(window) = self.begin(key, block, length, now).await? {
                return Ok(window);
            }
            // There is a window, with less than a block left: unless it began just now.
            let Some(item) = self.table.get(&partition(key), SK).await? else { continue };
            let window = Window::of(&item, 0)?;
            if window.holds(now, length) {
                if window.taken >= limit {
                    return Ok(window);
                }
                block = block.min(limit - window.taken);
            }
        }
    }

    async fn take_more(&self, key: &str, block: u32, limit: u32, length: Duration, now: Timestamp) -> Result<Option<Window>, PortError> {
        let more = update(key)
            .update_expression("SET taken = taken + :block")
            .condition_expression("ends > :now AND ends <= :latest AND taken <= :most")
            .expression_attribute_values(":block", number(block))
            .expression_attribute_values(":now", number(now.millis()))
            .expression_attribute_values(":latest", number((now + length).millis()))
            .expression_attribute_values(":most", number(limit.saturating_sub(block)));
        self.table.update(more).await?.map(|item| Window::of(&item, block)).transpose()
    }

    async fn begin(&self, key: &str, block: u32, length: Duration, now: Timestamp) -> Result<Option<Window>, PortError> {
        let ends = now + length;
        let new = update(key)
            .update_expression("SET ends = :ends, taken = :block, expires_at = :expires_at")
            .condition_expression("attribute_not_exists(pk) OR ends <= :now OR ends > :ends")
            .expression_attribute_values(":now", number(now.millis()))
            .expression_attribute_values(":ends", number(ends.millis()))
            .expression_attribute_values(":block", number(block))
            .expression_attribute_values(":expires_at", number((ends + GRACE).seconds()));
        self.table.update(new).await?.map(|item| Window::of(&item, block)).transpose()
    }
}

#[async_trait]
impl Limits for Counters {
    async fn count(&self, key: &str, limit: u32, window: Duration, now: Timestamp) -> Result<Count, PortError> {
        let mut windows = self.windows.lock().await;
        let known = windows.get(key).copied().filter(|known| known.holds(now, window));
        let mut standing = match known {
            Some(known) if known.left > 0 || known.taken >= limit => known,
            _ => self.take(key, limit, window, now).await?,
        };
        let allowed = standing.left > 0;
        standing.left -= u32::from(allowed);
        if windows.len() >= MOST {
            windows.retain(|_, window| window.ends > now);
        }
        if windows.len() >= MOST {
            windows.clear();
        }
        windows.insert(key.to_owned(), standing);
        let remaining = limit.saturating_sub(standing.taken) + standing.left;
        Ok(Count { allowed, remaining, resets_at: standing.ends })
    }
}

fn partition(key: &str) -> String {
    format!("limit#{key}")
}

fn update(name: &str) -> UpdateBuilder {
    UpdateBuilder::default().set_key(Some(key(&partition(name), SK)))
}
