//! Several lists of events read as one, each only as far as it is needed.

use std::{cmp::Reverse, collections::BinaryHeap, collections::VecDeque};

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use domain::ports::PortError;
use futures::{StreamExt, TryStreamExt, stream};

use crate::table::{Item, Table, text_of};

/// Lists read from at once.
const AT_ONCE: usize = 16;

/// Fewest and most events read from a list at a time.
const CHUNK: (usize, usize) = (8, 500);

/// What a query finds, read as it is needed.
pub(super) struct Source {
    query: QueryFluentBuilder,
    /// Where to go on reading.
    start: Option<Item>,
    more: bool,
    read: VecDeque<Item>,
}

impl Source {
    pub fn new(query: QueryFluentBuilder) -> Self {
        Self { query, start: None, more: true, read: VecDeque::new() }
    }

    /// The id of the next event; reads on if it has to.
    async fn next(&mut self, table: &Table, chunk: i32) -> Result<Option<String>, PortError> {
        while self.read.is_empty() && self.more {
            let (items, start) = table.page(self.query.clone().limit(chunk), self.start.take()).await?;
            self.more = start.is_some();
            (self.read, self.start) = (items.into(), start);
        }
        self.read.front().map(|item| Ok(text_of(item, "p1")?.to_owned())).transpose()
    }
}

/// The first events of all, in the order of their ids; those of one source in its own order.
pub(super) async fn merge(table: &Table, mut sources: Vec<Source>, limit: usize) -> Result<Vec<Item>, PortError> {
    let chunk = (2 * limit / sources.len().max(1)).clamp(CHUNK.0, CHUNK.1).min(limit.max(1)) as i32;
    let firsts: Vec<_> = sources.iter_mut().map(|source| source.next(table, chunk)).collect();
    let firsts: Vec<_> = stream::iter(firsts).buffered(AT_ONCE).try_collect().await?;
    let mut heads: BinaryHeap<_> = (0..).zip(firsts).filter_map(|(source, first)| Some(Reverse((first?, source)))).collect();
    let mut merged = Vec::new();
    while merged.len() < limit
        && let Some(Reverse((_, place))) = heads.pop()
    {
        let source: &mut Source = &mut sources[place];
        merged.extend(source.read.pop_front());
        if merged.len() < limit {
            heads.extend(source.next(table, chunk).await?.map(|next| Reverse((next, place))));
        }
    }
    Ok(merged)
}
