-- The recovery kit, as far as it is no secret, and roots of the persons this
-- device was before it came back with one. Shipped migrations never change.

CREATE TABLE recovery (
    id          INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    keys        BLOB NOT NULL,              -- as the membership log has them
    made_ms     INTEGER NOT NULL,           -- since 1970
    rehearsed_ms INTEGER NOT NULL           -- when it was last proven to work, 0 never
) STRICT;

CREATE TABLE former_roots (
    root        BLOB PRIMARY KEY NOT NULL CHECK (length(root) = 32),    -- public
    secret      BLOB NOT NULL CHECK (length(secret) = 32)
) STRICT;
