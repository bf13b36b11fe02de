//! What kind of element a name and its fields speak of.

/// The kind of an element by its name, which fields it has, whether others are
/// nested in it, and whether it is nested itself.
pub(crate) fn guess_kind(name: &str, has: impl Fn(&str) -> bool, holds: bool, nested: bool) -> &'static str {
    if let Some(kind) = crate::kinds::told_kind(name) {
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

    #[test]
    fn kinds_follow_names_then_fields_then_nesting() {
        assert_eq!(guess_kind("User Database", |_| false, false, false), "database");
        assert_eq!(guess_kind("Sessions", |field| field == "ttl", false, false), "cache");
        assert_eq!(guess_kind("Parser", |_| false, false, true), "component");
        assert_eq!(guess_kind("Pricing", |_| false, false, false), "service");
    }
}
