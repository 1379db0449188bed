//! One chat that waits for an answer: lets the other side finish, thinks, and answers all of it at once.

use std::{convert::Infallible, sync::Arc, time::Duration};

use ai::{Decision, Question, decide, prompt};
use domain::{
    model::{Author, Jid, Typing},
    pipeline::Draft,
    ports::PortError,
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};

use super::{BACKOFF, Heard, Responder, thought::Thought};
use crate::session::type_in;

/// How often an answer is dropped because there was more to answer. After that it is given, and the rest is answered next.
const RESTARTS: u32 = 2;

/// WhatsApp lets "typing…" fade after a while.
const TYPING: Duration = Duration::from_secs(10);

/// Longest text that WhatsApp takes.
const LONGEST: usize = 65_536;

/// The task of a chat.
pub(super) struct Chat {
    responder: Arc<Responder>,
    jid: Jid,
    heard: mpsc::UnboundedReceiver<Heard>,
    is_typing: bool,
    /// There is something to answer that no thought holds yet.
    has_more: bool,
}

/// How thinking ended.
enum Thinking {
    /// With an answer.
    Answer(String),
    /// Without: a stable word says why.
    Failed(String),
    /// There is more to be thought about.
    Interrupted,
}

impl Chat {
    pub fn new(responder: Arc<Responder>, jid: Jid, heard: mpsc::UnboundedReceiver<Heard>) -> Self {
        Self { responder, jid, heard, is_typing: false, has_more: true }
    }

    pub fn jid(&self) -> &Jid {
        &self.jid
    }

    /// Answers until there is nothing more to answer.
    pub async fn run(mut self) {
        let responder = self.responder.clone();
        let mut failures = 0;
        while self.has_more() {
            self.has_more = false;
            match self.answer().await {
                Ok(()) if responder.leave(&mut self) => return,
                Ok(()) => failures = 0,
                Err(PortError::Fenced) => return,
                Err(error) => {
                    failures += 1;
                    self.has_more = true;
                    tracing::error!(device = %responder.device, ?error, "a chat could not be answered for now");
                    sleep(BACKOFF.after(failures)).await;
                }
            }
        }
    }

    /// Whether there is something to answer that no thought held yet.
    pub fn has_more(&mut self) -> bool {
        while let Ok(heard) = self.heard.try_recv() {
            self.note(&heard);
        }
        self.has_more
    }

    fn note(&mut self, heard: &Heard) {
        match heard {
            Heard::Message(_) => (self.is_typing, self.has_more) = (false, true),
            Heard::Typing(is_typing) => self.is_typing = *is_typing,
            Heard::Owner => {}
        }
    }

    /// Answers what is there to be answered, if it is to be answered at all. May be repeated after an error.
    async fn answer(&mut self) -> Result<(), PortError> {
        if !self.responder.may_answer(&self.jid).await? {
            return Ok(());
        }
        let mut restarts = 0;
        loop {
            self.pause().await;
            let Some(thought) = self.responder.thought(&self.jid).await? else { return Ok(()) };
            let text = match decide(&thought.device.ai, &thought.fragments, self.responder.now()) {
                Decision::Ignore(reason) => {
                    tracing::debug!(device = %self.responder.device, message_id = %thought.last().id, %reason, "a message was left alone");
                    return Ok(());
                }
                Decision::Fixed(text) => text,
                Decision::Ask if self.responder.is_exhausted(&thought).await? => return Ok(()),
                Decision::Ask => match self.think(&thought, restarts < RESTARTS).await? {
                    Thinking::Answer(text) => text,
                    Thinking::Failed(error) => {
                        tracing::warn!(device = %self.responder.device, message_id = %thought.last().id, error, "a model gave no answer");
                        return self.responder.tell_error(&self.jid, &thought.last().id, &error).await;
                    }
                    Thinking::Interrupted => {
                        restarts += 1;
                        continue;
                    }
                },
            };
            return self.send(&thought, text).await;
        }
    }

