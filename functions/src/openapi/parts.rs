//! The parts of an operation in the document's words.

use std::collections::BTreeMap;

use media::Kind;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::{
    Entry, Operation,
    document::Shared,
    example_time,
    operation::{Answer, Body, Content},
};
use crate::{
    error::ApiError,
    files,
    sending::{MediaRequest, Options},
};

const REQUEST_ID: &str = "req_123456789";

pub fn security_schemes() -> Value {
    json!({
        "apiToken": {"type": "apiKey", "in": "header", "name": "X-API-Token", "description": "The operator's token: sees everything."},
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A user's token (HS256; `sub` is the user's id, `exp` is required): sees that user's devices alone.",
        },
        "deviceKey": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Device-API-Key",
            "description": "A device's own key. A token that comes along has to be good too.",
        },
    })
}

/// What endpoints refuse with, each as an example of its code.
pub fn error_examples() -> Value {
    let examples = samples().into_iter().map(|error| {
        let value = json!(error.body(REQUEST_ID, example_time()));
        (error.code().to_owned(), json!({"summary": error.to_string(), "value": value}))
    });
    examples.collect::<Map<_, _>>().into()
}

/// One error of each code, with details as they may be.
fn samples() -> Vec<ApiError> {
    vec![
        ApiError::InvalidApiToken,
        ApiError::RateLimitExceeded { details: "more than 100 messages a minute through this device".into() },
        ApiError::DeviceNotFound,
        ApiError::DeviceAlreadyExists,
        ApiError::DeviceNotConnected,
        ApiError::SessionExpired,
        ApiError::InvalidPhoneNumber,
        ApiError::TemplateNotFound,
        ApiError::TemplateAlreadyExists,
        ApiError::BulkNotFound,
        ApiError::InvalidQrCode("connect the device first"),
        ApiError::InvalidMediaType { details: "found application/zip, expected JPEG, PNG, WebP or GIF".into() },
        ApiError::FileTooLarge { max_bytes: 10 * 1024 * 1024 },
        ApiError::MessageNotFound,
        ApiError::MediaNotFound,
        ApiError::MessageSendFailed { reason: None },
        ApiError::Refused { reason: "refused_503".into() },
        ApiError::WebhookDeliveryFailed { reason: "status_500 after 120 ms".into() },
        ApiError::AiServiceUnavailable { reason: "not_configured".into() },
        ApiError::NotFound,
        ApiError::Conflict("the device is linked already"),
        ApiError::invalid("options.delay", "expected a number from 0 to 3600000, got 3600001"),
        ApiError::UnsupportedMediaType,
        ApiError::PayloadTooLarge,
        ApiError::Forbidden("the token is another user's"),
        ApiError::Timeout,
        ApiError::Internal("".into()),
    ]
}

pub fn parameters(entry: &Entry, operation: &Operation, shared: &mut Shared) -> Vec<Value> {
    let mut parameters: Vec<_> = in_path(&entry.path).map(path_parameter).collect();
    for schema in &operation.query {
        let schema = schema(&mut shared.input).to_value();
        for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
            parameters.push(query_parameter(name, schema.clone()));
        }
    }
    if operation.terms {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header",
            "description": "Names the request: made again with the same key, it answers with what the first one sent.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
        }));
        parameters.push(json!({
            "name": "Prefer", "in": "header",
            "description": "`respond-async` to be answered at once with 202, without waiting for WhatsApp.",
            "schema": {"type": "string"},
        }));
    }
    parameters
}

