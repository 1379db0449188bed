//! What happens to messages.

use domain::{
    model::{Attachment, Direction, MediaFile, Message, MessageKey, MessageStatus, Origin, Timestamp},
    ports::PortError,
};

use super::Part;
use crate::{
    aliases,
    counts::Class,
    messages::{self, Kept},
    people::{chats, contacts},
};

impl Part {
    /// A message came, or was typed on the phone.
    pub(super) async fn message(&mut self, message: &Message) -> Result<bool, PortError> {
        let new = self.store(message).await?;
        if new {
            let traffic = &mut self.work.head.traffic;
            match message.direction {
                Direction::Incoming => traffic.received += 1,
                Direction::Outgoing => traffic.sent += u64::from(message.status >= MessageStatus::Sent),
            }
        }
        Ok(new)
    }

    /// Keeps a message, unless it is there.
    pub(super) async fn store(&mut self, message: &Message) -> Result<bool, PortError> {
        let told = messages::sk(&message.key());
        let mut message = message.clone();
        self.name(&mut message).await?;
        let sk = messages::sk(&message.key());
        // It may be there under its former name, if a crash came while its chat was moved.
        if self.work.get(&sk).await?.is_some() || self.work.get(&told).await?.is_some() {
            return Ok(false);
        }
        let unread = chats::written(&mut self.work, &message).await?;
        self.work.count(message.timestamp, Class::of(&message), 1).await?;
        aliases::note(&mut self.work, &message);
        if message.direction == Direction::Incoming
            && let (Some(from), Some(push_name)) = (&message.from, message.push_name.as_deref())
            && !push_name.is_empty()
        {
            contacts::call(&mut self.work, from, push_name).await?;
        }
        self.work.head.arrivals += 1;
        let new = Kept { unread, ..Kept::new(message, self.work.head.arrivals) };
        self.put(&new)?;
        Ok(true)
    }

    pub(super) async fn status(
        &mut self,
        key: &MessageKey,
        status: MessageStatus,
        at: Timestamp,
        error: Option<&str>,
    ) -> Result<bool, PortError> {
        let Some(mut stored) = self.find(key).await? else { return Ok(false) };
        let message = &mut stored.message;
        let before = Class::of(message);
        if !before.status.can_become(status) {
            return Ok(false);
        }
        message.status = status;
        message.error = error.map(str::to_owned);
        if status == MessageStatus::Read {
            message.read_at = Some(at);
        }
        if message.direction == Direction::Outgoing {
            self.work.head.traffic.sent += u64::from(before.status < MessageStatus::Sent && status >= MessageStatus::Sent);
        } else if status == MessageStatus::Read
            && let Some(unread) = stored.unread.take()
        {
            chats::read(&mut self.work, &message.chat, &unread).await?;
        }
        if !before.is_counted() {
            self.name(message).await?;
            chats::sent(&mut self.work, message).await?;
            aliases::note(&mut self.work, message);
        }
        self.work.count(message.timestamp, before, -1).await?;
        self.work.count(message.timestamp, Class::of(message), 1).await?;
        self.put(&stored)?;
        Ok(true)
    }

    pub(super) async fn edit(&mut self, key: &MessageKey, text: &str, at: Timestamp) -> Result<bool, PortError> {
        self.rewrite(key, |message| edit(message, text, at)).await
    }

    pub(super) async fn take_back(&mut self, key: &MessageKey, at: Timestamp) -> Result<bool, PortError> {
        self.rewrite(key, |message| take_back(message, at)).await
    }

    pub(super) async fn attach(&mut self, key: &MessageKey, file: &MediaFile) -> Result<bool, PortError> {
        self.rewrite(key, |message| attach(message, file)).await
    }

    /// Changes what a message says, if it is stored and `change` answers that there is something to change.
    async fn rewrite(&mut self, key: &MessageKey, change: impl FnOnce(&mut Message) -> bool) -> Result<bool, PortError> {
        let Some(mut stored) = self.find(key).await? else { return Ok(false) };
        let changed = change(&mut stored.message);
        if changed {
            self.put(&stored)?;
        }
        Ok(changed)
    }

    /// The message of a key, which may be from before its chat got its number.
    async fn find(&mut self, key: &MessageKey) -> Result<Option<Kept>, PortError> {
        let found = self.load(&messages::sk(key)).await?;
        let Origin::Other { chat, from } = &key.origin else { return Ok(found) };
        let phone = aliases::name(&mut self.work, chat).await?;
        if found.is_some() || phone == *chat {
            return Ok(found);
        }
        let from = from.clone().map(|from| if from == *chat { phone.clone() } else { from });
        self.load(&messages::sk(&MessageKey { id: key.id.clone(), origin: Origin::Other { chat: phone, from } })).await
    }

    async fn load(&mut self, sk: &str) -> Result<Option<Kept>, PortError> {
        self.work.get(sk).await?.map(Kept::read).transpose()
    }

    fn put(&mut self, kept: &Kept) -> Result<(), PortError> {
        let item = kept.item(self.work.lane())?;
        self.work.put(&kept.sk(), item);
        Ok(())
    }

    /// Has a message of a hidden id's chat name the number, if it is known.
    async fn name(&mut self, message: &mut Message) -> Result<(), PortError> {
        let chat = aliases::name(&mut self.work, &message.chat).await?;
        if chat != message.chat {
            let lid = message.chat.clone();
            aliases::rename(message, &lid, &chat);
        }
        Ok(())
    }
}

fn edit(message: &mut Message, text: &str, at: Timestamp) -> bool {
    if message.deleted_at.is_some() || message.edited_at.is_some_and(|edited_at| edited_at >= at) {
        return false;
    }
    message.edited_at = Some(at);
    message.set_text(text.to_owned());
    true
}

fn take_back(message: &mut Message, at: Timestamp) -> bool {
    let new = message.deleted_at.is_none();
    message.deleted_at.get_or_insert(at);
    new
}

fn attach(message: &mut Message, file: &MediaFile) -> bool {
    match &mut message.attachment {
        Some(Attachment::Media(known)) if known.stored().is_none() && known != file => {
            known.clone_from(file);
            true
        }
        _ => false,
    }
}
