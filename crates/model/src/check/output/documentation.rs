//! The documentation of the rules, from the rules.

use crate::check::{Area, Rule, find, rules};

/// What a rule looks for, why, and what to do, with an example; Markdown.
pub fn explain(id: &str) -> Option<String> {
    find(id).map(|rule| format!("# {}\n\n{}", rule.title, describe(rule)))
}

/// The page of all rules.
pub fn documentation() -> String {
    let mut out = String::from(
        "# Checks\n\n`drystone check` looks for what is missing, wrong or contradictory in a document. This page is generated \
         from the rules;\nevery example is also the test of its rule.\n",
    );
    for area in Area::ALL {
        out.push_str(&format!("\n## {}\n\n| rule | finds | severity |\n|---|---|---|\n", area.title()));
        let of_area: Vec<&&Rule> = rules().iter().filter(|rule| rule.area == area).collect();
        for rule in &of_area {
            out.push_str(&format!("| [`{0}`](#{0}) | {1} | {2} |\n", rule.id, rule.title, rule.severity.name()));
        }
        for rule in &of_area {
            out.push_str(&format!("\n### {}\n\n{}", rule.id, describe(rule)));
        }
    }
    out.push_str(PROJECT);
    out
}

fn describe(rule: &Rule) -> String {
    format!(
        "`{}` · {} · {}\n\n{}\n\nFound here:\n\n```text\n{}```\n\nNot here:\n\n```text\n{}```\n",
        rule.id,
        rule.area.name(),
        rule.severity.name(),
        rule.explanation,
        (rule.example.bad)().describe(),
        (rule.example.good)().describe(),
    )
}

/// How a project and a document change what is found.
const PROJECT: &str = r#"
## The project's file

Rules of a project stand in `drystone.toml`. All of it may be left out; what is not known is refused with its line and column.

```toml
[check]
stale-days = 365                                   # claims older than this are found
max-depth = 3                                      # how deep elements may be nested
no-cycles = true                                   # no cycle of dependencies, asynchronous ones neither
layers = ["tag:interface", "tag:logic", "tag:data"]  # relationships lead downwards only

[severity]                                         # off, info, warning or error for each rule
element-without-owner = "off"

[required]                                         # fields by kind of element or by collection
database = ["backup", "retention"]
decisions = ["deciders"]

[technologies]
forbidden = ["MongoDB"]
database = { allowed = ["PostgreSQL"] }            # by kind

[[forbidden]]
from = "kind:web-client"
to = ["kind:database", "tag:store"]
reason = "The interface goes through the API."

[[allowed]]                                        # what matches `from` may lead to these only
from = "tag:interface"
to = "tag:logic"
```

Elements are chosen by `tag:`, `kind:`, `group:` (with the groups below it), `name:` (with what is nested in it) or `*`.

## Suppressions

A finding that is accepted as it is gets a record in the document: `suppressions`, with the rule, the place and a reason. A place
covers what is below it: `elements.shop` accepts `elements.shop.owner` too. Without a place, the rule is accepted everywhere. With
the record's id, as in `elements.0f3a….owner`, a suppression also holds after the record is renamed. A suppression that accepts
nothing any more is a finding itself.
"#;
