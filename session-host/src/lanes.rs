//! Which lanes this host works: it takes its fair share, holds them by its heartbeat, hands them over when others have less or it stops, and lets go of
//! them at once when it may have lost them.

mod keeper;
mod pulses;
mod share;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use domain::{
    model::{HostId, Lane},
    ports::{Epoch, Leases, PortError},
};
use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use self::keeper::Keeper;
use crate::tenure::Tenure;

/// What is done for the devices of a lane while it is held. Dropping it ends that at once, in the middle of whatever it is.
#[async_trait]
pub trait Work: Send + Sync {
    /// Finishes what is in hand and goes off line, so that the next holder of the lane can begin.
    async fn hand_over(self: Box<Self>);
}

/// A lane in this host's hands.
#[derive(Clone, Debug)]
pub struct Hold {
    /// Which.
    pub lane: Lane,
    /// The turn it is.
    pub epoch: Epoch,
    /// For how long.
    pub tenure: Tenure,
    /// Whether the one before was broken off: what was stored then may not have been told.
    pub broken_off: bool,
}

/// Begins to work a lane, in a few milliseconds.
pub type Begin = dyn Fn(Hold) -> BoxFuture<'static, Box<dyn Work>> + Send + Sync;

/// How lanes are held.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who this is.
    pub host: HostId,
    /// How many lanes there are.
    pub lanes: u16,
    /// How long a host is waited for that shows no sign of life. All hosts have to agree on it.
    pub lease: Duration,
}

/// Why no lane can be held.
#[derive(Debug, thiserror::Error)]
pub enum CannotStart {
    /// Devices would be in other lanes for this host than for others.
    #[error("there are {agreed} lanes, and this host was started for {here}: their number is fixed for the life of a stack")]
    OtherLanes {
        /// As the stack has them.
        agreed: u16,
        /// As this host was told.
        here: u16,
    },
    /// The leases cannot be reached.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// How a host stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The lanes it works.
    pub works: Vec<Lane>,
    /// Whether it has what is its share, which may be nothing.
    pub settled: bool,
    /// When it last knew how lanes are held.
    pub known_at: Option<Instant>,
    /// When it last tried to.
    pub tried_at: Instant,
}

/// The lanes of a running host. Dropping it lets go of all of them at once, as a crash would.
pub struct Lanes {
    standing: watch::Receiver<Standing>,
    leaving: CancellationToken,
    keeper: AbortOnDropHandle<()>,
}

impl Lanes {
    /// Announces the host and takes its share, again and again, for each lane that it takes `begin`.
    pub async fn start(leases: Arc<dyn Leases>, config: Config, begin: Arc<Begin>) -> Result<Self, CannotStart> {
        let agreed = leases.agree(config.lanes).await?;
        if agreed != config.lanes {
            return Err(CannotStart::OtherLanes { agreed, here: config.lanes });
        }
        let (stands, standing) = watch::channel(Standing { works: Vec::new(), settled: false, known_at: None, tried_at: Instant::now() });
        let leaving = CancellationToken::new();
        let keeper = AbortOnDropHandle::new(tokio::spawn(Keeper::new(leases, config, begin, stands).run(leaving.clone())));
        Ok(Self { standing, leaving, keeper })
    }

    /// How the host stands, now and later.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.clone()
    }

    /// Takes no more lanes, hands all over and withdraws.
    pub async fn leave(self) {
        self.leaving.cancel();
        if let Err(error) = self.keeper.await {
            tracing::error!(%error, "lanes were left badly");
        }
    }
}
