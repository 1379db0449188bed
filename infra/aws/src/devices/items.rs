//! A device as its two items.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use domain::{
    model::{ApiKey, DeliveryStats, Device, DeviceId, DeviceUpdate, MessageCounts, SessionId, Timestamp, UserId},
    ports::PortError,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    error::flaw,
    head::Head,
    layout,
    table::{Item, item, key, number, number_of, text, value},
};

/// The sort key of what functions write of a device.
pub(super) const DEVICE: &str = "device";

/// What functions write, with `webhook` and `ai` as JSON.
#[derive(Serialize, Deserialize)]
struct Settings {
    id: String,
    user: u64,
    session_id: String,
    alias: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    api_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<String>,
    ai: String,
    created_at: i64,
    updated_at: i64,
}

/// The item of a new device that functions write.
pub(super) fn settings(device: &Device) -> Result<Item, PortError> {
    let settings = Settings {
        id: device.id.to_string(),
        user: device.user_id.get(),
        session_id: device.session_id.to_string(),
        alias: device.alias.clone(),
        description: device.description.clone(),
        api_key: device.api_key.expose().to_owned(),
        webhook: device.webhook.as_ref().map(json).transpose()?,
        ai: json(&device.ai)?,
        created_at: device.created_at.millis(),
        updated_at: device.updated_at.millis(),
    };
    let place = text(format!("{}#{}", layout::time(device.created_at), device.id));
    let mut item = item(&layout::device(&device.id), DEVICE, &settings)?;
    item.extend([
        ("i1".to_owned(), text(layout::DEVICES)),
        ("p1".to_owned(), place.clone()),
        ("i2".to_owned(), text(layout::devices_of(device.user_id))),
        ("p2".to_owned(), place),
    ]);
    Ok(item)
}

/// The item that a session id or a key is somebody's by.
pub(super) fn owned(pk: &str, sk: &str, device: &DeviceId) -> Item {
    let mut item = key(pk, sk);
    item.insert("device".to_owned(), text(device.as_str()));
    item
}

/// The partition of a session id.
pub(super) fn session_id(id: &SessionId) -> String {
    format!("S#{id}")
}

/// The partition of a key.
pub(super) fn api_key(key: &ApiKey) -> String {
    format!("K#{}", hex::encode(Sha256::digest(key.expose())))
}

/// A device of both its items.
pub(super) fn device(settings: Item, head: &Item) -> Result<Device, PortError> {
    let Settings { id, user, session_id, alias, description, api_key, webhook, ai, created_at, updated_at } = value(settings)?;
    Ok(Device {
        id: DeviceId::parse(id).map_err(flaw)?,
        user_id: UserId::parse(user).map_err(flaw)?,
        session_id: SessionId::parse(session_id).map_err(flaw)?,
        alias,
        description,
        api_key: ApiKey::new(api_key),
        webhook: webhook.map(|webhook| serde_json::from_str(&webhook)).transpose().map_err(flaw)?,
        ai: serde_json::from_str(&ai).map_err(flaw)?,
        created_at: Timestamp::from_millis(created_at),
        updated_at: Timestamp::from_millis(updated_at),
        session: Head::session(head)?,
        counts: MessageCounts { sent: count(head, "sent")?, received: count(head, "received")? },
        deliveries: DeliveryStats {
            successful: count(head, "delivered")?,
            failed: count(head, "given_up")?,
            last_delivery: moment(head, "last_delivery")?,
            last_failure: moment(head, "last_failure")?,
            failing_since: moment(head, "failing_since")?,
            paused_at: moment(head, "paused_at")?,
        },
    })
}

/// What is counted from none on.
fn count(head: &Item, name: &str) -> Result<u64, PortError> {
    if head.contains_key(name) { number_of(head, name) } else { Ok(0) }
}

fn moment(head: &Item, name: &str) -> Result<Option<Timestamp>, PortError> {
    head.contains_key(name).then(|| number_of(head, name).map(Timestamp::from_millis)).transpose()
}

/// The change that an update is.
pub(super) fn change(update: &DeviceUpdate, at: Timestamp) -> Result<impl Fn(UpdateBuilder) -> UpdateBuilder, PortError> {
    let mut sets = vec![("updated_at", number(at.millis()))];
    let mut removed = Vec::new();
    sets.extend(update.alias.as_ref().map(|alias| ("alias", text(alias))));
    match &update.description {
        Some(Some(description)) => sets.push(("description", text(description))),
        Some(None) => removed.push("description"),
        None => {}
    }
    match &update.webhook {
        Some(Some(webhook)) => sets.push(("webhook", text(json(webhook)?))),
        Some(None) => removed.push("webhook"),
        None => {}
    }
    if let Some(ai) = &update.ai {
        sets.push(("ai", text(json(ai)?)));
    }
    sets.extend(update.api_key.as_ref().map(|key| ("api_key", text(key.expose()))));
    let set: Vec<_> = sets.iter().map(|(name, _)| format!("{name} = :{name}")).collect();
    let remove = if removed.is_empty() { String::new() } else { format!(" REMOVE {}", removed.join(", ")) };
    let expression = format!("SET {}{remove}", set.join(", "));
    Ok(move |change: UpdateBuilder| {
        let change = change.update_expression(&expression);
        sets.iter().fold(change, |change, (name, value)| change.expression_attribute_values(format!(":{name}"), value.clone()))
    })
}

fn json(value: &impl Serialize) -> Result<String, PortError> {
    serde_json::to_string(value).map_err(flaw)
}
