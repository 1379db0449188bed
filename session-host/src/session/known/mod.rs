//! What is known of people, chats and groups: what WhatsApp tells of them is stored beside everything else, and what it only hints at is asked
//! for, in the background.
//!
//! WhatsApp is told that we have such news before they are stored, so a crash just then loses them until the next look. Everything is looked at
//! after each start of the host, and when a connection comes back after an hour.

mod contacts;
mod groups;
mod history;
mod news;
mod queue;

use std::{collections::BTreeSet, future::pending, sync::Arc, time::Duration};

use domain::{
    model::{EventData, Jid},
    ports::{Change, PortError},
};
use tokio::time::{Instant, timeout};
use wacore::types::events::Event;
use whatsapp_rust::{Client, NodeFilter};

pub use self::history::{Arranged, chat_changes, push_names};
pub use self::queue::News;
use self::queue::{Look, Queue, State};
use super::{BACKOFF, inbox::Inbox, refusal::Refusal};

/// News stored in one go.
const BATCH: usize = 200;

/// How long a stop waits for what was told.
const SETTLE: Duration = Duration::from_secs(5);

/// Changes of a group come in swarms: one look serves for all within this time.
const SWARM: Duration = Duration::from_millis(200);

/// How long WhatsApp may take to answer, and how often it is asked.
const LOOK: Duration = Duration::from_secs(15);
const TRIES: u32 = 5;

/// Between two looks of any device, so that a thousand that come back at once take turns.
const PAUSE: Duration = Duration::from_millis(50);

/// How long to wait, again and again, for the connection.
const OFF_LINE: Duration = Duration::from_secs(3600);

/// What is known of one device's people, chats and groups.
#[derive(Clone, Default)]
pub struct Known {
    queue: Arc<Queue>,
    /// Held by whoever looks at groups and stores what was seen, so that nothing newer is overwritten.
    pub(super) groups: Arc<tokio::sync::Mutex<()>>,
}

impl Known {
    /// Where the library's news go in.
    pub fn news(&self) -> News {
        News(self.queue.clone())
    }

    /// Stores what is told and looks at what is hinted at, for as long as it is polled.
    pub async fn run(&self, inbox: &Inbox, client: &Client) {
        tokio::join!(self.store(inbox, client), self.look(inbox, client), self.watch_blocked(client));
    }

    /// Waits until everything told so far is stored.
    pub async fn up_to_date(&self) {
        loop {
            let stored = self.queue.stored.notified();
            if self.queue.state().news.is_empty() {
                return;
            }
            stored.await;
        }
    }

    /// The same, but not for long.
    pub async fn settle(&self) {
        if timeout(SETTLE, self.up_to_date()).await.is_err() {
            tracing::warn!("news of people and chats were cut off");
        }
    }

    /// The account is another one from now on.
    pub fn forget(&self) {
        *self.queue.state() = State::default();
    }

    /// Looks at a group again, when there is time.
    pub fn hint_group(&self, group: Jid) {
        self.queue.state().groups.insert(group);
        self.queue.hinted.notify_one();
    }

    /// The groups that there are hints of, which are looked at now.
    fn hinted_groups(&self) -> BTreeSet<Jid> {
        std::mem::take(&mut self.queue.state().groups)
    }

    /// Looks at people's pictures, when there is time.
    pub fn hint_pictures(&self, people: impl IntoIterator<Item = Jid>) {
        let mut state = self.queue.state();
        people.into_iter().for_each(|person| state.want_picture(Some(person)));
        self.queue.hinted.notify_one();
    }

    async fn store(&self, inbox: &Inbox, client: &Client) {
        loop {
            let news = self.queue.first_news(BATCH);
            if news.is_empty() {
                self.queue.told.notified().await;
                continue;
            }
            let begun = Instant::now();
            // Boxed like the looks below: idle devices need no room for it.
            Box::pin(self.store_batch(inbox, client, &news)).await;
            self.queue.state().news.drain(..news.len());
            self.queue.stored.notify_waiters();
            if news.len() == BATCH {
                // Half of the time the store is everybody else's.
                tokio::time::sleep(begun.elapsed()).await;
            }
        }
    }

    async fn store_batch(&self, inbox: &Inbox, client: &Client, news: &[Arc<Event>]) {
        let mut failures = 0;
        let changes = loop {
            match inbox.read_news(client, news).await {
                Ok(changes) => break changes,
                Err(error) => inbox.failed_to_keep(&mut failures, &error).await,
            }
        };
        inbox.keep(changes.into_iter().map(|change| (change, None)).collect()).await;
    }

    async fn look(&self, inbox: &Inbox, client: &Client) {
        loop {
            self.queue.hinted.notified().await;
            tokio::time::sleep(SWARM).await;
            let mut failures = 0;
            loop {
                let Some(next) = self.queue.state().next() else { break };
                while client.wait_for_connected(OFF_LINE).await.is_err() {}
                let turn = inbox.shared.receiving.looks.acquire().await.expect("turns never end");
                let seen = timeout(LOOK, Box::pin(inbox.look_at(client, &next))).await.unwrap_or(Err(Refusal::TIMEOUT));
                match seen {
                    Err(refusal) if refusal.is_passing() && failures < TRIES => {
                        failures += 1;
                        self.queue.state().put_back(next);
                        drop(turn);
                        tokio::time::sleep(BACKOFF.after(failures)).await;
                        continue;
                    }
                    Err(refusal) => tracing::debug!(device = %inbox.device, refusal = refusal.as_str(), "something could not be looked at"),
                    Ok(()) if next == Look::AllGroups => self.queue.state().complete_since = Some(Instant::now()),
                    Ok(()) => {}
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// The library keeps to itself that the list of the blocked has changed.
    async fn watch_blocked(&self, client: &Client) {
        loop {
            let news = client.wait_for_node(NodeFilter::tag("notification").attr("type", "account_sync"));
            let Ok(news) = news.await else { return };
            if news.get().get_optional_child("blocklist").is_some() {
                self.queue.state().blocked = true;
                self.queue.hinted.notify_one();
            }
        }
    }
}

impl Inbox {
    async fn look_at(&self, client: &Client, look: &Look) -> Result<(), Refusal> {
        match look {
            Look::Blocked => self.look_at_blocked(client).await,
            Look::AllGroups => self.look_at_all_groups(client).await,
            Look::Group(group) => self.look_at_group(client, group).await,
            Look::Picture(of) => self.look_at_picture(client, of).await,
        }
    }

    /// Stores changes, and tells of those that take effect, however long the store takes to come back.
    pub(super) async fn keep(&self, changes: Vec<(Change, Option<EventData>)>) {
        if changes.is_empty() {
            return;
        }
        let steps: Vec<_> = changes.iter().map(|(change, data)| self.shared.publisher.step(change.clone(), data.as_ref())).collect();
        let mut failures = 0;
        while let Err(error) = self.shared.publisher.publish(&self.device, steps.clone()).await {
            self.failed_to_keep(&mut failures, &error).await;
        }
        self.people.told(changes.iter().map(|(change, _)| change));
    }

    async fn failed_to_keep(&self, failures: &mut u32, error: &PortError) {
        if matches!(error, PortError::Fenced) {
            // Another host holds the device now, and knows all this by itself.
            return pending().await;
        }
        *failures += 1;
        tracing::error!(device = %self.device, ?error, "news of people, chats and groups could not be stored");
        tokio::time::sleep(BACKOFF.after(*failures)).await;
    }
}
