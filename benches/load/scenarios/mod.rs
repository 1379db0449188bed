//! What is measured: one world, one question.

mod devices;
mod inbound;
mod media;
mod pages;
mod reads;
mod sends;

use std::time::Duration;

use anyhow::{Result, bail};

use crate::table::{Budget, Table};

/// All scenarios, in the order they are run.
pub const SCENARIOS: [&str; 6] = ["devices", "sends", "media", "inbound", "reads", "pages"];

pub async fn run(name: &str, table: &mut Table) -> Result<()> {
    match name {
        "devices" => devices::run(table).await,
        "sends" => sends::run(table).await,
        "media" => media::run(table).await,
        "inbound" => inbound::run(table).await,
        "pages" => pages::run(table).await,
        "reads" => reads::run(table).await,
        _ => bail!("there is no scenario {name:?}"),
    }
}

/// Two rows: the median, which has a budget, and the 99th percentile.
fn percentiles(table: &mut Table, what: &str, mut taken: Vec<Duration>, median: Budget) {
    taken.sort_unstable();
    let rank = |share: f64| taken[((taken.len() - 1) as f64 * share).round() as usize];
    table.milliseconds(format!("{what}, median"), rank(0.5), median);
    table.milliseconds(format!("{what}, 99th percentile"), rank(0.99), Budget::None);
}
