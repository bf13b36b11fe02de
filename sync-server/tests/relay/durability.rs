use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use drystone_wire::WorkspaceId;
use drystone_wire::envelope::Envelope;
use drystone_wire::http::RelayErrorCode::StorageFull;
use drystone_wire::log::{chain_next, chain_start};
use drystone_wire::membership::Role;

use crate::support::{Client, Device, Relay, Workspace, refused_start};

#[tokio::test]
async fn a_restart_keeps_everything() {
    let mut relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let (mut device, client) = workspace.admit(&relay, 2, Role::Editor).await;
    let id = workspace.id;
    let envelopes = device.envelopes(&id, 20, 200);
    client.append(&id, &envelopes).await.unwrap();
    let page = client.read(&id, "").await.unwrap();
    let records = client.records(&id, 1).await.unwrap();
    for gently in [true, false] {
        if gently {
            assert_eq!(relay.stop().code(), Some(0));
            // A clean stop folds the write-ahead log in.
            let left = std::fs::metadata(relay.data().join("relay.sqlite-wal")).map_or(0, |wal| wal.len());
            assert_eq!(left, 0);
        } else {
            relay.kill();
        }
        relay.start_again();
        let client = Client { url: relay.url.clone(), ..client.clone() };
        let again = client.read(&id, "").await.unwrap();
        assert_eq!((again.entries, again.head.chain), (page.entries.clone(), page.head.chain));
        assert_eq!(client.records(&id, 1).await.unwrap(), records);
        assert_eq!(Client::anonymous(&relay.url).await.relay, client.relay);
    }
}

/// What was confirmed: position by envelope.
type Confirmed = BTreeMap<u64, Vec<u8>>;

