//! What a companion still has to receive: kept in order until it acknowledges, whatever happens to
//! its connections meanwhile.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, Server};

use crate::link::Link;
use crate::stanza;

/// Beyond this the oldest stanza is given up, as WhatsApp does after some weeks.
const CAPACITY: usize = 50_000;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Message,
    Receipt,
    Notification,
}

struct Parcel {
    /// Position in the order of arrival, never reused.
    number: u64,
    class: Class,
    id: String,
    from: Jid,
    stanza: Arc<Node>,
}

#[derive(Default)]
pub struct Mailbox {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    parcels: VecDeque<Parcel>,
    arrivals: u64,
    session: Option<Session>,
}

struct Session {
    link: Arc<Link>,
    /// Nothing is delivered before the client declares itself active.
    active: bool,
    /// The first parcel this connection has not got yet.
    next: u64,
    /// While set, parcels below it are the offline backlog and its end marker is still due.
    backlog_end: Option<u64>,
    backlog_sent: usize,
}

impl Mailbox {
    /// Binds the mailbox to a fresh login; returns the connection it replaces.
    pub fn attach(&self, link: Arc<Link>) -> Option<Arc<Link>> {
        let session = Session { link, active: false, next: 0, backlog_end: None, backlog_sent: 0 };
        let replaced = self.state().session.replace(session);
        replaced.map(|session| session.link)
    }

    pub fn detach(&self, link: &Link) {
        let mut state = self.state();
        if state.session.as_ref().is_some_and(|s| s.link.id == link.id) {
            state.session = None;
        }
    }

    /// The connection the device is logged in with.
    pub fn link(&self) -> Option<Arc<Link>> {
        let state = self.state();
        state.session.as_ref().map(|session| session.link.clone())
    }

    /// Starts the delivery: first the backlog, then its end marker, then what is new.
    pub fn activate(&self) {
        let mut state = self.state();
        let end = state.arrivals;
        if let Some(session) = &mut state.session
            && !session.active
        {
            session.active = true;
            session.backlog_end = Some(end);
        }
        state.deliver();
    }

    pub fn push(&self, class: Class, id: &str, from: Jid, stanza: Node) {
        let mut state = self.state();
        if state.parcels.len() == CAPACITY {
            state.parcels.pop_front();
        }
        let number = state.arrivals;
        state.arrivals += 1;
        state.parcels.push_back(Parcel { number, class, id: id.to_owned(), from, stanza: Arc::new(stanza) });
        state.deliver();
    }

    /// Delivers what is of no use later, if the device is there to get it.
    pub fn mention(&self, stanza: &Arc<Node>) {
        let state = self.state();
        if let Some(session) = state.session.as_ref().filter(|session| session.active && session.backlog_end.is_none()) {
            session.link.offer(stanza.clone());
        }
    }

    /// Asks the device to publish more one-time keys.
    pub fn ask_for_keys(&self, left: usize) {
        let id = stanza::random_id();
        let count = NodeBuilder::new("count").attr("value", left as u64).build();
        let notification = NodeBuilder::new("notification")
            .attr("from", stanza::SERVER)
            .attr("id", id.as_str())
            .attr("type", "encrypt")
            .attr("t", stanza::unix_secs())
            .children([count])
            .build();
        let server = Jid::new("", Server::Pn);
        self.push(Class::Notification, &id, server, notification);
    }

    /// Forgets the oldest delivered stanza that fits.
    pub fn acknowledge(&self, class: Class, id: &str, from: &Jid) {
        let mut state = self.state();
        let position = state.parcels.iter().position(|parcel| parcel.class == class && parcel.id == id && parcel.from.device_eq(from));
        if let Some(position) = position {
            state.parcels.remove(position);
        }
    }

    /// Continues the delivery once the socket has room again.
    pub fn resume(&self) {
        self.state().deliver();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn deliver(&mut self) {
        let Some(session) = self.session.as_mut().filter(|session| session.active) else {
            return;
        };
        loop {
            let at = self.parcels.partition_point(|p| p.number < session.next);
            let parcel = self.parcels.get(at);
            if let Some(end) = session.backlog_end
                && parcel.is_none_or(|parcel| parcel.number >= end)
            {
                if !session.link.offer(Arc::new(end_of_backlog(session.backlog_sent))) {
                    return;
                }
                session.backlog_end = None;
                continue;
            }
            let Some(parcel) = parcel else {
                return;
            };
            let stanza = match session.backlog_end {
                Some(_) => Arc::new(marked_offline(&parcel.stanza)),
                None => parcel.stanza.clone(),
            };
            if !session.link.offer(stanza) {
                return;
            }
            session.backlog_sent += usize::from(session.backlog_end.is_some());
            session.next = parcel.number + 1;
        }
    }
}

fn marked_offline(stanza: &Node) -> Node {
    let mut marked = stanza.clone();
    marked.attrs.insert("offline", "0");
    marked
}

fn end_of_backlog(count: usize) -> Node {
    NodeBuilder::new("ib").attr("from", stanza::SERVER).children([NodeBuilder::new("offline").attr("count", count as u64).build()]).build()
}
