//! Groups, by their subjects. What a group is called stays when the account has left it, for its chat.

use domain::{
    model::{DeviceId, Group, GroupFilter, Jid, Member, Page, PageRequest, Role, Server},
    ports::PortError,
};
use serde::{Deserialize, Serialize};

use crate::{Records, error::flaw, layout, table, window, work::Work};

/// A group the account is in.
#[derive(Deserialize, Serialize)]
struct Stored {
    /// But for its members, as JSON.
    group: String,
    /// A line for each: an item has room for twelve thousand, there may be five thousand.
    members: String,
}

/// What a group is called, whether or not the account is in it.
#[derive(Deserialize, Serialize)]
struct Called {
    subject: String,
}

/// Stored: new ones are only ever added.
const ROLES: [(Role, &str); 3] = [(Role::Member, "m"), (Role::Admin, "a"), (Role::SuperAdmin, "s")];

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
    let members: Vec<_> = group.members.iter().map(line).collect();
    let body = serde_json::to_string(&Group { members: Vec::new(), ..group.clone() }).map_err(flaw)?;
    work.set(&sk, &Stored { group: body, members: members.join("\n") })?;
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
    let group: Group = serde_json::from_str(&stored.group).map_err(flaw)?;
    let members: Option<_> = stored.members.lines().map(member).collect();
    Ok(Group { members: members.ok_or_else(|| flaw("somebody in a group is nobody"))?, ..group })
}

/// A member as a line: what they may do, who they are, and their hidden id. What nearly all names end in is left out.
fn line(member: &Member) -> String {
    let (_, role) = ROLES.iter().find(|(role, _)| *role == member.role).expect("every role has its letter");
    let lid = member.lid.as_ref().map(|lid| format!(" {}", short(lid, Server::Lid))).unwrap_or_default();
    format!("{role}{}{lid}", short(&member.jid, Server::Phone))
}

/// What [`line()`] wrote.
fn member(line: &str) -> Option<Member> {
    let (role, names) = line.split_at_checked(1)?;
    let role = ROLES.iter().find(|(_, letter)| *letter == role)?.0;
    let (jid, lid) = names.split_once(' ').map_or((names, None), |(jid, lid)| (jid, Some(lid)));
    let lid = match lid {
        Some(lid) => Some(long(lid, Server::Lid)?),
        None => None,
    };
    Some(Member { jid: long(jid, Server::Phone)?, lid, role })
}

fn short(jid: &Jid, usual: Server) -> String {
    if jid.server() == usual { jid.user().to_owned() } else { jid.to_string() }
}

fn long(text: &str, usual: Server) -> Option<Jid> {
    if text.contains('@') { Jid::parse(text).ok() } else { Jid::new(text, usual).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_their_line_again() {
        let jid = |text: &str| Jid::parse(text).unwrap();
        for (jid, lid, role, wanted) in [
            (jid("6281100000001"), None, Role::Member, "m6281100000001"),
            (jid("6281100000001"), Some(jid("100000012345678@lid")), Role::SuperAdmin, "s6281100000001 100000012345678"),
            (jid("100000012345678@lid"), Some(jid("100000012345678@lid")), Role::Admin, "a100000012345678@lid 100000012345678"),
        ] {
            let known = Member { jid, lid, role };
            assert_eq!(line(&known), wanted);
            assert_eq!(member(wanted), Some(known));
        }
        for nobody in ["", "m", "x6281100000001", "ö6281100000001", "m6281100000001 ", "m1@example.com"] {
            assert_eq!(member(nobody), None, "{nobody}");
        }
    }
}
