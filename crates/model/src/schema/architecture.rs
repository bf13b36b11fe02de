//! Elements, relationships, flows, boundaries, data classes and views.

use super::{Choice, Collection, Shape, Table, field};

pub(super) const fn word(value: &'static str, title: &'static str, aliases: &'static [&'static str]) -> Choice {
    Choice { value, title, aliases }
}

const KINDS: &[Choice] = &[
    word("person", "Person", &["actor", "user", "role"]),
    word("system", "Software system", &["software-system", "application"]),
    word("container", "Container", &["app"]),
    word("component", "Component", &["module", "library"]),
    word("service", "Service", &["microservice", "api", "backend", "worker", "job"]),
    word("web-client", "Web client", &["frontend", "browser", "web-app", "webapp", "spa", "ui"]),
    word("mobile-app", "Mobile app", &["mobile", "android", "ios"]),
    word("command-line", "Command-line tool", &["cli", "cli-tool", "command-line-tool"]),
    word("gateway", "Gateway", &["api-gateway", "proxy", "ingress", "load-balancer", "reverse-proxy"]),
    word("database", "Database", &["db", "datastore", "data-store", "store"]),
    word("cache", "Cache", &[]),
    word("queue", "Queue or broker", &["broker", "message-broker", "message-queue", "topic", "bus", "event-bus"]),
    word("file-store", "File store", &["bucket", "object-store", "blob-store", "filesystem", "file-storage"]),
    word("external", "External system", &["external-system", "third-party", "saas"]),
    word("custom", "Custom", &["other"]),
];

const STATUS: &[Choice] = &[
    word("proposed", "Proposed", &["planned", "draft"]),
    word("live", "Live", &["active", "running", "production"]),
    word("deprecated", "Deprecated", &["sunset"]),
    word("removed", "Removed", &["retired", "gone"]),
];

const EXPOSURE: &[Choice] = &[
    word("internal", "Internal", &["private"]),
    word("partner", "Partners", &["restricted"]),
    word("public", "Public", &["internet"]),
];

const REDUNDANCY: &[Choice] = &[
    word("single", "Single", &["single-point", "spof"]),
    word("redundant", "Redundant", &["replicated", "clustered", "ha"]),
];

const INTERACTION: &[Choice] = &[
    word("synchronous", "Synchronous", &["sync", "request-response", "call"]),
    word("asynchronous", "Asynchronous", &["async", "event", "message"]),
    word("batch", "Batch", &["scheduled", "file"]),
];

const PROTECTION: &[Choice] = &[
    word("none", "None", &["plain", "unencrypted", "http"]),
    word("encrypted", "Encrypted", &["tls", "https", "ssl", "vpn"]),
    word("mutual", "Encrypted, both sides authenticated", &["mtls", "mutual-tls"]),
];

const STEP_KINDS: &[Choice] = &[
    word("message", "Step", &["call", "step"]),
    word("return", "Return", &["response", "reply"]),
    word("alternative", "Alternative", &["alt", "if", "opt", "else"]),
    word("loop", "Loop", &["repeat", "while"]),
    word("parallel", "In parallel", &["par"]),
    word("note", "Note", &[]),
];

const BOUNDARY_KINDS: &[Choice] = &[
    word("trust", "Trust boundary", &[]),
    word("network", "Network", &["zone", "vpc", "subnet"]),
    word("organisation", "Organisation", &["organization", "company", "team"]),
];

const LEVELS: &[Choice] = &[
    word("public", "Public", &[]),
    word("internal", "Internal", &[]),
    word("confidential", "Confidential", &["personal", "pii", "sensitive"]),
    word("restricted", "Restricted", &["secret", "special"]),
];

const VIEW_KINDS: &[Choice] = &[
    word("landscape", "System landscape", &[]),
    word("context", "System context", &[]),
    word("container", "Containers", &["containers"]),
    word("component", "Components", &["components"]),
    word("deployment", "Deployment", &[]),
    word("dynamic", "Dynamic", &["sequence"]),
];

const ELEMENT: Shape = Shape::Ref(&[Collection::Elements]);
const STORES: &[&str] = &["database", "file-store"];
const RUNNING: &[&str] = &[
    "system",
    "container",
    "component",
    "service",
    "web-client",
    "mobile-app",
    "gateway",
    "database",
    "cache",
    "queue",
    "file-store",
    "custom",
];

