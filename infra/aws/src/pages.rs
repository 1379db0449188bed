//! Lists and totals of messages.

use domain::{
    model::{Message, MessageFilter, MessageTally, Page, PageRequest},
    ports::PortError,
};

use crate::{Records, error::flaw};

/// How many messages the filter wants.
pub(crate) async fn tally(_records: &Records, _filter: &MessageFilter) -> Result<MessageTally, PortError> {
    Err(flaw("not written yet"))
}

/// A page of the messages the filter wants.
pub(crate) async fn list(_records: &Records, _filter: &MessageFilter, _page: &PageRequest) -> Result<Page<Message>, PortError> {
    Err(flaw("not written yet"))
}
