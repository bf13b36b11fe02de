//! Photos and files between real devices and a real relay.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::path::PathBuf;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_core::error::{Error, ErrorCode};
use drystone_core::model::edit::Edit;
use drystone_tests::*;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Bytes that no file has twice.
fn bytes(seed: u8, length: usize) -> Vec<u8> {
    (0..length).map(|n| (n as u64).wrapping_mul(2_654_435_761).to_le_bytes()[1] ^ seed).collect()
}

/// Alice, who has a document, and where Bob will join her.
struct Site {
    document: String,
    section: String,
    alice: Device,
}

impl Site {
    async fn new() -> Site {
        let alice = Device::new().await;
        let document = alice.import("a.md", b"# Plant\n\nPump 7.\n").await.unwrap().id;
        let section = alice.open(&document).await.sections[0].id.clone();
        Site { document, section, alice }
    }

    fn begin(&self, name: &str, size: usize) -> BeginAttachment {
        BeginAttachment {
            document: self.document.clone(),
            about: None,
            section: Some(self.section.clone()),
            name: name.into(),
            size: size as u32,
            caption: None,
            keep_position: false,
            attachment: None,
        }
    }

    /// Adds a file as the interface does, in pieces.
    async fn attach(&self, device: &Device, name: &str, file: &[u8]) -> Result<AttachmentView, Error> {
        let AttachmentUpload { upload } = device.call(Request::AttachmentBegin(self.begin(name, file.len()))).await?;
        for piece in file.chunks(700_000) {
            let args = AttachmentPiece { upload: upload.clone(), content: BASE64.encode(piece) };
            device.call::<Empty>(Request::AttachmentPiece(args)).await?;
        }
        device.call(Request::AttachmentFinish(AttachmentUpload { upload })).await
    }

    async fn list(&self, device: &Device) -> Vec<AttachmentView> {
        let args = ListAttachments { document: self.document.clone(), about: None, section: None };
        device.call(Request::AttachmentList(args)).await.unwrap()
    }

