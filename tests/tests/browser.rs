//! The browser host in headless Chromium, as a person uses it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

#[path = "browser/company.rs"]
mod company;

use std::path::Path;
use std::time::{Duration, Instant};

use drystone_core::api::{DocumentSummary, ListDocuments, Role};
use drystone_core::command::Request;
use drystone_tests::browser::{Browser, Screen, Served};
use drystone_tests::page::{Key, id, in_section};
use drystone_tests::{Device, Relay};
use serde_json::{Value, json};

const DESKTOP: Screen = Screen::Window(1440, 900);

/// Line ends, a byte order mark and spaces that an export has to keep.
const FILE: &[u8] = b"\xEF\xBB\xBF# Pump station\r\n\r\nLifts raw water.  \r\n\r\n## Overview\r\n\r\n* two pumps\r\n- one spare\r\n\r\n\r\n## Odd one\r\n\r\nno end of line";

#[tokio::test]
async fn what_is_typed_is_there_after_a_reload() {
    let served = Served::start();
    let browser = Browser::open(served.url(), DESKTOP).await;
    browser.create("Water treatment").await;
    browser.write_in("sections.overview").await;
    browser.type_text("Sand holds back what is left.").await;
    browser.saved().await;
    browser.client().refresh().await.unwrap();
    browser.reads(&in_section("sections.overview", "preview"), "Sand holds back what is left.").await;
    let shown = served.command_line(&["show", "water-treatment", "sections.overview"]);
    assert!(shown.contains("Sand holds back what is left."), "{shown}");
    served.command_line(&["set", "water-treatment", "sections.data-flow", "Set from a terminal."]);
    browser.reads(&in_section("sections.data-flow", "preview"), "Set from a terminal.").await;
}

#[tokio::test]
async fn a_second_devices_edit_appears() {
    let Shared { _relay, served: _served, browser, ben, document } = Shared::new().await;
    let section = ben.open(&document).await.sections.into_iter().find(|section| section.path == "sections.overview");
    let section = section.unwrap();
    let end = u32::try_from(section.text.len()).unwrap();
    ben.type_in(&document, &section.id, section.version, &[(end, 0, "Written by Ben.\n")]).await.unwrap();
    browser.reads(&in_section("sections.overview", "preview"), "Written by Ben.").await;
    browser.click(&id("sync-indicator")).await;
    browser.reads(&id("members"), "Ben").await;
}

#[tokio::test]
async fn an_invitation_is_accepted_in_the_interface() {
    let relay = Relay::start();
    let ben = Device::new().await;
    ben.create("Written by Ben", "compact").await;
    ben.share(&relay.url()).await;
    let link = ben.invite(Role::Editor).await;
    let served = Served::start();
    let browser = Browser::open(served.url(), DESKTOP).await;
    browser.join(&link, "Ada").await;
    browser.open("Written by Ben").await;
    browser.write_in("sections.overview").await;
    browser.type_text("Written by Ada.").await;
    browser.find(&format!("{}[data-phase=idle][data-waiting='0']", id("sync-indicator"))).await;
    browser.saved().await;
    let document = arrived(&ben).await;
    let started = Instant::now();
    while !ben.export(&document).await.contains("Written by Ada.") {
        assert!(started.elapsed() < Duration::from_secs(60), "Ada's text does not arrive");
        ben.sync().await;
    }
}

