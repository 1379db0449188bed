//! A device's webhook in the contract's JSON.

use domain::model::{DeliveryStats, Headers, Timestamp, WebhookFilter, WebhookSettings, WebhookUrl};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

/// How a webhook fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
enum WebhookStatus {
    /// It takes what it is told.
    Active,
    /// It did not take what it was last told, and is told again.
    Failing,
    /// It failed for so long that it is told nothing more.
    Paused,
    /// It is switched off, or there is none.
    Disabled,
}

impl WebhookStatus {
    fn of(enabled: bool, deliveries: &DeliveryStats) -> Self {
        match (deliveries.paused_at, deliveries.failing_since) {
            _ if !enabled => Self::Disabled,
            (Some(_), _) => Self::Paused,
            (None, Some(_)) => Self::Failing,
            (None, None) => Self::Active,
        }
    }
}

/// The most important of it.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookSummary {
    enabled: bool,
    url: WebhookUrl,
    events: Vec<WebhookFilter>,
    last_delivery: Option<Timestamp>,
    status: WebhookStatus,
}

impl WebhookSummary {
    /// The webhook as it is now.
    pub fn of(webhook: WebhookSettings, deliveries: &DeliveryStats) -> Self {
        Self {
            enabled: webhook.enabled,
            url: webhook.url,
            events: webhook.events,
            last_delivery: deliveries.last_delivery,
            status: WebhookStatus::of(webhook.enabled, deliveries),
        }
    }
}

/// All there is to say of it.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "WebhookSettings")]
#[serde(rename_all = "camelCase")]
pub struct WebhookView {
    enabled: bool,
    url: Option<WebhookUrl>,
    /// None for all.
    events: Vec<WebhookFilter>,
    /// `null` for that of the whole installation.
    secret: Option<String>,
    /// How often a delivery that failed is tried again.
    retry_count: u32,
    /// Milliseconds that one try may take.
    timeout: u64,
    last_delivery: Option<Timestamp>,
    status: WebhookStatus,
    headers: Headers,
    statistics: Statistics,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "WebhookStatistics")]
#[serde(rename_all = "camelCase")]
struct Statistics {
    /// Deliveries that arrived or were given up.
    total_sent: u64,
    successful: u64,
    failed: u64,
    last_failure: Option<Timestamp>,
}

impl WebhookView {
    /// The webhook as it is now, or that there is none.
    pub fn of(webhook: Option<WebhookSettings>, deliveries: &DeliveryStats) -> Self {
        let statistics = Statistics {
            total_sent: deliveries.successful + deliveries.failed,
            successful: deliveries.successful,
            failed: deliveries.failed,
            last_failure: deliveries.last_failure,
        };
        let last_delivery = deliveries.last_delivery;
        match webhook {
            Some(webhook) => Self {
                enabled: webhook.enabled,
                url: Some(webhook.url),
                events: webhook.events,
                secret: webhook.secret,
                retry_count: webhook.retry_count,
                timeout: webhook.timeout_ms,
                last_delivery,
                status: WebhookStatus::of(webhook.enabled, deliveries),
                headers: webhook.headers,
                statistics,
            },
            None => Self {
                enabled: false,
                url: None,
                events: WebhookFilter::ALL.into(),
                secret: None,
                retry_count: WebhookSettings::DEFAULT_RETRY_COUNT,
                timeout: WebhookSettings::DEFAULT_TIMEOUT_MS,
                last_delivery,
                status: WebhookStatus::Disabled,
                headers: Headers::new(),
                statistics,
            },
        }
    }

    /// As it may be.
    pub fn example() -> Value {
        json!({
            "enabled": true,
            "url": "https://your-webhook.com/whatsapp",
            "events": ["message", "connection", "qr", "media"],
            "secret": "webhook_secret_here",
            "retryCount": 3,
            "timeout": 30000,
            "lastDelivery": "2024-01-01T10:00:00Z",
            "status": "active",
            "headers": {"Authorization": "Bearer your_token", "Content-Type": "application/json"},
            "statistics": {"totalSent": 1250, "successful": 1200, "failed": 50, "lastFailure": "2024-01-01T09:00:00Z"},
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_what_its_deliveries_make_it() {
        let (none, some) = (None, Some(Timestamp::from_millis(1)));
        for (enabled, paused_at, failing_since, status) in [
            (true, none, none, WebhookStatus::Active),
            (true, none, some, WebhookStatus::Failing),
            (true, some, some, WebhookStatus::Paused),
            (true, some, none, WebhookStatus::Paused),
            (false, some, some, WebhookStatus::Disabled),
        ] {
            let deliveries = DeliveryStats { paused_at, failing_since, last_failure: some, ..DeliveryStats::default() };
            assert_eq!(WebhookStatus::of(enabled, &deliveries), status);
        }
    }

    #[test]
    fn a_device_without_a_webhook_has_one_that_is_switched_off() {
        let view = serde_json::to_value(WebhookView::of(None, &DeliveryStats::default())).unwrap();
        assert_eq!((&view["enabled"], &view["url"], &view["status"]), (&json!(false), &json!(null), &json!("disabled")));
    }
}
