//! What kinds of elements have in common.

/// Programs and stores that run somewhere.
pub const RUNNING: &[&str] = &[
    "container",
    "service",
    "web-client",
    "mobile-app",
    "command-line",
    "gateway",
    "database",
    "cache",
    "queue",
    "file-store",
];

/// What is put onto servers, so that an environment lacks something without it.
pub const DEPLOYED: &[&str] = &["container", "service", "gateway", "database", "cache", "queue", "file-store"];

/// What keeps data that would be missed.
pub const STORES: &[&str] = &["database", "file-store"];

/// What answers calls of others.
pub const ANSWERING: &[&str] = &["service", "gateway"];

/// Whether its inside is somebody else's.
pub fn is_foreign(kind: &str) -> bool {
    matches!(kind, "person" | "external")
}

/// How deep a kind belongs: a person or system outside, a component inside;
/// `None` for what may stand anywhere.
pub fn depth(kind: &str) -> Option<u8> {
    match kind {
        "person" | "system" | "external" => Some(0),
        "component" => Some(2),
        "custom" | "" => None,
        _ => Some(1),
    }
}
