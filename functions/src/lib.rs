//! Every HTTP and WebSocket endpoint.
