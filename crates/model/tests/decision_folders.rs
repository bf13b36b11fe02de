//! Folders of decision records in and out: those of the corpora, by a table
//! that was written by hand, and others with what people do to such files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod folders;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use drystone_model::adr::{AdrFile, AdrFormat, detect, write};
use drystone_model::{Collection, Model, Record, RefusalKind, Value};

use folders::{applied, file, import, said, there_and_back};

fn corpora() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    if !path.is_dir() {
        eprintln!("The corpora are not here; this test has nothing to read.");
        return None;
    }
    Some(path)
}

fn folder(path: &Path) -> Vec<AdrFile> {
    let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    entries.map(|path| AdrFile { name: name(&path), bytes: std::fs::read(&path).unwrap() }).collect()
}

/// The folders of the table with their formats and rows.
fn table() -> Vec<(&'static str, AdrFormat, Vec<Vec<&'static str>>)> {
    let mut all: Vec<(&str, AdrFormat, Vec<Vec<&str>>)> = Vec::new();
    let lines = include_str!("folders/table.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines {
        match line.split_once(" | ") {
            None => {
                let (path, format) = line.split_once(' ').unwrap();
                all.push((path, AdrFormat::find(format).unwrap(), Vec::new()));
            }
            Some(_) => all.last_mut().unwrap().2.push(line.split('|').map(str::trim).collect()),
        }
    }
    all
}

/// A record's row, as the table has it.
fn row(model: &Model, decision: &Record) -> Vec<String> {
    let number = |id: &String| model.get(id).unwrap().text("number").to_owned();
    let mut related: Vec<String> =
        decision.list("supersedes").iter().map(|id| format!("supersedes {}", number(id))).collect();
    if let Some(Value::Map(links)) = decision.get("links") {
        related.extend(links.iter().map(|(id, phrase)| format!("{phrase} {}", number(id))));
    }
    let text = |name| decision.text(name).to_owned();
    vec![text("source"), text("number"), text("title"), text("status"), text("date"), related.join(", ")]
}

#[test]
fn every_record_of_the_corpora_is_read_as_the_table_says() {
    let Some(corpora) = corpora() else { return };
    for (path, format, rows) in table() {
        let files = folder(&corpora.join(path));
        assert_eq!(detect(&files), Some(format), "{path}");
        let import = import(&files, None, &Model::default()).unwrap();
        let model = applied(&Model::default(), &import.edits);
        let read: Vec<_> = model.list(Collection::Decisions).map(|decision| row(&model, decision)).collect();
        assert_eq!(read, rows, "{path}");
        let skipped: Vec<_> = import.skipped.iter().map(|skipped| skipped.file.as_str()).collect();
        let readme = files.iter().map(|file| file.name.as_str()).filter(|name| *name == "README.md");
        assert_eq!(skipped, readme.collect::<Vec<_>>(), "{path}");
        assert_eq!(import.decisions.len(), rows.len());
    }
}

