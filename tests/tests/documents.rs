//! Documents through the façade: import, edit, merge between processes,
//! recover, search.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_core::error::ErrorCode;
use drystone_tests::*;
use serde_json::Value;

#[tokio::test]
async fn a_new_document_has_the_templates_places_and_no_text() {
    let alice = Device::new().await;
    for (template, key) in [("compact", "scalability"), ("full", "resilience.circuit-breakers")] {
        let document = alice.create("Water plant", template).await;
        let view = alice.open(&document).await;
        assert!(view.sections.iter().any(|section| section.key.as_deref() == Some(key)), "{template} has {key}");
        assert!(view.sections.iter().all(|section| section.text.is_empty()));
        assert!(
            view.sections.iter().filter(|section| section.key.is_some()).all(|s| s.guidance.is_some() || s.level == 2)
        );
        assert!(view.missing.iter().all(|slot| slot.repeatable), "only what may be added often is offered");
        assert_eq!(view.summary.completeness.written, 0);
        let markdown = alice.export(&document).await;
        assert!(markdown.starts_with("# Water plant\n\n## Overview\n\n"), "{markdown}");
    }
}

#[tokio::test]
async fn what_goes_in_comes_out_byte_for_byte() {
    let alice = Device::new().await;
    let cases: &[&str] = &[
        "",
        "\n\n",
        "no heading at all",
        "\u{feff}# BOM\r\n\r\nand CRLF\r\n",
        "# mixed\r\nline\nline\r\n\r\n## next\n",
        "old\rmac\r# not a heading to some\r",
        "---\ntitle: front\n---\n\n# After\n",
        "Title\n=====\n\nSub\n---\ntext\n***\n",
        "# a\n## b\n##### skips\n# c ##  \n#\n##\n",
        "```\n# code\n```\n~~~\n## code\n~~~\n# real\n    # indented code\n",
        "# end without newline",
        "# end\ntext without newline",
        "> # quoted\n\n- # listed\n\n<div>\n# html\n</div>\n\n# real\n",
        "# tabs\t\n\ttext  \n\n\n\n\n## blank lines\n\n\n",
        "multi\nline\n===\n\n# 😀 emoji `code` *em* #tag#\n",
    ];
    for case in cases {
        let imported = alice.import("case.md", case.as_bytes()).await.unwrap();
        assert_eq!(alice.export(&imported.id).await, *case, "{case:?}");
    }
}

#[tokio::test]
async fn real_documents_come_out_byte_for_byte() {
    let alice = Device::new().await;
    let mut count = 0;
    for path in corpus() {
        let bytes = std::fs::read(&path).unwrap();
        let imported = alice.import(&path.display().to_string(), &bytes).await.unwrap();
        assert_eq!(alice.export(&imported.id).await.as_bytes(), bytes, "{}", path.display());
        count += 1;
    }
    // Where there are corpora, an empty list of them would prove nothing.
    assert_eq!(count > 0, corpora().is_some(), "{count} real documents");
}

#[tokio::test]
async fn headings_find_their_places_by_title_and_alias() {
    let alice = Device::new().await;
    let text = "# Shop\n\n## 1. Introduction\n\nIt sells.\n\n## Scaling Strategy\n\nMore boxes.\n\n## Security Model\n\n### Access control\n\nx\n\n## Odd one\n\n## Monitoring\n";
    let id = alice.import("shop.md", text.as_bytes()).await.unwrap().id;
    let view = alice.open(&id).await;
    let keys: Vec<(&str, Option<&str>)> = view.sections.iter().map(|s| (s.path.as_str(), s.key.as_deref())).collect();
    assert_eq!(
        keys,
        [
            ("sections.shop", None),
            ("sections.overview", Some("overview")),
            ("sections.scalability", Some("scalability")),
            ("sections.security", Some("security")),
            ("sections.security.authorization", Some("security.authorization")),
            ("sections.odd-one", None),
            ("sections.observability", Some("observability")),
        ]
    );
    assert!(
        view.missing.iter().any(|slot| slot.key == "deployment"),
        "what the file lacks is offered: {:?}",
        view.missing.iter().map(|s| &s.key).collect::<Vec<_>>()
    );
    assert_eq!(alice.export(&id).await, text, "matching changes nothing");
}