#[tokio::test]
async fn a_member_is_made_a_reader_and_removed_in_the_interface() {
    let Shared { _relay, served, browser, ben, document } = Shared::new().await;
    browser.click(&id("sync-indicator")).await;
    browser.reads(&id("members"), "Ben").await;
    let menu = format!("{} li:nth-child(2) {}", id("members"), id("member-menu"));
    // By keyboard: the menu, the role by its first letter.
    browser.find(&menu).await;
    open_menu(&browser, &menu).await;
    browser.type_text("r").await;
    browser.press(Key::Enter).await;
    browser.reads(&id("members"), "Reader, 1 device").await;
    ben.sync().await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(ben.prepend(&document, "no").await.is_err(), "a reader's own app takes nothing");

    open_menu(&browser, &menu).await;
    browser.press(Key::End).await;
    browser.press(Key::Enter).await;
    browser.reads(&id("confirm"), "What they have already read stays with them; they get nothing new.").await;
    browser.click(&id("confirm-yes")).await;
    browser.reads(&id("toast"), "is no longer in this workspace").await;
    let text = browser.text(&id("members")).await;
    assert!(!text.contains("Ben"), "{text}");
    let left = served.command_line(&["workspace", "members"]);
    assert!(!left.contains("Ben"), "{left}");
}

/// A document in a browser that Ben has too, on a device of his own.
struct Shared {
    _relay: Relay,
    served: Served,
    browser: Browser,
    ben: Device,
    document: String,
}

impl Shared {
    async fn new() -> Shared {
        let (relay, served) = (Relay::start(), Served::start());
        let browser = Browser::open(served.url(), DESKTOP).await;
        browser.create("Water treatment").await;
        let link = browser.invite(&relay.url()).await;
        let ben = Device::in_background().await;
        ben.join(&link, "Ben").await.unwrap();
        let document = arrived(&ben).await;
        Shared { _relay: relay, served, browser, ben, document }
    }
}

