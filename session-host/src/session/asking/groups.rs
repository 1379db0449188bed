//! Making, changing and joining groups.

use std::{collections::HashMap, time::Duration};

use domain::{
    model::{CommandId, Envelope, GroupChange, Jid, MemberOutcome, NewGroup, Outcome, Timestamp},
    ports::{Op, PortError},
};
use wacore_binary::JidExt;
use whatsapp_rust::{
    Client, ErrorChainExt, GroupCreateOptions, GroupDescription, GroupError, GroupParticipantOptions, GroupSubject, Jid as WaJid,
    JoinGroupResult, ParticipantChangeResponse, PreviousDescription,
};

use crate::session::{
    addresses::{to_ours, to_theirs},
    inbox::Inbox,
    refusal::Refusal,
};

/// WhatsApp's clock may be behind ours by this much.
const BEHIND: Duration = Duration::from_secs(5);

/// What WhatsApp answers to invitations that are worth nothing: malformed, revoked, gone, of no group.
const NO_INVITE: [u16; 5] = [400, 401, 404, 406, 410];

/// The group is joined, or was already.
const CONFLICT: u16 = 409;

/// Rows that say which groups a device has begun to make, beside the library's own, and how long they are kept.
const BEGUN: &str = "group/";
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// When something was first begun.
enum Begun {
    Now,
    Before,
}

impl Inbox {
    /// Makes a group. If this was begun before, and a crash came in between, takes the one made since then if there is one.
    pub(super) async fn create_group(&self, client: &Client, new: &NewGroup, envelope: &Envelope) -> Result<Outcome, Refusal> {
        let made = match self.begin(&envelope.id).await? {
            Begun::Now => None,
            Begun::Before => find_own(client, &new.subject, envelope.accepted_at - BEHIND).await?,
        };
        let made = match made {
            Some(made) => made,
            None => {
                let members = new.members.iter().map(|member| to_theirs(member).map(GroupParticipantOptions::new));
                let members = members.collect::<Option<Vec<_>>>().ok_or(Refusal::NOT_FOUND)?;
                let description = new.description.clone().map(GroupDescription::new).transpose();
                let description = description.map_err(|_| Refusal::word("invalid_description"))?;
                let subject = subject(&new.subject)?.into_string();
                let options = GroupCreateOptions::builder().subject(subject).participants(members).maybe_description(description);
                client.groups().create_group(options.build()).await?.metadata.id
            }
        };
        self.seen(client, &made).await
    }

    /// Notes that a command is carried out from here on.
    async fn begin(&self, command: &CommandId) -> Result<Begun, PortError> {
        let (ports, key) = (&self.shared.ports, format!("{BEGUN}{command}"));
        if ports.key_values.get(&self.device, &key).await?.is_some() {
            return Ok(Begun::Before);
        }
        let row = Op::Put { key, value: Vec::new(), expires_at: Some(ports.clock.now() + KEPT) };
        ports.key_values.write(&self.device, ports.epoch, vec![row]).await?;
        Ok(Begun::Now)
    }

    pub(super) async fn change_group(&self, client: &Client, group: &Jid, change: &GroupChange) -> Result<Outcome, Refusal> {
        let theirs = to_theirs(group).filter(|_| group.is_group()).ok_or(Refusal::NOT_FOUND)?;
        let groups = client.groups();
        let mut outcome = Outcome::Done;
        match change {
            GroupChange::Subject(text) => groups.set_subject(&theirs, subject(text)?).await?,
            GroupChange::Description(text) => {
                let text = text.clone().filter(|text| !text.is_empty()).map(GroupDescription::new).transpose();
                let text = text.map_err(|_| Refusal::word("invalid_description"))?;
                match groups.set_description(&theirs, text, PreviousDescription::Resolve).await {
                    Err(GroupError::DescriptionConflict) => return Err(Refusal::CONFLICT),
                    other => other?,
                }
            }
            GroupChange::Announce(only_admins) => groups.set_announce(&theirs, *only_admins).await?,
            GroupChange::Locked(only_admins) => groups.set_locked(&theirs, *only_admins).await?,
            GroupChange::Add(members) => {
                let answers = groups.add_participants(&theirs, &all_theirs(members)?).await?;
                outcome = self.outcomes(members, answers).await?;
            }
            GroupChange::Remove(members) => {
                let answers = groups.remove_participants(&theirs, &all_theirs(members)?).await?;
                outcome = self.outcomes(members, answers).await?;
            }
            GroupChange::Promote(members) => {
                let answers = groups.promote_participants(&theirs, &all_theirs(members)?).await?;
                outcome = self.outcomes(members, answers).await?;
            }
            GroupChange::Demote(members) => {
                let answers = groups.demote_participants(&theirs, &all_theirs(members)?).await?;
                outcome = self.outcomes(members, answers).await?;
            }
            GroupChange::Leave => {
                groups.leave(&theirs).await?;
                self.left_group(group).await;
                return Ok(outcome);
            }
        }
        if self.look_at_group(client, group).await.is_err() {
            // What was asked for is done all the same.
            self.known.hint_group(group.clone());
        }
        Ok(outcome)
    }