    async fn one(&self, device: &Device) -> AttachmentView {
        let mut all = self.list(device).await;
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    fn reference(&self, attachment: &str) -> AttachmentRef {
        AttachmentRef { document: self.document.clone(), attachment: attachment.into() }
    }

    /// The file, read as the interface does.
    async fn read(&self, device: &Device, attachment: &str) -> Result<Vec<u8>, Error> {
        let mut file = Vec::new();
        let mut piece = 0;
        loop {
            let document = self.document.clone();
            let args = ReadAttachment { document, attachment: attachment.into(), piece };
            let read: AttachmentBytes = device.call(Request::AttachmentRead(args)).await?;
            file.extend(BASE64.decode(read.content).unwrap());
            piece += 1;
            if piece == read.pieces {
                return Ok(file);
            }
        }
    }

    async fn edit(&self, device: &Device, edit: Edit) {
        let args = ApplyEdits {
            document: self.document.clone(),
            edits: vec![edit],
            sections: Vec::new(),
            summary: None,
            confirm: false,
        };
        device.call::<Applied>(Request::ModelApply(args)).await.unwrap();
    }

    async fn join(&self) -> Device {
        let bob = Device::new().await;
        bob.join(&self.alice.invite(Role::Editor).await, "Bob").await.unwrap();
        bob
    }
}

/// Every chunk that a relay has on disk.
fn chunks_at(relay: &Relay) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![relay.data()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                waiting.push(entry.path());
            } else if entry.file_name().to_string_lossy().parse::<u32>().is_ok() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

/// How often each chunk went through in full or in part, by its address.
fn requests(proxy: &Proxy, method: &str) -> Vec<String> {
    let seen = String::from_utf8_lossy(&proxy.seen()).into_owned();
    let start = format!("{method} /v1/workspaces/");
    let lines = seen.lines().filter_map(|line| line.find(&start).map(|at| line[at..].to_owned()));
    let chunk = |line: &String| {
        let path = line.split(' ').nth(1).unwrap_or_default();
        path.contains("/blobs/") && path.rsplit('/').next().is_some_and(|last| last.len() < 5)
    };
    lines.filter(chunk).map(|line| line.split(' ').nth(1).unwrap_or_default().to_owned()).collect()
}

fn administer(relay: &Relay, arguments: &[&str]) {
    let output =
        Command::new(binary("drystone-relay")).args(arguments).arg("--data").arg(relay.data()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_photo_that_was_added_offline_comes_to_the_other_device_byte_for_byte() {
    let site = Site::new().await;
    let files = [bytes(1, 3_000_000), bytes(2, 12), Vec::new(), bytes(3, 1 << 20)];
    for (index, file) in files.iter().enumerate() {
        let added = site.attach(&site.alice, &format!("{index}.bin"), file).await.unwrap();
        assert_eq!((added.state, added.stored, added.size as usize), (AttachmentState::Here, false, file.len()));
    }
    let relay = Relay::start();
    site.alice.share(&relay.url()).await;
    assert!(site.list(&site.alice).await.iter().all(|one| one.stored), "{:?}", site.list(&site.alice).await);
    let bob = site.join().await;
    let state = bob.sync().await.remove(0);
    assert_eq!(state.attachments, AttachmentSync::default(), "{state:?}");
    let there = site.list(&bob).await;
    assert_eq!(there.len(), files.len());
    for one in &there {
        assert_eq!((one.state, one.stored), (AttachmentState::Here, true), "{one:?}");
        let index: usize = one.name.trim_end_matches(".bin").parse().unwrap();
        assert_eq!(site.read(&bob, &one.id).await.unwrap(), files[index], "{}", one.name);
    }
    // What the relay holds tells nothing of them.
    for path in chunks_at(&relay) {
        let stored = std::fs::read(path).unwrap();
        assert!(
            files
                .iter()
                .filter(|file| file.len() > 10)
                .all(|file| { !stored.windows(10).any(|window| window == &file[..10]) })
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sending_and_fetching_go_on_where_they_broke_off() {
    let relay = Relay::start();
    let site = Site::new().await;
    let proxy = Proxy::to(relay.address()).await;
    site.alice.share(&proxy.url()).await;
    let file = bytes(7, 6_200_000);
    site.attach(&site.alice, "film.bin", &file).await.unwrap();
    proxy.cut_after(3_500_000);
    let state = site.alice.sync().await.remove(0);
    assert_eq!((state.attachments.sending, state.problem), (1, None), "text is not held up");
    assert!(state.attachments.problem.is_some());
    let first = chunks_at(&relay).len();
    assert!((1..6).contains(&first), "{first} of 6 chunks came through");
    let before = requests(&proxy, "PUT").len();
    proxy.mend();
    // As after a crash: nothing is known but what is on disk.
    let again = site.alice.again().await;
    let state = again.sync().await.remove(0);
    assert_eq!(state.attachments, AttachmentSync::default());
    assert_eq!(chunks_at(&relay).len(), 6);
    assert_eq!(requests(&proxy, "PUT").len() - before, 6 - first, "only what was missing went again");

    // Joining has a round of its own.
    proxy.cut_after(3_500_000);
    let bob = site.join().await;
    let states: Vec<SyncState> = bob.call(Request::SyncStatus(Empty {})).await.unwrap();
    let state = states.iter().find(|state| state.relay.is_some()).unwrap();
    assert_eq!(state.attachments.fetching, 1, "{state:?}");
    let one = site.one(&bob).await;
    assert_eq!((one.state, one.total), (AttachmentState::Arriving, 6));
    assert!((1..6).contains(&one.done), "{one:?}");
    assert_eq!(site.read(&bob, &one.id).await.unwrap_err().code, ErrorCode::NotFound);
    let before = requests(&proxy, "GET").len();
    proxy.mend();
    let bob = bob.again().await;
    bob.sync().await;
    assert_eq!(requests(&proxy, "GET").len() - before, 6 - one.done as usize, "only what was missing came again");
    assert_eq!(site.read(&bob, &one.id).await.unwrap(), file);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_quota_holds_up_files_and_no_text_until_there_is_room() {
    let relay = Relay::start();
    let site = Site::new().await;
    site.alice.share(&relay.url()).await;
    let bob = site.join().await;
    let workspace = site.alice.shared().await.workspace.unwrap();
    administer(&relay, &["quota", &workspace, "--attachments", "1M"]);
    site.attach(&site.alice, "small.bin", &bytes(1, 1000)).await.unwrap();
    site.attach(&site.alice, "large.bin", &bytes(2, 2_000_000)).await.unwrap();
    site.alice.prepend(&site.document, "Checked. ").await.unwrap();
    let state = site.alice.sync().await.remove(0);
    assert_eq!((state.phase, state.problem, state.waiting), (SyncPhase::Idle, None, 0), "text is stored");
    let problem = state.attachments.problem.unwrap();
    assert!(problem.message.contains("no room") && problem.advice.contains("quota"), "{problem:?}");
    assert_eq!(state.attachments.sending, 1);
    bob.sync().await;
    assert!(bob.export(&site.document).await.contains("Checked."));
    let states: Vec<AttachmentState> = site.list(&bob).await.iter().map(|one| one.state).collect();
    assert_eq!(states, [AttachmentState::Here, AttachmentState::Arriving]);
    administer(&relay, &["quota", &workspace, "--attachments", "1G"]);
    let state = site.alice.sync().await.remove(0);
    assert_eq!(state.attachments, AttachmentSync::default());
    bob.sync().await;
    assert!(site.list(&bob).await.iter().all(|one| one.state == AttachmentState::Here));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_file_that_is_added_twice_is_kept_once() {
    let relay = Relay::start();
    let site = Site::new().await;
    let file = bytes(4, 1_500_000);
    let first = site.attach(&site.alice, "a.bin", &file).await.unwrap();
    let second = site.attach(&site.alice, "b.bin", &file).await.unwrap();
    assert_ne!(first.id, second.id);
    site.alice.share(&relay.url()).await;
    assert_eq!(chunks_at(&relay).len(), 2);
    // One of them goes; the file is still needed.
    site.edit(&site.alice, Edit::Delete { id: first.id.clone() }).await;
    site.alice.app().shift_clock(100 * DAY_MS);
    site.alice.sync().await;
    assert_eq!(site.read(&site.alice, &second.id).await.unwrap(), file);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_relays_disk_has_spoiled_is_refused_and_said() {
    let relay = Relay::start();
    let site = Site::new().await;
    site.alice.share(&relay.url()).await;
    let file = bytes(5, 2_500_000);
    site.attach(&site.alice, "film.bin", &file).await.unwrap();
    site.alice.sync().await;
    let path = chunks_at(&relay).remove(1);
    let good = std::fs::read(&path).unwrap();
    let mut bad = good.clone();
    bad[1000] ^= 1;
    std::fs::write(&path, &bad).unwrap();
    let bob = site.join().await;
    let state = bob.sync().await.remove(0);
    assert_eq!(state.attachments.problem.unwrap().code, ErrorCode::Integrity);
    let one = site.one(&bob).await;
    assert_eq!(one.problem.unwrap().code, ErrorCode::Integrity);
    assert_eq!((one.state, one.done), (AttachmentState::Arriving, 2));
    std::fs::write(&path, &good).unwrap();
    let state = bob.sync().await.remove(0);
    assert_eq!(state.attachments, AttachmentSync::default());
    let one = site.one(&bob).await;
    assert_eq!(one.problem, None);
    assert_eq!(site.read(&bob, &one.id).await.unwrap(), file);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_refers_to_is_marked_and_collected_and_can_be_restored_before() {
    let relay = Relay::start();
    let site = Site::new().await;
    site.alice.share(&relay.url()).await;
    let file = bytes(6, 1_200_000);
    let one = site.attach(&site.alice, "photo.bin", &file).await.unwrap();
    site.alice.sync().await;
    let here = || chunks_in(&site.alice);
    assert_eq!(here(), 2);
    site.edit(&site.alice, Edit::Delete { id: one.id.clone() }).await;
    site.alice.sync().await;
    site.alice.app().shift_clock(29 * DAY_MS);
    site.alice.sync().await;
    assert!(!marked(&relay).await, "what is in the trash still counts");
    site.alice.app().shift_clock(31 * DAY_MS);
    site.alice.sync().await;
    assert!(marked(&relay).await, "after 30 days the relay is told");
    assert_eq!(here(), 2, "and the file is still here");
    // Restored in the grace: the mark is taken away again.
    site.edit(&site.alice, Edit::Restore { id: one.id.clone() }).await;
    site.alice.sync().await;
    assert!(!marked(&relay).await);
    assert_eq!(site.read(&site.alice, &one.id).await.unwrap(), file);
    site.edit(&site.alice, Edit::Delete { id: one.id.clone() }).await;
    site.alice.sync().await;
    site.alice.app().shift_clock(95 * DAY_MS);
    site.alice.sync().await;
    assert_eq!(here(), 0, "after 60 days it is collected");
}

/// Chunk files in a device's folder.
fn chunks_in(device: &Device) -> usize {
    let folders = std::fs::read_dir(device.folder().join("blobs")).into_iter().flatten().flatten();
    let blobs = folders.flat_map(|folder| std::fs::read_dir(folder.path()).into_iter().flatten().flatten());
    blobs.flat_map(|blob| std::fs::read_dir(blob.path()).into_iter().flatten().flatten()).count()
}

/// Whether the relay has a file that is marked for removal.
async fn marked(relay: &Relay) -> bool {
    let store = rusqlite::Connection::open(relay.data().join("relay.sqlite")).unwrap();
    store.query_row("SELECT count(*) > 0 FROM blobs WHERE marked_ms > 0", [], |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_files_come_when_they_are_asked_for() {
    let relay = Relay::start();
    let site = Site::new().await;
    site.alice.share(&relay.url()).await;
    let file = bytes(8, FETCHED_BYTES as usize + 1);
    site.attach(&site.alice, "film.bin", &file).await.unwrap();
    site.alice.sync().await;
    let bob = site.join().await;
    bob.sync().await;
    let one = site.one(&bob).await;
    assert_eq!((one.state, one.done), (AttachmentState::Remote, 0));
    let fetched: AttachmentView = bob.call(Request::AttachmentFetch(site.reference(&one.id))).await.unwrap();
    assert_eq!(fetched.state, AttachmentState::Here);
    let target = bob.folder().join("out.bin");
    bob.app().save_attachment(&site.document, &one.id, &target, |_, _| {}).await.unwrap();
    assert_eq!(std::fs::read(target).unwrap(), file);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_file_is_said_and_nothing_is_left_behind() {
    let site = Site::new().await;
    let heic = [b"\0\0\0\x18ftypheic".as_slice(), &[0; 40]].concat();
    let error = site.attach(&site.alice, "a.heic", &heic).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Confirm, "{error:?}");
    let args = BeginAttachment { keep_position: true, ..site.begin("a.heic", heic.len()) };
    let upload: AttachmentUpload = site.alice.call(Request::AttachmentBegin(args)).await.unwrap();
    let piece = AttachmentPiece { upload: upload.upload.clone(), content: BASE64.encode(&heic) };
    site.alice.call::<Empty>(Request::AttachmentPiece(piece)).await.unwrap();
    let view: AttachmentView = site.alice.call(Request::AttachmentFinish(upload)).await.unwrap();
    assert_eq!((view.media_type.as_str(), view.picture), ("image/heic", false));
    let upload: AttachmentUpload =
        site.alice.call(Request::AttachmentBegin(site.begin("short.bin", 5_000_000))).await.unwrap();
    let piece = AttachmentPiece { upload: upload.upload.clone(), content: BASE64.encode(bytes(1, 3_000_000)) };
    site.alice.call::<Empty>(Request::AttachmentPiece(piece)).await.unwrap();
    let error = site.alice.call::<AttachmentView>(Request::AttachmentFinish(upload)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::BadInput);
    let mut nowhere = site.begin("x", 1);
    nowhere.section = Some("nothing".into());
    let error = site.alice.call::<AttachmentUpload>(Request::AttachmentBegin(nowhere)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);
    let huge = site.begin("huge.bin", 1_200_000_000);
    let error = site.alice.call::<AttachmentUpload>(Request::AttachmentBegin(huge)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::TooLarge);
    let left = std::fs::read_dir(site.alice.folder().join("blobs")).unwrap().flatten();
    assert_eq!(left.filter(|entry| entry.file_name().to_string_lossy().starts_with("incoming")).count(), 0);
    assert_eq!(site.list(&site.alice).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_go_and_come_by_themselves() {
    let relay = Relay::start();
    let alice = Device::in_background().await;
    let document = alice.import("a.md", b"# Plant\n\nPump 7.\n").await.unwrap().id;
    let section = alice.open(&document).await.sections[0].id.clone();
    let site = Site { document, section, alice };
    let args = SetRelay { workspace: None, url: relay.url() };
    site.alice.call::<SyncState>(Request::RelaySet(args)).await.unwrap();
    site.alice.sync().await;
    let bob = Device::in_background().await;
    bob.join(&site.alice.invite(Role::Editor).await, "Bob").await.unwrap();
    bob.eventually(&site.document, "# Plant\n\nPump 7.\n").await;
    let file = bytes(9, 2_200_000);
    site.attach(&site.alice, "photo.bin", &file).await.unwrap();
    let started = std::time::Instant::now();
    loop {
        let list = site.list(&bob).await;
        if let [one] = &list[..]
            && one.state == AttachmentState::Here
        {
            assert_eq!(site.read(&bob, &one.id).await.unwrap(), file);
            break;
        }
        assert!(started.elapsed().as_secs() < 60, "{list:?}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    eprintln!("2.2 MB from device to device after {:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_carries_files_when_it_is_asked_to_and_twice_is_once() {
    let site = Site::new().await;
    let file = bytes(10, 2_300_000);
    site.attach(&site.alice, "photo.bin", &file).await.unwrap();
    let export = async |attachments: bool, invite: Option<BundleInvite>| {
        let args = ExportBundle { workspace: None, since: None, invite, attachments };
        site.alice.call::<ExportedBundle>(Request::BundleExport(args)).await.unwrap()
    };
    let import = async |device: &Device, bundle: &ExportedBundle| {
        let args = ImportBundle { content: bundle.content.clone(), user_name: Some("Bob".into()) };
        device.call::<ImportedBundle>(Request::BundleImport(args)).await.unwrap()
    };
    let invite = BundleInvite { role: Role::Editor, hours: 24 };
    let plain = export(false, Some(invite)).await;
    assert_eq!((plain.bundle.files, plain.left_out), (0, 0));
    let bob = Device::new().await;
    import(&bob, &plain).await;
    let one = site.one(&bob).await;
    assert_eq!(one.state, AttachmentState::Missing);
    let whole = export(true, None).await;
    assert_eq!((whole.bundle.files, whole.left_out), (1, 0));
    assert_eq!(import(&bob, &whole).await.files, 1);
    assert_eq!(site.read(&bob, &one.id).await.unwrap(), file);
    assert_eq!(import(&bob, &whole).await.files, 0, "once");
    let mut changed = BASE64.decode(&whole.content).unwrap();
    let at = changed.len() - 1000;
    changed[at] ^= 1;
    let args = BundleFile { content: BASE64.encode(changed) };
    let error = bob.call::<BundleInfo>(Request::BundleInspect(args)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Integrity);
}
