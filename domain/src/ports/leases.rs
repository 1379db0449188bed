//! Who holds which lane.

use async_trait::async_trait;

use super::{Epoch, PortError};
use crate::model::{HostId, Lane};

/// Everything there is about hosts and lanes at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Board {
    /// The hosts that have announced themselves and not withdrawn, in the order of their ids.
    pub hosts: Vec<Beat>,
    /// Every lane, in order.
    pub leases: Vec<Lease>,
}

/// A host's sign of life. One whose number has not changed for a lease's length, by the clock of whoever looks, is dead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// Whose.
    pub host: HostId,
    /// Another one each time. Never less than before in a host's life.
    pub number: u64,
    /// Whether it takes no more lanes and hands over those it has.
    pub leaves: bool,
}

/// A host's hold on a lane. It lasts for as long as its holder's heart beats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Which lane.
    pub lane: Lane,
    /// Who holds it.
    pub holder: Option<HostId>,
    /// The latest holder's turn; 0 if there was none.
    pub epoch: Epoch,
}

impl Board {
    /// The latest beat of a host.
    pub fn beat(&self, host: &HostId) -> Option<&Beat> {
        self.hosts.iter().find(|beat| beat.host == *host)
    }
}

/// Shares lanes out among hosts, so that a lane never has two that both believe they hold it, whatever clocks say: a lane is taken from nobody but
/// a host of whose heart no beat is stored but the one that its taker has watched for long enough.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Agrees on how many lanes there are: what the first call ever said, which this answers.
    async fn agree(&self, lanes: u16) -> Result<u16, PortError>;

    /// Everything as the last writes left it; no lanes before there are any.
    async fn board(&self) -> Result<Board, PortError>;

    /// Stores a host's sign of life, its first announces it, and answers the board as it is after that. What the board says the host holds, nobody takes
    /// from it without having watched this beat.
    async fn beat(&self, beat: &Beat) -> Result<Board, PortError>;

    /// Has `host` hold the lane, of which `board` says that nobody holds it, or `host` itself, or a host that has withdrawn or is dead. Answers the epoch of
    /// this hold, which is later than all before; `None`, and nothing changed, if the board is not true any more in what it says of the lane and the beat
    /// of its holder.
    async fn take(&self, lane: Lane, host: &HostId, board: &Board) -> Result<Option<Epoch>, PortError>;

    /// Ends the hold of this epoch, if it lasts.
    async fn release(&self, lane: Lane, host: &HostId, epoch: Epoch) -> Result<(), PortError>;

    /// Takes a host off the board, unless its heart has beaten since.
    async fn withdraw(&self, beat: &Beat) -> Result<(), PortError>;
}
