//! Lists and totals of messages. What a filter wants lies in a few walks through indexes, each in the order of time: one for every kind, direction and status,
//! and for every device if it is about some, and one among the fresh messages. A page is merged from them, so that it costs what it holds, whatever else is stored.

#[cfg(test)]
mod tests;

use std::{collections::BinaryHeap, vec};

use domain::model::{Cursor, Message, MessageFilter, MessageTally, Page, PageRequest, Timestamp};
use rusqlite::{Connection, Params, Row};

use crate::{
    aliases,
    counts::{self, Scope, Span},
    error::StoreError,
    messages,
    rows::{self, integer},
    sorts::{self, Class, Counted},
};

/// A message's place in every list: its time and its row. Lists begin with the greatest.
type Place = (i64, i64);

/// Before the first of all places.
const NEWEST: Place = (i64::MAX, i64::MAX);

/// Most places read ahead in one walk.
const LONGEST_STRIDE: usize = 256;

/// How many messages the filter wants.
pub(crate) fn tally(connection: &Connection, filter: &MessageFilter) -> Result<MessageTally, StoreError> {
    let moment = connection.unchecked_transaction()?;
    let Some(wanted) = Wanted::of(&moment, filter)? else { return Ok(MessageTally::default()) };
    Ok(sorts::tally(&wanted.count()?.1))
}

/// A page of the messages the filter wants, all of it as of one moment: a message whose status changes moves from one walk to another.
pub(crate) fn list(connection: &Connection, filter: &MessageFilter, page: &PageRequest) -> Result<Page<Message>, StoreError> {
    let moment = connection.unchecked_transaction()?;
    let Some(wanted) = Wanted::of(&moment, filter)? else { return Ok(Page { items: Vec::new(), total: 0, next: None }) };
    let (walks, counted) = wanted.count()?;
    let total = sorts::tally(&counted).total;
    let limit = page.limit.clamp(1, PageRequest::MAX_LIMIT) as usize;
    let after = page.cursor.as_ref().and_then(decode);
    let skip = if after.is_some() { 0 } else { page.offset() };
    if skip >= total {
        return Ok(Page { items: Vec::new(), total, next: None });
    }
    let mut places = wanted.places(walks, after.unwrap_or(NEWEST), skip as usize, limit + 1)?;
    let more = places.len() > limit;
    places.truncate(limit);
    let next = places.last().filter(|_| more).map(|(timestamp, row)| encode(*timestamp, *row));
    let items = places.into_iter().map(|(_, row)| messages::load(&moment, row)).collect::<Result<_, _>>()?;
    Ok(Page { items, total, next })
}

/// A place in a list that is ordered by time and row.
pub(crate) fn encode(timestamp: i64, row: i64) -> Cursor {
    Cursor([timestamp.to_be_bytes(), row.to_be_bytes()].concat())
}

/// What [`encode`] wrote; anything else is no place.
pub(crate) fn decode(cursor: &Cursor) -> Option<Place> {
    let (timestamp, row) = cursor.0.split_first_chunk()?;
    Some((i64::from_be_bytes(*timestamp), i64::from_be_bytes(row.try_into().ok()?)))
}

/// A filter, and where to look for what it wants.
struct Wanted<'a> {
    connection: &'a Connection,
    filter: &'a MessageFilter,
    scope: Scope,
    /// By row; unused if neither device, user nor chat is given.
    devices: Vec<i64>,
    span: Span,
}

/// Messages that lie in order in one index.
enum Walk {
    /// All of a class.
    All(Class),
    /// Those of a class that went through a device.
    Device(i64, Class),
    /// The fresh ones, of the classes the filter wants: those that went through a device, or all.
    Fresh(Option<i64>),
    /// Those of a device's chat, of the classes the filter wants.
    Chat(i64, String),
    /// Those with an id, of the classes the filter wants.
    Id { id: String, device: Option<i64>, chat: Option<String> },
}