    pub(super) async fn join_group(&self, client: &Client, code: &str) -> Result<Outcome, Refusal> {
        let joined = match client.groups().join_with_invite_code(code).await {
            Ok(JoinGroupResult::Joined(group)) => group,
            Ok(JoinGroupResult::PendingApproval(_)) => return Err(Refusal::word("awaiting_approval")),
            Err(GroupError::InvalidRequest(_)) => return Err(Refusal::INVALID_INVITE),
            Err(error) => match error.server_rejection().map(|rejection| rejection.code) {
                Some(CONFLICT) => client.groups().get_invite_info(code).await?.id,
                Some(code) if NO_INVITE.contains(&code) => return Err(Refusal::INVALID_INVITE),
                _ => return Err(error.into()),
            },
        };
        self.seen(client, &joined).await
    }

    pub(super) async fn invite_link(&self, client: &Client, group: &Jid, renew: bool) -> Result<Outcome, Refusal> {
        let group = to_theirs(group).filter(|_| group.is_group()).ok_or(Refusal::NOT_FOUND)?;
        let link = client.groups().get_invite_link(group, renew).await?;
        let code = link.rsplit('/').next().unwrap_or_default();
        Ok(Outcome::InviteLink { code: code.to_owned() })
    }

    /// A group the account is in now, once its record is stored.
    async fn seen(&self, client: &Client, group: &WaJid) -> Result<Outcome, Refusal> {
        let group = to_ours(group).ok_or(Refusal::NOT_FOUND)?;
        self.look_at_group(client, &group).await?;
        Ok(Outcome::Group { group })
    }

    /// What became of each member, in the order they were asked for.
    async fn outcomes(&self, asked: &[Jid], answers: Vec<ParticipantChangeResponse>) -> Result<Outcome, Refusal> {
        let mut errors: HashMap<Jid, Option<String>> = HashMap::new();
        let mut numbers = HashMap::new();
        for answer in answers {
            let Some(person) = self.named_member(&answer.jid, answer.phone_number.as_ref(), &mut numbers).await? else { continue };
            let code = answer.error.map(|code| code.parse().map_or(Refusal::word("failed"), Refusal::code));
            let error = code.map(|refusal| refusal.as_str().to_owned());
            errors.extend(person.lid.map(|lid| (lid, error.clone())));
            errors.insert(person.jid, error);
        }
        // Whoever is not in the answer was not reached.
        let outcome = |jid: &Jid| MemberOutcome { jid: jid.clone(), error: errors.get(jid).cloned().unwrap_or(Some("not_found".into())) };
        Ok(Outcome::Members { members: asked.iter().map(outcome).collect() })
    }
}

/// A group of this account's own making, by its subject and when it was made.
async fn find_own(client: &Client, subject: &str, since: Timestamp) -> Result<Option<WaJid>, Refusal> {
    let own = [client.pn(), client.lid()];
    let is_own = |jid: &WaJid| own.iter().flatten().any(|own| own.is_same_user_as(jid));
    let groups = client.groups().get_participating().await?;
    let made = groups.into_values().find(|group| {
        let is_new = group.creation_time.and_then(|at| i64::try_from(at).ok()).is_some_and(|at| at >= since.seconds());
        is_new && group.subject == subject && [&group.creator, &group.creator_pn].into_iter().flatten().any(is_own)
    });
    Ok(made.map(|group| group.id))
}

fn subject(text: &str) -> Result<GroupSubject, Refusal> {
    GroupSubject::new(text).map_err(|_| Refusal::word("invalid_subject"))
}

fn all_theirs(members: &[Jid]) -> Result<Vec<WaJid>, Refusal> {
    members.iter().map(to_theirs).collect::<Option<Vec<_>>>().ok_or(Refusal::NOT_FOUND)
}
