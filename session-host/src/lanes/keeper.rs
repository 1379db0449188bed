//! The task that keeps a host's lanes.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{
    model::{HostId, Lane},
    ports::{Beat, Board, Epoch, Lease, Leases, PortError},
};
use tokio::{
    sync::watch,
    task::{AbortHandle, JoinError, JoinSet},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{Begin, Config, Hold, Standing, Work, pulses::Pulses, share::share};
use crate::tenure::Tenure;

/// How often the board is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// The same while there is a lane to come.
const LOOK_OUT: Duration = Duration::from_millis(100);

pub struct Keeper {
    leases: Arc<dyn Leases>,
    host: HostId,
    lease: Duration,
    begin: Arc<Begin>,
    pulses: Pulses,
    /// How often the heart has beaten.
    beats: u64,
    beat_at: Instant,
    /// Nobody takes anything from us until then, whatever becomes of our next beats.
    safe_until: Instant,
    held: BTreeMap<Lane, Held>,
    /// Lanes on their way to others, until they are released.
    handing: JoinSet<Lane>,
    standing: watch::Sender<Standing>,
    /// Since when it takes no more lanes.
    leaves: Option<Instant>,
    failing: bool,
}

struct Held {
    epoch: Epoch,
    tenure: Tenure,
    /// Until it is handed over.
    work: Option<Box<dyn Work>>,
    /// The task that hands it over.
    handing: Option<AbortHandle>,
}

impl Keeper {
    pub fn new(leases: Arc<dyn Leases>, config: Config, begin: Arc<Begin>, standing: watch::Sender<Standing>) -> Self {
        let now = Instant::now();
        Self {
            leases,
            host: config.host,
            lease: config.lease,
            begin,
            pulses: Pulses::new(config.lease),
            beats: 0,
            beat_at: now,
            safe_until: now,
            held: BTreeMap::new(),
            handing: JoinSet::new(),
            standing,
            leaves: None,
            failing: false,
        }
    }

    pub async fn run(mut self, leaving: CancellationToken) {
        loop {
            if leaving.is_cancelled() {
                let now = Instant::now();
                let since = *self.leaves.get_or_insert_with(|| {
                    self.beat_at = now;
                    now
                });
                // By then the others know, and look out for every lane that is released.
                if now - since >= LOOK {
                    self.hand_over(usize::MAX);
                }
            }
            let board = self.look().await;
            while let Some(handed) = self.handing.try_join_next_with_id() {
                self.handed(handed);
            }
            let hungry = match &board {
                Some(board) => {
                    self.keep(board);
                    self.balance(board).await
                }
                None => {
                    self.let_go(|_, held| !held.tenure.lasts());
                    false
                }
            };
            self.tell(board.is_some(), hungry);
            if self.leaves.is_some() && self.held.is_empty() {
                return self.withdraw(self.beat()).await;
            }
            let pause = if hungry || self.leaves.is_some() { LOOK_OUT } else { LOOK };
            tokio::select! {
                () = leaving.cancelled(), if self.leaves.is_none() => {}
                Some(handed) = self.handing.join_next_with_id() => self.handed(handed),
                () = sleep(pause.min(self.lease / 4)) => {}
            }
        }
    }

    fn beat(&self) -> Beat {
        Beat { host: self.host.clone(), number: self.beats, leaves: self.leaves.is_some() }
    }

    /// The board as it is, after a beat if one is due. `None` if it cannot be seen.
    async fn look(&mut self) -> Option<Board> {
        let asked = Instant::now();
        let beats = asked >= self.beat_at;
        let board = if beats {
            self.beats += 1;
            self.soon(self.leases.beat(&self.beat())).await?
        } else {
            self.soon(self.leases.board()).await?
        };
        if beats {
            self.beat_at = asked + self.lease / 4;
            // Others wait for the whole lease, from when they have seen this beat: what is on its way at the end arrives before they begin.
            self.safe_until = asked + self.lease * 15 / 16;
        }
        self.pulses.watch(&board);
        Some(board)
    }

    /// What the leases answer, which they do before it is too late to ask again.
    async fn soon<T>(&self, answer: impl Future<Output = Result<T, PortError>>) -> Option<T> {
        match timeout(self.lease / 4, answer).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(error)) => {
                if !self.failing {
                    tracing::error!(host = %self.host, ?error, "the leases failed");
                }
                None
            }
            Err(_) => {
                if !self.failing {
                    tracing::error!(host = %self.host, "the leases did not answer");
                }
                None
            }
        }
    }

    /// Goes on with what the board says is ours, and lets go of the rest.
    fn keep(&mut self, board: &Board) {
        let (host, safe_until) = (self.host.clone(), self.safe_until);
        let is_ours = |lane: Lane, epoch| {
            board.leases.iter().any(|lease| lease.lane == lane && lease.epoch == epoch && lease.holder.as_ref() == Some(&host))
        };
        self.let_go(|lane, held| !is_ours(lane, held.epoch) || !held.tenure.extend(safe_until));
    }

    /// Ends at once whatever is done for the lanes that are lost.
    fn let_go(&mut self, is_lost: impl Fn(Lane, &Held) -> bool) {
        for (lane, lost) in self.held.extract_if(.., |lane, held| is_lost(*lane, held)) {
            lost.tenure.end();
            match lost.handing {
                Some(task) => task.abort(),
                None => tracing::warn!(host = %self.host, %lane, "a lane was lost"),
            }
        }
    }

    /// Takes what is our share, or gives one lane back that is not. Answers whether there is something to come.
    async fn balance(&mut self, board: &Board) -> bool {
        if self.leaves.is_some() {
            return false;
        }
        let share = share(board, &self.host, |host| self.pulses.is_dead(host));
        let works = self.held.values().filter(|held| held.work.is_some()).count();
        if works > share && self.handing.is_empty() {
            self.hand_over(1);
        }
        for lease in &board.leases {
            if self.held.len() < share && self.is_free(lease) {
                self.take(lease, board).await;
            }
        }
        self.bury(board).await;
        self.held.len() < share
    }

    /// Whether nobody alive holds a lane, or we did once.
    fn is_free(&self, lease: &Lease) -> bool {
        let by_nobody = lease.holder.as_ref().is_none_or(|holder| *holder == self.host || self.pulses.is_dead(holder));
        by_nobody && !self.held.contains_key(&lease.lane)
    }

    async fn take(&mut self, lease: &Lease, board: &Board) {
        let (lane, tenure) = (lease.lane, Tenure::until(self.safe_until));
        let Some(Some(epoch)) = self.soon(self.leases.take(lane, &self.host, board)).await else { return };
        if !tenure.lasts() {
            return;
        }
        let hold = Hold { lane, epoch, tenure: tenure.clone(), broken_off: lease.holder.is_some() };
        tracing::info!(host = %self.host, %lane, epoch = epoch.0, broken_off = hold.broken_off, "a lane was taken");
        let work = (self.begin)(hold).await;
        self.held.insert(lane, Held { epoch, tenure, work: Some(work), handing: None });
    }

    /// Takes hosts off the board that are dead and have nothing more to be taken.
    async fn bury(&self, board: &Board) {
        let has_lanes = |host: &HostId| board.leases.iter().any(|lease| lease.holder.as_ref() == Some(host));
        for beat in board.hosts.iter().filter(|beat| beat.host != self.host && self.pulses.is_dead(&beat.host) && !has_lanes(&beat.host)) {
            self.withdraw(beat.clone()).await;
        }
    }

    async fn withdraw(&self, beat: Beat) {
        self.soon(self.leases.withdraw(&beat)).await;
    }

    /// Begins to hand over so many of the lanes that are worked, each to be released the moment its work has ended.
    fn hand_over(&mut self, most: usize) {
        let working = self.held.iter_mut().rev().filter_map(|(lane, held)| Some((*lane, held.work.take()?, held)));
        for (lane, work, held) in working.take(most) {
            let (leases, host, epoch, patience) = (self.leases.clone(), self.host.clone(), held.epoch, self.lease / 4);
            held.handing = Some(self.handing.spawn(async move {
                work.hand_over().await;
                // If it cannot be said, the lane is lost before long, and this broken off.
                while !matches!(timeout(patience, leases.release(lane, &host, epoch)).await, Ok(Ok(()))) {
                    sleep(LOOK).await;
                }
                lane
            }));
        }
    }

    fn handed(&mut self, handed: Result<(tokio::task::Id, Lane), JoinError>) {
        match handed {
            Ok((_, lane)) => {
                if let Some(held) = self.held.remove(&lane) {
                    held.tenure.end();
                    tracing::info!(host = %self.host, %lane, "a lane was handed over");
                }
            }
            Err(error) if error.is_cancelled() => {}
            Err(error) => {
                tracing::error!(host = %self.host, %error, "a lane was handed over badly");
                self.let_go(|_, held| held.handing.as_ref().is_some_and(|task| task.id() == error.id()));
            }
        }
    }

    fn tell(&mut self, known: bool, hungry: bool) {
        if self.failing == known {
            self.failing = !known;
            if known {
                tracing::info!(host = %self.host, "the leases work again");
            }
        }
        let works: Vec<Lane> = self.held.iter().filter(|(_, held)| held.work.is_some()).map(|(lane, _)| *lane).collect();
        metrics::gauge!("warta_lanes").set(works.len() as f64);
        let now = Instant::now();
        self.standing.send_modify(|standing| {
            standing.works = works;
            standing.tried_at = now;
            if known {
                (standing.known_at, standing.settled) = (Some(now), !hungry);
            }
        });
    }
}
