//! Snapshots and what is deleted behind them. What is inside a snapshot the
//! relay does not see, so anything stands for it here.

use std::time::Duration;

use drystone_wire::blob::{CHUNK_BYTES, Manifest};
use drystone_wire::envelope::{Envelope, Kind};
use drystone_wire::http::RelayErrorCode::{
    BadRequest, Compacted, Forbidden, NotFound, QuotaExceeded, SequenceConflict,
};
use drystone_wire::ids::Bytes;
use drystone_wire::log::{chain_next, chain_start};
use drystone_wire::membership::{Operation, Role};
use drystone_wire::snapshot::{Ids, Listing, Offer, Statement, VERSION, Verdict};
use drystone_wire::{DocumentHandle, Hash, Signature, WorkspaceId, canonical};
use ed25519_dalek::Signer;

use crate::support::admin::{about, admin};
use crate::support::client::Reply;
use crate::support::{Client, Device, Relay, Workspace};

/// At once, instead of after 30 days.
const AT_ONCE: [&str; 2] = ["--compaction-grace", "0"];

impl Client {
    async fn snapshots(&self, id: &WorkspaceId) -> Reply<Listing> {
        self.get(&format!("/v1/workspaces/{id}/snapshots"))
            .await
            .map(|bytes| canonical::decode(&bytes, 1 << 20).unwrap())
    }

    async fn ids(&self, id: &WorkspaceId, query: &str) -> Reply<Ids> {
        self.get(&format!("/v1/workspaces/{id}/ids?{query}"))
            .await
            .map(|bytes| canonical::decode(&bytes, 1 << 20).unwrap())
    }

    async fn offer(&self, id: &WorkspaceId, offer: &[u8]) -> Reply<()> {
        self.post(&format!("/v1/workspaces/{id}/snapshots"), offer.to_vec()).await.map(drop)
    }

    async fn say(&self, id: &WorkspaceId, snapshot: &Hash, verdict: &[u8]) -> Reply<()> {
        self.post(&format!("/v1/workspaces/{id}/snapshots/{snapshot}"), verdict.to_vec()).await.map(drop)
    }
}

/// A snapshot on its way.
#[derive(Clone)]
struct Made {
    id: Hash,
    position: u64,
    chain: Hash,
    offer: Vec<u8>,
    content: Vec<u8>,
}

/// Somebody in a workspace whose log is known here.
struct Scene {
    relay: Relay,
    workspace: Workspace,
    log: Vec<Vec<u8>>,
    editor: Device,
    editors: Client,
}

impl Scene {
    async fn new(args: &[&str]) -> Scene {
        let relay = Relay::start(args);
        let mut workspace = Workspace::create(&relay, 1).await;
        let (editor, editors) = workspace.admit(&relay, 2, Role::Editor).await;
        Scene { relay, workspace, log: vec![], editor, editors }
    }

    fn id(&self) -> WorkspaceId {
        self.workspace.id
    }

    fn owners(&self) -> &Client {
        &self.workspace.client
    }

    /// The owner writes.
    async fn write(&mut self, count: usize) {
        let envelopes = self.workspace.owner.envelopes(&self.workspace.id, count, 1000);
        self.workspace.client.append(&self.workspace.id, &envelopes).await.unwrap();
        self.log.extend(envelopes);
    }

    fn chain(&self, position: u64) -> Hash {
        let ids = self.log.iter().take(position as usize).map(|bytes| Envelope::open(bytes).unwrap().0.id());
        ids.fold(chain_start(&self.id(), 1), |chain, id| chain_next(&chain, &id))
    }

    /// A snapshot by a device, of the log up to a position.
    fn made(&self, author: &Device, position: u64, salt: u8) -> Made {
        let content = vec![salt; 2000 + salt as usize];
        let blob = Manifest::of(&content).id();
        let chain = self.chain(position);
        let mut author = author.clone();
        let envelope = author.envelope_with(&self.id(), 100, |header| {
            header.kind = Kind::Snapshot;
            header.document = DocumentHandle::ZERO;
            header.seen_position = position;
            header.seen_chain = chain;
            header.nonce = drystone_wire::ids::Nonce([salt; 24]);
        });
        let id = Envelope::open(&envelope).unwrap().0.id();
        let offer = canonical::encode(&Offer { generation: 1, blob, envelope: Bytes(envelope) });
        Made { id, position, chain, offer, content }
    }

    async fn upload(&self, client: &Client, made: &Made) {
        let manifest = Manifest::of(&made.content);
        client.announce(&self.id(), &manifest).await.unwrap();
        for (index, chunk) in made.content.chunks(CHUNK_BYTES).enumerate() {
            client.put_chunk(&self.id(), &manifest.id(), index, chunk).await.unwrap();
        }
    }

