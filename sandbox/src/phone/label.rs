//! What the server is told about a message it cannot read.

use wacore::send::{media_type_from_message, should_hide_decrypt_fail_for_send, stanza_type_from_message};
use wacore::types::message::EditAttribute;
use wacore_binary::builder::NodeBuilder;
use waproto::whatsapp::Message;

pub struct Label {
    kind: &'static str,
    media: Option<&'static str>,
    edit: Option<EditAttribute>,
    /// Whether one who cannot open it need not hear of it.
    hidden: bool,
}

impl Label {
    pub fn of(message: &Message) -> Self {
        let edit = EditAttribute::infer_from_message(message);
        Self {
            kind: stanza_type_from_message(message),
            media: media_type_from_message(message),
            hidden: should_hide_decrypt_fail_for_send(edit.as_ref(), message),
            edit,
        }
    }

    /// On the stanza.
    pub fn stanza(&self, stanza: NodeBuilder) -> NodeBuilder {
        let stanza = stanza.attr("type", self.kind);
        match &self.edit {
            Some(edit) => stanza.attr("edit", edit.to_string_val()),
            None => stanza,
        }
    }

    /// On the sealed content.
    pub fn enc(&self, mut enc: NodeBuilder) -> NodeBuilder {
        if let Some(media) = self.media {
            enc = enc.attr("mediatype", media);
        }
        match self.hidden {
            true => enc.attr("decrypt-fail", "hide"),
            false => enc,
        }
    }
}
