//! Taking messages in: WhatsApp is told that we have one only after it is stored.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    model::{DeviceId, Direction, EventData, Jid, Message, MessageId, MessageStatus, MessageType, Quoted, SessionId, Timestamp},
    pipeline::Publisher,
    ports::{Change, Step},
};
use wacore::{proto_helpers::MessageExt, types::events::InboundMessage};
use waproto::whatsapp as wa;
use whatsapp_rust::{Client, InboundDurabilityHook};

use super::addresses::{Person, to_ours};

/// Stores what a device receives, and what is typed on the phone it is linked to.
#[derive(Clone)]
pub struct Inbox {
    /// The device.
    pub device: DeviceId,
    /// Its session id, for the records.
    pub session_id: SessionId,
    /// Stores and tells.
    pub publisher: Publisher,
}

#[async_trait]
impl InboundDurabilityHook for Inbox {
    async fn on_messages(&self, client: Arc<Client>, batch: &[InboundMessage]) -> anyhow::Result<()> {
        self.take_in(&client, batch).await
    }
}

impl Inbox {
    /// Stores the batch as a whole. Repeating one is harmless.
    pub async fn take_in(&self, client: &Client, batch: &[InboundMessage]) -> anyhow::Result<()> {
        let mut steps = Vec::with_capacity(batch.len());
        for inbound in batch {
            match self.read(client, inbound).await {
                Some(message) => steps.push(self.step(message)),
                None => {
                    tracing::debug!(device = %self.device, message_id = %inbound.info.id, "a message without content of its own was passed over")
                }
            }
        }
        if !steps.is_empty() {
            self.publisher.publish(&self.device, steps).await?;
        }
        Ok(())
    }

    fn step(&self, message: Message) -> Step {
        let data = match message.direction {
            Direction::Incoming => EventData::message_received(&message),
            Direction::Outgoing => EventData::message_sent(&message),
        };
        self.publisher.step(Change::Message(Box::new(message)), Some(&data))
    }

    /// WhatsApp counts whole seconds. A message of this very second is put where it came in, so that a conversation keeps its order.
    fn moment(&self, second: Timestamp) -> Timestamp {
        let now = self.publisher.clock.now();
        if now.seconds() == second.seconds() { now } else { second }
    }

    async fn read(&self, client: &Client, inbound: &InboundMessage) -> Option<Message> {
        let (info, source) = (&inbound.info, &inbound.info.source);
        let body = inbound.message.get_base_message();
        let kind = kind(body)?;
        let own = client.pn().as_ref().and_then(to_ours);
        let sender = Person::find(client, &source.sender, source.sender_alt.as_ref()).await?;
        let chat = match (to_ours(&source.chat), source.is_from_me) {
            // A direct message: the chat is the other person, however WhatsApp called them this time.
            (Some(chat), false) if !source.is_group && !chat.is_group() => sender.clone(),
            _ => Person::find(client, &source.chat, source.recipient_alt.as_ref()).await?,
        };
        let outgoing = source.is_from_me;
        Some(Message {
            id: MessageId::parse(info.id.clone()).ok()?,
            device_id: self.device.clone(),
            session_id: self.session_id.clone(),
            direction: if outgoing { Direction::Outgoing } else { Direction::Incoming },
            from: if outgoing { own.clone() } else { Some(sender.jid) },
            to: if outgoing || source.is_group { Some(chat.jid.clone()) } else { own },
            lid: if outgoing { chat.lid } else { sender.lid },
            chat: chat.jid,
            kind,
            content: inbound.message.text_content().or_else(|| inbound.message.get_caption()).unwrap_or_default().to_owned(),
            caption: inbound.message.get_caption().map(str::to_owned),
            attachment: None,
            quoted: quoted(body),
            mentions: Vec::new(),
            link_preview: false,
            forwarded: inbound.message.is_forwarded(),
            broadcast: source.broadcast_list_owner.is_some(),
            push_name: (!outgoing && !info.push_name.is_empty()).then(|| info.push_name.clone()),
            timestamp: self.moment(Timestamp::from_millis(info.timestamp.timestamp_millis())),
            status: if outgoing { MessageStatus::Sent } else { MessageStatus::Delivered },
            read_at: None,
            error: None,
            due_at: None,
            bulk: None,
            edited_at: None,
            deleted_at: None,
        })
    }
}

/// What kind of message people see; `None` for WhatsApp's own housekeeping and for what only changes another message.
fn kind(body: &wa::Message) -> Option<MessageType> {
    let text = body.conversation.as_ref().is_some_and(|text| !text.is_empty());
    let kinds = [
        (text || body.extended_text_message.is_set(), MessageType::Text),
        (body.image_message.is_set(), MessageType::Image),
        (body.video_message.is_set() || body.ptv_message.is_set(), MessageType::Video),
        (body.audio_message.is_set(), MessageType::Audio),
        (body.document_message.is_set(), MessageType::Document),
        (body.sticker_message.is_set(), MessageType::Sticker),
        (body.location_message.is_set() || body.live_location_message.is_set(), MessageType::Location),
        (body.contact_message.is_set() || body.contacts_array_message.is_set(), MessageType::Contact),
    ];
    kinds.into_iter().find_map(|(set, kind)| set.then_some(kind))
}

fn quoted(body: &wa::Message) -> Option<Quoted> {
    let context = body.extended_text_message.as_option()?.context_info.as_option()?;
    let message_id = MessageId::parse(context.stanza_id.clone()?).ok()?;
    let content = context.quoted_message.as_option().and_then(MessageExt::text_content).unwrap_or_default().to_owned();
    let from = context.participant.as_deref().and_then(|participant| Jid::parse(participant).ok());
    Some(Quoted { message_id, from, from_me: false, content })
}
