use std::time::Duration;

use drystone_wire::blob::{CHUNK_BYTES, Manifest};
use drystone_wire::http::RelayErrorCode::{BadRequest, Deleted, Forbidden, NotFound, QuotaExceeded, TooLarge};
use drystone_wire::membership::Role;
use drystone_wire::{Hash, WorkspaceId};

use crate::support::admin::{about, admin};
use crate::support::{Client, Device, Relay, Workspace};

/// Sealed bytes look random; these differ by their seed.
fn sealed(seed: u8, length: usize) -> Vec<u8> {
    (0..length).map(|n| (n as u8).wrapping_mul(seed) ^ (n >> 8) as u8 ^ seed).collect()
}

async fn upload(client: &Client, id: &WorkspaceId, bytes: &[u8]) -> Manifest {
    let manifest = Manifest::of(bytes);
    client.announce(id, &manifest).await.unwrap();
    for (index, chunk) in bytes.chunks(CHUNK_BYTES).enumerate() {
        client.put_chunk(id, &manifest.id(), index, chunk).await.unwrap();
    }
    manifest
}

async fn download(client: &Client, id: &WorkspaceId, manifest: &Manifest) -> Vec<u8> {
    let mut bytes = Vec::new();
    for index in 0..manifest.chunks.len() {
        bytes.extend(client.chunk(id, &manifest.id(), index).await.unwrap());
    }
    bytes
}

#[tokio::test]
async fn an_attachment_goes_up_and_down_in_parts_and_over_restarts() {
    let mut relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let (_, reading) = workspace.admit(&relay, 2, Role::Reader).await;
    let bytes = sealed(7, 2 * CHUNK_BYTES + 1000);
    let (manifest, client) = (Manifest::of(&bytes), workspace.client.clone());
    let blob = manifest.id();
    assert_eq!(client.blob(&id, &blob).await.unwrap_err().code, NotFound);
    assert_eq!(client.put_chunk(&id, &blob, 0, &bytes[..CHUNK_BYTES]).await.unwrap_err().code, NotFound);
    let state = client.announce(&id, &manifest).await.unwrap();
    assert_eq!((state.present.0.as_slice(), state.marked), (&[0][..], false));
    // The last part first; then the relay is killed.
    client.put_chunk(&id, &blob, 2, &bytes[2 * CHUNK_BYTES..]).await.unwrap();
    relay.kill();
    relay.start_again();
    let client = Client { url: relay.url.clone(), ..client };
    let reading = Client { url: relay.url.clone(), ..reading };
    let state = client.announce(&id, &manifest).await.unwrap();
    assert_eq!(state.present.0, [0b100]);
    assert_eq!(reading.chunk(&id, &blob, 0).await.unwrap_err().code, NotFound);
    for index in (0..3).filter(|index| !state.has(*index)) {
        let end = bytes.len().min((index + 1) * CHUNK_BYTES);
        client.put_chunk(&id, &blob, index, &bytes[index * CHUNK_BYTES..end]).await.unwrap();
    }
    let state = reading.blob(&id, &blob).await.unwrap();
    assert!(state.is_whole() && state.manifest == manifest);
    assert_eq!(download(&reading, &id, &manifest).await, bytes);
    // Again changes nothing, and only its head is enough to know that it is there.
    client.put_chunk(&id, &blob, 2, &bytes[2 * CHUNK_BYTES..]).await.unwrap();
    let path = client.path(&format!("/v1/workspaces/{id}/blobs/{blob}/2"));
    let head = client.http.head(path).bearer_auth(&client.token).send().await.unwrap();
    assert_eq!((head.status().as_u16(), head.headers()["content-length"].to_str().unwrap()), (200, "1000"));
    let shown = about(&relay.data(), "show", &id, &[]);
    assert_eq!(shown.done("workspace")["attachments"], bytes.len() as u64);
    assert_eq!(admin(&relay.data(), &["check"]).done("check")["attachments"], 1);
}

