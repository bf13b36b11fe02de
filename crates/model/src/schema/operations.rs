//! Environments, concerns, risks and quality scenarios.

use super::architecture::word;
use super::{Choice, Collection, Shape, Table, field};

/// What a concern is about. The part before the dot of the place in a
/// template is its area.
const TOPICS: &[Choice] = &[
    word("authentication", "Authentication", &[]),
    word("authorization", "Authorization", &["authorisation"]),
    word("data-protection", "Data protection", &["encryption"]),
    word("input-validation", "Input validation", &["validation"]),
    word("network-security", "Network security", &["network"]),
    word("horizontal-scaling", "Horizontal scaling", &["horizontal"]),
    word("vertical-scaling", "Vertical scaling", &["vertical"]),
    word("bottleneck", "Bottleneck", &["bottlenecks"]),
    word("error-handling", "Error handling", &["errors"]),
    word("retry", "Retry", &["retries", "retry-logic"]),
    word("circuit-breaker", "Circuit breaker", &["circuit-breakers"]),
    word("fallback", "Fallback", &["fallbacks", "fallback-mechanisms"]),
    word("metrics", "Metrics", &["metric"]),
    word("logging", "Logging", &["logs", "log"]),
    word("tracing", "Tracing", &["traces", "trace"]),
    word("alerting", "Alerting", &["alerts", "alert"]),
    word("infrastructure", "Infrastructure", &[]),
    word("pipeline", "Pipeline", &["ci-cd", "ci-cd-pipeline"]),
];

const GRADES: &[Choice] = &[word("low", "Low", &[]), word("medium", "Medium", &[]), word("high", "High", &["severe"])];

const RISK_STATUS: &[Choice] = &[
    word("open", "Open", &[]),
    word("mitigated", "Mitigated", &[]),
    word("accepted", "Accepted", &[]),
    word("closed", "Closed", &[]),
];

const NODE_KINDS: &[Choice] = &[
    word("node", "Node", &["machine", "host", "cluster"]),
    word("infrastructure", "Infrastructure", &["network", "load-balancer"]),
];

const ELEMENTS: Shape = Shape::Refs(&[Collection::Elements]);

pub(super) static ENVIRONMENTS: Table = Table {
    name: "environments",
    singular: "environment",
    title: "Environments",
    help: "Where it runs: development, staging, production.",
    label: "name",
    owner: None,
    nesting: None,
    fields: &[
        field("name", "Name", Shape::Line, "What people call it.").required(),
        field("description", "Description", Shape::Text, "What it is for and how it differs."),
        field("url", "URL", Shape::Line, "Where it can be reached."),
        field("tags", "Tags", Shape::Tags, "Words to filter by."),
    ],
};

pub(super) static NODES: Table = Table {
    name: "nodes",
    singular: "node",
    title: "Nodes",
    help: "Regions, clusters, machines and infrastructure of an environment, nested.",
    label: "name",
    owner: Some("environment"),
    nesting: Some("parent"),
    fields: &[
        field("environment", "Environment", Shape::Ref(&[Collection::Environments]), "The environment it belongs to.")
            .required(),
        field("parent", "Inside of", Shape::Ref(&[Collection::Nodes]), "The node around it."),
        field("name", "Name", Shape::Line, "What people call it.").required(),
        field("kind", "Kind", Shape::Choice(NODE_KINDS), "Whether elements run on it."),
        field("technology", "Technology", Shape::Line, "What it is, such as “Debian 12”."),
        field("count", "How many", Shape::Number, "How many there are."),
        field("description", "Description", Shape::Text, "What to know about it."),
        field("tags", "Tags", Shape::Tags, "Words to filter by."),
        field("properties", "Properties", Shape::Map, "Anything else, name = value."),
        field("url", "URL", Shape::Line, "Where to read more."),
    ],
};

pub(super) static INSTANCES: Table = Table {
    name: "instances",
    singular: "instance",
    title: "Instances",
    help: "Elements that run on a node.",
    label: "element",
    owner: Some("node"),
    nesting: None,
    fields: &[
        field("node", "Node", Shape::Ref(&[Collection::Nodes]), "The node it runs on.").required(),
        field("element", "Element", Shape::Ref(&[Collection::Elements]), "What runs there.").required(),
        field("count", "How many", Shape::Number, "How many there are."),
        field("description", "Description", Shape::Text, "What is special about it there."),
        field("tags", "Tags", Shape::Tags, "Words to filter by."),
        field("properties", "Properties", Shape::Map, "Anything else, name = value."),
    ],
};

pub(super) static CONCERNS: Table = Table {
    name: "concerns",
    singular: "concern",
    title: "Concerns",
    help: "Statements on security, scaling, resilience and observability, linked to the elements they are about.",
    label: "name",
    owner: None,
    nesting: None,
    fields: &[
        field("topic", "Topic", Shape::Choice(TOPICS), "What it is about.").required(),
        field("name", "Name", Shape::Line, "A few words that name it."),
        field("statement", "Statement", Shape::Text, "What holds."),
        field("elements", "Elements", ELEMENTS, "The elements it is about."),
        field(
            "relationships",
            "Relationships",
            Shape::Refs(&[Collection::Relationships]),
            "The relationships it is about.",
        ),
        field("mitigation", "Mitigation", Shape::Text, "What is done about it.")
            .labels(&["Mitigation Strategy", "Mitigations"]),
        field("condition", "Condition", Shape::Line, "When an alert fires."),
        field("channel", "Channel", Shape::Line, "Where an alert goes."),
        field("severity", "Severity", Shape::Choice(GRADES), "How much it matters."),
        field("tags", "Tags", Shape::Tags, "Words to filter by."),
    ],
};

pub(super) static RISKS: Table = Table {
    name: "risks",
    singular: "risk",
    title: "Risks",
    help: "What may go wrong, and technical debt.",
    label: "title",
    owner: None,
    nesting: None,
    fields: &[
        field("title", "Title", Shape::Line, "The risk in a few words.").required(),
        field("description", "Description", Shape::Text, "What may happen and why."),
        field("likelihood", "Likelihood", Shape::Choice(GRADES), "How likely it is."),
        field("impact", "Impact", Shape::Choice(GRADES), "How bad it would be."),
        field("mitigation", "Mitigation", Shape::Text, "What is done about it."),
        field("owner", "Owner", Shape::Line, "Who watches it."),
        field("status", "Status", Shape::Choice(RISK_STATUS), "Where it stands."),
        field("elements", "Elements", ELEMENTS, "The elements it is about."),
    ],
};

pub(super) static SCENARIOS: Table = Table {
    name: "scenarios",
    singular: "quality scenario",
    title: "Quality scenarios",
    help: "What the system must do under which circumstances, measurably.",
    label: "name",
    owner: None,
    nesting: None,
    fields: &[
        field("name", "Name", Shape::Line, "The scenario in a few words.").required(),
        field("quality", "Quality", Shape::Line, "The quality it is about, such as performance."),
        field("stimulus", "Stimulus", Shape::Text, "What happens, and who or what causes it."),
        field("environment", "Environment", Shape::Line, "Under which circumstances."),
        field("response", "Response", Shape::Text, "What the system does."),
        field("measure", "Measure", Shape::Line, "How it is measured."),
        field("priority", "Priority", Shape::Choice(GRADES), "How much it matters."),
        field("elements", "Elements", ELEMENTS, "The elements it is about."),
    ],
};
