//! What `http` does: every HTTP endpoint.

use anyhow::Result;
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use axum::{Router, http::HeaderValue, response::IntoResponse};
use domain::ports::{Clock, RandomIds, SystemClock};
use tokio::time::timeout;
use tower::ServiceExt;

use super::{Function, config::LONGEST, gateway, serve};
use crate::{error::ApiError, request_id, router};

/// The parts it needs.
const PARTS: [&str; 4] = ["RECORDS_TABLE", "PASSING_TABLE", "COMMAND_QUEUES", "FILES_BUCKET"];

/// The settings it needs.
const NEEDS: [&str; 4] = ["PUBLIC_URL", "PUBLIC_WS_URL", "LINK_SECRET", "WEBHOOK_SECRET"];

/// Answers requests until Lambda ends the process.
pub async fn run() -> Result<()> {
    let Function { api, .. } = Function::start("http", &PARTS, &NEEDS).await?;
    let router = router(api);
    serve(move |event| answer(router.clone(), event)).await
}

async fn answer(router: Router, event: ApiGatewayV2httpRequest) -> Result<ApiGatewayV2httpResponse> {
    let mut request = gateway::request(event)?;
    let id: HeaderValue = request_id::of(request.headers(), &RandomIds).parse()?;
    request.headers_mut().insert(request_id::HEADER, id.clone());
    let response = match timeout(LONGEST, router.oneshot(request)).await {
        Ok(Ok(response)) => response.into_response(),
        Ok(Err(never)) => match never {},
        Err(_) => gateway::refusal(&ApiError::Timeout, Some(id), SystemClock.now()),
    };
    gateway::answer(response, SystemClock.now()).await
}
