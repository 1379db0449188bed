//! `POST /send/bulk/{bulkId}/cancel`: send no more of a bulk.

use std::sync::Arc;

use axum::{Extension, extract::State};
use domain::model::Command;

use super::{BulkView, find};
use crate::{api::Api, auth::Caller, error::ApiError, extract::Path, openapi::Operation, reply::Success};

pub fn doc() -> Operation {
    Operation::new("cancelBulk", "Bulks", "Cancel a bulk")
        .answers::<BulkView>(200, "The bulk as it is now.", BulkView::example(Some("Bulk cancelled")))
        .refuses([ApiError::BulkNotFound])
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Success<BulkView>, ApiError> {
    let bulk = find(&api, &caller, &id).await?;
    let progress = api.bulks.progress(&bulk.id).await?;
    if progress.pending == 0 {
        return Ok(Success::with("There was nothing left to cancel", BulkView::of(bulk, progress)));
    }
    // The command first: once it is queued, it stops the bulk through any crash.
    let command = api.intake.command(&bulk.device_id, Command::CancelBulk { id: bulk.id.clone() }, true).await?;
    let bulk = api.bulks.cancel(&bulk.id, api.clock.now()).await?.ok_or(ApiError::BulkNotFound)?;
    // If no host answers in time, the bulk stops as soon as one does.
    api.intake.outcome(&command, api.config.send_wait).await?;
    let progress = api.bulks.progress(&bulk.id).await?;
    Ok(Success::with("Bulk cancelled", BulkView::of(bulk, progress)))
}
