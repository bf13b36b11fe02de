use drystone_wire::envelope::{Envelope, Kind};
use drystone_wire::http::RelayErrorCode::{
    BadRequest, CursorGone, EnvelopeInvalid, Forbidden, QuotaExceeded, SequenceConflict, SequenceGap, TooLarge,
};
use drystone_wire::log::{chain_next, chain_start};
use drystone_wire::membership::Role;
use drystone_wire::{DocumentHandle, Hash, WorkspaceId, canonical};

use crate::support::{Device, Relay, Workspace};

#[tokio::test]
async fn what_is_appended_is_read_in_order_under_a_signed_chain() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let (mut other, client) = workspace.admit(&relay, 2, Role::Editor).await;
    let mut sent = Vec::new();
    for round in 1..=3 {
        let mine = workspace.owner.envelopes(&workspace.id, round, 100);
        let appended = workspace.client.append(&workspace.id, &mine).await.unwrap();
        assert_eq!(appended.stored.last().unwrap().position, appended.head.position);
        let theirs = other.envelope(&workspace.id, 50);
        client.append(&workspace.id, std::slice::from_ref(&theirs)).await.unwrap();
        sent.extend(mine);
        sent.push(theirs);
    }
    let page = client.read(&workspace.id, "after=0").await.unwrap();
    let positions: Vec<u64> = page.entries.iter().map(|entry| entry.position).collect();
    assert_eq!(positions, (1..=9).collect::<Vec<_>>());
    assert!(page.entries.iter().map(|entry| &entry.envelope.0).eq(&sent));
    assert!(page.head.verify(&client.relay));
    assert_eq!((page.head.generation, page.head.position, page.head.membership), (1, 9, 3));
    let ids = sent.iter().map(|bytes| Envelope::open(bytes).unwrap().0.id());
    assert_eq!(page.head.chain, ids.fold(chain_start(&workspace.id, 1), |chain, id| chain_next(&chain, &id)));
}

#[tokio::test]
async fn the_same_envelopes_again_get_the_same_positions() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let envelopes = workspace.owner.envelopes(&id, 5, 20);
    let first = workspace.client.append(&id, &envelopes[..3]).await.unwrap();
    // The reply was lost, and meanwhile there are two more.
    let second = workspace.client.append(&id, &envelopes).await.unwrap();
    assert_eq!(second.stored[..3], first.stored[..]);
    assert_eq!(second.head.position, 5);
    let third = workspace.client.append(&id, &envelopes).await.unwrap();
    assert_eq!((third.stored, third.head.chain), (second.stored, second.head.chain));
    let doubled = [envelopes[0].clone(), envelopes[0].clone()];
    let both = workspace.client.append(&id, &doubled).await.unwrap();
    assert_eq!(both.stored[0], both.stored[1]);
}

#[tokio::test]
async fn a_devices_numbers_neither_fork_nor_skip() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let client = workspace.client.clone();
    let mut clone = workspace.owner.clone();
    client.append(&id, &[workspace.owner.envelope(&id, 10)]).await.unwrap();
    let forked = clone.envelope(&id, 11);
    assert_eq!(client.append(&id, &[forked]).await.unwrap_err().code, SequenceConflict);
    // A restored backup goes on from another envelope.
    let after_fork = clone.envelope(&id, 11);
    let refused = client.append(&id, &[after_fork]).await.unwrap_err();
    assert_eq!(refused.code, SequenceConflict);
    assert!(refused.message.contains("another envelope before it"), "{}", refused.message);
    let mut ahead = workspace.owner.clone();
    let _skipped = ahead.envelope(&id, 10);
    let gap = client.append(&id, &[ahead.envelope(&id, 10)]).await.unwrap_err();
    assert_eq!(gap.code, SequenceGap);
    assert!(gap.message.contains("number 3 where 2 comes next"), "{}", gap.message);
    for number in [0, u64::MAX] {
        let far = workspace.owner.clone().envelope_with(&id, 10, |header| header.sequence = number);
        assert_eq!(client.append(&id, &[far]).await.unwrap_err().code, SequenceGap);
    }
    client.append(&id, &[workspace.owner.envelope(&id, 10)]).await.unwrap();
}