#[tokio::test]
async fn what_is_not_what_it_says_is_not_stored() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let (id, client) = (workspace.id, workspace.client.clone());
    let (_, reading) = workspace.admit(&relay, 2, Role::Reader).await;
    let stranger = relay.client(&Device::new(9)).await;
    let bytes = sealed(3, CHUNK_BYTES + 10);
    let manifest = Manifest::of(&bytes);
    let blob = manifest.id();
    assert_eq!(reading.announce(&id, &manifest).await.unwrap_err().code, Forbidden);
    assert_eq!(stranger.announce(&id, &manifest).await.unwrap_err().code, NotFound);
    let path = format!("/v1/workspaces/{id}/blobs/{}", Hash([1; 32]));
    let other = client.http.put(client.path(&path)).bearer_auth(&client.token);
    let other = other.body(drystone_wire::canonical::encode(&manifest)).send().await.unwrap();
    assert_eq!(other.status(), 400);
    let boastful = Manifest { size: u64::MAX, ..manifest.clone() };
    assert_eq!(client.announce(&id, &boastful).await.unwrap_err().code, BadRequest);
    client.announce(&id, &manifest).await.unwrap();
    let first = &bytes[..CHUNK_BYTES];
    let mut bent = first.to_vec();
    bent[500] ^= 1;
    for (index, chunk) in [(0, &bent[..]), (0, &first[1..]), (1, first), (2, &bytes[CHUNK_BYTES..]), (0, &[])] {
        assert_eq!(client.put_chunk(&id, &blob, index, chunk).await.unwrap_err().code, BadRequest, "{index}");
    }
    assert_eq!(client.put_chunk(&id, &blob, 0, &[first, &[0]].concat()).await.unwrap_err().code, TooLarge);
    assert_eq!(reading.put_chunk(&id, &blob, 0, first).await.unwrap_err().code, Forbidden);
    assert_eq!(reading.mark(&id, &blob).await.unwrap_err().code, Forbidden);
    assert_eq!(stranger.blob(&id, &blob).await.unwrap_err().code, NotFound);
    assert_eq!(stranger.chunk(&id, &blob, 0).await.unwrap_err().code, NotFound);
    assert_eq!(client.blob(&id, &blob).await.unwrap().present.0, [0]);
}

#[tokio::test]
async fn attachments_have_a_quota_counted_when_they_are_announced() {
    let relay = Relay::start(&["--workspace-attachments", "5000"]);
    let workspace = Workspace::create(&relay, 1).await;
    let (id, client) = (workspace.id, &workspace.client);
    let first = upload(client, &id, &sealed(1, 3000)).await;
    let second = Manifest::of(&sealed(2, 2001));
    let refused = client.announce(&id, &second).await.unwrap_err();
    assert_eq!(refused.code, QuotaExceeded);
    for part in ["bytes of attachments is 5000", "3000 are used", "needs 2001 more"] {
        assert!(refused.message.contains(part), "{}", refused.message);
    }
    assert_eq!(client.blob(&id, &second.id()).await.unwrap_err().code, NotFound);
    // The same again costs nothing.
    client.announce(&id, &first).await.unwrap();
    about(&relay.data(), "quota", &id, &["--attachments", "1M"]).done("workspace");
    upload(client, &id, &sealed(2, 2001)).await;
}

/// Lets an attachment's grace be over.
fn age(relay: &Relay, days: u64) {
    let connection = rusqlite::Connection::open(relay.data().join("relay.sqlite")).unwrap();
    let ms = i64::try_from(days * 24 * 3_600_000).unwrap();
    let update = "UPDATE blobs SET marked_ms = max(0, marked_ms - ?1), announced_ms = announced_ms - ?1";
    connection.execute(update, [ms]).unwrap();
}

#[tokio::test]
async fn a_marked_attachment_goes_after_its_grace_and_one_that_is_needed_again_stays() {
    let relay = Relay::start(&[]);
    let workspace = Workspace::create(&relay, 1).await;
    let (id, client) = (workspace.id, &workspace.client);
    let (old, wanted, plain) = (sealed(1, 3000), sealed(2, 4000), sealed(3, 5000));
    let old = upload(client, &id, &old).await;
    let wanted = upload(client, &id, &wanted).await;
    let plain = upload(client, &id, &plain).await;
    let unfinished = Manifest::of(&sealed(4, 100));
    client.announce(&id, &unfinished).await.unwrap();
    client.mark(&id, &old.id()).await.unwrap();
    client.mark(&id, &wanted.id()).await.unwrap();
    assert!(client.blob(&id, &old.id()).await.unwrap().marked);
    age(&relay, 29);
    assert_eq!(admin(&relay.data(), &["collect"]).done("collected")["steps"], 0);
    assert!(!client.announce(&id, &wanted).await.unwrap().marked);
    age(&relay, 2);
    admin(&relay.data(), &["collect"]).done("collected");
    for gone in [&old, &unfinished] {
        assert_eq!(client.blob(&id, &gone.id()).await.unwrap_err().code, NotFound);
    }
    assert!(!relay.data().join(format!("blobs/{id}/{}", old.id())).exists());
    for here in [&wanted, &plain] {
        assert!(client.blob(&id, &here.id()).await.unwrap().is_whole());
    }
    assert_eq!(about(&relay.data(), "show", &id, &[]).done("workspace")["attachments"], 9000);
    assert_eq!(admin(&relay.data(), &["check"]).done("check")["problems"], 0);
    // It can come again.
    upload(client, &id, &sealed(1, 3000)).await;
}

