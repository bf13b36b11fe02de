use proptest::prelude::*;

use super::*;

const ARC42_REPORT: &str = include_str!("tests/arc42_report.md");

const RUNBOOK: &str = "\
---
# Ours.
id: runbook
title: \"Runbook: short\"
description: 'For services that somebody''s pager belongs to.'
---

# Runbook

## Service at a glance <!-- place: overview; required; aliases: At a Glance, Steckbrief -->

[What it does]

## Security

### Who may log in <!-- place: security.authentication -->
[How]

### Access Control

## On call <!-- required -->

Plain guidance, with `code`.

### [Alarm]

**Meaning**: [What it says]
**First step**: [What to do]

---

## Components

### [Part]

#### Limits

### Front door
";

fn runbook() -> Template {
    parse_file(RUNBOOK, "runbook.md").unwrap()
}

fn keys(template: &Template) -> Vec<&str> {
    template.slots.iter().map(|slot| slot.key.as_str()).collect()
}

fn matched(template: &Template, text: &str) -> Vec<String> {
    let keys = match_sections_with(template, &split(text));
    keys.into_iter().map(Option::unwrap_or_default).collect()
}

#[test]
fn every_heading_of_both_seeds_is_a_place() {
    for (id, expected) in [("full", 32), ("compact", 7)] {
        let template = find(id).unwrap();
        assert_eq!(template.slots.len(), expected, "{:?}", keys(template));
    }
}

#[test]
fn three_templates_are_built_in() {
    let ids: Vec<&str> = all().iter().map(|template| template.id.as_str()).collect();
    assert_eq!(ids, ["compact", "full", "arc42"]);
    for template in all() {
        assert!(source(&template.id).is_some());
        for slot in &template.slots {
            assert!(!slot.title.is_empty() && is_place(&slot.key), "{slot:?}");
            assert!(slot.within.iter().all(|key| template.slot(key).is_some()), "{slot:?}");
        }
    }
    let arc42 = find("arc42").unwrap();
    let main: Vec<&str> =
        arc42.slots.iter().filter(|slot| slot.within.is_empty()).map(|slot| slot.key.as_str()).collect();
    let twelve = [
        "overview",
        "constraints",
        "context",
        "strategy",
        "components",
        "data-flow",
        "deployment",
        "concepts",
        "decisions",
        "quality",
        "risks",
        "glossary",
    ];
    assert_eq!(main, twelve);
    let block = arc42.slot("components.component").unwrap();
    assert_eq!((block.title.as_str(), block.level, block.repeatable), ("Building block", 3, true));
    assert_eq!(block.skeleton.lines().next(), Some("**Purpose**:"));
}

#[test]
fn a_file_says_what_a_template_has() {
    let template = runbook();
    assert_eq!((template.id.as_str(), template.title.as_str()), ("runbook", "Runbook: short"));
    assert_eq!(template.description, "For services that somebody's pager belongs to.");
    assert_eq!(
        keys(&template),
        [
            "overview",
            "security",
            "security.authentication",
            "security.authorization",
            "on-call",
            "on-call.alarm",
            "components",
            "components.component",
            "components.component.limits",
            "components.front-door",
        ]
    );
    let slot = |key: &str| template.slot(key).unwrap();
    assert_eq!(slot("overview").aliases, ["At a Glance", "Steckbrief"]);
    assert_eq!(slot("security.authentication").title, "Who may log in");
    assert_eq!((slot("overview").level, slot("components.component.limits").level), (2, 4));
    assert_eq!(slot("on-call").guidance, "Plain guidance, with `code`.");
    let alarm = slot("on-call.alarm");
    assert!(alarm.repeatable && !slot("components.front-door").repeatable);
    assert_eq!((alarm.title.as_str(), alarm.skeleton.as_str()), ("Alarm", "**Meaning**:\n**First step**:"));
    assert_eq!(alarm.parent_key(), Some("on-call"));
}

#[test]
fn a_file_without_front_matter_goes_by_its_heading_and_name() {
    let template = parse_file("\u{feff}# Ours\r\n\r\n## A\r\n\r\n[x]\r\n", "forms/Our form.md").unwrap();
    assert_eq!((template.id.as_str(), template.title.as_str()), ("our-form", "Ours"));
    assert_eq!(template.slots[0].guidance, "[x]");
    let two = parse_file("# A\n# B\n## C\n", "x.md").unwrap();
    assert_eq!((keys(&two), two.slots[2].level), (vec!["a", "b", "b.c"], 3));
}

