//! What happens to a session by itself, and what it does about that.

use std::{future::pending, sync::Arc};

use domain::model::MessageId;
use futures::future::OptionFuture;
use tokio::{task::JoinError, time::Instant};
use whatsapp_rust::SendError;

use super::{
    Actor, Stop,
    addresses::Person,
    enclose::{Enclosed, Unenclosed},
    link::Link,
    linking::Linked,
};

/// Something that happened by itself.
pub(super) enum Report {
    /// WhatsApp reported something; `None` if the client has stopped.
    Event(Option<Arc<wacore::types::events::Event>>),
    /// Something was written to the socket, or could not be.
    Written(Result<Result<Option<Person>, SendError>, JoinError>),
    /// What goes with a message was made, or could not be.
    Enclosed(MessageId, Result<Enclosed, Unenclosed>),
    /// Linking got further.
    Linked(Box<Linked>),
    /// The code to type into the phone is worth nothing any more.
    CodeExpired,
    /// Something that WhatsApp was asked has its answer.
    Answered,
    /// It is the turn of a message that was held for its bulk's sake.
    Turn,
    /// It is time to open the link again.
    Reopen,
    /// It is time to look for overdue work.
    Tick,
}

impl Actor {
    /// Waits for the next thing that happens by itself. May be broken off anywhere.
    pub(super) async fn report(&mut self) -> Report {
        self.enclose_next();
        self.write_next();
        let turn_at = self.turn_at();
        tokio::select! {
            biased;
            Some(event) = OptionFuture::from(self.link.as_mut().map(Link::event)) => Report::Event(event),
            Some(result) = OptionFuture::from(self.writing.as_mut().map(|writing| &mut writing.task)) => Report::Written(result),
            Some(Ok((id, enclosed))) = self.enclosing.join_next() => Report::Enclosed(id, enclosed),
            Some(Ok(linked)) = self.linking.tasks.join_next() => Report::Linked(Box::new(linked)),
            () = sleep_until(self.linking.ends_at) => Report::CodeExpired,
            Some(_) = self.asking.tasks.join_next() => Report::Answered,
            () = sleep_until(turn_at) => Report::Turn,
            () = sleep_until(self.reopen_at) => Report::Reopen,
            () = tokio::time::sleep_until(self.tick_at), if !self.outbox.is_empty() => Report::Tick,
        }
    }

    pub(super) async fn react(&mut self, report: Report) -> Result<(), Stop> {
        match report {
            Report::Event(Some(event)) => self.observe(event).await,
            Report::Event(None) => self.died().await,
            Report::Written(result) => self.wrote(result).await,
            Report::Enclosed(id, enclosed) => self.enclosed(id, enclosed).await,
            Report::Linked(linked) => self.linked(*linked).await,
            Report::CodeExpired => self.drop_code().await,
            Report::Turn | Report::Answered => Ok(()),
            Report::Reopen => self.resume().await,
            Report::Tick => self.tick().await,
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => pending().await,
    }
}
