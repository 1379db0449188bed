//! Reads what is left of a request's body before its answer goes out. Otherwise the connection closes on a client that is still
//! sending, and that is all the client sees.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Error,
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::header::EXPECT,
    middleware::Next,
    response::Response,
};
use http_body::{Frame, SizeHint};
use tokio::time::timeout;

/// Whoever goes on sending beyond this is cut off.
const MOST_BYTES: usize = 32 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(5);

/// Answers a request, and has its body read to the end.
pub async fn run(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let asks_first = request.headers().contains_key(EXPECT);
    let (head, body) = request.into_parts();
    let body = Shared(Arc::new(Mutex::new(Reading { body, begun: false })));
    let response = next.run(Request::from_parts(head, Body::new(body.clone()))).await;
    // Who asks before sending, and is refused before anything was read, sends nothing.
    if !asks_first || body.reading().begun {
        // A client that takes too long, or fails, has itself to blame.
        let _ = timeout(PATIENCE, body.drain()).await;
    }
    response
}

/// A body that is read by whoever answers the request, and then by us.
#[derive(Clone)]
struct Shared(Arc<Mutex<Reading>>);

struct Reading {
    body: Body,
    begun: bool,
}

impl Shared {
    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn drain(mut self) {
        let mut left = MOST_BYTES;
        while !self.is_end_stream() {
            let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut self).poll_frame(context)).await else { return };
            match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let mut reading = self.reading();
        reading.begun = true;
        Pin::new(&mut reading.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.reading().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.reading().body.size_hint()
    }
}