    fn verdict(&self, device: &Device, made: &Made, contained: bool) -> Vec<u8> {
        let statement = Statement {
            version: VERSION,
            workspace: self.id(),
            snapshot: made.id,
            position: made.position,
            chain: made.chain,
            device: device.id(),
            sequence: device.sequence,
            membership_position: self.workspace.roster.position,
            membership_hash: self.workspace.roster.head,
            contained,
            time_ms: 1,
        };
        canonical::encode(&Verdict::of(&statement, |bytes| Signature(device.key.sign(bytes.as_bytes()).to_bytes())))
    }

    /// The owner makes one, the editor confirms it.
    async fn confirmed(&self, position: u64, salt: u8) -> Made {
        let made = self.made(&self.workspace.owner, position, salt);
        self.upload(self.owners(), &made).await;
        self.owners().offer(&self.id(), &made.offer).await.unwrap();
        let verdict = self.verdict(&self.editor, &made, true);
        self.editors.say(&self.id(), &made.id, &verdict).await.unwrap();
        made
    }

    /// What is due is removed, as the relay does by itself every few seconds.
    fn collect(&self) {
        admin(&self.relay.data(), &["collect"]).done("collected");
    }

    /// Everything verifies.
    fn check(&self) {
        assert_eq!(admin(&self.relay.data(), &["check"]).done("check")["problems"], 0);
    }

    fn shown(&self, what: &str) -> u64 {
        about(&self.relay.data(), "show", &self.id(), &[]).done("workspace")[what].as_u64().unwrap()
    }

    fn restarted(&mut self) {
        self.relay.start_again();
        let url = self.relay.url.clone();
        self.workspace.client.url = url.clone();
        self.editors.url = url;
    }
}

#[tokio::test]
async fn a_log_is_deleted_behind_two_confirmed_snapshots_and_its_ids_stay() {
    let mut scene = Scene::new(&AT_ONCE).await;
    let id = scene.id();
    scene.write(10).await;
    let first = scene.confirmed(6, 1).await;
    scene.collect();
    assert_eq!(scene.shown("compacted"), 0, "one snapshot is not enough");
    let second = scene.confirmed(9, 2).await;
    let listing = scene.editors.snapshots(&id).await.unwrap();
    assert!(listing.snapshots.iter().all(|it| it.confirmed_ms > 0 && it.verdicts.len() == 1));
    scene.collect();
    scene.collect();
    assert_eq!((scene.shown("compacted"), scene.shown("entries")), (6, 10));
    assert!(scene.shown("freed") > 6000);
    scene.check();
    // Who reads from before is sent to the snapshots; who is past it reads on.
    for after in [0, 5] {
        let refused = scene.editors.read(&id, &format!("after={after}")).await.unwrap_err();
        assert_eq!(refused.code, Compacted, "{}", refused.message);
    }
    let page = scene.editors.read(&id, "after=6").await.unwrap();
    assert_eq!((page.entries.len(), page.entries[0].position, page.head.chain), (4, 7, scene.chain(10)));
    // The ids of all entries stay, and lead to the chain.
    let ids = scene.editors.ids(&id, "after=0").await.unwrap();
    assert_eq!(ids.ids.iter().fold(chain_start(&id, 1), |chain, id| chain_next(&chain, id)), ids.head.chain);
    let some = scene.editors.ids(&id, "after=4&limit=3").await.unwrap();
    assert_eq!((some.after, &some.ids[..]), (4, &ids.ids[4..7]));
    // An envelope that is sent again is still known, and another one under its number is still refused.
    let again = scene.owners().append(&id, &scene.log[2..3]).await.unwrap();
    assert_eq!(again.stored[0].position, 3);
    let mut twin = Device::new(1);
    let other = twin.envelope(&id, 999);
    assert_eq!(scene.owners().append(&id, &[other]).await.unwrap_err().code, SequenceConflict);
    let listing = scene.editors.snapshots(&id).await.unwrap();
    let ids: Vec<Hash> = listing.snapshots.iter().map(|it| Offer::open(&it.offer.0).unwrap().id()).collect();
    assert_eq!((listing.compacted, &ids[..]), (6, &[second.id, first.id][..]));
    assert!(listing.marks.is_empty());
}

