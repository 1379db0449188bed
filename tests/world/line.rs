//! The line between warta and the sandbox, which knows when somebody calls.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Instant,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};

pub struct Line {
    /// The sandbox, by this line.
    pub url: String,
    calls: Arc<Mutex<Vec<Instant>>>,
}

impl Line {
    pub async fn to(sandbox: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let noted = calls.clone();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                noted.lock().unwrap().push(Instant::now());
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(sandbox).await?;
                    copy_bidirectional(&mut near, &mut far).await
                });
            }
        });
        Self { url, calls }
    }

    /// When it was called, in order.
    pub fn calls(&self) -> Vec<Instant> {
        self.calls.lock().unwrap().clone()
    }
}
