//! Which place of a template is about which topic of a concern, both ways.

/// Topic and place. A place is that of one topic, and a topic has one place.
const PLACES: &[(&str, &str)] = &[
    ("authentication", "security.authentication"),
    ("authorization", "security.authorization"),
    ("data-protection", "security.data-protection"),
    ("input-validation", "security.input-validation"),
    ("network-security", "security.network"),
    ("horizontal-scaling", "scalability.horizontal"),
    ("vertical-scaling", "scalability.vertical"),
    ("bottleneck", "scalability.bottlenecks"),
    ("error-handling", "resilience.error-handling"),
    ("retry", "resilience.retry"),
    ("circuit-breaker", "resilience.circuit-breakers"),
    ("fallback", "resilience.fallback"),
    ("metrics", "observability.metrics"),
    ("logging", "observability.logging"),
    ("tracing", "observability.tracing"),
    ("alerting", "observability.alerting"),
    ("infrastructure", "deployment.infrastructure"),
    ("pipeline", "deployment.pipeline"),
];

/// The place that is about a concern's topic, such as `security.network` for
/// `network-security`; empty for a word that is no topic.
pub fn place_of_topic(topic: &str) -> &'static str {
    PLACES.iter().find(|(known, _)| *known == topic).map_or("", |(_, place)| place)
}

/// The topic of the concerns that belong at a place, such as
/// `network-security` at `security.network`.
pub fn topic_of_place(key: &str) -> Option<&'static str> {
    PLACES.iter().find(|(_, place)| *place == key).map(|(topic, _)| *topic)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::schema::Collection;
    use crate::templates;

    #[test]
    fn every_topic_of_the_schema_has_a_place_that_a_template_has() {
        let choices = Collection::Concerns.field("topic").unwrap().shape.choices();
        let mut places = HashSet::new();
        for choice in choices {
            let place = place_of_topic(choice.value);
            assert!(templates::is_place(place), "{}: {place} is no place", choice.value);
            assert!(places.insert(place), "{place} has two topics");
            assert_eq!(topic_of_place(place), Some(choice.value));
        }
        assert_eq!(PLACES.len(), choices.len(), "a topic here is not in the schema");
        assert_eq!(place_of_topic("weather"), "");
        assert_eq!(topic_of_place("overview"), None);
    }
}
