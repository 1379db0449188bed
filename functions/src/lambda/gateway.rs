//! Requests and answers as an HTTP API passes them on (payload format 2.0).

use std::net::IpAddr;

use anyhow::{Context, Result};
use aws_lambda_events::{
    apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse},
    encodings,
};
use axum::{
    Json,
    body::{self, Body, Bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_LENGTH},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::model::Timestamp;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::{error::ApiError, limits::Peer, request_id};

/// Largest body that arrives whatever is in it: Lambda takes events of 6 MB, and those that are no text are a third longer there.
pub const MAX_REQUEST: u64 = 4_500_000;

/// Largest answer, as Lambda passes it on.
const MAX_ANSWER: usize = 6 * 1024 * 1024 - 1024;

/// What a query may not hold as it is. A percent sign may: what is not decoded yet stays so.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// The same of a path, which comes decoded.
const PATH: &AsciiSet = &QUERY.add(b'?').add(b'[').add(b'\\').add(b']').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// What stands in a decoded path for what is no text, as it is encoded.
const NO_TEXT: &str = "%EF%BF%BD";

/// The request that an event is.
pub fn request(event: ApiGatewayV2httpRequest) -> Result<Request> {
    let path = event.raw_path.filter(|path| path.starts_with('/')).unwrap_or_else(|| "/".into());
    let mut uri = utf8_percent_encode(&path, PATH).to_string().replace(NO_TEXT, "%FF");
    if let Some(query) = event.raw_query_string.filter(|query| !query.is_empty()) {
        uri.push('?');
        uri.extend(utf8_percent_encode(&query, QUERY));
    }
    let body = match event.body {
        Some(body) if event.is_base64_encoded => Bytes::from(BASE64_STANDARD.decode(body).context("the body is no Base64")?),
        Some(body) => Bytes::from(body),
        None => Bytes::new(),
    };
    let context = event.request_context;
    let mut request = Request::builder().method(context.http.method).uri(uri);
    if let Some(peer) = context.http.source_ip.as_deref().and_then(|address| address.parse::<IpAddr>().ok()) {
        request = request.extension(Peer(peer));
    }
    let mut request = request.body(Body::empty())?;
    *request.headers_mut() = event.headers;
    request.headers_mut().remove(CONTENT_LENGTH);
    if !body.is_empty() {
        request.headers_mut().insert(CONTENT_LENGTH, body.len().into());
    }
    *request.body_mut() = body.into();
    Ok(request)
}

/// What Lambda passes on of an answer; that it is too large, if it is.
pub async fn answer(response: Response, now: Timestamp) -> Result<ApiGatewayV2httpResponse> {
    let (head, body) = response.into_parts();
    let id = head.headers.get(request_id::HEADER).cloned();
    let answer = packed(head.status, &head.headers, body).await?;
    if fits(&answer) {
        return Ok(answer);
    }
    let response = refusal(&ApiError::AnswerTooLarge, id, now).into_response();
    let (head, body) = response.into_parts();
    packed(head.status, &head.headers, body).await
}

/// An error where there is no router to say it.
pub fn refusal(error: &ApiError, id: Option<HeaderValue>, now: Timestamp) -> Response {
    let name = id.as_ref().and_then(|id| id.to_str().ok()).unwrap_or_default();
    let mut response = (error.status(), Json(error.body(name, now))).into_response();
    response.headers_mut().extend(id.map(|id| (request_id::HEADER, id)));
    response
}

async fn packed(status: StatusCode, headers: &HeaderMap, body: Body) -> Result<ApiGatewayV2httpResponse> {
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = status.as_u16().into();
    for name in headers.keys() {
        let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        answer.headers.insert(name, values.join(", ").parse()?);
    }
    let bytes = body::to_bytes(body, usize::MAX).await.context("an answer was not complete")?;
    answer.body = match String::from_utf8(bytes.into()) {
        Ok(text) => Some(encodings::Body::Text(text)),
        Err(bytes) => {
            answer.is_base64_encoded = true;
            Some(encodings::Body::Binary(bytes.into_bytes()))
        }
    };
    Ok(answer)
}

fn fits(answer: &ApiGatewayV2httpResponse) -> bool {
    let length = answer.body.as_ref().map_or(0, |body| body.len());
    // As text, no character that an answer has is written in more than two.
    length < MAX_ANSWER / 3 || (length < MAX_ANSWER && serde_json::to_vec(answer).is_ok_and(|written| written.len() <= MAX_ANSWER))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(changes: Value) -> ApiGatewayV2httpRequest {
        let mut event = json!({
            "version": "2.0",
            "rawPath": "/",
            "rawQueryString": "",
            "headers": {"x-api-token": "t0ken", "content-length": "999"},
            "requestContext": {
                "http": {"method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": ""},
                "requestId": "gateway-1",
                "timeEpoch": 0,
            },
            "isBase64Encoded": false,
        });
        event.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        serde_json::from_value(event).unwrap()
    }

    async fn written(response: Response) -> Value {
        json!(answer(response, Timestamp::from_millis(0)).await.unwrap())
    }

    #[tokio::test]
    async fn a_request_comes_as_it_was_sent() {
        let body = json!({"rawPath": "/a/+62 811/é?#", "rawQueryString": "token=a%2B%26&x=é", "body": "aMOp/w==", "isBase64Encoded": true});
        let request = request(event(body)).unwrap();
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri(), "/a/+62%20811/%C3%A9%3F%23?token=a%2B%26&x=%C3%A9");
        assert_eq!(request.headers()["x-api-token"], "t0ken");
        assert_eq!(request.headers()[CONTENT_LENGTH], "4");
        assert_eq!(request.extensions().get::<Peer>().unwrap().0, IpAddr::from([192, 0, 2, 7]));
        assert_eq!(body::to_bytes(request.into_body(), 100).await.unwrap(), &b"h\xc3\xa9\xff"[..]);
    }

    #[test]
    fn what_was_no_text_in_a_path_is_none_here() {
        assert_eq!(request(event(json!({"rawPath": "/a/\u{fffd}("}))).unwrap().uri(), "/a/%FF(");
    }

    #[test]
    fn no_path_or_body_makes_a_panic() {
        for path in ["", "x", "//", "/\u{0}", "/%", "/%zz", "/a b|c\\d^`{}[]", "/\u{10ffff}"] {
            request(event(json!({"rawPath": path, "rawQueryString": path}))).unwrap();
        }
        assert!(request(event(json!({"body": "no Base64", "isBase64Encoded": true}))).is_err());
    }

    #[tokio::test]
    async fn an_answer_goes_as_text_if_it_is_some_and_as_base64_if_not() {
        let response = ([("vary", "origin"), ("x-a", "b")], "é").into_response();
        let mut response = response;
        response.headers_mut().append("vary", "accept".parse().unwrap());
        let text = written(response).await;
        assert_eq!((&text["statusCode"], &text["body"], &text["isBase64Encoded"]), (&json!(200), &json!("é"), &json!(false)));
        assert_eq!(text["headers"]["vary"], "origin, accept");
        let binary = written(vec![0xff_u8, 0].into_response()).await;
        assert_eq!((&binary["body"], &binary["isBase64Encoded"]), (&json!("/wA="), &json!(true)));
    }

    #[tokio::test]
    async fn an_answer_that_is_too_large_says_so() {
        let fitting = written("x".repeat(MAX_ANSWER - 2000).into_response()).await;
        assert_eq!(fitting["statusCode"], 200);
        for body in ["x".repeat(MAX_ANSWER), "\"".repeat(MAX_ANSWER / 2)] {
            let mut response = body.into_response();
            response.headers_mut().insert(request_id::HEADER, "req_1".parse().unwrap());
            let answer = written(response).await;
            let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
            assert_eq!((&answer["statusCode"], &body["error"]["code"]), (&json!(400), &json!("ANSWER_TOO_LARGE")));
            assert_eq!(body["error"]["requestId"], "req_1");
        }
    }
}
