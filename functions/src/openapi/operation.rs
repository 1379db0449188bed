//! What there is to say of an endpoint, said beside its handler.

use domain::model::Timestamp;
use media::Kind;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::ApiError;

/// Makes the schema of a type.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What there is to say of an endpoint. What goes without saying is added by the document: who may ask, and what can go wrong everywhere.
pub struct Operation {
    /// What code generators call it.
    pub id: &'static str,
    /// The chapter it is in.
    pub tag: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What else there is to know.
    pub description: &'static str,
    /// Types whose fields are the parameters of the query.
    pub query: Vec<SchemaOf>,
    /// Whether it takes the headers that go with sending.
    pub terms: bool,
    /// Whether it names its device by `sessionId`, unless a key does.
    pub by_session: bool,
    /// Whether nobody needs a token for it.
    pub open: bool,
    /// Whether it is the operator's alone.
    pub operators: bool,
    /// What it is sent.
    pub body: Option<Body>,
    /// What it answers.
    pub answers: Vec<Answer>,
    /// What it refuses, besides what all do.
    pub refusals: Vec<ApiError>,
}

/// What an endpoint is sent.
pub enum Body {
    /// JSON, and with a kind of media a form as well that holds such a file.
    Json {
        /// What may be sent.
        schema: SchemaOf,
        /// What may be sent, for instance.
        example: Value,
        /// Whether the endpoint can read it.
        #[cfg_attr(not(test), expect(dead_code, reason = "asked of the examples by a test"))]
        reads: fn(&Value) -> Result<(), String>,
        /// What kind of file the form has, if there is one.
        form: Option<Kind>,
    },
    /// Bytes of any kind.
    Bytes,
}

/// What an endpoint answers.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// What that means.
    pub description: &'static str,
    /// What is in it.
    pub content: Content,
}

/// What is in an answer.
pub enum Content {
    /// `data` in the contract's shape of a success.
    Data { schema: SchemaOf, example: Value },
    /// JSON in a shape of its own.
    Json { schema: SchemaOf, example: Value },
    /// Bytes of any kind.
    Bytes,
    /// Nothing.
    Nothing,
}

impl Operation {
    /// An endpoint of this name in a chapter, and what it does.
    pub fn new(id: &'static str, tag: &'static str, summary: &'static str) -> Self {
        Self {
            id,
            tag,
            summary,
            description: "",
            query: Vec::new(),
            terms: false,
            by_session: false,
            open: false,
            operators: false,
            body: None,
            answers: Vec::new(),
            refusals: Vec::new(),
        }
    }

    /// What else there is to know.
    pub fn describe(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// Takes the fields of `T` behind the question mark.
    pub fn query<T: JsonSchema>(mut self) -> Self {
        self.query.push(T::json_schema);
        self
    }

    /// Takes a `T` as JSON.
    pub fn takes<T: JsonSchema + DeserializeOwned>(self, example: Value) -> Self {
        self.takes_form::<T>(example, None)
    }

    /// The same, or a form with the same fields and a file.
    pub fn takes_form<T: JsonSchema + DeserializeOwned>(self, example: Value, form: Option<Kind>) -> Self {
        let reads = |value: &Value| T::deserialize(value).map(drop).map_err(|error| error.to_string());
        let body = Body::Json { schema: |generator| generator.subschema_for::<T>(), example, reads, form };
        Self { body: Some(body), ..self }
    }

    /// Takes bytes.
    pub fn takes_bytes(self) -> Self {
        Self { body: Some(Body::Bytes), ..self }
    }

    /// Answers with a `T` in the contract's shape of a success, of which `example` is the whole.
    pub fn answers<T: JsonSchema>(self, status: u16, description: &'static str, example: Value) -> Self {
        let schema: SchemaOf = |generator| generator.subschema_for::<T>();
        self.answers_with(status, description, Content::Data { schema, example })
    }

    /// Answers with something in a shape of its own.
    pub fn answers_with(mut self, status: u16, description: &'static str, content: Content) -> Self {
        self.answers.push(Answer { status, description, content });
        self
    }

    /// Refuses with these.
    pub fn refuses(mut self, errors: impl IntoIterator<Item = ApiError>) -> Self {
        self.refusals.extend(errors);
        self
    }

    /// Is about a device named by `sessionId`, or by its key.
    pub fn by_session(self) -> Self {
        Self { by_session: true, ..self }.refuses([ApiError::DeviceNotFound])
    }

    /// Sends something through a device on terms that may be set in headers.
    pub fn sends(self) -> Self {
        let refusals = [
            ApiError::DeviceNotConnected,
            ApiError::SessionExpired,
            ApiError::InvalidPhoneNumber,
            ApiError::MessageSendFailed { reason: None },
        ];
        Self { terms: true, ..self }.by_session().refuses(refusals)
    }

    /// Has a host ask WhatsApp, or change something there.
    pub fn asks_whatsapp(self) -> Self {
        self.refuses([
            ApiError::DeviceNotConnected,
            ApiError::SessionExpired,
            ApiError::Timeout,
            ApiError::Refused { reason: String::new() },
        ])
    }

    /// Needs no token.
    pub fn open(self) -> Self {
        Self { open: true, ..self }
    }

    /// Is the operator's alone.
    pub fn operators(self) -> Self {
        Self { operators: true, ..self }.refuses([ApiError::Forbidden("")])
    }
}

/// When everything happens in examples.
pub fn example_time() -> Timestamp {
    Timestamp::from_millis(1_704_103_200_000)
}
