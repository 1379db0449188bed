//! The stack of queues, tables and files as the ports of a host, one lane at a time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ai::Timing;
use anyhow::Result;
use async_trait::async_trait;
use aws::{Bucket, Clients, DeviceKeys, DynamoLeases, Outcomes, Queues, Records, Sockets};
use domain::{
    pipeline::Links,
    ports::{Leases, RandomIds, SystemClock},
};
use futures::future::BoxFuture;
use session_host::{
    Host, Network, Ports, deliver,
    lanes::{Hold, Work},
    replies,
};
use tokio_util::task::TaskTracker;

use crate::config::Config;

/// How long what is in hand may take when a lane is handed over, so that its devices are off line for no more than a moment.
const SETTLE: Duration = Duration::from_secs(1);

/// Messages that wait longer have lost their command. A stack's hosts come and go: not everything that waits when one starts was left behind.
const LEFT_BEHIND: Duration = Duration::from_secs(30);

/// How far apart lanes of one dead host are taken at most.
const TOGETHER: Duration = Duration::from_millis(500);

/// Everything that the lanes of a host share.
#[derive(Clone)]
pub struct Stack(Arc<Shared>);

struct Shared {
    leases: Arc<DynamoLeases>,
    records: Records,
    queues: Queues,
    keys: Arc<DeviceKeys>,
    files: Arc<Bucket>,
    links: Links,
    replies: Arc<Outcomes>,
    sockets: Sockets,
    network: Network,
    config: Box<dyn Fn() -> session_host::Config + Send + Sync>,
    #[cfg(feature = "sandbox")]
    crash_at: Option<session_host::crash::CrashAt>,
    /// Queues that are left and not closed yet.
    closing: TaskTracker,
    hangs_up: AtomicBool,
}

impl Stack {
    /// Asks nothing of anybody yet.
    pub async fn open(config: &Config) -> Result<Self> {
        let (clients, resources) = (Clients::from_environment().await, &config.resources);
        let records = Records::new(&clients, resources);
        // What a dead host had in hand comes again soon after its lanes are taken.
        let visibility = Duration::from_secs((config.lease + SETTLE).as_secs() + 1);
        Ok(Self(Arc::new(Shared {
            leases: Arc::new(DynamoLeases::new(&clients, resources)),
            queues: Queues::new(&clients, resources).with_visibility(visibility),
            keys: Arc::new(DeviceKeys::new(&clients, resources)),
            files: Arc::new(Bucket::new(&clients, resources)),
            links: Links::new(format!("{}/api/whatsapp", config.public_url), &config.link_secret),
            replies: Arc::new(Outcomes::new(&clients, resources)),
            sockets: Sockets::new(&clients, resources, Arc::new(records.clone())),
            records,
            #[cfg(feature = "sandbox")]
            network: Network::sandbox(&config.sandbox.url)?,
            #[cfg(not(feature = "sandbox"))]
            network: Network::default(),
            #[cfg(feature = "sandbox")]
            crash_at: config.sandbox.crash_at.clone(),
            config: work(config),
            closing: TaskTracker::new(),
            hangs_up: AtomicBool::new(false),
        })))
    }

    pub fn leases(&self) -> Arc<dyn Leases> {
        self.0.leases.clone()
    }

