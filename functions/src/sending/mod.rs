//! The way all messages go: whose device, whether it was asked before, the record, the outcome, the answer.

mod answer;
mod change;
mod filling;
mod media;
mod options;
mod outcome;
mod recipient;
mod target;
mod terms;

pub use answer::{Answer, Sent};
pub use change::Changed;
pub use filling::{Variables, filled, template};
pub use media::{MediaRequest, MediaSent, send as send_media};
pub use options::{Mention, Options, Quote, without_options};
pub use recipient::recipient;
pub use target::target;
pub use terms::{Begun, Sender, Terms};

use domain::pipeline::Draft;

use crate::{api::Api, error::ApiError};

/// Sends what needs nothing of the device to be made.
pub async fn send(api: &Api, terms: Terms, session: Option<&str>, draft: Draft, options: Options) -> Result<Answer<Sent>, ApiError> {
    match terms.begin(api, session, |first| first.kind == draft.kind).await? {
        Begun::New(sender) => Sent::of(sender.send(api, draft, options).await?),
        Begun::Repeated(first) => Sent::of(*first),
    }
}
