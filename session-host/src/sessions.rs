//! The sessions of a host's devices: takes commands from the queue and gives each to its device's.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{model::DeviceId, pipeline::sweep, ports::Received};
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    host::{BACKOFF, Shared},
    session,
};

/// Most commands taken from the queue at once.
const RECEIVE: usize = 256;

/// How long sessions may take to stop.
const WIND_UP: Duration = Duration::from_secs(20);

/// How often work that a crash left behind is looked for, and how old it is before it is taken for left behind.
const SWEEP: Duration = Duration::from_secs(30);

pub(crate) struct Sessions {
    shared: Arc<Shared>,
    running: Mutex<HashMap<DeviceId, mpsc::UnboundedSender<Received>>>,
    tasks: TaskTracker,
    stopping: CancellationToken,
    abandoned: CancellationToken,
}

impl Sessions {
    pub fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            running: Mutex::default(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            abandoned: CancellationToken::new(),
        }
    }

    /// Starts the device's session unless it runs; gives it a command if there is one.
    fn give(&self, device: &DeviceId, command: Option<Received>) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let command = match (running.get(device), command) {
            (None, command) => command,
            (Some(session), None) if session.is_closed() => None,
            (Some(_), None) => return,
            (Some(session), Some(command)) => match session.send(command) {
                Ok(()) => return,
                Err(unsent) => Some(unsent.0),
            },
        };
        let (sender, commands) = mpsc::unbounded_channel();
        if let Some(command) = command {
            sender.send(command).expect("the receiver is in hand");
        }
        let session = session::run(self.shared.clone(), device.clone(), commands, self.stopping.clone());
        let abandoned = self.abandoned.clone();
        self.tasks.spawn(async move { abandoned.run_until_cancelled(session).await });
        running.insert(device.clone(), sender);
    }

    /// Starts the session of every device that wants to be connected.
    pub async fn resume(self: Arc<Self>, taken_up: CancellationToken) {
        let mut failures = 0;
        let wanted = loop {
            match self.shared.ports.devices.wanted().await {
                Ok(wanted) => break wanted,
                Err(error) => {
                    failures += 1;
                    tracing::error!(?error, "the devices to connect could not be listed");
                    tokio::time::sleep(BACKOFF.after(failures)).await;
                }
            }
        };
        tracing::info!(devices = wanted.len(), "the host took up its devices");
        wanted.iter().for_each(|device| self.give(device, None));
        taken_up.cancel();
    }

    /// Gives each command to its session.
    pub async fn dispatch(self: Arc<Self>) {
        let mut failures = 0;
        loop {
            match self.shared.ports.commands.receive(RECEIVE).await {
                Ok(batch) => {
                    failures = 0;
                    if !self.shared.ports.tenure.lasts() {
                        return;
                    }
                    for received in batch {
                        self.give(&received.envelope.device_id.clone(), Some(received));
                    }
                }
                Err(error) => {
                    failures += 1;
                    tracing::error!(?error, "commands could not be received");
                    tokio::time::sleep(BACKOFF.after(failures)).await;
                }
            }
        }
    }

    /// Looks for what was left behind, at first for what is as old as `age`.
    pub async fn sweep_again(self: Arc<Self>, mut age: Duration) {
        let ports = &self.shared.ports;
        loop {
            match sweep(&*ports.messages, &*ports.sink, ports.clock.now(), age).await {
                Ok(_) => age = SWEEP,
                Err(error) => tracing::error!(?error, "work left behind could not be looked for"),
            }
            tokio::time::sleep(SWEEP).await;
            // The list of what is wanted may have been behind the times when it was read at the start.
            match ports.devices.wanted().await {
                Ok(wanted) => wanted.iter().for_each(|device| self.give(device, None)),
                Err(error) => tracing::error!(?error, "the devices to connect could not be listed"),
            }
        }
    }

    /// Lets every session finish what it has in hand and go off line.
    pub async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        if tokio::time::timeout(WIND_UP, self.tasks.wait()).await.is_err() {
            tracing::warn!("sessions were cut off");
        }
    }

    /// Ends every session in the middle of whatever it does.
    pub fn abandon(&self) {
        self.abandoned.cancel();
    }
}
