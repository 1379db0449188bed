//! Commands that are not due yet: SQS cannot hold back a single message of a group.

use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use domain::{
    model::{Envelope, Lane, Timestamp},
    ports::PortError,
};
use tokio::sync::Semaphore;

use crate::{
    Clients, Resources,
    commands::Entry,
    error::flaw,
    layout,
    table::{self, Item, Table},
};

/// Puts at once: a bulk puts a thousand.
const PUTS: usize = 32;

/// Most commands that are looked at at once.
const PAGE: i32 = 100;

pub(crate) struct Schedule {
    table: Table,
    puts: Semaphore,
}

/// Commands that have become due, the earliest first.
pub(crate) struct Due {
    pub entries: Vec<Entry>,
    /// Whether there may be more.
    pub more: bool,
    keys: Vec<Item>,
}

impl Schedule {
    pub fn new(clients: &Clients, resources: &Resources) -> Self {
        Self { table: Table::new(clients.dynamodb(), &resources.records_table), puts: Semaphore::new(PUTS) }
    }

    /// Keeps a command until it is due; the same one again is the same.
    pub async fn put(&self, lane: Lane, envelope: &Envelope, entry: &Entry) -> Result<(), PortError> {
        let sk = format!("{}{}", before(envelope.due_at), envelope.id);
        let item = table::item(&layout::lane(lane), &sk, entry)?;
        let _turn = self.puts.acquire().await.map_err(flaw)?;
        self.table.put(item).await
    }

    /// What is due at `now`. May miss what came in a moment ago, and may have what was forgotten a moment ago.
    pub async fn due(&self, lane: Lane, now: Timestamp) -> Result<Due, PortError> {
        let query = self
            .table
            .query()
            .key_condition_expression("pk = :pk AND sk < :sk")
            .expression_attribute_values(":pk", table::text(layout::lane(lane)))
            .expression_attribute_values(":sk", table::text(before(Timestamp::from_millis(now.millis() + 1))))
            .limit(PAGE);
        let (items, next) = self.table.page(query, None).await?;
        let mut due = Due { entries: Vec::with_capacity(items.len()), more: next.is_some(), keys: Vec::with_capacity(items.len()) };
        for item in items {
            due.keys.push(table::key(table::text_of(&item, "pk")?, table::text_of(&item, "sk")?));
            due.entries.push(table::value(item)?);
        }
        Ok(due)
    }

    pub async fn forget(&self, due: &Due) -> Result<(), PortError> {
        let deletion = |key: &Item| {
            let request = DeleteRequest::builder().set_key(Some(key.clone())).build().map_err(flaw)?;
            Ok::<_, PortError>(WriteRequest::builder().delete_request(request).build())
        };
        self.table.write_many(due.keys.iter().map(deletion).collect::<Result<_, _>>()?).await
    }
}

/// What the sort keys of all that is due at this moment begin with.
fn before(moment: Timestamp) -> String {
    format!("{}#", layout::number(u64::try_from(moment.millis()).unwrap_or(0)))
}
