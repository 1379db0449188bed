//! Every filter, against what it should find among messages of every sort.

use std::cmp::Reverse;

use super::{list, nobody, of};
use crate::{
    contract::{World, samples::*},
    model::{Device, Direction, Message, MessageFilter, MessageStatus, MessageTally, MessageType, Page, PageRequest, UserId},
    ports::Step,
};

pub async fn every_filter_finds_exactly_what_meets_it(world: World) {
    find_among(&world, 300, 250).await;
}

/// Stores `size` messages of every sort, changes some, and compares lists and tallies of `filters` filters with what they should find.
pub async fn find_among(world: &World, size: u64, filters: u64) {
    let devices = crowd(world).await;
    let mut dice = Dice(7);
    let mut messages: Vec<Message> = (0..size).map(|n| any(&devices[dice.below(4) as usize], n, &mut dice)).collect();
    for of_device in &devices {
        let steps: Vec<_> = messages.iter().filter(|message| message.device_id == of_device.id).map(silent).collect();
        for steps in steps.chunks(50) {
            world.journal.commit(&of_device.id, world.epoch, steps.to_vec()).await.unwrap();
        }
    }
    compare(world, &devices, &messages, filters, &mut dice).await;

    for message in messages.iter_mut().filter(|message| message.timestamp.millis() % 3 == 0 && message.status < MessageStatus::Read) {
        let step = Step { event: None, ..status_step(1, message, MessageStatus::Read) };
        world.journal.commit(&message.device_id, world.epoch, vec![step]).await.unwrap();
        (message.status, message.read_at, message.error) = (MessageStatus::Read, Some(at(1)), None);
    }
    world.devices.delete(&devices[1].id).await.unwrap();
    messages.retain(|message| message.device_id != devices[1].id);
    compare(world, &devices, &messages, filters, &mut dice).await;
}

async fn compare(world: &World, devices: &[Device], messages: &[Message], filters: u64, dice: &mut Dice) {
    for _ in 0..filters {
        let filter = any_filter(devices, messages, dice);
        let owner = |message: &Message| devices.iter().find(|device| device.id == message.device_id).map(|device| device.user_id);
        let mut wanted: Vec<_> = messages.iter().filter(|message| meets(message, owner(message), &filter)).collect();
        wanted.sort_by_key(|message| Reverse(message.timestamp));
        let mut tally = MessageTally::default();
        for message in &wanted {
            tally.total += 1;
            *(if message.direction == Direction::Outgoing { &mut tally.sent } else { &mut tally.received }) += 1;
            tally.media += u64::from(message.kind.is_media());
            tally.text += u64::from(message.kind == MessageType::Text);
        }
        assert_eq!(world.messages.tally(&filter).await.unwrap(), tally, "{filter:?}");
        let mut page = first_page(100);
        let mut found = Vec::new();
        loop {
            let Page { items, total, next } = list(world, &filter, &page).await;
            assert_eq!(total, tally.total, "{filter:?}");
            found.extend(items);
            let Some(next) = next else { break };
            page.cursor = Some(next);
        }
        assert!(found.iter().eq(wanted), "{filter:?}");
    }
}

pub async fn a_page_that_is_asked_for_by_number_and_filter_goes_on_where_the_one_before_ended(world: World) {
    let devices = crowd(&world).await;
    let mut dice = Dice(3);
    let messages: Vec<Message> = (0..200).map(|n| any(&devices[0], n, &mut dice)).collect();
    world.journal.commit(&devices[0].id, world.epoch, messages.iter().map(silent).collect()).await.unwrap();
    for filter in [
        MessageFilter { kind: Some(MessageType::Text), ..MessageFilter::default() },
        MessageFilter { user: Some(devices[0].user_id), status: Some(MessageStatus::Read), ..MessageFilter::default() },
        MessageFilter { chat: Some(phone(2)), direction: Some(Direction::Incoming), ..of(&devices[0]) },
    ] {
        let whole = list(&world, &filter, &first_page(200)).await;
        assert!(whole.total > 10 && whole.next.is_none());
        let mut found = Vec::new();
        for page in 1..=whole.total.div_ceil(7) {
            found.extend(list(&world, &filter, &PageRequest { page: page as u32, limit: 7, cursor: None }).await.items);
        }
        assert_eq!(found, whole.items);
    }
}

