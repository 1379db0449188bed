//! Getting the files of messages, after the messages themselves are stored and told. The store knows which are missing, so that a crash loses none.

mod attempt;
mod pipe;

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{
    model::{DeviceId, EventData, MediaFile, MediaPlace, Message, MessageKey},
    pipeline::Backoff,
    ports::{Change, LinkOptions, PortError},
};
use futures::{StreamExt, future::OptionFuture, stream::FuturesUnordered};
use tokio::{sync::Notify, time::Instant};
use whatsapp_rust::Client;

use self::attempt::Miss;
use super::read::{Reference, reference};
use crate::host::Shared;

/// Files of one device that are downloaded at the same time.
const AT_ONCE: usize = 3;

/// Most messages of one device kept in mind; the store knows the others.
const IN_MIND: usize = 1000;

/// Between tries, and how many there are: about an hour in all.
const BACKOFF: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(300) };
const TRIES: u32 = 24;

/// How long a link to a file is good for when it is told.
const LINK: Duration = Duration::from_secs(24 * 3600);

/// The files a device misses.
#[derive(Clone)]
pub struct Downloads {
    shared: Arc<Shared>,
    device: DeviceId,
    queue: Arc<Queue>,
}

#[derive(Default)]
struct Queue {
    news: Mutex<News>,
    wake: Notify,
}

#[derive(Default)]
struct News {
    messages: VecDeque<Message>,
    /// There were more than anybody can keep in mind.
    more: bool,
}

/// A file to be downloaded.
struct Job {
    message: Message,
    reference: Reference,
    failures: u32,
    due_at: Instant,
}

impl Downloads {
    /// Nothing is missed yet.
    pub fn new(shared: Arc<Shared>, device: DeviceId) -> Self {
        Self { shared, device, queue: Arc::default() }
    }

    /// These messages are stored and miss their files.
    pub fn add(&self, messages: impl IntoIterator<Item = Message>) {
        let mut news = self.queue.news();
        for message in messages {
            if news.messages.len() < IN_MIND {
                news.messages.push_back(message);
            } else {
                news.more = true;
            }
        }
        drop(news);
        self.queue.wake.notify_one();
    }

    /// Downloads what is missed, and what comes to be missed, for as long as it is polled.
    pub async fn run(&self, client: Arc<Client>) {
        let mut board = Board { more: true, ..Board::default() };
        let mut running = FuturesUnordered::new();
        loop {
            if board.more && board.jobs.is_empty() && running.is_empty() {
                board.more = false;
                let messages = self.missed().await;
                board.more = messages.len() == IN_MIND;
                for message in messages {
                    self.enter(&mut board, message).await;
                }
            }
            let news = std::mem::take(&mut *self.queue.news());
            board.more |= news.more;
            for message in news.messages {
                self.enter(&mut board, message).await;
            }
            while running.len() < AT_ONCE
                && let Some(mut job) = board.due()
            {
                let (downloads, client) = (self.clone(), client.clone());
                running.push(async move {
                    let result = downloads.attempt(&client, &job.message, &job.reference).await;
                    let over = downloads.conclude(&mut job, result).await;
                    (job, over)
                });
            }
            let full = running.len() == AT_ONCE;
            tokio::select! {
                Some((job, over)) = running.next() => board.put_back(job, over),
                () = self.queue.wake.notified() => {}
                Some(()) = OptionFuture::from(board.next_due().map(tokio::time::sleep_until)), if !full => {}
            }
        }
    }

    async fn missed(&self) -> Vec<Message> {
        let mut failures = 0;
        loop {
            match self.shared.ports.messages.awaiting_media(&self.device, IN_MIND as u32).await {
                Ok(messages) => return messages,
                Err(error) => {
                    failures += 1;
                    tracing::error!(device = %self.device, ?error, "the messages that miss their files could not be listed");
                    tokio::time::sleep(BACKOFF.after(failures)).await;
                }
            }
        }
    }

    async fn enter(&self, board: &mut Board, message: Message) {
        if board.jobs.len() >= IN_MIND {
            board.more = true;
            return;
        }
        match message.media().and_then(reference) {
            Some(reference) => board.add(Job { message, reference, failures: 0, due_at: Instant::now() }),
            None => _ = self.give_up(&message, "unreadable").await,
        }
    }

