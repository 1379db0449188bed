//! Deliveries as users see them.

use domain::{
    model::{Cursor, DeliveryRecord, DeliveryStatus, DeviceId, Page, PageRequest},
    ports::PortError,
};

use super::items::{FAILED, Stored, WAITING, sk};
use crate::{Records, error::flaw, layout};

/// Most deliveries read at once.
const CHUNK: usize = 1_000;

/// A page, newest first. Reads what lies in it, and before it if it is asked for by number; how many there are is counted by reading all their keys.
pub(super) async fn list(
    records: &Records,
    device: &DeviceId,
    status: Option<DeliveryStatus>,
    page: &PageRequest,
) -> Result<Page<DeliveryRecord>, PortError> {
    let pk = layout::device(device);
    // What is no place of this list starts at its beginning.
    let before: Option<u64> = page.cursor.as_ref().and_then(|cursor| serde_json::from_slice(&cursor.0).ok());
    let skipped = if before.is_some() { 0 } else { usize::try_from(page.offset()).unwrap_or(usize::MAX) };
    let limit = page.limit.clamp(1, PageRequest::MAX_LIMIT) as usize;
    let (mut found, mut total) = (Vec::new(), 0);
    for of in [DeliveryStatus::Pending, DeliveryStatus::Failed] {
        if status.is_none_or(|status| status == of) {
            let prefix = if of == DeliveryStatus::Pending { WAITING } else { FAILED };
            total += records.table.count(records.table.prefix(&pk, prefix)).await?;
            let rows = skipped.saturating_add(limit).saturating_add(1);
            found.extend(newest(records, &pk, prefix, before, rows).await?.into_iter().map(|stored| record(stored, of)));
        }
    }
    found.sort_unstable_by_key(|record| std::cmp::Reverse(record.seq));
    let more = found.len() > skipped.saturating_add(limit);
    let items: Vec<_> = found.into_iter().skip(skipped).take(limit).collect();
    let next = items.last().filter(|_| more).map(|last| serde_json::to_vec(&last.seq).map(Cursor)).transpose().map_err(flaw)?;
    Ok(Page { items, total, next })
}

/// So many of one kind, newest first.
async fn newest(records: &Records, pk: &str, prefix: &str, before: Option<u64>, rows: usize) -> Result<Vec<Stored>, PortError> {
    let Some(last) = before.unwrap_or(u64::MAX).checked_sub(1) else { return Ok(Vec::new()) };
    let query = records.table.between(pk, &sk(prefix, 0), &sk(prefix, last)).scan_index_forward(false);
    let (mut found, mut start) = (Vec::new(), None);
    loop {
        let chunk = (rows - found.len()).min(CHUNK) as i32;
        let (items, next) = records.table.page(query.clone().limit(chunk), start).await?;
        found.extend(items.iter().map(Stored::read).collect::<Result<Vec<_>, _>>()?);
        match next {
            Some(next) if found.len() < rows => start = Some(next),
            _ => return Ok(found),
        }
    }
}

fn record(stored: Stored, status: DeliveryStatus) -> DeliveryRecord {
    let Stored { seq, about, attempts, moment, reason, .. } = stored;
    DeliveryRecord {
        event: about.event,
        kind: about.kind,
        seq,
        chat: about.chat,
        at: about.at,
        status,
        attempts,
        next_or_failed_at: moment,
        reason,
    }
}
