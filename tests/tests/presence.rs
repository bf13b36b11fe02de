//! Who is here, between devices and through a real relay: coming, moving,
//! leaving, and what is typed in company.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::time::{Duration, Instant};

use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_tests::*;

/// Long enough for a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// What people type in a second, about.
const LETTERS: u32 = 40;

/// Two people with one document on two devices, each with a page open on it.
struct Pair {
    relay: Relay,
    alice: Device,
    bob: Device,
    document: String,
    section: String,
}

impl Pair {
    async fn new() -> Pair {
        let relay = Relay::start();
        let (alice, bob) = (Device::in_background().await, Device::in_background().await);
        let document = alice.import("a.md", b"# A\n\nOne two three.\n").await.unwrap().id;
        alice.share(&relay.url()).await;
        bob.join(&alice.invite(Role::Editor).await, "Bob").await.unwrap();
        bob.eventually(&document, "# A\n\nOne two three.\n").await;
        let section = alice.open(&document).await.sections[0].id.clone();
        bob.open(&document).await;
        Pair { relay, alice, bob, document, section }
    }

    async fn here(&self, device: &Device, selection: Option<(u32, u32)>) {
        let version = device.open(&self.document).await.sections[0].version;
        let selection = selection.map(|(anchor, head)| TextSelection { version, anchor, head });
        self.at(device, "page", Some(&self.section), selection).await;
    }

    async fn at(&self, device: &Device, client: &str, section: Option<&str>, selection: Option<TextSelection>) {
        let args = SetPresence {
            client: client.into(),
            document: Some(self.document.clone()),
            section: section.map(Into::into),
            selection,
        };
        device.call::<Empty>(Request::PresenceSet(args)).await.unwrap();
    }

