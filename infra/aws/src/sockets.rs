//! Sockets that are open at API Gateway: who listens to what, and the way to them.

use std::time::Duration;

use aws_sdk_apigatewaymanagement::{Client, primitives::Blob};
use aws_sdk_dynamodb::types::{AttributeValue, Update, builders::UpdateBuilder};
use domain::{
    model::{ApiKey, DeviceId, Event, EventFilter, EventId, Timestamp, UserId},
    ports::PortError,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    Clients, Resources,
    error::unavailable,
    table::{Table, item, key, number, text, value},
};

/// The partition of all sockets.
const SOCKETS: &str = "sockets";

/// API Gateway closes sockets after two hours; what it forgets to tell us of is forgotten some time later.
const LIFE: Duration = Duration::from_secs(2 * 3600 + 600);

/// Largest frame that API Gateway passes on.
const MAX_FRAME: usize = 128 * 1024;

/// By now an event is stored, and every index knows it.
pub const SETTLED: Duration = Duration::from_secs(3);

/// How long it may take from the answer to `$connect` until the socket takes frames; before, it seems to be gone.
pub const OPENING: Duration = Duration::from_secs(10);

/// Whose events a socket shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Audience {
    /// Everybody's.
    All,
    /// Those of a user's devices.
    User(UserId),
    /// Those of one device, while its key is the one that opened the socket.
    Device {
        /// The device.
        id: DeviceId,
        /// Its key, as [`Audience::device`] hides it.
        key: String,
    },
}

impl Audience {
    /// One device's.
    pub fn device(id: DeviceId, key: &ApiKey) -> Self {
        Self::Device { id, key: hidden(key) }
    }

    /// Whether the key that opened the socket is this one; there is none to all but a device's.
    pub fn has_key(&self, key: &ApiKey) -> bool {
        match self {
            Self::All | Self::User(_) => true,
            Self::Device { key: own, .. } => *own == hidden(key),
        }
    }
}

fn hidden(key: &ApiKey) -> String {
    hex::encode(Sha256::digest(key.expose()))
}

/// The last event a client has seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its device: earlier events of that are seen, too.
    pub device: DeviceId,
    /// Its place there.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
}

/// A socket that is open, or about to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Socket {
    /// What API Gateway calls it.
    pub id: String,
    /// Whose events it shows.
    pub audience: Audience,
    /// Which of them.
    pub filter: EventFilter,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When the token that opened it expires, if it does.
    pub until: Option<Timestamp>,
    /// What its client saw before.
    pub seen: Option<Seen>,
    /// Hosts tell it what comes after this; until it is known, a function tells it what it missed.
    pub from: Option<EventId>,
    /// How far it did.
    pub told: Option<EventId>,
    /// Whether a function is about to.
    pub begun: bool,
}

impl Socket {
    /// Whether its client wants an event, as far as the event itself tells, and has not seen it.
    pub fn wants(&self, event: &Event) -> bool {
        let own = !matches!(&self.audience, Audience::Device { id, .. } if *id != event.device_id);
        let seen = self.seen.as_ref().is_some_and(|seen| seen.device == event.device_id && event.seq <= seen.seq);
        own && !seen && self.filter.wants(event)
    }
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// API Gateway has it.
    Yes,
    /// There is no such socket: no longer, or not yet.
    Gone,
}

/// All sockets there are.
#[derive(Clone, Debug)]
pub struct OpenSockets {
    table: Table,
    gateway: Client,
    queue: aws_sdk_sqs::Client,
    queue_url: String,
}

impl OpenSockets {
    /// Those of a stack.
    pub fn new(clients: &Clients, resources: &Resources) -> Self {
        Self {
            table: Table::new(clients.dynamodb(), &resources.passing_table),
            gateway: clients.sockets(&resources.sockets_endpoint),
            queue: clients.sqs(),
            queue_url: resources.sockets_queue.clone(),
        }
    }

