//! People as WhatsApp has them now.

use domain::{
    model::{ChatFilter, ContactUpdate, Jid, NumberCheck, PageRequest, Server},
    ports::{Change, PortError},
};
use futures::future::try_join3;
use whatsapp_rust::{Client, ContactError, IsOnWhatsAppResult, Jid as WaJid, UserInfo, VerifiedName};

use crate::session::{
    addresses::{Person, to_ours, to_theirs},
    inbox::Inbox,
    refusal::Refusal,
};

/// Who vouches for the names of businesses on WhatsApp's own API.
const ENTERPRISE: &str = "ent:wa";

impl Inbox {
    /// Looks at a person: about, picture and what WhatsApp vouches for.
    pub async fn look_at_contact(&self, client: &Client, contact: &Jid) -> Result<(), Refusal> {
        let theirs = person(contact)?;
        let contacts = client.contacts();
        let asked = std::slice::from_ref(&theirs);
        let seen = try_join3(contacts.is_on_whatsapp(asked), contacts.get_user_info(asked), contacts.get_profile_picture(&theirs, true));
        let (found, info, picture) = seen.await?;
        if !found.iter().any(|found| found.is_registered) {
            return Err(Refusal::NOT_FOUND);
        }
        let mut update = info.into_values().next().map(what_is_shown).unwrap_or_default();
        update.picture_url = Some(picture.map(|picture| picture.url));
        let changes = self.about(client, &theirs, found[0].lid.as_ref().or(found[0].pn_jid.as_ref()), update).await?;
        self.keep(changes.into_iter().map(|change| (change, None)).collect()).await;
        Ok(())
    }

    /// Looks at the people the account last wrote with, as many as WhatsApp answers at once; pictures that are missing come later.
    pub async fn look_at_contacts(&self, client: &Client) -> Result<(), Refusal> {
        let page = PageRequest { page: 1, limit: PageRequest::MAX_LIMIT, cursor: None };
        let people = &self.shared.ports.people;
        let chats = people.chats(&self.device, &ChatFilter::default(), &page).await?;
        let asked: Vec<_> = chats.items.iter().filter_map(|chat| person(&chat.jid).ok()).collect();
        let (mut changes, mut pictures) = (Vec::new(), Vec::new());
        for (jid, info) in client.contacts().get_user_info(&asked).await? {
            let (lid, shows_picture, hides_picture) = (info.lid.clone(), info.picture_id.is_some(), info.picture_error.is_some());
            let mut update = what_is_shown(info);
            if !shows_picture && !hides_picture {
                update.picture_url = Some(None);
            }
            changes.extend(self.about(client, &jid, lid.as_ref(), update).await?);
            pictures.extend(to_ours(&jid).filter(|_| shows_picture));
        }
        self.keep(changes.into_iter().map(|change| (change, None)).collect()).await;
        let mut missing = Vec::new();
        for person in pictures {
            if people.contact(&self.device, &person).await?.is_some_and(|contact| contact.picture_url.is_none()) {
                missing.push(person);
            }
        }
        self.known.hint_pictures(missing);
        Ok(())
    }

    pub(super) async fn look_at_picture(&self, client: &Client, of: &Jid) -> Result<(), Refusal> {
        let theirs = person(of)?;
        let picture = client.contacts().get_profile_picture(&theirs, true).await?;
        let update = ContactUpdate { picture_url: Some(picture.map(|picture| picture.url)), ..ContactUpdate::default() };
        let changes = self.about(client, &theirs, None, update).await?;
        self.keep(changes.into_iter().map(|change| (change, None)).collect()).await;
        Ok(())
    }

    /// Looks at who is blocked.
    pub async fn look_at_blocked(&self, client: &Client) -> Result<(), Refusal> {
        let (mut contacts, mut strangers) = (Vec::new(), Vec::new());
        for blocked in client.blocking().get_blocklist().await? {
            let Some(person) = self.person(client, &blocked.jid, None).await? else { continue };
            if person.jid.server() == Server::Lid { strangers.push(blocked.jid) } else { contacts.push(person.jid) }
        }
        let mut changes = Vec::new();
        for person in self.introduce(client, &strangers).await? {
            changes.extend(self.people.news(&person).map(|news| (news, None)));
            contacts.push(person.jid);
        }
        changes.push((Change::Blocked { contacts }, None));
        self.keep(changes).await;
        Ok(())
    }

    /// Who is behind hidden ids that nobody here has met.
    async fn introduce(&self, client: &Client, lids: &[WaJid]) -> Result<Vec<Person>, Refusal> {
        let found = client.contacts().is_on_whatsapp(lids).await?;
        let phone = |lid: &WaJid| found.iter().find(|found| found.jid == *lid).and_then(|found| found.pn_jid.as_ref());
        Ok(lids.iter().filter_map(|lid| Person::new(lid, phone(lid))).collect())
    }