#[tokio::test]
async fn attachments_go_with_their_workspace_and_come_back_from_a_backup() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let other = Workspace::create(&relay, 2).await;
    let (id, client) = (workspace.id, workspace.client.clone());
    client.append(&id, &workspace.owner.envelopes(&id, 3, 100)).await.unwrap();
    let bytes = sealed(5, CHUNK_BYTES + 77);
    let manifest = upload(&client, &id, &bytes).await;
    let half = Manifest::of(&sealed(6, CHUNK_BYTES + 1));
    client.announce(&id, &half).await.unwrap();
    client.put_chunk(&id, &half.id(), 1, &sealed(6, CHUNK_BYTES + 1)[CHUNK_BYTES..]).await.unwrap();
    let kept = upload(&other.client, &other.id, &bytes).await;
    let backup = relay.home.path().join("a.backup").to_str().unwrap().to_string();
    assert_eq!(admin(&relay.data(), &["backup", &backup]).done("backup")["attachments"], 3);
    about(&relay.data(), "suspend", &id, &[]).done("workspace");
    assert_eq!(client.chunk(&id, &manifest.id(), 0).await.unwrap_err().code.status(), 403);
    about(&relay.data(), "delete", &id, &["--now", "--yes"]).done("deleted");
    let refused = client.chunk(&id, &manifest.id(), 0).await.unwrap_err().code;
    assert!([NotFound, Deleted].contains(&refused));
    assert!(!relay.data().join(format!("blobs/{id}")).exists());
    assert_eq!(download(&other.client, &other.id, &kept).await, bytes);
    admin(&relay.data(), &["restore", &backup, "--workspace", &id.to_string()]).done("restored");
    assert_eq!(download(&client, &id, &manifest).await, bytes);
    assert_eq!(client.blob(&id, &half.id()).await.unwrap().present.0, [0b10]);
    assert_eq!(client.read(&id, "").await.unwrap().entries.len(), 3);
    // The whole drill.
    let drill = relay.home.path().join("drill");
    admin(&drill, &["restore", &backup]).done("restored");
    let check = admin(&drill, &["check"]);
    assert_eq!((&check.done("check")["attachments"], &check.json["check"]["problems"]), (&3.into(), &0.into()));
    let names = |data: &std::path::Path| {
        let folder = data.join(format!("blobs/{id}/{}", manifest.id()));
        std::fs::read_dir(folder).unwrap().count()
    };
    assert_eq!((names(&drill), names(&relay.data())), (2, 2));
    // A chunk that a disk has changed, or lost, is found.
    let chunk = relay.data().join(format!("blobs/{id}/{}/1", manifest.id()));
    std::fs::write(&chunk, "bent").unwrap();
    assert_eq!(admin(&relay.data(), &["check"]).json["check"]["problems"], 1);
    std::fs::remove_file(&chunk).unwrap();
    let found = admin(&relay.data(), &["check"]);
    assert!(found.json["check"]["told"][0]["what"].as_str().unwrap().contains("is missing"), "{found:?}");
    // Sending it again mends it.
    client.put_chunk(&id, &manifest.id(), 1, &bytes[CHUNK_BYTES..]).await.unwrap();
    assert_eq!(admin(&relay.data(), &["check"]).done("check")["problems"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_the_relay_leaves_chunks_whole_or_away() {
    let mut relay = Relay::start(&["--device-rate", "0"]);
    let workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let bytes = sealed(9, 6 * CHUNK_BYTES);
    let manifest = Manifest::of(&bytes);
    workspace.client.announce(&id, &manifest).await.unwrap();
    let mut client = workspace.client.clone();
    for round in 0..6_u64 {
        let (sending, bytes, blob) = (client.clone(), bytes.clone(), manifest.id());
        let task = tokio::spawn(async move {
            for (index, chunk) in bytes.chunks(CHUNK_BYTES).enumerate() {
                let url = sending.path(&format!("/v1/workspaces/{id}/blobs/{blob}/{index}"));
                if sending.http.put(url).bearer_auth(&sending.token).body(chunk.to_vec()).send().await.is_err() {
                    return;
                }
            }
        });
        tokio::time::sleep(Duration::from_millis(3 + 9 * round)).await;
        relay.kill();
        task.await.unwrap();
        relay.start_again();
        client.url = relay.url.clone();
        let state = client.blob(&id, &manifest.id()).await.unwrap();
        for index in (0..6).filter(|index| state.has(*index)) {
            let chunk = client.chunk(&id, &manifest.id(), index).await.unwrap();
            assert!(manifest.fits(index, &chunk), "chunk {index}");
        }
        assert!(!relay.data().join("blobs/unfinished").exists());
        assert_eq!(admin(&relay.data(), &["check"]).done("check")["problems"], 0);
    }
    upload(&client, &id, &bytes).await;
    assert_eq!(download(&client, &id, &manifest).await, bytes);
}
