//! Webhook delivery: every stored event reaches its receiver at least once, and those about one chat in their order.
//!
//! A crash between a post and its mark repeats the post, with the same `webhook-id` and event id. Receivers are kept apart: each device has
//! a worker of its own while something waits for it, and no limit is shared between devices. A receiver that refuses one event gets those of
//! other chats meanwhile; one that takes nothing is asked with one at a time, less and less often, and in the end not at all.

mod attempt;
mod line;
mod worker;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use domain::{
    model::{DeviceId, Timestamp},
    pipeline::Backoff,
    ports::{Clock, Deliveries, PortError},
};
use tokio::{runtime::Handle, sync::watch, time};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use fetch::Reach;
use fetch::{Fetcher, Webhooks};

use self::worker::Worker;
use crate::tenure::Tenure;

/// How often the store is asked which devices have something waiting, in case a wake was lost with the task that was to give it.
const SURVEY: Duration = Duration::from_secs(60);

/// How deliveries are made.
#[derive(Clone)]
pub struct Config {
    /// Signs and posts: clones share their connections, and the authorities that were read for them.
    pub webhooks: Webhooks,
    /// Gets what lies where webhooks may.
    pub fetcher: Fetcher,
    /// The waits after failures, of receivers and of the store.
    pub backoff: Backoff,
    /// A webhook that has taken nothing for this long is paused.
    pub patience: Duration,
    /// How long posts in hand may take at a shutdown.
    pub grace: Duration,
    /// For how long posts may be made.
    pub tenure: Tenure,
}

impl Config {
    /// The usual waits: 1 second to 5 minutes after failures, a day until a pause, 5 seconds at a shutdown. `secret` signs for webhooks without one of their
    /// own. Must be called after a rustls crypto provider is installed.
    pub fn new(secret: impl Into<String>, reach: Reach) -> Self {
        Self {
            webhooks: Webhooks::new(reach, secret),
            fetcher: Fetcher::new(reach),
            backoff: Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(300) },
            patience: Duration::from_secs(24 * 3600),
            grace: Duration::from_secs(5),
            tenure: Tenure::unlimited(),
        }
    }

    /// The same in a world whose receivers live so many times as fast.
    pub fn faster(mut self, times: u32) -> Self {
        for wait in [&mut self.backoff.first, &mut self.backoff.longest, &mut self.patience] {
            *wait /= times.max(1);
        }
        self
    }
}

/// Delivers what waits in the store.
#[derive(Clone)]
pub struct Deliverer(Arc<Shared>);

impl Deliverer {
    /// Starts with whatever a former run left waiting. Must be called within a tokio runtime.
    pub fn start(deliveries: Arc<dyn Deliveries>, clock: Arc<dyn Clock>, config: Config) -> Self {
        let deliverer = Self(Arc::new(Shared {
            webhooks: config.webhooks,
            deliveries,
            clock,
            backoff: config.backoff,
            patience: config.patience,
            grace: config.grace,
            tenure: config.tenure,
            workers: Mutex::default(),
            runtime: Handle::current(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            stopped: CancellationToken::new(),
        }));
        deliverer.0.spawn(deliverer.clone().survey());
        deliverer
    }

    /// Tells that something new waits for the device. Returns at once.
    pub fn wake(&self, device: &DeviceId) {
        self.notify(device, |_| {});
    }

    /// Tells that the device's webhook was changed, or that it works again: what waits is looked at anew. Returns at once.
    pub fn renew(&self, device: &DeviceId) {
        self.notify(device, |renewals| *renewals += 1);
    }

    fn notify(&self, device: &DeviceId, change: impl FnOnce(&mut u64)) {
        let mut workers = self.0.workers();
        // A worker that panicked has left its receiver closed: the next wake replaces it.
        if let Some(worker) = workers.get(device).filter(|worker| !worker.is_closed()) {
            worker.send_modify(change);
            return;
        }
        if self.0.stopping.is_cancelled() {
            return;
        }
        let (wake, wakes) = watch::channel(0);
        workers.insert(device.clone(), wake);
        self.0.spawn(Worker::new(self.0.clone(), device.clone(), wakes).run());
    }

    /// Starts no more posts, and returns when those in hand are done or their time is up. What is left is delivered after the next start.
    pub async fn shutdown(&self) {
        self.0.stopping.cancel();
        self.0.tasks.close();
        if time::timeout(self.0.grace, self.0.tasks.wait()).await.is_err() {
            self.0.stopped.cancel();
            self.0.tasks.wait().await;
        }
    }

    /// Ends whatever goes on, wherever it is.
    pub fn abandon(&self) {
        self.0.stopping.cancel();
        self.0.stopped.cancel();
    }

    async fn survey(self) {
        while let Some(devices) = self.0.insist(|| self.0.deliveries.waiting()).await {
            devices.iter().for_each(|device| self.wake(device));
            if self.0.pause(SURVEY).await.is_none() {
                return;
            }
        }
    }
}

struct Shared {
    webhooks: Webhooks,
    deliveries: Arc<dyn Deliveries>,
    clock: Arc<dyn Clock>,
    backoff: Backoff,
    patience: Duration,
    grace: Duration,
    tenure: Tenure,
    /// How to wake the workers there are.
    workers: Mutex<HashMap<DeviceId, watch::Sender<u64>>>,
    runtime: Handle,
    tasks: TaskTracker,
    /// No more posts.
    stopping: CancellationToken,
    /// No more anything.
    stopped: CancellationToken,
}

impl Shared {
    fn workers(&self) -> MutexGuard<'_, HashMap<DeviceId, watch::Sender<u64>>> {
        self.workers.lock().expect("nothing panics while it holds the workers")
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stopped = self.stopped.clone();
        self.tasks.spawn_on(
            async move {
                stopped.run_until_cancelled(task).await;
            },
            &self.runtime,
        );
    }

    /// Lets a worker go, unless it has been woken since it last looked.
    fn retire(&self, device: &DeviceId, wakes: &watch::Receiver<u64>) -> bool {
        let mut workers = self.workers();
        let idle = !wakes.has_changed().unwrap_or(false);
        if idle {
            workers.remove(device);
        }
        idle
    }

    /// Repeats a call to the store until it works. `None` if the device is another host's by now, or this one stops.
    async fn insist<T, F>(&self, call: impl Fn() -> F) -> Option<T>
    where
        F: Future<Output = Result<T, PortError>>,
    {
        let mut failures = 0;
        loop {
            match call().await {
                Ok(value) => return Some(value),
                Err(PortError::Fenced) => return None,
                Err(PortError::Unavailable(error)) => {
                    failures += 1;
                    tracing::warn!(?error, failures, "the store of deliveries failed");
                    self.pause(self.backoff.after(failures)).await?;
                }
            }
        }
    }

    /// How long it is until then. Not at all if that cannot be meant, because the clock jumped back.
    fn wait(&self, until: Timestamp) -> Duration {
        let wait = until.since(self.clock.now());
        if wait <= self.backoff.longest { wait } else { Duration::ZERO }
    }

    /// Waits; `None` if the host stops.
    async fn pause(&self, duration: Duration) -> Option<()> {
        self.stopping.run_until_cancelled(time::sleep(duration)).await
    }
}
