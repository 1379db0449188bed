-- One row: what holds for the whole installation.
CREATE TABLE installation (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    epoch    INTEGER NOT NULL,
    messages INTEGER NOT NULL
) STRICT;
INSERT INTO installation VALUES (1, 0, 0);

CREATE TABLE devices (
    row         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    user_id     INTEGER NOT NULL,
    session_id  TEXT NOT NULL UNIQUE,
    alias       TEXT NOT NULL,
    description TEXT,
    api_key     TEXT NOT NULL,
    webhook     TEXT,
    ai          TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    status      TEXT NOT NULL,
    wanted      INTEGER NOT NULL,
    session     TEXT NOT NULL
) STRICT;
CREATE INDEX devices_by_user ON devices (user_id, created_at);
CREATE INDEX devices_by_status ON devices (user_id, status, created_at);
CREATE INDEX devices_wanted ON devices (row) WHERE wanted = 1;
CREATE INDEX devices_connected ON devices (row) WHERE status = 'connected';

-- What changes with every message, apart from the wide rows of the devices.
CREATE TABLE tallies (
    device        INTEGER PRIMARY KEY,
    seq           INTEGER NOT NULL DEFAULT 0,
    messages      INTEGER NOT NULL DEFAULT 0,
    sent          INTEGER NOT NULL DEFAULT 0,
    received      INTEGER NOT NULL DEFAULT 0,
    delivered     INTEGER NOT NULL DEFAULT 0,
    given_up      INTEGER NOT NULL DEFAULT 0,
    last_delivery INTEGER,
    last_failure  INTEGER
) STRICT;

-- `origin` is empty for outgoing messages, whose ids are unique within their device, and chat and sender for the others.
-- `status`, `read_at` and `error` are as they are now; `body` is the whole message as it was stored first.
CREATE TABLE messages (
    row             INTEGER PRIMARY KEY,
    device          INTEGER NOT NULL,
    id              TEXT NOT NULL,
    origin          TEXT NOT NULL,
    idempotency_key TEXT,
    timestamp       INTEGER NOT NULL,
    status          TEXT NOT NULL,
    read_at         INTEGER,
    error           TEXT,
    body            TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX messages_by_id ON messages (id, device, origin);
CREATE UNIQUE INDEX messages_by_idempotency_key ON messages (device, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX messages_by_device ON messages (device, timestamp);
CREATE INDEX messages_by_time ON messages (timestamp);
CREATE INDEX messages_pending ON messages (timestamp) WHERE status = 'pending';

CREATE TABLE events (
    device INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    id     TEXT NOT NULL,
    kind   TEXT NOT NULL,
    at     INTEGER NOT NULL,
    data   TEXT NOT NULL,
    PRIMARY KEY (device, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_by_time ON events (at);

-- Only those that are not done, so that what was delivered long ago is in nobody's way.
CREATE TABLE deliveries (
    device   INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at   INTEGER NOT NULL,
    PRIMARY KEY (device, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_by_event ON deliveries (event_id, device);

CREATE TABLE failed_deliveries (
    device    INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    attempts  INTEGER NOT NULL,
    failed_at INTEGER NOT NULL,
    reason    TEXT NOT NULL,
    PRIMARY KEY (device, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX failed_deliveries_by_time ON failed_deliveries (failed_at);

-- `due_at` and `row` make the order within a group; `not_before` also holds back what was returned.
CREATE TABLE commands (
    row        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    device_id  TEXT NOT NULL,
    group_id   TEXT NOT NULL,
    due_at     INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    envelope   TEXT NOT NULL
) STRICT;
CREATE INDEX commands_by_device ON commands (device_id);

CREATE TABLE dead_commands (
    row       INTEGER PRIMARY KEY,
    id        TEXT NOT NULL,
    device_id TEXT NOT NULL,
    attempts  INTEGER NOT NULL,
    envelope  TEXT NOT NULL,
    buried_at INTEGER NOT NULL,
    reason    TEXT NOT NULL
) STRICT;
CREATE INDEX dead_commands_by_device ON dead_commands (device_id);

CREATE TABLE key_values (
    device_id  TEXT NOT NULL,
    key        TEXT NOT NULL,
    value      BLOB NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (device_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX key_values_expiring ON key_values (expires_at) WHERE expires_at IS NOT NULL;
