//! What [`Statistics`](crate::ports::Statistics) promises.

use super::{World, samples::*};
use crate::{model::Session, ports::Snapshot};

/// Makes a test of each sentence here, for the world that `$start` starts.
#[macro_export]
macro_rules! statistics_contract {
    ($start:path) => {
        $crate::contract_tests!(
            statistics,
            $start,
            [an_empty_installation_has_nothing_to_count, devices_on_line_and_messages_are_counted, the_figures_survive_a_crash]
        );
    };
}

pub async fn an_empty_installation_has_nothing_to_count(world: World) {
    assert_eq!(
        snapshot(&world).await,
        Snapshot { devices: 0, active_devices: 0, total_messages: 0, recent_messages: 0, waiting_commands: 0, waiting_deliveries: 0 }
    );
}

pub async fn devices_on_line_and_messages_are_counted(world: World) {
    fill(&world).await;
    assert_eq!(snapshot(&world).await, figures());
    world.devices.delete(&device("a").id).await.unwrap();
    let left = snapshot(&world).await;
    assert_eq!((left.devices, left.active_devices, left.total_messages, left.recent_messages), (1, 0, 1, 0));
    assert_eq!(left.waiting_deliveries, 0, "what waited went with its device");
    assert!(left.waiting_commands <= 1, "but for a command in a queue that nobody can look through");
}

pub async fn the_figures_survive_a_crash(world: World) {
    fill(&world).await;
    let world = world.crash().await;
    assert_eq!(snapshot(&world).await, figures());
}

/// One device on line, with a webhook, and one off line; a command for the first, two messages before the tenth millisecond and two from it on.
async fn fill(world: &World) {
    let (mut a, b) = (device("a"), device("b"));
    a.webhook = Some(webhook());
    let off = Session { wanted: true, ..Session::new() };
    for (device, session) in [(&a, &connected()), (&b, &off)] {
        world.devices.create(device).await.unwrap();
        world.journal.commit(&device.id, world.epoch, vec![session_step(1, session)]).await.unwrap();
    }
    world.messages.accept(&outgoing(&a, 10), None).await.unwrap();
    world.messages.accept(&outgoing(&b, 1), None).await.unwrap();
    let steps = || vec![message_step(2, &incoming(&a, 9)), message_step(3, &incoming(&a, 20))];
    world.journal.commit(&a.id, world.epoch, steps()).await.unwrap();
    world.journal.commit(&a.id, world.epoch, steps()).await.unwrap();
    world.commands.enqueue(&envelope("a", "send")).await.unwrap();
}

async fn snapshot(world: &World) -> Snapshot {
    world.statistics.snapshot(at(10)).await.unwrap()
}

/// What [`fill`] makes.
fn figures() -> Snapshot {
    Snapshot { devices: 2, active_devices: 1, total_messages: 4, recent_messages: 2, waiting_commands: 1, waiting_deliveries: 3 }
}
