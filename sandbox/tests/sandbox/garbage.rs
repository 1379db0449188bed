//! Clients that are none, and clients out of their mind.

use futures::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use crate::net::Net;

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_hung_up_on() {
    let net = Net::start().await;
    let header = [b'W', b'A', 6, 3];
    let garbage: [Message; 6] = [
        Message::text("hello"),
        Message::binary(vec![0; 64]),
        Message::binary([&header[..], &[0, 0, 4, 1, 2, 3, 4]].concat()),
        Message::binary([&header[..], &[0, 0, 0]].concat()),
        Message::binary([&b"ED\0\x01\0\0\x02xy"[..], &header, &[0, 0, 1, 255]].concat()),
        Message::Close(None),
    ];
    for message in garbage {
        let (mut socket, _) = tokio_tungstenite::connect_async(net.url()).await.unwrap();
        socket.send(message).await.unwrap();
        while let Some(Ok(_)) = socket.next().await {}
    }
    assert_eq!(net.call(Method::GET, "/phones", Value::Null).await.0, 405);
    net.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_stanzas_do_no_harm() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    for stanza in odd_stanzas() {
        companion.client.send_node(stanza).await.unwrap();
    }
    companion.send(&budi.jid, "masih di sini", "3EB0F1").await;
    assert_eq!(companion.ack("3EB0F1").await, None);
    assert_eq!(companion.ack("no-recipient").await.as_deref(), Some("400"));
    assert_eq!(companion.ack("unknown").await.as_deref(), Some("404"));
    assert_eq!(companion.ack("nothing-sealed").await, None);
    budi.message("3EB0F1", |_| true).await;
    assert_eq!(budi.messages().await.len(), 1);
}

fn odd_stanzas() -> Vec<Node> {
    let tag = NodeBuilder::new;
    let iq = |xmlns: &'static str, kind: &'static str| tag("iq").attr("id", "1").attr("xmlns", xmlns).attr("type", kind);
    let to = "6281100000002@s.whatsapp.net";
    let enc = tag("enc").attr("v", "2").attr("type", "pkmsg");
    let sealed = |jid: &'static str, enc: Node| tag("participants").children([tag("to").attr("jid", jid).children([enc]).build()]).build();
    vec![
        tag("iq").build(),
        tag("surprise").build(),
        tag("surprise").attr("id", "2").build(),
        iq("usync", "get").build(),
        iq("encrypt", "get").build(),
        iq("encrypt", "set").children([tag("list").build()]).build(),
        iq("w:sync:app:state", "set").build(),
        iq("md", "set").children([tag("remove-companion-device").build()]).build(),
        iq("md", "result").build(),
        tag("message").attr("id", "no-recipient").build(),
        tag("message").attr("id", "unknown").attr("to", "6281100000009@s.whatsapp.net").build(),
        tag("message").attr("id", "nothing-sealed").attr("to", to).build(),
        tag("message").attr("id", "3").attr("to", to).children([sealed(to, enc.bytes(vec![1, 2, 3]).build())]).build(),
        tag("message").attr("id", "4").attr("to", to).children([sealed("6281100000002:77@s.whatsapp.net", tag("enc").build())]).build(),
        tag("receipt").build(),
        tag("receipt").attr("id", "5").attr("to", to).attr("type", "retry").build(),
        tag("receipt").attr("id", "6").attr("to", "120363@g.us").attr("type", "read").build(),
        tag("ack").attr("id", "7").attr("class", "message").build(),
        tag("presence").build(),
    ]
}
