//! The part of a list that is asked for, of lists whose places are read as a whole: they are as short as an index makes them.

use domain::model::{Cursor, Page, PageRequest};

/// The page of a list in the order of its places, no two of which are the same. A cursor is a place: what is none starts at the beginning.
pub(crate) fn page<T>(list: Vec<(String, T)>, page: &PageRequest) -> Page<T> {
    let total = list.len() as u64;
    let limit = page.limit.clamp(1, PageRequest::MAX_LIMIT) as usize;
    let first = match page.cursor.as_ref().and_then(|cursor| str::from_utf8(&cursor.0).ok()) {
        Some(last) => list.partition_point(|(place, _)| place.as_str() <= last),
        None => usize::try_from(page.offset()).unwrap_or(usize::MAX),
    };
    let more = list.len() > first.saturating_add(limit);
    let (places, items): (Vec<_>, Vec<_>) = list.into_iter().skip(first).take(limit).unzip();
    Page { items, total, next: places.last().filter(|_| more).map(|place| Cursor(place.as_bytes().to_vec())) }
}
