//! What a person shows of themselves: name, about, picture, and the verified name of a business.

use buffa::Message as _;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, Server};
use waproto::whatsapp::VerifiedNameCertificate;
use waproto::whatsapp::verified_name_certificate::Details;

use crate::account::Account;
use crate::devices;
use crate::mailbox::Class;
use crate::media::Token;
use crate::stanza::{self, unix_secs};
use crate::world::World;

#[derive(Default)]
pub struct Persona {
    pub name: String,
    pub about: Option<About>,
    pub picture: Option<Picture>,
    /// A business by this name.
    pub business: Option<String>,
}

#[derive(Clone)]
pub struct About {
    pub text: String,
    /// Unix seconds.
    pub since: u64,
}

/// On the media server, as it is.
#[derive(Clone)]
pub struct Picture {
    pub id: u64,
    pub token: Token,
}

pub enum Change {
    Name(String),
    About(String),
    Picture(Option<Bytes>),
    Business(Option<String>),
}

/// Changes what others see; they are told, and the person's other devices too.
pub fn change(world: &World, own: &Account, device: u16, change: Change) {
    let jid = own.jid(Server::Pn, 0);
    let (kind, news) = match change {
        Change::Name(name) => {
            own.persona_mut().name = name;
            ("contacts", NodeBuilder::new("update").attr("jid", &jid).build())
        }
        Change::About(text) => {
            own.persona_mut().about = Some(About { text: text.clone(), since: unix_secs() });
            ("status", NodeBuilder::new("set").string_content(text).build())
        }
        Change::Picture(image) => {
            let picture = image.map(|image| put(world, image));
            let news = match &picture {
                Some(picture) => NodeBuilder::new("set").attr("id", picture.id),
                None => NodeBuilder::new("delete"),
            };
            own.persona_mut().picture = picture;
            ("picture", news.attr("jid", &jid).attr("author", &jid).build())
        }
        Change::Business(name) => {
            let news = match &name {
                Some(name) => verified(name).attr("jid", &jid),
                None => NodeBuilder::new("remove").attr("jid", &jid),
            };
            own.persona_mut().business = name;
            ("business", news.build())
        }
    };
    let others = own.devices().into_iter().filter(|other| other.id != device);
    for device in others.chain(devices::audience(world, own).iter().flat_map(|person| person.devices())) {
        let id = stanza::random_id();
        let notification = NodeBuilder::new("notification")
            .attr("from", &jid)
            .attr("id", id.as_str())
            .attr("type", kind)
            .attr("t", unix_secs())
            .attr("notify", own.name())
            .children([news.clone()])
            .build();
        device.mailbox.push(Class::Notification, &id, jid.clone(), notification);
    }
}

/// The name of a business, in the certificate it comes with.
pub fn verified_name(name: &str) -> Node {
    verified(name).build()
}

fn verified(name: &str) -> NodeBuilder {
    let details = Details { issuer: Some("smb:wa".to_owned()), verified_name: Some(name.to_owned()), ..Default::default() };
    let certificate = VerifiedNameCertificate { details: Some(details.encode_to_vec()), ..Default::default() };
    NodeBuilder::new("verified_name").bytes(certificate.encode_to_vec())
}

fn put(world: &World, image: Bytes) -> Picture {
    let token = Token::new(Sha256::digest(&image).into());
    world.files.put(token, image);
    Picture { id: world.next_picture(), token }
}
