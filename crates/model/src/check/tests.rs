//! Every rule by its example, and the engine around them.

use super::*;
use crate::edit::{self, Edit};

/// Findings of one rule.
fn of(report: &Report, rule: &str) -> Vec<Finding> {
    report.findings.iter().filter(|finding| finding.rule == rule).cloned().collect()
}

#[test]
fn every_rule_finds_its_bad_example_and_not_the_good_one() {
    let wrong: Vec<String> = rules().iter().filter_map(|rule| wrong_with(rule)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn wrong_with(rule: &Rule) -> Option<String> {
    let (bad, good) = ((rule.example.bad)(), (rule.example.good)());
    let found = of(&bad.check(), rule.id);
    if found.is_empty() {
        return Some(format!("{}: nothing is found in\n{}", rule.id, bad.describe()));
    }
    for finding in &found {
        let sentence = finding.message.ends_with('.') && !finding.message.contains("(?)");
        if !sentence || finding.place.is_empty() || finding.severity != rule.severity {
            return Some(format!("{}: {finding:?}", rule.id));
        }
    }
    let left = of(&good.check(), rule.id);
    (!left.is_empty()).then(|| format!("{}: found in\n{}\n{left:#?}", rule.id, good.describe()))
}

#[test]
fn every_fix_of_an_example_puts_it_right() {
    let mut fixes = 0;
    for rule in rules() {
        let bad = (rule.example.bad)();
        for finding in of(&bad.check(), rule.id) {
            let Some(fix) = &finding.fix else { continue };
            fixes += 1;
            let left = of(&fixed(&bad, fix).check(), rule.id);
            let same = left.iter().any(|other| other.path == finding.path && other.message == finding.message);
            assert!(!same, "{}: “{}” does not put right {finding:#?}", rule.id, fix.title);
        }
    }
    assert!(fixes > 10, "only {fixes} fixes");
}

fn fixed(case: &Case, fix: &Fix) -> Case {
    let mut case = case.clone();
    let given = fix.edits.iter().cloned().enumerate().map(|(number, edit)| match edit {
        Edit::Add { collection, id: None, fields, after } => {
            Edit::Add { collection, id: Some(format!("f{number:015x}")), fields, after }
        }
        other => other,
    });
    for edit in edit::check(&case.model, given.collect()).unwrap() {
        edit::apply(&mut case.model, &edit);
    }
    for (id, text) in &fix.section_edits {
        let section = case.sections.iter_mut().find(|section| section.id == *id).unwrap();
        section.text = text.clone();
    }
    for section in &mut case.sections {
        section.rendered = crate::reference::render(&section.text, &case.model);
    }
    case
}

#[test]
fn the_list_of_rules_is_in_order() {
    let mut ids = std::collections::HashSet::new();
    for rule in rules() {
        assert!(ids.insert(rule.id), "{} is there twice", rule.id);
        assert!(rule.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", rule.id);
        assert!(!rule.title.ends_with('.') && rule.title.len() < 90, "{}: {}", rule.id, rule.title);
        let paragraphs: Vec<&str> = rule.explanation.split("\n\n").collect();
        assert!(paragraphs.len() >= 3, "{}: what, why and what to do", rule.id);
        assert!(paragraphs.iter().all(|one| one.trim_end().ends_with(['.', ':', '`'])), "{}: sentences", rule.id);
    }
    assert!(find("cache-without-ttl").is_some() && find("nonsense").is_none());
}
