//! Watching it run: health, metrics, logs and traces.

use std::{process::Stdio, time::Duration};

use sandbox::Sandbox;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::timeout,
};

use crate::world::{Collector, Program, Receiver, Span, TOKEN, World, eventually, http, is_split};

fn origin(program: &Program) -> &str {
    program.api.trim_end_matches("/api/whatsapp")
}

/// The value of a metric, by its name and the labels it has at least. Of the split, hosts have metrics: functions come and go.
async fn metric(program: &Program, name: &str, labels: &[&str]) -> Option<f64> {
    let told_at = if is_split() { program.host().health() } else { origin(program) };
    let answer = http().get(format!("{told_at}/metrics")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    let text = answer.text().await.unwrap();
    let line = text.lines().find(|line| {
        let (series, _) = line.rsplit_once(' ').unwrap_or_default();
        series.split('{').next() == Some(name) && labels.iter().all(|label| series.contains(label))
    })?;
    line.rsplit_once(' ')?.1.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prometheus_finds_what_went_through() {
    let (world, device, ani, budi) = World::pair().await;
    let id = device.sent(&world.program, &budi.number, "Halo").await;
    world.wait_for_message(&id, "delivered").await;
    budi.write(&ani.number, "Halo juga").await;
    eventually("the answer is counted", async || {
        (metric(&world.program, "warta_messages_received_total", &[]).await == Some(1.0)).then_some(())
    })
    .await;
    for (name, value) in [("warta_messages_sent_total", 1.0), ("warta_message_send_seconds_count", 1.0), ("warta_devices_on_line", 1.0)] {
        assert_eq!(metric(&world.program, name, &[]).await, Some(value), "{name}");
    }
    let seconds = metric(&world.program, "warta_message_send_seconds_sum", &[]).await.unwrap();
    assert!((0.001..30.0).contains(&seconds), "{seconds}");
    assert!(metric(&world.program, "process_resident_memory_bytes", &[]).await.unwrap() > 1e6);
    if is_split() {
        assert!(metric(&world.program, "warta_lanes", &[]).await.unwrap() > 0.0);
        return;
    }
    for (name, value) in
        [("warta_devices_connected", 1.0), ("warta_devices", 1.0), ("warta_messages", 2.0), ("warta_commands_waiting", 0.0)]
    {
        assert_eq!(metric(&world.program, name, &[]).await, Some(value), "{name}");
    }
    let posted = [r#"method="POST""#, r#"path="/api/whatsapp/send""#, r#"status="200""#];
    assert_eq!(metric(&world.program, "warta_http_request_duration_seconds_count", &posted).await, Some(1.0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_learns_whether_it_lives_and_whether_it_is_ready() {
    let world = World::new().await;
    let ask = async |path: &str| {
        let answer = http().get(format!("{}{path}", origin(&world.program))).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    assert_eq!(ask("/health/live").await, (200, json!({"status": "live"})));
    eventually("it is ready", async || (ask("/health/ready").await == (200, json!({"status": "ready"}))).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_line_is_one_json_object_if_that_is_wished() {
    let (sandbox, data) = (Sandbox::start(([127, 0, 0, 1], 0).into()).await.unwrap(), TempDir::new().unwrap());
    let mut program = Command::new(env!("CARGO_BIN_EXE_warta"))
        .envs([("PORT", "0"), ("WS_PORT", "0"), ("API_TOKEN", TOKEN), ("LOG_FORMAT", "json")])
        .env("DATA_DIR", data.path())
        .env("SANDBOX_URL", format!("http://{}", sandbox.addr()))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stderr.take().unwrap()).lines();
    loop {
        let line = timeout(Duration::from_secs(30), lines.next_line()).await.unwrap().unwrap().unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        for field in ["timestamp", "level", "target", "message"] {
            assert!(said[field].is_string(), "{line}");
        }
        if said["message"] == "the host took up its devices" {
            assert_eq!(said["devices"], 0);
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_follows_a_message_from_the_request_to_the_webhook() {
    let (collector, receiver) = (Collector::start().await, Receiver::start().await);
    let (world, device, ani, budi) =
        World::pair_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url), ("OTEL_BSP_SCHEDULE_DELAY", "100")]).await;
    let webhook = json!({"webhook": {"url": receiver.url}});
    assert_eq!(world.program.put(&format!("/devices/{}", device.id), &webhook).await.status, 200);

    let (trace, parent) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let answer = http()
        .post(format!("{}/send", world.program.api))
        .header("x-api-token", TOKEN)
        .header("traceparent", format!("00-{trace}-{parent}-01"))
        .json(&json!({"sessionId": device.session_id, "recipient": budi.number, "message": "Halo"}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let id = answer.json::<Value>().await.unwrap()["data"]["messageId"].as_str().unwrap().to_owned();
    let sent = receiver.wait_for("the message", |body| body["event"] == "message_sent" && body["data"]["messageId"] == *id).await;

    let part = async |name: &str| -> Span {
        let of_trace = |span: &Span| span.trace == trace && span.name == name;
        eventually(&format!("the collector has got {name}"), async || collector.spans().into_iter().find(of_trace)).await
    };
    let request = part("POST /api/whatsapp/send").await;
    let send = part("send").await;
    let deliver = part("deliver").await;
    assert_eq!((&*request.parent, &send.parent, &deliver.parent), (parent, &request.id, &send.id));
    assert_eq!(request.attributes["http.response.status_code"], "200");
    assert_eq!((&send.attributes["message_id"], &send.attributes["device"]), (&id, &device.id));
    assert_eq!(sent.headers["traceparent"], format!("00-{trace}-{}-01", deliver.id), "the receiver can go on with it");

    budi.write(&ani.number, "Halo juga").await;
    let answered = receiver.wait_for("the answer", |body| body["event"] == "message_received").await;
    let place = answered.headers["traceparent"].to_str().unwrap().to_owned();
    let deliver = eventually("the answer's delivery is traced", async || {
        collector.spans().into_iter().find(|span| span.name == "deliver" && place.contains(&span.id))
    })
    .await;
    let receive = |span: &Span| span.name == "receive" && span.trace == deliver.trace && span.id == deliver.parent;
    eventually("the answer's coming is traced", async || collector.spans().into_iter().find(receive)).await;
    assert_ne!(deliver.trace, trace);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_person_said_and_no_secret_gets_into_traces() {
    let collector = Collector::start().await;
    let (world, device, _, budi) =
        World::pair_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url), ("OTEL_BSP_SCHEDULE_DELAY", "100")]).await;
    let id = device.sent(&world.program, &budi.number, "rahasia").await;
    world.wait_for_message(&id, "delivered").await;
    eventually("the message is traced", async || collector.spans().into_iter().find(|span| span.name == "send")).await;
    let told = format!("{:?}", collector.spans());
    for hidden in ["rahasia", &budi.number, TOKEN] {
        assert!(!told.contains(hidden), "{hidden} is told");
    }
}
