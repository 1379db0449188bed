-- `started_at` is when a host last started the device's session.
ALTER TABLE devices ADD COLUMN started_at INTEGER;
UPDATE devices SET started_at = CAST(round(unixepoch(session ->> '$.started_at', 'subsec') * 1000) AS INTEGER);
CREATE INDEX devices_by_start ON devices (started_at, status, wanted) WHERE started_at IS NOT NULL;
CREATE INDEX devices_by_user_and_start ON devices (user_id, started_at, status, wanted) WHERE started_at IS NOT NULL;
DROP INDEX devices_by_status;
DROP INDEX devices_by_user;
CREATE INDEX devices_by_creation ON devices (created_at, status);
CREATE INDEX devices_by_user_and_creation ON devices (user_id, created_at, status);

-- `contacts` counts those removed so far, while the device is being deleted.
ALTER TABLE tallies ADD COLUMN failing_since INTEGER;
ALTER TABLE tallies ADD COLUMN paused_at INTEGER;
ALTER TABLE tallies ADD COLUMN contacts INTEGER NOT NULL DEFAULT 0;

-- The `unread` ones came in and nobody has read them: what their chats count.
ALTER TABLE messages ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;
UPDATE messages SET unread = 1 WHERE sort % 2 = 0 AND sort NOT IN (20, 22) AND status < 4 AND chat NOT LIKE '%@broadcast';
CREATE INDEX messages_unread ON messages (device, chat) WHERE unread = 1;

-- `pinned_at` and `last_message_at` are the least of all numbers where there is no such time, so that lists can compare them.
CREATE TABLE chats (
    device          INTEGER NOT NULL,
    jid             TEXT NOT NULL,
    pinned_at       INTEGER NOT NULL DEFAULT -9223372036854775808,
    last_message_at INTEGER NOT NULL DEFAULT -9223372036854775808,
    muted_until     INTEGER,
    marked_unread   INTEGER NOT NULL DEFAULT 0,
    archived        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (device, jid)
) STRICT, WITHOUT ROWID;
CREATE INDEX chats_by_place ON chats (device, pinned_at, last_message_at, jid);
INSERT INTO chats (device, jid, last_message_at)
    SELECT device, chat, max(timestamp) FROM messages WHERE chat NOT LIKE '%@broadcast' GROUP BY device, chat;

-- `title` is what the person is called, in lower case, and empty for the `untitled`; `search` is all they may be looked for by. Who has which hidden id
-- is written in the aliases alone.
CREATE TABLE contacts (
    device        INTEGER NOT NULL,
    jid           TEXT NOT NULL,
    untitled      INTEGER NOT NULL,
    title         TEXT NOT NULL,
    search        TEXT NOT NULL,
    blocked       INTEGER NOT NULL,
    business      INTEGER NOT NULL,
    enterprise    INTEGER NOT NULL,
    last_seen     INTEGER,
    name          TEXT,
    push_name     TEXT,
    verified_name TEXT,
    about         TEXT,
    picture_url   TEXT,
    PRIMARY KEY (device, jid)
) STRICT, WITHOUT ROWID;
CREATE INDEX contacts_by_title ON contacts (device, untitled, title, jid);
CREATE INDEX contacts_blocked ON contacts (device, jid) WHERE blocked = 1;

-- `title` is the subject in lower case. Those that were left keep the name of their chat.
CREATE TABLE groups (
    row     INTEGER PRIMARY KEY,
    device  INTEGER NOT NULL,
    jid     TEXT NOT NULL,
    joined  INTEGER NOT NULL,
    admin   INTEGER NOT NULL,
    title   TEXT NOT NULL,
    subject TEXT NOT NULL,
    body    TEXT NOT NULL,
    UNIQUE (device, jid)
) STRICT;
CREATE INDEX groups_by_title ON groups (device, title, jid) WHERE joined = 1;

-- `chat` is empty for what is about none. Ids are in the order of time.
ALTER TABLE events ADD COLUMN chat TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN trace TEXT;
UPDATE events SET chat = data ->> '$.chatId' WHERE data ->> '$.chatId' IS NOT NULL;
CREATE INDEX events_by_id ON events (id);

-- What names a delivery's event is in the event. `reason` is why the last try failed.
ALTER TABLE deliveries DROP COLUMN event_id;
ALTER TABLE deliveries ADD COLUMN chat TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN reason TEXT;
CREATE INDEX deliveries_tried ON deliveries (device, due_at) WHERE attempts > 0;
UPDATE deliveries SET chat = (SELECT chat FROM events WHERE events.device = deliveries.device AND events.seq = deliveries.seq);
