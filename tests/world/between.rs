//! What stands between the program and AWS: counts what is asked for, and stands in the way if it is told to.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::AbortHandle};

use super::http;

/// What was asked for, by names like `dynamodb writes`.
pub type Counts = BTreeMap<String, u64>;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// DynamoDB takes no request.
    Throttled,
    /// S3 asks to come again.
    SlowDown,
    /// The queue hands out once more what was handed out and deleted.
    Twice,
    /// The socket's other end is not there any more.
    Gone,
    /// The service does not answer at all.
    Broken,
}

#[derive(Default)]
struct Seen {
    counts: Counts,
    /// What goes wrong, and how often it still does; of one operation alone if it is named.
    faults: Vec<(Fault, Option<&'static str>, u32)>,
    /// How often something went wrong.
    failed: u32,
    /// The last message of each queue.
    handed_out: BTreeMap<String, Value>,
}

/// A proxy in front of AWS.
pub struct Between {
    /// Where the program takes AWS to be.
    pub url: String,
    seen: Arc<Mutex<Seen>>,
    server: AbortHandle,
}

#[derive(Clone)]
struct Way {
    to: String,
    http: reqwest::Client,
    seen: Arc<Mutex<Seen>>,
}

impl Between {
    /// Stands before what is at `to`.
    pub async fn start(to: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let way = Way { to: to.to_owned(), http: http(), seen: seen.clone() };
        let router = Router::new().fallback(pass).with_state(way);
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }).abort_handle();
        Self { url, seen, server }
    }

    /// Has something go wrong so many times, of any operation or of this one.
    pub fn fail(&self, fault: Fault, operation: Option<&'static str>, times: u32) {
        self.seen.lock().unwrap().faults.push((fault, operation, times));
    }

    /// Has nothing go wrong any more.
    pub fn forgive(&self) {
        self.seen.lock().unwrap().faults.clear();
    }

    /// How often something went wrong.
    pub fn failed(&self) -> u32 {
        self.seen.lock().unwrap().failed
    }

    /// What was asked for since the last time.
    pub fn counts(&self) -> Counts {
        std::mem::take(&mut self.seen.lock().unwrap().counts)
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The part of the stack that a request to DynamoDB is about.
fn table(body: &Value) -> &'static str {
    part(body["TableName"].as_str().unwrap_or_default())
}

/// The part of the stack with this name.
fn part(name: &str) -> &'static str {
    let is = |part: &&str| name.contains(&format!("-{part}-"));
    ["Records", "Keys", "Passing", "Leases"].into_iter().find(is).unwrap_or("other")
}

/// The service and operation of a request.
fn operation(headers: &HeaderMap, method: &str, path: &str) -> (&'static str, String) {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    match target.split_once('.') {
        Some((service, operation)) if service.starts_with("DynamoDB") => ("dynamodb", operation.to_owned()),
        Some(("AmazonSQS", operation)) => ("sqs", operation.to_owned()),
        Some((_, operation)) => ("other", operation.to_owned()),
        None if path.contains("/@connections/") => ("sockets", method.to_owned()),
        None => ("s3", method.to_owned()),
    }
}

impl Seen {
    fn count(&mut self, name: &str, by: u64) {
        *self.counts.entry(name.to_owned()).or_default() += by;
    }

