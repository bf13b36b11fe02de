-- What who runs the relay decides about workspaces. The command line writes it
-- while the relay runs.

-- Counted from the membership, so that a list needs no signatures.
ALTER TABLE workspaces ADD COLUMN members INTEGER NOT NULL DEFAULT 0 CHECK (members >= 0);
ALTER TABLE workspaces ADD COLUMN devices INTEGER NOT NULL DEFAULT 0 CHECK (devices >= 0);
-- Bytes of announced attachments.
ALTER TABLE workspaces ADD COLUMN attachments INTEGER NOT NULL DEFAULT 0 CHECK (attachments >= 0);
-- When something was last written, milliseconds since 1970.
ALTER TABLE workspaces ADD COLUMN active_ms INTEGER NOT NULL DEFAULT 0;
UPDATE workspaces SET active_ms = created_ms;

-- Grows with every change below, so that a running relay knows that there was
-- one. The defaults are those of the relay that ran last.
CREATE TABLE administration (
    one INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    version INTEGER NOT NULL CHECK (version >= 1),
    default_bytes INTEGER NOT NULL,
    default_entries INTEGER NOT NULL,
    default_devices INTEGER NOT NULL,
    default_attachments INTEGER NOT NULL
) STRICT;
INSERT INTO administration VALUES (1, 1, 0, 0, 0, 0);

-- A quota of a workspace's own; without a row the relay's default counts.
CREATE TABLE quotas (
    workspace INTEGER NOT NULL REFERENCES workspaces (number),
    what TEXT NOT NULL CHECK (what IN ('bytes', 'entries', 'devices', 'attachments')),
    most INTEGER NOT NULL CHECK (most >= 0),
    PRIMARY KEY (workspace, what)
) STRICT;

-- Suspended workspaces: neither read nor written.
CREATE TABLE holds (
    workspace INTEGER PRIMARY KEY NOT NULL REFERENCES workspaces (number),
    reason TEXT NOT NULL,
    -- 1 while a restore fills the workspace. When that broke off, running it again ends it.
    restoring INTEGER NOT NULL CHECK (restoring IN (0, 1)),
    since_ms INTEGER NOT NULL
) STRICT;

-- Deleted workspaces. Nothing of them is gone before they are due; once
-- collecting is 1, there is no way back.
CREATE TABLE deletions (
    workspace INTEGER PRIMARY KEY NOT NULL REFERENCES workspaces (number),
    due_ms INTEGER NOT NULL,
    collecting INTEGER NOT NULL CHECK (collecting IN (0, 1))
) STRICT;

-- Where the logs of workspaces ended that are gone for good. One that comes
-- again starts in a younger generation, so that devices notice.
CREATE TABLE gone (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 32),
    generation INTEGER NOT NULL CHECK (generation >= 1),
    position INTEGER NOT NULL CHECK (position >= 0),
    gone_ms INTEGER NOT NULL
) STRICT;

-- Attachments. Their chunks are files beside the database. What is announced
-- counts against the quota in whole, so that no upload fails halfway for it.
CREATE TABLE blobs (
    workspace INTEGER NOT NULL REFERENCES workspaces (number),
    blob BLOB NOT NULL CHECK (length(blob) = 32),
    size INTEGER NOT NULL CHECK (size >= 1),
    manifest BLOB NOT NULL,
    -- 1 once every chunk is there.
    whole INTEGER NOT NULL CHECK (whole IN (0, 1)),
    announced_ms INTEGER NOT NULL,
    -- When a member no longer needed it, 0 while it is in use.
    marked_ms INTEGER NOT NULL,
    -- 1 while its files are being removed. Then there is no way back.
    removing INTEGER NOT NULL CHECK (removing IN (0, 1)),
    PRIMARY KEY (workspace, blob)
) STRICT;
