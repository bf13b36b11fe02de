//! Client and relay are killed at random moments, 200 times: nothing that was
//! acknowledged is missing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::time::Duration;

use drystone_core::api::*;
use drystone_tests::*;
use serde_json::json;

/// A small generator with a printed seed, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        // SplitMix64, Steele, Lea and Flood 2014.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % below
    }
}

/// Types words until the process is gone; returns those that were acknowledged.
async fn type_until_killed(host: &Host, id: &str, section: &str, serial: &mut u32, marks: &mut Vec<String>) {
    let Ok(Ok(view)) = host.call::<DocumentView>("document.open", json!({ "document": id })).await else { return };
    let Some(mut version) = view.sections.iter().find(|s| s.id == section).map(|s| s.version) else { return };
    loop {
        // A word that was not acknowledged may be there all the same: none is typed again.
        *serial += 1;
        let word = format!("w{serial}.");
        let splices = json!([{ "at": 0, "delete": 0, "insert": word }]);
        let args = json!({ "document": id, "section": section, "version": version, "client": "t", "splices": splices });
        match host.call::<Edited>("section.edit", args).await {
            Ok(Ok(edited)) if edited.accepted => {
                marks.push(word);
                version = edited.version;
            }
            Ok(Ok(edited)) => version = edited.version,
            _ => return,
        }
    }
}

/// Kills with one pair of folders; with more, the text grows beyond what anyone writes.
const KILLS: u32 = 200;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_missing_after_200_kills() {
    let words = kill(number("DRYSTONE_TEST_SEED", 20_261_122)).await;
    assert!(words > 200, "enough was typed to tell: {words}");
}

/// As many kills as `DRYSTONE_KILLS` says, 5,000 if it says nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes some minutes"]
async fn nothing_acknowledged_is_missing_after_many_kills() {
    let first = number("DRYSTONE_TEST_SEED", 20_261_130);
    let rounds = number("DRYSTONE_KILLS", 5000).div_ceil(u64::from(KILLS));
    let mut words = 0;
    for round in 0..rounds {
        words += kill(first + round).await;
        println!("{} kills, {words} words, nothing is missing", (round + 1) * u64::from(KILLS));
    }
    assert!(words as u64 > rounds * u64::from(KILLS), "enough was typed to tell: {words}");
}

/// Kills client and relay [`KILLS`] times; how many words were acknowledged meanwhile.
async fn kill(seed: u64) -> usize {
    eprintln!("seed {seed} (DRYSTONE_TEST_SEED)");
    let mut dice = Dice(seed);
    let mut relay = Relay::start();
    let folder = tempfile::tempdir().unwrap();
    let mut host = Host::start(&folder.path().join("alice")).await;
    let content = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, "# A\n\n\n");
    let imported: Imported =
        host.call("document.import", json!({ "name": "a.md", "content": content })).await.unwrap().unwrap();
    let id = imported.id;
    let view: DocumentView = host.call("document.open", json!({ "document": id })).await.unwrap().unwrap();
    let section = view.sections[0].id.clone();
    let _: SyncState = host.call("relay.set", json!({ "url": relay.url() })).await.unwrap().unwrap();
    let _: Vec<SyncState> = host.call("sync.now", json!({})).await.unwrap().unwrap();
    let invitation: Invitation =
        host.call("workspace.invite", json!({ "role": "editor", "hours": 1 })).await.unwrap().unwrap();
    let bob = Device::new().await;
    bob.join(&invitation.link, "Bob").await.unwrap();

    let mut marks: Vec<String> = Vec::new();
    let (mut kills, mut serial) = (0, 0);
    while kills < KILLS {
        let wait = Duration::from_millis(1 + dice.roll(60));
        tokio::select! {
            () = type_until_killed(&host, &id, &section, &mut serial, &mut marks) => {}
            () = tokio::time::sleep(wait) => {}
        }
        if dice.roll(3) > 0 {
            host.kill();
            host.resume().await;
            kills += 1;
        }
        if dice.roll(2) > 0 {
            relay.kill();
            relay.resume();
            kills += 1;
        }
        if kills % 20 < 2 {
            eprintln!("{kills} kills, {} words acknowledged", marks.len());
        }
    }
    let states: Vec<SyncState> = host.call("sync.now", json!({})).await.unwrap().unwrap();
    assert_eq!(states[0].waiting, 0, "{states:?}");
    bob.sync().await;
    let here: DocumentView = host.call("document.open", json!({ "document": id })).await.unwrap().unwrap();
    let there = bob.open(&id).await;
    for (place, text) in [("here", &here.sections[0].text), ("at the other device", &there.sections[0].text)] {
        let lost: Vec<&String> = marks.iter().filter(|word| !text.contains(word.as_str())).collect();
        assert!(lost.is_empty(), "missing {place}: {lost:?}");
    }
    assert_eq!(here.sections[0].text, there.sections[0].text);
    let doubled = marks.iter().find(|word| here.sections[0].text.matches(word.as_str()).count() > 1);
    assert_eq!(doubled, None, "nothing is there twice");
    marks.len()
}