/// Two devices of each of two users.
async fn crowd(world: &World) -> Vec<Device> {
    let mut devices = Vec::new();
    for (n, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
        let device = Device { user_id: UserId::parse(n as u64 / 2).unwrap(), ..device(name) };
        assert!(world.devices.create(&device).await.unwrap());
        devices.push(device);
    }
    devices
}

pub(super) fn silent(message: &Message) -> Step {
    Step { event: None, ..message_step(1, message) }
}

/// Numbers without a pattern, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }

    /// Once in so many times.
    fn maybe<T>(&mut self, times: u64, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(times) == 0).then(|| make(self))
    }
}

const KINDS: [MessageType; 12] = [
    MessageType::Text,
    MessageType::Text,
    MessageType::Image,
    MessageType::Video,
    MessageType::Audio,
    MessageType::Document,
    MessageType::Sticker,
    MessageType::Location,
    MessageType::Contact,
    MessageType::Poll,
    MessageType::Reaction,
    MessageType::Other,
];

/// Some message of five days, the `n`th in no order of time.
fn any(device: &Device, n: u64, dice: &mut Dice) -> Message {
    let outgoing_statuses =
        [MessageStatus::Pending, MessageStatus::Failed, MessageStatus::Sent, MessageStatus::Delivered, MessageStatus::Read];
    let (message, status) = match dice.below(2) {
        0 => (outgoing(device, n), dice.one_of(&outgoing_statuses)),
        _ => (incoming(device, n), dice.one_of(&[MessageStatus::Delivered, MessageStatus::Read])),
    };
    // No two in one millisecond.
    let timestamp = at(dice.below(5 * DAY_MS / 10_000) * 10_000 + n);
    Message { chat: phone(dice.below(3) + 1), kind: dice.one_of(&KINDS), status, timestamp, ..message }
}

const DAY_MS: u64 = 24 * 3_600_000;

fn any_filter(devices: &[Device], messages: &[Message], dice: &mut Dice) -> MessageFilter {
    // The samples' time begins within a day.
    let midnight = DAY_MS - at(0).millis().unsigned_abs() % DAY_MS;
    let moment = |dice: &mut Dice| match dice.below(3) {
        0 => at(midnight + dice.below(5) * DAY_MS),
        1 => at(dice.below(5 * DAY_MS)),
        _ => dice.one_of(&messages.iter().map(|message| message.timestamp).collect::<Vec<_>>()),
    };
    MessageFilter {
        user: dice.maybe(3, |dice| UserId::parse(dice.below(3)).unwrap()),
        device: dice.maybe(3, |dice| if dice.below(9) == 0 { nobody().id } else { devices[dice.below(4) as usize].id.clone() }),
        chat: dice.maybe(4, |dice| phone(dice.below(4) + 1)),
        id: dice.maybe(8, |dice| messages[dice.below(messages.len() as u64) as usize].id.clone()),
        direction: dice.maybe(4, |dice| dice.one_of(&[Direction::Incoming, Direction::Outgoing])),
        kind: dice.maybe(3, |dice| dice.one_of(&KINDS)),
        status: dice.maybe(3, |dice| {
            dice.one_of(&[
                MessageStatus::Pending,
                MessageStatus::Failed,
                MessageStatus::Sent,
                MessageStatus::Delivered,
                MessageStatus::Read,
            ])
        }),
        since: dice.maybe(2, moment),
        until: dice.maybe(2, moment),
    }
}

fn meets(message: &Message, owner: Option<UserId>, filter: &MessageFilter) -> bool {
    filter.user.is_none_or(|user| Some(user) == owner)
        && filter.device.as_ref().is_none_or(|device| *device == message.device_id)
        && filter.chat.as_ref().is_none_or(|chat| *chat == message.chat)
        && filter.id.as_ref().is_none_or(|id| *id == message.id)
        && filter.direction.is_none_or(|direction| direction == message.direction)
        && filter.kind.is_none_or(|kind| kind == message.kind)
        && filter.status.is_none_or(|status| status == message.status)
        && filter.since.is_none_or(|since| since <= message.timestamp)
        && filter.until.is_none_or(|until| message.timestamp < until)
}
