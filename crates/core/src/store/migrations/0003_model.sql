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