#[tokio::test]
async fn an_append_is_stored_whole_or_not_at_all() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let mut envelopes = workspace.owner.envelopes(&id, 3, 10);
    let third = envelopes.pop().unwrap();
    let _lost = workspace.owner.envelope(&id, 10);
    let gap = workspace.owner.envelope(&id, 10);
    let refused = workspace.client.append(&id, &[envelopes.clone(), vec![third.clone(), gap]].concat()).await;
    assert_eq!(refused.unwrap_err().code, SequenceGap);
    assert_eq!(workspace.client.read(&id, "").await.unwrap().head.position, 0);
    envelopes.push(third);
    assert_eq!(workspace.client.append(&id, &envelopes).await.unwrap().head.position, 3);
}

#[tokio::test]
async fn what_does_not_verify_is_refused_by_its_place_in_the_append() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let good = workspace.owner.envelope(&id, 10);
    let owner = workspace.owner.clone();
    let other = Device::new(9);
    let mut tampered = owner.clone().envelope(&id, 10);
    let last = tampered.len() - 1;
    tampered[last] ^= 1;
    let changed = |change: fn(&mut drystone_wire::envelope::Header)| owner.clone().envelope_with(&id, 10, change);
    let wrong = [
        ("signature", tampered),
        ("another workspace", owner.clone().envelope(&WorkspaceId([4; 32]), 10)),
        ("a device that is not in the workspace", other.clone().envelope(&id, 10)),
        ("only changes", changed(|header| header.kind = Kind::Presence)),
        ("only changes", changed(|header| header.kind = Kind::Snapshot)),
        ("unknown version", changed(|header| header.version = 9)),
        ("unknown version", changed(|header| header.suite = 9)),
        ("epoch is not one of 1 to 1", changed(|header| header.epoch = 2)),
        ("epoch is not one of 1 to 1", changed(|header| header.epoch = 0)),
        ("not an envelope", b"hello".to_vec()),
    ];
    for (expected, bytes) in wrong {
        let refused = workspace.client.append(&id, &[good.clone(), bytes]).await.unwrap_err();
        assert_eq!(refused.code, EnvelopeInvalid, "{expected}");
        assert!(refused.message.contains("envelope 1 of") && refused.message.contains(expected), "{}", refused.message);
    }
    assert_eq!(workspace.client.read(&id, "").await.unwrap().head.position, 0);
}

#[tokio::test]
async fn a_member_passes_on_what_another_signed_and_it_is_there_once() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let (mut editor, client) = workspace.admit(&relay, 2, Role::Editor).await;
    let (_, reader) = workspace.admit(&relay, 3, Role::Reader).await;
    let (first, second) = (editor.envelope(&id, 10), editor.envelope(&id, 10));
    let gap = workspace.client.append(&id, std::slice::from_ref(&second)).await.unwrap_err();
    assert_eq!(gap.code, SequenceGap, "their order counts whoever brings it");
    let by_owner = workspace.client.append(&id, &[first.clone(), second.clone()]).await.unwrap();
    let by_themselves = client.append(&id, &[first, second]).await.unwrap();
    assert_eq!(by_owner.stored, by_themselves.stored);
    assert_eq!(by_themselves.head.position, 2);
    // Who may not write passes nothing on either, and nobody forges a number.
    let mut copied = editor.clone();
    copied.sequence = 1;
    let fork = copied.envelope(&id, 10);
    assert_eq!(workspace.client.append(&id, &[fork]).await.unwrap_err().code, SequenceConflict);
    assert_eq!(reader.append(&id, &[editor.envelope(&id, 10)]).await.unwrap_err().code, Forbidden);
}

