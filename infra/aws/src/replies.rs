//! Short-lived answers of a host to whoever waits for a command's outcome: one write for each, and whoever waits looks again and again.

use std::time::Duration;

use async_trait::async_trait;
use domain::{
    model::{CommandId, Outcome},
    ports::{Clock, PortError, Replies, SystemClock},
};
use tokio::time::Instant;

use crate::{
    Clients, Resources,
    error::flaw,
    table::{Item, Table, key, number, number_of, text, text_of},
};

/// How long an outcome is kept for somebody who asks late.
const KEPT: Duration = Duration::from_secs(60);

/// No wait is longer, whatever is asked for.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// Between the first two looks; twice as long each time, as far as [`SLOWEST`].
const FIRST: Duration = Duration::from_millis(20);

const SLOWEST: Duration = Duration::from_millis(200);

/// Outcomes of commands, on their way from hosts to functions.
#[derive(Clone, Debug)]
pub struct Outcomes {
    table: Table,
}

impl Outcomes {
    /// Those in the table of what passes.
    pub fn new(clients: &Clients, resources: &Resources) -> Self {
        Self { table: Table::new(clients.dynamodb(), &resources.passing_table) }
    }
}

#[async_trait]
impl Replies for Outcomes {
    async fn reply(&self, to: &CommandId, outcome: Outcome) -> Result<(), PortError> {
        let mut item = key(&partition(to), SK);
        let expires_at = (SystemClock.now() + KEPT).seconds();
        item.extend([
            ("outcome".to_owned(), text(serde_json::to_string(&outcome).map_err(flaw)?)),
            ("expires_at".to_owned(), number(expires_at)),
        ]);
        self.table.put(item).await
    }

    async fn wait(&self, to: &CommandId, timeout: Duration) -> Result<Option<Outcome>, PortError> {
        let (pk, deadline) = (partition(to), Instant::now() + timeout.min(LONGEST_WAIT));
        let mut pause = FIRST;
        loop {
            // Of all who see it one deletes it.
            if is_there(self.table.get(&pk, SK).await?.as_ref())
                && let Some(taken) = self.table.delete(&pk, SK).await?
            {
                return serde_json::from_str(text_of(&taken, "outcome")?).map(Some).map_err(flaw);
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            tokio::time::sleep_until(deadline.min(Instant::now() + pause)).await;
            pause = SLOWEST.min(pause * 2);
        }
    }
}

const SK: &str = "reply";

fn partition(command: &CommandId) -> String {
    format!("reply#{command}")
}

/// Whether there is an outcome: what has expired goes away some time later.
fn is_there(item: Option<&Item>) -> bool {
    item.is_some_and(|item| number_of::<i64>(item, "expires_at").is_ok_and(|end| end > SystemClock.now().seconds()))
}
