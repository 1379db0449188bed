//! Telling a socket what its client missed, up to where the hosts go on.

use std::{collections::HashMap, ops::ControlFlow, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use aws::{Audience, OPENING, OpenSockets, SETTLED, Socket, Told};
use domain::{
    model::{DeviceId, Event, EventId},
    ports::{Clock, Devices, EventScope, Events, before_events},
};
use futures::{StreamExt, TryStreamExt, stream};
use tokio::time::{Instant, sleep};

use crate::{
    api::Api,
    socket::{OVERLAP, View, by_seq},
};

/// Events read at a time.
const PAGE: u32 = 500;

/// Devices whose events are told at a time.
const AT_ONCE: usize = 16;

/// How long one go may take; what is left is for the next.
const GO: Duration = Duration::from_secs(25);

/// How soon after the last look hosts have to be left the rest, while they still have it.
const PROMPT: Duration = Duration::from_secs(2);

/// How often a socket that is about to open is tried.
const AGAIN: Duration = Duration::from_millis(50);

/// Tells sockets what they missed.
pub struct Missed {
    events: Arc<dyn Events>,
    devices: Arc<dyn Devices>,
    clock: Arc<dyn Clock>,
    pub sockets: OpenSockets,
}

/// How it ended.
enum End {
    /// Hosts tell what comes after this.
    AtHosts(EventId),
    /// This was told; there is more.
    At(EventId),
    /// There is nobody to tell it to any more.
    Gone,
}

impl Missed {
    /// Events of these endpoints, to these sockets.
    pub fn of(api: &Api, sockets: &OpenSockets) -> Self {
        Self { events: api.events.clone(), devices: api.devices.clone(), clock: api.clock.clone(), sockets: sockets.clone() }
    }

    /// Tells a socket what it missed. If that fails, or failed before, it is closed: its client comes again and says what it saw last. So this may be
    /// repeated, by the socket's id.
    pub async fn tell(&self, id: &str) -> Result<()> {
        let Some(socket) = self.sockets.get(id).await?.filter(|socket| socket.from.is_none()) else { return Ok(()) };
        if !self.sockets.begin(id).await? {
            return self.sockets.close(id).await.context("a socket could not be closed");
        }
        match self.tell_all(&socket).await {
            Ok(End::AtHosts(from)) => self.sockets.go_on(id, &from).await?,
            Ok(End::At(told)) => self.sockets.pause(id, &told).await?,
            Ok(End::Gone) => self.sockets.close(id).await?,
            Err(error) => {
                tracing::error!(socket = id, ?error, "a socket could not be told what it missed");
                self.sockets.close(id).await?;
            }
        }
        Ok(())
    }

    async fn tell_all(&self, socket: &Socket) -> Result<End> {
        let begun = Instant::now();
        let seen = socket.seen.as_ref().context("a socket that saw nothing missed nothing")?;
        let mut told = socket.told.clone().unwrap_or_else(|| before_events(seen.at - OVERLAP));
        let (mut view, scope) = self.view(socket);
        loop {
            if !self.is_welcome(socket).await? {
                return Ok(End::Gone);
            }
            // What happened later may not be stored yet, or not be in every index.
            let looked_at = self.clock.now();
            let until = before_events(looked_at - SETTLED);
            let page = self.events.after(&told, &scope, PAGE).await?;
            let last = page.last().map(|event| event.id.clone());
            let is_full = page.len() == PAGE as usize && page.iter().all(|event| event.id <= until);
            let mut wanted = Vec::with_capacity(page.len());
            for event in page {
                if event.id <= until && socket.wants(&event) && matches!(view.shows(&event.device_id).await?, ControlFlow::Continue(true)) {
                    wanted.push(event);
                }
            }
            if !self.told(socket, wanted).await? {
                return Ok(End::Gone);
            }
            if !is_full && self.clock.now().since(looked_at) < PROMPT {
                return Ok(End::AtHosts(until));
            }
            told = last.filter(|_| is_full).unwrap_or(until).max(told);
            if begun.elapsed() >= GO {
                return Ok(End::At(told));
            }
        }
    }

    /// Whose events a socket shows, as events are asked for.
    fn view(&self, socket: &Socket) -> (View, EventScope) {
        let (view, scope) = match &socket.audience {
            Audience::All => (View::All, EventScope::All),
            Audience::User(user) => {
                (View::User { user: *user, devices: self.devices.clone(), known: HashMap::new() }, EventScope::User(*user))
            }
            Audience::Device { id, .. } => (View::All, EventScope::Device(id.clone())),
        };
        let scope = socket.filter.only_device().map_or(scope, |device| EventScope::Device(device.clone()));
        (view, scope)
    }

    /// Whether its token has not expired, and its key was not renewed.
    async fn is_welcome(&self, socket: &Socket) -> Result<bool> {
        let Audience::Device { id, .. } = &socket.audience else {
            return Ok(socket.until.is_none_or(|until| self.clock.now() < until));
        };
        Ok(self.devices.get(id).await?.is_none_or(|device| socket.audience.has_key(&device.api_key)))
    }

    /// Tells events, those of each device in their order; answers whether the socket is there.
    async fn told(&self, socket: &Socket, events: Vec<Event>) -> Result<bool> {
        let mut devices: HashMap<DeviceId, Vec<Arc<Event>>> = HashMap::new();
        for event in by_seq(events) {
            devices.entry(event.device_id.clone()).or_default().push(event);
        }
        let lines = devices.into_values().map(|events| self.told_in_order(socket, events));
        stream::iter(lines).buffer_unordered(AT_ONCE).try_all(async |is_there| is_there).await
    }

    async fn told_in_order(&self, socket: &Socket, events: Vec<Arc<Event>>) -> Result<bool> {
        for event in events {
            while self.sockets.tell(&socket.id, &event).await? == Told::Gone {
                if self.clock.now().since(socket.opened_at) >= OPENING {
                    return Ok(false);
                }
                sleep(AGAIN).await;
            }
        }
        Ok(true)
    }
}