impl<'a> Wanted<'a> {
    /// `None` if it can want nothing.
    fn of(connection: &'a Connection, filter: &'a MessageFilter) -> Result<Option<Self>, StoreError> {
        let user = filter.user.map(counts::user);
        let devices = |sql, user: i64| rows::all(connection, sql, [user], |row| Ok(row.get(0)?));
        let (scope, devices) = match (&filter.device, user) {
            (Some(device), user) => {
                let owner = messages::owner(connection, device)?.filter(|owner| user.is_none_or(|user| user == owner.user));
                let Some(owner) = owner else { return Ok(None) };
                (Scope::Device(owner.device), vec![owner.device])
            }
            (None, Some(user)) => (Scope::User(user), devices("SELECT row FROM devices WHERE user_id = ?1", user)?),
            (None, None) if filter.chat.is_some() => (Scope::All, devices("SELECT row FROM devices WHERE row > ?1", 0)?),
            (None, None) => (Scope::All, Vec::new()),
        };
        let since = filter.since.unwrap_or(Timestamp::from_millis(i64::MIN)).millis();
        let until = filter.until.map_or_else(|| Timestamp::from_millis(i64::MAX).millis() + 1, Timestamp::millis);
        Ok(Some(Self { connection, filter, scope, devices, span: Span { since, until } }))
    }

    /// Where they lie, and how many there are. Statuses are told apart among the old ones alone.
    fn count(&self) -> Result<(Vec<Walk>, Counted), StoreError> {
        let (old, walks) = match self.narrow()? {
            Some(walks) => (Vec::new(), walks),
            None => (self.count_old()?, self.each(Walk::Fresh(None), |device| Walk::Fresh(Some(device)))),
        };
        let mut counted = old.clone();
        for walk in &walks {
            counted.extend(self.count_walk(walk, self.span)?);
        }
        Ok((old.iter().flat_map(|(class, _)| self.of_class(*class)).chain(walks).collect(), counted))
    }

    fn count_old(&self) -> Result<Counted, StoreError> {
        let part = |class, span| {
            self.of_class(class).iter().try_fold(0, |sum, walk| {
                let counted = self.count_walk(walk, span)?;
                Ok(sum + counted.iter().map(|(_, count)| count).sum::<u64>())
            })
        };
        counts::count(self.connection, self.scope, self.span, |class| class.meets(self.filter), part)
    }

    /// The next `take` places after `start`, some skipped.
    fn places(&self, walks: Vec<Walk>, start: Place, skip: usize, take: usize) -> Result<Vec<Place>, StoreError> {
        let start = start.min((self.span.until, i64::MIN));
        let stride = (take.saturating_add(skip) / walks.len().max(1) + 8).min(LONGEST_STRIDE);
        let walker = |walk| Walker { walk, ahead: Vec::new().into_iter(), last: start, more: true };
        let mut walkers: Vec<_> = walks.into_iter().map(walker).collect();
        let mut heads = BinaryHeap::with_capacity(walkers.len());
        for (number, walker) in walkers.iter_mut().enumerate() {
            heads.extend(walker.next(self, stride)?.map(|place| (place, number)));
        }
        let mut places = Vec::with_capacity(take);
        let mut skip = skip;
        while places.len() < take
            && let Some((place, number)) = heads.pop()
        {
            if skip > 0 {
                skip -= 1;
            } else {
                places.push(place);
            }
            heads.extend(walkers[number].next(self, stride)?.map(|place| (place, number)));
        }
        Ok(places)
    }

    /// The walks to a chat or an id, if the filter names one.
    fn narrow(&self) -> Result<Option<Vec<Walk>>, StoreError> {
        let MessageFilter { id, chat, .. } = self.filter;
        if let (Some(id), None, Scope::All) = (id, chat, self.scope) {
            return Ok(Some(vec![Walk::Id { id: id.to_string(), device: None, chat: None }]));
        }
        if id.is_none() && chat.is_none() {
            return Ok(None);
        }
        let mut walks = Vec::with_capacity(self.devices.len());
        for device in self.devices.iter().copied() {
            let chat = chat.as_ref().map(|chat| aliases::chat(self.connection, device, chat)).transpose()?.map(String::from);
            walks.extend(match (id, chat) {
                (Some(id), chat) => Some(Walk::Id { id: id.to_string(), device: Some(device), chat }),
                (None, chat) => chat.map(|chat| Walk::Chat(device, chat)),
            });
        }
        Ok(Some(walks))
    }

    fn of_class(&self, class: Class) -> Vec<Walk> {
        self.each(Walk::All(class), |device| Walk::Device(device, class))
    }

