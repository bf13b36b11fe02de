//! The checks: rules that find what is missing, wrong or contradictory in a
//! document, each with an explanation, an example that is also its test, and
//! a fix where one is possible. What a finding says is data; nothing here
//! prints or reads files.

mod case;
mod cycles;
mod days;
mod file;
mod findings;
mod kinds;
mod layers;
pub mod near;
mod output;
mod project;
mod prose;
mod rule;
mod rules;
mod subject;
mod views;

use findings::Lines;

use crate::parallel;

pub use case::Case;
pub use file::check_file;
pub use findings::{Counts, Finding, Findings, Fix, Report, Target};
pub use output::{documentation, explain, json, sarif, text};
pub use project::{Pair, ProjectRules, Requirement, Selector, TechnologyRule};
pub use rule::{Area, Example, Rule, Scope, Severity};
pub use rules::rules;
pub use subject::{Checked, CheckedSection, Prose, Subject};

/// How many records the rules that judge each by itself take turns on: few
/// enough to stay at hand from one rule to the next, whatever their number.
const AT_ONCE: usize = 512;

/// What is checked in one go.
enum Job<'a> {
    /// The whole document by one rule, with its place in the list.
    Whole(usize, &'static Rule),
    /// Some records by each rule that judges single ones.
    Part(Box<Checked<'a>>),
}

/// Checks a document by every rule that the project does not turn off.
pub fn run(subject: &Subject<'_>) -> Report {
    run_in_parts(subject, AT_ONCE)
}

fn run_in_parts(subject: &Subject<'_>, at_once: usize) -> Report {
    let checked = Checked::new(*subject);
    let lines = checked.file.map(|_| Lines::of(&checked));
    let last = &rules::suppression_unused::RULE;
    let of = |scope| rules().iter().enumerate().filter(move |(_, rule)| rule.scope == scope && rule.id != last.id);
    // A rule on the document as a whole may take long: those come first.
    let whole = of(Scope::Document).map(|(place, rule)| Job::Whole(place, rule));
    let jobs: Vec<Job<'_>> = whole.chain(checked.parts(at_once).map(|part| Job::Part(Box::new(part)))).collect();
    let found = parallel::map(&jobs, checked.all().count(), |job| {
        let mut findings = Findings::new(&checked, lines.as_ref());
        match job {
            Job::Whole(place, rule) => findings.check(*place, rule, &checked),
            Job::Part(part) => of(Scope::Record).for_each(|(place, rule)| findings.check(place, rule, part)),
        }
        findings
    });
    let mut findings = Findings::new(&checked, lines.as_ref());
    found.into_iter().for_each(|beside| findings.take_in(beside));
    // What no finding needs is only known when all are there.
    findings.suppress();
    findings.check(rules().len(), last, &checked);
    findings.report()
}

/// A rule by its id.
pub fn find(id: &str) -> Option<&'static Rule> {
    rules().iter().copied().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests;
