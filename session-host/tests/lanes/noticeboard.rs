//! Leases in memory, and a way to them that can be cut.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use domain::{
    model::{HostId, Lane},
    ports::{Beat, Board, Epoch, Lease, Leases, PortError},
};

domain::leases_contract!(super::start);

async fn start() -> (Arc<dyn Leases>, ()) {
    (Arc::new(Noticeboard::default()), ())
}

#[derive(Default)]
pub struct Noticeboard(Mutex<Written>);

#[derive(Default)]
struct Written {
    beats: BTreeMap<HostId, Beat>,
    leases: Vec<Lease>,
}

impl Noticeboard {
    fn written(&self) -> MutexGuard<'_, Written> {
        self.0.lock().unwrap()
    }

    pub fn now(&self) -> Board {
        let written = self.written();
        Board { hosts: written.beats.values().cloned().collect(), leases: written.leases.clone() }
    }
}

#[async_trait]
impl Leases for Noticeboard {
    async fn agree(&self, lanes: u16) -> Result<u16, PortError> {
        let mut written = self.written();
        if written.leases.is_empty() {
            written.leases = Lane::all(lanes).map(|lane| Lease { lane, holder: None, epoch: Epoch(0) }).collect();
        }
        Ok(u16::try_from(written.leases.len()).unwrap())
    }

    async fn board(&self) -> Result<Board, PortError> {
        Ok(self.now())
    }

    async fn beat(&self, beat: &Beat) -> Result<Board, PortError> {
        self.written().beats.insert(beat.host.clone(), beat.clone());
        self.board().await
    }

    async fn take(&self, lane: Lane, host: &HostId, board: &Board) -> Result<Option<Epoch>, PortError> {
        let mut written = self.written();
        let Some(seen) = board.leases.iter().find(|lease| lease.lane == lane) else { return Ok(None) };
        let stands_still = |holder: &HostId| {
            holder == host || board.beat(holder).map(|beat| beat.number) == written.beats.get(holder).map(|beat| beat.number)
        };
        let is_true = written.leases.contains(seen) && seen.holder.as_ref().is_none_or(stands_still);
        let lease = written.leases.iter_mut().find(|lease| lease.lane == lane && is_true);
        Ok(lease.map(|lease| {
            (lease.holder, lease.epoch) = (Some(host.clone()), Epoch(lease.epoch.0 + 1));
            lease.epoch
        }))
    }

    async fn release(&self, lane: Lane, host: &HostId, epoch: Epoch) -> Result<(), PortError> {
        let held = Lease { lane, holder: Some(host.clone()), epoch };
        self.written().leases.iter_mut().filter(|lease| **lease == held).for_each(|lease| lease.holder = None);
        Ok(())
    }

    async fn withdraw(&self, beat: &Beat) -> Result<(), PortError> {
        self.written().beats.retain(|host, latest| *host != beat.host || latest.number != beat.number);
        Ok(())
    }
}

/// One host's way to the board.
pub struct Way {
    pub board: Arc<Noticeboard>,
    /// While it is, nothing gets there and no answer comes.
    pub is_cut: AtomicBool,
}

impl Way {
    async fn pass(&self) -> &Noticeboard {
        if self.is_cut.load(Ordering::SeqCst) {
            pending::<()>().await;
        }
        &self.board
    }
}

#[async_trait]
impl Leases for Way {
    async fn agree(&self, lanes: u16) -> Result<u16, PortError> {
        self.pass().await.agree(lanes).await
    }

    async fn board(&self) -> Result<Board, PortError> {
        self.pass().await.board().await
    }

    async fn beat(&self, beat: &Beat) -> Result<Board, PortError> {
        self.pass().await.beat(beat).await
    }

    async fn take(&self, lane: Lane, host: &HostId, board: &Board) -> Result<Option<Epoch>, PortError> {
        self.pass().await.take(lane, host, board).await
    }

    async fn release(&self, lane: Lane, host: &HostId, epoch: Epoch) -> Result<(), PortError> {
        self.pass().await.release(lane, host, epoch).await
    }

    async fn withdraw(&self, beat: &Beat) -> Result<(), PortError> {
        self.pass().await.withdraw(beat).await
    }
}
