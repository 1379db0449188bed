//! What [`Limits`](crate::ports::Limits) promises.

use std::time::Duration;

use super::{World, racing};
use crate::{
    model::Timestamp,
    ports::{Clock, Count, SystemClock},
};

/// Makes a test of each sentence here, for the world that `$start` starts.
#[macro_export]
macro_rules! limits_contract {
    ($start:path) => {
        $crate::contract_tests!(
            limits,
            $start,
            [
                a_limit_allows_so_many_times_and_tells_how_many_are_left,
                a_window_begins_with_its_first_time_and_a_new_one_after_its_end,
                each_key_is_counted_for_itself,
                of_racing_times_exactly_as_many_as_the_limit_are_allowed,
            ]
        );
    };
}

const WINDOW: Duration = Duration::from_secs(60);

pub async fn a_limit_allows_so_many_times_and_tells_how_many_are_left(world: World) {
    let now = SystemClock.now();
    for (allowed, remaining) in [(true, 1), (true, 0), (false, 0), (false, 0)] {
        assert_eq!(count(&world, "key", 2, now).await, Count { allowed, remaining, resets_at: now + WINDOW });
    }
    // Those beyond the limit were not counted.
    assert_eq!(count(&world, "key", 3, now).await, Count { allowed: true, remaining: 0, resets_at: now + WINDOW });
}

pub async fn a_window_begins_with_its_first_time_and_a_new_one_after_its_end(world: World) {
    let now = SystemClock.now();
    let times = [(0, true, 60), (59, false, 60), (60, true, 120), (61, false, 120), (300, true, 360)];
    for (seconds, allowed, resets) in times {
        let counted = count(&world, "key", 1, now + Duration::from_secs(seconds)).await;
        assert_eq!((counted.allowed, counted.resets_at), (allowed, now + Duration::from_secs(resets)), "{seconds}");
    }
}

pub async fn each_key_is_counted_for_itself(world: World) {
    let now = SystemClock.now();
    for key in ["a", "A", "a ", "\u{6771}\u{4eac}", "user/1#ip", &"x".repeat(300)] {
        assert!(count(&world, key, 1, now).await.allowed, "{key}");
        assert!(!count(&world, key, 1, now).await.allowed, "{key}");
    }
}

pub async fn of_racing_times_exactly_as_many_as_the_limit_are_allowed(world: World) {
    let now = SystemClock.now();
    let counted = racing(40, |_| {
        let limits = world.limits.clone();
        async move { limits.count("key", 15, WINDOW, now).await.unwrap() }
    });
    assert_eq!(counted.await.into_iter().filter(|count| count.allowed).count(), 15);
}

async fn count(world: &World, key: &str, limit: u32, now: Timestamp) -> Count {
    world.limits.count(key, limit, WINDOW, now).await.unwrap()
}
