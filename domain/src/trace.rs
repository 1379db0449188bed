//! Following work from where it was asked for to where it is done: through queues, stores and crashes. Nothing of it happens unless a [`Tracer`] was installed.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use tracing::Span;

/// The target of spans that are for traces alone, and not for logs.
pub const TARGET: &str = "trace";

/// A place in a trace, as the W3C's `traceparent` writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TraceParent(pub String);

/// Knows the traces there are.
pub trait Tracer: Send + Sync {
    /// Where in a trace `span` is, if it is in one.
    fn place(&self, span: &Span) -> Option<TraceParent>;

    /// Makes `span` a part of the trace, below `parent`.
    fn adopt(&self, span: &Span, parent: &TraceParent);
}

static TRACER: OnceLock<Box<dyn Tracer>> = OnceLock::new();

/// Has traces kept from now on; the first tracer stays.
pub fn install(tracer: Box<dyn Tracer>) {
    // A second one would tear traces apart.
    let _ = TRACER.set(tracer);
}

/// Where in a trace `span` is.
pub fn place(span: &Span) -> Option<TraceParent> {
    TRACER.get()?.place(span)
}

/// Where in a trace what runs now is.
pub fn current() -> Option<TraceParent> {
    TRACER.get()?.place(&Span::current())
}

/// Continues the trace that `parent` is a place in, with `span`.
pub fn adopt(span: &Span, parent: Option<&TraceParent>) {
    if let (Some(tracer), Some(parent)) = (TRACER.get(), parent) {
        tracer.adopt(span, parent);
    }
}
