//! One WebSocket from upgrade to end: handshake, then frames in and frames out.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use bytes::BytesMut;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt as _, StreamExt as _};
use wacore::framing::{FrameDecoder, append_frame_into, encode_frame};
use wacore_binary::Node;
use wacore_binary::consts::WA_CONN_HEADER;
use wacore_binary::marshal::{marshal_to_vec, unmarshal_ref};
use wacore_binary::util::unpack_bytes;
use waproto::whatsapp::ClientPayload;

use crate::account::Device;
use crate::dispatch::{self, Peer};
use crate::link::{Link, Outgoing};
use crate::noise::{self, Opener, Progress, Sealer, Session};
use crate::pairing::{self, Applicant};
use crate::world::World;
use crate::{login, stanza};

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a client may take to hang up after the last stanza.
const FAREWELL_TIMEOUT: Duration = Duration::from_millis(300);
/// How long a congested socket may delay the last stanza.
const END_TIMEOUT: Duration = Duration::from_secs(1);
const ROUTING_PRELUDE: &[u8] = b"ED\0\x01";
const BATCH: usize = 64;

pub async fn serve(world: Arc<World>, socket: WebSocket) {
    let (link, outgoing) = world.links.open();
    tokio::select! {
        () = converse(&world, &link, outgoing, socket) => {}
        () = world.closing.cancelled() => {}
    }
    world.links.close(&link);
}

async fn converse(world: &Arc<World>, link: &Arc<Link>, outgoing: Outgoing, socket: WebSocket) {
    let (sink, stream) = socket.split();
    let mut writer = Writer { sink, outgoing, scratch: Vec::new() };
    let mut frames = Frames { stream, decoder: FrameDecoder::new() };
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake(world, &mut frames, &mut writer)) => shaken,
        () = link.ended() => return,
    };
    let Ok(Some(Session { client_static, payload, opener, mut sealer })) = shaken else {
        tracing::debug!(connection = link.id, "A handshake failed");
        return;
    };
    let peer = identify(world, link, client_static, &payload);
    greet(world, link, peer.as_ref()).await;
    let device = match &peer {
        Some(Peer::Member(member)) => Some(member.device.clone()),
        _ => None,
    };
    let mut reader = Reader { frames, opener };
    let goodbye = tokio::select! {
        () = reader.run(world, link, peer.as_ref()) => false,
        goodbye = writer.run(link, &mut sealer, device.as_deref()) => goodbye,
        () = async { link.ended().await; tokio::time::sleep(END_TIMEOUT).await } => false,
    };
    match &peer {
        Some(Peer::Member(member)) => member.device.mailbox.detach(link),
        Some(Peer::Applicant(applicant)) => world.pairings.withdraw(applicant),
        None => {}
    }
    if goodbye {
        reader.frames.until_hangup().await;
    }
}

/// Who the client is; turned away clients are told why and are nobody.
fn identify(world: &World, link: &Arc<Link>, client_static: [u8; 32], payload: &ClientPayload) -> Option<Peer> {
    if let Some(registration) = payload.device_pairing_data.as_option() {
        let applicant = Applicant::new(link.clone(), client_static, registration).map(Arc::new);
        if applicant.is_none() {
            link.end(Some(stanza::not_well_formed()));
        }
        return applicant.map(Peer::Applicant);
    }
    match login::admit(world, link, &client_static, payload) {
        Ok(member) => Some(Peer::Member(member)),
        Err(refusal) => {
            link.end(Some(refusal.stanza()));
            None
        }
    }
}

/// The first stanza a client gets.
async fn greet(world: &World, link: &Link, peer: Option<&Peer>) {
    match peer {
        Some(Peer::Applicant(applicant)) => link.send(pairing::invite(world, applicant)).await,
        Some(Peer::Member(member)) => link.send(login::success(member)).await,
        None => {}
    }
}

async fn handshake(world: &World, frames: &mut Frames, writer: &mut Writer) -> Option<Session> {
    frames.prologue().await?;
    let hello = frames.next().await?;
    let (reply, progress) = noise::answer(&world.identity, &hello).ok()?;
    writer.send_plain(&reply).await?;
    match progress {
        Progress::Done(session) => Some(*session),
        Progress::AwaitingFinish(unfinished) => {
            let finish = frames.next().await?;
            unfinished.finish(&finish).ok()
        }
    }
}

/// The frames a client sends, whatever the WebSocket messages they come in.
struct Frames {
    stream: SplitStream<WebSocket>,
    decoder: FrameDecoder,
}

