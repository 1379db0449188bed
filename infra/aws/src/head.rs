//! What a device's host keeps about it: one item, that other writers change by attributes of their own. The journal's are here.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::{
    model::{Device, DeviceId, Lane, MessageCounts, Session},
    ports::{Epoch, PortError},
};
use serde::Serialize;

use crate::{
    counts::Counts,
    error::flaw,
    layout,
    table::{Item, Table, key, number, number_of, text, text_of},
};

/// The sort key of the head.
pub(crate) const HEAD: &str = "head";

/// What the journal keeps in the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The latest host that wrote.
    pub epoch: Epoch,
    /// How often the journal wrote.
    pub rev: u64,
    /// The place of the latest event.
    pub seq: u64,
    /// How many messages were stored as they came.
    pub arrivals: u64,
    pub session: Session,
    /// What went through the device.
    pub traffic: MessageCounts,
    /// The messages there are, but for those that are to be sent.
    pub counts: Counts,
}

impl Head {
    /// The head of a new device, as an item.
    pub fn first(device: &Device, lane: Lane) -> Result<Item, PortError> {
        let mut item = key(&layout::device(&device.id), HEAD);
        item.extend(["epoch", "rev", "seq", "arrivals", "sent", "received"].map(|name| (name.to_owned(), number(0))));
        item.insert("session".into(), json(&device.session)?);
        item.insert("counts".into(), json(&Counts::default())?);
        if device.session.wanted {
            item.extend(wanted(&device.id, lane).map(|(name, value)| (name.to_owned(), value)));
        }
        Ok(item)
    }

    pub fn read(item: &Item) -> Result<Self, PortError> {
        Ok(Self {
            epoch: Epoch(number_of(item, "epoch")?),
            rev: number_of(item, "rev")?,
            seq: number_of(item, "seq")?,
            arrivals: number_of(item, "arrivals")?,
            session: Self::session(item)?,
            traffic: MessageCounts { sent: number_of(item, "sent")?, received: number_of(item, "received")? },
            counts: Self::counts(item)?,
        })
    }

    /// The session alone.
    pub fn session(item: &Item) -> Result<Session, PortError> {
        serde_json::from_str(text_of(item, "session")?).map_err(flaw)
    }

    /// The counts alone.
    pub fn counts(item: &Item) -> Result<Counts, PortError> {
        serde_json::from_str(text_of(item, "counts")?).map_err(flaw)
    }

    /// The change from `former` to this, unless another host or another turn has changed it since.
    pub fn write(&self, former: &Self, table: &Table, device: &DeviceId, lane: Lane) -> Result<TransactWriteItem, PortError> {
        let mut values = vec![
            ("epoch", number(self.epoch.0)),
            ("rev", number(self.rev)),
            ("seq", number(self.seq)),
            ("arrivals", number(self.arrivals)),
            ("sent", number(self.traffic.sent)),
            ("received", number(self.traffic.received)),
            ("counts", json(&self.counts)?),
        ];
        let mut remove = "";
        if self.session != former.session {
            values.push(("session", json(&self.session)?));
            if self.session.wanted {
                values.extend(wanted(device, lane));
            } else {
                remove = " REMOVE i3, p3";
            }
        }
        let set: Vec<_> = values.iter().map(|(name, _)| format!("#{name} = :{name}")).collect();
        table.to_update(&layout::device(device), HEAD, |update| {
            let update = update
                .update_expression(format!("SET {}{remove}", set.join(", ")))
                .condition_expression("#epoch <= :epoch AND #rev = :former")
                .expression_attribute_values(":former", number(former.rev));
            values.into_iter().fold(update, |update, (name, value)| {
                update.expression_attribute_names(format!("#{name}"), name).expression_attribute_values(format!(":{name}"), value)
            })
        })
    }
}

/// Where it stands among the sessions that are wanted.
fn wanted(device: &DeviceId, lane: Lane) -> [(&'static str, AttributeValue); 2] {
    [("i3", text(layout::wanted(lane))), ("p3", text(device.as_str()))]
}

fn json(value: &impl Serialize) -> Result<AttributeValue, PortError> {
    Ok(text(serde_json::to_string(value).map_err(flaw)?))
}
