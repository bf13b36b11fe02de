-- The model's records, projected like sections: may be dropped and rebuilt
-- from the changes at any time. Shipped migrations never change.

CREATE TABLE records (
    document    BLOB NOT NULL,
    id          TEXT NOT NULL,
    collection  TEXT NOT NULL,
    data        TEXT NOT NULL,              -- JSON: order, deleted, fields, conflicts
    PRIMARY KEY (document, id)
) STRICT, WITHOUT ROWID;

-- The text of a template's file, '' for a built-in template.
ALTER TABLE documents ADD COLUMN template_file TEXT NOT NULL DEFAULT '';

-- What people read of a section, where references make it differ from the text.
ALTER TABLE sections ADD COLUMN rendered TEXT NOT NULL DEFAULT '';
-- The heading as stored, where references make it differ from what is shown; otherwise ''.
ALTER TABLE sections ADD COLUMN source_title TEXT NOT NULL DEFAULT '';

-- The search: one index for sections and records. It keeps no text of its own
-- and is fed by the code, which folds letters (see store/search/fold.rs).
DROP TRIGGER sections_added;
DROP TRIGGER sections_removed;
DROP TRIGGER sections_changed;
DROP TABLE section_index;

-- Documents by a number, which is shorter in every place.
CREATE TABLE place_documents (
    number      INTEGER PRIMARY KEY,
    document    BLOB NOT NULL UNIQUE
) STRICT;

-- What can be found; the row of the index has the same id.
CREATE TABLE places (
    id          INTEGER PRIMARY KEY,
    document    INTEGER NOT NULL,           -- its number
    item        ANY NOT NULL,               -- a section's or a record's id, in bytes where it is hexadecimal
    is_record   INTEGER NOT NULL CHECK (is_record IN (0, 1)),
    name        TEXT NOT NULL,              -- folded: words in lower case, one space between
    UNIQUE (item, document)
) STRICT;
CREATE INDEX places_by_name ON places (name);

CREATE VIRTUAL TABLE place_index USING fts5 (
    name, text, content = '', contentless_delete = 1,
    tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N*'"
);
-- A word in the name counts more than any number of them in the text.
INSERT INTO place_index (place_index, rank) VALUES ('rank', 'bm25(1000000.0, 1.0)');

-- The words of all names, to find the one that a mistyped word was meant to be.
CREATE TABLE name_words (
    word        TEXT PRIMARY KEY NOT NULL,
    uses        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