#[tokio::test]
async fn a_reader_reads_and_does_not_write() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let (mut reader, client) = workspace.admit(&relay, 2, Role::Reader).await;
    let refused = client.append(&workspace.id, &[reader.envelope(&workspace.id, 10)]).await.unwrap_err();
    assert_eq!(refused.code, Forbidden);
    client.read(&workspace.id, "").await.unwrap();
}

#[tokio::test]
async fn appends_have_limits() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let many = workspace.owner.clone().envelopes(&id, 257, 1);
    assert_eq!(workspace.client.append(&id, &many).await.unwrap_err().code, TooLarge);
    let long = workspace.owner.clone().envelope(&id, 1 << 20);
    assert_eq!(workspace.client.append(&id, &[long]).await.unwrap_err().code, TooLarge);
    let five = workspace.owner.clone().envelopes(&id, 5, 900 << 10);
    assert_eq!(workspace.client.append(&id, &five).await.unwrap_err().code, TooLarge);
    assert_eq!(workspace.client.append(&id, &[]).await.unwrap_err().code, BadRequest);
    let full = workspace.owner.envelopes(&id, 256, 100);
    assert_eq!(workspace.client.append(&id, &full).await.unwrap().head.position, 256);
}

#[tokio::test]
async fn quotas_hold_and_leave_the_rest_usable() {
    let relay = Relay::start(&["--workspace-entries", "4", "--workspace-bytes", "20000"]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let three = workspace.owner.envelopes(&id, 3, 10);
    workspace.client.append(&id, &three).await.unwrap();
    let big = workspace.owner.clone().envelope(&id, 20_000);
    let refused = workspace.client.append(&id, &[big]).await.unwrap_err();
    assert_eq!(refused.code, QuotaExceeded);
    assert!(refused.message.contains("bytes is 20000"), "{}", refused.message);
    let two = workspace.owner.clone().envelopes(&id, 2, 10);
    assert_eq!(workspace.client.append(&id, &two).await.unwrap_err().code, QuotaExceeded);
    workspace.client.append(&id, &two[..1]).await.unwrap();
    // What is there already costs nothing.
    workspace.client.append(&id, &three).await.unwrap();
    assert_eq!(workspace.client.read(&id, "").await.unwrap().entries.len(), 4);
}

#[tokio::test]
async fn pages_are_bounded_and_cursors_checked() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let client = workspace.client.clone();
    for _ in 0..5 {
        let envelopes = workspace.owner.envelopes(&id, 3, 300 << 10);
        client.append(&id, &envelopes).await.unwrap();
    }
    let page = client.read(&id, "after=0&generation=1&limit=4").await.unwrap();
    assert_eq!(page.entries.len(), 4);
    // Six of about 300 KiB fit into 2 MiB.
    let page = client.read(&id, "after=4").await.unwrap();
    assert_eq!((page.entries.len(), page.entries[0].position, page.head.position), (6, 5, 15));
    let beyond = client.read(&id, "after=99&generation=1").await.unwrap();
    assert!(beyond.entries.is_empty() && beyond.head.position == 15 && beyond.head.verify(&client.relay));
    assert!(client.read(&id, &format!("after={}", u64::MAX)).await.unwrap().entries.is_empty());
    assert_eq!(client.read(&id, "after=0&generation=2").await.unwrap_err().code, CursorGone);
    assert_eq!(client.read(&id, "after=-1").await.unwrap_err().code, BadRequest);
    assert_eq!(client.read(&id, "limit=x").await.unwrap_err().code, BadRequest);
    assert_eq!(client.read(&id, "limit=0").await.unwrap().entries.len(), 1);
}

