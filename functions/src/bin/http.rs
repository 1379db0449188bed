//! `http`: every HTTP endpoint, at Lambda, behind an HTTP API.

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    functions::lambda::http::run().await
}
