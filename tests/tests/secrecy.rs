//! A word typed on a device is found nowhere in the relay's files, its logs
//! and the traffic, nor in plain in the device's own files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::path::Path;

use base64::Engine;
use drystone_core::api::Role;
use drystone_tests::*;

/// Every way the word could stand in a file: plain, in UTF-16, in hexadecimal,
/// in Base64 at any offset.
fn spellings(word: &str) -> Vec<Vec<u8>> {
    let plain = word.as_bytes();
    let mut all = vec![
        plain.to_vec(),
        word.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        plain.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect(),
    ];
    for offset in 0..3 {
        let padded: Vec<u8> = std::iter::repeat_n(b'x', offset).chain(plain.iter().copied()).collect();
        let text = base64::engine::general_purpose::STANDARD_NO_PAD.encode(padded);
        // The first and last characters also hold bits of the neighbours.
        all.push(text.as_bytes()[4.min(text.len())..text.len() - 2].to_vec());
    }
    all
}

fn holds(bytes: &[u8], word: &str) -> bool {
    let lower = bytes.to_ascii_lowercase();
    spellings(word).iter().any(|spelling| {
        bytes.windows(spelling.len()).any(|window| window == spelling)
            || lower.windows(spelling.len()).any(|window| window == spelling.to_ascii_lowercase())
    })
}

fn files_that_hold(folder: &Path, word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_that_hold(&path, word));
        } else if holds(&std::fs::read(&path).unwrap_or_default(), word) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn the_search_itself_finds_what_it_looks_for() {
    let word = "xylophonquartz";
    let base64 = base64::engine::general_purpose::STANDARD.encode(format!("ab {word} cd"));
    assert!(holds(format!("..{word}..").as_bytes(), word));
    assert!(holds(base64.as_bytes(), word));
    assert!(!holds(b"nothing of the kind", word));
}

#[tokio::test]
async fn no_word_of_a_document_leaves_the_device_readable() {
    let relay = Relay::start();
    let proxy = Proxy::to(relay.address()).await;
    let (alice, bob) = (Device::new().await, Device::new().await);
    let (typed, title, person) = ("xylophonquartz", "Geheimwerkplan", "Wilhelmine");
    let id = alice.import("a.md", format!("# {title}\n\nbefore\n").as_bytes()).await.unwrap().id;
    alice.share(&proxy.url()).await;
    let link = alice.invite(Role::Editor).await;
    bob.join(&link, person).await.unwrap();
    let section = alice.open(&id).await.sections[0].id.clone();
    alice.type_in(&id, &section, 0, &[(6, 0, &format!(" {typed} after"))]).await.unwrap();
    // In the journal, before it is a change, it is on disk already.
    for word in [typed, title] {
        assert_eq!(files_that_hold(alice.folder(), word), Vec::<String>::new(), "{word} on the device");
    }
    alice.sync().await;
    bob.sync().await;
    assert!(bob.export(&id).await.contains(typed), "it did travel");
    for word in [typed, title, person, "Personal"] {
        for folder in [alice.folder(), bob.folder()] {
            assert_eq!(files_that_hold(folder, word), Vec::<String>::new(), "{word} on a device");
        }
        assert_eq!(files_that_hold(&relay.data(), word), Vec::<String>::new(), "{word} at the relay");
        assert!(!holds(&std::fs::read(relay.log()).unwrap(), word), "{word} in the relay's log");
        assert!(!holds(&proxy.seen(), word), "{word} in the traffic");
    }
    let seed = link.rsplit('.').next().unwrap();
    assert!(!holds(&proxy.seen(), seed), "the invitation's secret in the traffic");
    assert!(proxy.seen().len() > 2000, "the traffic was looked at");
}
