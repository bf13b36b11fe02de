//! Compaction: a long log is replaced by snapshots, and nobody loses anything by
//! it, however late they come.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_core::error::{Error, ErrorCode};
use drystone_tests::*;

#[path = "compaction/crashes.rs"]
mod crashes;

/// A relay, and members that share one document.
struct Scene {
    relay: Relay,
    anna: Device,
    ben: Device,
    cleo: Device,
    document: String,
}

async fn compact(device: &Device) -> Compaction {
    device.call(Request::WorkspaceCompact(device.shared().await)).await.unwrap()
}

async fn shown(device: &Device) -> Compaction {
    device.call(Request::WorkspaceCompaction(device.shared().await)).await.unwrap()
}

/// A round, after which all is well.
async fn settled(device: &Device) {
    let state = device.sync().await.remove(0);
    assert_eq!((state.phase, state.waiting, state.quarantined), (SyncPhase::Idle, 0, 0), "{state:?}");
}

async fn changes(device: &Device, document: &str) -> Vec<String> {
    let args = DocumentRef { document: document.to_owned() };
    let log: Vec<LogEntry> = device.call(Request::DocumentLog(args)).await.unwrap();
    let mut changes: Vec<String> = log.into_iter().map(|entry| entry.hash).collect();
    changes.sort();
    changes
}

/// Everything is here and at the relay.
async fn proven(device: &Device) {
    let proof: Proof = device.call(Request::DoctorProve(Empty {})).await.unwrap();
    assert!(proof.workspaces.iter().all(|one| one.sound), "{:?}", proof.workspaces);
}

/// Both have the same text and the same history.
async fn same(one: &Device, other: &Device, document: &str) {
    assert_eq!(one.export(document).await, other.export(document).await);
    assert_eq!(changes(one, document).await, changes(other, document).await);
}

impl Scene {
    async fn new() -> Scene {
        let relay = Relay::start_with_grace(0);
        let (anna, ben, cleo) = (Device::new().await, Device::new().await, Device::new().await);
        let document = anna.import("a.md", b"# A\n\nx\n").await.unwrap().id;
        let name = SetUserName { name: "Anna".into() };
        anna.call::<Empty>(Request::SetUserName(name)).await.unwrap();
        anna.share(&relay.url()).await;
        for (device, name) in [(&ben, "Ben"), (&cleo, "Cleo")] {
            device.join(&anna.invite(Role::Editor).await, name).await.unwrap();
        }
        for device in [&anna, &ben, &cleo] {
            settled(device).await;
        }
        Scene { relay, anna, ben, cleo, document }
    }

    /// Anna and Ben write, each several entries.
    async fn write(&self, rounds: usize) {
        for round in 0..rounds {
            for (device, name) in [(&self.anna, "anna"), (&self.ben, "ben")] {
                device.prepend(&self.document, &format!("{name}{round} ")).await.unwrap();
                settled(device).await;
            }
        }
        settled(&self.anna).await;
    }

    /// Anna makes a snapshot, Ben confirms it.
    async fn snapshot(&self) -> Compaction {
        compact(&self.anna).await;
        settled(&self.ben).await;
        settled(&self.anna).await;
        let shown = shown(&self.anna).await;
        assert_eq!(shown.snapshots[0].confirmed_by, ["Ben"], "{shown:?}");
        shown
    }

    /// Two snapshots, and everything behind the older one is gone at the relay.
    async fn compacted(&self) -> u32 {
        self.write(4).await;
        let first = self.snapshot().await.snapshots[0].entries;
        self.write(2).await;
        self.snapshot().await;
        self.relay.collect();
        self.relay.collect();
        settled(&self.anna).await;
        assert_eq!(shown(&self.anna).await.compacted, first);
        assert!(self.relay.verifies());
        first
    }
}

