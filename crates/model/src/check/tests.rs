//! Every rule by its example, and the engine around them.

use super::*;
use crate::edit::{self, Edit};
use crate::graph::{Index, Model};
use crate::record::Record;
use crate::schema::Collection;
use crate::value::Value;

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

const RULES_OF_ALL_KINDS: &str = "[check]\nmax-depth = 3\nno-cycles = true\nlayers = [\"tag:a\", \"tag:b\"]\n[required]\nservice = [\"scaling\"]\n\
         [technologies]\nforbidden = [\"x\"]\n[[forbidden]]\nfrom = \"tag:a\"\nto = \"group:b\"\n";

/// A document that grows in every direction: elements in nests of ten, two
/// relationships each, and everything else in proportion.
fn grown(size: usize) -> Case {
    let mut case = Case::new().project(RULES_OF_ALL_KINDS);
    let mut records = Vec::new();
    let mut add = |collection: Collection, id: String, fields: &[(&str, Value)]| {
        let mut record = Record::new(collection, id);
        record.order = format!("{:08}", records.len());
        records.push(fields.iter().fold(record, |record, (name, value)| record.with(name, value.clone())));
    };
    let (text, id) = (|text: String| Value::text(text), |letter: &str, number: usize| format!("{letter}{number:015x}"));
    add(Collection::Environments, id("e", 0), &[("name", text("Production".into()))]);
    add(Collection::Environments, id("e", 1), &[("name", text("Staging".into()))]);
    add(Collection::Flows, id("f", 0), &[("name", text("All".into()))]);
    for number in 0..size {
        let own = id("a", number);
        let parent = if number % 10 == 0 { String::new() } else { id("a", number / 10 * 10) };
        let kind = ["system", "service", "database", "cache", "container"][number % 5];
        let name = [("name", text(format!("Part {number}"))), ("kind", text(kind.into())), ("parent", text(parent))];
        let more = [
            ("tags", Value::list(["a"])),
            ("technologies", Value::list(["Rust"])),
            ("exposure", text("public".into())),
        ];
        add(Collection::Elements, own.clone(), &[&name[..], &more[..]].concat());
        for other in [number * 7 % size, (number + 1) % size] {
            let ends = [("from", text(own.clone())), ("to", text(id("a", other)))];
            let call = [("interaction", text("synchronous".into())), ("classification", Value::list([id("c", 0)]))];
            add(
                Collection::Relationships,
                id("b", number * 2 + usize::from(other == (number + 1) % size)),
                &[&ends[..], &call[..]].concat(),
            );
        }
        let node = [("name", text(format!("Node {number}"))), ("environment", text(id("e", number % 2)))];
        add(Collection::Nodes, id("d", number), &node);
        add(Collection::Instances, id("1", number), &[("node", text(id("d", number))), ("element", text(own.clone()))]);
        let step =
            [("flow", text(id("f", 0))), ("from", text(own.clone())), ("to", text(id("a", (number + 3) % size)))];
        add(Collection::Steps, id("2", number), &step);
        let decided = [("status", text("accepted".into())), ("elements", Value::list([own.clone(), id("a", 0)]))];
        let title = [("number", text(number.to_string())), ("title", text(format!("Use {number}")))];
        add(Collection::Decisions, id("3", number), &[&title[..], &decided[..]].concat());
        let alert = [("topic", text("alerting".into())), ("elements", Value::list([id("a", 0), own.clone()]))];
        add(Collection::Concerns, id("4", number), &alert);
        let claim =
            [("about", text(own.clone())), ("basis", text("assumed".into())), ("date", text("2020-01-01".into()))];
        add(Collection::Evidence, id("5", number), &claim);
        let place = [("rule", text("cache-without-ttl".into())), ("place", text(format!("elements.part-{number}")))];
        add(Collection::Suppressions, id("6", number), &place);
        if number % 100 == 0 {
            let view = [
                ("name", text(format!("View {number}"))),
                ("kind", text("container".into())),
                ("scope", text(own.clone())),
            ];
            add(Collection::Views, id("7", number), &view);
        }
        case.former_names.entry(own).or_default().push(format!("Old {number}"));
    }
    case.model = Model::of(records);
    for number in 0..size {
        case = case.section(
            "",
            &format!("Section {number}"),
            &format!("As the Old {number} did, see [it](#section-{number})."),
        );
    }
    case
}

