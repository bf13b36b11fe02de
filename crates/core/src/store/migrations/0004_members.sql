-- Members, devices and invitations as they are administered, and what is known
-- of entries that were set aside. Shipped migrations never change.

-- Invitations this device made, to show their links again.
CREATE TABLE invites (
    workspace   BLOB NOT NULL,
    invite      BLOB NOT NULL CHECK (length(invite) = 32),
    seed        BLOB NOT NULL CHECK (length(seed) = 16),
    position    INTEGER NOT NULL,           -- the membership's end when it was made
    hash        BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (workspace, invite)
) STRICT;

-- When a device wrote last, by its own clock, as far as it is known here; 0 unknown.
ALTER TABLE devices ADD COLUMN seen_ms INTEGER NOT NULL DEFAULT 0;

-- Why an entry was set aside, for programs; '' where an older version did it.
ALTER TABLE quarantine ADD COLUMN code TEXT NOT NULL DEFAULT '';
-- Whether a person has taken note of it.
ALTER TABLE quarantine ADD COLUMN noted INTEGER NOT NULL DEFAULT 0;
