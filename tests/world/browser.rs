//! A real Chromium, driven over the DevTools protocol. Finds things as a screen reader does: by role and name.

use std::{
    collections::HashMap,
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use base64::{Engine, prelude::BASE64_STANDARD};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::{mpsc, oneshot},
};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use super::eventually;

/// Nothing of its own goes over the network, and nothing of a page beyond this machine.
const ARGUMENTS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-proxy-server",
    "--host-resolver-rules=MAP *.localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-port=0",
];

/// A browser with one page.
pub struct Browser {
    session: String,
    calls: mpsc::UnboundedSender<Message>,
    waiting: Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>,
    troubles: Arc<Mutex<Vec<String>>>,
    next: AtomicU64,
    _child: Child,
    _profile: TempDir,
}

impl Browser {
    /// A window of this size whose user reads this language.
    pub async fn open(language: &str, width: u32, height: u32) -> Self {
        let profile = TempDir::new().unwrap();
        let mut child = Command::new("chromium")
            .args(ARGUMENTS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("there is no chromium: `tests/run` installs it as root, and so does `apt-get install chromium`");
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = loop {
            let line = lines.next_line().await.unwrap().expect("chromium ended before it listened");
            if let Some(url) = line.strip_prefix("DevTools listening on ") {
                break url.to_owned();
            }
        };
        // Nobody reads the rest, which must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });

        let (mut sink, mut stream) = connect_async(url).await.unwrap().0.split();
        let (calls, mut queue) = mpsc::unbounded_channel::<Message>();
        let waiting: Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>> = Arc::default();
        let troubles: Arc<Mutex<Vec<String>>> = Arc::default();
        let (answers, noted) = (waiting.clone(), troubles.clone());
        tokio::spawn(async move {
            while let Some(call) = queue.recv().await {
                if sink.send(call).await.is_err() {
                    break;
                }
            }
        });
        tokio::spawn(async move {
            while let Some(Ok(frame)) = stream.next().await {
                let Message::Text(text) = frame else { continue };
                let said: Value = serde_json::from_str(&text).unwrap();
                if let Some(answered) = said["id"].as_u64().and_then(|id| answers.lock().unwrap().remove(&id)) {
                    // Whoever asked may have given up.
                    let _ = answered.send(said);
                } else if let Some(trouble) = trouble(&said) {
                    noted.lock().unwrap().push(trouble);
                }
            }
        });
        let mut browser =
            Self { session: String::new(), calls, waiting, troubles, next: AtomicU64::new(1), _child: child, _profile: profile };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"})).await;
        let attached = browser.call("Target.attachToTarget", json!({"targetId": target["targetId"], "flatten": true})).await;
        browser.session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "DOM", "Runtime", "Log", "Accessibility"] {
            browser.call(&format!("{domain}.enable"), json!({})).await;
        }
        let agent = browser.evaluate("navigator.userAgent").await;
        browser.call("Emulation.setUserAgentOverride", json!({"userAgent": agent, "acceptLanguage": language})).await;
        browser.resize(width, height).await;
        browser
    }

    /// Another size of the window.
    pub async fn resize(&self, width: u32, height: u32) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// The user prefers dark pages, or light ones.
    pub async fn prefer(&self, scheme: &str) {
        let feature = json!({"name": "prefers-color-scheme", "value": scheme});
        self.call("Emulation.setEmulatedMedia", json!({"features": [feature]})).await;
    }

    pub async fn go(&self, url: &str) {
        let url = at_its_host(url);
        let answer = self.call("Page.navigate", json!({"url": url})).await;
        assert!(answer["errorText"].is_null(), "{url}: {answer}");
    }

