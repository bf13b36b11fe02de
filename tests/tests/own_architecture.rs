//! Drystone's own architecture: the document in the repository is what its
//! Markdown says, and has no finding that is not accepted with a reason.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_tests::*;

#[tokio::test]
async fn the_document_of_our_own_architecture_is_whole_and_true_to_its_markdown() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let alice = Device::new().await;
    let json = std::fs::read(docs.join("architecture.json")).unwrap();
    let imported = alice.import("architecture.json", &json).await.unwrap();
    let markdown = std::fs::read_to_string(docs.join("architecture.md")).unwrap().replace("\r\n", "\n");
    let exported = alice.export(&imported.id).await;
    let differs = exported.lines().zip(markdown.lines()).position(|(ours, theirs)| ours != theirs);
    assert_eq!(differs, None, "docs/architecture.md is not what docs/architecture.json exports, from this line on");
    assert_eq!(exported.len(), markdown.len());

    let check = CheckDocument { document: imported.id.clone(), rules: None };
    let report: CheckReport = alice.call(Request::CheckRun(check)).await.unwrap();
    let open: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.suppressed.is_none() && finding.severity >= Severity::Warning)
        .map(|finding| format!("{}: {} [{}]", finding.place, finding.message, finding.rule))
        .collect();
    assert!(open.is_empty(), "{}", open.join("\n"));

    let view = alice.open(&imported.id).await;
    let empty: Vec<&str> = view
        .sections
        .iter()
        .filter(|section| section.level > 1 && section.state == SectionState::Placeholder)
        .map(|section| section.path.as_str())
        .collect();
    assert!(empty.is_empty(), "{empty:?} hold placeholders");
}
