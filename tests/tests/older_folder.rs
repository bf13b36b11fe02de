//! A data folder that an earlier version wrote.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use drystone_core::api::*;
use drystone_tests::*;
use rusqlite::Connection;

/// Takes back what the migrations to bundles and since did to the tables.
const BEFORE_BUNDLES: &str = "
    DROP TABLE thumbnails;
    DROP TABLE blob_sync;
    DROP INDEX records_that_attach;
    DROP TABLE blob_documents;
    DROP TABLE blob_references;
    DROP TABLE blob_places;
    DROP TABLE blobs;
    DROP TABLE recovery;
    DROP TABLE former_roots;
    DROP TABLE snapshot_bases;
    DROP TABLE snapshot_drafts;
    DROP TABLE snapshot_chunks;
    DROP TABLE snapshot_verdicts;
    DROP TABLE snapshot_listings;
    DROP TABLE kept;
    DROP TABLE joining;
    DROP TABLE forks;
    ALTER TABLE membership DROP COLUMN countersignature;
    ALTER TABLE sealed DROP COLUMN carried;
    PRAGMA user_version = 4;";

/// The folder as the version before bundles left it.
async fn aged(device: Device) -> Device {
    let folder = device.copy_closed().await;
    let key = std::fs::read_to_string(folder.path().join("key")).unwrap();
    let database = Connection::open(folder.path().join("drystone.db")).unwrap();
    database.execute_batch(&format!("PRAGMA key = \"x'{}'\"", key.trim())).unwrap();
    database.execute_batch(BEFORE_BUNDLES).unwrap();
    drop(database);
    folder.open_app().await
}

#[tokio::test]
async fn sharing_goes_on_where_it_was_before_bundles() {
    let mut relay = Relay::start();
    let (alice, bob) = (Device::new().await, Device::new().await);
    let id = alice.import("a.md", b"# A\n\nx\n").await.unwrap().id;
    alice.share(&relay.url()).await;
    bob.join(&alice.invite(Role::Editor).await, "Bob").await.unwrap();
    for (device, word) in [(&bob, "bob "), (&alice, "alice "), (&bob, "again ")] {
        device.sync().await;
        device.prepend(&id, word).await.unwrap();
        device.sync().await;
    }
    alice.sync().await;
    // Sealed and not confirmed, then the update, then more before the log is read again.
    relay.kill();
    alice.prepend(&id, "sealed ").await.unwrap();
    assert_eq!(alice.sync().await[0].phase, SyncPhase::Offline);
    let alice = aged(alice).await;
    assert_eq!(alice.export(&id).await, "# A\n\nsealed again alice bob x\n");
    alice.prepend(&id, "later ").await.unwrap();
    assert_eq!(alice.sync().await[0].phase, SyncPhase::Offline);
    relay.resume();
    for device in [&alice, &bob, &alice] {
        let state = &device.sync().await[0];
        assert_eq!((state.phase, state.waiting, state.quarantined), (SyncPhase::Idle, 0, 0), "{state:?}");
    }
    assert_eq!(alice.export(&id).await, "# A\n\nlater sealed again alice bob x\n");
    assert_eq!(bob.export(&id).await, alice.export(&id).await);
    // And so does a member who updates later.
    let bob = aged(bob).await;
    bob.prepend(&id, "bob too ").await.unwrap();
    for device in [&bob, &alice] {
        let state = &device.sync().await[0];
        assert_eq!((state.phase, state.quarantined), (SyncPhase::Idle, 0), "{state:?}");
    }
    assert_eq!(alice.export(&id).await, "# A\n\nbob too later sealed again alice bob x\n");
}