#[tokio::test]
async fn a_late_device_loads_the_snapshot_and_loses_nothing() {
    let scene = Scene::new().await;
    // Acknowledged before, and not sent yet.
    scene.cleo.prepend(&scene.document, "acknowledged ").await.unwrap();
    settled(&scene.cleo).await;
    scene.cleo.prepend(&scene.document, "waiting ").await.unwrap();
    settled(&scene.anna).await;
    scene.compacted().await;
    scene.cleo.prepend(&scene.document, "later ").await.unwrap();
    settled(&scene.cleo).await;
    assert!(shown(&scene.cleo).await.loaded.is_some());
    for device in [&scene.anna, &scene.ben, &scene.cleo] {
        settled(device).await;
    }
    same(&scene.anna, &scene.cleo, &scene.document).await;
    same(&scene.anna, &scene.ben, &scene.document).await;
    let text = scene.cleo.export(&scene.document).await;
    for word in ["acknowledged", "waiting", "later", "anna3", "ben3"] {
        assert_eq!(text.matches(word).count(), 1, "{word}: {text}");
    }
    // What is here and at the relay is proven where the log is compacted too.
    for device in [&scene.anna, &scene.cleo] {
        proven(device).await;
    }
    // And all goes on as before, for who loaded it too.
    scene.cleo.prepend(&scene.document, "on ").await.unwrap();
    for device in [&scene.cleo, &scene.anna, &scene.ben] {
        settled(device).await;
    }
    same(&scene.anna, &scene.cleo, &scene.document).await;
    // Who loaded one makes and confirms the next as well.
    let next = compact(&scene.cleo).await;
    assert_eq!(next.snapshots[0].made_by, "you");
    settled(&scene.anna).await;
    scene.anna.prepend(&scene.document, "still ").await.unwrap();
    settled(&scene.anna).await;
    settled(&scene.cleo).await;
    compact(&scene.anna).await;
    settled(&scene.cleo).await;
    settled(&scene.anna).await;
    assert_eq!(shown(&scene.anna).await.snapshots[0].confirmed_by, ["Cleo"]);
    scene.relay.collect();
    scene.relay.collect();
    assert!(scene.relay.verifies());
}

#[tokio::test]
async fn who_joins_after_compaction_has_all_of_the_history() {
    let scene = Scene::new().await;
    let other = scene.anna.import("b.md", b"# B\n\ny\n").await.unwrap().id;
    let gone = scene.anna.import("c.md", b"# C\n\nz\n").await.unwrap().id;
    scene.anna.call::<Empty>(Request::DocumentDelete(DocumentRef { document: gone.clone() })).await.unwrap();
    settled(&scene.anna).await;
    scene.compacted().await;
    // Under other keys than those the snapshot was sealed with.
    let keys: WorkspaceKeys = scene.anna.call(Request::WorkspaceRotate(scene.anna.shared().await)).await.unwrap();
    assert!(keys.epoch > 1);
    let dora = Device::new().await;
    dora.join(&scene.anna.invite(Role::Editor).await, "Dora").await.unwrap();
    settled(&dora).await;
    for document in [&scene.document, &other, &gone] {
        same(&scene.anna, &dora, document).await;
    }
    dora.prepend(&scene.document, "dora ").await.unwrap();
    for device in [&dora, &scene.anna, &scene.cleo] {
        settled(device).await;
    }
    same(&scene.anna, &dora, &scene.document).await;
    same(&scene.anna, &scene.cleo, &scene.document).await;
}

#[tokio::test]
async fn alone_one_reads_ones_own_snapshot_back_and_confirms_it() {
    let relay = Relay::start_with_grace(0);
    let anna = Device::new().await;
    let document = anna.import("a.md", b"# A\n\nx\n").await.unwrap().id;
    anna.share(&relay.url()).await;
    for round in 0..3 {
        anna.prepend(&document, &format!("w{round} ")).await.unwrap();
        settled(&anna).await;
        let made = compact(&anna).await;
        assert_eq!(made.snapshots[0].confirmed_by, ["you"], "{made:?}");
        // Nothing new, nothing made.
        assert_eq!(compact(&anna).await.snapshots.len(), made.snapshots.len());
        relay.collect();
        relay.collect();
    }
    assert!(shown(&anna).await.compacted > 0 || compact(&anna).await.compacted > 0);
    assert!(relay.verifies());
    let ben = Device::new().await;
    ben.join(&anna.invite(Role::Reader).await, "Ben").await.unwrap();
    settled(&ben).await;
    same(&anna, &ben, &document).await;
    let refused = ben.call::<Compaction>(Request::WorkspaceCompact(ben.shared().await)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Refused, "{refused:?}");
}

#[tokio::test]
async fn two_who_make_one_at_the_same_time_confirm_each_others() {
    let scene = Scene::new().await;
    scene.write(2).await;
    settled(&scene.ben).await;
    let (one, two) = tokio::join!(compact(&scene.anna), compact(&scene.ben));
    assert!(!one.snapshots.is_empty() && !two.snapshots.is_empty());
    for device in [&scene.cleo, &scene.anna, &scene.ben, &scene.cleo] {
        settled(device).await;
    }
    let shown = shown(&scene.cleo).await;
    assert!(shown.snapshots.iter().all(|it| it.confirmed.is_some() && it.contradicted_by.is_empty()), "{shown:?}");
    scene.relay.collect();
    scene.relay.collect();
    assert!(scene.relay.verifies());
    let dora = Device::new().await;
    dora.join(&scene.anna.invite(Role::Editor).await, "Dora").await.unwrap();
    settled(&dora).await;
    same(&scene.anna, &dora, &scene.document).await;
}

