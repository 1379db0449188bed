//! The serverless split for one test: the stack that `tests/run aws` has deployed to MiniStack once, as it was then, in a MiniStack of this test's own.

use std::{
    collections::HashMap,
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use super::{Between, Host, TOKEN, copy_folder, eventually, files_in, http};

/// Who a request to a service comes from: nobody checks it.
fn nobody(service: &str) -> String {
    format!("AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=none")
}

/// A stack, for as long as this lives.
pub struct Stack {
    /// Where AWS is: `http://127.0.0.1:…`.
    pub url: String,
    /// What the template puts out.
    outputs: HashMap<String, String>,
    folder: PathBuf,
    /// What stands before AWS, if anything does.
    between: Option<Between>,
    _process: Child,
}

/// Whether the tests run against the serverless split.
pub fn is_split() -> bool {
    env::var("WARTA_WORLD").is_ok_and(|world| world == "aws")
}

/// Whether a socket that was not opened was refused with this status. MiniStack has one word for all refusals.
pub fn is_refusal(found: u16, status: u16) -> bool {
    found == status || is_split() && found == 403
}

/// A port nobody uses at the moment.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// MiniStack knows queues by their URLs, and so by the port it had when they were made: what polls them looks for those with its port of now.
fn move_queues(folder: &Path, port: u16) {
    let files = ["outputs.json", "state/sqs.json"].map(|name| folder.join(name));
    let texts = files.clone().map(|file| fs::read_to_string(file).unwrap());
    let (_, from) = texts[0].split_once("http://localhost:").expect("a queue's URL is put out");
    let (from, _) = from.split_once('/').expect("it has a path");
    let (from, to) = (format!("http://localhost:{from}/"), format!("http://localhost:{port}/"));
    for (file, text) in files.iter().zip(&texts) {
        fs::write(file, text.replace(&from, &to)).unwrap();
    }
}

impl Stack {
    /// Starts it in an empty folder, with something between it and the program if wished.
    pub async fn start(folder: &Path, watched: bool) -> Self {
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/.tools");
        let folder = folder.join("stack");
        copy_folder(&tools.join("stack"), &folder);
        let port = free_port();
        move_queues(&folder, port);
        let outputs = serde_json::from_slice(&fs::read(folder.join("outputs.json")).unwrap()).unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let between = if watched { Some(Between::start(&url).await) } else { None };
        let log = fs::File::create(folder.join("log")).unwrap();
        let process = Command::new(tools.join("aws/bin/ministack"))
            .current_dir(&folder)
            .env("GATEWAY_PORT", port.to_string())
            .env("BIND_HOST", "127.0.0.1")
            .env("IOT_MTLS_ENABLED", "0")
            .env("LOG_LEVEL", "WARNING")
            .env("PERSIST_STATE", "1")
            .env("STATE_DIR", folder.join("state"))
            .env("S3_PERSIST", "1")
            .env("S3_DATA_DIR", folder.join("s3"))
            .env("TMPDIR", &folder)
            // Where its functions find it.
            .env("AWS_ENDPOINT_URL", between.as_ref().map_or(&url, |between| &between.url))
            .env("MINISTACK_WORKER_THREADS", "32")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("MiniStack is installed: run tests/run aws");
        let ready = format!("{url}/_ministack/ready");
        eventually("MiniStack is ready", async || http().get(&ready).send().await.ok().filter(|answer| answer.status().is_success())).await;
        let stack = Self { url, outputs, folder, between, _process: process };
        stack.let_pages_ask().await;
        stack
    }

    /// Tells MiniStack once more whose pages may ask: from a template it takes that under names that it does not read.
    async fn let_pages_ask(&self) {
        let url = format!("{}/v2/apis/{}", self.url, self.output("HttpApi"));
        let request = |method| http().request(method, &url).header("authorization", nobody("apigateway"));
        let api: Value = request(Method::GET).send().await.unwrap().json().await.unwrap();
        let told = api["corsConfiguration"].as_object().expect("the template says who may ask").iter();
        let read: Value = told.map(|(name, value)| (format!("{}{}", name[..1].to_lowercase(), &name[1..]), value.clone())).collect();
        let answer = request(Method::PATCH).json(&json!({"corsConfiguration": read})).send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }

    /// What stands between the program and AWS.
    pub fn between(&self) -> &Between {
        self.between.as_ref().expect("the world is watched")
    }

    /// Where the program finds AWS.
    fn endpoint(&self) -> &str {
        self.between.as_ref().map_or(&self.url, |between| &between.url)
    }

    fn output(&self, name: &str) -> &str {
        self.outputs.get(name).unwrap_or_else(|| panic!("the template puts out no {name}"))
    }

    /// Where requests go.
    pub fn api(&self) -> String {
        format!("{}/_aws/execute-api/{}/$default/api/whatsapp", self.url, self.output("HttpApi"))
    }

    /// Where sockets are opened.
    pub fn socket(&self) -> String {
        format!("{}/_aws/execute-api/{}/v1", self.url.replace("http", "ws"), self.output("SocketApi"))
    }

    /// What the template would set, as it is on this machine.
    fn environment(&self) -> Vec<(String, String)> {
        let named = [
            ("RECORDS_TABLE", "RecordsTable"),
            ("KEYS_TABLE", "KeysTable"),
            ("PASSING_TABLE", "PassingTable"),
            ("LEASES_TABLE", "LeasesTable"),
            ("COMMAND_QUEUES", "CommandQueues"),
            ("DEAD_COMMANDS_QUEUE", "DeadCommandsQueue"),
            ("SOCKETS_QUEUE", "SocketsQueue"),
            ("FILES_BUCKET", "FilesBucket"),
        ];
        let own = [
            ("API_TOKEN", TOKEN.to_owned()),
            ("LINK_SECRET", "the-links-secret-of-the-stack".to_owned()),
            ("WEBHOOK_SECRET", "the-secret-of-the-stack".to_owned()),
            ("SOCKETS_ENDPOINT", format!("{}/_aws/execute-api/{}/v1", self.endpoint(), self.output("SocketApi"))),
            ("PUBLIC_URL", self.api().replace("/api/whatsapp", "")),
            ("PUBLIC_WS_URL", self.socket()),
            ("ALLOW_PRIVATE_URLS", "true".to_owned()),
        ];
        let named = named.map(|(name, output)| (name.to_owned(), self.output(output).to_owned()));
        named.into_iter().chain(own.map(|(name, value)| (name.to_owned(), value))).collect()
    }

    /// Has the functions run with these settings besides.
    pub async fn configure(&self, settings: &[(String, String)]) {
        for function in ["Http", "Socket"] {
            let url = format!("{}/2015-03-31/functions/{}", self.url, self.output(function));
            let configuration: Value = http()
                .get(format!("{url}/configuration"))
                .header("authorization", nobody("lambda"))
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
            let mut variables = configuration["Environment"]["Variables"].clone();
            for (name, value) in self.environment().into_iter().chain(settings.iter().cloned()) {
                variables[name] = value.into();
            }
            let body = json!({"Environment": {"Variables": variables}});
            let answer =
                http().put(format!("{url}/configuration")).header("authorization", nobody("lambda")).json(&body).send().await.unwrap();
            assert!(answer.status().is_success(), "{answer:?}");
        }
    }

    /// Starts a session host; `None` if it ends before it is ready.
    pub async fn start_host(&self, settings: &[(String, String)]) -> Option<Host> {
        let port = free_port();
        let target = Path::new(env!("CARGO_BIN_EXE_warta")).parent().unwrap();
        let mut host = Command::new(target.join("session-host"))
            .env("AWS_ENDPOINT_URL", self.endpoint())
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "us-east-1")
            .env("LOG_FORMAT", "text")
            .env("HEALTH_PORT", port.to_string())
            .env("LEASE_MS", "5000")
            .envs(self.environment())
            .envs(settings.iter().cloned())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the session host is built: run tests/run aws");
        let health = format!("http://127.0.0.1:{port}");
        let ready = format!("{health}/health/ready");
        let is_ready = eventually("a session host is ready", async || {
            http().get(&ready).send().await.ok().filter(|answer| answer.status().is_success())
        });
        let lives = tokio::select! {
            _ = is_ready => true,
            _ = host.wait() => false,
        };
        lives.then(|| Host::new(host, Some(health)))
    }

    /// The files in the bucket.
    pub fn files(&self) -> Vec<PathBuf> {
        let bucket = self.output("FilesBucket");
        let files = files_in(&self.folder.join("s3"));
        // Beside each lies what MiniStack knows of it.
        let own =
            |file: &PathBuf| file.components().any(|part| part.as_os_str() == bucket) && !file.to_string_lossy().ends_with(".meta.json");
        files.into_iter().filter(own).collect()
    }
}