#[tokio::test]
async fn nothing_goes_before_the_grace_is_over_and_an_older_snapshot_stays_as_long() {
    let mut scene = Scene::new(&["--compaction-grace", "3600"]).await;
    scene.write(10).await;
    for (salt, position) in [4, 6, 8].into_iter().enumerate() {
        scene.confirmed(position, salt as u8 + 1).await;
    }
    scene.collect();
    assert_eq!((scene.shown("compacted"), scene.shown("marked"), scene.shown("snapshots")), (0, 4, 3));
    let listing = scene.editors.snapshots(&scene.id()).await.unwrap();
    assert_eq!(listing.marks.iter().map(|mark| mark.position).collect::<Vec<_>>(), [4, 6]);
    scene.relay.stop();
    scene.relay.start_again_with(&AT_ONCE);
    scene.collect();
    scene.collect();
    assert_eq!((scene.shown("compacted"), scene.shown("marked"), scene.shown("snapshots")), (6, 0, 2));
    scene.check();
}

#[tokio::test]
async fn only_who_may_write_offers_and_only_another_member_confirms() {
    let mut scene = Scene::new(&AT_ONCE).await;
    let id = scene.id();
    let (reader, reading) = scene.workspace.admit(&scene.relay, 3, Role::Reader).await;
    scene.write(5).await;
    let owner = scene.workspace.owner.clone();
    let made = scene.made(&owner, 5, 1);
    let offer = |made: &Made| made.offer.clone();
    // Without its content, by another than its author, of another log, by a reader, by a stranger.
    assert_eq!(scene.owners().offer(&id, &offer(&made)).await.unwrap_err().code, NotFound);
    scene.upload(scene.owners(), &made).await;
    assert_eq!(scene.editors.offer(&id, &offer(&made)).await.unwrap_err().code, BadRequest);
    let other = Made { offer: scene.made(&owner, 4, 1).offer, ..made.clone() };
    let mut wrong: Offer = canonical::decode(&other.offer, 1 << 20).unwrap();
    wrong.generation = 2;
    assert_eq!(scene.owners().offer(&id, &canonical::encode(&wrong)).await.unwrap_err().code, BadRequest);
    let by_reader = scene.made(&reader, 5, 1);
    assert_eq!(reading.offer(&id, &by_reader.offer).await.unwrap_err().code, Forbidden);
    assert_eq!(scene.owners().offer(&id, b"no").await.unwrap_err().code, BadRequest);
    let stranger = scene.relay.client(&Device::new(9)).await;
    assert_eq!(stranger.snapshots(&id).await.unwrap_err().code, NotFound);
    assert_eq!(stranger.ids(&id, "").await.unwrap_err().code, NotFound);
    scene.owners().offer(&id, &offer(&made)).await.unwrap();
    scene.owners().offer(&id, &offer(&made)).await.unwrap();
    assert_eq!(reading.snapshots(&id).await.unwrap().snapshots.len(), 1);
    // Not its author, not a reader, not with another's signature, not about another part of the log.
    let say = |client: &Client, device: &Device| {
        let verdict = scene.verdict(device, &made, true);
        let (client, snapshot) = (client.clone(), made.id);
        async move { client.say(&id, &snapshot, &verdict).await }
    };
    assert_eq!(say(scene.owners(), &owner).await.unwrap_err().code, BadRequest);
    assert_eq!(say(&reading, &reader).await.unwrap_err().code, Forbidden);
    assert_eq!(say(&scene.editors, &owner).await.unwrap_err().code, BadRequest);
    let elsewhere = Made { position: 4, ..made.clone() };
    let verdict = scene.verdict(&scene.editor, &elsewhere, true);
    assert_eq!(scene.editors.say(&id, &made.id, &verdict).await.unwrap_err().code, BadRequest);
    let verdict = scene.verdict(&scene.editor, &Made { id: Hash([8; 32]), ..made.clone() }, true);
    assert_eq!(scene.editors.say(&id, &Hash([8; 32]), &verdict).await.unwrap_err().code, NotFound);
    assert_eq!(scene.shown("confirmed"), 0);
    say(&scene.editors, &scene.editor).await.unwrap();
    assert_eq!(scene.shown("confirmed"), 1);
    // Its content stays as long as it does.
    let blob = Manifest::of(&made.content).id();
    assert_eq!(scene.owners().mark(&id, &blob).await.unwrap_err().code, Forbidden);
}

