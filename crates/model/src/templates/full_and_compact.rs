//! The places of the two seed templates and the headings they go by.

use super::Known;

const fn place(key: &'static str, headings: &'static [&'static str]) -> Known {
    Known { key, headings, repeatable: false }
}

const fn many(key: &'static str, headings: &'static [&'static str]) -> Known {
    Known { key, headings, repeatable: true }
}

/// Every place, parents before what is nested in them. A key that ends in
/// `.*` stands for any heading nested in its parent.
pub(super) const PLACES: &[Known] = &[
    place(
        "overview",
        &["Overview", "Introduction", "System Overview", "Summary", "High-Level Overview", "Architecture Overview"],
    ),
    place(
        "diagram",
        &["Architecture Diagram", "Diagram", "Diagrams", "System Diagram", "High-Level Architecture Diagram"],
    ),
    place(
        "components",
        &[
            "Components",
            "Component Breakdown",
            "Building Blocks",
            "Building Block View",
            "Core Components",
            "System Components",
            "Key Components",
            "Main Components",
        ],
    ),
    many("components.component", &["Component", "*"]),
    place("data-flow", &["Data Flow", "Data Flows", "Dataflow", "Runtime View", "Request Flow", "Flows"]),
    many("data-flow.flow", &["Use case", "*"]),
    place("security", &["Security Architecture", "Security Considerations", "Security", "Security Model"]),
    place("security.authentication", &["Authentication", "Identity"]),
    place("security.authorization", &["Authorization", "Authorisation", "Access Control", "Permissions"]),
    place("security.data-protection", &["Data Protection", "Encryption", "Data Security"]),
    place("security.input-validation", &["Input Validation", "Validation"]),
    place("security.network", &["Network Security", "Network"]),
    place(
        "scalability",
        &["Scalability Considerations", "Scaling Strategy", "Scalability", "Scaling", "Performance and Scalability"],
    ),
    place("scalability.horizontal", &["Horizontal Scaling", "Scaling Out"]),
    place("scalability.vertical", &["Vertical Scaling", "Scaling Up"]),
    place("scalability.bottlenecks", &["Bottlenecks", "Known Bottlenecks"]),
    place(
        "resilience",
        &["Resilience & Fault Tolerance", "Resilience", "Fault Tolerance", "Reliability", "Failure Modes"],
    ),
    place("resilience.error-handling", &["Error Handling", "Errors"]),
    place("resilience.retry", &["Retry Logic", "Retries", "Retry", "Retry Strategy"]),
    place("resilience.circuit-breakers", &["Circuit Breakers", "Circuit Breaker"]),
    place("resilience.fallback", &["Fallback Mechanisms", "Fallbacks", "Fallback"]),
    place("observability", &["Monitoring & Observability", "Observability", "Monitoring", "Monitoring and Alerting"]),
    place("observability.metrics", &["Metrics"]),
    place("observability.logging", &["Logging", "Logs"]),
    place("observability.tracing", &["Tracing", "Distributed Tracing", "Traces"]),
    place("observability.alerting", &["Alerting", "Alerts"]),
    place("deployment", &["Deployment Architecture", "Deployment", "Deployment View", "Infrastructure and Deployment"]),
    place("deployment.environments", &["Environments"]),
    place("deployment.infrastructure", &["Infrastructure", "Hosting"]),
    place(
        "deployment.pipeline",
        &["CI/CD Pipeline", "CI/CD", "Pipeline", "Continuous Integration", "Continuous Delivery"],
    ),
    place(
        "decisions",
        &[
            "Technology Decisions",
            "Decisions",
            "Architecture Decisions",
            "Architectural Decisions",
            "Design Decisions",
            "Key Decisions",
            "Decision Log",
        ],
    ),
    many("decisions.decision", &["Decision", "*"]),
    place(
        "future",
        &[
            "Future Architecture Considerations",
            "Future Considerations",
            "Future Work",
            "Future",
            "Roadmap",
            "Future Improvements",
        ],
    ),
];

/// A place by its key.
pub(super) fn find(key: &str) -> Option<&'static Known> {
    PLACES.iter().find(|place| place.key == key)
}
