//! A group in JSON.

use serde_json::{Value, json};

/// As it may be.
pub fn group_example() -> Value {
    json!({
        "id": "120363023345678901@g.us",
        "name": "Support Team",
        "description": "Where questions go",
        "owner": "123456789@s.whatsapp.net",
        "createdAt": "2024-01-01T10:00:00Z",
        "isAnnounce": false,
        "isLocked": true,
        "isAdmin": true,
        "participantsCount": 2,
        "participants": [
            {"id": "123456789@s.whatsapp.net", "lid": "100000012345678@lid", "isAdmin": true, "isSuperAdmin": true},
            {"id": "1234567890@s.whatsapp.net", "lid": null, "isAdmin": false, "isSuperAdmin": false},
        ],
    })
}