#[tokio::test]
async fn typing_is_taken_in_order_and_refused_on_an_old_version() {
    let alice = Device::new().await;
    let id = alice.import("a.md", b"# A\n\nhello\n").await.unwrap().id;
    let section = alice.open(&id).await.sections[0].id.clone();
    let first = alice.type_in(&id, &section, 0, &[(5, 0, " world")]).await.unwrap();
    assert_eq!(first, Edited { accepted: true, version: 1 });
    let stale = alice.type_in(&id, &section, 0, &[(0, 0, "x")]).await.unwrap();
    assert_eq!(stale, Edited { accepted: false, version: 1 });
    let second = alice.type_in(&id, &section, 1, &[(0, 5, "Hi"), (2, 0, ",")]).await.unwrap();
    assert!(second.accepted);
    let outside = alice.type_in(&id, &section, 2, &[(500, 0, "x")]).await.unwrap_err();
    assert_eq!(outside.code, ErrorCode::BadInput);
    assert_eq!(alice.export(&id).await, "# A\n\nHi, world\n");
    let updates: SectionUpdatesReply = alice
        .call(Request::SectionUpdates(SectionUpdates { document: id.clone(), section: section.clone(), since: 1 }))
        .await
        .unwrap();
    assert_eq!((updates.version, updates.updates.len(), updates.text), (2, 1, None));
    let reset: SectionUpdatesReply =
        alice.call(Request::SectionUpdates(SectionUpdates { document: id, section, since: 77 })).await.unwrap();
    assert_eq!(reset.text.as_deref(), Some("Hi, world"));
}

#[tokio::test]
async fn typing_becomes_one_change_a_pause() {
    let alice = Device::new().await;
    let id = alice.import("a.md", b"# A\n\n\n").await.unwrap().id;
    let section = alice.open(&id).await.sections[0].id.clone();
    for (index, letter) in "quickly typed".chars().enumerate() {
        let at = index as u32;
        assert!(alice.type_in(&id, &section, at, &[(at, 0, &letter.to_string())]).await.unwrap().accepted);
    }
    let log: Vec<LogEntry> = alice.call(Request::DocumentLog(DocumentRef { document: id })).await.unwrap();
    assert_eq!(log.len(), 2, "{log:?}");
    assert_eq!(log[0].summary, "Edited A");
    assert_eq!(log[0].author, "you");
}

#[tokio::test]
async fn two_processes_on_one_folder_see_each_other_within_a_second() {
    let window = Device::new().await;
    let line = window.again().await;
    let id = window.import("a.md", b"# A\n\none\n\n## B\n\ntwo\n").await.unwrap().id;
    let view = window.open(&id).await;
    let (a, b) = (view.sections[0].id.clone(), view.sections[1].id.clone());
    let mut events = window.app().subscribe();
    assert!(window.type_in(&id, &a, 0, &[(3, 0, "!")]).await.unwrap().accepted);
    line.app().set(&id, "sections.b", "two from elsewhere").await.unwrap();
    let started = std::time::Instant::now();
    loop {
        let event = tokio::time::timeout(std::time::Duration::from_secs(5), events.recv()).await.unwrap().unwrap();
        if let Event::SectionChanged { section, update, .. } = event
            && section == b
        {
            assert_eq!(update.client, "");
            break;
        }
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(1), "{:?}", started.elapsed());
    let expected = "# A\n\none!\n\n## B\n\ntwo from elsewhere\n";
    assert_eq!(window.export(&id).await, expected);
    tokio::time::sleep(std::time::Duration::from_millis(1000)).await;
    assert_eq!(line.export(&id).await, expected, "typing of the window arrived on the command line");
}