    /// Draws the consequences of a try; whether the job is over.
    async fn conclude(&self, job: &mut Job, result: Result<MediaFile, Miss>) -> bool {
        let error = match result {
            Ok(file) => match self.got(&job.message, &file).await {
                Ok(()) => return true,
                Err(PortError::Fenced) => return true,
                Err(error) => error.into(),
            },
            Err(Miss::Never(why)) => return self.give_up(&job.message, why).await,
            Err(Miss::Moved(direct_path)) => {
                job.reference.direct_path = Some(direct_path);
                anyhow::anyhow!("the phone has put the file in place again")
            }
            Err(Miss::Later(error)) => error,
        };
        job.failures += 1;
        tracing::info!(device = %self.device, message_id = %job.message.id, failures = job.failures, ?error, "a file could not be downloaded");
        if job.failures >= TRIES {
            return self.give_up(&job.message, "download_failed").await;
        }
        job.due_at = Instant::now() + BACKOFF.after(job.failures);
        false
    }

    async fn got(&self, message: &Message, file: &MediaFile) -> Result<(), PortError> {
        let Some(id) = file.stored() else { return Ok(()) };
        let ports = &self.shared.ports;
        let options = LinkOptions { mime_type: Some(file.mime_type.clone()), file_name: file.file_name.clone() };
        let url = ports.links.download(&self.device, id, ports.clock.now() + LINK, &options);
        self.tell(message, file, |message| EventData::media_received(message, file, url.clone())).await
    }

    async fn give_up(&self, message: &Message, why: &'static str) -> bool {
        tracing::warn!(device = %self.device, message_id = %message.id, why, "a file was given up");
        let Some(file) = message.media() else { return true };
        let file = MediaFile { place: MediaPlace::Failed { error: why.to_owned() }, ..file.clone() };
        match self.tell(message, &file, |message| EventData::media_failed(message, &file, why)).await {
            Ok(()) | Err(PortError::Fenced) => true,
            // It is still on record as missed, and is tried again after a restart at the latest.
            Err(error) => {
                tracing::error!(device = %self.device, message_id = %message.id, ?error, "that a file was given up could not be stored");
                true
            }
        }
    }

    /// Stores what became of a message's file, and tells it. The message may have moved to another chat meanwhile.
    async fn tell(&self, message: &Message, file: &MediaFile, data: impl Fn(&Message) -> EventData) -> Result<(), PortError> {
        let mut message = message.clone();
        loop {
            message.attachment = Some(domain::model::Attachment::Media(file.clone()));
            let key = message.key();
            let change = Change::Media { key: key.clone(), file: file.clone() };
            let step = self.shared.publisher.step(change, Some(&data(&message)));
            if !self.shared.publisher.publish(&self.device, vec![step]).await?.is_empty() {
                return Ok(());
            }
            match self.shared.ports.messages.get(&self.device, &message.id).await? {
                Some(moved) if moved.media().is_some_and(MediaFile::is_awaited) && moved.key() != key => message = moved,
                _ => return Ok(()),
            }
        }
    }
}

impl Queue {
    fn news(&self) -> std::sync::MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is to be done, and when.
#[derive(Default)]
struct Board {
    jobs: VecDeque<Job>,
    /// Those of the jobs, and of what is being downloaded.
    known: HashSet<MessageKey>,
    /// The store knows of more.
    more: bool,
}

impl Board {
    fn add(&mut self, job: Job) {
        if self.known.insert(job.message.key()) {
            self.jobs.push_back(job);
        }
    }

    /// Takes out the first job whose time has come.
    fn due(&mut self) -> Option<Job> {
        let now = Instant::now();
        let index = self.jobs.iter().position(|job| job.due_at <= now)?;
        self.jobs.remove(index)
    }

    fn next_due(&self) -> Option<Instant> {
        self.jobs.iter().map(|job| job.due_at).min()
    }

    fn put_back(&mut self, job: Job, over: bool) {
        if over {
            self.known.remove(&job.message.key());
        } else {
            self.jobs.push_back(job);
        }
    }
}
