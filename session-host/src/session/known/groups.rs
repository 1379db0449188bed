//! Groups as WhatsApp has them now.

use std::collections::{HashMap, HashSet};

use domain::{
    model::{EventData, Group, GroupFilter, Jid, Member, PageRequest, Role, Server, Timestamp},
    ports::{Change, PortError},
};
use whatsapp_rust::{Client, GroupMetadata, GroupParticipant, Jid as WaJid, ParticipantType};

use crate::session::{
    addresses::{Person, to_ours, to_theirs},
    inbox::Inbox,
    refusal::Refusal,
};

/// Groups stored in one go.
const BATCH: usize = 20;

/// What was looked up on record of hidden ids, within one look.
type Numbers = HashMap<Jid, Option<Jid>>;

impl Inbox {
    /// Looks at a group, and stores how it is.
    pub async fn look_at_group(&self, client: &Client, group: &Jid) -> Result<(), Refusal> {
        let theirs = to_theirs(group).filter(|_| group.is_group()).ok_or(Refusal::NOT_FOUND)?;
        let _turn = self.known.groups.lock().await;
        match client.groups().get_metadata(&theirs).await {
            Ok(metadata) => {
                let group = self.group(client, metadata, &mut Numbers::new()).await?;
                self.keep(group.map(joined).into_iter().collect()).await;
                Ok(())
            }
            Err(error) => {
                let refusal = Refusal::from(error);
                if refusal == Refusal::FORBIDDEN || refusal == Refusal::NOT_FOUND {
                    self.keep(vec![left(group.clone())]).await;
                }
                Err(refusal)
            }
        }
    }

    /// Looks at all groups of the account. The first time they are not told, as what was before the device was linked is no news.
    pub async fn look_at_all_groups(&self, client: &Client) -> Result<(), Refusal> {
        let _turn = self.known.groups.lock().await;
        let mut gone = self.groups_on_record().await?;
        let first_time = gone.is_empty();
        let groups = client.groups().get_participating().await?;
        let hinted = self.known.hinted_groups();
        let (mut numbers, mut changes) = (Numbers::new(), Vec::new());
        for metadata in groups.into_values() {
            let Some(group) = self.group(client, metadata, &mut numbers).await? else { continue };
            gone.remove(&group.jid);
            let is_news = !first_time || hinted.contains(&group.jid);
            let (change, data) = joined(group);
            changes.push((change, data.filter(|_| is_news)));
            if changes.len() == BATCH {
                self.keep(std::mem::take(&mut changes)).await;
            }
        }
        changes.extend(gone.into_iter().map(left));
        self.keep(changes).await;
        Ok(())
    }

    /// The account has left a group, or was never in it.
    pub async fn left_group(&self, group: &Jid) {
        let _turn = self.known.groups.lock().await;
        self.keep(vec![left(group.clone())]).await;
    }

    async fn groups_on_record(&self) -> Result<HashSet<Jid>, PortError> {
        let mut groups = HashSet::new();
        let mut page = PageRequest { page: 1, limit: PageRequest::MAX_LIMIT, cursor: None };
        loop {
            let found = self.shared.ports.people.groups(&self.device, &GroupFilter::default(), &page).await?;
            groups.extend(found.items.into_iter().map(|group| group.jid));
            page.cursor = found.next;
            if page.cursor.is_none() {
                return Ok(groups);
            }
        }
    }

    async fn group(&self, client: &Client, metadata: GroupMetadata, numbers: &mut Numbers) -> Result<Option<Group>, PortError> {
        let Some(jid) = to_ours(&metadata.id) else { return Ok(None) };
        let own: Vec<_> = [client.pn(), client.lid()].into_iter().flatten().filter_map(|own| to_ours(&own)).collect();
        let mut members = Vec::with_capacity(metadata.participants.len());
        for participant in &metadata.participants {
            members.extend(self.member(participant, numbers).await?);
        }
        members.sort_unstable_by(|a, b| a.jid.cmp(&b.jid));
        members.dedup_by(|a, b| a.jid == b.jid);
        let is_own = |member: &&Member| own.contains(&member.jid) || member.lid.as_ref().is_some_and(|lid| own.contains(lid));
        let role = members.iter().find(is_own).map_or(Role::Member, |member| member.role);
        let owner = match &metadata.creator {
            Some(creator) => self.named_member(creator, metadata.creator_pn.as_ref(), numbers).await?.map(|owner| owner.jid),
            None => None,
        };
        let created_at = metadata.creation_time.and_then(|at| i64::try_from(at).ok());
        Ok(Some(Group {
            jid,
            subject: metadata.subject,
            description: metadata.description.filter(|description| !description.is_empty()),
            owner,
            created_at: created_at.map(|at| Timestamp::from_millis(at.saturating_mul(1000))),
            announce: metadata.is_announcement,
            locked: metadata.is_locked,
            role,
            members,
        }))
    }

    async fn member(&self, participant: &GroupParticipant, numbers: &mut Numbers) -> Result<Option<Member>, PortError> {
        let alt = participant.phone_number.as_ref().or(participant.lid.as_ref());
        let role = match participant.participant_type {
            ParticipantType::SuperAdmin => Role::SuperAdmin,
            ParticipantType::Admin => Role::Admin,
            _ => Role::Member,
        };
        let person = self.named_member(&participant.jid, alt, numbers).await?;
        Ok(person.map(|Person { jid, lid }| Member { jid, lid, role }))
    }

    /// Like [`Inbox::person`] for people of whom the library has said all it knows.
    pub(in crate::session) async fn named_member(
        &self,
        jid: &WaJid,
        alt: Option<&WaJid>,
        numbers: &mut Numbers,
    ) -> Result<Option<Person>, PortError> {
        let Some(person) = Person::new(jid, alt) else { return Ok(None) };
        if person.jid.server() != Server::Lid {
            return Ok(Some(person));
        }
        let phone = match numbers.get(&person.jid) {
            Some(phone) => phone.clone(),
            None => {
                let phone = self.shared.ports.aliases.phone(&self.device, &person.jid).await?;
                numbers.insert(person.jid.clone(), phone.clone());
                phone
            }
        };
        Ok(Some(match phone {
            Some(phone) => Person { jid: phone, ..person },
            None => person,
        }))
    }
}

fn joined(group: Group) -> (Change, Option<EventData>) {
    let told = EventData::GroupUpdate(Box::new(group.clone().into()));
    (Change::Group(Box::new(group)), Some(told))
}

fn left(group: Jid) -> (Change, Option<EventData>) {
    (Change::GroupLeft { group: group.clone() }, Some(EventData::GroupLeft { id: group }))
}
