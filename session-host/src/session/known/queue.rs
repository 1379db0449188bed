//! What came in of people, chats and groups: news to be stored, and hints at what to look at.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::model::Jid;
use tokio::{sync::Notify, time::Instant};
use wacore::{
    iq::dirty::DirtyType,
    types::events::{Event, EventHandler, EventInterest, EventKind},
};

use crate::session::addresses::to_ours;

/// For so long a look at everything is good enough, should the connection come back.
const FRESH: Duration = Duration::from_secs(3600);

/// Most pictures kept in mind.
const PICTURES: usize = 1000;

const EVENTS: [EventKind; 14] = [
    EventKind::Connected,
    EventKind::DirtyState,
    EventKind::GroupUpdate,
    EventKind::PictureUpdate,
    EventKind::ContactUpdate,
    EventKind::PushNameUpdate,
    EventKind::UserAboutUpdate,
    EventKind::BusinessStatusUpdate,
    EventKind::Presence,
    EventKind::ArchiveUpdate,
    EventKind::PinUpdate,
    EventKind::MuteUpdate,
    EventKind::MarkChatAsReadUpdate,
    EventKind::DeleteChatUpdate,
];

/// What came in.
#[derive(Default)]
pub struct Queue {
    state: Mutex<State>,
    /// There is news to store.
    pub told: Notify,
    /// Some of it is stored.
    pub stored: Notify,
    /// There is something to look at.
    pub hinted: Notify,
}

/// What is to be done.
#[derive(Default)]
pub struct State {
    /// What was told and is not stored yet.
    pub news: VecDeque<Arc<Event>>,
    /// When all groups were last looked at.
    pub complete_since: Option<Instant>,
    pub blocked: bool,
    all_groups: bool,
    pub groups: BTreeSet<Jid>,
    pictures: BTreeSet<Jid>,
}

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    Blocked,
    AllGroups,
    Group(Jid),
    Picture(Jid),
}

/// Takes in what the library tells.
pub struct News(pub(super) Arc<Queue>);

impl EventHandler for News {
    fn handle_event(&self, event: Arc<Event>) {
        self.0.take_in(event);
    }

    fn interest(&self) -> EventInterest {
        EventInterest::of(&EVENTS)
    }
}

impl Queue {
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_in(&self, event: Arc<Event>) {
        let mut state = self.state();
        match &*event {
            Event::Connected(_) => {
                if state.complete_since.is_none_or(|since| since.elapsed() > FRESH) {
                    (state.blocked, state.all_groups) = (true, true);
                }
            }
            Event::DirtyState(dirty) if dirty.dirty_type == DirtyType::Groups => state.all_groups = true,
            Event::DirtyState(dirty) if dirty.dirty_type == DirtyType::AccountSync => state.blocked = true,
            Event::DirtyState(_) => return,
            Event::GroupUpdate(update) => state.groups.extend(to_ours(&update.group_jid)),
            Event::PictureUpdate(update) if !update.removed => state.want_picture(to_ours(&update.jid)),
            _ => {
                state.news.push_back(event);
                self.told.notify_one();
                return;
            }
        }
        self.hinted.notify_one();
    }

    pub fn first_news(&self, most: usize) -> Vec<Arc<Event>> {
        self.state().news.iter().take(most).cloned().collect()
    }
}

impl State {
    pub fn want_picture(&mut self, of: Option<Jid>) {
        if self.pictures.len() < PICTURES {
            self.pictures.extend(of.filter(|of| !of.is_group()));
        }
    }

    /// What to look at next.
    pub fn next(&mut self) -> Option<Look> {
        if std::mem::take(&mut self.blocked) {
            return Some(Look::Blocked);
        }
        if std::mem::take(&mut self.all_groups) {
            return Some(Look::AllGroups);
        }
        self.groups.pop_first().map(Look::Group).or_else(|| self.pictures.pop_first().map(Look::Picture))
    }

    pub fn put_back(&mut self, look: Look) {
        match look {
            Look::Blocked => self.blocked = true,
            Look::AllGroups => self.all_groups = true,
            Look::Group(group) => drop(self.groups.insert(group)),
            Look::Picture(of) => drop(self.pictures.insert(of)),
        }
    }
}
