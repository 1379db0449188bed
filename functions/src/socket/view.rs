//! Whose events a socket shows.

use std::{collections::HashMap, ops::ControlFlow, sync::Arc};

use axum::extract::ws::close_code;
use domain::{
    model::{ApiKey, DeviceId, UserId},
    ports::{Devices, EventScope, PortError},
};

use super::{End, goodbye};
use crate::auth::Caller;

/// Of how many devices a socket remembers whether they are its user's.
const MOST_KNOWN: usize = 10_000;

/// Whose events a socket shows.
pub enum View {
    /// Everybody's.
    All,
    /// One device's, while the key that opened the socket is its key.
    Device { own: DeviceId, key: ApiKey, devices: Arc<dyn Devices> },
    /// One user's.
    User { user: UserId, devices: Arc<dyn Devices>, known: HashMap<DeviceId, bool> },
}

impl View {
    /// What this caller may see.
    pub fn of(caller: &Caller, devices: Arc<dyn Devices>) -> Self {
        match (caller.own_device(), caller.user()) {
            (Some(device), _) => Self::Device { own: device.id.clone(), key: device.api_key.clone(), devices },
            (None, Some(user)) => Self::User { user, devices, known: HashMap::new() },
            (None, None) => Self::All,
        }
    }

    /// The same for the ports.
    pub fn scope(&self) -> EventScope {
        match self {
            Self::All => EventScope::All,
            Self::Device { own, .. } => EventScope::Device(own.clone()),
            Self::User { user, .. } => EventScope::User(*user),
        }
    }

    /// Whether it shows those of this device, or shows nothing any more.
    pub async fn shows(&mut self, id: &DeviceId) -> Result<ControlFlow<End, bool>, PortError> {
        match self {
            Self::All => Ok(ControlFlow::Continue(true)),
            Self::Device { own, .. } if own != id => Ok(ControlFlow::Continue(false)),
            Self::Device { key, devices, .. } => match devices.get(id).await? {
                Some(device) if device.api_key != *key => Ok(ControlFlow::Break(goodbye(close_code::POLICY, "the key was renewed"))),
                _ => Ok(ControlFlow::Continue(true)),
            },
            Self::User { user, devices, known } => {
                if let Some(own) = known.get(id) {
                    return Ok(ControlFlow::Continue(*own));
                }
                let Some(device) = devices.get(id).await? else { return Ok(ControlFlow::Continue(false)) };
                // A device never changes hands, and its id is nobody else's after it.
                let own = device.user_id == *user;
                if known.len() >= MOST_KNOWN {
                    known.clear();
                }
                known.insert(id.clone(), own);
                Ok(ControlFlow::Continue(own))
            }
        }
    }
}