impl Frames {
    /// Reads past the optional routing information and the protocol header.
    async fn prologue(&mut self) -> Option<()> {
        let mut start = BytesMut::new();
        loop {
            if let Some(header) = after_routing(&start)
                && start.len() >= header + WA_CONN_HEADER.len()
            {
                let frames = header + WA_CONN_HEADER.len();
                if start[header..frames] != WA_CONN_HEADER {
                    return None;
                }
                self.decoder.feed(&start[frames..]);
                return Some(());
            }
            start.extend_from_slice(&self.binary().await?);
        }
    }

    async fn next(&mut self) -> Option<BytesMut> {
        loop {
            if let Some(frame) = self.decoder.decode_frame() {
                return Some(frame);
            }
            let bytes = self.binary().await?;
            self.decoder.feed(&bytes);
        }
    }

    async fn binary(&mut self) -> Option<bytes::Bytes> {
        loop {
            match self.stream.next().await?.ok()? {
                Message::Binary(bytes) => return Some(bytes),
                Message::Close(_) | Message::Text(_) => return None,
                Message::Ping(_) | Message::Pong(_) => {}
            }
        }
    }

    /// Gives the client time to read the last stanza before the socket closes under it.
    async fn until_hangup(&mut self) {
        let hangup = async { while self.binary().await.is_some() {} };
        let _ = tokio::time::timeout(FAREWELL_TIMEOUT, hangup).await;
    }
}

/// Where the protocol header starts; `None` while that cannot be told.
fn after_routing(start: &[u8]) -> Option<usize> {
    if start.len() < ROUTING_PRELUDE.len() {
        return None;
    }
    if !start.starts_with(ROUTING_PRELUDE) {
        return Some(0);
    }
    let length = start.get(4..7)?;
    let length = u32::from_be_bytes([0, length[0], length[1], length[2]]);
    Some(7 + length as usize)
}

struct Reader {
    frames: Frames,
    opener: Opener,
}

impl Reader {
    /// Handles what comes until the client is gone; one that sends garbage is told so and waited
    /// for.
    async fn run(&mut self, world: &Arc<World>, link: &Arc<Link>, peer: Option<&Peer>) {
        while let Some(mut frame) = self.frames.next().await {
            let opened = self.opener.open(&mut frame).ok();
            let stanza = opened.and_then(|()| unpack_bytes(frame).ok());
            let node = stanza.as_deref().and_then(|stanza| unmarshal_ref(stanza).ok());
            match (node, peer) {
                (Some(node), Some(peer)) => dispatch::handle(world, link, peer, &node).await,
                (Some(_), None) => {}
                (None, _) => {
                    tracing::debug!(connection = link.id, "A client sent garbage");
                    link.end(Some(stanza::not_well_formed()));
                    return std::future::pending().await;
                }
            }
        }
    }
}

struct Writer {
    sink: SplitSink<WebSocket, Message>,
    outgoing: Outgoing,
    scratch: Vec<u8>,
}

impl Writer {
    async fn send_plain(&mut self, payload: &[u8]) -> Option<()> {
        let frame = encode_frame(payload, None).ok()?;
        self.sink.send(Message::Binary(frame.into())).await.ok()
    }

    /// Writes what is queued until the link ends; true if it ended with a goodbye.
    async fn run(&mut self, link: &Link, sealer: &mut Sealer, device: Option<&Device>) -> bool {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                biased;
                () = link.ended() => break,
                count = self.outgoing.recv_many(&mut batch, BATCH) => {
                    if count == 0 || self.write(sealer, &mut batch).await.is_none() {
                        return false;
                    }
                    if let Some(device) = device {
                        device.mailbox.resume();
                    }
                }
            }
        }
        let Some(farewell) = link.take_farewell() else {
            return false;
        };
        while let Ok(stanza) = self.outgoing.try_recv() {
            batch.push(stanza);
        }
        batch.push(Arc::new(farewell));
        self.write(sealer, &mut batch).await.is_some()
    }

    /// Seals a batch into one WebSocket message.
    async fn write(&mut self, sealer: &mut Sealer, batch: &mut Vec<Arc<Node>>) -> Option<()> {
        let mut message = Vec::new();
        for stanza in batch.drain(..) {
            self.scratch.clear();
            marshal_to_vec(&stanza, &mut self.scratch).ok()?;
            sealer.seal(&mut self.scratch).ok()?;
            append_frame_into(&self.scratch, None, &mut message).ok()?;
        }
        self.sink.send(Message::Binary(message.into())).await.ok()
    }
}
