-- Who this device is, its workspaces, and what goes to and comes from relays.
-- Shipped migrations never change. The database is encrypted, keys included.

CREATE TABLE identity (
    id          INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    root        BLOB NOT NULL CHECK (length(root) = 32),
    signing     BLOB NOT NULL CHECK (length(signing) = 32),
    agreement   BLOB NOT NULL CHECK (length(agreement) = 32),
    device      BLOB NOT NULL CHECK (length(device) = 32),      -- public part of signing
    user_name   TEXT NOT NULL
) STRICT;

CREATE TABLE workspaces (
    id              BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 32),
    ordinal         INTEGER NOT NULL UNIQUE,                    -- the first is the default one
    name            TEXT NOT NULL,
    role            INTEGER NOT NULL,                           -- ours: 0 owner, 1 admin, 2 editor, 3 reader
    relay           TEXT NOT NULL,                              -- '' when local
    relay_key       BLOB NOT NULL CHECK (length(relay_key) = 32), -- zeros until first contact
    least_generation INTEGER NOT NULL,                          -- the relay's log must be at least this one
    generation      INTEGER NOT NULL,                           -- 0 until the log was read
    position        INTEGER NOT NULL,                           -- the last log entry that was received
    chain           BLOB NOT NULL CHECK (length(chain) = 32),
    sequence        INTEGER NOT NULL,                           -- this device's last sealed envelope
    previous        BLOB NOT NULL CHECK (length(previous) = 32), -- and its id
    last_stored_ms  INTEGER NOT NULL,
    last_contact_ms INTEGER NOT NULL,
    next_try_ms     INTEGER NOT NULL,                           -- 0: none planned
    clock_offset_ms INTEGER NOT NULL,                           -- the relay's clock minus ours
    problem         TEXT NOT NULL                               -- JSON error, '' when there is none
) STRICT;

CREATE TABLE membership (
    workspace   BLOB NOT NULL,
    position    INTEGER NOT NULL,
    hash        BLOB NOT NULL CHECK (length(hash) = 32),
    record      BLOB NOT NULL,
    PRIMARY KEY (workspace, position)
) STRICT;

CREATE TABLE epoch_keys (
    workspace   BLOB NOT NULL,
    epoch       INTEGER NOT NULL,
    key         BLOB NOT NULL CHECK (length(key) = 32),
    PRIMARY KEY (workspace, epoch)
) STRICT;

-- Every device that is or was in a workspace, and how far its envelopes were followed.
CREATE TABLE devices (
    workspace   BLOB NOT NULL,
    device      BLOB NOT NULL CHECK (length(device) = 32),
    member      BLOB NOT NULL CHECK (length(member) = 32),
    name        TEXT NOT NULL,
    sequence    INTEGER NOT NULL,
    last_id     BLOB NOT NULL CHECK (length(last_id) = 32),
    PRIMARY KEY (workspace, device)
) STRICT;

-- Which device an Automerge actor belongs to, and how far its changes were followed.
CREATE TABLE actors (
    document    BLOB NOT NULL,
    actor       BLOB NOT NULL,
    device      BLOB NOT NULL CHECK (length(device) = 32),
    sequence    INTEGER NOT NULL,
    PRIMARY KEY (document, actor)
) STRICT;

-- The chain values of the log, to compare with what others say they saw.
CREATE TABLE chain (
    workspace   BLOB NOT NULL,
    position    INTEGER NOT NULL,
    value       BLOB NOT NULL CHECK (length(value) = 32),
    PRIMARY KEY (workspace, position)
) STRICT, WITHOUT ROWID;

-- Envelopes of this device that the relay has not confirmed. outbox.envelope
-- holds the id of the one a change was sealed into.
CREATE TABLE sealed (
    workspace   BLOB NOT NULL,
    sequence    INTEGER NOT NULL,
    id          BLOB NOT NULL CHECK (length(id) = 32),
    epoch       INTEGER NOT NULL,
    envelope    BLOB NOT NULL,
    PRIMARY KEY (workspace, sequence)
) STRICT;

-- Entries of the log that were received and not yet opened and applied.
CREATE TABLE inbox (
    workspace   BLOB NOT NULL,
    position    INTEGER NOT NULL,
    envelope    BLOB NOT NULL,
    PRIMARY KEY (workspace, position)
) STRICT;

-- Entries that were refused: never applied, never dropped.
CREATE TABLE quarantine (
    id          INTEGER PRIMARY KEY NOT NULL,
    workspace   BLOB NOT NULL,
    generation  INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    device      BLOB NOT NULL,                                  -- x'' when it cannot be read
    reason      TEXT NOT NULL,
    time_ms     INTEGER NOT NULL,
    hash        BLOB NOT NULL CHECK (length(hash) = 32),        -- BLAKE3 of the envelope
    envelope    BLOB NOT NULL,
    UNIQUE (workspace, hash)
) STRICT;

-- One row: other processes ask the one that synchronises for a round.
CREATE TABLE sync_requests (
    id          INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    requested   INTEGER NOT NULL,
    served      INTEGER NOT NULL
) STRICT;
INSERT INTO sync_requests (id, requested, served) VALUES (1, 0, 0);
