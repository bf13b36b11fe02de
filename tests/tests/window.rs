//! The real window through WebDriver, as a person uses it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

use std::time::{Duration, Instant};

use drystone_core::api::{DocumentSummary, ListDocuments};
use drystone_core::command::Request;
use drystone_tests::page::{Key, id, in_section};
use drystone_tests::window::{Desktop, Secrets};
use drystone_tests::{Device, Relay};

/// A word that would be found wherever it lay in plain.
const WORD: &str = "Quartzsandfilter";

#[tokio::test]
async fn what_is_typed_is_there_after_a_crash_and_after_an_ordinary_end() {
    let desktop = Desktop::new(Secrets::Keychain).await;
    let window = desktop.window(&[]).await;
    window.create("Water treatment").await;
    window.write_in("sections.overview").await;
    window.type_text(&format!("The {WORD} holds back what flocculation left.")).await;
    window.saved().await;
    window.kill();

    let window = desktop.window(&[]).await;
    window.open("Water treatment").await;
    window.reads(&in_section("sections.overview", "preview"), WORD).await;
    window.write_in("sections.overview").await;
    window.type_text(" It is washed at night.").await;
    // Without waiting: ending has to store the last words.
    window.quit().await;

    let window = desktop.window(&["Water treatment"]).await;
    window.reads(&in_section("sections.overview", "preview"), "left. It is washed at night.").await;
    window.quit().await;
    nothing_lies_in_plain(&desktop);
}

/// The key is in the keychain only, and no file holds what was typed.
fn nothing_lies_in_plain(desktop: &Desktop) {
    let files = desktop.files();
    assert!(files.iter().any(|file| file.starts_with(desktop.data())), "{files:?}");
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        assert!(!name.contains("key") || file.starts_with(desktop.home().join(".local/share/keyrings")), "{file:?}");
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(WORD.len()).any(|part| part == WORD.as_bytes()), "{file:?} holds the text in plain");
        if name == "drystone.db" {
            assert!(!bytes.starts_with(b"SQLite format 3"), "the database is not encrypted");
        }
    }
}

#[tokio::test]
async fn the_command_line_writes_into_the_open_window() {
    let desktop = Desktop::new(Secrets::Keychain).await;
    let window = desktop.window(&[]).await;
    window.create("Water treatment").await;
    window.write_in("sections.data-flow").await;
    window.type_text("Raw water").await;
    window.saved().await;
    let done = desktop.command_line(&["set", "water-treatment", "sections.overview", "Set from a terminal."]);
    assert!(done.status.success(), "{done:?}");
    let started = Instant::now();
    window.reads(&in_section("sections.overview", "preview"), "Set from a terminal.").await;
    let took = started.elapsed();
    eprintln!("the window shows it after {took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    // And the other way round.
    window.type_text(" is pumped from the river.").await;
    window.saved().await;
    // The driver is done before the page has taken every key: what is waited for is the text itself.
    let typed = Instant::now();
    loop {
        let shown = desktop.command_line(&["show", "water-treatment", "sections.data-flow"]);
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        if shown.contains("Raw water is pumped from the river.") {
            break;
        }
        assert!(typed.elapsed() < Duration::from_secs(20), "{shown}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn an_edit_from_a_second_device_arrives_while_one_types() {
    let relay = Relay::start();
    let desktop = Desktop::new(Secrets::Keychain).await;
    let window = desktop.window(&[]).await;
    window.create("Water treatment").await;
    window.write_in("sections.overview").await;
    window.type_text("Filters").await;
    window.saved().await;
    let link = window.invite(&relay.url()).await;

    let ben = Device::in_background().await;
    ben.join(&link, "Ben").await.unwrap();
    let document = arrived(&ben).await;
    let overview = ben.open(&document).await.sections.into_iter().find(|section| section.path == "sections.overview");
    let overview = overview.unwrap();
    let place = u32::try_from(overview.text.find("Filters").unwrap()).unwrap();

    window.write_in("sections.overview").await;
    let typed = " of sand hold back what is left";
    let while_typing = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        ben.type_in(&document, &overview.id, overview.version, &[(place, 0, "Rapid ")]).await.unwrap();
    };
    tokio::join!(window.type_text(typed), while_typing);
    window.reads(".cm-content", "Rapid Filters").await;
    assert_eq!(
        window.before_caret().await.trim_start(),
        format!("Rapid Filters{typed}"),
        "the caret stays behind what was typed"
    );
    window.type_text(".").await;
    assert_eq!(window.text(".cm-content").await.trim(), format!("Rapid Filters{typed}."));
    window.find(&format!("{}[data-phase=idle][data-waiting='0']", id("sync-indicator"))).await;
    let started = Instant::now();
    while !ben.export(&document).await.contains(&format!("Rapid Filters{typed}.")) {
        assert!(started.elapsed() < Duration::from_secs(30), "{}", ben.export(&document).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until the only document has reached a device; returns its id.
async fn arrived(device: &Device) -> String {
    let started = Instant::now();
    loop {
        let list = Request::DocumentList(ListDocuments { workspace: None, deleted: false });
        if let Some(document) = device.call::<Vec<DocumentSummary>>(list).await.unwrap().pop() {
            return document.id;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "the document does not arrive");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn without_a_keychain_a_passphrase_is_chosen_and_asked_for() {
    const PASSPHRASE: &str = "seven wet stones under 2 bridges";
    let desktop = Desktop::new(Secrets::None).await;
    let window = desktop.window(&[]).await;
    window.find("[data-testid=unlock][data-first=true]").await;
    window.fill(&id("unlock-passphrase"), PASSPHRASE).await;
    window.fill(&id("unlock-repeat"), PASSPHRASE).await;
    window.click(&id("unlock-submit")).await;
    window.create("Water treatment").await;
    window.write_in("sections.overview").await;
    window.type_text(WORD).await;
    window.saved().await;
    window.quit().await;

    let window = desktop.window(&[]).await;
    window.find("[data-testid=unlock][data-first=false]").await;
    window.fill(&id("unlock-passphrase"), "not this one").await;
    window.press(Key::Enter).await;
    window.find(&format!("{} [role=alert]", id("unlock"))).await;
    window.fill(&id("unlock-passphrase"), PASSPHRASE).await;
    window.press(Key::Enter).await;
    window.open("Water treatment").await;
    window.reads(&in_section("sections.overview", "preview"), WORD).await;
    window.quit().await;
    nothing_lies_in_plain(&desktop);
}