    /// Waits until a device sees others like this.
    async fn sees(&self, device: &Device, what: &str, like: impl Fn(&[PresentPerson]) -> bool) -> Vec<PresentPerson> {
        let started = Instant::now();
        loop {
            let seen = people(device, &self.document).await;
            if like(&seen) {
                return seen;
            }
            assert!(started.elapsed() < PATIENCE, "{what}: {seen:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Both see each other.
    async fn met(&self) {
        self.here(&self.alice, None).await;
        self.here(&self.bob, None).await;
        self.sees(&self.alice, "Alice meets Bob", |people| people.len() == 1).await;
        self.sees(&self.bob, "Bob meets Alice", |people| people.len() == 1).await;
    }
}

async fn people(device: &Device, document: &str) -> Vec<PresentPerson> {
    let list = Request::PresenceList(DocumentRef { document: document.into() });
    device.call::<PresentPeople>(list).await.unwrap().people
}

async fn leave(device: &Device) {
    let args = SetPresence { client: "page".into(), document: None, section: None, selection: None };
    device.call::<Empty>(Request::PresenceSet(args)).await.unwrap();
}

fn caret(person: &PresentPerson) -> Option<(u32, u32)> {
    person.selection.map(|selection| (selection.anchor, selection.head))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sees_who_comes_where_they_are_and_when_they_leave() {
    let pair = Pair::new().await;
    pair.here(&pair.alice, None).await;
    // Who comes later hears at once of who is there.
    pair.here(&pair.bob, Some((4, 7))).await;
    let seen = pair.sees(&pair.alice, "Alice sees Bob's selection", |people| {
        people.first().is_some_and(|bob| caret(bob) == Some((4, 7)))
    });
    let bob = seen.await.remove(0);
    assert_eq!((bob.name.as_str(), bob.you), ("Bob", false));
    assert_eq!(bob.section.as_deref(), Some(pair.section.as_str()));
    let started = Instant::now();
    let alice = pair.sees(&pair.bob, "Bob sees Alice", |people| people.len() == 1).await.remove(0);
    assert!(started.elapsed() < Duration::from_secs(5), "she answers who is new, without waiting for her next word");
    assert_eq!((alice.section.as_deref(), alice.selection), (Some(pair.section.as_str()), None));

    let mut events = pair.alice.app().subscribe();
    leave(&pair.bob).await;
    pair.sees(&pair.alice, "Bob is gone", <[_]>::is_empty).await;
    let told = std::iter::from_fn(|| events.try_recv().ok());
    let told = told.filter(|event| matches!(event, Event::PresenceChanged { people, .. } if people.is_empty()));
    assert_eq!(told.count(), 1, "the page is told");
    assert!(!pair.relay.data().join("presence").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caret_stays_at_its_letter_while_others_write() {
    let pair = Pair::new().await;
    pair.met().await;
    pair.here(&pair.bob, Some((8, 8))).await;
    pair.sees(&pair.alice, "Bob before “three”", |people| caret(&people[0]) == Some((8, 8))).await;
    let version = pair.alice.open(&pair.document).await.sections[0].version;
    pair.alice.type_in(&pair.document, &pair.section, version, &[(0, 0, "Zero. ")]).await.unwrap();
    let bob = pair.sees(&pair.alice, "moved on with it", |people| caret(&people[0]) == Some((14, 14))).await;
    assert_eq!(bob[0].selection.unwrap().version, version + 1, "in the text as it is now");
    // At the letter Bob has just typed, wherever his text is by then.
    pair.bob.eventually(&pair.document, "# A\n\nZero. One two three.\n").await;
    let version = pair.bob.open(&pair.document).await.sections[0].version;
    pair.bob.type_in(&pair.document, &pair.section, version, &[(14, 0, "and ")]).await.unwrap();
    let selection = Some(TextSelection { version: version + 1, anchor: 15, head: 15 });
    pair.at(&pair.bob, "page", Some(&pair.section), selection).await;
    pair.sees(&pair.alice, "inside of his word", |people| caret(&people[0]) == Some((15, 15))).await;
    pair.alice.eventually(&pair.document, "# A\n\nZero. One two and three.\n").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hides_sees_and_is_not_seen() {
    let pair = Pair::new().await;
    let show = |device, shown| async move {
        let request = Request::PresenceShow(ShowPresence { shown: Some(shown) });
        Device::call::<PresenceSetting>(device, request).await.unwrap();
    };
    show(&pair.bob, false).await;
    pair.here(&pair.bob, None).await;
    pair.here(&pair.alice, None).await;
    pair.sees(&pair.bob, "Bob sees Alice", |people| people.len() == 1).await;
    assert!(people(&pair.alice, &pair.document).await.is_empty());
    show(&pair.bob, true).await;
    pair.sees(&pair.alice, "Bob shows himself", |people| people.len() == 1).await;
    show(&pair.bob, false).await;
    pair.sees(&pair.alice, "Bob hides", <[_]>::is_empty).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_pages_of_one_device_are_several_places() {
    let pair = Pair::new().await;
    pair.met().await;
    pair.at(&pair.bob, "another", None, None).await;
    let bob = pair.sees(&pair.alice, "two pages", |people| people.len() == 2).await;
    assert_ne!(bob[0].id, bob[1].id);
    assert_eq!(bob[0].member, bob[1].member);
    leave(&pair.bob).await;
    let bob = pair.sees(&pair.alice, "one of them", |people| people.len() == 1).await;
    assert_eq!(bob[0].section, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_says_goodbye_and_dying_is_noticed() {
    let pair = Pair::new().await;
    pair.met().await;
    pair.bob.app().close().await.unwrap();
    let started = Instant::now();
    pair.sees(&pair.alice, "Bob closed", <[_]>::is_empty).await;
    assert!(started.elapsed() < Duration::from_secs(10), "without waiting for silence");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_word_for_half_a_minute_one_is_gone() {
    let pair = Pair::new().await;
    pair.met().await;
    // Alice's page goes on; Bob's does not say any more that it is there.
    pair.here(&pair.bob, None).await;
    let started = Instant::now();
    while !people(&pair.alice, &pair.document).await.is_empty() {
        assert!(started.elapsed() < Duration::from_secs(60), "Bob is still there");
        tokio::time::sleep(Duration::from_millis(250)).await;
        pair.here(&pair.alice, None).await;
    }
    let after = started.elapsed();
    assert!(after > Duration::from_secs(25), "{after:?} is too soon");
    assert!(after < Duration::from_secs(45), "{after:?} is too late");
    pair.here(&pair.bob, None).await;
    pair.sees(&pair.alice, "Bob is back", |people| people.len() == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_member_is_gone_and_sees_nothing_more() {
    let pair = Pair::new().await;
    pair.met().await;
    pair.alice.remove("Bob").await.unwrap();
    pair.sees(&pair.alice, "Bob was removed", <[_]>::is_empty).await;
    pair.here(&pair.bob, None).await;
    pair.here(&pair.alice, Some((1, 1))).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(people(&pair.alice, &pair.document).await.is_empty());
    assert!(people(&pair.bob, &pair.document).await.iter().all(|alice| caret(alice).is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relay_reads_nothing_of_it() {
    let relay = Relay::start();
    let proxy = Proxy::to(relay.address()).await;
    let (alice, bob) = (Device::in_background().await, Device::in_background().await);
    let document = alice.import("a.md", b"# A\n\nOne two three.\n").await.unwrap().id;
    alice.share(&proxy.url()).await;
    bob.join(&alice.invite(Role::Editor).await, "Bob").await.unwrap();
    bob.eventually(&document, "# A\n\nOne two three.\n").await;
    let section = alice.open(&document).await.sections[0].id.clone();
    bob.open(&document).await;
    let pair = Pair { relay, alice, bob, document, section };
    pair.met().await;
    let before = proxy.seen().len();
    for at in 0..10 {
        pair.here(&pair.bob, Some((at, at))).await;
        pair.sees(&pair.alice, "each place", |people| caret(&people[0]) == Some((at, at))).await;
    }
    let seen = proxy.seen().split_off(before);
    assert!(seen.len() > 10 * 200);
    let handle: drystone_wire::DocumentHandle = pair.document.parse().unwrap();
    // What WebSocket clients send is masked; what the relay sends is not.
    for secret in [handle.as_bytes(), pair.section.as_bytes(), pair.document.as_bytes(), b"Bob", b"One two"] {
        assert!(!seen.windows(secret.len()).any(|window| window == secret), "{}", String::from_utf8_lossy(secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_without_websockets_still_lets_one_be_seen() {
    let pair = Pair::new().await;
    let proxy = Proxy::to(pair.relay.address()).await;
    proxy.refuse(b"GET /v1/presence");
    let args = SetRelay { workspace: pair.bob.shared().await.workspace, url: proxy.url() };
    pair.bob.call::<SyncState>(Request::RelaySet(args)).await.unwrap();
    pair.here(&pair.alice, None).await;
    pair.here(&pair.bob, Some((2, 3))).await;
    pair.sees(&pair.alice, "Bob, by requests", |people| people.first().is_some_and(|bob| caret(bob) == Some((2, 3))))
        .await;
    leave(&pair.bob).await;
    pair.sees(&pair.alice, "Bob is gone", <[_]>::is_empty).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_in_company_arrives_letter_by_letter() {
    let pair = Pair::new().await;
    pair.met().await;
    let before = pair.changes().await;
    let mut version = pair.alice.open(&pair.document).await.sections[0].version;
    for letter in 0..LETTERS {
        tokio::time::sleep(Duration::from_millis(70 + u64::from(letter % 5) * 30)).await;
        pair.here_without_reading(&pair.alice, version, letter).await;
        let edited = pair.alice.type_in(&pair.document, &pair.section, version, &[(letter, 0, "y")]).await.unwrap();
        assert!(edited.accepted);
        version = edited.version;
    }
    let text = format!("# A\n\n{}One two three.\n", "y".repeat(LETTERS as usize));
    pair.bob.eventually(&pair.document, &text).await;
    // Alone one change waits for a pause; how fast letters are in company says the benchmark.
    let made = pair.changes().await - before;
    assert!(made > LETTERS as usize / 2, "{made} changes of {LETTERS} letters");
    // Alone again, typing is collected as ever.
    leave(&pair.bob).await;
    pair.sees(&pair.alice, "Bob is gone", <[_]>::is_empty).await;
    let changes = pair.changes().await;
    for letter in 0..6 {
        let edited = pair.alice.type_in(&pair.document, &pair.section, version, &[(letter, 0, "z")]).await.unwrap();
        version = edited.version;
        tokio::time::sleep(Duration::from_millis(90)).await;
    }
    let made = pair.changes().await - changes;
    assert!(made < 4, "{made} changes of six letters");
}

impl Pair {
    async fn here_without_reading(&self, device: &Device, version: u32, at: u32) {
        let selection = Some(TextSelection { version, anchor: at, head: at });
        self.at(device, "page", Some(&self.section), selection).await;
    }

    /// How many changes the document has on Alice's device.
    async fn changes(&self) -> usize {
        let log = Request::DocumentLog(DocumentRef { document: self.document.clone() });
        self.alice.call::<Vec<LogEntry>>(log).await.unwrap().len()
    }
}
