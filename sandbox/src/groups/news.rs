//! What happens to a group is told to its members' companions.

use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::{Group, Member, describe};
use crate::account::Account;
use crate::mailbox::Class;
use crate::stanza;

/// Tells these members what somebody did.
pub(super) fn announce(group: &Group, by: &Account, members: &[Member], news: &Node) {
    let (alternative, other_id) = group.alternative(by, 0);
    for device in members.iter().flat_map(|member| member.account.devices()) {
        let id = stanza::random_id();
        let notification = NodeBuilder::new("notification")
            .attr("from", &group.jid)
            .attr("id", id.as_str())
            .attr("type", "w:gp2")
            .attr("t", stanza::unix_secs())
            .attr("participant", group.address(by, 0))
            .attr(alternative, &other_id)
            .attr("addressing_mode", group.addressing.wire())
            .attr("notify", by.name())
            .children([news.clone()])
            .build();
        device.mailbox.push(Class::Notification, &id, group.jid.clone(), notification);
    }
}

/// All there is to know, for those to whom the group is new.
pub(super) fn created(group: &Group) -> Node {
    NodeBuilder::new("create").attr("type", "new").children([describe(group)]).build()
}
