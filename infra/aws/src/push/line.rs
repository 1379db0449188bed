//! The lines to sockets: each device's events one after the other, those of different devices side by side.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    model::{DeviceId, Event},
    ports::{Clock, Devices, PortError},
};
use tokio::{sync::Semaphore, time::sleep};

use crate::sockets::{Audience, OPENING, OpenSockets, Socket, Told};

/// Events that may wait for one socket to take those of one device.
const MOST_WAITING: usize = 1000;

/// Frames that are under way at a time.
const UNDER_WAY: usize = 256;

/// How often a socket that is about to open is tried.
const AGAIN: Duration = Duration::from_millis(50);

/// A socket, and a device whose events it is told.
type Line = (String, DeviceId);

/// All lines there is something on. Cheap to clone.
#[derive(Clone)]
pub struct Lines {
    sockets: OpenSockets,
    devices: Arc<dyn Devices>,
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
    under_way: Arc<Semaphore>,
}

#[derive(Default)]
struct State {
    waiting: HashMap<Line, VecDeque<Arc<Event>>>,
    /// Those that are being closed: they are told nothing any more.
    closing: HashSet<String>,
}

impl Lines {
    /// Nothing on any.
    pub fn new(sockets: OpenSockets, devices: Arc<dyn Devices>, clock: Arc<dyn Clock>) -> Self {
        Self { sockets, devices, clock, state: Arc::default(), under_way: Arc::new(Semaphore::new(UNDER_WAY)) }
    }

    /// Whether everybody was told everything.
    pub fn are_empty(&self) -> bool {
        let state = self.state();
        state.waiting.is_empty() && state.closing.is_empty()
    }

    /// Puts an event on a line. A socket that is too slow is closed.
    pub fn tell(&self, socket: &Arc<Socket>, event: Arc<Event>) {
        let line = (socket.id.clone(), event.device_id.clone());
        let mut state = self.state();
        if state.closing.contains(&socket.id) {
            return;
        }
        let is_new = !state.waiting.contains_key(&line);
        let waiting = state.waiting.entry(line.clone()).or_default();
        waiting.push_back(event);
        let is_slow = waiting.len() > MOST_WAITING;
        drop(state);
        if is_new {
            let (lines, socket) = (self.clone(), socket.clone());
            tokio::spawn(async move { lines.drain(&socket, &line).await });
        }
        if is_slow {
            self.hang_up(&socket.id, "it is too slow");
        }
    }

    /// Closes a socket, whatever waits for it; its client can come again and say what it saw last.
    pub fn hang_up(&self, id: &str, reason: &'static str) {
        let mut state = self.state();
        if !state.closing.insert(id.to_owned()) {
            return;
        }
        state.waiting.retain(|(socket, _), _| socket != id);
        drop(state);
        let (lines, id) = (self.clone(), id.to_owned());
        tokio::spawn(async move {
            match lines.sockets.close(&id).await {
                Ok(()) => tracing::info!(socket = id, reason, "a socket was closed"),
                Err(error) => tracing::error!(socket = id, reason, ?error, "a socket could not be closed"),
            }
            lines.state().closing.remove(&id);
        });
    }

    async fn drain(&self, socket: &Socket, line: &Line) {
        while let Some(event) = self.next(line) {
            match self.told(socket, &event).await {
                Ok(true) => {}
                Ok(false) => return self.hang_up(&socket.id, "it is gone, or its key was renewed"),
                Err(error) => {
                    tracing::warn!(socket = socket.id, event = %event.id, ?error, "a socket could not be told an event");
                    return self.hang_up(&socket.id, "events were missed");
                }
            }
        }
    }

    /// The next event on a line, whose last one was told; the line is no more if there is none.
    fn next(&self, line: &Line) -> Option<Arc<Event>> {
        let mut state = self.state();
        let next = state.waiting.get_mut(line)?.pop_front();
        if next.is_none() {
            state.waiting.remove(line);
        }
        next
    }

    /// Whether the socket has the event; it is to be closed if not.
    async fn told(&self, socket: &Socket, event: &Event) -> Result<bool, PortError> {
        if matches!(socket.audience, Audience::Device { .. })
            && self.devices.get(&event.device_id).await?.is_some_and(|device| !socket.audience.has_key(&device.api_key))
        {
            return Ok(false);
        }
        while self.told_now(socket, event).await? == Told::Gone {
            if self.clock.now().since(socket.opened_at) >= OPENING {
                return Ok(false);
            }
            sleep(AGAIN).await;
        }
        Ok(true)
    }

    async fn told_now(&self, socket: &Socket, event: &Event) -> Result<Told, PortError> {
        let _place = self.under_way.acquire().await.map_err(PortError::unavailable)?;
        self.sockets.tell(&socket.id, event).await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