#[tokio::test]
async fn typing_of_a_process_that_died_is_recovered() {
    let alice = Device::new().await;
    let id = alice.import("a.md", b"# A\n\none\n").await.unwrap().id;
    let section = alice.open(&id).await.sections[0].id.clone();
    assert!(alice.type_in(&id, &section, 0, &[(3, 0, " and more")]).await.unwrap().accepted);
    let copy = alice.copy_as_after_a_crash();
    let text = copy.open_app().await.export(&id).await;
    assert_eq!(text, "# A\n\none and more\n");
}

#[tokio::test]
async fn sections_are_added_moved_deleted_and_restored() {
    let alice = Device::new().await;
    let id = alice.import("a.md", b"# A\n\n## B\n\nb\n\n### C\n\nc\n\n## D\n\nd\n").await.unwrap().id;
    let by_title =
        |view: &DocumentView, title: &str| view.sections.iter().find(|s| s.title == title).unwrap().id.clone();
    let view = alice.open(&id).await;
    let (a, b, c, d) = (by_title(&view, "A"), by_title(&view, "B"), by_title(&view, "C"), by_title(&view, "D"));
    alice
        .run(Request::SectionMove(MoveSection {
            document: id.clone(),
            section: b.clone(),
            parent: Some(d.clone()),
            after: None,
        }))
        .await
        .unwrap();
    assert_eq!(alice.export(&id).await, "# A\n\n## D\n\nd\n\n### B\n\nb\n\n#### C\n\nc\n");
    let cycle = Request::SectionMove(MoveSection {
        document: id.clone(),
        section: d.clone(),
        parent: Some(c.clone()),
        after: None,
    });
    assert_eq!(alice.run(cycle).await.unwrap_err().code, ErrorCode::BadInput);
    alice.run(Request::SectionDelete(SectionRef { document: id.clone(), section: b.clone() })).await.unwrap();
    assert_eq!(alice.export(&id).await, "# A\n\n## D\n\nd\n");
    alice.run(Request::SectionRestore(SectionRef { document: id.clone(), section: b })).await.unwrap();
    let added: SectionView = alice
        .call(Request::SectionAdd(AddSection {
            document: id.clone(),
            parent: Some(a),
            after: Some(d),
            title: "Résumé".into(),
            key: None,
        }))
        .await
        .unwrap();
    assert_eq!(added.path, "sections.résumé");
    assert!(alice.type_in(&id, &added.id, 0, &[(0, 0, "new")]).await.unwrap().accepted);
    assert_eq!(alice.export(&id).await, "# A\n\n## D\n\nd\n\n### B\n\nb\n\n#### C\n\nc\n\n## Résumé\n\nnew\n");
}

#[tokio::test]
async fn a_missing_place_is_added_where_the_template_has_it() {
    let alice = Device::new().await;
    let id = alice.import("a.md", b"# A\n\n## Overview\n\no\n\n## Future Work\n\nf\n").await.unwrap().id;
    alice.app().set(&id, "sections.security.authentication", "Keys.").await.unwrap();
    assert_eq!(
        alice.export(&id).await,
        "# A\n\n## Overview\n\no\n\n## Security Architecture\n\n### Authentication\n\nKeys.\n\n## Future Work\n\nf\n"
    );
    let value: Value = alice.app().show(&id, Some("sections.security.authentication")).await.unwrap();
    assert_eq!(value, "Keys.");
    assert_eq!(alice.app().show(&id, Some("sections.nowhere")).await.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test]
async fn documents_are_named_by_title_slug_or_id_prefix() {
    let alice = Device::new().await;
    let one = alice.create("Water Plant", "compact").await;
    alice.create("Twin", "compact").await;
    alice.create("Twin", "full").await;
    for name in ["Water Plant", "water-plant", &one[..6]] {
        assert_eq!(alice.app().resolve_document(name).await.unwrap().id, one);
    }
    let twins = alice.app().resolve_document("twin").await.unwrap_err();
    assert_eq!(twins.code, ErrorCode::Ambiguous);
    assert!(twins.message.contains("names 2 documents"), "{}", twins.message);
    assert_eq!(alice.app().resolve_document("nothing").await.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test]
async fn search_finds_words_in_every_document_and_not_in_deleted_ones() {
    let alice = Device::new().await;
    let id = alice.import("a.md", "# A\n\nThe Zürich pumps are cooled.\n".as_bytes()).await.unwrap().id;
    alice.import("b.md", b"# B\n\nnothing\n").await.unwrap();
    let find = |query: &str| {
        let request = Request::Search(Search { query: query.into(), document: None, limit: 10 });
        alice.call::<Vec<SearchHit>>(request)
    };
    let hits = find("zurich pum").await.unwrap();
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].excerpt, "The \u{e000}Zürich\u{e001} \u{e000}pumps\u{e001} are cooled.");
    for hostile in ["\"", "a AND", "NEAR(", "*", "col:x", "😀"] {
        find(hostile).await.unwrap();
    }
    alice.run(Request::DocumentDelete(DocumentRef { document: id.clone() })).await.unwrap();
    assert!(find("pumps").await.unwrap().is_empty());
    alice.run(Request::DocumentRestore(DocumentRef { document: id })).await.unwrap();
    assert_eq!(find("pumps").await.unwrap().len(), 1);
}

