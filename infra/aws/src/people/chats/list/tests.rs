//! Which chats may stand on a page, told by trying many.

use std::cmp::Reverse;

use super::*;

/// Fifty chats, each of which is later than it seems by up to the half hour that it may be; some are pinned.
fn chats(seed: u64) -> Vec<(Stored, Timestamp)> {
    let mut state = seed;
    let mut random = |below: i64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as i64 % below
    };
    let lag = i64::try_from(LAG.as_millis()).unwrap();
    let chat = |n: i64| {
        let mut stored = Stored::gone(Jid::parse(&format!("62811{n:08}")).unwrap(), None);
        let seems = random(8 * lag);
        stored.see(Last { at: Timestamp::from_millis(seems), sk: String::new() });
        stored.chat.pinned_at = (random(10) == 0).then(|| Timestamp::from_millis(random(2)));
        (stored, Timestamp::from_millis(seems + random(2) * random(lag + 1)))
    };
    (0..50).map(chat).collect()
}

fn known(chats: &[Stored], latest: &HashMap<Jid, Timestamp>) -> Vec<Place> {
    let mut places: Vec<_> =
        chats.iter().map(|Stored { chat, .. }| (chat.pinned_at, Some(latest[&chat.jid]), chat.jid.to_string())).collect();
    places.sort_unstable_by_key(|place| Reverse(place.clone()));
    places
}

#[test]
fn a_page_is_found_among_the_chats_that_seem_to_stand_around_it() {
    for seed in 0..200 {
        let (mut chats, latest): (Vec<_>, Vec<_>) = chats(seed).into_iter().unzip();
        let latest: HashMap<_, _> = chats.iter().map(|stored| stored.chat.jid.clone()).zip(latest).collect();
        chats.sort_by_cached_key(|chat| Reverse(place(chat)));
        let whole = known(&chats, &latest);
        for (number, wanted) in whole.chunks(7).enumerate() {
            let (by_number, skip) = around(chats.clone(), None, number * 7, 7);
            let found: Vec<_> = known(&by_number, &latest).into_iter().skip(skip).collect();
            assert_eq!(found[..wanted.len()], *wanted);
            let after = number.checked_sub(1).map(|_| &whole[number * 7 - 1]);
            let (by_cursor, skip) = around(chats.clone(), after, 0, 7);
            let found: Vec<_> = known(&by_cursor, &latest).into_iter().filter(|place| after.is_none_or(|after| place < after)).collect();
            assert_eq!(found[skip..][..wanted.len()], *wanted);
            // One more is seen of every page but the last.
            assert_eq!(found.len() > wanted.len(), whole.len() > number * 7 + wanted.len());
        }
    }
}
