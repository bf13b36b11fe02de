//! What kind of element a name speaks of.

use std::sync::LazyLock;

use foldhash::HashMap;

use crate::schema::element_kinds;

/// Words that decide by standing next to each other.
const PAIRS: &[(&str, &str)] = &[
    ("web client", "web-client"),
    ("web app", "web-client"),
    ("web application", "web-client"),
    ("web frontend", "web-client"),
    ("web front", "web-client"),
    ("front end", "web-client"),
    ("web ui", "web-client"),
    ("web site", "web-client"),
    ("mobile client", "mobile-app"),
    ("command line", "command-line"),
    ("load balancer", "gateway"),
    ("reverse proxy", "gateway"),
    ("message bus", "queue"),
    ("event bus", "queue"),
    ("service bus", "queue"),
    ("data store", "database"),
    ("data warehouse", "database"),
    ("file system", "file-store"),
    ("file share", "file-store"),
    ("third party", "external"),
];

/// Words that decide alone. In English the last noun says what a thing is: a
/// user database is a database, a user service is a service.
const WORDS: &[(&str, &[&str])] = &[
    (
        "person",
        &[
            "user",
            "users",
            "customer",
            "customers",
            "person",
            "people",
            "actor",
            "admin",
            "administrator",
            "operator",
            "developer",
            "visitor",
        ],
    ),
    ("web-client", &["browser", "frontend", "website", "webapp", "ui", "spa"]),
    ("mobile-app", &["mobile", "android", "ios", "iphone"]),
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
            "mongo",
            "cassandra",
            "dynamodb",
            "elasticsearch",
            "warehouse",
        ],
    ),
    ("cache", &["cache", "caches", "redis", "memcached", "valkey"]),
    ("queue", &["queue", "queues", "broker", "topic", "kafka", "rabbitmq", "nats", "sqs", "feed"]),
    ("file-store", &["store", "storage", "bucket", "s3", "minio", "filesystem", "files"]),
    ("external", &["external"]),
    ("component", &["component", "module", "library", "controller", "repository"]),
    ("system", &["system"]),
    ("service", &["service", "services", "api", "backend", "server", "worker", "processor"]),
    ("custom", &["layer", "tier"]),
];

/// The kind of element that a name speaks of, one of the choices of `kind`.
/// A name that tells nothing is taken for a service.
pub fn guess_kind(name: &str) -> &'static str {
    told_kind(name).unwrap_or("service")
}

/// The kind that a name speaks of, where it speaks of one.
pub fn told_kind(name: &str) -> Option<&'static str> {
    let words = words(name);
    let pair = |pair: &[String]| {
        let joined = pair.join(" ");
        PAIRS.iter().find(|(words, _)| *words == joined).map(|(_, kind)| *kind)
    };
    let alone = |word: &String| WORDS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(kind, _)| *kind);
    for last in (0..words.len()).rev() {
        let found = last.checked_sub(1).and_then(|first| pair(&words[first..=last]));
        if let Some(kind) = found.or_else(|| alone(&words[last])) {
            return Some(kind);
        }
    }
    None
}

/// The kind of element that a word means by itself: its value, title or alias.
pub fn kind_meant(word: &str) -> Option<&'static str> {
    MEANT.get(&words(word).join("-")).copied()
}

/// Kinds by the words that mean them.
static MEANT: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let mut meant = HashMap::default();
    for choice in element_kinds() {
        for word in [choice.value, choice.title].iter().chain(choice.aliases) {
            let word = words(word).join("-");
            if !word.is_empty() {
                meant.entry(word).or_insert(choice.value);
            }
        }
    }
    meant
});

/// Lower case, cut where words end: `OrderDB`, `order-db` and `Order DB` are
/// the same words.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut was_lower = false;
    for c in name.chars() {
        let ends = !c.is_alphanumeric() || (was_lower && c.is_uppercase());
        if ends && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase() || c.is_numeric();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_guess_is_a_kind() {
        let guesses = PAIRS.iter().map(|(_, kind)| kind).chain(WORDS.iter().map(|(kind, _)| kind));
        for guess in guesses {
            assert!(element_kinds().iter().any(|choice| choice.value == *guess), "{guess}");
        }
    }

    #[test]
    fn words_for_kinds_are_known_in_their_spellings() {
        for (word, kind) in [("Software System", "system"), ("web-client", "web-client"), ("Queue or broker", "queue")]
        {
            assert_eq!(kind_meant(word), Some(kind));
        }
        assert_eq!(kind_meant("Java"), None);
    }

    #[test]
    fn the_last_telling_word_of_a_name_decides() {
        for (name, kind) in [
            ("User", "person"),
            ("User Database", "database"),
            ("User Service", "service"),
            ("OrderDB", "database"),
            ("API Gateway", "gateway"),
            ("Message Broker", "queue"),
            ("Product Cache (Redis)", "cache"),
            ("File Store", "file-store"),
            ("data-store", "database"),
            ("CLI Tool", "command-line"),
            ("Mobile App", "mobile-app"),
            ("Web Client", "web-client"),
            ("Web Front End Angular", "web-client"),
            ("Trader Browser", "web-client"),
            ("NGINX Ingress", "gateway"),
            ("Data Layer", "custom"),
            ("Trade Feed", "queue"),
            ("Reference Data", "service"),
            ("Größe", "service"),
            ("", "service"),
        ] {
            assert_eq!(guess_kind(name), kind, "{name}");
        }
    }
}
