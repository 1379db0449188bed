//! Groups, by their subjects. What a group is called stays when the account has left it, for its chat.

use domain::{
    model::{DeviceId, Group, GroupFilter, Jid, Page, PageRequest},
    ports::PortError,
};
use serde::{Deserialize, Serialize};

use crate::{Records, error::flaw, layout, table, window, work::Work};

/// A group the account is in.
#[derive(Deserialize, Serialize)]
struct Stored {
    /// As JSON: there may be a thousand in it.
    group: String,
}

/// What a group is called, whether or not the account is in it.
#[derive(Deserialize, Serialize)]
struct Called {
    subject: String,
}

/// The sort keys of all groups.
const GROUPS: &str = "group#";

/// The sort keys of what groups are called.
pub(super) const SUBJECTS: &str = "subject#";

/// The sort key of a group.
pub(crate) fn sk(group: &Jid) -> String {
    format!("{GROUPS}{group}")
}

/// The sort key of what a group is called.
pub(super) fn subject_sk(group: &Jid) -> String {
    format!("{SUBJECTS}{group}")
}

/// What a group is called, by the item of [`subject_sk`].
pub(super) fn subject(item: table::Item) -> Result<String, PortError> {
    Ok(table::value::<Called>(item)?.subject)
}

/// The group, if the account is in it.
pub(super) async fn get(records: &Records, device: &DeviceId, group: &Jid) -> Result<Option<Group>, PortError> {
    records.table.get(&layout::device(device), &sk(group)).await?.map(|item| table::value(item).and_then(read)).transpose()
}

pub(super) async fn list(records: &Records, device: &DeviceId, filter: &GroupFilter, page: &PageRequest) -> Result<Page<Group>, PortError> {
    let search = filter.search.as_ref().map(|search| search.to_lowercase());
    let mut list = Vec::new();
    for item in records.table.all(records.table.prefix(&layout::device(device), GROUPS)).await? {
        let group = read(table::value(item)?)?;
        let title = group.subject.to_lowercase();
        if (!filter.admin_only || group.role.is_admin()) && search.as_ref().is_none_or(|search| title.contains(search)) {
            list.push((format!("{title}\0{}", group.jid), group));
        }
    }
    list.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    Ok(window::page(list, page))
}

/// The account is in this group; answers whether that, or anything of it, is new.
pub(crate) async fn put(work: &mut Work, group: &Group) -> Result<bool, PortError> {
    let sk = sk(&group.jid);
    let known = work.value(&sk).await?.map(read).transpose()?;
    if known.as_ref() == Some(group) {
        return Ok(false);
    }
    work.set(&sk, &Stored { group: serde_json::to_string(group).map_err(flaw)? })?;
    if known.is_none_or(|known| known.subject != group.subject) {
        work.set(&subject_sk(&group.jid), &Called { subject: group.subject.clone() })?;
    }
    Ok(true)
}

/// The account is not in this group; answers whether it was.
pub(crate) async fn leave(work: &mut Work, group: &Jid) -> Result<bool, PortError> {
    let sk = sk(group);
    let known = work.get(&sk).await?.is_some();
    if known {
        work.delete(&sk);
    }
    Ok(known)
}

fn read(stored: Stored) -> Result<Group, PortError> {
    serde_json::from_str(&stored.group).map_err(flaw)
}
