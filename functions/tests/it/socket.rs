//! The WebSocket, over a real connection.

use std::{sync::Arc, time::Duration};

use axum::Router;
use domain::model::{DeviceId, Event, EventData, EventDraft, EventId, Status, Timestamp};
use functions::{Api, router, socket_router};
use futures::{SinkExt, StreamExt};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::broadcast,
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, protocol::CloseFrame},
};

use crate::world::api;

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("ws://{address}")
}

async fn open() -> (Client, Api, broadcast::Sender<Arc<Event>>) {
    let (api, events) = api();
    let url = serve(socket_router(api.clone())).await;
    let (client, _) = connect_async(format!("{url}/?token=t0ken%2B%26")).await.unwrap();
    (client, api, events)
}

fn event(seq: u64) -> Arc<Event> {
    let data = EventData::ConnectionUpdate { status: Status::Connected, phone_number: None, reason: None };
    let draft = EventDraft::new(EventId::parse("evt_1").unwrap(), Timestamp::from_millis(0), &data);
    let device_id = DeviceId::parse("dev_1").unwrap();
    Arc::new(Event { id: draft.id, seq, device_id, kind: draft.kind, at: draft.at, trace: None, data: draft.data })
}

async fn next(client: &mut Client) -> Message {
    loop {
        match timeout(Duration::from_secs(5), client.next()).await.unwrap().unwrap().unwrap() {
            Message::Ping(_) => {}
            message => return message,
        }
    }
}

fn goodbye(message: Message) -> CloseFrame {
    match message {
        Message::Close(Some(frame)) => frame,
        other => panic!("no goodbye: {other:?}"),
    }
}

#[tokio::test]
async fn a_client_without_the_token_is_refused_before_the_upgrade() {
    let url = serve(router(api().0)).await;
    for path in ["/ws", "/ws?token=", "/ws?token=wrong"] {
        match connect_async(format!("{url}{path}")).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), 401),
            other => panic!("{path}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_client_gets_events_as_they_happen_whatever_it_says_itself() {
    let (mut client, _api, events) = open().await;
    client.send(Message::text("hello?")).await.unwrap();
    events.send(event(1)).unwrap();
    assert_eq!(next(&mut client).await, Message::text(event(1).frame()));
    client.send(Message::Ping("x".into())).await.unwrap();
    assert_eq!(next(&mut client).await, Message::Pong("x".into()));
}

#[tokio::test]
async fn the_socket_is_on_the_apis_own_port_too() {
    let (api, events) = api();
    let url = serve(router(api)).await;
    let (mut client, _) = connect_async(format!("{url}/ws?token=t0ken%2B%26")).await.unwrap();
    events.send(event(1)).unwrap();
    assert!(next(&mut client).await.is_text());
}

#[tokio::test]
async fn a_client_that_lags_is_told_to_come_again() {
    let (mut client, _api, events) = open().await;
    // All at once: the listener's task has no turn in between, and no more than two events wait for it.
    for seq in 1..=3 {
        events.send(event(seq)).unwrap();
    }
    let frame = goodbye(next(&mut client).await);
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (1013, "too slow: events were missed"));
    // One that was told something is told where to go on.
    let (mut client, _api, events) = open().await;
    events.send(event(1)).unwrap();
    assert!(next(&mut client).await.is_text());
    for seq in 2..=4 {
        events.send(event(seq)).unwrap();
    }
    assert_eq!(goodbye(next(&mut client).await).reason.as_str(), "too slow: events were missed, come again with since=evt_1");
}

#[tokio::test]
async fn sockets_close_cleanly_when_the_program_stops() {
    let (mut client, api, _events) = open().await;
    api.closing.cancel();
    api.sockets.close();
    assert_eq!(u16::from(goodbye(next(&mut client).await).code), 1001);
    assert!(client.next().await.is_none());
    timeout(Duration::from_secs(5), api.sockets.wait()).await.unwrap();
}

#[tokio::test]
async fn a_client_that_talks_too_much_is_cut_off() {
    let (mut client, _api, _events) = open().await;
    client.send(Message::text("x".repeat(20_000))).await.unwrap();
    let end = timeout(Duration::from_secs(5), async { while let Some(Ok(_)) = client.next().await {} }).await;
    assert!(end.is_ok());
}
