//! Devices: what functions write of them, and the heads that their hosts write, read as one.

mod items;
mod removal;

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use domain::{
    model::{
        ApiKey, Device, DeviceFilter, DeviceId, DeviceUpdate, Lane, Page, PageRequest, Removed, Session, SessionFilter, SessionId,
        Timestamp, UserId,
    },
    ports::{Devices, PortError},
};

use crate::{
    Records,
    error::flaw,
    head::{HEAD, Head},
    layout,
    table::{Item, Refused, key, text, text_of},
    window,
};
use items::DEVICE;

/// Devices, each with its place in a list.
type Listed = Vec<(String, DeviceId)>;

#[async_trait]
impl Devices for Records {
    async fn create(&self, device: &Device) -> Result<bool, PortError> {
        let new = |item| self.table.to_put(item, |put| put.condition_expression("attribute_not_exists(pk)"));
        let key = items::owned(&items::api_key(&device.api_key), "K", &device.id);
        let writes = vec![
            new(items::settings(device)?)?,
            new(Head::first(device, self.lane_of(&device.id))?)?,
            new(items::owned(&items::session_id(&device.session_id), "S", &device.id))?,
            self.table.to_put(key, |put| put)?,
        ];
        match self.table.transact(writes).await {
            Ok(()) => Ok(true),
            // A call that is repeated finds its own device.
            Err(Refused::Conditions(_)) => {
                let stored = self.table.get(&layout::device(&device.id), DEVICE).await?;
                Ok(stored.is_some_and(|stored| text_of(&stored, "session_id").is_ok_and(|id| id == device.session_id.as_str())))
            }
            Err(refused) => Err(refused.into()),
        }
    }

    async fn get(&self, id: &DeviceId) -> Result<Option<Device>, PortError> {
        Ok(self.devices(std::slice::from_ref(id)).await?.pop())
    }

    async fn find(&self, session_id: &SessionId) -> Result<Option<Device>, PortError> {
        self.device_by(&items::session_id(session_id), "S").await
    }

    async fn find_by_key(&self, key: &ApiKey) -> Result<Option<Device>, PortError> {
        let hash = items::api_key(key);
        Ok(self.device_by(&hash, "K").await?.filter(|device| items::api_key(&device.api_key) == hash))
    }

    async fn list(&self, user: Option<UserId>, filter: &DeviceFilter, page: &PageRequest) -> Result<Page<Device>, PortError> {
        let mut listed = self.listed_devices(user).await?;
        if let Some(status) = filter.status {
            let sessions = self.sessions_of(&listed).await?;
            listed.retain(|(_, id)| sessions.get(id).is_some_and(|session| session.status == status));
        }
        self.page_of_devices(listed, page).await
    }

    async fn update(&self, id: &DeviceId, update: DeviceUpdate, at: Timestamp) -> Result<Option<Device>, PortError> {
        let change = items::change(&update, at)?;
        let done = match &update.api_key {
            Some(key) => self.renew_key(id, key, change).await?,
            None => {
                let update = change(UpdateBuilder::default().set_key(Some(key(&layout::device(id), DEVICE))));
                self.table.update(update.condition_expression("attribute_exists(pk)")).await?.is_some()
            }
        };
        if done { self.get(id).await } else { Ok(None) }
    }

    async fn delete(&self, id: &DeviceId) -> Result<Option<Removed>, PortError> {
        self.remove_device(id).await
    }

    async fn sessions(&self, user: Option<UserId>, filter: &SessionFilter, page: &PageRequest) -> Result<Page<Device>, PortError> {
        let listed = self.listed_devices(user).await?;
        let meets = |session: &Session| {
            filter.status.is_none_or(|status| status == session.status) && filter.active.is_none_or(|active| active == session.wanted)
        };
        let started = self.sessions_of(&listed).await?.into_iter().filter(|(_, session)| meets(session));
        let mut started: Listed = started.filter_map(|(id, session)| Some((latest_first(session.started_at?, &id), id))).collect();
        started.sort_unstable();
        self.page_of_devices(started, page).await
    }

    async fn wanted(&self) -> Result<Vec<DeviceId>, PortError> {
        let lanes: Vec<Lane> = self.lane.map_or_else(|| Lane::all(self.lanes).collect(), |lane| vec![lane]);
        let mut wanted = Vec::new();
        for lane in lanes {
            for item in self.table.all(self.table.list(3, &layout::wanted(lane))).await? {
                wanted.push(layout::device_of(&item)?);
            }
        }
        Ok(wanted)
    }
}