/// Appends one after the other until the relay is gone; gives what was confirmed and what was not.
async fn append_until_gone(client: Client, id: WorkspaceId, mut device: Device) -> (Confirmed, Device, Vec<Vec<u8>>) {
    let mut confirmed = BTreeMap::new();
    loop {
        let next = device.envelopes(&id, 3, 500);
        let append =
            drystone_wire::log::Append { envelopes: next.iter().cloned().map(drystone_wire::ids::Bytes).collect() };
        let body = drystone_wire::canonical::encode(&append);
        let sent = client.http.post(client.path(&format!("/v1/workspaces/{id}/log"))).bearer_auth(&client.token);
        let reply = match sent.body(body).send().await {
            Ok(response) => response.bytes().await,
            Err(error) => Err(error),
        };
        let Ok(bytes) = reply else { return (confirmed, device, next) };
        let appended: drystone_wire::log::Appended = drystone_wire::canonical::decode(&bytes, 1 << 20).unwrap();
        for (stored, envelope) in appended.stored.iter().zip(next) {
            assert!(confirmed.insert(stored.position, envelope).is_none());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_the_relay_loses_nothing_confirmed() {
    const ROUNDS: u64 = 12;
    const WRITERS: u8 = 4;
    let mut relay = Relay::start(&["--device-rate", "0"]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let mut writers = Vec::new();
    for seed in 0..WRITERS {
        writers.push(workspace.admit(&relay, 10 + seed, Role::Editor).await);
    }
    let mut confirmed = Confirmed::new();
    for round in 0..ROUNDS {
        let tasks: Vec<_> = writers
            .drain(..)
            .map(|(device, client)| {
                let client = Client { url: relay.url.clone(), ..client };
                tokio::spawn(async move { (append_until_gone(client.clone(), id, device).await, client) })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(20 + 37 * round % 150)).await;
        relay.kill();
        relay.start_again();
        for task in tasks {
            let ((mine, device, unsure), client) = task.await.unwrap();
            confirmed.extend(mine);
            // What was not confirmed may be there or not; sending it again settles it.
            let client = Client { url: relay.url.clone(), ..client };
            let settled = client.append(&id, &unsure).await.unwrap();
            confirmed.extend(settled.stored.iter().map(|stored| stored.position).zip(unsure));
            writers.push((device, client));
        }
    }
    let mut after = 0;
    let mut chain = chain_start(&id, 1);
    let owner = Client { url: relay.url.clone(), ..workspace.client };
    loop {
        let page = owner.read(&id, &format!("after={after}")).await.unwrap();
        for entry in &page.entries {
            assert_eq!(entry.position, after + 1);
            assert_eq!(confirmed.remove(&entry.position).as_ref(), Some(&entry.envelope.0));
            chain = chain_next(&chain, &Envelope::open(&entry.envelope.0).unwrap().0.id());
            after = entry.position;
        }
        if page.entries.is_empty() {
            assert_eq!((page.head.position, page.head.chain), (after, chain));
            break;
        }
    }
    assert!(confirmed.is_empty(), "{} confirmed envelopes are missing", confirmed.len());
    assert!(after > ROUNDS, "the relay was killed before it did anything");
}

#[tokio::test]
async fn a_full_store_says_so_and_keeps_what_it_has() {
    let mut relay = Relay::start(&["--max-store-bytes", "2000000"]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let mut stored = 0;
    let refused = loop {
        let before = workspace.owner.clone();
        let envelopes = workspace.owner.envelopes(&id, 3, 60_000);
        match workspace.client.append(&id, &envelopes).await {
            Ok(appended) => stored = appended.head.position,
            Err(refused) => {
                workspace.owner = before;
                break refused;
            }
        }
    };
    assert_eq!(refused.code, StorageFull);
    assert!(stored >= 9, "only {stored} were stored");
    let page = workspace.client.read(&id, "").await.unwrap();
    assert_eq!((page.entries.len() as u64, page.head.position), (stored, stored));
    assert!(relay.log().contains("--max-store-bytes"), "{}", relay.log());
    assert_eq!(relay.stop().code(), Some(0));
    relay.start_again_with(&[]);
    let client = Client { url: relay.url.clone(), ..workspace.client.clone() };
    let envelopes = workspace.owner.envelopes(&id, 3, 60_000);
    client.append(&id, &envelopes).await.unwrap();
}

/// A small disk that really is full. Needs the right to mount.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(size: &str) -> Option<SmallDisk> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={size},mode=0700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path()).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| SmallDisk(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_heals() {
    let Some(disk) = SmallDisk::mount("3m") else {
        eprintln!("skipped: mounting is not permitted here; --max-store-bytes is tested everywhere");
        return;
    };
    let data = disk.0.path().join("data");
    let relay = Relay::start_at(tempfile::tempdir().unwrap(), &data, &[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let ballast = disk.0.path().join("ballast");
    std::fs::write(&ballast, vec![0; 1 << 20]).unwrap();
    let (mut stored, mut unsure) = (Vec::new(), None);
    while unsure.is_none() {
        let envelope = workspace.owner.envelope(&id, 60_000);
        match workspace.client.append(&id, std::slice::from_ref(&envelope)).await {
            Ok(_) => stored.push(envelope),
            Err(refused) => {
                assert_eq!(refused.code, StorageFull, "{}", refused.message);
                unsure = Some(envelope);
            }
        }
    }
    assert!(!stored.is_empty());
    let page = workspace.client.read(&id, "").await.unwrap();
    assert!(page.entries.iter().map(|entry| &entry.envelope.0).eq(&stored));
    // Room again, without a restart.
    std::fs::remove_file(&ballast).unwrap();
    workspace.client.append(&id, &[unsure.unwrap()]).await.unwrap();
}

#[tokio::test]
async fn a_disk_that_fails_to_sync_stops_the_relay_and_loses_nothing_confirmed() {
    let mut relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let first = workspace.owner.envelope(&id, 1000);
    workspace.client.append(&id, std::slice::from_ref(&first)).await.unwrap();
    let tracer = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO", "-p"])
        .arg(relay.pid().to_string())
        .stderr(std::process::Stdio::null())
        .spawn();
    let Ok(mut tracer) = tracer else {
        eprintln!("skipped: strace is not here");
        return;
    };
    tokio::time::sleep(Duration::from_secs(1)).await;
    if tracer.try_wait().unwrap().is_some() {
        eprintln!("skipped: tracing is not permitted here");
        return;
    }
    let second = workspace.owner.envelope(&id, 1000);
    let refused = workspace.client.append(&id, std::slice::from_ref(&second)).await.unwrap_err();
    assert_eq!(refused.code.status(), 500, "{}", refused.message);
    assert_eq!(relay.ended().code(), Some(4));
    assert!(relay.log().contains("the store failed"), "{}", relay.log());
    tracer.wait().unwrap();
    relay.start_again();
    let client = Client { url: relay.url.clone(), ..workspace.client.clone() };
    let appended = client.append(&id, &[first.clone(), second.clone()]).await.unwrap();
    assert_eq!(appended.head.position, 2);
    assert_eq!(client.read(&id, "").await.unwrap().entries.len(), 2);
}

#[test]
fn a_damaged_database_is_not_served() {
    let mut relay = Relay::start(&[]);
    assert_eq!(relay.stop().code(), Some(0));
    let database = relay.data().join("relay.sqlite");
    let whole = std::fs::read(&database).unwrap();
    for damage in [whole[..whole.len() / 2].to_vec(), vec![0x55; whole.len()]] {
        std::fs::write(&database, damage).unwrap();
        let (code, said) = refused_start(&relay.data(), &[]);
        assert_eq!(code, 4, "{said}");
        assert!(said.contains("is damaged") && said.contains("relay.sqlite") && said.contains("restore"), "{said}");
    }
    std::fs::write(&database, &whole).unwrap();
    std::fs::remove_file(relay.data().join("relay.key")).unwrap();
    let (code, said) = refused_start(&relay.data(), &[]);
    assert_eq!(code, 4);
    assert!(said.contains("relay.key is missing"), "{said}");
}

#[test]
fn a_folder_serves_one_relay() {
    let relay = Relay::start(&[]);
    let (code, said) = refused_start(&relay.data(), &[]);
    assert_eq!(code, 2);
    assert!(said.contains("another relay is using"), "{said}");
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    std::fs::write(&file, "x").unwrap();
    for data in [file.clone(), file.join("below"), "/proc/drystone".into(), home.path().to_path_buf()] {
        let (code, said) = refused_start(&data, &[]);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(data.to_str().unwrap()) && said.contains("--data"), "{said}");
    }
}
