//! Linking by QR code, or by one that is typed into the phone.
//!
//! One code to type in is good at a time: whoever asks again for the same phone gets the live one, and a code for another phone replaces it.

use std::{sync::Arc, time::Duration};

use domain::{
    model::{Command, EventData, Jid, Outcome, PairingCode, Qr, Server, Session, Status, Timestamp},
    ports::Received,
};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};
use wacore::{
    pair_code::{PairCodeError, PairCodeOptions, PairCodeUtils},
    types::events::PairingQrCode,
};
use whatsapp_rust::{Client, pair_code::PairError};

use super::{Actor, Stop, asking::is_stale, outcome::failed, refusal::Refusal};
use crate::qr;

/// How long WhatsApp may take to answer, the wait for the connection included.
pub(super) const DEADLINE: Duration = Duration::from_secs(15);

/// A code that is good for less is not worth the typing.
const WORTH_TYPING: Duration = Duration::from_secs(20);

/// What is under way to link a device other than by QR code.
#[derive(Default)]
pub(super) struct Linking {
    pub tasks: JoinSet<Linked>,
    /// When the code that is shown is worth nothing.
    pub ends_at: Option<Instant>,
    /// There are no more QR codes to show.
    pub no_more_qr: bool,
}

/// What came of a step of linking.
pub(super) enum Linked {
    Code {
        received: Received,
        phone: Jid,
        begun_at: Timestamp,
        code: Result<String, Refusal>,
    },
    /// The passkey's answer was handed in.
    Answered {
        received: Received,
        result: Result<(), Refusal>,
    },
    /// The code was confirmed: by somebody, or by ourselves.
    Confirmed {
        received: Option<Received>,
        result: Result<(), Refusal>,
    },
}

impl Actor {
    pub(super) async fn show_qr(&mut self, code: &PairingQrCode) -> Result<(), Stop> {
        let Some(image) = qr::data_uri(&code.code) else { return Ok(()) };
        let qr = Qr { code: code.code.clone(), image, expires_at: self.shared.ports.clock.now() + code.timeout };
        let data = EventData::qr_code(&qr);
        let next = Session { qr: Some(qr), ..self.session.clone() };
        self.store_session(next, Some(data)).await
    }

    pub(super) async fn pairing_code(&mut self, received: Received) -> Result<(), Stop> {
        let Command::PairingCode { phone } = received.envelope.command.clone() else { return Ok(()) };
        let now = self.shared.ports.clock.now();
        let refusal = if phone.server() != Server::Phone {
            Some("invalid_phone")
        } else if is_stale(&received.envelope, now) {
            Some("timeout")
        } else if self.session.is_linked() {
            Some("already_linked")
        } else {
            None
        };
        if let Some(word) = refusal {
            self.done(received, failed(word)).await;
            return Ok(());
        }
        let shown = self.session.pairing_code.clone().filter(|_| self.link.is_some());
        if let Some(code) = shown.filter(|code| code.phone == phone && code.expires_at > now + WORTH_TYPING) {
            self.done(received, Outcome::PairingCode(code)).await;
            return Ok(());
        }
        if self.link.is_none() {
            self.resume().await?;
        }
        // Nobody needs the code after a crash, and a device whose code is on its way can still be disconnected.
        self.shared.acknowledge(std::slice::from_ref(&received.receipt)).await;
        let Some(link) = &self.link else {
            self.shared.reply(&received, Refusal::NOT_CONNECTED.into()).await;
            return Ok(());
        };
        let client = link.client.clone();
        if self.session.pairing_code.is_some() {
            client.cancel_pair_code().await;
            self.linking.ends_at = None;
            self.store_session(Session { pairing_code: None, ..self.session.clone() }, None).await?;
        }
        self.linking.tasks.spawn(async move {
            let code = timeout(DEADLINE, get_code(&client, &phone)).await.unwrap_or(Err(Refusal::TIMEOUT));
            Linked::Code { received, phone, begun_at: now, code }
        });
        Ok(())
    }

    pub(super) async fn linked(&mut self, linked: Linked) -> Result<(), Stop> {
        match linked {
            Linked::Code { received, phone, begun_at, code } => self.got_code(received, phone, begun_at, code).await,
            Linked::Answered { received, result } => self.passkey_answered(received, result).await,
            Linked::Confirmed { received, result } => self.passkey_confirmed(received, result).await,
        }
    }

    async fn got_code(&mut self, received: Received, phone: Jid, begun_at: Timestamp, code: Result<String, Refusal>) -> Result<(), Stop> {
        let code = code.and_then(|code| if self.link.is_some() { Ok(code) } else { Err(Refusal::NOT_CONNECTED) });
        let outcome = match code {
            Ok(code) if !self.session.is_linked() => {
                let code = PairingCode { code: dashed(&code), phone, expires_at: begun_at + PairCodeUtils::code_validity() };
                self.linking.ends_at = Some(Instant::now() + code.expires_at.since(self.shared.ports.clock.now()));
                let data = EventData::pairing_code(&code);
                let next = Session { pairing_code: Some(code.clone()), ..self.session.clone() };
                self.store_session(next, Some(data)).await?;
                Outcome::PairingCode(code)
            }
            Ok(_) => failed("already_linked"),
            Err(refusal) => {
                if self.session.pairing_code.is_none() {
                    self.nothing_to_link_by().await?;
                }
                refusal.into()
            }
        };
        self.shared.reply(&received, outcome).await;
        Ok(())
    }

    /// The code that is shown is worth nothing any more.
    pub(super) async fn drop_code(&mut self) -> Result<(), Stop> {
        self.linking.ends_at = None;
        if self.session.pairing_code.is_none() {
            return Ok(());
        }
        self.store_session(Session { pairing_code: None, ..self.session.clone() }, None).await?;
        self.nothing_to_link_by().await
    }

    /// There are no more QR codes; a code to type in may still be good, for which the library keeps the connection up.
    pub(super) async fn no_more_qr(&mut self, is_over: bool) -> Result<(), Stop> {
        self.linking.no_more_qr = true;
        if is_over {
            return self.nothing_to_link_by().await;
        }
        self.store_session(Session { qr: None, ..self.session.clone() }, None).await
    }

    async fn nothing_to_link_by(&mut self) -> Result<(), Stop> {
        if self.linking.no_more_qr && !self.session.is_linked() && self.session.status == Status::Connecting {
            return self.leave(Status::Disconnected, Some("qr_expired"), false).await;
        }
        Ok(())
    }
}

async fn get_code(client: &Arc<Client>, phone: &Jid) -> Result<String, Refusal> {
    if client.wait_for_socket(DEADLINE).await.is_err() {
        return Err(Refusal::NOT_CONNECTED);
    }
    let options = PairCodeOptions { phone_number: phone.user().to_owned(), ..PairCodeOptions::default() };
    client.pair_with_code(options).await.map_err(|error| match error {
        PairError::PairCode(PairCodeError::CodeAlreadyOutstanding { .. }) => Refusal::CONFLICT,
        PairError::PairCode(PairCodeError::Cancelled) => Refusal::word("cancelled"),
        PairError::PairCode(PairCodeError::PhoneNumberTooShort | PairCodeError::PhoneNumberNotInternational) => {
            Refusal::word("invalid_phone")
        }
        error => error.into(),
    })
}

/// The way phones show the places for it: `ABCD-EFGH`.
fn dashed(code: &str) -> String {
    match code.split_at_checked(code.len() / 2) {
        Some((left, right)) => format!("{left}-{right}"),
        None => code.to_owned(),
    }
}
