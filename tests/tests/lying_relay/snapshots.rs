//! Lies about snapshots: the relay says that its log was compacted, and shows
//! something that must not stand in for it.

use drystone_wire::canonical;
use drystone_wire::envelope::Envelope;
use drystone_wire::ids::Bytes;
use drystone_wire::snapshot::{Ids, Listing, Offer, Verdict};

use super::*;

/// What the relay lists, to be lied about.
fn listing(reply: &Reply) -> Listing {
    canonical::decode(&reply.body, usize::MAX).unwrap()
}

/// The reply with something else in it.
fn with(value: &Listing, reply: Reply) -> Reply {
    Reply { body: canonical::encode(value), ..reply }
}

fn with_ids(value: &Ids, reply: Reply) -> Reply {
    Reply { body: canonical::encode(value), ..reply }
}

impl Scene {
    /// Anna makes a snapshot and Ben confirms it.
    async fn snapshot(&self) {
        let device = self.world.people[ANNA].device();
        let workspace = device.shared().await;
        device.call::<Compaction>(Request::WorkspaceCompact(workspace.clone())).await.unwrap();
        self.world.people[BEN].device().sync().await;
        let shown: Compaction = device.call(Request::WorkspaceCompact(workspace)).await.unwrap();
        assert!(shown.snapshots[0].confirmed.is_some(), "{shown:?}");
    }

    /// The log is compacted, and Cleo has not read what is gone.
    async fn compacted(&self) {
        for word in ["one ", "two "] {
            self.says(ANNA, word).await;
            self.world.people[BEN].device().sync().await;
            self.says(BEN, word).await;
            self.world.people[ANNA].device().sync().await;
            self.snapshot().await;
        }
        self.says(ANNA, "three ").await;
        self.world.air.post.lock().await.clean_up().await;
    }

    /// After the lie is over, Cleo has everything all the same.
    async fn heals(&self) {
        *self.world.air.malice.lock().unwrap() = None;
        let state = self.world.people[CLEO].device().sync().await.remove(0);
        assert_eq!(state.phase, SyncPhase::Idle, "{state:?}");
        assert_eq!(self.text(CLEO).await, self.text(ANNA).await);
    }
}

#[tokio::test]
async fn a_snapshot_that_nobody_confirmed_is_not_loaded() {
    let scene = Scene::new(30).await;
    scene.compacted().await;
    scene.lie(CLEO, "GET snapshots", |_, reply| {
        let mut lie = listing(&reply);
        lie.snapshots.iter_mut().for_each(|it| it.verdicts.clear());
        with(&lie, reply)
    });
    scene.finds(CLEO, "no member whose word counts has confirmed it").await;
    // Nor one whose author is said to have confirmed it.
    scene.lie(CLEO, "GET snapshots", |_, reply| {
        let mut lie = listing(&reply);
        for it in &mut lie.snapshots {
            let opened = Offer::open(&it.offer.0).unwrap();
            for verdict in &mut it.verdicts {
                let signed: Verdict = canonical::decode(&verdict.0, usize::MAX).unwrap();
                let mut said: drystone_wire::snapshot::Statement =
                    canonical::decode(&signed.statement.0, usize::MAX).unwrap();
                said.device = opened.header.device;
                let forged = Verdict { statement: Bytes(canonical::encode(&said)), ..signed };
                *verdict = Bytes(canonical::encode(&forged));
            }
        }
        with(&lie, reply)
    });
    scene.finds(CLEO, "no member whose word counts has confirmed it").await;
    scene.heals().await;
}

#[tokio::test]
async fn another_workspaces_snapshot_is_not_loaded() {
    let (scene, other) = (Scene::new(31).await, Scene::new(32).await);
    scene.compacted().await;
    other.compacted().await;
    let args = Request::SyncNow(WorkspaceRef { workspace: None });
    let kept = Arc::new(std::sync::Mutex::new(None));
    let copy = kept.clone();
    other.lie(ANNA, "GET snapshots", move |_, reply| {
        *copy.lock().unwrap() = Some(listing(&reply));
        reply
    });
    other.world.people[ANNA].device().run(args).await.unwrap();
    let elsewhere = kept.lock().unwrap().take().unwrap();
    scene.lie(CLEO, "GET snapshots", move |_, reply| with(&elsewhere, reply));
    scene.finds(CLEO, "it belongs to another workspace").await;
    scene.heals().await;
}

