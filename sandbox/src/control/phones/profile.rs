//! `PUT /phones/{number}/profile`: what the person shows of themselves.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::find;
use crate::control::ControlError;
use crate::control::error::{Body, Path};
use crate::persona::{self, Change};
use crate::phone::{self, Action};
use crate::world::World;

/// What is left out stays; null takes it away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    name: Option<String>,
    about: Option<String>,
    /// In base64.
    #[serde(default, deserialize_with = "given")]
    picture: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    business: Option<Option<Business>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Business {
    verified_name: String,
}

pub async fn change(
    State(world): State<Arc<World>>,
    Path(number): Path<String>,
    Body(profile): Body<Profile>,
) -> Result<Json<Value>, ControlError> {
    let account = find(&world, &number)?;
    drop(account.switched_on()?);
    let picture = match profile.picture {
        Some(Some(picture)) => {
            let picture = BASE64_STANDARD.decode(picture).map_err(|_| ControlError::bad_request("this is not base64"))?;
            Some(Change::Picture(Some(picture.into())))
        }
        Some(None) => Some(Change::Picture(None)),
        None => None,
    };
    if let Some(name) = &profile.name {
        phone::arrange(&world, &account, &[Action::name_oneself(name)])?;
    }
    let business = profile.business.map(|business| Change::Business(business.map(|business| business.verified_name)));
    let changes = [profile.name.map(Change::Name), profile.about.map(Change::About), picture, business];
    for change in changes.into_iter().flatten() {
        persona::change(&world, &account, 0, change);
    }
    Ok(Json(json!({})))
}

/// Tells null from what is left out.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}
