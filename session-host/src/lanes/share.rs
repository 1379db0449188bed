//! How many lanes are whose.

use std::cmp::Reverse;

use domain::{model::HostId, ports::Board};

/// How many lanes `host` should have, one more or less than any other that stays. Everybody comes to the same answer from the same board. Whoever has
/// more keeps more, so that no lane moves without need.
pub fn share(board: &Board, host: &HostId, is_dead: impl Fn(&HostId) -> bool) -> usize {
    let has = |host: &HostId| board.leases.iter().filter(|lease| lease.holder.as_ref() == Some(host)).count();
    let mut staying: Vec<&HostId> = board.hosts.iter().filter(|beat| !beat.leaves && !is_dead(&beat.host)).map(|beat| &beat.host).collect();
    staying.sort_by_key(|host| (Reverse(has(host)), *host));
    let Some(place) = staying.iter().position(|other| *other == host) else { return 0 };
    let (each, over) = (board.leases.len() / staying.len(), board.leases.len() % staying.len());
    each + usize::from(place < over)
}

#[cfg(test)]
mod tests {
    use domain::{
        model::Lane,
        ports::{Beat, Epoch, Lease},
    };

    use super::*;

    fn host(name: &str) -> HostId {
        HostId::parse(name).unwrap()
    }

    /// What each of these hosts, which have so many lanes, should have; those in capitals leave, and `dead` is.
    fn shares(lanes: u16, hosts: &[(&str, usize)]) -> Vec<usize> {
        let holders = hosts.iter().flat_map(|(name, has)| std::iter::repeat_n(Some(host(name)), *has)).chain(std::iter::repeat(None));
        let leases = Lane::all(lanes).zip(holders).map(|(lane, holder)| Lease { lane, holder, epoch: Epoch(1) }).collect();
        let beat = |name: &str| Beat { host: host(name), number: 1, leaves: name.chars().all(char::is_uppercase) };
        let board = Board { hosts: hosts.iter().map(|(name, _)| beat(name)).collect(), leases };
        hosts.iter().map(|(name, _)| share(&board, &host(name), |host| host.as_str() == "dead")).collect()
    }

    #[test]
    fn lanes_are_shared_out_evenly_and_as_few_as_possible_move() {
        assert_eq!(shares(4, &[("a", 0)]), [4]);
        assert_eq!(shares(4, &[("a", 4), ("b", 0)]), [2, 2]);
        assert_eq!(shares(4, &[("a", 0), ("b", 2), ("c", 2)]), [1, 2, 1]);
        assert_eq!(shares(4, &[("a", 0), ("b", 2), ("c", 1)]), [1, 2, 1]);
        assert_eq!(shares(1, &[("a", 0), ("b", 1)]), [0, 1]);
        assert_eq!(shares(0, &[("a", 0)]), [0]);
    }

    #[test]
    fn who_leaves_and_who_is_dead_has_no_share() {
        assert_eq!(shares(4, &[("A", 2), ("b", 1), ("c", 1)]), [0, 2, 2]);
        assert_eq!(shares(4, &[("a", 2), ("dead", 2)]), [4, 0]);
        assert_eq!(shares(4, &[("A", 4)]), [0]);
    }
}
