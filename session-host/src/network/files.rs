//! HTTP for files. The library's own waits for ever for a server that has fallen silent, and would build the TLS settings anew for each device.

use std::time::Duration;

use ureq::Agent;
use whatsapp_rust::http::UreqHttpClient;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a server may be silent.
const SILENCE: Duration = Duration::from_secs(60);

/// Smaller than usual: there may be many connections, and nothing gains from more.
const BUFFER: usize = 16 * 1024;

/// A client for all devices of a host.
pub(crate) fn client() -> UreqHttpClient {
    let config = Agent::config_builder()
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_recv_response(Some(SILENCE))
        .timeout_per_read(Some(SILENCE))
        .timeout_per_write(Some(SILENCE))
        .input_buffer_size(BUFFER)
        .output_buffer_size(BUFFER);
    UreqHttpClient::with_agent(config.build().into())
}
