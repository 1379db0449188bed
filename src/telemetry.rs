//! What the program tells of itself: log lines, traces if there is a collector for them, and metrics.

use std::{sync::OnceLock, time::Duration};

use anyhow::{Context, Result};
use domain::trace::{self, TraceParent};
use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider};
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tokio_util::sync::CancellationToken;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{EnvFilter, Layer, filter::filter_fn, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{Config, LogFormat};

/// The library's own warnings quote addresses, so only its errors are shown unless `RUST_LOG` says otherwise.
const LOGS: &str = "warn,warta=info,functions=info,session_host=info,domain=info,embedded=info,\
                    whatsapp_rust=error,wacore=error,wacore_noise=error,wacore_libsignal=error,wacore_appstate=error";
/// A production build does not know the word.
const SANDBOX_LOGS: &str = if cfg!(feature = "sandbox") { ",sandbox=info" } else { "" };

/// Upper bounds of the buckets of all durations, in seconds.
const BUCKETS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// How often the metrics are tidied up.
const UPKEEP: Duration = Duration::from_secs(5);

/// What is to be flushed before the program ends.
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

/// Starts logging and, if there is a collector, tracing. Once in a process.
pub fn start(config: &Config) -> Result<Telemetry> {
    let traces = config.otlp_endpoint.as_deref().map(collected_by).transpose()?;
    let traced = traces.as_ref().map(|provider| {
        trace::install(Box::new(OpenTelemetry));
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("warta"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|metadata| metadata.is_span() && metadata.target() == trace::TARGET))
    });
    let logged = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new([LOGS, SANDBOX_LOGS].concat()));
    let logs = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let logs = match config.log_format {
        LogFormat::Text => logs.boxed(),
        LogFormat::Json => logs.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(logs.with_filter(logged)).with(traced).init();
    Ok(Telemetry { traces })
}

impl Telemetry {
    /// Sends off what is not sent yet. Blocks for some seconds at most.
    pub fn flush(self) {
        if let Some(Err(error)) = self.traces.map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "the last traces were not taken");
        }
    }
}

/// The metrics of this process.
pub fn metrics() -> &'static PrometheusHandle {
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
    describe_gauge!("warta_messages", "Message records there are");
    describe_gauge!("warta_commands_waiting", "Commands that are queued or in hand");
    describe_gauge!("warta_deliveries_waiting", "Events on their way to webhooks");
    describe_gauge!("warta_sockets_open", "Open WebSockets");
    describe_gauge!("warta_uptime_seconds", "Since the program started");
}

/// Keeps the metrics of the process itself up to date, and those that nobody fetches from growing.
pub async fn keep(closing: CancellationToken) {
    let process = metrics_process::Collector::default();
    process.describe();
    loop {
        process.collect();
        metrics().run_upkeep();
        if closing.run_until_cancelled(tokio::time::sleep(UPKEEP)).await.is_none() {
            return;
        }
    }
}

/// Sends traces to a collector that speaks OTLP over HTTP.
fn collected_by(endpoint: &str) -> Result<SdkTracerProvider> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .build()
        .context("OTEL_EXPORTER_OTLP_ENDPOINT cannot be used")?;
    let mut resource = Resource::builder();
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name("warta");
    }
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build())
}

/// Traces as OpenTelemetry keeps them, passed on as the W3C says: `00-{trace}-{span}-{flags}`.
struct OpenTelemetry;

impl trace::Tracer for OpenTelemetry {
    fn place(&self, span: &Span) -> Option<TraceParent> {
        let context = span.context();
        let place = context.span().span_context().clone();
        let text = || format!("00-{}-{}-{:02x}", place.trace_id(), place.span_id(), place.trace_flags().to_u8());
        place.is_valid().then(|| TraceParent(text()))
    }

    fn adopt(&self, span: &Span, parent: &TraceParent) {
        if let Some(parent) = read(parent)
            && let Err(error) = span.set_parent(opentelemetry::Context::new().with_remote_span_context(parent))
        {
            tracing::debug!(%error, "a trace was torn");
        }
    }
}

fn read(TraceParent(text): &TraceParent) -> Option<SpanContext> {
    let mut parts = text.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let flags = u8::from_str_radix(flags, 16).ok()?;
    let context =
        SpanContext::new(TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?, TraceFlags::new(flags), true, TraceState::default());
    (version.len() == 2 && version != "ff" && context.is_valid()).then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_trace_is_read_as_the_w3c_writes_it() {
        let place = |text: &str| read(&TraceParent(text.into())).map(|context| context.trace_id().to_string());
        let trace = "0af7651916cd43dd8448eb211c80319c";
        assert_eq!(place(&format!("00-{trace}-b7ad6b7169203331-01")).as_deref(), Some(trace));
        for bad in ["", "00", "00-x-y-01", &format!("ff-{trace}-b7ad6b7169203331-01"), &format!("00-{trace}-0000000000000000-01")] {
            assert_eq!(place(bad), None, "{bad}");
        }
    }
}
