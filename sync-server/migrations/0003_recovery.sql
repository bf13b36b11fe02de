-- Recovery kits that count, so that whoever comes back with one finds their
-- workspaces. Shipped migrations never change.

CREATE TABLE recovery (
    workspace INTEGER NOT NULL REFERENCES workspaces (number),
    key BLOB NOT NULL CHECK (length(key) = 32),
    PRIMARY KEY (key, workspace)
) STRICT, WITHOUT ROWID;
CREATE INDEX recovery_of ON recovery (workspace);