    /// One walk through all there is, or one for each device.
    fn each(&self, all: Walk, of_device: impl Fn(i64) -> Walk) -> Vec<Walk> {
        if self.scope == Scope::All { vec![all] } else { self.devices.iter().copied().map(of_device).collect() }
    }

    fn count_walk(&self, walk: &Walk, span: Span) -> Result<Counted, StoreError> {
        let sql = format!("SELECT sort, count(*) FROM {} GROUP BY sort LIMIT ?9", self.from(walk));
        let read = |row: &Row<'_>| Ok((Class { sort: row.get(0)?, status: 0 }, rows::count(row, 1)?));
        rows::all(self.connection, &sql, self.values(walk, span.since, (span.until, i64::MIN), i64::MAX), read)
    }

    fn step(&self, walk: &Walk, after: Place, most: usize) -> Result<Vec<Place>, StoreError> {
        let sql = format!("SELECT timestamp, row FROM {} ORDER BY timestamp DESC, row DESC LIMIT ?9", self.from(walk));
        let values = self.values(walk, self.span.since, after, integer(most as u64));
        rows::all(self.connection, &sql, values, |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// SQLite is told which index to walk: it has no figures to choose by.
    fn from(&self, walk: &Walk) -> String {
        let (index, wanted) = match walk {
            Walk::All(_) => ("messages_by_time", "fresh = 0 AND sort = ?3 AND status = ?4"),
            Walk::Device(..) => ("messages_by_device", "fresh = 0 AND device = ?1 AND sort = ?3 AND status = ?4"),
            Walk::Fresh(None) => ("messages_fresh", "fresh = 1"),
            Walk::Fresh(Some(_)) => ("messages_fresh", "fresh = 1 AND device = ?1"),
            Walk::Chat(..) => ("messages_by_chat", "device = ?1 AND chat = ?2"),
            Walk::Id { device: None, .. } => ("messages_by_id", "id = ?5"),
            Walk::Id { chat: None, .. } => ("messages_by_id", "id = ?5 AND device = ?1"),
            Walk::Id { .. } => ("messages_by_id", "id = ?5 AND device = ?1 AND chat = ?2"),
        };
        let class = match walk {
            Walk::All(_) | Walk::Device(..) => "",
            _ if self.filter.status.is_some() => " AND (?3 >> sort) & 1 AND status = ?4",
            _ => " AND (?3 >> sort) & 1",
        };
        format!("messages INDEXED BY {index} WHERE {wanted}{class} AND timestamp >= ?6 AND (timestamp, row) < (?7, ?8)")
    }

    fn values<'w>(&self, walk: &'w Walk, since: i64, before: Place, most: i64) -> impl Params + use<'w> {
        let status = self.filter.status.map(sorts::number);
        let sorts = sorts::wanted(self.filter);
        let (device, chat, sort, status, id) = match walk {
            Walk::All(class) => (None, None, class.sort, Some(class.status), None),
            Walk::Device(device, class) => (Some(*device), None, class.sort, Some(class.status), None),
            Walk::Fresh(device) => (*device, None, sorts, status, None),
            Walk::Chat(device, chat) => (Some(*device), Some(chat), sorts, status, None),
            Walk::Id { id, device, chat } => (*device, chat.as_ref(), sorts, status, Some(id)),
        };
        (device, chat, sort, status, id, since, before.0, before.1, most)
    }
}

/// Somebody on a walk.
struct Walker {
    walk: Walk,
    /// What was read ahead.
    ahead: vec::IntoIter<Place>,
    last: Place,
    /// Whether there may be more behind that.
    more: bool,
}

impl Walker {
    fn next(&mut self, wanted: &Wanted<'_>, stride: usize) -> Result<Option<Place>, StoreError> {
        if self.ahead.len() == 0 && self.more {
            // All the fresh ones are looked at each time.
            let stride = if let Walk::Fresh(_) = self.walk { usize::MAX } else { stride };
            let ahead = wanted.step(&self.walk, self.last, stride)?;
            self.more = ahead.len() == stride;
            self.last = ahead.last().copied().unwrap_or(self.last);
            self.ahead = ahead.into_iter();
        }
        Ok(self.ahead.next())
    }
}
