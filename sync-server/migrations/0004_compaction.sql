-- Snapshots, what devices say of them, and how far envelopes were deleted behind them.

-- Entries up to here have no envelope any more, or are just losing it; ids,
-- devices and numbers stay.
ALTER TABLE workspaces ADD COLUMN compacted INTEGER NOT NULL DEFAULT 0 CHECK (compacted >= 0);
-- How far the deleting has come.
ALTER TABLE workspaces ADD COLUMN stripped INTEGER NOT NULL DEFAULT 0 CHECK (stripped >= 0);
-- Bytes of envelopes that were deleted so.
ALTER TABLE workspaces ADD COLUMN freed INTEGER NOT NULL DEFAULT 0 CHECK (freed >= 0);

-- How long envelopes stay once they are marked, as the relay was last started.
ALTER TABLE administration ADD COLUMN compaction_grace_ms INTEGER NOT NULL DEFAULT 2592000000;

CREATE TABLE snapshots (
    workspace INTEGER NOT NULL REFERENCES workspaces (number),
    snapshot BLOB NOT NULL CHECK (length(snapshot) = 32),
    author BLOB NOT NULL CHECK (length(author) = 32),
    -- The last entry that it stands for, and the chain value there.
    position INTEGER NOT NULL CHECK (position >= 1),
    chain BLOB NOT NULL CHECK (length(chain) = 32),
    -- Its sealed content. It is not removed as long as this row is here.
    blob BLOB NOT NULL CHECK (length(blob) = 32),
    offer BLOB NOT NULL,
    -- Bytes of envelopes of the log until then, deleted ones included.
    bytes INTEGER NOT NULL,
    offered_ms INTEGER NOT NULL,
    -- 0 until it is confirmed.
    confirmed_ms INTEGER NOT NULL,
    PRIMARY KEY (workspace, snapshot)
) STRICT;

CREATE TABLE verdicts (
    workspace INTEGER NOT NULL,
    snapshot BLOB NOT NULL,
    device BLOB NOT NULL CHECK (length(device) = 32),
    contained INTEGER NOT NULL CHECK (contained IN (0, 1)),
    verdict BLOB NOT NULL,
    PRIMARY KEY (workspace, snapshot, device),
    FOREIGN KEY (workspace, snapshot) REFERENCES snapshots (workspace, snapshot) ON DELETE CASCADE
) STRICT;

-- Up to where envelopes may be deleted once the grace is over.
CREATE TABLE marks (
    workspace INTEGER NOT NULL REFERENCES workspaces (number),
    position INTEGER NOT NULL CHECK (position >= 1),
    marked_ms INTEGER NOT NULL,
    PRIMARY KEY (workspace, position)
) STRICT;
