//! What the program tells of itself: log lines, and traces if there is a collector for them.

use std::str::FromStr;

use anyhow::{Context, Result};
use domain::trace::{self, TraceParent};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider};
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{EnvFilter, Layer, filter::filter_fn, layer::SubscriberExt, util::SubscriberInitExt};

use crate::Settings;

/// The library's own warnings quote addresses, so only its errors are shown unless `RUST_LOG` says otherwise.
const LOGS: &str = "warn,warta=info,functions=info,session_host=info,domain=info,embedded=info,aws=info,process=info,\
                    whatsapp_rust=error,wacore=error,wacore_noise=error,wacore_libsignal=error,wacore_appstate=error";
/// A production build does not know the word.
const SANDBOX_LOGS: &str = if cfg!(feature = "sandbox") { ",sandbox=info" } else { "" };

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("must be text or json"),
        }
    }
}

/// Where it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: the collector that traces go to, such as `http://127.0.0.1:4318`; none without.
    pub otlp_endpoint: Option<String>,
    /// `LOG_FORMAT`: how log lines are written.
    pub log_format: LogFormat,
}

impl Config {
    /// Reads it; how log lines are written unless the settings say so is the program's to know.
    pub fn read(settings: &mut Settings<'_>, log_format: LogFormat) -> Self {
        let otlp_endpoint = settings.base_url("OTEL_EXPORTER_OTLP_ENDPOINT");
        #[cfg(feature = "sandbox")]
        if otlp_endpoint.as_deref().is_some_and(|url| !is_on_loopback(url)) {
            settings.problem("OTEL_EXPORTER_OTLP_ENDPOINT must be on this machine: a sandbox build talks to loopback addresses only");
        }
        Self { otlp_endpoint, log_format: settings.parse("LOG_FORMAT", "text or json").unwrap_or(log_format) }
    }
}

#[cfg(feature = "sandbox")]
fn is_on_loopback(url: &str) -> bool {
    let url: Option<http::Uri> = url.parse().ok();
    let host = url.as_ref().and_then(|url| url.host()).unwrap_or_default().trim_matches(['[', ']']);
    host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// What is to be flushed before the program ends.
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

/// Starts logging and, if there is a collector, tracing, as the program of this name. Once in a process.
pub fn start(config: &Config, program: &'static str) -> Result<Telemetry> {
    let traces = config.otlp_endpoint.as_deref().map(|endpoint| collected_by(endpoint, program)).transpose()?;
    let traced = traces.as_ref().map(|provider| {
        trace::install(Box::new(OpenTelemetry));
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer(program))
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

/// Sends traces to a collector that speaks OTLP over HTTP.
fn collected_by(endpoint: &str, program: &'static str) -> Result<SdkTracerProvider> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .build()
        .context("OTEL_EXPORTER_OTLP_ENDPOINT cannot be used")?;
    let mut resource = Resource::builder();
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name(program);
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