fn in_path(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn path_parameter(name: &str) -> Value {
    let (description, example) = match name {
        "id" | "deviceId" => ("The device's id.", json!("123")),
        "userId" => ("The user's id.", json!(123)),
        "contactId" => ("A phone number in international format, or a WhatsApp address.", json!("1234567890@s.whatsapp.net")),
        "groupId" => ("The group's WhatsApp address.", json!("120363023345678901@g.us")),
        "sessionId" => ("The device's session id.", json!("user_123_device_my_device")),
        "messageId" => ("The message's WhatsApp id.", json!("3EB0C431C26A1916E07A")),
        "bulkId" => ("The bulk's id.", json!("blk_123456789")),
        "mediaId" => ("The file's id.", json!("med_123456789")),
        "name" => ("The template's name.", json!("welcome_message")),
        _ => ("", Value::Null),
    };
    let schema = if example.is_number() {
        json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": (1_u64 << 53) - 1})
    } else {
        json!({"type": "string", "minLength": 1})
    };
    json!({"name": name, "in": "path", "required": true, "description": description, "schema": schema, "example": example})
}

/// A field in the query: there is no `null` there, it is left out.
fn query_parameter(name: &str, mut schema: Value) -> Value {
    let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
    if let Some(Value::Array(types)) = schema.get("type").cloned() {
        schema["type"] = types.into_iter().find(|kind| kind != "null").unwrap_or_default();
    }
    if let Some(Value::Array(choices)) = schema.get("anyOf").cloned() {
        schema = choices.into_iter().find(|choice| choice["type"] != "null").unwrap_or_default();
    }
    let mut parameter = json!({"name": name, "in": "query", "schema": schema});
    if let Some(description) = description {
        parameter["description"] = description;
    }
    parameter
}

pub fn request_body(body: &Body, with_session: bool, shared: &mut Shared) -> Value {
    let Body::Json { schema, example, form, .. } = body else {
        return json!({"required": true, "content": {"application/octet-stream": {}}});
    };
    let mut said = schema(&mut shared.input).to_value();
    if with_session {
        said = json!({"allOf": [said, {"required": ["sessionId"]}]});
    }
    let mut content = json!({"application/json": {"schema": said, "example": example}});
    if let Some(kind) = form {
        content["multipart/form-data"] = form_of(*kind, example, with_session, shared);
    }
    json!({"required": true, "content": content})
}

/// The form that says what JSON says, and holds the file.
fn form_of(kind: Kind, example: &Value, with_session: bool, shared: &mut Shared) -> Value {
    let file = files::word(kind);
    let mut fields = fields_of::<MediaRequest>(&mut shared.input);
    fields.extend(fields_of::<Options>(&mut shared.input));
    fields.retain(|name, _| !matches!(name.as_str(), "options" | "linkPreview" | "url" | "mediaId"));
    fields.insert(file.to_owned(), json!({"type": "string", "format": "binary", "description": "The file."}));
    let mut required = vec!["recipient", file];
    if with_session {
        required.push("sessionId");
    }
    let mut example = example.as_object().cloned().unwrap_or_default();
    example.retain(|name, _| fields.contains_key(name));
    example.insert(file.to_owned(), "(the file)".into());
    json!({"schema": {"type": "object", "properties": fields, "required": required}, "example": example})
}

fn fields_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Map<String, Value> {
    match T::json_schema(generator).get("properties") {
        Some(Value::Object(fields)) => fields.clone(),
        _ => Map::new(),
    }
}

/// What an operation answers, by status: its successes, what it refuses, and what every endpoint of its kind refuses.
pub fn responses(entry: &Entry, operation: &Operation, shared: &mut Shared) -> Value {
    let mut refusals: BTreeMap<u16, BTreeMap<&str, &ApiError>> = BTreeMap::new();
    let common = common_refusals(entry, operation);
    for error in common.iter().chain(&operation.refusals) {
        refusals.entry(error.status().as_u16()).or_default().entry(error.code()).or_insert(error);
    }
    let mut responses: Map<_, _> = refusals
        .into_iter()
        .map(|(status, errors)| {
            let errors: Vec<_> = errors.into_values().collect();
            let name = errors.iter().map(|error| error.code()).collect::<Vec<_>>().join("-");
            let response = json!({"$ref": format!("#/components/responses/{name}")});
            shared.refusals.entry(name).or_insert_with(|| refusal(&errors));
            (status.to_string(), response)
        })
        .collect();
    for answer in &operation.answers {
        responses.insert(answer.status.to_string(), success(answer, shared));
    }
    responses.into()
}

/// What goes without saying.
fn common_refusals(entry: &Entry, operation: &Operation) -> Vec<ApiError> {
    let invalid = || ApiError::Validation { details: String::new() };
    let mut errors = Vec::new();
    if !operation.open {
        let token = if entry.by_key { ApiError::InvalidDeviceKey } else { ApiError::InvalidApiToken };
        errors.extend([token, ApiError::RateLimitExceeded { details: String::new() }, ApiError::Internal("".into())]);
    }
    if entry.by_key || in_path(&entry.path).any(|name| name == "id") {
        errors.push(ApiError::DeviceNotFound);
    }
    if in_path(&entry.path).any(|name| name != "id") || !operation.query.is_empty() || operation.terms {
        errors.push(invalid());
    }
    match &operation.body {
        Some(Body::Json { form, .. }) => {
            errors.extend([invalid(), ApiError::PayloadTooLarge, ApiError::UnsupportedMediaType]);
            if form.is_some() {
                errors.extend([ApiError::FileTooLarge { max_bytes: 0 }, ApiError::InvalidMediaType { details: String::new() }]);
            }
        }
        Some(Body::Bytes) => errors.extend([invalid(), ApiError::FileTooLarge { max_bytes: 0 }]),
        None => {}
    }
    errors
}

/// An answer that is one of these errors.
fn refusal(errors: &[&ApiError]) -> Value {
    let codes: Vec<_> = errors.iter().map(|error| error.code()).collect();
    let description: Vec<_> = errors.iter().map(|error| format!("`{}`: {error}.", error.code())).collect();
    let examples: Map<_, _> =
        codes.iter().map(|code| ((*code).to_owned(), json!({"$ref": format!("#/components/examples/{code}")}))).collect();
    let codes = json!({"properties": {"error": {"properties": {"code": {"enum": codes}}}}});
    let mut response = json!({
        "description": description.join(" "),
        "content": {"application/json": {
            "schema": {"allOf": [{"$ref": "#/components/schemas/Error"}, codes]},
            "examples": examples,
        }},
    });
    if errors.iter().any(|error| matches!(error, ApiError::RateLimitExceeded { .. })) {
        response["headers"] =
            json!({"Retry-After": {"description": "Seconds to wait.", "required": true, "schema": {"type": "integer", "minimum": 1}}});
    }
    response
}

fn success(answer: &Answer, shared: &mut Shared) -> Value {
    let content = match &answer.content {
        Content::Data { schema, example } => {
            let data = schema(&mut shared.output);
            let mut required = vec!["success", "data"];
            let mut properties = json!({"success": {"const": true}, "data": data});
            if example.get("message").is_some() {
                required.push("message");
                properties["message"] = json!({"type": "string"});
            }
            let schema = json!({"type": "object", "properties": properties, "required": required});
            json!({"application/json": {"schema": schema, "example": example}})
        }
        Content::Json { schema, example } => {
            json!({"application/json": {"schema": schema(&mut shared.output), "example": example}})
        }
        Content::Bytes => json!({"*/*": {"schema": {"type": "string", "format": "binary"}}}),
        Content::Nothing => return json!({"description": answer.description}),
    };
    json!({"description": answer.description, "content": content})
}
