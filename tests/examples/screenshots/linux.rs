//! The pictures, one after the other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use drystone_tests::Relay;
use drystone_tests::browser::{Browser, Screen, Served};
use drystone_tests::page::{InputSource, Key, MouseActions, Page, PointerAction, id};
use drystone_tests::window::{Desktop, Secrets, Window};

/// The largest picture that the repository takes.
const LARGEST: usize = 400 << 10;
const WORKSPACE: &str = "Weirbrook plant";
const TITLE: &str = "Weirbrook Water Treatment Control";

/// Takes all pictures.
pub async fn take() {
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/images");
    let folder = std::env::args_os().nth(1).map_or(images, PathBuf::from);
    std::fs::create_dir_all(&folder).unwrap();
    let relay = Relay::start();
    let desktop = Desktop::new(Secrets::Keychain).await;
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/screenshots/weirbrook.md");
    let window = desktop.window(&[]).await;
    window.client().set_window_size(1440, 900).await.unwrap();
    name(&window, "Change your name", "user-name", "Ilse Brandt").await;
    name(&window, "Create a workspace", "workspace-name", WORKSPACE).await;
    for args in [
        &["new", "Intake Weir Gates", "--template", "compact"][..],
        &["set", "intake-weir-gates", "sections.overview", "Two gates, one motor each, and a crank for bad days.\n"],
        &["new", "Laboratory Sample Tracking"],
        &["set", "laboratory-sample-tracking", "sections.overview", "Follows a bottle from the tap to its result.\n"],
        &["import", sample.to_str().unwrap(), "--template", "full"],
    ] {
        let workspace: &[&str] = if args[0] == "set" { &[] } else { &["--workspace", WORKSPACE] };
        let done = desktop.command_line(&[args, workspace].concat());
        assert!(done.status.success(), "{args:?}: {done:?}");
    }
    let link = window.invite(&relay.url()).await;
    let served = Served::start();
    of_the_browser(&served, &link, &folder).await;
    of_the_window(&desktop, &window, &folder).await;
}

/// Answers the question of an action that asks for a name.
async fn name(page: &Page, action: &str, field: &str, name: &str) {
    page.action(action).await;
    page.fill(&id(field), name).await;
    page.press(Key::Enter).await;
    page.gone(&id(field)).await;
}

async fn of_the_window(desktop: &Desktop, window: &Window, folder: &Path) {
    window.open(TITLE).await;
    window.action("Light appearance").await;
    window.write_in("sections.overview").await;
    synced(window).await;
    keep(folder, "window-light", &desktop.picture((1440, 900)));
    window.action("Dark appearance").await;
    window.chord(&[Key::Control, Key::Alt], '2').await;
    window.write_in("sections.overview").await;
    synced(window).await;
    keep(folder, "window-dark", &desktop.picture((1440, 900)));
}

async fn of_the_browser(served: &Served, link: &str, folder: &Path) {
    let desk = Browser::open(served.url(), Screen::Window(1440, 900)).await;
    desk.join(link, "Jonas Reuter").await;
    desk.reads(&id("document-row"), TITLE).await;
    desk.gone(&id("toast")).await;
    synced(&desk).await;
    keep(folder, "browser-library", &desk.picture().await);
    desk.open(TITLE).await;
    desk.click(&id("sync-indicator")).await;
    desk.reads(&id("members"), "Ilse Brandt").await;
    settle(&desk).await;
    keep(folder, "browser-sharing", &desk.picture().await);
    drop(desk);
    for (file, width, height) in [("browser-tablet", 768, 1024), ("browser-phone", 390, 844)] {
        let page = Browser::open(served.url(), Screen::Phone(width, height)).await;
        page.switch_workspace(WORKSPACE).await;
        page.open(TITLE).await;
        synced(&page).await;
        keep(folder, file, &page.picture().await);
    }
}

/// Waits until everything is at the relay and nothing moves any more.
async fn synced(page: &Page) {
    page.find(&format!("{}[data-phase=idle][data-waiting='0']", id("sync-indicator"))).await;
    settle(page).await;
}

/// Takes the pointer away from what reacts to it, and waits for transitions:
/// nothing says when they have ended.
async fn settle(page: &Page) {
    let away = PointerAction::MoveTo { duration: None, x: 2.0, y: 450.0 };
    page.client().perform_actions(MouseActions::new("mouse".into()).then(away)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(700)).await;
}

/// Writes a picture with no more colours than it needs.
fn keep(folder: &Path, name: &str, picture: &[u8]) {
    let args = ["png:-", "-strip", "+dither", "-colors", "255", "-define", "png:compression-level=9", "png8:-"];
    let mut convert =
        Command::new("convert").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("ImageMagick");
    let mut input = convert.stdin.take().unwrap();
    let bytes = picture.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&bytes).unwrap());
    let small = convert.wait_with_output().unwrap().stdout;
    writer.join().unwrap();
    let path = folder.join(format!("{name}.png"));
    assert!((1..=LARGEST).contains(&small.len()), "{} would be {} bytes", path.display(), small.len());
    std::fs::write(&path, &small).unwrap();
    println!("{} {} KiB", path.display(), small.len() >> 10);
}
