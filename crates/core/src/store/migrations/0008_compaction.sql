-- Snapshots that stand for entries which the relay's log no longer has.
-- Shipped migrations never change.

-- What this device knows of the log from a snapshot, and not from its entries:
-- up to which one, and what it comes to.
CREATE TABLE snapshot_bases (
    workspace   BLOB PRIMARY KEY NOT NULL CHECK (length(workspace) = 32),
    generation  INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    chain       BLOB NOT NULL CHECK (length(chain) = 32),
    heads       BLOB NOT NULL,              -- CBOR: where each device's envelopes end
    book        BLOB NOT NULL,              -- CBOR: changes and refused entries
    -- When it was loaded in the place of entries, 0 where the entries were compared with it.
    loaded_ms   INTEGER NOT NULL
) STRICT;

-- A snapshot that was made here and is on its way to the relay.
CREATE TABLE snapshot_drafts (
    workspace   BLOB PRIMARY KEY NOT NULL,
    offer       BLOB NOT NULL,
    manifest    BLOB NOT NULL               -- of its content
) STRICT;

-- Sealed chunks of contents, on their way to the relay or from it.
CREATE TABLE snapshot_chunks (
    workspace   BLOB NOT NULL,
    blob        BLOB NOT NULL CHECK (length(blob) = 32),
    number      INTEGER NOT NULL,
    bytes       BLOB NOT NULL,
    PRIMARY KEY (workspace, blob, number)
) STRICT;

-- What this device found about snapshots of others: 0 they lack something,
-- 1 they hold what the log holds, 2 neither could be said.
CREATE TABLE snapshot_verdicts (
    workspace   BLOB NOT NULL,
    snapshot    BLOB NOT NULL CHECK (length(snapshot) = 32),
    verdict     INTEGER NOT NULL CHECK (verdict IN (0, 1, 2)),
    PRIMARY KEY (workspace, snapshot)
) STRICT;

-- What the relay said last of its snapshots, to be shown.
CREATE TABLE snapshot_listings (
    workspace   BLOB PRIMARY KEY NOT NULL,
    listing     BLOB NOT NULL
) STRICT;
