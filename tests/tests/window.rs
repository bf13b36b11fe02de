//! The real window through WebDriver, as a person uses it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

use std::time::{Duration, Instant};

use drystone_tests::page::in_section;
use drystone_tests::window::{Desktop, Secrets};

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
    let shown = desktop.command_line(&["show", "water-treatment", "sections.data-flow"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("Raw water is pumped from the river."), "{shown}");
}