#[tokio::test]
async fn who_was_demoted_or_removed_confirms_nothing() {
    let mut scene = Scene::new(&AT_ONCE).await;
    let id = scene.id();
    scene.write(5).await;
    scene.confirmed(3, 1).await;
    let made = scene.made(&scene.workspace.owner, 5, 2);
    scene.upload(scene.owners(), &made).await;
    scene.owners().offer(&id, &made.offer).await.unwrap();
    let verdict = scene.verdict(&scene.editor, &made, true);
    let editor = scene.editor.root_id();
    scene.workspace.operate(Operation::SetRole { member: editor, role: Role::Reader }).await;
    assert_eq!(scene.editors.say(&id, &made.id, &verdict).await.unwrap_err().code, Forbidden);
    let removal = scene.workspace.removal(&scene.editor);
    scene.workspace.operate(removal).await;
    assert_eq!(scene.editors.say(&id, &made.id, &verdict).await.unwrap_err().code, Forbidden);
    // What only they had confirmed counts no longer; now that nobody else is left, its author confirms.
    let owner = scene.workspace.owner.clone();
    let own = scene.verdict(&owner, &made, true);
    scene.owners().say(&id, &made.id, &own).await.unwrap();
    scene.collect();
    assert_eq!((scene.shown("marked"), scene.shown("compacted")), (0, 0));
}

#[tokio::test]
async fn a_word_against_a_snapshot_within_the_grace_keeps_the_log() {
    let mut scene = Scene::new(&["--compaction-grace", "3600"]).await;
    let id = scene.id();
    let (third, thirds) = scene.workspace.admit(&scene.relay, 3, Role::Editor).await;
    scene.write(8).await;
    scene.confirmed(4, 1).await;
    let bad = scene.confirmed(6, 2).await;
    assert_eq!(scene.shown("marked"), 4);
    let verdict = scene.verdict(&third, &bad, false);
    thirds.say(&id, &bad.id, &verdict).await.unwrap();
    scene.relay.stop();
    scene.relay.start_again_with(&AT_ONCE);
    scene.workspace.client.url.clone_from(&scene.relay.url);
    scene.editors.url.clone_from(&scene.relay.url);
    scene.collect();
    assert_eq!((scene.shown("marked"), scene.shown("compacted")), (0, 0));
    assert_eq!(scene.editors.read(&id, "").await.unwrap().entries.len(), 8);
    // A good one after it stands beside the first.
    scene.confirmed(8, 3).await;
    scene.collect();
    scene.collect();
    assert_eq!((scene.shown("compacted"), scene.shown("snapshots")), (4, 3));
    scene.check();
}

#[tokio::test]
async fn nothing_is_deleted_when_a_contents_chunk_is_gone_or_damaged() {
    let mut scene = Scene::new(&AT_ONCE).await;
    let id = scene.id();
    scene.write(6).await;
    let made = [scene.confirmed(3, 1).await, scene.confirmed(5, 2).await];
    let blob = Manifest::of(&made[1].content).id();
    let path = scene.relay.data().join("blobs").join(id.to_string()).join(blob.to_string()).join("0");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, vec![0; whole.len()]).unwrap();
    scene.collect();
    assert_eq!((scene.shown("compacted"), scene.shown("marked")), (0, 3));
    std::fs::remove_file(&path).unwrap();
    scene.collect();
    assert_eq!(scene.shown("compacted"), 0);
    std::fs::write(&path, whole).unwrap();
    scene.collect();
    scene.collect();
    assert_eq!(scene.shown("compacted"), 3);
    scene.check();
}

#[tokio::test]
async fn what_waits_is_bounded_and_each_device_has_its_last() {
    let mut scene = Scene::new(&AT_ONCE).await;
    let id = scene.id();
    scene.write(3).await;
    for salt in 1..4 {
        let made = scene.made(&scene.workspace.owner, 3, salt);
        scene.upload(scene.owners(), &made).await;
        scene.owners().offer(&id, &made.offer).await.unwrap();
    }
    assert_eq!(scene.shown("snapshots"), 1);
    for seed in 10..20 {
        let (device, client) = scene.workspace.admit(&scene.relay, seed, Role::Editor).await;
        let made = scene.made(&device, 3, seed);
        scene.upload(&client, &made).await;
        client.offer(&id, &made.offer).await.unwrap();
    }
    assert_eq!(scene.shown("snapshots"), 8);
    about(&scene.relay.data(), "quota", &id, &["--attachments", "100"]).done("workspace");
    let made = scene.made(&scene.workspace.owner, 3, 99);
    let refused = scene.owners().announce(&id, &Manifest::of(&made.content)).await.unwrap_err();
    assert_eq!(refused.code, QuotaExceeded);
}

