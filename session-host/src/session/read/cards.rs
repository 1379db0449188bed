//! Contact cards.

use domain::model::{Attachment, ContactCard, MessageType};
use waproto::whatsapp as wa;

use super::Content;

/// Most cards taken from one message.
const MOST: usize = 256;

pub fn content(body: &wa::Message) -> Option<Content> {
    let cards: Vec<_> = match (body.contact_message.as_option(), body.contacts_array_message.as_option()) {
        (Some(contact), _) => vec![card(contact)],
        (None, Some(contacts)) => contacts.contacts.iter().take(MOST).map(card).collect(),
        (None, None) => return None,
    };
    let names: Vec<_> = cards.iter().map(|card| card.name.as_str()).collect();
    let mut content = Content::new(MessageType::Contact, names.join(", "));
    content.attachment = (!cards.is_empty()).then_some(Attachment::Contacts { cards });
    Some(content)
}

fn card(contact: &wa::message::ContactMessage) -> ContactCard {
    let vcard = contact.vcard.clone().unwrap_or_default();
    let shown = contact.display_name.clone().filter(|name| !name.is_empty());
    ContactCard { name: shown.or_else(|| values(&vcard, "FN").next()).unwrap_or_default(), phones: values(&vcard, "TEL").collect(), vcard }
}

/// The values of a property, whatever its group (`item1.TEL`) and its parameters (`TEL;type=CELL`).
fn values<'a>(vcard: &'a str, property: &'a str) -> impl Iterator<Item = String> + 'a {
    let matches = move |head: &str| {
        let name = head.split(';').next().unwrap_or_default();
        name.rsplit('.').next().unwrap_or_default().eq_ignore_ascii_case(property)
    };
    let lines = vcard.lines().filter_map(|line| line.split_once(':'));
    lines.filter(move |(head, _)| matches(head)).map(|(_, value)| unescape(value.trim())).filter(|value| !value.is_empty())
}

fn unescape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut escaped = false;
    for c in value.chars() {
        match (escaped, c) {
            (false, '\\') => escaped = true,
            (true, 'n' | 'N') => {
                text.push('\n');
                escaped = false;
            }
            (_, c) => {
                text.push(c);
                escaped = false;
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::values;

    #[test]
    fn a_card_is_read_whatever_program_wrote_it() {
        let vcard = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:;Ani\\, Toko;;;\r\nFN:Ani\\, Toko\r\nitem1.TEL;waid=6281100000001:+62 811-0000-0001\r\n\
                     tel;type=HOME:021 555\r\nTELEX:no\r\nEND:VCARD";
        assert_eq!(values(vcard, "FN").collect::<Vec<_>>(), ["Ani, Toko"]);
        assert_eq!(values(vcard, "TEL").collect::<Vec<_>>(), ["+62 811-0000-0001", "021 555"]);
    }
}
