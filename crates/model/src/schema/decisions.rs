//! Decisions, considerations, glossary, evidence and suppressions.

use super::architecture::word;
use super::{Choice, Collection, Shape, Table, field};

const STATUS: &[Choice] = &[
    word("proposed", "Proposed", &["draft", "pending", "open", "new"]),
    word("accepted", "Accepted", &["approved", "decided", "done"]),
    word("rejected", "Rejected", &["declined"]),
    word("deprecated", "Deprecated", &["obsolete"]),
    word("superseded", "Superseded", &["superceded", "replaced"]),
];

const OUTCOME: &[Choice] = &[word("chosen", "Chosen", &["selected"]), word("rejected", "Not chosen", &["discarded"])];

const BASIS: &[Choice] = &[
    word("observed", "Observed", &["seen", "measured", "verified"]),
    word("told", "Told", &["reported", "documented"]),
    word("assumed", "Assumed", &["guess", "assumption"]),
];

const HORIZON: &[Choice] =
    &[word("next", "Next", &["soon"]), word("later", "Later", &[]), word("maybe", "Maybe", &["someday"])];

const ELEMENTS: Shape = Shape::Refs(&[Collection::Elements]);

pub(super) static DECISIONS: Table = Table {
    name: "decisions",
    singular: "decision",
    title: "Decisions",
    help: "What was decided, why, and what else was considered.",
    label: "title",
    owner: None,
    nesting: None,
    fields: &[
        field("number", "Number", Shape::Line, "Given when the decision is added; it never changes.").required(),
        field("title", "Title", Shape::Line, "The decision in a few words.").required(),
        field("status", "Status", Shape::Choice(STATUS), "Where it is in its life."),
        field("date", "Date", Shape::Date, "When the status was last decided."),
        field("deciders", "Deciders", Shape::List, "Who decided.").labels(&[
            "Decision-makers",
            "Decision makers",
            "Decided by",
        ]),
        field("consulted", "Consulted", Shape::List, "Who was asked."),
        field("informed", "Informed", Shape::List, "Who is kept up to date."),
        field("context", "Context", Shape::Text, "Why a decision was needed.").labels(&[
            "Context and Problem Statement",
            "Problem",
            "Issue",
            "Background",
            "Problem Statement",
        ]),
        field("drivers", "Drivers", Shape::List, "What mattered.").labels(&["Decision Drivers", "Forces"]),
        field("decision", "Decision", Shape::Text, "What was decided.").labels(&[
            "Decision Outcome",
            "Outcome",
            "Solution",
        ]),
        field("rationale", "Rationale", Shape::Text, "Why this was chosen.").labels(&[
            "Reason",
            "Justification",
            "Why",
        ]),
        field("tradeOffs", "Trade-offs", Shape::List, "What is given up or gained.")
            .labels(&["Tradeoffs", "Trade offs"]),
        field("consequences", "Consequences", Shape::Text, "What follows from it.").labels(&["Positive Consequences"]),
        field("confirmation", "Confirmation", Shape::Text, "How one sees that it is followed.")
            .labels(&["Validation", "Compliance"]),
        field("elements", "Elements", ELEMENTS, "The elements it affects."),
        field("supersedes", "Supersedes", Shape::Refs(&[Collection::Decisions]), "The decisions it replaces."),
        field("links", "Links", Shape::Map, "Other records by id, each with what it has to do with them."),
        field("tags", "Tags", Shape::Tags, "Words to filter by.").labels(&["Categories"]),
        field("more", "More", Shape::Text, "Anything else, as Markdown.").labels(&[
            "More Information",
            "Notes",
            "References",
        ]),
        field("source", "Source", Shape::Line, "The file it was imported from."),
    ],
};

pub(super) static ALTERNATIVES: Table = Table {
    name: "alternatives",
    singular: "alternative",
    title: "Alternatives",
    help: "What else was considered for a decision, with what speaks for and against it.",
    label: "name",
    owner: Some("decision"),
    nesting: None,
    fields: &[
        field("decision", "Decision", Shape::Ref(&[Collection::Decisions]), "The decision it was considered for.")
            .required(),
        field("name", "Name", Shape::Line, "The alternative in a few words.").required(),
        field("outcome", "Outcome", Shape::Choice(OUTCOME), "Whether it was taken."),
        field("description", "Description", Shape::Text, "What it would be."),
        field("pros", "Pros", Shape::List, "What speaks for it.").labels(&["Advantages", "Good"]),
        field("neutral", "Neutral", Shape::List, "What speaks neither for nor against it."),
        field("cons", "Cons", Shape::List, "What speaks against it.").labels(&["Disadvantages", "Bad"]),
        field("whyNot", "Why not", Shape::Text, "Why it was not taken."),
        field("url", "URL", Shape::Line, "Where to read more."),
    ],
};

pub(super) static CONSIDERATIONS: Table = Table {
    name: "considerations",
    singular: "consideration",
    title: "Considerations",
    help: "What may come.",
    label: "title",
    owner: None,
    nesting: None,
    fields: &[
        field("title", "Title", Shape::Line, "The consideration in one line.").required(),
        field("description", "Description", Shape::Text, "What it would change."),
        field("horizon", "Horizon", Shape::Choice(HORIZON), "When."),
        field("elements", "Elements", ELEMENTS, "The elements it is about."),
        field("tags", "Tags", Shape::Tags, "Words to filter by."),
    ],
};

pub(super) static TERMS: Table = Table {
    name: "terms",
    singular: "term",
    title: "Glossary",
    help: "Words and what they mean here.",
    label: "name",
    owner: None,
    nesting: None,
    fields: &[
        field("name", "Term", Shape::Line, "The word.").required(),
        field("definition", "Definition", Shape::Text, "What it means here."),
        field("synonyms", "Synonyms", Shape::Tags, "Other words for it."),
    ],
};

pub(super) static EVIDENCE: Table = Table {
    name: "evidence",
    singular: "evidence",
    title: "Evidence",
    help: "How sure one is of something, by whom, when, and what shows it.",
    label: "claim",
    owner: None,
    nesting: None,
    fields: &[
        field("about", "About", Shape::Ref(&[]), "The record it is about.").required(),
        field("claim", "Claim", Shape::Text, "What is claimed."),
        field("basis", "Basis", Shape::Choice(BASIS), "Seen oneself, told by someone, or assumed.").required(),
        field("by", "By", Shape::Line, "Who saw, told or assumed it."),
        field("date", "Date", Shape::Date, "When."),
        field("attachments", "Attachments", Shape::List, "Photos and files that show it, by name or address."),
    ],
};

pub(super) static SUPPRESSIONS: Table = Table {
    name: "suppressions",
    singular: "suppression",
    title: "Suppressed findings",
    help: "Findings that are accepted as they are, each with a reason.",
    label: "reason",
    owner: None,
    nesting: None,
    fields: &[
        field("rule", "Rule", Shape::Line, "The rule's id.").required(),
        field("place", "Place", Shape::Line, "The finding's place; every place of the rule when empty."),
        field("reason", "Reason", Shape::Text, "Why it is accepted.").required(),
        field("by", "By", Shape::Line, "Who accepted it."),
        field("date", "Date", Shape::Date, "When."),
    ],
};