impl Records {
    /// The devices with these ids, in their order, without those that are not there.
    async fn devices(&self, ids: &[DeviceId]) -> Result<Vec<Device>, PortError> {
        let keys: Vec<_> = ids.iter().map(layout::device).flat_map(|pk| [DEVICE, HEAD].map(|sk| (pk.clone(), sk.to_owned()))).collect();
        let mut found = self.table.get_many(&keys).await?.into_iter();
        let mut devices = Vec::with_capacity(ids.len());
        while let (Some(settings), Some(head)) = (found.next(), found.next()) {
            // Both are written and deleted as one, but not read so.
            if let (Some(settings), Some(head)) = (settings, head) {
                devices.push(items::device(settings, &head)?);
            }
        }
        Ok(devices)
    }

    /// Whose this is.
    async fn device_by(&self, pk: &str, sk: &str) -> Result<Option<Device>, PortError> {
        let Some(owned) = self.table.get(pk, sk).await? else { return Ok(None) };
        self.get(&DeviceId::parse(text_of(&owned, "device")?).map_err(flaw)?).await
    }

    /// Everybody's devices or a user's, oldest first.
    async fn listed_devices(&self, user: Option<UserId>) -> Result<Listed, PortError> {
        let (query, place) = match user {
            None => (self.table.list(1, layout::DEVICES), "p1"),
            Some(user) => (self.table.list(2, &layout::devices_of(user)), "p2"),
        };
        let items = self.table.all(query).await?;
        items.iter().map(|item| Ok((text_of(item, place)?.to_owned(), layout::device_of(item)?))).collect()
    }

    /// The heads of all devices.
    pub(crate) async fn heads(&self) -> Result<Vec<Item>, PortError> {
        let listed = self.listed_devices(None).await?;
        Ok(self.heads_of(&listed).await?.into_iter().flatten().collect())
    }

    async fn heads_of(&self, listed: &Listed) -> Result<Vec<Option<Item>>, PortError> {
        let keys: Vec<_> = listed.iter().map(|(_, id)| (layout::device(id), HEAD.to_owned())).collect();
        self.table.get_many(&keys).await
    }

    /// The sessions of devices, as far as these are still there.
    async fn sessions_of(&self, listed: &Listed) -> Result<HashMap<DeviceId, Session>, PortError> {
        let there = listed.iter().zip(self.heads_of(listed).await?).filter_map(|((_, id), head)| Some((id.clone(), head?)));
        there.map(|(id, head)| Ok((id, Head::session(&head)?))).collect()
    }

    /// Makes a change with a new key, which takes the place of the former; `false` if there is no such device.
    async fn renew_key(
        &self,
        id: &DeviceId,
        new: &ApiKey,
        change: impl Fn(UpdateBuilder) -> UpdateBuilder + Send,
    ) -> Result<bool, PortError> {
        let pk = layout::device(id);
        loop {
            let Some(stored) = self.table.get(&pk, DEVICE).await? else { return Ok(false) };
            let former = text_of(&stored, "api_key")?;
            let mut writes = vec![
                self.table.to_put(items::owned(&items::api_key(new), "K", id), |put| put)?,
                self.table.to_update(&pk, DEVICE, |update| {
                    change(update).condition_expression("api_key = :former").expression_attribute_values(":former", text(former))
                })?,
            ];
            if former != new.expose() {
                writes.push(self.table.to_delete(&items::api_key(&ApiKey::new(former)), "K", |delete| delete)?);
            }
            match self.table.transact(writes).await {
                Ok(()) => return Ok(true),
                // Somebody else renewed it just now, or deleted the device.
                Err(Refused::Conditions(_)) => {}
                Err(refused) => return Err(refused.into()),
            }
        }
    }

    async fn page_of_devices(&self, listed: Listed, page: &PageRequest) -> Result<Page<Device>, PortError> {
        let Page { items, total, next } = window::page(listed, page);
        Ok(Page { items: self.devices(&items).await?, total, next })
    }
}

/// The place of a session among all, the latest started first.
fn latest_first(started_at: Timestamp, device: &DeviceId) -> String {
    format!("{}#{device}", layout::number(u64::MAX - layout::rank(started_at)))
}
