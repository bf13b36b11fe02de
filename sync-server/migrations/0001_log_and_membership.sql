-- Shipped migrations never change; a new need is a new file.

-- The relay whose signatures this store holds.
CREATE TABLE relay (
    one INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    public_key BLOB NOT NULL CHECK (length(public_key) = 32)
) STRICT;

CREATE TABLE workspaces (
    number INTEGER PRIMARY KEY NOT NULL,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 32),
    generation INTEGER NOT NULL CHECK (generation >= 1),
    -- The last position of the log, 0 when empty, and the chain value there.
    position INTEGER NOT NULL CHECK (position >= 0),
    chain BLOB NOT NULL CHECK (length(chain) = 32),
    -- How many membership records there are.
    membership INTEGER NOT NULL CHECK (membership >= 1),
    -- What counts against the quota: records and envelopes.
    bytes INTEGER NOT NULL CHECK (bytes >= 0),
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE records (
    workspace INTEGER NOT NULL REFERENCES workspaces (number),
    position INTEGER NOT NULL CHECK (position >= 1),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    record BLOB NOT NULL,
    countersignature BLOB NOT NULL CHECK (length(countersignature) = 64),
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (workspace, position)
) STRICT;

-- Where each device's own chain of envelopes ends.
CREATE TABLE devices (
    number INTEGER PRIMARY KEY NOT NULL,
    workspace INTEGER NOT NULL REFERENCES workspaces (number),
    device BLOB NOT NULL CHECK (length(device) = 32),
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    last_id BLOB NOT NULL CHECK (length(last_id) = 32),
    UNIQUE (workspace, device)
) STRICT;

CREATE TABLE entries (
    workspace INTEGER NOT NULL REFERENCES workspaces (number),
    position INTEGER NOT NULL CHECK (position >= 1),
    id BLOB NOT NULL CHECK (length(id) = 32),
    device INTEGER NOT NULL REFERENCES devices (number),
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    envelope BLOB NOT NULL,
    PRIMARY KEY (workspace, position)
) STRICT;

-- An envelope's id covers device and number, so this finds it again by either.
CREATE UNIQUE INDEX entries_by_sequence ON entries (device, sequence);