#[tokio::test]
async fn a_snapshot_by_somebody_who_is_nobody_here_is_not_loaded() {
    let scene = Scene::new(33).await;
    scene.compacted().await;
    let outsider = Identity::new(&IdentitySecrets::generate(&mut OsRandom)).unwrap();
    scene.lie(CLEO, "GET snapshots", move |_, reply| {
        let mut lie = listing(&reply);
        for it in &mut lie.snapshots {
            let opened = Offer::open(&it.offer.0).unwrap();
            let mut header = opened.header.clone();
            header.device = outsider.device_key();
            let header = canonical::encode(&header);
            let id = drystone_wire::envelope::id(&header, &opened.envelope.ciphertext.0);
            let signature = outsider.device().sign(&drystone_wire::envelope::signed_bytes(&id));
            let envelope =
                Envelope { header: Bytes(header), ciphertext: opened.envelope.ciphertext.clone(), signature };
            let offer = Offer { envelope: Bytes(envelope.to_bytes()), ..opened.offer };
            it.offer = Bytes(canonical::encode(&offer));
        }
        with(&lie, reply)
    });
    scene.finds(CLEO, "its author was not a member who may write").await;
    scene.heals().await;
}

#[tokio::test]
async fn an_old_snapshot_in_the_place_of_a_newer_one_is_found() {
    let scene = Scene::new(34).await;
    scene.compacted().await;
    let kept = Arc::new(std::sync::Mutex::new(None));
    let copy = kept.clone();
    scene.lie(ANNA, "GET snapshots", move |_, reply| {
        copy.lock().unwrap().get_or_insert_with(|| listing(&reply));
        reply
    });
    scene.world.people[ANNA].device().sync().await;
    *scene.world.air.malice.lock().unwrap() = None;
    let mut old = kept.lock().unwrap().take().unwrap();
    old.snapshots.truncate(1);
    for word in ["four ", "five "] {
        scene.says(ANNA, word).await;
        scene.world.people[BEN].device().sync().await;
        scene.snapshot().await;
    }
    scene.says(ANNA, "six ").await;
    scene.world.air.post.lock().await.clean_up().await;
    let before = old.compacted;
    scene.lie(CLEO, "GET snapshots", move |_, reply| {
        let now = listing(&reply);
        assert!(now.compacted > before);
        with(&Listing { compacted: now.compacted, ..old.clone() }, reply)
    });
    scene.finds(CLEO, "are gone").await;
    scene.heals().await;
}

#[tokio::test]
async fn another_content_than_the_snapshots_is_found() {
    let scene = Scene::new(35).await;
    scene.compacted().await;
    scene.lie(CLEO, "GET blobs", |letter, mut reply| {
        if letter.path.ends_with("/0") {
            let middle = reply.body.len() / 2;
            reply.body[middle] ^= 1;
        }
        reply
    });
    scene.finds(CLEO, "it gives another content for a snapshot").await;
    scene.heals().await;
}

#[tokio::test]
async fn ids_that_do_not_lead_to_the_snapshot_are_found() {
    let scene = Scene::new(36).await;
    scene.compacted().await;
    scene.lie(CLEO, "GET ids", |_, reply| {
        let mut lie: Ids = canonical::decode(&reply.body, usize::MAX).unwrap();
        lie.ids.swap(0, 1);
        with_ids(&lie, reply)
    });
    scene.finds(CLEO, "it stands for another log than the one here").await;
    scene.lie(CLEO, "GET ids", |_, reply| {
        let mut lie: Ids = canonical::decode(&reply.body, usize::MAX).unwrap();
        lie.ids.clear();
        with_ids(&lie, reply)
    });
    scene.finds(CLEO, "it does not give the ids of its entries").await;
    scene.heals().await;
}

#[tokio::test]
async fn a_log_that_is_said_to_be_compacted_and_has_no_snapshot_is_found() {
    let scene = Scene::new(37).await;
    scene.compacted().await;
    scene.lie(CLEO, "GET snapshots", |_, reply| {
        let lie = Listing { snapshots: vec![], ..listing(&reply) };
        with(&lie, reply)
    });
    scene.finds(CLEO, "it has no snapshot").await;
    scene.heals().await;
}

/// A log that goes on in another way than the one a device has read is not
/// hidden by a snapshot: ids of entries that are gone still have to fit.
#[tokio::test]
async fn a_snapshot_of_a_log_that_was_forked_is_found() {
    let scene = Scene::new(38).await;
    // Cleo alone is shown an entry that the log does not have there.
    scene.says(BEN, "zero ").await;
    let news = scene.news();
    let other = Scene::new(39).await;
    other.says(ANNA, "elsewhere ").await;
    scene.show(CLEO, vec![other.news()[0].clone(), news[0].clone()]);
    scene.world.people[CLEO].device().sync().await;
    *scene.world.air.malice.lock().unwrap() = None;
    scene.world.people[ANNA].device().sync().await;
    scene.compacted().await;
    scene.finds(CLEO, "it stands for another log than the one here").await;
}