#[test]
fn the_work_grows_with_the_document_and_not_faster() {
    let work = |size: usize| {
        let case = grown(size);
        let mut found = 0;
        let index = Index::new(&case.model);
        let subject = Subject { index: &index, ..subject_of(&case, &index) };
        let steps = crate::work::of(|| found = run(&subject).findings.len());
        assert!(found > size * 10, "{found} findings at {size}");
        steps
    };
    let (small, large) = (work(200), work(1_600));
    let growth = large as f64 / small as f64;
    assert!(growth < 8.0 * 1.15, "{small} steps for 200 elements, {large} for 1,600: {growth:.1} times");
}

fn subject_of<'a>(case: &'a Case, index: &'a Index<'a>) -> Subject<'a> {
    Subject {
        model: &case.model,
        index,
        sections: &case.sections,
        template: case.template.and_then(crate::templates::find),
        today: "2026-11-24",
        project: &case.project,
        file: case.file,
        former_names: &case.former_names,
    }
}

#[test]
fn rules_that_judge_each_record_by_itself_need_no_other_at_hand() {
    let examples = rules().iter().flat_map(|rule| [(rule.example.bad)(), (rule.example.good)()]);
    let mut found = 0;
    for case in examples.chain([grown(40)]) {
        let index = Index::new(&case.model);
        let subject = subject_of(&case, &index);
        let whole = run_in_parts(&subject, usize::MAX);
        found += whole.findings.len();
        for at_once in [1, 3, AT_ONCE] {
            assert_eq!(run_in_parts(&subject, at_once), whole, "{at_once} at once of\n{}", case.describe());
        }
    }
    assert!(found > 500, "only {found} findings");
}

#[test]
fn the_order_does_not_depend_on_the_order_of_storing() {
    let case = grown(60);
    let mut turned = case.clone();
    let mut records: Vec<Record> = case.model.all().cloned().collect();
    records.reverse();
    turned.model = Model::of(records);
    assert_eq!(case.check(), turned.check());
}

fn suppressed(place: &str) -> (usize, usize, usize) {
    let report = Case::new()
        .element("Sessions", "cache", &[])
        .element("Pages", "cache", &[("ttl", "1 h")])
        .add("suppressions", &[("rule", "cache-without-eviction"), ("place", place), ("reason", "Both are tiny.")])
        .check();
    let reasons = report.suppressed.iter().filter(|finding| finding.suppressed.as_deref() == Some("Both are tiny."));
    (of(&report, "cache-without-eviction").len(), reasons.count(), of(&report, "suppression-unused").len())
}

#[test]
fn suppressions_accept_a_place_what_is_below_it_or_everything() {
    assert_eq!(suppressed("elements.sessions.eviction"), (1, 1, 0));
    assert_eq!(suppressed("elements.sessions"), (1, 1, 0));
    assert_eq!(suppressed("elements.0000000000000001.eviction"), (1, 1, 0), "by the id");
    assert_eq!(suppressed("elements"), (0, 2, 0));
    assert_eq!(suppressed(""), (0, 2, 0));
    assert_eq!(suppressed("elements.session"), (2, 0, 1), "only whole names count");
    assert_eq!(suppressed("elements.pages.ttl"), (2, 0, 1));
}