pub(super) static ELEMENTS: Table = Table {
    name: "elements",
    singular: "element",
    title: "Elements",
    help: "People, systems, containers, components: what the architecture consists of.",
    label: "name",
    owner: None,
    nesting: Some("parent"),
    fields: &[
        field("name", "Name", Shape::Line, "What people call it.").required(),
        field("kind", "Kind", Shape::Choice(KINDS), "What it is; decides which other fields it has.").required(),
        field("parent", "Part of", ELEMENT, "The element it is a part of."),
        field("group", "Group", Shape::Line, "A group it is drawn in, such as Backend/Orders."),
        field("purpose", "Purpose", Shape::Text, "What it is there for.").labels(&[
            "Description",
            "Responsibility",
            "What it does",
            "Role",
        ]),
        field("responsibilities", "Responsibilities", Shape::List, "What it does, one a line.").labels(&[
            "Key Responsibilities",
            "Main Responsibilities",
            "Functions",
        ]),
        field("pattern", "Architecture pattern", Shape::Text, "How it is built inside.").labels(&[
            "Pattern",
            "Design Pattern",
            "Style",
            "Architecture",
        ]),
        field("technologies", "Technologies", Shape::List, "Languages, frameworks, libraries.").labels(&[
            "Technology",
            "Tech Stack",
            "Stack",
            "Built with",
            "Implementation",
        ]),
        field("interfaces", "Interfaces", Shape::Text, "How others communicate with it.").labels(&[
            "Interface",
            "API",
            "Communication",
        ]),
        field("input", "Input", Shape::Text, "What it receives.").labels(&["Inputs", "Receives", "Consumes"]),
        field("output", "Output", Shape::Text, "What it produces.").labels(&["Outputs", "Produces", "Emits"]),
        field(
            "dependencies",
            "Dependencies",
            Shape::Targets,
            "The elements it depends on: where its relationships lead.",
        )
        .labels(&["Depends on", "Uses", "Dependency"]),
        field("owner", "Owner", Shape::Line, "The team or person that answers for it.").labels(&[
            "Team",
            "Owned by",
            "Maintainer",
            "Maintained by",
        ]),
        field("status", "Status", Shape::Choice(STATUS), "Where it is in its life."),
        field("schemaManagement", "Schema management", Shape::Text, "How its schema is changed.")
            .of(&["database", "queue"])
            .labels(&["Schema", "Migrations", "Schema Migrations"]),
        field("backup", "Backup strategy", Shape::Text, "How it is backed up and restored.")
            .of(STORES)
            .labels(&["Backup", "Backups"]),
        field("retention", "Retention", Shape::Text, "How long data is kept, and what removes it.")
            .of(&["database", "file-store", "queue"])
            .labels(&["Data Retention", "Retention Policy"]),
        field("ttl", "TTL strategy", Shape::Text, "How long an entry lives.").of(&["cache"]).labels(&["TTL", "Expiry"]),
        field("eviction", "Eviction policy", Shape::Text, "What is dropped when it is full.")
            .of(&["cache"])
            .labels(&["Eviction"]),
        field("scaling", "Scaling strategy", Shape::Text, "How it grows with the load.")
            .of(RUNNING)
            .labels(&["Scaling", "Scalability"]),
        field("exposure", "Exposure", Shape::Choice(EXPOSURE), "Who can reach it."),
        field("redundancy", "Redundancy", Shape::Choice(REDUNDANCY), "Whether it stops when one instance stops."),
        field("boundary", "Trust boundary", Shape::Ref(&[Collection::Boundaries]), "The boundary it is inside of."),
        field("data", "Data held", Shape::Refs(&[Collection::Classes]), "The classes of data it holds."),
        field("tags", "Tags", Shape::Tags, "Words to filter by."),
        field("properties", "Properties", Shape::Map, "Anything else, name = value."),
        field("url", "URL", Shape::Line, "Where to read more.").labels(&["Link", "Repository", "Source"]),
        field("formerNames", "Former names", Shape::Tags, "Names it had before; kept when it is renamed."),
    ],
};

