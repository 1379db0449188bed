//! What a message is, as the small numbers that its indexes and counts hold. They are stored: new ones are only ever appended.

use domain::model::{Direction, Message, MessageFilter, MessageStatus, MessageTally, MessageType};

const KINDS: [MessageType; 12] = [
    MessageType::Text,
    MessageType::Image,
    MessageType::Video,
    MessageType::Audio,
    MessageType::Document,
    MessageType::Sticker,
    MessageType::Location,
    MessageType::Contact,
    MessageType::Other,
    MessageType::Poll,
    MessageType::Reaction,
    MessageType::Vote,
];

const STATUSES: [MessageStatus; 5] =
    [MessageStatus::Pending, MessageStatus::Failed, MessageStatus::Sent, MessageStatus::Delivered, MessageStatus::Read];

/// What sets messages apart in lists and counts: kind and direction, which never change, and the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Class {
    pub sort: i64,
    pub status: i64,
}

/// How many messages of each class there are; a class may come more than once.
pub(crate) type Counted = Vec<(Class, u64)>;

impl Class {
    pub fn of(message: &Message) -> Self {
        let kind = place(&KINDS, message.kind);
        Self { sort: 2 * kind + i64::from(message.direction == Direction::Outgoing), status: number(message.status) }
    }

    fn kind(self) -> Option<MessageType> {
        KINDS.get(usize::try_from(self.sort / 2).ok()?).copied()
    }

    fn direction(self) -> Direction {
        if self.sort % 2 == 1 { Direction::Outgoing } else { Direction::Incoming }
    }

    /// Whether the filter wants messages like these.
    pub fn meets(self, filter: &MessageFilter) -> bool {
        filter.direction.is_none_or(|direction| direction == self.direction())
            && filter.kind.is_none_or(|kind| Some(kind) == self.kind())
            && filter.status.is_none_or(|wanted| number(wanted) == self.status)
    }
}

/// A status as its number.
pub(crate) fn number(status: MessageStatus) -> i64 {
    place(&STATUSES, status)
}

/// The status of a number; none but ours are ever stored.
pub(crate) fn status(number: i64) -> Option<MessageStatus> {
    STATUSES.get(usize::try_from(number).ok()?).copied()
}

/// The sorts a filter wants, as a set of bits.
pub(crate) fn wanted(filter: &MessageFilter) -> i64 {
    let any_status = MessageFilter { status: None, ..filter.clone() };
    (0..2 * KINDS.len() as i64).filter(|sort| Class { sort: *sort, status: 0 }.meets(&any_status)).fold(0, |bits, sort| bits | 1 << sort)
}

/// The figures of so many messages of each class.
pub(crate) fn tally(counted: &[(Class, u64)]) -> MessageTally {
    let mut tally = MessageTally::default();
    for (class, count) in counted {
        tally.total += count;
        match class.direction() {
            Direction::Outgoing => tally.sent += count,
            Direction::Incoming => tally.received += count,
        }
        match class.kind() {
            Some(MessageType::Text) => tally.text += count,
            Some(kind) if kind.is_media() => tally.media += count,
            _ => {}
        }
    }
    tally
}

fn place<T: PartialEq>(list: &[T], item: T) -> i64 {
    list.iter().position(|one| *one == item).map_or(-1, |place| place as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_its_number_again() {
        for (wanted, word) in (0..).zip(["pending", "failed", "sent", "delivered", "read"]) {
            let status = status(wanted).unwrap();
            assert_eq!((number(status), status.as_str()), (wanted, word));
        }
        assert_eq!((status(5), status(-1)), (None, None));
    }

    #[test]
    fn every_kind_has_a_number() {
        // The order of 2.sql.
        let words = "text image video audio document sticker location contact other poll reaction vote";
        assert_eq!(KINDS.map(MessageType::as_str).join(" "), words);
    }
}
