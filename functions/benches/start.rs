//! How soon the functions are ready, from their spawn to their first question for work, and how large they are:
//! `cargo bench --profile small -p functions --features aws`

#![allow(clippy::unwrap_used, reason = "a measurement that fails, fails")]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const STARTS: usize = 50;

/// What Lambda and the stack say to a function, as far as it matters here. The secrets have their names alone, as there.
const ENVIRONMENT: [(&str, &str); 21] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "function"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
    ("AWS_REGION", "us-east-1"),
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_SECRET_ACCESS_KEY", "test"),
    ("API_TOKEN_SECRET", "api-token"),
    ("JWT_SECRET_SECRET", "jwt-secret"),
    ("WEBHOOK_SECRET_SECRET", "webhook-secret"),
    ("RECORDS_TABLE", "records"),
    ("KEYS_TABLE", "keys"),
    ("PASSING_TABLE", "passing"),
    ("LEASES_TABLE", "leases"),
    ("COMMAND_QUEUES", "http://127.0.0.1:1/0,http://127.0.0.1:1/1"),
    ("DEAD_COMMANDS_QUEUE", "http://127.0.0.1:1/dead"),
    ("SOCKETS_QUEUE", "http://127.0.0.1:1/sockets"),
    ("SOCKETS_ENDPOINT", "http://127.0.0.1:1/v1"),
    ("FILES_BUCKET", "files"),
    ("PUBLIC_URL", "http://127.0.0.1:1"),
    ("PUBLIC_WS_URL", "ws://127.0.0.1:1"),
];

fn main() {
    for (name, program) in [("http", env!("CARGO_BIN_EXE_http")), ("socket", env!("CARGO_BIN_EXE_socket"))] {
        let mut starts: Vec<Duration> = (0..STARTS).map(|_| start(Path::new(program))).collect();
        starts.sort_unstable();
        let (median, slowest) = (starts[STARTS / 2], starts[STARTS - 1]);
        println!("{name:<8} ready after {median:.1?} (median of {STARTS}), {slowest:.1?} (slowest)");
        let megabytes = |bytes: usize| bytes as f64 / 1e6;
        let size = usize::try_from(std::fs::metadata(program).unwrap().len()).unwrap();
        println!("{name:<8} {:.1} MB, {:.1} MB zipped", megabytes(size), megabytes(zipped(program)));
    }
}

/// Starts a program, and ends it once it asks for work.
fn start(program: &Path) -> Duration {
    let lambda = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = lambda.local_addr().unwrap().to_string();
    let begun = Instant::now();
    let mut function = Command::new(program)
        .env_clear()
        .envs(ENVIRONMENT)
        .env("AWS_LAMBDA_RUNTIME_API", &address)
        .env("AWS_ENDPOINT_URL", format!("http://{address}"))
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let waiting = loop {
        let (mut stream, _) = lambda.accept().unwrap();
        if answer(&mut stream) {
            break stream;
        }
    };
    let ready = begun.elapsed();
    function.kill().unwrap();
    function.wait().unwrap();
    drop(waiting);
    ready
}

/// Answers the question for a secret; whether it was the one for work.
fn answer(stream: &mut TcpStream) -> bool {
    const SECRET: &str = r#"{"ARN":"arn","Name":"name","SecretString":"a-secret-of-no-worth"}"#;
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer).unwrap() {
            0 => return false,
            length => request.extend_from_slice(&buffer[..length]),
        }
    }
    if request.starts_with(b"GET ") {
        assert!(request.starts_with(b"GET /2018-06-01/runtime/invocation/next "), "{}", String::from_utf8_lossy(&request));
        return true;
    }
    let head = format!("content-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\nconnection: close", SECRET.len());
    write!(stream, "HTTP/1.1 200 OK\r\n{head}\r\n\r\n{SECRET}").unwrap();
    false
}

/// The bytes of a file in a zip.
fn zipped(program: &str) -> usize {
    Command::new("gzip").args(["-9", "-c", program]).output().unwrap().stdout.len()
}