#[tokio::test]
async fn who_was_demoted_or_removed_confirms_nothing_and_gets_nothing() {
    let scene = Scene::new().await;
    scene.write(2).await;
    compact(&scene.anna).await;
    scene.anna.set_role("Ben", Role::Reader).await.unwrap();
    settled(&scene.ben).await;
    settled(&scene.anna).await;
    assert!(shown(&scene.anna).await.snapshots[0].confirmed_by.is_empty());
    scene.anna.remove("Ben").await.unwrap();
    scene.ben.sync().await;
    assert!(shown(&scene.anna).await.snapshots[0].confirmed.is_none());
    settled(&scene.cleo).await;
    settled(&scene.anna).await;
    assert_eq!(shown(&scene.anna).await.snapshots[0].confirmed_by, ["Cleo"]);
    scene.anna.prepend(&scene.document, "more ").await.unwrap();
    compact(&scene.anna).await;
    settled(&scene.cleo).await;
    scene.relay.collect();
    scene.relay.collect();
    let before = scene.ben.export(&scene.document).await;
    let state = scene.ben.sync().await.remove(0);
    assert_eq!(state.phase, SyncPhase::Attention, "{state:?}");
    assert_eq!(scene.ben.export(&scene.document).await, before);
    // When whoever confirmed is gone too, somebody who stays does it again.
    scene.anna.remove("Cleo").await.unwrap();
    settled(&scene.anna).await;
    settled(&scene.anna).await;
    let dora = Device::new().await;
    dora.join(&scene.anna.invite(Role::Editor).await, "Dora").await.unwrap();
    settled(&dora).await;
    same(&scene.anna, &dora, &scene.document).await;
}

#[tokio::test]
async fn a_long_log_is_compacted_by_itself() {
    let scene = Scene::new().await;
    for device in [&scene.anna, &scene.ben, &scene.cleo] {
        device.app().snapshot_after(6, u64::MAX);
    }
    for _ in 0..3 {
        scene.write(3).await;
        settled(&scene.ben).await;
    }
    settled(&scene.anna).await;
    let shown = shown(&scene.anna).await;
    assert!(shown.snapshots.iter().filter(|it| it.confirmed.is_some()).count() >= 2, "{shown:?}");
    scene.relay.collect();
    scene.relay.collect();
    settled(&scene.cleo).await;
    same(&scene.anna, &scene.cleo, &scene.document).await;
}

async fn export(device: &Device, since: Option<String>) -> Result<ExportedBundle, Error> {
    let workspace = device.shared().await.workspace;
    device.call(Request::BundleExport(ExportBundle { workspace, since, invite: None, attachments: false })).await
}

#[tokio::test]
async fn a_bundle_from_a_snapshot_is_not_cut_and_an_older_one_is_known() {
    let scene = Scene::new().await;
    let whole = export(&scene.anna, None).await.unwrap().content;
    scene.compacted().await;
    settled(&scene.cleo).await;
    let refused = export(&scene.cleo, None).await.unwrap_err();
    assert!(refused.message.contains("snapshot"), "{refused:?}");
    let import = ImportBundle { content: whole.clone(), user_name: None };
    let imported: ImportedBundle = scene.cleo.call(Request::BundleImport(import)).await.unwrap();
    assert_eq!((imported.applied, imported.set_aside), (0, 0), "{imported:?}");
    let newest = export(&scene.anna, None).await.unwrap().content;
    let import = ImportBundle { content: newest.clone(), user_name: None };
    let imported: ImportedBundle = scene.cleo.call(Request::BundleImport(import)).await.unwrap();
    assert_eq!(imported.set_aside, 0, "{imported:?}");
    scene.cleo.prepend(&scene.document, "cleo ").await.unwrap();
    let since = export(&scene.cleo, Some(newest)).await.unwrap().content;
    let import = ImportBundle { content: since, user_name: None };
    let imported: ImportedBundle = scene.anna.call(Request::BundleImport(import)).await.unwrap();
    assert_eq!((imported.applied, imported.set_aside), (1, 0), "{imported:?}");
    for device in [&scene.cleo, &scene.anna, &scene.ben] {
        settled(device).await;
    }
    same(&scene.anna, &scene.cleo, &scene.document).await;
}
