//! Hosts that share lanes: each lane has one host at most, whatever becomes of hosts and of their way to the leases.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod noticeboard;

use std::{
    collections::HashMap,
    future::ready,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use domain::{
    model::{HostId, Lane},
    ports::Epoch,
};
use session_host::{
    Tenure,
    lanes::{CannotStart, Config, Hold, Lanes, Work},
};
use tokio::{sync::Semaphore, time::sleep};

use self::noticeboard::{Noticeboard, Way};

const LANES: u16 = 4;

/// Long enough for a busy machine to keep a heart beating.
const LEASE: Duration = Duration::from_secs(2);

const PATIENCE: Duration = Duration::from_secs(30);

/// What is done in a lane, as far as anybody knows.
#[derive(Clone)]
struct Done {
    host: String,
    epoch: Epoch,
    tenure: Tenure,
    is_handed_over: bool,
}

#[derive(Default)]
struct Fleet {
    board: Arc<Noticeboard>,
    /// The latest of each lane, and those before.
    done: Arc<Mutex<HashMap<Lane, Vec<Done>>>>,
}

struct Host {
    lanes: Lanes,
    way: Arc<Way>,
    /// One for each lane that may be handed over.
    hand_overs: Arc<Semaphore>,
}

struct Fake {
    lane: Lane,
    done: Arc<Mutex<HashMap<Lane, Vec<Done>>>>,
    epoch: Epoch,
    hand_overs: Arc<Semaphore>,
}

#[async_trait]
impl Work for Fake {
    async fn hand_over(self: Box<Self>) {
        self.hand_overs.acquire().await.unwrap().forget();
        let mut done = self.done.lock().unwrap();
        let done = done.get_mut(&self.lane).unwrap().iter_mut().find(|done| done.epoch == self.epoch).unwrap();
        assert!(done.tenure.lasts(), "it is still ours while it is handed over");
        done.is_handed_over = true;
    }
}

impl Fleet {
    async fn host(&self, name: &str) -> Host {
        let way = Arc::new(Way { board: self.board.clone(), is_cut: AtomicBool::new(false) });
        let hand_overs = Arc::new(Semaphore::new(100));
        let (all, name, semaphore) = (self.done.clone(), name.to_owned(), hand_overs.clone());
        let config = config(&name, LANES);
        let begin = move |Hold { lane, epoch, tenure, broken_off }| {
            let done = Done { host: name.clone(), epoch, tenure, is_handed_over: false };
            let mut of_lane = all.lock().unwrap();
            let of_lane = of_lane.entry(lane).or_default();
            assert_eq!(broken_off, of_lane.last().is_some_and(|before| !before.is_handed_over));
            for before in of_lane.iter() {
                assert!(before.epoch < epoch, "epochs grow");
                assert!(before.is_handed_over || !before.tenure.lasts(), "{lane} has one host");
            }
            of_lane.push(done);
            let fake: Box<dyn Work> = Box::new(Fake { lane, done: all.clone(), epoch, hand_overs: semaphore.clone() });
            Box::pin(ready(fake)) as _
        };
        let lanes = Lanes::start(way.clone(), config, Arc::new(begin)).await.unwrap();
        Host { lanes, way, hand_overs }
    }

    fn latest(&self) -> Vec<Done> {
        let done = self.done.lock().unwrap();
        Lane::all(LANES).filter_map(|lane| done.get(&lane)?.last().cloned()).collect()
    }

    /// How many lanes these hosts work now.
    fn shares<const N: usize>(&self, names: [&str; N]) -> [usize; N] {
        let latest = self.latest();
        names.map(|name| latest.iter().filter(|done| done.host == name && done.tenure.lasts() && !done.is_handed_over).count())
    }

    async fn until<const N: usize>(&self, names: [&str; N], shares: [usize; N]) {
        let begun = Instant::now();
        while self.shares(names) != shares {
            assert!(begun.elapsed() < PATIENCE, "{names:?} have {:?} and not {shares:?}", self.shares(names));
            sleep(Duration::from_millis(5)).await;
        }
    }
}

fn config(name: &str, lanes: u16) -> Config {
    Config { host: HostId::parse(name).unwrap(), lanes, lease: LEASE }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_added_gets_its_share_from_those_that_have_more_one_lane_after_the_other() {
    let fleet = Fleet::default();
    let _a = fleet.host("a").await;
    fleet.until(["a"], [4]).await;
    let b = fleet.host("b").await;
    fleet.until(["a", "b"], [2, 2]).await;
    let _c = fleet.host("c").await;
    fleet.until(["c"], [1]).await;
    assert_eq!(fleet.shares(["a", "b"]).iter().sum::<usize>(), 3);
    // Everything that moved was handed over.
    assert!(fleet.done.lock().unwrap().values().all(|of_lane| of_lane.iter().rev().skip(1).all(|done| done.is_handed_over)));
    assert!(b.lanes.standing().borrow().settled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_leaves_hands_over_all_its_lanes_at_once_and_each_is_taken_as_soon_as_it_is_free() {
    let fleet = Fleet::default();
    let a = fleet.host("a").await;
    fleet.until(["a"], [4]).await;
    a.hand_overs.forget_permits(100);
    let hand_overs = a.hand_overs.clone();
    let _b = fleet.host("b").await;
    let leaving = tokio::spawn(a.lanes.leave());
    // Longer than a lease: what is finished in peace remains ours.
    sleep(LEASE + LEASE / 4).await;
    assert_eq!(fleet.shares(["a", "b"]), [4, 0]);
    for handed in 1..=4 {
        hand_overs.add_permits(1);
        let begun = Instant::now();
        fleet.until(["b"], [handed]).await;
        assert!(begun.elapsed() < LEASE / 2, "{:?}", begun.elapsed());
    }
    leaving.await.unwrap();
    assert!(fleet.board.now().hosts.iter().all(|beat| beat.host.as_str() == "b"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lanes_of_a_dead_host_are_taken_when_its_lease_is_over() {
    let fleet = Fleet::default();
    let a = fleet.host("a").await;
    fleet.until(["a"], [4]).await;
    let _b = fleet.host("b").await;
    fleet.until(["a", "b"], [2, 2]).await;
    drop(a);
    fleet.until(["b"], [4]).await;
    let begun = Instant::now();
    while fleet.board.now().hosts.len() > 1 {
        assert!(begun.elapsed() < PATIENCE, "the dead one is forgotten");
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_cut_off_goes_on_until_its_tenure_ends_and_has_ended_before_another_begins() {
    let fleet = Fleet::default();
    let a = fleet.host("a").await;
    fleet.until(["a"], [4]).await;
    let tenures: Vec<Tenure> = fleet.latest().into_iter().map(|done| done.tenure).collect();
    a.way.is_cut.store(true, Ordering::SeqCst);
    let begun = Instant::now();
    sleep(LEASE / 4).await;
    assert!(tenures.iter().all(Tenure::lasts) || begun.elapsed() > LEASE / 2, "it goes on");
    // It checks that nobody else works a lane when it takes one.
    let _b = fleet.host("b").await;
    fleet.until(["b"], [4]).await;
    assert!(!tenures.iter().any(Tenure::lasts));
    a.way.is_cut.store(false, Ordering::SeqCst);
    fleet.until(["a", "b"], [2, 2]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lone_host_takes_its_lanes_anew_when_the_leases_come_back() {
    let fleet = Fleet::default();
    let a = fleet.host("a").await;
    fleet.until(["a"], [4]).await;
    a.way.is_cut.store(true, Ordering::SeqCst);
    fleet.until(["a"], [0]).await;
    a.way.is_cut.store(false, Ordering::SeqCst);
    fleet.until(["a"], [4]).await;
    assert!(fleet.latest().iter().all(|done| done.epoch == Epoch(2)));
}

#[tokio::test]
async fn a_host_that_knows_of_other_lanes_does_not_start() {
    let fleet = Fleet::default();
    let _a = fleet.host("a").await;
    let refused = Lanes::start(fleet.board.clone(), config("b", 8), Arc::new(|_| unreachable!())).await;
    assert!(matches!(refused, Err(CannotStart::OtherLanes { agreed: 4, here: 8 })));
}