    /// Counts a request, and of DynamoDB the items that it writes (`written`; in transactions at twice the price), checks and reads, by table.
    fn take_down(&mut self, service: &str, operation: &str, body: &[u8]) {
        self.count(&format!("{service} {operation}"), 1);
        if service != "dynamodb" {
            return;
        }
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let tables = |value: &Value| value.as_object().cloned().unwrap_or_default();
        match operation {
            "PutItem" | "UpdateItem" | "DeleteItem" => self.count(&format!("{} written", table(&body)), 1),
            "TransactWriteItems" => {
                for item in list(&body["TransactItems"]) {
                    for (kind, item) in tables(&item) {
                        let what = if kind == "ConditionCheck" { "checked" } else { "written in transactions" };
                        self.count(&format!("{} {what}", table(&item)), 1);
                    }
                }
            }
            "BatchWriteItem" => {
                for (name, items) in tables(&body["RequestItems"]) {
                    self.count(&format!("{} written", part(&name)), list(&items).len() as u64);
                }
            }
            "GetItem" => self.count(&format!("{} read", table(&body)), 1),
            "BatchGetItem" => {
                for (name, keys) in tables(&body["RequestItems"]) {
                    self.count(&format!("{} read", part(&name)), list(&keys["Keys"]).len() as u64);
                }
            }
            "Query" => self.count(&format!("{} queried", table(&body)), 1),
            _ => {}
        }
    }

    /// The fault that this request meets.
    fn fault(&mut self, service: &str, operation: &str, queue: &str) -> Option<Fault> {
        let handed_out = &self.handed_out;
        let meets = |fault: Fault| match fault {
            Fault::Throttled => service == "dynamodb",
            Fault::SlowDown => service == "s3",
            Fault::Twice => (service, operation) == ("sqs", "ReceiveMessage") && handed_out.contains_key(queue),
            Fault::Gone => service == "sockets",
            Fault::Broken => true,
        };
        let (fault, _, left) =
            self.faults.iter_mut().find(|(fault, of, left)| *left > 0 && meets(*fault) && of.is_none_or(|of| of == operation))?;
        *left -= 1;
        self.failed += 1;
        Some(*fault)
    }
}

async fn pass(State(way): State<Way>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let (service, operation) = operation(&parts.headers, parts.method.as_str(), parts.uri.path());
    let queue = queue(&body);
    let fault = {
        let mut seen = way.seen.lock().unwrap();
        seen.take_down(service, &operation, &body);
        seen.fault(service, &operation, &queue)
    };
    match fault {
        Some(Fault::Throttled) => return refusal(StatusCode::BAD_REQUEST, "ProvisionedThroughputExceededException"),
        Some(Fault::Gone) => return refusal(StatusCode::GONE, "GoneException"),
        Some(Fault::Broken) => return refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"),
        Some(Fault::SlowDown) => {
            let body = "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
            return Response::builder().status(StatusCode::SERVICE_UNAVAILABLE).body(Body::from(body)).unwrap();
        }
        Some(Fault::Twice) => {
            let again = way.seen.lock().unwrap().handed_out.remove(&queue);
            return Response::builder()
                .header("content-type", "application/x-amz-json-1.0")
                .body(Body::from(json!({"Messages": [again]}).to_string()))
                .unwrap();
        }
        None => {}
    }
    let url = format!("{}{}", way.to, parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default());
    let mut headers = parts.headers;
    headers.remove("transfer-encoding");
    headers.remove("content-length");
    let Ok(answer) = way.http.request(parts.method, url).headers(headers).body(body).send().await else {
        return refusal(StatusCode::BAD_GATEWAY, "ServiceUnavailable");
    };
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.unwrap_or_default();
    if (service, operation.as_str()) == ("sqs", "ReceiveMessage") {
        remember(&way, queue, &body);
    }
    headers.remove("transfer-encoding");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Which queue a request is about.
fn queue(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    body["QueueUrl"].as_str().unwrap_or_default().to_owned()
}

fn remember(way: &Way, queue: String, body: &[u8]) {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    if let Some(message) = answer["Messages"].as_array().and_then(|messages| messages.last()) {
        way.seen.lock().unwrap().handed_out.insert(queue, message.clone());
    }
}

fn refusal(status: StatusCode, code: &str) -> Response {
    let body = json!({"__type": format!("com.amazonaws#{code}"), "message": "in the way"});
    Response::builder()
        .status(status)
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amzn-errortype", code)
        .body(Body::from(body.to_string()))
        .unwrap()
}
