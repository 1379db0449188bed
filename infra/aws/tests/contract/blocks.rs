//! What is allowed often is counted in blocks: by all processes together, and with few requests.

use std::time::Duration;

use aws::{Clients, Counters};
use domain::ports::{Clock, Limits, SystemClock};

use crate::{between::Between, stand_in::StandIn};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_thousand_times_take_some_fifty_requests() {
    let stand_in = StandIn::find().await;
    let resources = stand_in.stack().await;
    let between = Between::start(&stand_in.url).await;
    let counters = Counters::new(&Clients::to(&between.url), &resources);
    let now = SystemClock.now();
    let work = async {
        for n in 1..=1000 {
            let count = counters.count("key", 1000, HOUR, now).await.unwrap();
            assert_eq!((count.allowed, count.remaining), (true, 1000 - n));
        }
        // The first answer that is no needs to look; others do not.
        for _ in 0..100 {
            assert!(!counters.count("key", 1000, HOUR, now).await.unwrap().allowed);
        }
    };
    assert!(between.until(51 + 3, work).await.is_some());
}

#[tokio::test]
async fn all_processes_together_are_allowed_no_more_than_the_limit() {
    let stand_in = StandIn::find().await;
    let resources = stand_in.stack().await;
    let processes: Vec<_> = (0..3).map(|_| Counters::new(&Clients::to(&stand_in.url), &resources)).collect();
    let now = SystemClock.now();
    // The last block of 990 is not a whole one.
    let mut allowed = 0;
    for n in 0..1500 {
        // The first is asked far more often than the others.
        let process = &processes[if n % 10 < 8 { 0 } else { n % 3 }];
        allowed += u32::from(process.count("key", 990, HOUR, now).await.unwrap().allowed);
    }
    assert!(allowed <= 990, "{allowed}");
    // Nothing is lost but what a process still has.
    for process in &processes {
        while process.count("key", 990, HOUR, now).await.unwrap().allowed {
            allowed += 1;
        }
    }
    assert_eq!(allowed, 990);
}
