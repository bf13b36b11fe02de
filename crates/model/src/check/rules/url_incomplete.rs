//! Address that does not lead anywhere.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Address that does not lead anywhere.
pub static RULE: Rule = Rule {
    id: "url-incomplete",
    title: "Address that does not lead anywhere",
    severity: Severity::Info,
    area: Area::Model,
    scope: Scope::Record,
    explanation: "\
        A URL has no scheme such as `https://`, or has spaces in it.\n\n\
        Nobody can click on it.\n\n\
        Write the whole address, or a path relative to the document that begins with `./` or `../`.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for record in subject.all() {
        let url = record.text("url").trim();
        let relative = ["./", "../", "/", "#"].iter().any(|start| url.starts_with(start));
        let whole = url.contains("://") || url.starts_with("mailto:") || relative;
        if !url.is_empty() && (!whole || url.contains(char::is_whitespace)) {
            findings.field(record, "url", format!("“{url}” is not a whole address."));
        }
    }
}

fn bad() -> Case {
    Case::new().element("Shop", "system", &[("url", "wiki/Shop")])
}

fn good() -> Case {
    Case::new().element("Shop", "system", &[("url", "https://wiki.example/Shop")]).element(
        "Mail",
        "external",
        &[("url", "./mail.md")],
    )
}
