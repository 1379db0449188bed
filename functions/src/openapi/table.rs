//! The router and its document in one: whoever is in the one is in the other.

use std::sync::Arc;

use axum::{
    Router,
    handler::Handler,
    http::Method,
    routing::{self, MethodRouter},
};

use super::Operation;
use crate::api::Api;

/// Endpoints, each with what there is to say of it.
pub struct Table {
    router: Router<Arc<Api>>,
    entries: Vec<Entry>,
}

/// An endpoint of the table.
pub struct Entry {
    /// How it is asked.
    pub method: Method,
    /// Where it is.
    pub path: String,
    /// Whether it is asked by a device's key.
    pub by_key: bool,
    /// What there is to say of it.
    pub say: fn() -> Operation,
}

impl Table {
    /// No endpoints.
    pub fn new() -> Self {
        Self { router: Router::new(), entries: Vec::new() }
    }

    /// An endpoint asked with `GET`.
    pub fn get<H: Handler<T, Arc<Api>>, T: 'static>(self, path: &str, handler: H, say: fn() -> Operation) -> Self {
        self.route(Method::GET, path, routing::get(handler), say)
    }

    /// An endpoint asked with `POST`.
    pub fn post<H: Handler<T, Arc<Api>>, T: 'static>(self, path: &str, handler: H, say: fn() -> Operation) -> Self {
        self.route(Method::POST, path, routing::post(handler), say)
    }

    /// An endpoint asked with `PUT`.
    pub fn put<H: Handler<T, Arc<Api>>, T: 'static>(self, path: &str, handler: H, say: fn() -> Operation) -> Self {
        self.route(Method::PUT, path, routing::put(handler), say)
    }

    /// An endpoint asked with `DELETE`.
    pub fn delete<H: Handler<T, Arc<Api>>, T: 'static>(self, path: &str, handler: H, say: fn() -> Operation) -> Self {
        self.route(Method::DELETE, path, routing::delete(handler), say)
    }

    /// Those of another table as well.
    pub fn merge(mut self, other: Self) -> Self {
        self.entries.extend(other.entries);
        Self { router: self.router.merge(other.router), ..self }
    }

    /// The same under `prefix`, asked by a device's key.
    pub fn by_key(self, prefix: &str) -> Self {
        let entries = self.entries.into_iter().map(|entry| Entry { path: format!("{prefix}{}", entry.path), by_key: true, ..entry });
        Self { entries: entries.collect(), router: Router::new().nest(prefix, self.router) }
    }

    /// The same, with what a router can have besides endpoints.
    pub fn with(self, change: impl FnOnce(Router<Arc<Api>>) -> Router<Arc<Api>>) -> Self {
        Self { router: change(self.router), ..self }
    }

    /// The router, and what its document is made of.
    pub fn split(self) -> (Router<Arc<Api>>, Vec<Entry>) {
        (self.router, self.entries)
    }

    fn route(mut self, method: Method, path: &str, handler: MethodRouter<Arc<Api>>, say: fn() -> Operation) -> Self {
        self.entries.push(Entry { method, path: path.to_owned(), by_key: false, say });
        Self { router: self.router.route(path, handler), ..self }
    }
}
