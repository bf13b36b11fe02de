//! SARIF 2.1.0, the form in which code hosts and editors take findings.

use foldhash::HashMap;

use serde_json::{Value, json};

use super::level;
use crate::check::{Finding, Report, Rule, rules};

/// The report as a SARIF log of one run.
pub fn sarif(report: &Report, version: &str) -> String {
    let places: HashMap<&str, usize> = rules().iter().enumerate().map(|(place, rule)| (rule.id, place)).collect();
    let all = report.findings.iter().chain(&report.suppressed);
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "Drystone",
                    "version": version,
                    "rules": rules().iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
                },
            },
            "columnKind": "unicodeCodePoints",
            "results": all.map(|finding| result(finding, &places)).collect::<Vec<_>>(),
        }],
    });
    format!("{log:#}\n")
}

fn descriptor(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "name": pascal(rule.id),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.summary()},
        "help": {"text": rule.explanation, "markdown": rule.explanation},
        "defaultConfiguration": {"level": level(rule.severity)},
        "properties": {"tags": [rule.area.name()]},
    })
}

/// `cache-without-ttl` as `CacheWithoutTtl`.
fn pascal(id: &str) -> String {
    let upper = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
    };
    id.split('-').map(upper).collect()
}

fn result(finding: &Finding, places: &HashMap<&str, usize>) -> Value {
    let mut location = json!({
        "logicalLocations": [{"fullyQualifiedName": finding.path, "kind": kind(finding)}],
    });
    if finding.place != finding.path {
        let file = match finding.target.line {
            Some(line) => finding.place.strip_suffix(&format!(":{line}")).unwrap_or(&finding.place),
            None => &finding.place,
        };
        location["physicalLocation"] = json!({"artifactLocation": {"uri": uri(file)}});
        if let Some(line) = finding.target.line {
            location["physicalLocation"]["region"] = json!({"startLine": line.max(1)});
        }
    }
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": {"text": finding.message},
        "locations": [location],
        "partialFingerprints": {"ruleAndPath/v1": format!("{} {}", finding.rule, finding.path)},
    });
    if let Some(place) = places.get(finding.rule) {
        result["ruleIndex"] = json!(place);
    }
    if let Some(reason) = &finding.suppressed {
        result["suppressions"] = json!([{"kind": "external", "status": "accepted", "justification": reason}]);
    }
    result
}

fn kind(finding: &Finding) -> &'static str {
    match (&finding.target.field, &finding.target.record) {
        (Some(_), _) => "member",
        (None, Some(_)) => "object",
        (None, None) => "module",
    }
}

/// A path as a reference: what may not stand in one is written in hexadecimal.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_references_are_written_as_sarif_wants_them() {
        assert_eq!(pascal("cache-without-ttl"), "CacheWithoutTtl");
        assert_eq!(uri("docs/My Grüße#1.md"), "docs/My%20Gr%C3%BC%C3%9Fe%231.md");
    }
}
