//! `socket`: opens and closes sockets, at Lambda, behind a WebSocket API, and tells those that come again what they missed.

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    functions::lambda::socket::run().await
}
