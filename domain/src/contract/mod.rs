//! What every adapter of a port has to do, as tests. An adapter's test binary makes a [`World`] of itself and expands each port's list into tests:
//! `domain::commands_contract!(crate::world::start);`

#![allow(clippy::unwrap_used, reason = "a suite fails by panicking")]

pub mod aliases;
pub mod bulks;
pub mod commands;
pub mod deliveries;
pub mod devices;
pub mod events;
pub mod journal;
pub mod key_value;
pub mod leases;
pub mod limits;
pub mod media;
pub mod messages;
pub mod people;
pub mod push;
pub mod replies;
pub mod samples;
pub mod statistics;
pub mod templates;

mod fixed_clock;

pub use fixed_clock::FixedClock;

use std::{fmt::Debug, future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::{task::JoinSet, time::timeout};

use crate::{
    model::{Page, PageRequest},
    ports::{
        Aliases, Bulks, CommandSink, CommandSource, Deliveries, Devices, Epoch, Events, Journal, KeyValue, Limits, Media, Messages, People,
        Replies, Statistics, Templates,
    },
};

/// An installation nobody else uses, empty at first, seen by a host that may write. Runs on the system's time.
pub struct World {
    /// Its devices.
    pub devices: Arc<dyn Devices>,
    /// Its messages.
    pub messages: Arc<dyn Messages>,
    /// Its bulks.
    pub bulks: Arc<dyn Bulks>,
    /// Who is who in it.
    pub aliases: Arc<dyn Aliases>,
    /// Whom and what its accounts know.
    pub people: Arc<dyn People>,
    /// Its templates.
    pub templates: Arc<dyn Templates>,
    /// Its files.
    pub media: Arc<dyn Media>,
    /// Its counts against limits.
    pub limits: Arc<dyn Limits>,
    /// Where its hosts write.
    pub journal: Arc<dyn Journal>,
    /// Where its commands go in.
    pub commands: Arc<dyn CommandSink>,
    /// Where they come out.
    pub source: Arc<dyn CommandSource>,
    /// Its events.
    pub events: Arc<dyn Events>,
    /// Its deliveries.
    pub deliveries: Arc<dyn Deliveries>,
    /// Its keys and values.
    pub keys: Arc<dyn KeyValue>,
    /// Its outcomes.
    pub replies: Arc<dyn Replies>,
    /// Its figures.
    pub statistics: Arc<dyn Statistics>,
    /// The host's turn.
    pub epoch: Epoch,
    /// What comes after a crash.
    pub life: Box<dyn Life>,
}

/// An installation's next life.
#[async_trait]
pub trait Life: Send + Sync {
    /// Stops everything without a word, and starts again with what was stored, as a host with a later epoch.
    async fn crash(self: Box<Self>) -> World;
}

impl World {
    /// The same installation after a crash.
    pub async fn crash(self) -> World {
        let Self { life, .. } = self;
        life.crash().await
    }

    /// The turn of a host that took over from this one.
    pub fn later(&self) -> Epoch {
        Epoch(self.epoch.0 + 1)
    }
}

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What `future` answers, which it does soon.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it happens soon")
}

/// What `count` tasks answer that run at once, in any order.
async fn racing<T: Send + 'static, F: Future<Output = T> + Send + 'static>(count: u64, task: impl Fn(u64) -> F) -> Vec<T> {
    let tasks: JoinSet<T> = (0..count).map(task).collect();
    tasks.join_all().await
}

/// All items of a list, which are the same whether its pages are asked for by number or by cursor.
async fn paged<T: PartialEq + Debug>(list: impl AsyncFn(PageRequest) -> Page<T>) -> Vec<T> {
    let (mut items, mut page) = (Vec::new(), PageRequest { page: 1, limit: 2, cursor: None });
    loop {
        let by_cursor = list(page.clone()).await;
        let by_number = list(PageRequest { cursor: None, ..page.clone() }).await;
        assert_eq!((&by_cursor.items, by_cursor.total), (&by_number.items, by_number.total));
        items.extend(by_cursor.items);
        page = PageRequest { page: page.page + 1, cursor: by_cursor.next, ..page };
        if page.cursor.is_none() {
            assert_eq!(items.len() as u64, by_cursor.total);
            assert_eq!(list(page).await.items, []);
            return items;
        }
    }
}

/// Makes a test of each sentence of a port's suite.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_tests {
    ($port:ident, $start:path, [$($sentence:ident),* $(,)?]) => {
        mod $port {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $sentence() {
                    $crate::contract::$port::$sentence($start().await).await;
                }
            )*
        }
    };
}