pub(super) static RELATIONSHIPS: Table = Table {
    name: "relationships",
    singular: "relationship",
    title: "Relationships",
    help: "What one element has to do with another; there may be several between the same two.",
    label: "description",
    owner: None,
    nesting: None,
    fields: &[
        field("from", "From", ELEMENT, "The element that uses or calls.").required(),
        field("to", "To", ELEMENT, "The element that is used or called.").required(),
        field("description", "Description", Shape::Line, "What happens, such as “reads orders from”."),
        field("technology", "Technology", Shape::Line, "Protocol or library, such as “gRPC”."),
        field("interaction", "Interaction", Shape::Choice(INTERACTION), "Whether the caller waits."),
        field("timeout", "Timeout", Shape::Line, "How long the caller waits, such as “2 s”."),
        field("retries", "Retries", Shape::Line, "How often and how it is tried again."),
        field("circuitBreaker", "Circuit breaker", Shape::Line, "When calls are no longer tried."),
        field("fallback", "Fallback", Shape::Text, "What happens instead when it fails."),
        field("data", "Data", Shape::List, "What is carried."),
        field(
            "classification",
            "Classification",
            Shape::Refs(&[Collection::Classes]),
            "The classes of the data carried.",
        ),
        field("protection", "Protection", Shape::Choice(PROTECTION), "How the data is protected on the way."),
        field("status", "Status", Shape::Choice(STATUS), "Where it is in its life."),
        field("tags", "Tags", Shape::Tags, "Words to filter by."),
        field("properties", "Properties", Shape::Map, "Anything else, name = value."),
        field("url", "URL", Shape::Line, "Where to read more."),
    ],
};

pub(super) static FLOWS: Table = Table {
    name: "flows",
    singular: "flow",
    title: "Flows",
    help: "What happens for a use case, step by step.",
    label: "name",
    owner: None,
    nesting: None,
    fields: &[
        field("name", "Name", Shape::Line, "The use case.").required(),
        field("description", "Description", Shape::Text, "When and why it happens."),
        field("tags", "Tags", Shape::Tags, "Words to filter by."),
    ],
};

pub(super) static STEPS: Table = Table {
    name: "steps",
    singular: "step",
    title: "Steps",
    help: "The steps of a flow, in order; alternatives, loops and parallel parts hold others.",
    label: "text",
    owner: Some("flow"),
    nesting: Some("within"),
    fields: &[
        field("flow", "Flow", Shape::Ref(&[Collection::Flows]), "The flow it is a step of.").required(),
        field("within", "Within", Shape::Ref(&[Collection::Steps]), "The alternative, loop or parallel part it is in."),
        field("kind", "Kind", Shape::Choice(STEP_KINDS), "Whether it is a step or holds others."),
        field("text", "Text", Shape::Text, "What happens; may mention elements."),
        field("condition", "Condition", Shape::Line, "When it applies, or how often."),
        field("from", "From", ELEMENT, "Who acts."),
        field("to", "To", ELEMENT, "Who is acted on."),
        field(
            "relationship",
            "Relationship",
            Shape::Ref(&[Collection::Relationships]),
            "The relationship it goes over.",
        ),
        field("technology", "Technology", Shape::Line, "Protocol or library."),
    ],
};

pub(super) static BOUNDARIES: Table = Table {
    name: "boundaries",
    singular: "boundary",
    title: "Boundaries",
    help: "Where trust, network or organisation ends.",
    label: "name",
    owner: None,
    nesting: Some("parent"),
    fields: &[
        field("name", "Name", Shape::Line, "What people call it.").required(),
        field("kind", "Kind", Shape::Choice(BOUNDARY_KINDS), "What ends there."),
        field("parent", "Inside of", Shape::Ref(&[Collection::Boundaries]), "The boundary around it."),
        field("description", "Description", Shape::Text, "What it keeps apart, and how."),
    ],
};

pub(super) static CLASSES: Table = Table {
    name: "classes",
    singular: "data class",
    title: "Data classes",
    help: "Classes of data and how closely they are kept.",
    label: "name",
    owner: None,
    nesting: None,
    fields: &[
        field("name", "Name", Shape::Line, "What people call it, such as “Payment data”.").required(),
        field("level", "Level", Shape::Choice(LEVELS), "How closely it is kept."),
        field("description", "Description", Shape::Text, "What belongs to it."),
    ],
};

pub(super) static VIEWS: Table = Table {
    name: "views",
    singular: "view",
    title: "Views",
    help: "Diagrams of the model: which part is shown.",
    label: "name",
    owner: None,
    nesting: None,
    fields: &[
        field("name", "Name", Shape::Line, "The diagram's title.").required(),
        field("kind", "Kind", Shape::Choice(VIEW_KINDS), "What it shows."),
        field(
            "scope",
            "Scope",
            Shape::Ref(&[Collection::Elements, Collection::Environments, Collection::Flows]),
            "What it is about.",
        ),
        field(
            "elements",
            "Elements",
            Shape::Refs(&[Collection::Elements]),
            "The elements shown; all of the scope when there are none.",
        ),
        field("tags", "Tags", Shape::Tags, "Only elements with one of these words."),
        field("description", "Description", Shape::Text, "What to see in it."),
    ],
};
