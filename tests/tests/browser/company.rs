//! Two people in one section at once, each in a browser of their own.

use std::time::Duration;

use drystone_tests::Relay;
use drystone_tests::browser::{Browser, Served};
use drystone_tests::page::{Key, id, in_section};
use serde_json::json;

use super::DESKTOP;

/// Letters that one types.
const LETTERS: usize = 20;

const OVERVIEW: &str = "sections.overview";

/// Notes when what is typed here is in the page, and when what others type is.
const WATCH: &str = "const text = document.querySelector('.cm-content'); window.seen = []; \
     const note = () => window.seen.push([Date.now(), text.textContent]); \
     new MutationObserver(note).observe(text, { subtree: true, childList: true, characterData: true });";

/// The caret of somebody else in the open editor.
fn caret_of(name: &str) -> String {
    format!(".cm-content [data-testid=remote-caret][data-name='{name}']")
}

async fn editor_text(browser: &Browser) -> String {
    browser.run("return document.querySelector('.cm-content').innerText", vec![]).await.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn two_people_write_in_one_section_and_see_each_other() {
    let (relay, at_ada, at_ben) = (Relay::start(), Served::start(), Served::start());
    let ada = Browser::open(at_ada.url(), DESKTOP).await;
    ada.create("Water treatment").await;
    let link = ada.invite(&relay.url()).await;
    let ben = Browser::open(at_ben.url(), DESKTOP).await;
    ben.join(&link, "Ben").await;
    ben.open("Water treatment").await;

    // Who is here, for Ada: in the bar, and in the outline once he writes.
    ada.find(&id("people-here")).await;
    ada.write_in(OVERVIEW).await;
    ben.write_in(OVERVIEW).await;
    ada.reads(&format!("[data-testid=outline-item] {}", id("people-marks")), "Ben").await;
    ada.find(&caret_of("Ben")).await;
    ben.find(&caret_of("Ada")).await;

    for browser in [&ada, &ben] {
        browser.run(WATCH, vec![]).await;
    }
    write_alone(&ada, &ben).await;
    write_at_once(&ada, &ben).await;
    let (one, other) = (editor_text(&ada).await, editor_text(&ben).await);
    assert_eq!(one, other);
    ada.find(&caret_of("Ben")).await;
    ben.find(&caret_of("Ada")).await;
    speed("both write", &ada, &ben, 'a').await;

    // Ada goes to where Ben is, by keyboard.
    ada.press(Key::Escape).await;
    ada.find(&format!("{}:focus", in_section(OVERVIEW, "section-body"))).await;
    ada.chord(&[Key::Control], 'k').await;
    ada.find(&format!("{}:focus", id("palette-input"))).await;
    ada.reads("[role=option]", "Ben in Overview").await;
    ada.press(Key::Escape).await;

    // He closes the page: nothing of him is left.
    ben.client().goto("about:blank").await.unwrap();
    ada.gone(&id("people-here")).await;
    ada.gone(&id("people-marks")).await;
    ada.reads(&id("people-told"), "Ben has left.").await;
    ada.write_in(OVERVIEW).await;
    ada.gone(&caret_of("Ben")).await;
}

async fn letters(browser: &Browser, word: &str) {
    for letter in word.chars() {
        browser.type_text(&letter.to_string()).await;
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
}

/// Waits until a page shows so many of a letter.
async fn shows(browser: &Browser, letter: char, count: usize) {
    let shown = "[...document.querySelector('.cm-content').textContent].filter((c) => c === arguments[0]).length";
    let all = format!("{shown} === arguments[1]");
    browser.until(&format!("{count} times “{letter}”"), &all, vec![json!(letter), json!(count)]).await;
}

/// One types and the other one looks on.
async fn write_alone(ada: &Browser, ben: &Browser) {
    letters(ada, &"q".repeat(LETTERS)).await;
    shows(ben, 'q', LETTERS).await;
    speed("one writes", ada, ben, 'q').await;
}

/// Both type at the same time, each at the end of what is there.
async fn write_at_once(ada: &Browser, ben: &Browser) {
    let (a, b) = ("a".repeat(LETTERS), "b".repeat(LETTERS));
    tokio::join!(letters(ada, &a), letters(ben, &b));
    for browser in [ada, ben] {
        shows(browser, 'a', LETTERS).await;
        shows(browser, 'b', LETTERS).await;
        browser.saved().await;
    }
}

/// How long it took from each of Ada's letters on her page to Ben's. The
/// measurement is in the benchmarks; this only finds what is broken, on a
/// machine that does other things too.
async fn speed(what: &str, ada: &Browser, ben: &Browser, letter: char) {
    let (here, there) = (arrivals(ada, letter).await, arrivals(ben, letter).await);
    let mut times: Vec<i64> = here.iter().zip(&there).map(|(typed, seen)| seen - typed).collect();
    times.sort_unstable();
    println!("{what}, from page to page, ms: {times:?}");
    assert!(times[times.len() / 2] < 1_000, "letters arrive late: {times:?}");
}

/// When a page first showed one, two, three … of a letter.
async fn arrivals(browser: &Browser, letter: char) -> Vec<i64> {
    let seen = browser.run("return window.seen", vec![]).await;
    let mut first = Vec::new();
    for note in seen.as_array().unwrap() {
        let [at, text] = [&note[0], &note[1]];
        let count = text.as_str().unwrap().matches(letter).count();
        while first.len() < count {
            first.push(at.as_i64().unwrap());
        }
    }
    first
}