/// Opens a menu by keyboard. The list it stands in may be made anew by what
/// arrives between the focus and the key; then it is reached for again.
async fn open_menu(browser: &Browser, button: &str) {
    let started = Instant::now();
    browser.find(button).await;
    loop {
        browser.run("document.querySelector(arguments[0]).focus()", vec![json!(button)]).await;
        browser.press(Key::Enter).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let open = browser.run("return document.querySelector('[role=menu]') !== null", vec![]).await;
        if open == json!(true) {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "Enter opens no menu");
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
async fn a_file_is_imported_and_exported_byte_for_byte() {
    let served = Served::start();
    let browser = Browser::open(served.url(), DESKTOP).await;
    let file = browser.downloads().with_file_name("pump-station.md");
    std::fs::write(&file, FILE).unwrap();
    browser.find(&id("import-file")).await.send_keys(file.to_str().unwrap()).await.unwrap();
    browser.reads(&id("document-title"), "Pump station").await;
    browser.action("Export as Markdown").await;
    assert_eq!(downloaded(&browser.downloads()).await, FILE);
}

/// Waits for the one file in a folder of downloads.
async fn downloaded(folder: &Path) -> Vec<u8> {
    let started = Instant::now();
    loop {
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        if let Some(file) = files.into_iter().find(|file| file.extension().is_some_and(|ending| ending == "md")) {
            return std::fs::read(file).unwrap();
        }
        assert!(started.elapsed() < Duration::from_secs(60), "nothing is downloaded");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn axe_finds_nothing() {
    let relay = Relay::start();
    let served = Served::start();
    let browser = Browser::open(served.url(), DESKTOP).await;
    let mut found = Vec::new();
    browser.create("Water treatment").await;
    browser.write_in("sections.overview").await;
    browser.type_text("Sand **holds** back.").await;
    browser.saved().await;
    browser.invite(&relay.url()).await;
    for appearance in ["Light appearance", "Dark appearance"] {
        // The action is there unless it looks like this already.
        let theme = appearance.split(' ').next().unwrap().to_lowercase();
        browser.action(appearance).await;
        browser.find(&format!("[data-theme={theme}]")).await;
        axe(&browser, &format!("document, {appearance}"), &mut found).await;
        browser.write_in("sections.overview").await;
        axe(&browser, &format!("editing, {appearance}"), &mut found).await;
        browser.click(&id("sync-indicator")).await;
        browser.find(&id("sync-panel")).await;
        axe(&browser, &format!("sharing, {appearance}"), &mut found).await;
        browser.press(Key::Escape).await;
        browser.gone(&id("sync-panel")).await;
        browser.chord(&[Key::Control], 'k').await;
        browser.find(&id("palette")).await;
        axe(&browser, &format!("palette, {appearance}"), &mut found).await;
        browser.press(Key::Escape).await;
        browser.gone(&id("palette")).await;
        browser.click(&id("to-library")).await;
        browser.find(&id("library")).await;
        axe(&browser, &format!("library, {appearance}"), &mut found).await;
        browser.open("Water treatment").await;
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Runs axe on the page as it is; adds one line for each violation.
async fn axe(browser: &Browser, place: &str, found: &mut Vec<String>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/node_modules/axe-core/axe.min.js");
    let source = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; `npm ci --prefix ui` installs it", file.display()));
    browser.run(&format!("if (!window.axe) {{ {source} }}"), vec![]).await;
    let script = "const done = arguments[0]; axe.run(document, { resultTypes: ['violations'] }).then((result) => \
         done({ passes: result.passes.length, violations: result.violations.map((v) => \
         `${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`) }))";
    let result = browser.client().execute_async(script, vec![]).await.unwrap();
    assert!(result["passes"].as_u64().is_some_and(|passes| passes > 0), "axe looked at nothing: {result}");
    for violation in result["violations"].as_array().unwrap() {
        found.push(format!("{place}: {}", violation.as_str().unwrap()));
    }
}

#[tokio::test]
async fn everything_is_done_by_keyboard_alone() {
    let served = Served::start();
    let browser = Browser::open(served.url(), DESKTOP).await;
    tab_to(&browser, &[], SKIP, "").await;
    browser.press(Key::Enter).await;
    browser.until("the library to have the focus", FOCUS, vec![json!("library")]).await;
    browser.chord(&[Key::Alt], 'n').await;
    browser.find(&id("template-full")).await;
    browser.type_text("Lock gates").await;
    browser.press(Key::Enter).await;
    browser.reads(&id("document-title"), "Lock gates").await;
    // The outline is one stop of Tab, with arrows inside.
    tab_to(&browser, &[Key::Shift], FOCUS, "outline-item").await;
    browser.press(Key::Down).await;
    browser.until("Overview", "document.activeElement.textContent.includes('Overview')", vec![]).await;
    browser.press(Key::Enter).await;
    browser.find(".cm-content:focus").await;
    browser.type_text("Two gates hold the **water**.").await;
    browser.press(Key::Escape).await;
    browser.saved().await;
    browser.reads(&format!("{} strong", in_section("sections.overview", "preview")), "water").await;
    browser.action("Dark appearance").await;
    browser.find("[data-theme=dark]").await;
    browser.chord(&[Key::Control, Key::Alt], 's').await;
    browser.find(&id("sync-panel")).await;
    browser.press(Key::Escape).await;
    browser.gone(&id("sync-panel")).await;
    browser.action("library").await;
    browser.find(&id("library")).await;
    tab_to(&browser, &[], FOCUS, "document-row").await;
    browser.press(Key::Enter).await;
    browser.reads(&in_section("sections.overview", "preview"), "water").await;
}

/// Whether the focus is on the link that leads past the bars.
const SKIP: &str = "document.activeElement.textContent === 'Skip to the content'";
/// Whether the focus is in an element with the given test id.
const FOCUS: &str = "document.activeElement.closest(`[data-testid='${arguments[0]}']`)";

/// Presses Tab, with Shift backwards, until the focus is there.
async fn tab_to(browser: &Browser, held: &[Key], there: &str, test_id: &str) {
    for _ in 0..60 {
        if browser.run(&format!("return !!({there})"), vec![json!(test_id)]).await == Value::Bool(true) {
            return;
        }
        browser.chord(held, Key::Tab.into()).await;
    }
    panic!("Tab does not lead to {there} {test_id}");
}
