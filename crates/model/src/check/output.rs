//! What the checks found, in the forms that people and programs read.

mod documentation;
mod sarif;

use serde_json::{Value, json};

use super::{Finding, Report, Severity};

pub use documentation::{documentation, explain};
pub use sarif::sarif;

/// For a terminal: one finding after the other, the worst first, then how many
/// there are.
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    for finding in &report.findings {
        let level = finding.severity.name();
        out.push_str(&format!("{}: {level}: {} [{}]\n", finding.place, finding.message, finding.rule));
        if let Some(fix) = &finding.fix {
            out.push_str(&format!("    fix: {}\n", fix.title));
        }
    }
    if !report.findings.is_empty() {
        out.push('\n');
    }
    out.push_str(&summary(report));
    out
}

fn summary(report: &Report) -> String {
    let counts = report.counts;
    let all =
        [(counts.errors, "error", "errors"), (counts.warnings, "warning", "warnings"), (counts.infos, "info", "infos")];
    let words: Vec<String> = all
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
        .collect();
    let found = if words.is_empty() { "Nothing found".to_owned() } else { words.join(", ") };
    match counts.suppressed {
        0 => format!("{found}.\n"),
        suppressed => format!("{found}; {suppressed} suppressed.\n"),
    }
}

/// For programs. `rule`, `severity`, `message` and `place` never change their
/// names.
pub fn json(report: &Report) -> String {
    let counts = report.counts;
    let value = json!({
        "findings": report.findings.iter().map(finding_json).collect::<Vec<_>>(),
        "suppressed": report.suppressed.iter().map(finding_json).collect::<Vec<_>>(),
        "counts": {
            "error": counts.errors,
            "warning": counts.warnings,
            "info": counts.infos,
            "suppressed": counts.suppressed,
        },
    });
    format!("{value:#}\n")
}

fn finding_json(finding: &Finding) -> Value {
    let mut value = json!({
        "rule": finding.rule,
        "severity": finding.severity.name(),
        "message": finding.message,
        "place": finding.place,
        "path": finding.path,
        "explanation": finding.explanation,
    });
    if let Some(fix) = &finding.fix {
        let sections = fix.section_edits.iter().map(|(id, text)| json!({"id": id, "text": text}));
        value["fix"] = json!({
            "title": fix.title,
            "edits": fix.edits,
            "sections": sections.collect::<Vec<_>>(),
        });
    }
    if let Some(reason) = &finding.suppressed {
        value["suppressed"] = json!(reason);
    }
    value
}

/// The word of SARIF for a severity.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}
