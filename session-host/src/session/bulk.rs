//! Stopping what was asked to be sent to many.

use domain::{
    model::{BulkId, Command, Message, MessageStatus, Outcome, Page, PageRequest},
    ports::Received,
};

use super::{Actor, BACKOFF, Stop, outcome::Outcomes};

impl Actor {
    /// Has every message of a bulk fail that WhatsApp cannot have yet, those that are not due included: their commands find them failed.
    pub(super) async fn cancel_bulk(&mut self, received: Received) -> Result<(), Stop> {
        let Command::CancelBulk { id } = &received.envelope.command else { return Ok(()) };
        let mut request = PageRequest { page: 1, limit: PageRequest::MAX_LIMIT, cursor: None };
        loop {
            let page = self.bulk_messages(id, &request).await;
            let mut outcomes = Outcomes::default();
            for message in page.items.iter().filter(|message| message.status == MessageStatus::Pending) {
                if self.outbox.is_under_way(&message.id) {
                    continue;
                }
                match self.outbox.take(&message.id) {
                    Some(job) => self.failed(&mut outcomes, job, "cancelled"),
                    None => self.lost(&mut outcomes, message, "cancelled"),
                }
            }
            self.store(outcomes).await?;
            match page.next {
                Some(cursor) => request.cursor = Some(cursor),
                None => break,
            }
        }
        self.done(received, Outcome::Done).await;
        Ok(())
    }

    async fn bulk_messages(&self, id: &BulkId, page: &PageRequest) -> Page<Message> {
        let mut failures = 0;
        loop {
            match self.shared.ports.bulks.messages(id, page).await {
                Ok(page) => return page,
                Err(error) => {
                    failures += 1;
                    tracing::error!(device = %self.device, bulk = %id, ?error, "the messages of a bulk could not be listed");
                    tokio::time::sleep(BACKOFF.after(failures)).await;
                }
            }
        }
    }
}
