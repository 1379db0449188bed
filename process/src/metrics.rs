//! The metrics of this process, as Prometheus fetches them.

use std::{sync::OnceLock, time::Duration};

use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

/// Upper bounds of the buckets of all durations, in seconds.
const BUCKETS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// How often the metrics are tidied up.
const UPKEEP: Duration = Duration::from_secs(5);

/// Begins to count, and tells how to read the counts.
pub fn handle() -> &'static PrometheusHandle {
    static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
    METRICS.get_or_init(|| {
        let recorder = PrometheusBuilder::new().set_buckets(&BUCKETS).expect("there are buckets").build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::error!("metrics went elsewhere already");
        }
        describe();
        handle
    })
}

fn describe() {
    describe_counter!("warta_messages_sent_total", "Messages WhatsApp took");
    describe_counter!("warta_messages_received_total", "Messages that came in");
    describe_counter!("warta_messages_failed_total", "Messages that will not be sent");
    describe_histogram!("warta_message_send_seconds", "From when a message was due to WhatsApp's acknowledgement");
    describe_histogram!("warta_webhook_post_seconds", "Tries at webhooks");
    describe_histogram!("warta_http_request_duration_seconds", "Requests to the API");
    describe_gauge!("warta_devices", "Devices there are");
    describe_gauge!("warta_devices_connected", "Devices that are connected");
    describe_gauge!("warta_devices_on_line", "Devices this host has on line");
    describe_gauge!("warta_messages", "Message records there are");
    describe_gauge!("warta_commands_waiting", "Commands that are queued or in hand");
    describe_gauge!("warta_deliveries_waiting", "Events on their way to webhooks");
    describe_gauge!("warta_lanes", "Lanes this host works");
    describe_gauge!("warta_sockets_open", "Open WebSockets");
    describe_gauge!("warta_uptime_seconds", "Since the program started");
}

/// Keeps the metrics of the process itself up to date, and those that nobody fetches from growing.
pub async fn keep(closing: CancellationToken) {
    let process = metrics_process::Collector::default();
    process.describe();
    loop {
        process.collect();
        handle().run_upkeep();
        if closing.run_until_cancelled(tokio::time::sleep(UPKEEP)).await.is_none() {
            return;
        }
    }
}
