//! Schemas of the nouns that are single values in JSON, for the API's document. What cannot be parsed is not in them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{ApiKey, BulkId, Degrees, DeviceId, EventId, Jid, MediaId, MessageId, SessionId, Timestamp, UserId, WebhookUrl};

/// A value that is described where it stands.
macro_rules! value {
    ($($name:ident),+ => $schema:expr) => {
        $(impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let schema: fn(&SchemaGenerator) -> Schema = $schema;
                schema(generator)
            }
        })+
    };
}

value!(DeviceId, SessionId, MessageId, MediaId, BulkId, EventId => |_| json_schema!({"type": "string", "minLength": 1, "maxLength": 200}));
value!(ApiKey => |_| json_schema!({"type": "string", "format": "password"}));
value!(UserId => |_| json_schema!({"type": "integer", "format": "int64", "minimum": 0, "maximum": (1_u64 << 53) - 1}));
value!(Timestamp => |_| json_schema!({"type": "string", "format": "date-time"}));
value!(WebhookUrl => |_| json_schema!({"type": "string", "maxLength": 2048, "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://\\S+$"}));
value!(Degrees => |_| json_schema!({"type": "number", "minimum": -180, "maximum": 180}));
value!(Jid => |generator| if generator.contract().is_serialize() {
    json_schema!({"type": "string", "pattern": "^[0-9a-z-]+@(s\\.whatsapp\\.net|lid|g\\.us|newsletter|broadcast)$"})
} else {
    json_schema!({"type": "string", "minLength": 3, "description": "A phone number in international format or a WhatsApp address."})
});