#[tokio::test]
async fn everything_is_still_there_after_a_restart() {
    let alice = Device::new().await;
    let id = alice.create("Kept", "full").await;
    alice.app().set(&id, "sections.overview", "Stays.").await.unwrap();
    alice.app().close().await.unwrap();
    let again = alice.again().await;
    assert_eq!(again.app().show(&id, Some("sections.overview")).await.unwrap(), "Stays.");
}

#[tokio::test]
async fn the_passphrase_and_the_key_file_are_needed_again() {
    let folder = tempfile::tempdir().unwrap();
    let open = |unlock| open_folder(folder.path(), unlock);
    let phrase = |text: &str| drystone_core::Unlock::Passphrase(text.to_owned().into());
    let app = open(phrase("correct horse")).await.unwrap();
    app.close().await.unwrap();
    drop(app);
    assert_eq!(open(phrase("wrong horse")).await.err().unwrap().code, ErrorCode::WrongKey);
    let other = open(drystone_core::Unlock::KeyFile(folder.path().join("k"))).await.err().unwrap();
    assert_eq!(other.code, ErrorCode::WrongKey);
    assert!(other.message.contains("a passphrase"), "{}", other.message);
    open(phrase("correct horse")).await.unwrap();
}

#[tokio::test]
async fn a_cut_off_database_is_recognised_and_left_alone() {
    for length in [10_000, 8192, 100, 0] {
        let alice = Device::new().await;
        alice.create("Kept", "full").await;
        let copy = alice.copy_closed().await;
        let path = copy.path().join("drystone.db");
        let bytes = std::fs::read(&path).unwrap()[..length].to_vec();
        std::fs::write(&path, &bytes).unwrap();
        let error = copy.try_open().await.err().unwrap_or_else(|| {
            panic!("cut to {length} bytes it still opens; log: {}", path.with_extension("db-wal").exists())
        });
        assert_eq!(error.code, ErrorCode::Damaged, "{error:?}");
        assert!(error.place.unwrap().ends_with("drystone.db"));
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "nothing was written to it");
    }
}

#[tokio::test]
async fn doctor_finds_a_damaged_page() {
    let alice = Device::new().await;
    alice.create("Kept", "full").await;
    let copy = alice.copy_closed().await;
    let path = copy.path().join("drystone.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 4096;
    bytes[last + 100..last + 200].fill(7);
    std::fs::write(&path, &bytes).unwrap();
    let device = copy.open_app().await;
    let checks: Vec<DoctorCheck> = device.call(Request::Doctor(Empty {})).await.unwrap();
    let database = checks.iter().find(|check| check.check == "database.integrity").unwrap();
    assert!(!database.ok && database.advice.is_some(), "{database:?}");
}
