//! The search through the façade: sections and records, in one document or in
//! all, as they are renamed, deleted and restored.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::collections::BTreeMap;

use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_core::error::{Error, ErrorCode};
use drystone_core::model::Value;
use drystone_core::model::edit::Edit;
use drystone_tests::*;

async fn hits(device: &Device, query: &str, document: Option<&str>) -> Result<Vec<SearchHit>, Error> {
    let args = Search { query: query.into(), document: document.map(str::to_owned), limit: 20 };
    device.call(Request::Search(args)).await
}

/// Paths of what is found, in order.
async fn found(device: &Device, query: &str) -> Vec<String> {
    hits(device, query, None).await.unwrap().into_iter().map(|hit| hit.path).collect()
}

async fn apply(device: &Device, document: &str, edits: Vec<Edit>) -> Vec<String> {
    let args = ApplyEdits { document: document.into(), edits, sections: Vec::new(), summary: None, confirm: true };
    device.call::<Applied>(Request::ModelApply(args)).await.unwrap().added
}

fn add(collection: &str, id: &str, fields: &[(&str, &str)]) -> Edit {
    let fields: BTreeMap<String, Value> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), Value::text(*value))).collect();
    Edit::Add { collection: collection.into(), id: Some(id.into()), fields, after: None }
}

const SHOP: &str = "00000000000000a1";
const CLIENT: &str = "00000000000000a2";
const FLOW: &str = "00000000000000b1";

/// A shop with an element in another, a flow with a step, a decision and a concern.
async fn shop(device: &Device) -> String {
    let id = device.import("shop.md", b"# Shop\n\n## Overview\n\nSells parcels by mail.\n").await.unwrap().id;
    let edits = vec![
        add("elements", SHOP, &[("name", "Storefront"), ("kind", "software-system")]),
        add(
            "elements",
            CLIENT,
            &[("name", "Web Client"), ("kind", "web-client"), ("parent", SHOP), ("purpose", "Shows parcels.")],
        ),
        add("flows", FLOW, &[("name", "Checkout")]),
        add("steps", "00000000000000b2", &[("flow", FLOW), ("text", "Charges the purse")]),
        add("decisions", "00000000000000c1", &[("title", "Use gRPC inside"), ("rationale", "Typed contracts.")]),
        add(
            "concerns",
            "00000000000000d1",
            &[("topic", "fallback"), ("name", "Bulkheads"), ("statement", "Pools are separate.")],
        ),
    ];
    apply(device, &id, edits).await;
    id
}

#[tokio::test]
async fn everything_with_a_name_is_found_with_its_path() {
    let alice = Device::new().await;
    shop(&alice).await;
    for (query, path) in [
        ("web cl", "elements.web-client"),
        ("webb cleint", "elements.web-client"),
        ("chekcout", "flows.checkout"),
        ("purse", "flows.checkout.steps.charges-the-purse"),
        ("contracts", "decisions.1"),
        ("grpc", "decisions.1"),
        ("bulkhaeds", "concerns.bulkheads"),
        ("pools separate", "concerns.bulkheads"),
        ("sells", "sections.overview"),
        ("overveiw", "sections.overview"),
    ] {
        assert_eq!(found(&alice, query).await, [path], "{query}");
    }
    let hit = hits(&alice, "cleint", None).await.unwrap().remove(0);
    assert_eq!(
        (hit.section.as_str(), hit.section_title.as_str(), hit.record.as_deref(), hit.collection.as_deref()),
        ("", "Web Client", Some(CLIENT), Some("elements"))
    );
    assert_eq!(hit.excerpt, "Web \u{e000}Client\u{e001}");
    let section = hits(&alice, "sells", None).await.unwrap().remove(0);
    assert_eq!((section.record, section.collection), (None, None));
    assert!(!section.section.is_empty());
}

#[tokio::test]
async fn a_record_is_found_by_the_name_it_has_now_and_not_in_the_trash() {
    let alice = Device::new().await;
    let id = shop(&alice).await;
    let rename = Edit::Set { id: CLIENT.into(), field: "name".into(), value: Some(Value::text("Browser")) };
    apply(&alice, &id, vec![rename]).await;
    assert!(found(&alice, "web client").await.is_empty());
    assert_eq!(found(&alice, "browser").await, ["elements.browser"]);
    // What stands inside of something goes and comes with it.
    apply(&alice, &id, vec![Edit::Delete { id: SHOP.into() }, Edit::Delete { id: FLOW.into() }]).await;
    for query in ["browser", "storefront", "checkout", "purse", "brwoser"] {
        assert!(found(&alice, query).await.is_empty(), "{query}");
    }
    apply(&alice, &id, vec![Edit::Restore { id: SHOP.into() }, Edit::Restore { id: FLOW.into() }]).await;
    assert_eq!(found(&alice, "browser").await, ["elements.browser"]);
    assert_eq!(found(&alice, "purse").await.len(), 1);
    alice.run(Request::DocumentDelete(DocumentRef { document: id })).await.unwrap();
    assert!(found(&alice, "browser").await.is_empty());
}

#[tokio::test]
async fn another_process_finds_what_was_written_here() {
    let alice = Device::new().await;
    let other = alice.again().await;
    let id = shop(&alice).await;
    assert_eq!(found(&other, "web client").await, ["elements.web-client"]);
    alice.app().set(&id, "sections.overview", "Rents bicycles.").await.unwrap();
    assert!(found(&other, "parcels mail").await.is_empty());
    assert_eq!(found(&other, "bicycl").await, ["sections.overview"]);
}

#[tokio::test]
async fn one_document_can_be_searched_alone() {
    let alice = Device::new().await;
    let shop = shop(&alice).await;
    let plant = alice.import("plant.md", b"# Plant\n\n## Overview\n\nPumps parcels of water.\n").await.unwrap().id;
    assert_eq!(found(&alice, "parcels").await.len(), 3);
    assert_eq!(hits(&alice, "parcels", Some(&shop)).await.unwrap().len(), 2);
    let only = hits(&alice, "parcels", Some(&plant)).await.unwrap();
    assert_eq!(only.iter().map(|hit| hit.document_title.as_str()).collect::<Vec<_>>(), ["Plant"]);
    assert_eq!(hits(&alice, "parcels", Some("nonsense")).await.unwrap_err().code, ErrorCode::BadInput);
    assert_eq!(hits(&alice, &"a ".repeat(5_000), None).await.unwrap_err().code, ErrorCode::TooLarge);
    for odd in ["\"", "\0", "😀 \u{fe0f}", "a AND (", "{name}:x", "NEAR(a b)", "'; DROP TABLE places"] {
        hits(&alice, odd, None).await.unwrap();
    }
}