    /// Blocks somebody, or lets them in again.
    pub async fn block(&self, client: &Client, contact: &Jid, blocked: bool) -> Result<(), Refusal> {
        let theirs = person(contact)?;
        let known = client.get_lid_pn_entry(&theirs).await.ok().flatten().is_some();
        if !known && !client.contacts().is_on_whatsapp(std::slice::from_ref(&theirs)).await?.iter().any(|found| found.is_registered) {
            return Err(Refusal::NOT_FOUND);
        }
        let blocking = client.blocking();
        if blocked {
            blocking.block(&theirs).await?
        } else {
            blocking.unblock(&theirs).await?
        }
        let update = ContactUpdate { blocked: Some(blocked), ..ContactUpdate::default() };
        let changes = self.about(client, &theirs, None, update).await?;
        self.keep(changes.into_iter().map(|change| (change, None)).collect()).await;
        Ok(())
    }

    /// What WhatsApp says of numbers, in their order.
    pub async fn check(&self, client: &Client, numbers: &[Jid]) -> Result<Vec<NumberCheck>, Refusal> {
        let asked: Vec<_> = numbers.iter().filter_map(|number| person(number).ok()).collect();
        let mut found = client.contacts().is_on_whatsapp(&asked).await?;
        let mut checks = Vec::with_capacity(numbers.len());
        for number in numbers {
            let is_it = |found: &IsOnWhatsAppResult| to_ours(&found.jid).as_ref() == Some(number);
            let result = found.iter().position(is_it).map(|at| found.swap_remove(at));
            checks.push((number.clone(), result));
        }
        // An account may answer to a number that is not quite the one asked for; then its answer is known by asking for that alone.
        for (number, result) in checks.iter_mut().filter(|(_, result)| result.is_none()) {
            if found.iter().any(|found| found.is_registered)
                && let Ok(theirs) = person(number)
            {
                *result = contacts_first(client, theirs).await?;
            }
        }
        let mut changes = Vec::new();
        let mut answer = Vec::with_capacity(checks.len());
        for (number, result) in checks {
            let result = result.filter(|result| result.is_registered);
            let person = match &result {
                Some(result) => self.person(client, &result.jid, result.lid.as_ref().or(result.pn_jid.as_ref())).await?,
                None => None,
            };
            changes.extend(person.as_ref().and_then(|person| self.people.news(person)).map(|news| (news, None)));
            let (jid, lid) = person.map(|person| (person.jid, person.lid)).unzip();
            let business = result.as_ref().is_some_and(|result| result.is_business);
            answer.push(NumberCheck { number, exists: result.is_some(), jid, lid: lid.flatten(), business });
        }
        self.keep(changes).await;
        Ok(answer)
    }

    /// News of a person, and of their two names if those are news.
    pub(in crate::session) async fn about(
        &self,
        client: &Client,
        jid: &WaJid,
        alt: Option<&WaJid>,
        update: ContactUpdate,
    ) -> Result<Vec<Change>, PortError> {
        let Some(person) = self.person(client, jid, alt).await? else { return Ok(Vec::new()) };
        if !matches!(person.jid.server(), Server::Phone | Server::Lid) {
            return Ok(Vec::new());
        }
        let news = self.people.news(&person);
        let update = ContactUpdate { lid: person.lid, ..update };
        Ok(news.into_iter().chain([Change::Contact { contact: person.jid, update: Box::new(update) }]).collect())
    }
}

async fn contacts_first(client: &Client, jid: WaJid) -> Result<Option<IsOnWhatsAppResult>, ContactError> {
    Ok(client.contacts().is_on_whatsapp(&[jid]).await?.into_iter().next())
}

/// A person's address in WhatsApp's words.
fn person(jid: &Jid) -> Result<WaJid, Refusal> {
    let is_person = matches!(jid.server(), Server::Phone | Server::Lid);
    to_theirs(jid).filter(|_| is_person).ok_or(Refusal::NOT_FOUND)
}

fn what_is_shown(info: UserInfo) -> ContactUpdate {
    let about = info.status.filter(|about| !about.is_empty());
    let (name, issuer) = info.verified_name.map(|VerifiedName { name, issuer, .. }| (name, issuer)).unwrap_or_default();
    let mut update = ContactUpdate::default();
    if info.status_error.is_none() {
        update.about = Some(about);
    }
    if info.business_error.is_none() {
        update.business = Some(info.is_business);
        update.enterprise = Some(issuer.as_deref() == Some(ENTERPRISE));
        update.verified_name = Some(name);
    }
    update
}
