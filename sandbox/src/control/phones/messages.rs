//! `POST` and `GET /phones/{number}/messages`: the person writes; what the phone sent and received.
//! `GET /phones/{number}/messages/{id}/media`: the file that came with it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::row::Row;
use super::{chat, find};
use crate::control::ControlError;
use crate::control::error::{Body, Path};
use crate::groups::Addressing;
use crate::phone::{self, Letter, OtherId, Record};
use crate::world::World;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Written {
    to: String,
    #[serde(flatten)]
    letter: Letter,
    /// By which kind of id a person is addressed; as `to` is if left out.
    r#as: Option<Addressing>,
    /// Whether a message by lid tells the number too, and the other way round. It does unless
    /// `as` is `lid`.
    with_number: Option<bool>,
}

pub async fn write(
    State(world): State<Arc<World>>,
    Path(number): Path<String>,
    Body(written): Body<Written>,
) -> Result<(StatusCode, Json<Value>), ControlError> {
    let account = find(&world, &number)?;
    let mut to = chat(&written.to)?;
    if let Some(addressing) = written.r#as
        && let Some(person) = world.account_of(&to)
    {
        to = person.jid(addressing.server(), 0);
    }
    let other_id = match written.with_number.unwrap_or(written.r#as != Some(Addressing::Lid)) {
        true => OtherId::Told,
        false => OtherId::Withheld,
    };
    let message = phone::draft(&world, &account, &to, written.letter).await?;
    let id = phone::write(&world, &account, &to, other_id, &message)?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))))
}

/// Files are downloaded on the way, those that were not yet.
pub async fn list(State(world): State<Arc<World>>, Path(number): Path<String>) -> Result<Json<Vec<Row>>, ControlError> {
    let account = find(&world, &number)?;
    let records: Vec<Record> = account.phone().records().cloned().collect();
    let rows = tokio::task::spawn_blocking(move || records.iter().filter_map(|record| Row::of(record, &world.files)).collect());
    Ok(Json(rows.await.map_err(|_| ControlError::lost())?))
}

/// The file as it was before it was encrypted.
pub async fn media(State(world): State<Arc<World>>, Path((number, id)): Path<(String, String)>) -> Result<Response, ControlError> {
    let account = find(&world, &number)?;
    let record = account.phone().record(&id).cloned().ok_or_else(|| ControlError::not_found("no such message"))?;
    let attachment = record.body.attachment.clone().filter(|_| !record.body.deleted);
    let attachment = attachment.ok_or_else(|| ControlError::not_found("no file came with this message"))?;
    let opened = tokio::task::spawn_blocking(move || attachment.open(&world.files)).await.map_err(|_| ControlError::lost())?;
    let file = opened.ok_or_else(|| ControlError::not_found("the file could not be downloaded"))?;
    let mime_type = record.body.content().and_then(|content| HeaderValue::try_from(content.mime_type?).ok());
    let mime_type = mime_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    Ok(([(CONTENT_TYPE, mime_type)], file).into_response())
}
