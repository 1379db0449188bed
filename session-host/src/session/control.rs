//! Connecting, disconnecting, linking anew and deleting.

use std::time::Duration;

use domain::{
    model::{Outcome, Session, Status},
    ports::{PortError, Received},
};

use super::{Actor, BACKOFF, Stop};

/// How long a device that is to be unlinked may take to go on line.
const ON_LINE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long WhatsApp is given to hear that a device leaves the account.
const LOG_OUT_TIMEOUT: Duration = Duration::from_secs(8);

impl Actor {
    pub(super) async fn connect(&mut self, received: Received) -> Result<(), Stop> {
        if self.link.is_none() {
            self.resume().await?;
        }
        self.done(received, Outcome::Done).await;
        Ok(())
    }

    /// Brings the device on line, or shows QR codes if it is not linked.
    pub(super) async fn resume(&mut self) -> Result<(), Stop> {
        let mut next = self.session.clone();
        next.wanted = true;
        next.status = Status::Connecting;
        next.reason = None;
        next.qr = None;
        next.pairing_code = None;
        next.passkey = None;
        next.connected_at = None;
        next.started_at = Some(self.shared.ports.clock.now());
        self.enter(next).await?;
        self.linking.no_more_qr = false;
        let shared = std::sync::Arc::clone(&self.shared);
        let _turn = shared.starting.acquire().await;
        self.open().await;
        Ok(())
    }

    pub(super) async fn disconnect(&mut self, received: Received) -> Result<(), Stop> {
        self.settle().await?;
        self.leave(Status::Disconnected, None, false).await?;
        self.give_up_all("disconnected").await?;
        self.done(received, Outcome::Done).await;
        Ok(())
    }

    pub(super) async fn relogin(&mut self, received: Received) -> Result<(), Stop> {
        self.log_out().await;
        self.forget("logged_out").await?;
        self.resume().await?;
        self.done(received, Outcome::Done).await;
        Ok(())
    }

    /// Deletes the device: first at WhatsApp, then its keys, its files and its records, so that a repetition after a crash finds what is left to do.
    pub(super) async fn remove(&mut self, received: Received) -> Result<(), Stop> {
        self.log_out().await;
        self.clear_store().await?;
        self.clear_media().await;
        let mut failures = 0;
        let removed = loop {
            match self.shared.ports.devices.delete(&self.device).await {
                Ok(removed) => break removed,
                Err(error) => {
                    failures += 1;
                    tracing::error!(device = %self.device, ?error, "a device could not be deleted");
                    tokio::time::sleep(BACKOFF.after(failures)).await;
                }
            }
        };
        let outcome = removed.map_or(Outcome::Done, Outcome::Removed);
        self.done(received, outcome).await;
        let jobs = self.outbox.take_all();
        let receipts: Vec<_> = jobs.into_iter().map(|job| job.received.receipt).collect();
        self.shared.acknowledge(&receipts).await;
        Err(Stop::Removed)
    }

    /// Goes off line into `status`; with `wanted`, a restart of the host tries again.
    pub(super) async fn leave(&mut self, status: Status, reason: Option<&str>, wanted: bool) -> Result<(), Stop> {
        self.close().await;
        self.reopen_at = None;
        let mut next = self.session.clone();
        if next.status == Status::Connected {
            next.last_seen = Some(self.shared.ports.clock.now());
        }
        next.status = status;
        next.reason = reason.map(str::to_owned);
        next.wanted = wanted;
        next.qr = None;
        next.pairing_code = None;
        next.passkey = None;
        self.linking.ends_at = None;
        next.connected_at = None;
        self.enter(next).await
    }

    /// The account is not linked any more: nothing of it is kept but the records.
    pub(super) async fn forget(&mut self, reason: &str) -> Result<(), Stop> {
        self.close().await;
        self.reopen_at = None;
        self.linking.ends_at = None;
        self.clear_store().await?;
        self.inbox.known.forget();
        let last_seen = self.session.connected_at.map(|_| self.shared.ports.clock.now()).or(self.session.last_seen);
        let next = Session {
            status: Status::Disconnected,
            reason: Some(reason.to_owned()),
            last_seen,
            started_at: self.session.started_at,
            linked_at: self.session.linked_at,
            ..Session::new()
        };
        self.enter(next).await?;
        self.give_up_all(reason).await
    }

    /// Tells WhatsApp that the device leaves the account, going on line for it if need be. If it cannot be told in time, the phone goes on
    /// listing a device that does not exist any more.
    async fn log_out(&mut self) {
        self.disconnected();
        self.stop_enclosing();
        if self.link.is_none() && self.session.is_linked() {
            self.open().await;
        }
        let Some(link) = self.link.take() else { return };
        let told = async {
            if self.session.is_linked() && link.client.wait_for_connected(ON_LINE_TIMEOUT).await.is_err() {
                tracing::warn!(device = %self.device, "WhatsApp could not be told of a log-out");
            }
            link.log_out().await;
        };
        if tokio::time::timeout(LOG_OUT_TIMEOUT, told).await.is_err() {
            tracing::warn!(device = %self.device, "WhatsApp did not answer a log-out in time");
        }
    }

    async fn clear_media(&mut self) {
        let mut failures = 0;
        while let Err(error) = self.shared.ports.media.clear(&self.device).await {
            failures += 1;
            tracing::error!(device = %self.device, ?error, "a device's files could not be deleted");
            tokio::time::sleep(BACKOFF.after(failures)).await;
        }
    }

    async fn clear_store(&mut self) -> Result<(), Stop> {
        let ports = &self.shared.ports;
        let mut failures = 0;
        loop {
            match ports.key_values.clear(&self.device, ports.epoch).await {
                Ok(()) => return Ok(()),
                Err(PortError::Fenced) => return Err(Stop::Fenced),
                Err(error) => {
                    failures += 1;
                    tracing::error!(device = %self.device, ?error, "a device's keys could not be deleted");
                    tokio::time::sleep(BACKOFF.after(failures)).await;
                }
            }
        }
    }
}
