//! The document as a whole.

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{Entry, operation::Operation, parts};
use crate::error;

/// The chapters, in their order.
const TAGS: [(&str, &str); 15] = [
    ("Devices", "The WhatsApp accounts of users: create, link, connect."),
    ("Settings", "How a device answers by itself, and whom it tells what happens."),
    ("Deliveries", "Events that a webhook did not take."),
    ("Messaging", "Send texts, templates and everything else that is no file."),
    ("Bulks", "One text to many, one after another."),
    ("Media", "Send files, and hand them in beforehand."),
    ("Messages", "What was sent and received, and what can still be changed of it."),
    ("Contacts", "The people an account knows."),
    ("Chats", "The conversations of an account."),
    ("Groups", "The groups an account is in: their members, settings and invitations."),
    ("Templates", "Texts with gaps to fill."),
    ("Sessions", "The live connections of devices."),
    ("By device key", "Everything that sends, for a device that is known by its key alone."),
    ("Access", "Tokens for users."),
    ("Health", "How the program fares."),
];

const ABOUT: &str = "Links WhatsApp accounts, sends and receives their messages, and tells what happens by webhook and WebSocket.\n\n\
    Successes are `{success, message?, data}`, errors `{success, error}` with a `code` that stays. Every answer carries `X-Request-Id`, \
    which may be chosen by whoever asks, and `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset` for the limit that is \
    closest to being reached. Fields that are not known are ignored.\n\nThe events' WebSocket is at `/ws`, and on a port \
    of its own: `?token=` takes a token or a device's key, `devices` and `events` (names with commas) choose what comes, and `since`, the id of \
    the last event that was seen, has those that were missed come first.";

/// What operations have in common.
pub struct Shared {
    /// Schemas of what is read.
    pub input: SchemaGenerator,
    /// Schemas of what is written: what may be left out of the one may always be in the other.
    pub output: SchemaGenerator,
    /// Refusals by their names.
    pub refusals: Map<String, Value>,
}

/// The document of these endpoints, which all lie under `base`.
pub fn document(base: &str, entries: &[Entry]) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    let (input, output) = (settings.clone().for_deserialize().into(), settings.for_serialize().into());
    let mut shared = Shared { input, output, refusals: Map::new() };
    shared.output.subschema_for::<error::Body>();
    let mut paths = Map::new();
    for entry in entries {
        let path = paths.entry(entry.path.clone()).or_insert_with(|| json!({}));
        path[entry.method.as_str().to_ascii_lowercase()] = operation(entry, (entry.say)(), &mut shared);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "warta: a WhatsApp REST API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": base}],
        "security": [{"apiToken": []}, {"bearer": []}],
        "tags": TAGS.map(|(name, description)| json!({"name": name, "description": description})),
        "paths": paths,
        "components": {
            "securitySchemes": parts::security_schemes(),
            "schemas": merged(shared.input, shared.output),
            "examples": parts::error_examples(),
            "responses": shared.refusals,
        },
    })
}

fn operation(entry: &Entry, operation: Operation, shared: &mut Shared) -> Value {
    let mut said = json!({
        "operationId": if entry.by_key { format!("{}ByKey", operation.id) } else { operation.id.to_owned() },
        "tags": [if entry.by_key { "By device key" } else { operation.tag }],
        "summary": operation.summary,
        "responses": parts::responses(entry, &operation, shared),
    });
    if !operation.description.is_empty() {
        said["description"] = operation.description.into();
    }
    let parameters = parts::parameters(entry, &operation, shared);
    if !parameters.is_empty() {
        said["parameters"] = parameters.into();
    }
    if let Some(body) = &operation.body {
        said["requestBody"] = parts::request_body(body, operation.by_session && !entry.by_key, shared);
    }
    let security = if entry.by_key {
        json!([{"deviceKey": []}, {"deviceKey": [], "apiToken": []}, {"deviceKey": [], "bearer": []}])
    } else if operation.open {
        json!([])
    } else if operation.operators {
        json!([{"apiToken": []}])
    } else {
        return said;
    };
    said["security"] = security;
    said
}

/// All schemas by their names. What is read and what is written may share a name only where they are the same.
fn merged(mut input: SchemaGenerator, mut output: SchemaGenerator) -> Map<String, Value> {
    let mut all = output.take_definitions(true);
    for (name, schema) in input.take_definitions(true) {
        let double = all.insert(name.clone(), schema.clone()).is_some_and(|other| other != schema);
        assert!(!double, "two schemas are called {name}: rename one");
    }
    all
}