#[test]
fn what_cannot_be_read_is_refused_with_line_and_column() {
    let long = "x".repeat(300);
    let many: String = (0..600).map(|n| format!("## h{n}\n")).collect();
    let front = |line: &str| format!("---\nid: x\n{line}\n---\n## A\n");
    for (text, place, message) in [
        (front("colour: red"), "t.md:3:1", "no “colour”"),
        (front("  title"), "t.md:3:3", "no value"),
        (front("id: y"), "t.md:3:1", "twice"),
        ("---\nid: Mine!\n---\n## A\n".into(), "t.md:2:1", "no id"),
        ("---\nid: x\n\nA\n".into(), "t.md:4:1", "no value"),
        ("---\nid: x\n".into(), "t.md:1:1", "does not end"),
        ("---\nid: arc42\n---\n## A\n".into(), "t.md", "built-in"),
        ("text\n".into(), "t.md", "no places"),
        (String::new(), "t.md", "no places"),
        ("# T\n\n## A\n\n  ## B <!-- requird -->\n".into(), "t.md:5:13", "“requird”"),
        ("## Ä <!-- required; place: Sec -->\n".into(), "t.md:1:21", "“Sec” is no key"),
        ("## A <!-- place: a..b -->\n".into(), "t.md:1:11", "“a..b” is no key"),
        ("## A <!-- place: a; place: b -->\n".into(), "t.md:1:21", "“b” is no key"),
        ("## A <!-- required\n".into(), "t.md:1:6", "does not end"),
        ("## A <!-- required --> B\n".into(), "t.md:1:6", "does not end"),
        ("A <!-- x -->\n---\n".into(), "t.md:1:8", "“x”"),
        ("## A\n## a\n".into(), "t.md:2:4", "there twice"),
        ("## A\n### [B]\nx\n### [B]\ny\n".into(), "t.md:4:5", "guidance already"),
        ("# A\n## [B] <!-- place: b -->\n# [B]\n".into(), "t.md:3:3", "among the main headings"),
        ("## A\n### [B]\n### [B]\n#### C\n".into(), "t.md:4:6", "was there before"),
        (format!("## {long}\n"), "t.md:1:4", "200 characters"),
        ("## <!-- place: a -->\n".into(), "t.md:1:4", "200 characters"),
        (format!("## A <!-- aliases: {long} -->\n"), "t.md:1:11", "aliases"),
        ("# A\n# B\n## C\n### D\n#### E\n##### F\n###### G\n".into(), "t.md:7:8", "too deep"),
        ("## A\n\n```\ncode\n".into(), "t.md:1:4", "leaves a code block"),
        (many, "t.md:501:4", "500 places"),
    ] {
        let refusal = parse_file(&text, "t.md").unwrap_err();
        assert_eq!(refusal.place.as_deref(), Some(place), "{text}{refusal}");
        assert!(refusal.message.contains(message), "{text}{refusal}");
    }
    assert_eq!(parse_file(&"x".repeat(1 << 20), "t.md").unwrap_err().kind, crate::RefusalKind::TooLarge);
}

/// What a template says, read again from the file it makes.
fn again(template: &Template) -> Template {
    let text = to_file(template);
    file::read(&text, "again.md", &matching::known_places()).unwrap_or_else(|refusal| panic!("{refusal:?}\n{text}"))
}

#[test]
fn templates_come_out_as_files_that_say_the_same() {
    assert_eq!(again(&runbook()), runbook());
    assert_eq!(&again(find("arc42").unwrap()), find("arc42").unwrap());
    for seed in ["full", "compact"].map(|id| find(id).unwrap()) {
        let read = again(seed);
        let told = |template: &Template| -> Vec<_> {
            let slots = template.slots.iter();
            slots.map(|slot| (slot.key.clone(), slot.title.clone(), slot.guidance.clone(), slot.level)).collect()
        };
        assert_eq!((told(&read), &read.description), (told(seed), &seed.description));
    }
}

#[test]
fn common_arc42_documents_are_recognised() {
    let (template, keys) = suggest(&split(ARC42_REPORT));
    assert_eq!(template.id, "arc42");
    let keys: Vec<String> = keys.into_iter().map(Option::unwrap_or_default).collect();
    #[rustfmt::skip]
    let expected = [
        "", "overview", "requirements", "quality.goals", "stakeholders", "constraints", "", "context",
        "context.business", "context.technical", "strategy", "components", "components.overall",
        "components.component", "", "components.component", "components.level-2", "components.component",
        "data-flow", "data-flow.flow", "deployment", "deployment.infrastructure", "concepts", "concepts.concept",
        "decisions", "decisions.decision", "quality", "quality.tree", "quality.scenarios", "risks", "glossary",
    ];
    assert_eq!(keys, expected);
    let german = "# Einführung und Ziele\n## Qualitätsziele\n# Randbedingungen\n# Bausteinsicht\n## Ebene 1\n";
    let german = matched(template, german);
    assert_eq!(german, ["overview", "quality.goals", "constraints", "components", "components.overall"]);
}

#[test]
fn other_documents_keep_the_template_they_had() {
    for (id, other) in [("full", FULL), ("compact", COMPACT)] {
        let sections = split(other);
        let (template, keys) = suggest(&sections);
        assert_eq!(template.id, id);
        assert_eq!(keys, match_sections(&sections));
        assert_eq!(keys, match_sections_with(template, &sections));
    }
    let few = "# X\n## Overview\n## Components\n## Risks\n## Glossary\n## Stakeholders\n";
    assert_eq!(suggest(&split(few)).0.id, "compact");
    assert_eq!(matched(find("full").unwrap(), few), ["", "overview", "components", "", "", ""]);
}

