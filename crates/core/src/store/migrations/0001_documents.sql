-- Documents, their changes, the keystroke journal, and what is projected from
-- them for reading without Automerge. Shipped migrations never change.

CREATE TABLE documents (
    id          BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    workspace   BLOB NOT NULL CHECK (length(workspace) = 32),
    title       TEXT NOT NULL,
    slug        TEXT NOT NULL,
    template    TEXT NOT NULL,
    created_ms  INTEGER NOT NULL,
    updated_ms  INTEGER NOT NULL,
    deleted_ms  INTEGER NOT NULL,          -- 0: not deleted
    written     INTEGER NOT NULL,
    expected    INTEGER NOT NULL,
    excerpt     TEXT NOT NULL,
    projected   INTEGER NOT NULL           -- the last changes.seq the projection holds
) STRICT;
CREATE INDEX documents_by_slug ON documents (slug);
CREATE INDEX documents_by_workspace ON documents (workspace);

CREATE TABLE changes (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    document    BLOB NOT NULL,
    hash        BLOB NOT NULL CHECK (length(hash) = 32),
    author      BLOB NOT NULL CHECK (length(author) = 32),  -- zeros: this device
    time_ms     INTEGER NOT NULL,
    operations  INTEGER NOT NULL,
    summary     TEXT NOT NULL,
    stored      INTEGER NOT NULL CHECK (stored IN (0, 1)),  -- 1: durably stored at the relay
    bytes       BLOB NOT NULL,
    UNIQUE (document, hash)
) STRICT;
CREATE INDEX changes_by_document ON changes (document, seq);

CREATE TABLE snapshots (
    document    BLOB PRIMARY KEY NOT NULL,
    seq         INTEGER NOT NULL,          -- holds every change of the document up to here
    bytes       BLOB NOT NULL
) STRICT;

-- Keystrokes that are durable and not yet part of a change. All rows of one
-- process and document stand on the same heads.
CREATE TABLE journal (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    session     TEXT NOT NULL,
    document    BLOB NOT NULL,
    heads       BLOB NOT NULL,             -- concatenated change hashes
    section     TEXT NOT NULL,
    splices     TEXT NOT NULL              -- JSON [[at, delete, insert], …] in UTF-16 units
) STRICT;
CREATE INDEX journal_by_session ON journal (session, document);

-- Changes that wait to be sealed or to be acknowledged by the relay.
CREATE TABLE outbox (
    change_seq  INTEGER PRIMARY KEY NOT NULL REFERENCES changes (seq),
    workspace   BLOB NOT NULL,
    document    BLOB NOT NULL,
    envelope    BLOB NOT NULL              -- x'' until sealed
) STRICT;
CREATE INDEX outbox_by_workspace ON outbox (workspace, envelope);
CREATE INDEX outbox_by_document ON outbox (document);

-- A projection: may be dropped and rebuilt from the changes at any time.
CREATE TABLE sections (
    id          INTEGER PRIMARY KEY,
    document    BLOB NOT NULL,
    section     TEXT NOT NULL,
    ordinal     INTEGER NOT NULL,          -- position in document order
    parent      TEXT NOT NULL,             -- '' at the top
    level       INTEGER NOT NULL,
    title       TEXT NOT NULL,
    key         TEXT NOT NULL,             -- '' when it fills no place of a template
    path        TEXT NOT NULL,
    text        TEXT NOT NULL,
    UNIQUE (document, section)
) STRICT;

CREATE VIRTUAL TABLE section_index USING fts5 (
    title, text, content = 'sections', content_rowid = 'id',
    tokenize = "unicode61 remove_diacritics 2"
);
CREATE TRIGGER sections_added AFTER INSERT ON sections BEGIN
    INSERT INTO section_index (rowid, title, text) VALUES (new.id, new.title, new.text);
END;
CREATE TRIGGER sections_removed AFTER DELETE ON sections BEGIN
    INSERT INTO section_index (section_index, rowid, title, text) VALUES ('delete', old.id, old.title, old.text);
END;
CREATE TRIGGER sections_changed AFTER UPDATE OF title, text ON sections BEGIN
    INSERT INTO section_index (section_index, rowid, title, text) VALUES ('delete', old.id, old.title, old.text);
    INSERT INTO section_index (rowid, title, text) VALUES (new.id, new.title, new.text);
END;

-- Settings of this profile, by name.
CREATE TABLE settings (
    name        TEXT PRIMARY KEY NOT NULL,
    value       TEXT NOT NULL
) STRICT;