    /// Begins to work a lane.
    pub fn begin(&self, Hold { lane, epoch, tenure, broken_off }: Hold) -> BoxFuture<'static, Box<dyn Work>> {
        let shared = self.0.clone();
        if broken_off {
            self.hang_up();
        }
        Box::pin(async move {
            let (records, queues) = (Arc::new(shared.records.of_lane(lane)), shared.queues.of_lane(lane));
            let ports = Ports {
                devices: records.clone(),
                messages: records.clone(),
                bulks: records.clone(),
                media: shared.files.clone(),
                links: shared.links.clone(),
                aliases: records.clone(),
                people: records.clone(),
                journal: records.clone(),
                commands: Arc::new(queues.clone()),
                sink: Arc::new(queues.clone()),
                deliveries: records,
                key_values: shared.keys.clone(),
                replies: shared.replies.clone(),
                push: Arc::new(shared.sockets.clone()),
                clock: Arc::new(SystemClock),
                ids: Arc::new(RandomIds),
                epoch,
                tenure,
            };
            #[cfg(feature = "sandbox")]
            let ports = session_host::crash::crashing(ports, shared.crash_at.clone());
            let mut work = (shared.config)();
            if broken_off {
                // Whatever waits may be what the dead host left behind: what was not is queued already, and taken for the same.
                work.left_behind = Duration::ZERO;
            }
            let host = Host::start(ports, shared.network.clone(), work).await;
            Box::new(OfLane { host: Some(host), queues, closing: shared.closing.clone() }) as Box<dyn Work>
        })
    }

    /// Has the clients of all sockets come again and say what they saw last, once for the lanes that are taken together.
    fn hang_up(&self) {
        if self.0.hangs_up.swap(true, Ordering::Relaxed) {
            return;
        }
        let shared = self.0.clone();
        tokio::spawn(async move {
            tokio::time::sleep(TOGETHER).await;
            shared.hangs_up.store(false, Ordering::Relaxed);
            shared.sockets.hang_up().await;
        });
    }

    /// Waits for what goes on when no lane is held any more.
    pub async fn close(&self) {
        self.0.closing.close();
        tokio::join!(self.0.closing.wait(), self.0.sockets.flush());
    }
}

/// How the host of a lane works.
fn work(config: &Config) -> Box<dyn Fn() -> session_host::Config + Send + Sync> {
    let webhooks = deliver::Config { grace: SETTLE, ..deliver::Config::new(config.webhook_secret.clone(), config.outside.reach()) };
    let providers = config.outside.providers(Timing::default());
    #[cfg(feature = "sandbox")]
    let (webhooks, ai_pause) = (webhooks.faster(config.sandbox.webhook_speed), config.sandbox.ai_pause);
    Box::new(move || {
        let mut work = session_host::Config::new(webhooks.clone(), replies::Config::new(providers.clone()));
        (work.settle, work.left_behind) = (SETTLE, LEFT_BEHIND);
        #[cfg(feature = "sandbox")]
        ai_pause.into_iter().for_each(|pause| work.replies.pause = pause);
        work
    })
}

/// A lane that is held.
struct OfLane {
    /// Until it is handed over.
    host: Option<Host>,
    queues: Queues,
    closing: TaskTracker,
}

#[async_trait]
impl Work for OfLane {
    async fn hand_over(mut self: Box<Self>) {
        self.queues.stop();
        // It is dropped, and so cut off, if this is broken off.
        if let Some(host) = self.host.take() {
            host.shutdown().await;
        }
        self.queues.release_all().await;
    }
}

impl Drop for OfLane {
    fn drop(&mut self) {
        // What was not given back is the next host's, and not to be kept from it any longer: not even if a hand-over was broken off.
        self.queues.abandon();
        let queues = self.queues.clone();
        self.closing.spawn(async move { queues.closed().await });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use aws::Resources;
    use domain::ports::CommandSource;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        time::timeout,
    };

    use super::*;

    /// Where whatever is asked is refused.
    async fn nowhere() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    while stream.read(&mut [0; 64 * 1024]).await.is_ok_and(|read| read > 0) {
                        stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await.unwrap();
                    }
                });
            }
        });
        url
    }

    #[tokio::test]
    async fn a_hand_over_that_is_broken_off_keeps_nothing_in_hand() {
        let url = nowhere().await;
        let resources = Resources { command_queues: vec![format!("{url}/q0")], ..Resources::default() };
        let queues = Queues::new(&Clients::to(&url), &resources);
        assert!(timeout(Duration::from_millis(10), queues.receive(1)).await.is_err());
        let closing = TaskTracker::new();
        // As it is while its host shuts down.
        queues.stop();
        drop(OfLane { host: None, queues, closing: closing.clone() });
        closing.close();
        timeout(Duration::from_secs(20), closing.wait()).await.expect("nothing goes on for the lane");
    }
}
