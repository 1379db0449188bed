//! A web site on loopback, for URLs that users give.

use axum::{
    Router,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use tokio::net::TcpListener;

pub struct Site {
    /// What the URLs of its pages begin with.
    pub url: String,
}

impl Site {
    /// Serves these pages: each with its path, its type and its content.
    pub async fn serving(pages: Vec<(&'static str, &'static str, Vec<u8>)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut router = Router::new();
        for (path, mime_type, content) in pages {
            router = router.route(path, get(move || std::future::ready(([(CONTENT_TYPE, mime_type)], content.clone()).into_response())));
        }
        let router = router.fallback(|| std::future::ready(StatusCode::NOT_FOUND));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url }
    }

    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}
