//! Where an id is, or would be, in the sequence of a device.

use domain::{
    model::{DeviceId, EventId},
    ports::PortError,
};

use super::{seq, sk};
use crate::{
    Records, layout,
    table::{Item, text_of},
};

/// How far an event may be from where its id belongs: ids are made before events are stored.
const DISORDER: u64 = 16;

/// An event's place, and its id.
type Place = (u64, String);

impl Records {
    /// The place of an event in the sequence of the device, if it is one of its events: by the index or, if that does not know yet, by the sequence.
    pub(crate) async fn seq_of(&self, device: &DeviceId, id: &EventId) -> Result<Option<u64>, PortError> {
        if let Some(listed) = self.listed_event(id).await?
            && layout::device_of(&listed)? == *device
        {
            return seq(&listed).map(Some);
        }
        let around = self.around(device, id).await?;
        Ok(around.into_iter().find(|(_, other)| other == id.as_str()).map(|(seq, _)| seq))
    }

    /// The place of the event or, of one that is not there, that of the last one before it: it may be stored in disorder, so that those count which come
    /// before all that are later.
    pub(super) async fn seq_before(&self, device: &DeviceId, id: &EventId) -> Result<u64, PortError> {
        let (around, id) = (self.around(device, id).await?, id.as_str());
        if let Some((seq, _)) = around.iter().find(|(_, other)| other == id) {
            return Ok(*seq);
        }
        let later = around.iter().filter(|(_, other)| other.as_str() > id).min_by_key(|(_, other)| other);
        let later = later.map_or(u64::MAX, |(seq, _)| *seq);
        let before = around.iter().rev().find(|(seq, other)| other.as_str() < id && *seq < later);
        // Those before the first that is kept are gone.
        Ok(before.map_or_else(|| around.first().map_or(0, |(seq, _)| seq.saturating_sub(1)), |(seq, _)| *seq))
    }

    /// The device's events next to where the id belongs, in their order.
    async fn around(&self, device: &DeviceId, id: &EventId) -> Result<Vec<Place>, PortError> {
        let pk = layout::device(device);
        let newest = self.table.between(&pk, &sk(0), &sk(u64::MAX)).scan_index_forward(false);
        let (newest, _) = self.table.page(newest.projection_expression("sk, p1").limit(1), None).await?;
        let Some(newest) = newest.first() else { return Ok(Vec::new()) };
        let (last, last_id) = place(newest)?;
        // What comes after all of the id's kind begins at `late`, and ends what is looked through; it begins behind `early`.
        let (mut early, mut late) = (last.saturating_sub(DISORDER), last);
        if last_id.as_str() > id.as_str() {
            let mut step = DISORDER;
            // Mostly it is one of the latest.
            early = loop {
                let probe = late.saturating_sub(step);
                match self.first_of(&pk, probe, late).await? {
                    Some((seq, other)) if other.as_str() > id.as_str() => late = seq,
                    Some((seq, _)) => break seq,
                    None => late = probe,
                }
                if probe == 0 {
                    break 0;
                }
                step *= 4;
            };
            while late - early > DISORDER {
                let middle = early + (late - early) / 2;
                match self.first_of(&pk, middle, late).await? {
                    Some((seq, other)) if other.as_str() <= id.as_str() => early = seq,
                    _ => late = middle,
                }
            }
        }
        let window = self.table.between(&pk, &sk(early.saturating_sub(DISORDER)), &sk(late.saturating_add(DISORDER)));
        self.table.all(window.projection_expression("sk, p1")).await?.iter().map(place).collect()
    }

    /// The first of the device's events from one place until before another.
    async fn first_of(&self, pk: &str, from: u64, until: u64) -> Result<Option<Place>, PortError> {
        let Some(last) = until.checked_sub(1).filter(|last| *last >= from) else { return Ok(None) };
        let query = self.table.between(pk, &sk(from), &sk(last)).projection_expression("sk, p1").limit(1);
        let (found, _) = self.table.page(query, None).await?;
        found.first().map(place).transpose()
    }
}

fn place(item: &Item) -> Result<Place, PortError> {
    Ok((seq(item)?, text_of(item, "p1")?.to_owned()))
}
