//! `/devices/{id}/contacts`

pub mod block;
pub mod check;
pub mod get;
pub mod list;
pub mod live;

use domain::model::{ContactFilter, DeviceId, Jid, PageRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    api::Api,
    error::ApiError,
    fields::{Search, searched},
    openapi::Operation,
    reply::Success,
    views::{ContactView, PageQuery, Pagination},
};

const NO_CONTACT: ApiError = ApiError::Missing("There is no such contact");

/// Whom a path is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    contact_id: String,
}

/// Which people are asked for; all of it has to hold.
#[derive(JsonSchema, Deserialize)]
pub struct ContactQuery {
    /// Part of a name or number.
    search: Option<Search>,
    /// Whether they have a verified name.
    verified: Option<bool>,
    blocked: Option<bool>,
}

/// A page of people.
#[derive(JsonSchema, Serialize)]
pub struct Contacts {
    contacts: Vec<ContactView>,
    pagination: Pagination,
}

/// One person.
#[derive(JsonSchema, Serialize)]
pub struct OneContact {
    contact: ContactView,
}

impl Contacts {
    fn doc(operation: Operation) -> Operation {
        operation.query::<ContactQuery>().query::<PageQuery<50>>().answers::<Self>(
            200,
            "A page of people, by name.",
            json!({"success": true, "data": {"contacts": [ContactView::example()], "pagination": Pagination::example()}}),
        )
    }

    async fn of(api: &Api, device: &DeviceId, query: ContactQuery, request: &PageRequest) -> Result<Success<Self>, ApiError> {
        let filter = ContactFilter { search: searched(query.search), verified: query.verified, blocked: query.blocked };
        let page = api.people.contacts(device, &filter, request).await?;
        let pagination = Pagination::of(request, &page);
        let now = api.clock.now();
        let contacts = page.items.into_iter().map(|contact| ContactView::of(contact, now)).collect();
        Ok(Success::of(Self { contacts, pagination }))
    }
}

impl OneContact {
    fn doc(operation: Operation) -> Operation {
        operation.refuses([ApiError::InvalidPhoneNumber, NO_CONTACT]).answers::<Self>(
            200,
            "What is known of them.",
            json!({"success": true, "data": {"contact": ContactView::example()}}),
        )
    }

    async fn of(api: &Api, device: &DeviceId, contact: &Jid) -> Result<Success<Self>, ApiError> {
        let contact = api.people.contact(device, contact).await?.ok_or(NO_CONTACT)?;
        Ok(Success::of(Self { contact: ContactView::of(contact, api.clock.now()) }))
    }
}
