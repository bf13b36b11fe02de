//! What kind of element a name and its fields speak of.

/// Words that decide, the last of a name before those in front of it.
const WORDS: &[(&str, &[&str])] = &[
    ("person", &["user", "users", "customer", "customers", "person", "actor", "admin", "administrator", "operator"]),
    ("web-client", &["frontend", "browser", "website", "webapp", "ui", "spa"]),
    ("mobile-app", &["mobile", "android", "ios"]),
    ("command-line", &["cli", "terminal"]),
    ("gateway", &["gateway", "proxy", "ingress", "nginx", "envoy", "traefik", "haproxy"]),
    (
        "database",
        &[
            "database",
            "databases",
            "db",
            "datastore",
            "postgres",
            "postgresql",
            "mysql",
            "mariadb",
            "sqlite",
            "mongodb",
            "warehouse",
        ],
    ),
    ("cache", &["cache", "redis", "memcached", "valkey"]),
    ("queue", &["queue", "queues", "broker", "kafka", "rabbitmq", "nats"]),
    ("file-store", &["storage", "bucket", "s3", "minio", "filesystem"]),
    ("service", &["service", "services", "api", "backend", "server", "worker"]),
];

/// Pairs of words that decide before single ones.
const PAIRS: &[(&str, &str)] = &[
    ("web client", "web-client"),
    ("web app", "web-client"),
    ("web application", "web-client"),
    ("front end", "web-client"),
    ("mobile client", "mobile-app"),
    ("mobile app", "mobile-app"),
    ("command line", "command-line"),
    ("cli tool", "command-line"),
    ("load balancer", "gateway"),
    ("message bus", "queue"),
    ("event bus", "queue"),
    ("data store", "database"),
    ("file store", "file-store"),
    ("file system", "file-store"),
    ("external system", "external"),
];

/// The kind that a name speaks of.
fn by_name(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    for last in (0..words.len()).rev() {
        let pair = last.checked_sub(1).map(|first| format!("{} {}", words[first], words[last]));
        let by_pair = pair.and_then(|pair| PAIRS.iter().find(|(words, _)| *words == pair)).map(|(_, kind)| *kind);
        let by_word = || WORDS.iter().find(|(_, known)| known.contains(&words[last])).map(|(kind, _)| *kind);
        if let Some(kind) = by_pair.or_else(by_word) {
            return Some(kind);
        }
    }
    None
}

/// The kind of an element by its name, which fields it has, whether others are
/// nested in it, and whether it is nested itself.
pub(crate) fn guess_kind(name: &str, has: impl Fn(&str) -> bool, holds: bool, nested: bool) -> &'static str {
    if let Some(kind) = by_name(name) {
        return kind;
    }
    if has("ttl") || has("eviction") {
        return "cache";
    }
    if has("schemaManagement") || has("backup") {
        return "database";
    }
    match (holds, nested) {
        (true, _) => "container",
        (false, true) => "component",
        (false, false) => "service",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::element_kinds;

    #[test]
    fn kinds_follow_names_then_fields_then_nesting() {
        let guess = |name: &str| guess_kind(name, |_| false, false, false);
        for (name, kind) in [
            ("User Database", "database"),
            ("User Service", "service"),
            ("API Gateway", "gateway"),
            ("CLI Tool", "command-line"),
            ("File Store", "file-store"),
            ("Message Broker", "queue"),
            ("Web Client", "web-client"),
            ("Mobile App", "mobile-app"),
            ("Cache", "cache"),
            ("Pricing", "service"),
        ] {
            assert_eq!(guess(name), kind, "{name}");
        }
        assert_eq!(guess_kind("Sessions", |field| field == "ttl", false, false), "cache");
        assert_eq!(guess_kind("Parser", |_| false, false, true), "component");
        let kinds = WORDS.iter().map(|(kind, _)| kind).chain(PAIRS.iter().map(|(_, kind)| kind));
        assert!(kinds.into_iter().all(|kind| element_kinds().iter().any(|choice| choice.value == *kind)));
    }
}
