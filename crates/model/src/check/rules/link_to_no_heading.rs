//! Link to a heading that is not there.

use foldhash::{HashMap, HashSet};

use crate::check::prose;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Link to a heading that is not there.
pub static RULE: Rule = Rule {
    id: "link-to-no-heading",
    title: "Link to a heading that is not there",
    severity: Severity::Warning,
    area: Area::Prose,
    scope: Scope::Document,
    explanation: "\
        A link inside the document leads to a heading that no section has.\n\n\
        A click on it leads nowhere, or to the top.\n\n\
        Correct the part behind the `#`: the heading in lower case, with dashes for spaces.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let anchors = anchors(subject);
    for section in subject.sections {
        for line in prose::lines(&section.rendered).filter(|line| !line.code) {
            for anchor in links(line.text).filter(|anchor| !anchors.contains(*anchor)) {
                findings.line(section, line.number, format!("No heading answers to the link #{anchor}."));
            }
        }
    }
}

/// What links may lead to: headings, numbered when they repeat, and marks that
/// are set by hand.
fn anchors(subject: &Checked<'_>) -> HashSet<String> {
    let mut all = HashSet::default();
    let mut counts: HashMap<String, usize> = HashMap::default();
    for section in subject.sections {
        let anchor = prose::anchor(&section.title);
        let count = counts.entry(anchor.clone()).or_default();
        all.insert(if *count == 0 { anchor } else { format!("{anchor}-{count}") });
        *count += 1;
        for line in prose::lines(&section.rendered) {
            // Headings inside of lists and quotes are none of the sections.
            let inner = line.text.trim_start_matches(['>', ' ', '-']).trim_start_matches('#');
            if line.text.contains('#') {
                all.insert(prose::anchor(inner));
            }
            for mark in ["id=\"", "name=\"", "id='", "name='"] {
                let named = line.text.split(mark).skip(1).filter_map(|rest| rest.split(['"', '\'']).next());
                all.extend(named.map(str::to_owned));
            }
        }
    }
    all
}

/// The anchors that a line's links lead to, other files left out.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let targets = line.split("](#").skip(1).filter_map(|rest| rest.split([')', ' ', '"']).next());
    // What is written in hexadecimal is not read: it is left alone.
    targets.filter(|anchor| !anchor.is_empty() && !anchor.contains('%'))
}

fn bad() -> Case {
    Case::new().section("overview", "Overview", "See [security](#securty).").section("security", "Security", "Tokens.")
}

fn good() -> Case {
    Case::new()
        .section("overview", "Overview", "See [security](#security), [data](#data--flow) and [note](#note).")
        .section("security", "Security", "Tokens. <a id=\"note\"></a>")
        .section("data-flow", "Data & Flow", "None.")
}