    /// Every socket, as the last writes left them.
    pub async fn all(&self) -> Result<Vec<Socket>, PortError> {
        let items = self.table.all(self.table.prefix(SOCKETS, "")).await?;
        items.into_iter().map(value).collect()
    }

    /// A socket; `None` if it is closed.
    pub async fn get(&self, id: &str) -> Result<Option<Socket>, PortError> {
        self.table.get(SOCKETS, id).await?.map(value).transpose()
    }

    /// Takes up a socket. One that has missed something is told so by whoever reads the queue of such sockets.
    pub async fn open(&self, socket: &Socket) -> Result<(), PortError> {
        let mut item = item(SOCKETS, &socket.id, socket)?;
        item.insert("expires_at".into(), number((socket.opened_at + LIFE).seconds()));
        self.table.put(item).await?;
        if socket.from.is_none() { self.enqueue(&socket.id).await } else { Ok(()) }
    }

    async fn enqueue(&self, id: &str) -> Result<(), PortError> {
        self.queue.send_message().queue_url(&self.queue_url).message_body(id).send().await.map_err(unavailable)?;
        Ok(())
    }

    /// Takes it on to tell a socket what it missed; `false` if somebody did before, or it is closed.
    pub async fn begin(&self, id: &str) -> Result<bool, PortError> {
        let change = change(id)
            .update_expression("SET begun = :yes")
            .condition_expression("begun = :no")
            .expression_attribute_values(":yes", AttributeValue::Bool(true))
            .expression_attribute_values(":no", AttributeValue::Bool(false));
        Ok(self.table.update(change).await?.is_some())
    }

    /// Leaves it to the next who reads the queue to tell a socket what it missed after `told`.
    pub async fn pause(&self, id: &str, told: &EventId) -> Result<(), PortError> {
        let change = change(id)
            .update_expression("SET told = :told, begun = :no")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":told", text(told.as_str()))
            .expression_attribute_values(":no", AttributeValue::Bool(false));
        match self.table.update(change).await? {
            Some(_) => self.enqueue(id).await,
            None => Ok(()),
        }
    }

    /// Leaves it to the hosts to tell a socket what comes after `from`. One that is closed stays so.
    pub async fn go_on(&self, id: &str, from: &EventId) -> Result<(), PortError> {
        let change = change(id)
            .update_expression("SET #from = :from")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#from", "from")
            .expression_attribute_values(":from", text(from.as_str()));
        self.table.update(change).await?;
        Ok(())
    }

    /// Tells a socket an event; of one that is too large for a frame, that it is.
    pub async fn tell(&self, id: &str, event: &Event) -> Result<Told, PortError> {
        let frame = Some(event.frame()).filter(|frame| frame.len() <= MAX_FRAME).unwrap_or_else(|| truncated(event));
        match self.gateway.post_to_connection().connection_id(id).data(Blob::new(frame)).send().await {
            Ok(_) => Ok(Told::Yes),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_gone_exception()) => Ok(Told::Gone),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Forgets a socket that is closed.
    pub async fn forget(&self, id: &str) -> Result<(), PortError> {
        self.table.delete(SOCKETS, id).await?;
        Ok(())
    }

    /// Closes a socket.
    pub async fn close(&self, id: &str) -> Result<(), PortError> {
        match self.gateway.delete_connection().connection_id(id).send().await {
            Ok(_) => {}
            Err(error) if error.as_service_error().is_some_and(|error| error.is_gone_exception()) => {}
            Err(error) => return Err(unavailable(error)),
        }
        self.forget(id).await
    }
}

fn change(id: &str) -> UpdateBuilder {
    Update::builder().set_key(Some(key(SOCKETS, id)))
}

/// A frame that says which event it is, and nothing of what happened.
fn truncated(event: &Event) -> String {
    json!({
        "type": event.kind.as_str(),
        "id": event.id,
        "deviceId": event.device_id,
        "seq": event.seq,
        "timestamp": event.at,
        "data": null,
        "truncated": true,
    })
    .to_string()
}
