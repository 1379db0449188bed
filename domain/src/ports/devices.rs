//! Devices and their users' settings.

use async_trait::async_trait;

use super::PortError;
use crate::model::{
    ApiKey, Device, DeviceFilter, DeviceId, DeviceUpdate, Page, PageRequest, Removed, SessionFilter, SessionId, Timestamp, UserId,
};

/// The devices there are. Their sessions change by the `Journal` alone.
#[async_trait]
pub trait Devices: Send + Sync {
    /// Stores a new device. `false`, and nothing stored, if its session id is taken.
    async fn create(&self, device: &Device) -> Result<bool, PortError>;

    /// The device, with its session and counts as they are now.
    async fn get(&self, id: &DeviceId) -> Result<Option<Device>, PortError>;

    /// The device with this session id.
    async fn find(&self, session_id: &SessionId) -> Result<Option<Device>, PortError>;

    /// The device with this key. How long it takes tells nothing of other keys.
    async fn find_by_key(&self, key: &ApiKey) -> Result<Option<Device>, PortError>;

    /// A user's devices, or everybody's, oldest first.
    async fn list(&self, user: Option<UserId>, filter: &DeviceFilter, page: &PageRequest) -> Result<Page<Device>, PortError>;

    /// Changes what is given, sets `updated_at` to `at` and answers the device as it is then; `None` if there is none.
    async fn update(&self, id: &DeviceId, update: DeviceUpdate, at: Timestamp) -> Result<Option<Device>, PortError>;

    /// Deletes the device with its messages, events, deliveries and commands; `None` if there is none. May be repeated after a crash.
    async fn delete(&self, id: &DeviceId) -> Result<Option<Removed>, PortError>;

    /// All devices with a session a host has ever started, of one user or of all, the latest started first.
    async fn sessions(&self, user: Option<UserId>, filter: &SessionFilter, page: &PageRequest) -> Result<Page<Device>, PortError>;

    /// Every device whose session is `wanted`, for a host that starts.
    async fn wanted(&self) -> Result<Vec<DeviceId>, PortError>;
}
