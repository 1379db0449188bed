//! What [`Replies`](crate::ports::Replies) promises.

use std::time::Duration;

use super::{PATIENCE, World, samples::*};
use crate::model::{CommandId, Outcome, Removed};

/// Makes a test of each sentence here, for the world that `$start` starts.
#[macro_export]
macro_rules! replies_contract {
    ($start:path) => {
        $crate::contract_tests!(
            replies,
            $start,
            [
                an_outcome_reaches_who_waits_for_it,
                an_outcome_is_kept_for_who_asks_later,
                without_an_outcome_the_wait_ends,
                one_waiter_gets_the_outcome,
                a_waiter_that_went_away_takes_nothing_with_it,
                each_command_has_an_outcome_of_its_own,
            ]
        );
    };
}

const BRIEFLY: Duration = Duration::from_millis(50);

pub async fn an_outcome_reaches_who_waits_for_it(world: World) {
    let id = id(1);
    let (wait, reply) = tokio::join!(world.replies.wait(&id, PATIENCE), async {
        tokio::task::yield_now().await;
        world.replies.reply(&id, Outcome::Sent { at: at(1) }).await
    });
    reply.unwrap();
    assert_eq!(wait.unwrap(), Some(Outcome::Sent { at: at(1) }));
}

pub async fn an_outcome_is_kept_for_who_asks_later(world: World) {
    let removed = Removed { messages: 3, contacts: 0, sessions: 1 };
    let outcomes = [Outcome::Done, Outcome::Sent { at: at(7) }, Outcome::Failed { error: "rejected".into() }, Outcome::Removed(removed)];
    for (n, outcome) in (1..).zip(outcomes) {
        world.replies.reply(&id(n), outcome.clone()).await.unwrap();
        assert_eq!(world.replies.wait(&id(n), PATIENCE).await.unwrap(), Some(outcome));
    }
}

pub async fn without_an_outcome_the_wait_ends(world: World) {
    for timeout in [Duration::ZERO, BRIEFLY] {
        assert_eq!(world.replies.wait(&id(1), timeout).await.unwrap(), None);
    }
}

pub async fn one_waiter_gets_the_outcome(world: World) {
    let id = id(1);
    world.replies.reply(&id, Outcome::Done).await.unwrap();
    let (first, second) = tokio::join!(world.replies.wait(&id, BRIEFLY), world.replies.wait(&id, BRIEFLY));
    let got = [first.unwrap(), second.unwrap()].into_iter().flatten().count();
    assert_eq!(got, 1);
}

pub async fn a_waiter_that_went_away_takes_nothing_with_it(world: World) {
    assert!(tokio::time::timeout(BRIEFLY, world.replies.wait(&id(1), PATIENCE)).await.is_err());
    world.replies.reply(&id(1), Outcome::Done).await.unwrap();
    assert_eq!(world.replies.wait(&id(1), PATIENCE).await.unwrap(), Some(Outcome::Done));
}

pub async fn each_command_has_an_outcome_of_its_own(world: World) {
    world.replies.reply(&id(1), Outcome::Done).await.unwrap();
    assert_eq!(world.replies.wait(&id(2), BRIEFLY).await.unwrap(), None);
    assert_eq!(world.replies.wait(&id(1), PATIENCE).await.unwrap(), Some(Outcome::Done));
}

fn id(n: u64) -> CommandId {
    CommandId::parse(format!("cmd_{n}")).unwrap()
}
