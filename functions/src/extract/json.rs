//! A JSON body.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
};
use serde::de::DeserializeOwned;

use super::refuse;
use crate::error::ApiError;

/// A body that is a JSON object and was read as a `T`.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                ApiError::PayloadTooLarge
            } else {
                ApiError::Validation { details: "the body could not be read to its end".into() }
            }
        })?;
        let body = bytes.trim_ascii();
        if body.is_empty() {
            return Err(ApiError::Validation { details: "the body is empty, expected a JSON object".into() });
        }
        if !is_json {
            return Err(ApiError::UnsupportedMediaType);
        }
        read(body).map(Json)
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    // serde would take a list for an object's values in the order of its fields.
    if body.first() == Some(&b'[') {
        return Err(ApiError::Validation { details: "the body is a list, expected a JSON object".into() });
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| if error.inner().is_data() { refuse(&error) } else { broken(error.inner()) })?;
    json.end().map_err(|error| broken(&error))?;
    Ok(value)
}

/// A body that ends early or is written otherwise than JSON is: what field that comes to mind at says nothing.
fn broken(error: &serde_json::Error) -> ApiError {
    ApiError::Validation { details: format!("the body is not valid JSON: {error}") }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Outer {
        #[expect(dead_code, reason = "only read")]
        inner: Inner,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Inner {
        #[expect(dead_code, reason = "only read")]
        user_ids: Vec<u64>,
    }

    #[test]
    fn a_refusal_names_the_path_of_the_field() {
        for (body, details) in [
            (r#"{"inner":{"userIds":[1,"x"]}}"#, r#"inner.userIds[1]: invalid type: string "x", expected a whole number"#),
            (r#"{"inner":{}}"#, "inner: missing field `userIds`"),
            (r#"{}"#, "missing field `inner`"),
            (r#"{"inner":"#, "the body is not valid JSON: EOF while parsing a value at line 1 column 9"),
            (r#""x""#, r#"invalid type: string "x", expected an object"#),
            (r#"[{"userIds":[]}]"#, "the body is a list, expected a JSON object"),
        ] {
            match read::<Outer>(body.as_bytes()) {
                Err(ApiError::Validation { details: found }) => assert_eq!(found, details),
                other => panic!("{body}: {other:?}"),
            }
        }
        assert!(read::<Outer>(br#"{"inner":{"userIds":[]}} x"#).is_err());
        assert!(read::<Outer>(br#"{"inner":{"userIds":[], "unknown": 1}}"#).is_ok());
    }
}
