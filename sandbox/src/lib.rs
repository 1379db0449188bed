//! A WhatsApp that lives on this machine: server and simulated phones.

mod account;
mod adv;
mod blocklist;
mod collections;
mod connection;
mod control;
mod devices;
mod dispatch;
mod faults;
mod groups;
mod iq;
mod keys;
mod link;
mod login;
mod mailbox;
mod media;
mod messages;
mod noise;
mod pairing;
mod passkey;
mod persona;
mod phone;
mod receipts;
mod reupload;
mod stanza;
mod typing;
mod world;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use world::World;

/// A running sandbox: one port for WhatsApp itself (`/ws/chat`), its files (`/mms`, `/media`) and the remote control.
pub struct Sandbox {
    addr: SocketAddr,
    world: Arc<World>,
    server: JoinHandle<io::Result<()>>,
}

impl Sandbox {
    /// Listens on a loopback address; any other is refused, for nothing here is protected.
    pub async fn start(addr: SocketAddr) -> io::Result<Self> {
        if !addr.ip().is_loopback() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the sandbox listens on loopback addresses only"));
        }
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let world = Arc::new(World::new(addr));
        let router = control::router(world.clone());
        let closing = world.closing.clone();
        // A stanza must not wait until the one before has arrived.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "A connection kept its delay");
            }
        });
        let server = axum::serve(listener, router).with_graceful_shutdown(closing.cancelled_owned());
        let server = tokio::spawn(server.into_future());
        Ok(Self { addr, world, server })
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Closes every connection and waits until nothing is left running.
    pub async fn shutdown(self) {
        self.world.closing.cancel();
        self.world.tasks.close();
        self.world.tasks.wait().await;
        match self.server.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "The sandbox's server failed"),
            Err(error) => tracing::warn!(%error, "The sandbox's server was lost"),
        }
    }
}
