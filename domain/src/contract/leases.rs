//! What [`Leases`](crate::ports::Leases) promises.

use std::{slice::from_ref, sync::Arc};

use super::racing;
use crate::{
    model::{HostId, Lane},
    ports::{Beat, Board, Epoch, Lease, Leases},
};

/// Makes a test of each sentence here, for the leases, unused so far, that `$start` answers with whatever has to live as long.
#[macro_export]
macro_rules! leases_contract {
    ($start:path) => {
        $crate::contract_tests!(
            leases,
            $start,
            [
                the_first_to_say_how_many_lanes_there_are_is_right,
                a_host_is_on_the_board_from_its_first_beat_until_it_withdraws,
                a_lane_has_one_holder_and_each_hold_a_later_epoch,
                a_lane_is_taken_from_a_host_whose_heart_stands_still_and_from_no_other,
                a_host_takes_its_own_lane_anew,
                a_hold_is_ended_by_its_own_holder_alone,
                of_racing_hosts_one_takes_a_lane,
            ]
        );
    };
}

const LANE: Lane = Lane(1);

/// Leases, and what has to live as long.
pub type Started<T> = (Arc<dyn Leases>, T);

pub async fn the_first_to_say_how_many_lanes_there_are_is_right<T>((leases, _life): Started<T>) {
    assert_eq!(leases.board().await.unwrap(), Board::default());
    assert_eq!(leases.agree(3).await.unwrap(), 3);
    assert_eq!(leases.agree(4).await.unwrap(), 3);
    let free = |lane| Lease { lane: Lane(lane), holder: None, epoch: Epoch(0) };
    assert_eq!(leases.board().await.unwrap(), Board { hosts: Vec::new(), leases: vec![free(0), free(1), free(2)] });
}

pub async fn a_host_is_on_the_board_from_its_first_beat_until_it_withdraws<T>((leases, _life): Started<T>) {
    leases.agree(1).await.unwrap();
    let (first, other) = (beat("a", 1), beat("b", 7));
    assert_eq!(leases.beat(&other).await.unwrap().hosts, from_ref(&other));
    assert_eq!(leases.beat(&first).await.unwrap().hosts, [first.clone(), other.clone()]);
    let second = Beat { leaves: true, ..beat("a", 2) };
    assert_eq!(leases.beat(&second).await.unwrap().hosts, [second.clone(), other.clone()]);
    // Whoever thought it dead had not seen the last beat.
    leases.withdraw(&first).await.unwrap();
    assert_eq!(leases.board().await.unwrap().hosts, [second.clone(), other.clone()]);
    for _ in 0..2 {
        leases.withdraw(&second).await.unwrap();
        assert_eq!(leases.board().await.unwrap().hosts, from_ref(&other));
    }
    assert_eq!(leases.beat(&beat("a", 3)).await.unwrap().hosts, [beat("a", 3), other]);
}

pub async fn a_lane_has_one_holder_and_each_hold_a_later_epoch<T>((leases, _life): Started<T>) {
    let board = started(&*leases).await;
    let first = leases.take(LANE, &host("a"), &board).await.unwrap().unwrap();
    assert_eq!(leases.take(LANE, &host("b"), &board).await.unwrap(), None, "the board is not true any more");
    let held = leases.board().await.unwrap();
    assert_eq!(held.leases[1], Lease { lane: LANE, holder: Some(host("a")), epoch: first });
    assert_eq!(held.leases[0], board.leases[0]);
    leases.release(LANE, &host("a"), first).await.unwrap();
    let released = leases.board().await.unwrap();
    assert_eq!(released.leases[1], Lease { lane: LANE, holder: None, epoch: first });
    assert_eq!(leases.take(LANE, &host("b"), &board).await.unwrap(), None, "it was held meanwhile");
    assert_eq!(leases.take(LANE, &host("b"), &held).await.unwrap(), None, "it was released meanwhile");
    let second = leases.take(LANE, &host("b"), &released).await.unwrap().unwrap();
    assert!(second > first && first > Epoch(0));
}

pub async fn a_lane_is_taken_from_a_host_whose_heart_stands_still_and_from_no_other<T>((leases, _life): Started<T>) {
    let board = started(&*leases).await;
    let first = leases.take(LANE, &host("a"), &board).await.unwrap().unwrap();
    let watched = leases.board().await.unwrap();
    leases.beat(&beat("a", 2)).await.unwrap();
    assert_eq!(leases.take(LANE, &host("b"), &watched).await.unwrap(), None, "it has beaten since");
    let watched = leases.board().await.unwrap();
    let second = leases.take(LANE, &host("b"), &watched).await.unwrap().unwrap();
    assert!(second > first);
    leases.withdraw(&beat("b", 1)).await.unwrap();
    let gone = leases.board().await.unwrap();
    leases.beat(&beat("b", 2)).await.unwrap();
    assert_eq!(leases.take(LANE, &host("a"), &gone).await.unwrap(), None, "it has come back");
    leases.withdraw(&beat("b", 2)).await.unwrap();
    assert!(leases.take(LANE, &host("a"), &gone).await.unwrap().unwrap() > second);
}

pub async fn a_host_takes_its_own_lane_anew<T>((leases, _life): Started<T>) {
    let board = started(&*leases).await;
    let first = leases.take(LANE, &host("a"), &board).await.unwrap().unwrap();
    let board = leases.board().await.unwrap();
    leases.beat(&beat("a", 2)).await.unwrap();
    let second = leases.take(LANE, &host("a"), &board).await.unwrap().unwrap();
    assert!(second > first);
    assert_eq!(leases.take(LANE, &host("a"), &board).await.unwrap(), None);
}

pub async fn a_hold_is_ended_by_its_own_holder_alone<T>((leases, _life): Started<T>) {
    let board = started(&*leases).await;
    let first = leases.take(LANE, &host("a"), &board).await.unwrap().unwrap();
    let watched = leases.board().await.unwrap();
    let second = leases.take(LANE, &host("b"), &watched).await.unwrap().unwrap();
    for (lane, host, epoch) in [(LANE, host("a"), first), (LANE, host("a"), second), (LANE, host("b"), first), (Lane(0), host("a"), first)]
    {
        leases.release(lane, &host, epoch).await.unwrap();
    }
    assert_eq!(leases.board().await.unwrap().leases[1], Lease { lane: LANE, holder: Some(host("b")), epoch: second });
}

pub async fn of_racing_hosts_one_takes_a_lane<T>((leases, _life): Started<T>) {
    let mut board = started(&*leases).await;
    for _ in 0..3 {
        let taken = racing(8, |n| {
            let (leases, board) = (leases.clone(), board.clone());
            async move { leases.take(LANE, &host(&format!("racer {n}")), &board).await.unwrap() }
        });
        let taken: Vec<Epoch> = taken.await.into_iter().flatten().collect();
        assert_eq!(taken.len(), 1);
        board = leases.board().await.unwrap();
        assert_eq!(board.leases[1].epoch, taken[0]);
    }
}

/// Two lanes, and two hosts that have none.
async fn started(leases: &dyn Leases) -> Board {
    leases.agree(2).await.unwrap();
    leases.beat(&beat("a", 1)).await.unwrap();
    leases.beat(&beat("b", 1)).await.unwrap()
}

fn beat(name: &str, number: u64) -> Beat {
    Beat { host: host(name), number, leaves: false }
}

fn host(name: &str) -> HostId {
    HostId::parse(name).unwrap()
}