    /// Waits until the other side has been silent for a while, and for longer if they type.
    async fn pause(&mut self) {
        let (pause, typing) = (self.responder.answering().config.pause, self.responder.answering().config.typing);
        let mut quiet = Instant::now() + pause;
        let mut latest = quiet + typing;
        loop {
            let until = if self.is_typing { latest } else { quiet };
            let heard = tokio::select! {
                biased;
                Some(heard) = self.heard.recv() => heard,
                () = sleep_until(until) => break,
            };
            let was_typing = self.is_typing;
            self.note(&heard);
            match heard {
                Heard::Message(_) => {
                    quiet = Instant::now() + pause;
                    latest = quiet + typing;
                }
                // What was typed is on its way, or was thought better of.
                Heard::Typing(false) if was_typing => quiet = (Instant::now() + pause).clamp(quiet, latest),
                Heard::Typing(_) | Heard::Owner => {}
            }
        }
        // All that was heard so far is stored, so the thought that follows holds it.
        (self.is_typing, self.has_more) = (false, false);
    }

    /// Asks the model, showing that the device types. With `can_restart`, more to answer interrupts it; a person on the phone always does.
    async fn think(&mut self, thought: &Thought, can_restart: bool) -> Result<Thinking, PortError> {
        let responder = self.responder.clone();
        let settings = &thought.device.ai;
        let question = Question {
            model: settings.model.clone(),
            prompt: prompt(settings, &thought.recent, responder.now()),
            max_tokens: settings.max_tokens,
            temperature: settings.temperature,
        };
        let asking = async {
            let _turn = responder.answering().calls.acquire().await;
            responder.answering().config.providers.ask(&question).await
        };
        let result = tokio::select! {
            biased;
            () = self.interrupted(thought, can_restart) => None,
            result = asking => Some(result),
            never = responder.keep_typing(&thought.last().chat) => match never {},
        };
        let Some(result) = result else {
            responder.show(&self.jid, Typing::Paused).await;
            return Ok(Thinking::Interrupted);
        };
        let tokens = result.as_ref().map_or_else(ai::Error::tokens, |answer| answer.tokens);
        responder.spend(tokens).await?;
        let error = match result {
            Ok(answer) if answer.text.chars().count() <= LONGEST => return Ok(Thinking::Answer(answer.text)),
            Ok(_) => ai::Error::InvalidAnswer { tokens },
            Err(error) => error,
        };
        responder.show(&self.jid, Typing::Paused).await;
        Ok(Thinking::Failed(error.to_string()))
    }

    async fn interrupted(&mut self, thought: &Thought, can_restart: bool) {
        while let Some(heard) = self.heard.recv().await {
            if matches!(&heard, Heard::Message(id) if thought.holds(id)) {
                continue;
            }
            self.note(&heard);
            match heard {
                Heard::Message(_) if can_restart => return,
                Heard::Owner => return,
                Heard::Message(_) | Heard::Typing(_) => {}
            }
        }
        std::future::pending().await
    }

    async fn send(&self, thought: &Thought, text: String) -> Result<(), PortError> {
        let draft = Draft { author: Author::Ai, ..Draft::text(self.jid.clone(), text) };
        let key = thought.last_key();
        let taken = self.responder.answering().intake.message(&thought.device, draft, Some(&key), false).await?;
        tracing::info!(device = %self.responder.device, message_id = %taken.message.id, "a chat was answered");
        Ok(())
    }
}

impl Responder {
    async fn keep_typing(&self, chat: &Jid) -> Infallible {
        loop {
            self.show(chat, Typing::Composing).await;
            sleep(TYPING).await;
        }
    }

    /// Shows what the device does to the other side, if that is possible now.
    async fn show(&self, chat: &Jid, state: Typing) {
        if let Some(client) = self.client() {
            type_in(&client, chat, state).await;
        }
    }
}
