//! Program that runs nowhere.

use foldhash::HashSet;

use crate::check::kinds;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// Program that runs nowhere.
pub static RULE: Rule = Rule {
    id: "element-not-deployed",
    title: "Program that runs nowhere",
    severity: Severity::Info,
    area: Area::Operations,
    scope: Scope::Document,
    explanation: "\
        Environments are described, and a program or store that is live runs in none of them.\n\n\
        Either it runs somewhere that nobody wrote down, or it does not run.\n\n\
        Add an instance of it, or correct its status.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let instances = subject.list(Collection::Instances).map(|instance| instance.text("element"));
    let deployed: HashSet<&str> = instances.collect();
    if deployed.is_empty() {
        return;
    }
    let whole: HashSet<&str> = deployed.iter().flat_map(|id| subject.upwards(id)).collect();
    for element in subject.elements().filter(|element| kinds::DEPLOYED.contains(&element.text("kind"))) {
        // Parts run with what they are in, and a whole where one of its parts does.
        let somewhere = subject.is_within(&element.id, &deployed) || whole.contains(element.id.as_str());
        if !somewhere && element.text("status") != "proposed" {
            findings.record(element, format!("{} runs in no environment.", element.label()));
        }
    }
}

fn bad() -> Case {
    Case::new()
        .element("Orders", "service", &[])
        .element("Sessions", "cache", &[])
        .add("environments", &[("name", "Production")])
        .add("nodes", &[("environment", "Production"), ("name", "Server")])
        .add("instances", &[("node", "Server"), ("element", "Orders")])
}

fn good() -> Case {
    Case::new()
        .element("Orders", "service", &[])
        .element("Sessions", "cache", &[("parent", "Orders")])
        .add("environments", &[("name", "Production")])
        .add("nodes", &[("environment", "Production"), ("name", "Server")])
        .add("instances", &[("node", "Server"), ("element", "Orders")])
}