#[tokio::test]
async fn a_backup_holds_snapshots_and_a_compacted_log_and_gives_both_back() {
    let mut scene = Scene::new(&AT_ONCE).await;
    let id = scene.id();
    scene.write(10).await;
    scene.confirmed(6, 1).await;
    scene.confirmed(9, 2).await;
    scene.collect();
    scene.collect();
    let file = scene.relay.home.path().join("backup");
    let file = file.to_str().unwrap();
    assert_eq!(admin(&scene.relay.data(), &["backup", file]).done("backup")["entries"], 10);
    // The whole relay elsewhere.
    let home = tempfile::tempdir().unwrap();
    let elsewhere = home.path().join("data");
    admin(&elsewhere, &["restore", file]).done("restored");
    assert_eq!(admin(&elsewhere, &["check"]).done("check")["snapshots"], 2);
    assert_eq!(about(&elsewhere, "show", &id, &[]).done("workspace")["compacted"], 6);
    // One workspace, after it was deleted.
    about(&scene.relay.data(), "delete", &id, &["--now", "--yes"]).done("deleted");
    admin(&scene.relay.data(), &["restore", file, "--workspace", &id.to_string()]).done("restored");
    scene.check();
    assert_eq!((scene.shown("compacted"), scene.shown("snapshots"), scene.shown("confirmed")), (6, 2, 2));
    assert_eq!(scene.editors.read(&id, "after=2").await.unwrap_err().code, Compacted);
    assert_eq!(scene.editors.read(&id, "after=6").await.unwrap().entries.len(), 4);
    scene.write(2).await;
    scene.confirmed(12, 3).await;
    scene.collect();
    scene.collect();
    assert_eq!(scene.shown("compacted"), 9);
    scene.check();
}

/// A relay that is killed at any moment of compacting goes on where it was.
#[tokio::test]
async fn killing_the_relay_while_it_compacts_loses_nothing() {
    const ROUNDS: u64 = 10;
    let mut scene = Scene::new(&["--compaction-grace", "0", "--device-rate", "0"]).await;
    let id = scene.id();
    for round in 0..ROUNDS {
        scene.write(150).await;
        let end = scene.log.len() as u64;
        let made = scene.made(&scene.workspace.owner, end - 20, round as u8 + 1);
        scene.upload(scene.owners(), &made).await;
        // Offered, confirmed, closed or half deleted: whatever it has come to by then.
        let moment = Duration::from_millis(3 + 29 * round % 83);
        let (client, editors, offer, snapshot) =
            (scene.owners().clone(), scene.editors.clone(), made.offer.clone(), made.id);
        let verdict = scene.verdict(&scene.editor, &made, true);
        let data = scene.relay.data();
        let work = tokio::spawn(async move {
            let path = |rest: &str| format!("{}/v1/workspaces/{id}/snapshots{rest}", client.url);
            let post = |client: &Client, path: String, body: Vec<u8>| {
                client.http.post(path).bearer_auth(&client.token).body(body).send()
            };
            let _gone = post(&client, path(""), offer).await;
            let _gone = post(&editors, path(&format!("/{snapshot}")), verdict).await;
            tokio::task::spawn_blocking(move || crate::support::admin::begun(&data, &["collect"])).await.unwrap()
        });
        tokio::time::sleep(moment).await;
        scene.relay.kill();
        let mut collecting = work.await.unwrap();
        collecting.kill().unwrap();
        collecting.wait().unwrap();
        scene.restarted();
        scene.check();
        // Everything is here: as an entry, or behind a snapshot that is whole.
        let listing = scene.editors.snapshots(&id).await.unwrap();
        let whole = listing.snapshots.iter().filter(|it| it.confirmed_ms > 0);
        let stands = whole.map(|it| Offer::open(&it.offer.0).unwrap().position()).max().unwrap_or(0);
        assert!(stands >= listing.compacted);
        let ids = scene.editors.ids(&id, "after=0").await.unwrap();
        let known: Vec<Hash> = scene.log.iter().map(|bytes| Envelope::open(bytes).unwrap().0.id()).collect();
        assert_eq!(ids.ids, known);
        let mut after = listing.compacted;
        while after < end {
            let page = scene.editors.read(&id, &format!("after={after}")).await.unwrap();
            for entry in &page.entries {
                assert_eq!(entry.envelope.0, scene.log[entry.position as usize - 1]);
                after = entry.position;
            }
        }
        // What was not confirmed is settled by saying it again.
        scene.owners().offer(&id, &made.offer).await.unwrap();
        let verdict = scene.verdict(&scene.editor, &made, true);
        scene.editors.say(&id, &made.id, &verdict).await.unwrap();
    }
    scene.collect();
    scene.collect();
    assert!(scene.shown("compacted") > 150, "nothing was compacted");
    scene.check();
}