    /// Presses what has this role and name, once it is there.
    pub async fn click(&self, role: &str, name: &str) {
        let node = self.find(role, name).await;
        self.call("DOM.scrollIntoViewIfNeeded", json!({"backendNodeId": node})).await;
        let quads = self.call("DOM.getContentQuads", json!({"backendNodeId": node})).await;
        let corner = |at: usize| quads["quads"][0][at].as_f64().unwrap();
        let (x, y) = (f64::midpoint(corner(0), corner(4)), f64::midpoint(corner(1), corner(5)));
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1});
            self.call("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Types into the field of this name, in place of what is in it.
    pub async fn fill(&self, role: &str, name: &str, text: &str) {
        let node = self.find(role, name).await;
        self.call("DOM.focus", json!({"backendNodeId": node})).await;
        self.on(node, "function () { this.select(); }").await;
        self.call("Input.insertText", json!({"text": text})).await;
    }

    /// Presses a key that needs no other: `Enter`, `Escape`, `Tab`.
    pub async fn press(&self, key: &str) {
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            _ => 9,
        };
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let event = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text});
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Chooses by its value in the list of this name.
    pub async fn choose(&self, name: &str, value: &str) {
        let node = self.find("combobox", name).await;
        self.on(node, &format!("function () {{ this.value = {}; this.dispatchEvent(new Event('change')); }}", json!(value))).await;
    }

    /// Waits until something has this role and name; answers its number.
    pub async fn find(&self, role: &str, name: &str) -> u64 {
        eventually(&format!("the page has the {role} {name:?}"), async || self.look(role, name).await).await
    }

    /// What has this role and name now.
    pub async fn look(&self, role: &str, name: &str) -> Option<u64> {
        let root = self.call("DOM.getDocument", json!({"depth": 0})).await;
        let asked = json!({"nodeId": root["root"]["nodeId"], "role": role, "accessibleName": name});
        // Asked in the middle of a navigation, it fails.
        let found = self.ask("Accessibility.queryAXTree", asked).await["result"].take();
        let node = found["nodes"].as_array()?.iter().find(|node| node["ignored"] == false)?;
        node["backendDOMNodeId"].as_u64()
    }

    /// Waits until the page says this.
    pub async fn sees(&self, text: &str) {
        eventually(&format!("the page says {text:?}"), async || self.text().await.contains(text).then_some(())).await;
    }

    /// All the page says.
    pub async fn text(&self) -> String {
        self.evaluate("document.body?.innerText ?? ''").await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until this expression is neither null nor false nor empty.
    pub async fn wait_for(&self, expression: &str) -> Value {
        eventually(expression, async || {
            let value = self.evaluate(expression).await;
            (!value.is_null() && value != false && value != "").then_some(value)
        })
        .await
    }

    /// What a JavaScript expression is.
    pub async fn evaluate(&self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.call("Runtime.evaluate", asked).await;
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// Fails if the page is wider than its window.
    pub async fn fits(&self) {
        let widths = self.evaluate("[document.documentElement.scrollWidth, innerWidth]").await;
        assert!(widths[0].as_u64() <= widths[1].as_u64(), "{widths}: {}", self.text().await);
    }

    /// Keeps a picture of the window under `target/tmp`, to be looked at.
    pub async fn picture(&self, name: &str) {
        let answer = self.call("Page.captureScreenshot", json!({"format": "png"})).await;
        let png = BASE64_STANDARD.decode(answer["data"].as_str().unwrap()).unwrap();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pages");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), png).unwrap();
    }

    /// What the page stumbled over: errors in scripts, and what its policy forbids.
    pub fn troubles(&self) -> Vec<String> {
        self.troubles.lock().unwrap().clone()
    }

    /// Calls a function on an element.
    async fn on(&self, node: u64, function: &str) {
        let object = self.call("DOM.resolveNode", json!({"backendNodeId": node})).await;
        let call = json!({"objectId": object["object"]["objectId"], "functionDeclaration": function});
        self.call("Runtime.callFunctionOn", call).await;
    }

    async fn call(&self, method: &str, parameters: Value) -> Value {
        let mut answer = self.ask(method, parameters).await;
        assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
        answer["result"].take()
    }

    async fn ask(&self, method: &str, parameters: Value) -> Value {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut call = json!({"id": id, "method": method, "params": parameters});
        if !self.session.is_empty() {
            call["sessionId"] = self.session.as_str().into();
        }
        let (sender, answer) = oneshot::channel();
        self.waiting.lock().unwrap().insert(id, sender);
        self.calls.send(Message::text(call.to_string())).unwrap();
        tokio::time::timeout(super::PATIENCE, answer).await.unwrap_or_else(|_| panic!("chromium does not answer {method}")).unwrap()
    }
}

/// A test that waits in vain for something may find here why.
impl Drop for Browser {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the page stumbled over: {:#?}", self.troubles());
        }
    }
}

/// What went wrong in the page, if that is what the browser tells of. Refusals of the API are none.
fn trouble(said: &Value) -> Option<String> {
    let parameters = &said["params"];
    match said["method"].as_str()? {
        "Runtime.exceptionThrown" => Some(parameters["exceptionDetails"].to_string()),
        "Log.entryAdded" if parameters["entry"]["level"] == "error" && parameters["entry"]["source"] != "network" => {
            Some(parameters["entry"]["text"].to_string())
        }
        _ => None,
    }
}

/// Where a page lies at the root of an origin, which is what pages are made for. MiniStack has one for each API, as AWS has.
fn at_its_host(url: &str) -> String {
    let parts = url.split_once("/_aws/execute-api/").and_then(|(stack, rest)| Some((stack, rest.split_once("/$default/")?)));
    let Some((stack, (api, path))) = parts else { return url.to_owned() };
    stack.replace("127.0.0.1", &format!("{api}.execute-api.localhost")) + "/" + path
}
