-- Files of attachments. Their sealed chunks lie as files in the folder `blobs`;
-- here stands what they are and where they are needed. Shipped migrations never
-- change.

CREATE TABLE blobs (
    id          BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 32),
    manifest    BLOB NOT NULL,              -- x'' until it is known
    whole       INTEGER NOT NULL,           -- whether every chunk is here
    key         BLOB NOT NULL,              -- x'' unless it was added here
    digest      BLOB NOT NULL               -- of the file as it was added here, x'' otherwise
) STRICT;
CREATE INDEX blobs_by_digest ON blobs (digest) WHERE digest <> x'';

-- A blob in a workspace, and what is known of it at the workspace's relay.
CREATE TABLE blob_places (
    workspace   BLOB NOT NULL,
    blob        BLOB NOT NULL,
    relay       BLOB NOT NULL,              -- the key of the relay that has all of it, zeros: none that is known
    checked_ms  INTEGER NOT NULL,           -- when that was looked at last
    wanted      INTEGER NOT NULL,           -- whether a person asked for it
    unused_ms   INTEGER NOT NULL,           -- since when nothing refers to it, 0: something does
    marked      INTEGER NOT NULL,           -- whether the relay was told so
    problem     TEXT NOT NULL,              -- JSON, '' when there is none
    PRIMARY KEY (workspace, blob)
) STRICT, WITHOUT ROWID;

-- What documents refer to: projected, may be dropped and rebuilt.
CREATE TABLE blob_references (
    document    BLOB NOT NULL,
    record      TEXT NOT NULL,
    blob        BLOB NOT NULL,
    key         BLOB NOT NULL CHECK (length(key) = 32),
    size        INTEGER NOT NULL,           -- of the file, as the record says, in bytes
    live        INTEGER NOT NULL,           -- neither it nor what it is on is in the trash
    PRIMARY KEY (document, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_references_by_blob ON blob_references (blob);

-- How far each document's references are projected.
CREATE TABLE blob_documents (
    document    BLOB PRIMARY KEY NOT NULL,
    projected   INTEGER NOT NULL            -- as in documents
) STRICT;
CREATE INDEX records_that_attach ON records (document) WHERE collection = 'attachments';

-- Where sending and fetching of a workspace's files stands.
CREATE TABLE blob_sync (
    workspace   BLOB PRIMARY KEY NOT NULL,
    problem     TEXT NOT NULL,              -- JSON, '' when there is none
    next_ms     INTEGER NOT NULL            -- when it is tried again, 0: any time
) STRICT;

-- Small pictures, made here.
CREATE TABLE thumbnails (
    blob        BLOB PRIMARY KEY NOT NULL,
    media_type  TEXT NOT NULL,              -- '' when there can be none
    width       INTEGER NOT NULL,
    height      INTEGER NOT NULL,
    bytes       BLOB NOT NULL
) STRICT;
