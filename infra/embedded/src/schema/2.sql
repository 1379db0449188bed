-- `key_hash` is the SHA-256 of the API key: how long a look-up takes says nothing of other keys.
ALTER TABLE devices ADD COLUMN key_hash BLOB;
CREATE INDEX devices_by_key ON devices (key_hash);

-- `sort` is the kind and the direction as one number: twice the kind's (0 text, 1 image, 2 video, 3 audio, 4 document, 5 sticker, 6 location, 7 contact,
-- 8 other, 9 poll, 10 reaction, 11 vote), one more for outgoing ones. `status` counts from pending: 1 failed, 2 sent, 3 delivered, 4 read.
-- `origin` is empty for outgoing messages, whose ids are unique within their device, and chat and sender for the others.
-- `status`, `read_at` and `error` are as they are now whatever `body` says, which is the rest of the message.
-- The `fresh` ones are the latest few; only when they have grown old are they counted and put into the indexes of lists.
ALTER TABLE messages RENAME TO messages_1;
CREATE TABLE messages (
    row             INTEGER PRIMARY KEY,
    device          INTEGER NOT NULL,
    id              TEXT NOT NULL,
    origin          TEXT NOT NULL,
    chat            TEXT NOT NULL,
    sort            INTEGER NOT NULL,
    status          INTEGER NOT NULL,
    timestamp       INTEGER NOT NULL,
    fresh           INTEGER NOT NULL DEFAULT 0,
    due_at          INTEGER,
    awaits_media    INTEGER NOT NULL DEFAULT 0,
    bulk            INTEGER,
    part            INTEGER,
    idempotency_key TEXT,
    read_at         INTEGER,
    error           TEXT,
    body            TEXT NOT NULL
) STRICT;
INSERT INTO messages (row, device, id, origin, chat, sort, status, timestamp, idempotency_key, read_at, error, body)
    SELECT row, device, id, origin, body ->> '$.chat',
        2 * CASE body ->> '$.type' WHEN 'text' THEN 0 WHEN 'image' THEN 1 WHEN 'video' THEN 2 WHEN 'audio' THEN 3 WHEN 'document' THEN 4
            WHEN 'sticker' THEN 5 WHEN 'location' THEN 6 WHEN 'contact' THEN 7 ELSE 8 END + (body ->> '$.direction' = 'outgoing'),
        CASE status WHEN 'pending' THEN 0 WHEN 'failed' THEN 1 WHEN 'sent' THEN 2 WHEN 'delivered' THEN 3 ELSE 4 END,
        timestamp, idempotency_key, read_at, error, body
    FROM messages_1;
DROP TABLE messages_1;
CREATE UNIQUE INDEX messages_by_id ON messages (id, device, origin);
CREATE UNIQUE INDEX messages_by_idempotency_key ON messages (device, idempotency_key) WHERE idempotency_key IS NOT NULL;
-- A list is merged from one walk for each sort and status it wants, so that it steps over nothing it does not want, and the fresh ones.
CREATE INDEX messages_by_time ON messages (sort, status, timestamp) WHERE fresh = 0;
CREATE INDEX messages_by_device ON messages (device, sort, status, timestamp) WHERE fresh = 0;
CREATE INDEX messages_fresh ON messages (device, timestamp) WHERE fresh = 1;
CREATE INDEX messages_by_chat ON messages (device, chat, timestamp, sort);
CREATE INDEX messages_pending ON messages (coalesce(due_at, timestamp)) WHERE status = 0;
CREATE INDEX messages_awaiting_media ON messages (device, timestamp) WHERE awaits_media = 1;
CREATE UNIQUE INDEX messages_by_bulk ON messages (bulk, part) WHERE bulk IS NOT NULL;

-- How many messages of each UTC day there are, the fresh ones apart: of a device (its row), of a user (minus one minus their id), and of all (0).
CREATE TABLE message_counts (
    scope  INTEGER NOT NULL,
    day    INTEGER NOT NULL,
    sort   INTEGER NOT NULL,
    status INTEGER NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (scope, day, sort, status)
) STRICT, WITHOUT ROWID;
INSERT INTO message_counts
    WITH days (device, day, sort, status, count) AS (
        SELECT device, (timestamp - (timestamp % 86400000 + 86400000) % 86400000) / 86400000 AS day, sort, status, count(*)
        FROM messages GROUP BY device, day, sort, status
    )
    SELECT device, day, sort, status, count FROM days
    UNION ALL
    SELECT -1 - user_id, day, sort, days.status, sum(count) FROM days JOIN devices ON devices.row = days.device GROUP BY user_id, day, sort, days.status
    UNION ALL
    SELECT 0, day, sort, status, sum(count) FROM days GROUP BY day, sort, status;
ALTER TABLE installation DROP COLUMN messages;

-- A number may have had several hidden ids: the last row is the latest.
CREATE TABLE aliases (
    row    INTEGER PRIMARY KEY,
    device INTEGER NOT NULL,
    lid    TEXT NOT NULL,
    phone  TEXT NOT NULL,
    UNIQUE (device, lid)
) STRICT;
CREATE INDEX aliases_by_phone ON aliases (device, phone);

CREATE TABLE bulks (
    row             INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    device          INTEGER NOT NULL,
    idempotency_key TEXT,
    cancelled_at    INTEGER,
    body            TEXT NOT NULL,
    UNIQUE (device, idempotency_key)
) STRICT;

-- The owner is a user, or -1 for everyone.
CREATE TABLE templates (
    name       TEXT NOT NULL,
    owner      INTEGER NOT NULL,
    content    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (name, owner)
) STRICT, WITHOUT ROWID;
CREATE INDEX templates_by_owner ON templates (owner, name);

-- Deliveries are worked off in order, so that the one in hand is the first of its device.
DROP INDEX deliveries_by_event;
