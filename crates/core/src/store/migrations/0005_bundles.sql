-- What bundles need: envelopes as they were signed, to be passed on; which
-- records the relay confirmed; invitations that came in a file. Shipped
-- migrations never change.

-- Every envelope whose place in its device's chain was verified, each after
-- those it may build on.
CREATE TABLE kept (
    number      INTEGER PRIMARY KEY NOT NULL,
    workspace   BLOB NOT NULL,
    device      BLOB NOT NULL CHECK (length(device) = 32),
    sequence    INTEGER NOT NULL,
    id          BLOB NOT NULL CHECK (length(id) = 32),
    envelope    BLOB NOT NULL,
    stored      INTEGER NOT NULL,               -- whether the relay has it
    UNIQUE (workspace, device, sequence)
) STRICT;
CREATE INDEX kept_unsent ON kept (workspace, number) WHERE stored = 0;

-- The relay's countersignature; x'' where there is none.
ALTER TABLE membership ADD COLUMN countersignature BLOB NOT NULL DEFAULT x'';
-- Whether the envelope went into a bundle: it is never sealed anew.
ALTER TABLE sealed ADD COLUMN carried INTEGER NOT NULL DEFAULT 0;

-- Workspaces that this device was invited to by a file and not yet let into.
CREATE TABLE joining (
    workspace   BLOB PRIMARY KEY NOT NULL,
    seed        BLOB NOT NULL CHECK (length(seed) = 16)
) STRICT;

-- Records at a position where another one stands here: the proof of a fork.
CREATE TABLE forks (
    workspace   BLOB NOT NULL,
    position    INTEGER NOT NULL,
    record      BLOB NOT NULL,
    countersignature BLOB NOT NULL,
    PRIMARY KEY (workspace, position, record)
) STRICT;

-- Logs are read once more, to keep their envelopes; what they hold is here.
DELETE FROM chain WHERE workspace IN (SELECT id FROM workspaces WHERE relay <> '');
DELETE FROM inbox WHERE workspace IN (SELECT id FROM workspaces WHERE relay <> '');
UPDATE devices SET sequence = 0, last_id = zeroblob(32)
    WHERE workspace IN (SELECT id FROM workspaces WHERE relay <> '');
UPDATE workspaces SET generation = 0, position = 0, chain = zeroblob(32) WHERE relay <> '';