#[test]
fn a_project_changes_severities_and_turns_rules_off() {
    let case = |text: &str| Case::new().element("Sessions", "cache", &[]).project(text).check();
    let changed = case("[severity]\ncache-without-ttl = \"error\"\ncache-without-eviction = \"off\"\n");
    assert_eq!(of(&changed, "cache-without-ttl")[0].severity, Severity::Error);
    assert_eq!(changed.findings[0].rule, "cache-without-ttl", "the worst is first");
    assert!(of(&changed, "cache-without-eviction").is_empty());
    assert!(changed.fails(Severity::Error) && !case("").fails(Severity::Error) && case("").fails(Severity::Warning));
    assert_eq!((changed.counts.errors, case("").counts.errors), (1, 0));
}

#[test]
fn in_a_file_places_are_lines() {
    let text = "# Shop\n\nA shop.\n\n## Security\n\n### Authentication\n[How authentication works]\n\n\nThree\n=====\n\nSee [x](#y).\n";
    let parsed = crate::markdown::parse(text.as_bytes(), "ARCHITECTURE.md").unwrap();
    let sections = CheckedSection::of_file(&parsed, None);
    for section in &sections {
        let lines: Vec<&str> = text.lines().collect();
        let at = |line: Option<u32>| lines[line.unwrap() as usize - 1];
        assert!(at(section.line).contains(&section.title), "{section:?}");
        assert!(at(section.text_line).contains(section.text.lines().next().unwrap_or_default()), "{section:?}");
    }
    let case = {
        let mut case = Case::new().file("ARCHITECTURE.md");
        case.sections = sections;
        case
    };
    let report = case.check();
    assert_eq!(of(&report, "section-only-guidance")[0].place, "ARCHITECTURE.md:7");
    assert_eq!(of(&report, "link-to-no-heading")[0].place, "ARCHITECTURE.md:14");
    let sarif: serde_json::Value = serde_json::from_str(&sarif(&report, "1.2.3")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let broken = results.iter().find(|result| result["ruleId"] == "link-to-no-heading").unwrap();
    let place = &broken["locations"][0];
    assert_eq!(place["physicalLocation"]["artifactLocation"]["uri"], "ARCHITECTURE.md");
    assert_eq!(place["physicalLocation"]["region"]["startLine"], 14);
    assert_eq!(place["logicalLocations"][0]["fullyQualifiedName"], "sections.three");
}

#[test]
fn a_lifted_record_is_found_at_its_line() {
    let case = Case::new().element("Sessions", "cache", &[("purpose", "one\ntwo")]).file("A.md");
    let case = case.section("components", "Components", "first\n{{Sessions}}");
    assert_eq!(of(&case.check(), "cache-without-ttl")[0].place, "A.md:4");
}

#[test]
fn json_and_text_say_what_was_found() {
    let case = Case::new()
        .element("Sessions", "cache", &[("eviction", "[What is dropped]")])
        .add("suppressions", &[("rule", "cache-without-ttl"), ("reason", "Tiny.")]);
    let report = case.check();
    let json: serde_json::Value = serde_json::from_str(&json(&report)).unwrap();
    let of_rule = |list: &str, rule: &str| {
        json[list].as_array().unwrap().iter().find(|finding| finding["rule"] == rule).cloned().unwrap()
    };
    let left = of_rule("findings", "placeholder-left");
    assert_eq!(left["place"], "elements.sessions.eviction");
    assert_eq!((&left["severity"], &left["fix"]["title"]), (&"warning".into(), &"Take the advice out".into()));
    assert_eq!(left["fix"]["edits"][0]["do"], "set");
    assert_eq!(of_rule("suppressed", "cache-without-ttl")["suppressed"], "Tiny.");
    assert_eq!(json["counts"]["suppressed"], 1);
    let text = text(&report);
    let line = "elements.sessions.eviction: warning: The eviction policy of Sessions is still advice in brackets. [placeholder-left]\n";
    assert!(text.contains(line) && text.contains("1 suppressed."), "{text}");
    assert_eq!(super::text(&Report::default()), "Nothing found.\n");
}

#[test]
fn the_documentation_has_every_rule_and_its_example() {
    let page = documentation();
    for rule in rules() {
        assert!(
            page.contains(&format!("\n### {}\n", rule.id)) && page.contains(&format!("](#{})", rule.id)),
            "{}",
            rule.id
        );
        assert!(explain(rule.id).is_some_and(|text| text.contains(rule.explanation)), "{}", rule.id);
    }
    assert!(page.contains("backup = Nightly"), "examples are shown");
    assert!(explain("nonsense").is_none());
}

#[test]
fn the_projects_example_in_the_documentation_is_one() {
    let page = documentation();
    let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let rules = ProjectRules::parse(example, "drystone.toml").unwrap();
    assert_eq!((rules.layers.len(), rules.forbidden.len(), rules.allowed.len()), (3, 1, 1));
}

/// Every field of every collection with a value that nobody meant.
#[test]
fn hostile_models_are_checked_too() {
    let long = "x".repeat(100_000);
    let texts = [
        "",
        "(?)",
        "[",
        "[]",
        "[[[[]]",
        "\u{e020}",
        "\u{e020}0.name\u{e021}",
        "é😀\u{202e}",
        "9999-99-99",
        "](#",
        &long,
    ];
    for text in texts {
        let mut records = Vec::new();
        for collection in crate::schema::COLLECTIONS {
            for shape in [Value::text(text), Value::list([text, "0"]), Value::Number(i32::MIN)] {
                let mut record = Record::new(collection, format!("{:016x}", records.len()));
                for field in collection.table().fields {
                    record.fields.insert(field.name, shape.clone());
                    record.conflicts.insert(field.name, vec![shape.clone()]);
                }
                records.push(record);
            }
        }
        let mut case = Case::new().file("x.md");
        case.model = Model::of(records);
        case.former_names.insert("0000000000000000".into(), vec![text.to_owned(), " ".into(), "😀".into()]);
        let report = case.section("components", text, text).section(text, text, text).check();
        assert!(serde_json::from_str::<serde_json::Value>(&sarif(&report, "0")).is_ok());
    }
}

#[test]
fn deep_nesting_and_a_long_circle_do_not_break_anything() {
    let chain = |count: usize, circle: bool| {
        let element = |number: usize| {
            let parent =
                if number == 0 && !circle { String::new() } else { format!("{:x}", (number + count - 1) % count) };
            Record::new(Collection::Elements, format!("{number:x}"))
                .with("name", Value::text(number.to_string()))
                .with("kind", Value::text("service"))
                .with("parent", Value::text(parent))
        };
        let mut case = Case::new();
        case.model = Model::of((0..count).map(element));
        case
    };
    assert!(!chain(900, false).check().findings.is_empty());
    assert_eq!(of(&chain(40, true).check(), "containment-cycle").len(), 1);
}
/// Real documents, where the collection of them lies beside the checkout.
#[test]
fn real_documents_are_checked_line_by_line() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/architecture-md");
    let Ok(files) = std::fs::read_dir(&folder) else {
        let _ = std::io::Write::write_all(&mut std::io::stdout(), b"no documents beside the checkout\n");
        return;
    };
    for path in files.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "md")) {
        let bytes = std::fs::read(&path).unwrap();
        let lines = String::from_utf8_lossy(&bytes).lines().count();
        let parsed = crate::markdown::parse(&bytes, "file.md").unwrap();
        let mut case = Case::new().template("full").file("file.md");
        case.sections = CheckedSection::of_file(&parsed, crate::templates::find("full"));
        let report = case.check();
        for finding in &report.findings {
            let line = finding.target.line.map_or(1, |line| line as usize);
            assert!((1..=lines).contains(&line), "{}: {finding:?}", path.display());
        }
        // Nobody left a template's advice in these.
        let advice = of(&report, "section-only-guidance").len() + of(&report, "placeholder-left").len();
        assert_eq!(advice, 0, "{}: {}", path.display(), text(&report));
    }
}