#[test]
fn a_users_headings_and_aliases_come_before_those_that_are_built_in() {
    let text = "# X\n## 1. Steckbrief\n## Security\n### Who may log in\n### Permissions\n## On-Call\n### Disk full\n\
                ## Components\n### Front door\n### Back door\n#### Limits\n## Glossary\n## Alarm\n";
    assert_eq!(
        matched(&runbook(), text),
        [
            "",
            "overview",
            "security",
            "security.authentication",
            "security.authorization",
            "on-call",
            "on-call.alarm",
            "components",
            "components.front-door",
            "components.component",
            "components.component.limits",
            "glossary",
            "",
        ]
    );
}

/// A section as a document keeps it.
struct Kept(&'static str, &'static str, Option<usize>);

impl Heading for Kept {
    fn title(&self) -> &str {
        self.0
    }
    fn parent(&self) -> Option<usize> {
        self.2
    }
    fn has_heading(&self) -> bool {
        true
    }
    fn key(&self) -> &str {
        self.1
    }
}

#[test]
fn a_kept_key_outlives_its_heading_and_a_template_that_lacks_it() {
    let sections = [
        Kept("X", "", None),
        Kept("Where it stands", "overview", Some(0)),
        Kept("Overview", "", Some(0)),
        Kept("Words", "glossary", Some(0)),
        Kept("Who gets in", "security", Some(0)),
        Kept("Identity", "", Some(4)),
    ];
    let keys = |template| match_sections_with(template, &sections);
    let some = |key: &str| Some(key.to_owned());
    let kept = [None, some("overview"), None, some("glossary"), some("security"), some("security.authentication")];
    for template in all() {
        assert_eq!(keys(template), kept, "{}", template.id);
    }
}

#[test]
fn changing_the_template_loses_nothing_and_leads_back() {
    let (arc42, full) = (find("arc42").unwrap(), find("full").unwrap());
    let sections = split(ARC42_REPORT);
    let there = translate(arc42, full, &sections);
    let unplaced: Vec<&str> = there.unplaced().collect();
    assert!(unplaced.contains(&"glossary") && !unplaced.contains(&"components"), "{unplaced:?}");
    assert!(there.missing.contains(&"resilience".into()) && !there.missing.contains(&"deployment".into()));
    let back = translate(full, arc42, &sections);
    assert_eq!(there.sections.len(), sections.len());
    for (there, back) in there.sections.iter().zip(&back.sections) {
        assert_eq!((&there.before, &there.after), (&back.after, &back.before));
    }
    assert_eq!(
        back.missing,
        ["deployment.level-2", "components.level-3"].map(String::from).iter().rev().cloned().collect::<Vec<_>>()
    );
}

#[test]
fn what_is_expected_are_the_required_places_or_else_the_innermost() {
    let expected = |template: &Template| expected(template).iter().map(|slot| slot.key.clone()).collect::<Vec<_>>();
    assert_eq!(expected(&runbook()), ["overview", "on-call"]);
    let full = expected(find("full").unwrap());
    assert_eq!(full.len(), 24, "{full:?}");
    assert!(full.contains(&"components".into()) && !full.contains(&"security".into()));
    assert_eq!(expected(find("compact").unwrap()).len(), 6);
    assert_eq!(expected(find("arc42").unwrap()).len(), 14);
    assert!(is_repeatable(None, "concepts.concept") && !is_repeatable(Some(&runbook()), "overview"));
    assert!(is_repeatable(Some(&runbook()), "on-call.alarm"));
}

#[test]
fn the_example_in_the_documentation_is_a_template() {
    let page = include_str!("../../../../docs/templates.md").replace("\r\n", "\n");
    let example = page.split("````markdown\n").nth(1).unwrap().split("````").next().unwrap();
    let template = parse_file(example, "example.md").unwrap();
    assert!(template.slots.len() > 4 && template.slots.iter().any(|slot| slot.required && !slot.aliases.is_empty()));
}

/// Lines that a template is made of, and some that it should not be made of.
fn line() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "---",
        "===",
        "",
        "```",
        "- a",
        "    # code",
        "id: x",
        "title: \"a",
        "<!--",
        "-->",
        "# T",
        "## [a]",
        "[b]: c",
        "## Components",
        "### [x] <!-- place: p; repeatable -->",
        "| a |",
        "|---|",
        "> # q",
        "text\\",
        "\t# t",
    ]);
    let free = "(#{1,6} )?[\\[\\]a-cÄß*_`<!>&#;:.,1)\\\\ \\-]{0,12}( <!-- (place: [a-c.]{1,3}|required|repeatable|aliases: [a-c, *]{1,6})(; repeatable)? -->)?";
    prop_oneof![fixed.prop_map(str::to_owned), free.prop_map(|text| text)]
}

proptest! {
    #![proptest_config(crate::properties::same_each_time(2_000))]

    #[test]
    fn any_text_is_refused_or_comes_out_again(lines in prop::collection::vec(line(), 0..14)) {
        if let Ok(template) = parse_file(&lines.join("\n"), "x.md") {
            prop_assert_eq!(again(&template), template);
        }
    }
}