#[test]
fn the_corpora_come_back_from_every_format_under_their_names() {
    let Some(corpora) = corpora() else { return };
    for (path, own, rows) in table() {
        let import = import(&folder(&corpora.join(path)), None, &Model::default()).unwrap();
        let model = applied(&Model::default(), &import.edits);
        for format in AdrFormat::ALL {
            let (files, back) = there_and_back(&model, format);
            assert_eq!(said(&back), said(&model), "{path} as {}", format.name());
            let enclosed = |file: &&AdrFile| String::from_utf8_lossy(&file.bytes).contains("<!-- verbatim");
            assert_eq!(files.iter().find(enclosed).map(|file| &file.name), None, "{path} as {}", format.name());
            if format == own {
                let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
                assert_eq!(names, rows.iter().map(|row| row[0]).collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn records_of_the_corpora_are_understood_beyond_the_table() {
    let Some(corpora) = corpora() else { return };
    let read = |path: &str| {
        let import = import(&folder(&corpora.join(path)), None, &Model::default()).unwrap();
        (applied(&Model::default(), &import.edits), import.notes)
    };
    let (govuk, notes) = read("decisions/adr-tools-govuk-aws");
    let third = govuk.name_to_id(&[Collection::Decisions], "3").unwrap();
    assert_eq!(govuk.get(&third).unwrap().text("more"), "Status: Partly superseded");
    let noted: Vec<_> = notes.iter().map(|note| (note.file.as_str(), note.line)).collect();
    assert_eq!(noted, [("0003-aws-networking-outline.md", 7), ("0003-aws-networking-outline.md", 21)]);
    let (madr, _) = read("decisions/madr");
    let decision = |number: &str| madr.get(&madr.name_to_id(&[Collection::Decisions], number).unwrap()).unwrap();
    let chosen = |number: &str| -> Vec<String> {
        let options = madr.owned(&decision(number).id, Collection::Alternatives);
        options.filter(|option| option.text("outcome") == "chosen").map(Record::label).collect()
    };
    assert_eq!(chosen("0"), ["MADR 3.0.0"]);
    assert_eq!(chosen("1"), ["Dual license with MIT and CC0"]);
    assert_eq!(chosen("9"), ["Include in section \"More Information\""]);
    for number in 0..=18 {
        assert_eq!(chosen(&number.to_string()).len(), 1, "{number}");
    }
    let options: Vec<&Record> = madr.owned(&decision("1").id, Collection::Alternatives).collect();
    assert_eq!((options.len(), options[0].label().as_str()), (6, "CC0"));
    assert_eq!(options[2].list("pros").len(), 2);
    assert_eq!(options[3].list("cons"), ["dual licensing is not widely known"]);
    assert_eq!(decision("10").list("drivers").len(), 6);
    assert_eq!(decision("1").text("decision"), "Dual license");
    assert!(decision("1").text("rationale").starts_with("this lets users choose"));
    assert!(decision("3").text("more").contains("status: on hold"));
    assert!(decision("4").text("consequences").starts_with("* Good, because `adr-log`"));
}

const MADR4: &str = "---\nstatus: accepted\ndate: 11 Jan 2024\ndecision-makers: Ann, Bob\nconsulted:\n  - \"C, D\"\ninformed: [E]\nlayout: x\n---\n\n# Use A\n\n## Context and Problem Statement\n\nWhy [not](0002-use-b.md)?\n\n### Detail\n\nmore\n\n<!-- optional -->\n## Decision Drivers <!-- optional -->\n\n* fast\n* cheap\n  and good\n\n## Considered Options\n\n* A\n* B\n\n## Decision Outcome\n\nChosen option: \"A\", because it is.\n\nSo.\n\n### Consequences\n\n* Good, because g\n\n### Confirmation\n\nLook.\n\n## Pros and Cons of the Options\n\n### A\n\n[More](https://a)\n\n* Good, because a\n* Neutral, because n\n\n### B\n\n* Bad, because b\n\n## Odd\n\nkept\n\n## More Information\n\nEnd.\n";

#[test]
fn each_part_of_a_madr_record_has_its_place() {
    let files = [
        file("0001-use-a.md", MADR4),
        file("0002-use-b.md", "# B\n\n## Context\n\nc\n\n## Status\n\nsuperseded by ADR-0001\n"),
    ];
    let import = import(&files, None, &Model::default()).unwrap();
    assert_eq!(import.format, AdrFormat::Madr4);
    let model = applied(&Model::default(), &import.edits);
    assert_eq!(
        said(&model)["1"].join("\n"),
        "confirmation: Text(\"Look.\")\n\
         consequences: Text(\"* Good, because g\")\n\
         consulted: List([\"C, D\"])\n\
         context: Text(\"Why [not](0002-use-b.md)?\\n\\n### Detail\\n\\nmore\\n\\n<!-- optional -->\")\n\
         date: Text(\"2024-01-11\")\n\
         deciders: List([\"Ann\", \"Bob\"])\n\
         decision: Text(\"A\")\n\
         drivers: List([\"fast\", \"cheap\\nand good\"])\n\
         informed: List([\"E\"])\n\
         more: Text(\"```yaml\\nlayout: x\\n```\\n\\n## Odd\\n\\nkept\\n\\nEnd.\")\n\
         number: Text(\"1\")\n\
         rationale: Text(\"it is.\\n\\nSo.\")\n\
         status: Text(\"accepted\")\n\
         supersedes: [\"2\"]\n\
         title: Text(\"Use A\")\n\
         option description: Text(\"[More](https://a)\"); name: Text(\"A\"); neutral: List([\"n\"]); outcome: Text(\"chosen\"); pros: List([\"a\"])\n\
         option cons: List([\"b\"]); name: Text(\"B\"); outcome: Text(\"rejected\")"
    );
    let notes: Vec<_> = import.notes.iter().map(|note| (note.line, note.what.as_str())).collect();
    assert_eq!(notes, [(22, "The comment in the heading “Decision Drivers <!-- optional -->” is left out.")]);
}

#[test]
fn what_is_not_understood_stays_and_is_noted() {
    let text = "# 5. A\r\n\r\nDate: 03/04/2018\r\n\r\n## Status\r\n\r\nAccepted\r\n\r\nAmends [x](0009-gone.md)\r\n\r\nSuperseded by [y](y.md)\r\n\r\n## Context\r\n\r\nc\r\n\r\n## Decision\r\n\r\nd\r\n\r\n## Elements\r\n\r\n* Cache\r\n* Shop\r\n";
    let model = Model::of([Record::new(Collection::Elements, "e0").with("name", Value::text("Shop"))]);
    let import = import(&[file("5.md", text)], None, &model).unwrap();
    let lines = &said(&applied(&model, &import.edits))["5"];
    assert_eq!(
        lines.join("\n"),
        "context: Text(\"c\")\n\
         decision: Text(\"d\")\n\
         elements: [\"Shop\"]\n\
         more: Text(\"Date: 03/04/2018\\n\\nStatus: Amends [x](0009-gone.md)\\n\\nStatus: Superseded by [y](y.md)\\n\\n## Elements\\n\\n* Cache\")\n\
         number: Text(\"5\")\n\
         status: Text(\"superseded\")\n\
         title: Text(\"A\")"
    );
    let noted: Vec<_> = import.notes.iter().map(|note| note.line).collect();
    assert_eq!(noted, [3, 9, 11, 21], "{:?}", import.notes);
}

#[test]
fn files_that_are_no_records_are_skipped_with_a_reason() {
    let record = "# A\n\n## Context\n\nc\n\n## Decision\n\nd\n";
    let names =
        ["README.md", "index.md", "template.md", "0000-adr-template.md", "a.png", ".x.md", "notes.md", "empty.md"];
    let mut files: Vec<AdrFile> =
        names.iter().map(|name| file(name, if *name == "notes.md" { "# Hi\n" } else { "" })).collect();
    files[0].bytes = vec![0xff];
    files.extend([file("0012-use-a-template.md", record), file("sub/use-x.md", record)]);
    let import = import(&files, None, &Model::default()).unwrap();
    assert_eq!(import.skipped.len(), names.len());
    assert!(import.skipped.iter().all(|skipped| skipped.why.ends_with('.')));
    let read: Vec<_> =
        import.decisions.iter().map(|decision| (decision.number.as_str(), decision.file.as_str())).collect();
    assert_eq!(read, [("12", "0012-use-a-template.md"), ("13", "sub/use-x.md")]);
}

#[test]
fn one_broken_file_refuses_the_whole_folder() {
    let good = file("0001-a.md", "# A\n\n## Context\n\n## Decision\n");
    let refusal = |name: &str, bytes: Vec<u8>| {
        import(&[good.clone(), AdrFile { name: name.into(), bytes }], None, &Model::default()).unwrap_err()
    };
    let error = refusal("0002-b.md", b"# B\n\nab\xff".to_vec());
    assert_eq!((error.kind, error.place.as_deref()), (RefusalKind::BadInput, Some("0002-b.md:3:3")));
    let error = refusal("0002-b.md", vec![b'a'; 1_000_001]);
    assert_eq!((error.kind, error.place.as_deref()), (RefusalKind::TooLarge, Some("0002-b.md:1")));
    let error = refusal("0002-b.md", format!("\n\n# {}\n", "b".repeat(3_000)).into_bytes());
    assert_eq!((error.kind, error.place.as_deref()), (RefusalKind::TooLarge, Some("0002-b.md:3")));
    assert!(!error.advice.is_empty());
    assert_eq!(import(&[], None, &Model::default()).unwrap_err().kind, RefusalKind::NotFound);
}

#[test]
fn records_join_those_that_are_there() {
    let decision = |id: &str, number: &str, source: &str| {
        let record = Record::new(Collection::Decisions, id).with("number", Value::text(number));
        record.with("title", Value::text(id)).with("source", Value::text(source))
    };
    let model = Model::of([decision("d1", "1", "adr/0001-old.md"), decision("d2", "2", "")]);
    let text = "# 2. New\n\n## Status\n\nSuperseded by [1. Old](0001-OLD.md)\n\nClarifies ADR-2\n\n## Context\n";
    let import =
        import(&[file("0002-new.md", text), file("0003-x.md", "# X\n\n[n](./0002-New#top)\n")], None, &model).unwrap();
    let after = applied(&model, &import.edits);
    let new = &import.decisions[0].id;
    assert_eq!(after.get("d1").unwrap().list("supersedes"), std::slice::from_ref(new));
    assert_eq!(after.get(new).unwrap().text("number"), "", "The number is taken.");
    assert!(import.notes.iter().any(|note| note.what.contains("another number")));
    let third = after.get(&import.decisions[1].id).unwrap();
    assert_eq!(third.get("links"), Some(&Value::Map(BTreeMap::from([(new.clone(), "refers to".into())]))));
}

#[test]
fn folders_are_written_as_their_format_has_them() {
    let decision = |id: &str, number: &str, title: &str| {
        let record = Record::new(Collection::Decisions, id).with("number", Value::text(number));
        record.with("title", Value::text(title)).with("context", Value::text("Why."))
    };
    let old = decision("a1", "7b", "Use A, maybe").with("status", Value::text("superseded"));
    let new = decision("a2", "12", "Use B")
        .with("status", Value::text("accepted"))
        .with("date", Value::text("2024-01-11"))
        .with("decision", Value::text("We use B."))
        .with("supersedes", Value::list(["a1"]))
        .with("links", Value::Map(BTreeMap::from([("a3".into(), "amends".into())])));
    let mut gone = decision("a4", "14", "Gone");
    gone.deleted = true;
    let model = Model::of([old, new, decision("a3", "13", "Use C"), gone]);
    let files = |format| -> BTreeMap<String, String> {
        let files = write(&model, format).into_iter();
        files.map(|file| (file.name, String::from_utf8(file.bytes).unwrap())).collect()
    };
    let nygard = files(AdrFormat::Nygard);
    assert_eq!(nygard.keys().collect::<Vec<_>>(), ["0007b-use-a-maybe.md", "0012-use-b.md", "0013-use-c.md"]);
    assert_eq!(
        nygard["0007b-use-a-maybe.md"],
        "# 7b. Use A, maybe\n\n## Status\n\nSuperseded by [12. Use B](0012-use-b.md)\n\n## Context\n\nWhy.\n"
    );
    assert_eq!(
        nygard["0012-use-b.md"],
        "# 12. Use B\n\nDate: 2024-01-11\n\n## Status\n\nAccepted\n\nSupersedes [7b. Use A, maybe](0007b-use-a-maybe.md)\n\n\
         Amends [13. Use C](0013-use-c.md)\n\n## Context\n\nWhy.\n\n## Decision\n\nWe use B.\n"
    );
    let madr = files(AdrFormat::Madr4);
    assert_eq!(
        madr["0007b-use-a-maybe.md"],
        "---\nstatus: \"superseded by [ADR-0012](0012-use-b.md)\"\n---\n\n# Use A, maybe\n\n\
         ## Context and Problem Statement\n\nWhy.\n"
    );
    assert_eq!(
        madr["0012-use-b.md"],
        "---\nstatus: accepted\ndate: 2024-01-11\n---\n\n# Use B\n\n## Context and Problem Statement\n\nWhy.\n\n\
         ## Decision Outcome\n\nWe use B.\n\n## Links\n\n* Supersedes [ADR-0007b](0007b-use-a-maybe.md)\n* Amends [ADR-0013](0013-use-c.md)\n"
    );
    let brains = files(AdrFormat::Log4brains);
    assert_eq!(
        brains["20240111-use-b.md"],
        "# Use B\n\n- Status: accepted\n- Date: 2024-01-11\n- Number: 12\n\n## Context and Problem Statement\n\nWhy.\n\n\
         ## Decision Outcome\n\nWe use B.\n\n## Links\n\n- Supersedes [19700101-use-a-maybe](19700101-use-a-maybe.md)\n- Amends [20240111-use-c](20240111-use-c.md)\n"
    );
    for format in AdrFormat::ALL {
        let (_, back) = there_and_back(&model, format);
        let mut meant = said(&model);
        meant.remove("14");
        assert_eq!(said(&back), meant, "{}", format.name());
    }
}