#[tokio::test]
async fn a_page_that_was_just_read_is_given_out_again_only_while_it_is_true() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let (reader, reading) = workspace.admit(&relay, 2, Role::Reader).await;
    let (id, client) = (workspace.id, workspace.client.clone());
    client.append(&id, &workspace.owner.envelopes(&id, 3, 10)).await.unwrap();
    let first = client.read(&id, "after=1").await.unwrap();
    assert_eq!(reading.read(&id, "after=1").await.unwrap(), first);
    assert_eq!(client.read(&id, "after=0").await.unwrap().entries.len(), 3);
    assert_eq!(client.read(&id, "after=0&limit=2").await.unwrap().entries.len(), 2);
    client.append(&id, &[workspace.owner.envelope(&id, 10)]).await.unwrap();
    assert_eq!(reading.read(&id, "after=0&limit=2").await.unwrap().head.position, 4);
    assert_eq!(reading.read(&id, "after=1").await.unwrap().entries.len(), 3);
    // Not to a stranger, nor to one who was removed since.
    assert!(relay.client(&Device::new(9)).await.read(&id, "after=1").await.is_err());
    workspace.operate(workspace.removal(&reader)).await;
    assert_eq!(reading.read(&id, "after=1").await.unwrap_err().code, Forbidden);
    assert_eq!(client.read(&id, "after=1").await.unwrap().head.membership, 4);
}

#[tokio::test]
async fn many_devices_at_once_leave_no_gap() {
    const DEVICES: u8 = 8;
    const ROUNDS: usize = 25;
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let mut writers = Vec::new();
    for seed in 0..DEVICES {
        writers.push(workspace.admit(&relay, 10 + seed, Role::Editor).await);
    }
    let tasks: Vec<_> = writers
        .into_iter()
        .map(|(mut device, client)| {
            tokio::spawn(async move {
                let mut positions = Vec::new();
                for _ in 0..ROUNDS {
                    let appended = client.append(&id, &[device.envelope(&id, 30)]).await.unwrap();
                    positions.push(appended.stored[0].position);
                }
                assert!(positions.is_sorted());
                positions
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    all.sort_unstable();
    assert_eq!(all, (1..=u64::from(DEVICES) * ROUNDS as u64).collect::<Vec<_>>());
    let page = workspace.client.read(&id, "limit=1000").await.unwrap();
    let ids = page.entries.iter().map(|entry| Envelope::open(&entry.envelope.0).unwrap().0.id());
    assert_eq!(page.head.chain, ids.fold(chain_start(&id, 1), |chain: Hash, id| chain_next(&chain, &id)));
}

#[tokio::test]
async fn workspaces_do_not_see_each_other() {
    let relay = Relay::start(&[]);
    let mut first = Workspace::create(&relay, 1).await;
    let mut second = Workspace::create(&relay, 2).await;
    let (one, two) = (first.owner.envelope(&first.id, 10), second.owner.envelope(&second.id, 10));
    let first_head = first.client.append(&first.id, &[one]).await.unwrap().head;
    let second_head = second.client.append(&second.id, std::slice::from_ref(&two)).await.unwrap().head;
    assert_eq!((first_head.position, second_head.position), (1, 1));
    assert_eq!(second.client.read(&second.id, "").await.unwrap().entries[0].envelope.0, two);
    assert!(first.client.read(&second.id, "").await.is_err());
}

/// The header is what the relay sees; this pins that it stays canonical CBOR.
#[tokio::test]
async fn another_spelling_of_an_envelope_is_refused() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let (envelope, header) = Envelope::open(&workspace.owner.envelope(&id, 10)).unwrap();
    assert_eq!(header.document, DocumentHandle([3; 16]));
    // The same array of three, announced in two bytes instead of one.
    let mut longer = vec![0x98, 3];
    longer.extend_from_slice(&canonical::encode(&envelope)[1..]);
    let refused = workspace.client.append(&id, &[longer]).await.unwrap_err();
    assert_eq!(refused.code, EnvelopeInvalid);
    assert!(refused.message.contains("canonical"), "{}", refused.message);
}
