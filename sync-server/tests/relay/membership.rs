use drystone_wire::http::RelayErrorCode::{
    BadRequest, Forbidden, InviteExpired, LogMoved, MembershipInvalid, MembershipMoved, NotFound, QuotaExceeded,
    TooLarge,
};
use drystone_wire::membership::{Operation, Record, Role};
use ed25519_dalek::SigningKey;

use crate::support::device::{HOUR_MS, now_ms};
use crate::support::{Device, Relay, Workspace};

#[tokio::test]
async fn creating_twice_is_creating_once() {
    let relay = Relay::start(&[]);
    let owner = Device::new(1);
    let client = relay.client(&owner).await;
    let genesis = owner.genesis(1);
    let first = client.create(&genesis).await.unwrap();
    assert_eq!(client.create(&genesis).await.unwrap(), first);
    let workspace = Workspace::create(&relay, 1).await;
    let (record, _) = Record::open(&genesis).unwrap();
    assert!(first.verify(&client.relay, &workspace.id, 1, &record.hash()));
    assert_eq!(first.record.0, genesis);
    let page = client.records(&workspace.id, 1).await.unwrap();
    assert_eq!((page.records, page.total), (vec![first], 1));
}

#[tokio::test]
async fn a_first_record_must_be_the_tokens_own_and_follow_the_rules() {
    let relay = Relay::start(&[]);
    let owner = Device::new(1);
    let client = relay.client(&owner).await;
    let foreign = client.create(&Device::new(2).genesis(1)).await.unwrap_err();
    assert_eq!(foreign.code, Forbidden);
    assert_eq!(client.create(b"hello").await.unwrap_err().code, BadRequest);
    assert_eq!(client.create(&vec![0; 300 << 10]).await.unwrap_err().code, TooLarge);
    let (mut record, _) = Record::open(&owner.genesis(1)).unwrap();
    record.signature.0[5] ^= 1;
    let unsigned = client.create(&record.to_bytes()).await.unwrap_err();
    assert_eq!(unsigned.code, MembershipInvalid);
    assert!(unsigned.message.contains("signature of the author"), "{}", unsigned.message);
    let mut workspace = Workspace::create(&relay, 1).await;
    let later = workspace.next(&owner, workspace.invitation(&owner.root, Role::Reader, 0));
    assert_eq!(client.create(&later).await.unwrap_err().code, MembershipInvalid);
    workspace.admit(&relay, 3, Role::Editor).await;
}

#[tokio::test]
async fn an_invitation_lets_one_person_in() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let invite = SigningKey::from_bytes(&[9; 32]);
    workspace.operate(workspace.invitation(&invite, Role::Editor, now_ms() + HOUR_MS)).await;
    let invited = crate::support::Client::signed_in(&relay.url, &invite).await.unwrap();
    assert_eq!(invited.records(&workspace.id, 1).await.unwrap().total, 2);
    assert_eq!(invited.records(&workspace.id, 2).await.unwrap().records.len(), 1);
    // The invitation alone reads no log and writes nothing but the join.
    assert_eq!(invited.read(&workspace.id, "").await.unwrap_err().code, Forbidden);
    assert_eq!(invited.wait(&workspace.id, "seconds=0").await.unwrap_err().code, Forbidden);
    assert_eq!(invited.listen(&[workspace.id]).await.unwrap_err().code, Forbidden);
    let device = Device::new(2);
    let join = workspace.join(&invite, &device);
    let first = workspace.place(&invited, &join).await;
    // The reply was lost: the same record again, by either key.
    assert_eq!(invited.place(&workspace.id, &join).await.unwrap(), first);
    let client = relay.client(&device).await;
    assert_eq!(client.place(&workspace.id, &join).await.unwrap(), first);
    client.read(&workspace.id, "").await.unwrap();
    // It is used up.
    assert_eq!(invited.records(&workspace.id, 1).await.unwrap_err().code, NotFound);
    let second = Device::new(3);
    let late = workspace.join(&invite, &second);
    let refused = relay.client(&second).await.place(&workspace.id, &late).await.unwrap_err();
    assert_eq!(refused.code, MembershipInvalid);
    assert!(refused.message.contains("invitation is unknown, used"), "{}", refused.message);
}

#[tokio::test]
async fn an_invitation_ends_by_the_relays_clock() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let invite = SigningKey::from_bytes(&[9; 32]);
    let ends = now_ms() + 1500;
    workspace.operate(workspace.invitation(&invite, Role::Editor, ends)).await;
    let invited = crate::support::Client::signed_in(&relay.url, &invite).await.unwrap();
    invited.records(&workspace.id, 1).await.unwrap();
    let device = Device::new(2);
    // The author's clock says that it is in time.
    let join = workspace.join(&invite, &device);
    tokio::time::sleep(std::time::Duration::from_millis(ends - now_ms() + 50)).await;
    assert_eq!(invited.records(&workspace.id, 1).await.unwrap_err().code, InviteExpired);
    assert_eq!(invited.place(&workspace.id, &join).await.unwrap_err().code, InviteExpired);
    assert_eq!(relay.client(&device).await.place(&workspace.id, &join).await.unwrap_err().code, InviteExpired);
}

#[tokio::test]
async fn of_two_records_for_one_position_one_wins() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let (admin, admin_client) = workspace.admit(&relay, 2, Role::Admin).await;
    let by_owner = workspace.next(
        &workspace.owner,
        workspace.invitation(&SigningKey::from_bytes(&[20; 32]), Role::Reader, now_ms() + HOUR_MS),
    );
    let by_admin = workspace
        .next(&admin, workspace.invitation(&SigningKey::from_bytes(&[21; 32]), Role::Reader, now_ms() + HOUR_MS));
    let (owner, admin) =
        tokio::join!(workspace.client.place(&workspace.id, &by_owner), admin_client.place(&workspace.id, &by_admin));
    let (won, lost) = if owner.is_ok() { (by_owner, admin) } else { (by_admin, owner) };
    assert_eq!(lost.unwrap_err().code, MembershipMoved);
    let page = workspace.client.records(&workspace.id, 4).await.unwrap();
    assert_eq!(page.total, 4);
    assert_eq!(page.records[0].record.0, won);
}

#[tokio::test]
async fn a_record_that_does_not_follow_the_last_is_refused() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let operation = |n: u8| workspace.invitation(&SigningKey::from_bytes(&[n; 32]), Role::Reader, now_ms() + HOUR_MS);
    let (first, second) = (operation(20), operation(21));
    let early = workspace.owner.record(workspace.id, 5, workspace.roster.head, first.clone());
    assert_eq!(workspace.client.place(&workspace.id, &early).await.unwrap_err().code, MembershipMoved);
    let stray = workspace.owner.record(workspace.id, 2, drystone_wire::Hash([1; 32]), first.clone());
    assert_eq!(workspace.client.place(&workspace.id, &stray).await.unwrap_err().code, MembershipMoved);
    workspace.operate(first).await;
    let stale = workspace.owner.record(workspace.id, 2, drystone_wire::Hash(workspace.id.0), second);
    assert_eq!(workspace.client.place(&workspace.id, &stale).await.unwrap_err().code, MembershipMoved);
}

#[tokio::test]
async fn only_who_may_changes_the_membership() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let (editor, client) = workspace.admit(&relay, 2, Role::Editor).await;
    let invitation = workspace.invitation(&SigningKey::from_bytes(&[20; 32]), Role::Reader, now_ms() + HOUR_MS);
    let record = workspace.next(&editor, invitation.clone());
    assert_eq!(client.place(&workspace.id, &record).await.unwrap_err().code, MembershipInvalid);
    let of_owner = workspace.next(&workspace.owner, invitation.clone());
    assert_eq!(client.place(&workspace.id, &of_owner).await.unwrap_err().code, Forbidden);
    let stranger = Device::new(5);
    let by_stranger = workspace.next(&stranger, invitation);
    let stranger_client = relay.client(&stranger).await;
    assert_eq!(stranger_client.place(&workspace.id, &by_stranger).await.unwrap_err().code, NotFound);
    assert_eq!(stranger_client.records(&workspace.id, 1).await.unwrap_err().code, NotFound);
}

#[tokio::test]
async fn a_removed_device_is_told_so_and_reads_no_more() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let (mut device, client) = workspace.admit(&relay, 2, Role::Editor).await;
    let before = device.envelope(&workspace.id, 10);
    client.append(&workspace.id, &[before]).await.unwrap();
    workspace.operate(workspace.removal(&device)).await;
    let next = device.envelope(&workspace.id, 10);
    for refused in [
        client.append(&workspace.id, &[next]).await.unwrap_err(),
        client.read(&workspace.id, "").await.unwrap_err(),
        client.records(&workspace.id, 1).await.unwrap_err(),
        client.wait(&workspace.id, "seconds=0").await.unwrap_err(),
        client.listen(&[workspace.id]).await.unwrap_err(),
    ] {
        assert_eq!(refused.code, Forbidden);
        assert!(refused.message.contains("was removed"), "{}", refused.message);
    }
    assert_eq!(workspace.client.read(&workspace.id, "").await.unwrap().entries.len(), 1);
}

#[tokio::test]
async fn nobody_is_removed_by_who_has_not_read_what_they_wrote() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let (mut device, client) = workspace.admit(&relay, 2, Role::Editor).await;
    let (first, second) = (device.envelope(&workspace.id, 10), device.envelope(&workspace.id, 10));
    client.append(&workspace.id, &[first]).await.unwrap();
    let owners = workspace.owner.envelope(&workspace.id, 10);
    workspace.client.append(&workspace.id, &[owners]).await.unwrap();
    client.append(&workspace.id, &[second]).await.unwrap();
    let record = workspace.next(&workspace.owner, workspace.removal(&device));
    let refused = workspace.client.place_having_read(&workspace.id, &record, 2).await.unwrap_err();
    assert_eq!(refused.code, LogMoved);
    assert!(refused.message.contains("position 3"), "{}", refused.message);
    assert!(client.read(&workspace.id, "").await.is_ok(), "a removal that was refused has no effect");
    workspace.client.place_having_read(&workspace.id, &record, 3).await.unwrap();
    // What others write meanwhile does not matter; the same record is there already.
    let owners = workspace.owner.envelope(&workspace.id, 10);
    workspace.client.append(&workspace.id, &[owners]).await.unwrap();
    workspace.client.place_having_read(&workspace.id, &record, 1).await.unwrap();
    assert_eq!(client.read(&workspace.id, "").await.unwrap_err().code, Forbidden);
}

#[tokio::test]
async fn a_long_membership_comes_in_pages() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    for n in 0..205_u8 {
        let key = SigningKey::from_bytes(&[n; 32]);
        workspace.operate(workspace.invitation(&key, Role::Reader, now_ms() + HOUR_MS)).await;
    }
    let page = workspace.client.records(&workspace.id, 1).await.unwrap();
    assert_eq!((page.records.len(), page.total), (200, 206));
    let rest = workspace.client.records(&workspace.id, 201).await.unwrap();
    assert_eq!(rest.records.len(), 6);
    assert!(workspace.client.records(&workspace.id, 207).await.unwrap().records.is_empty());
}

#[tokio::test]
async fn workspaces_are_counted() {
    let relay = Relay::start(&["--max-workspaces", "1"]);
    let first = Workspace::create(&relay, 1).await;
    let refused = first.client.create(&first.owner.genesis(2)).await.unwrap_err();
    assert_eq!(refused.code, QuotaExceeded);
    first.client.create(&first.owner.genesis(1)).await.unwrap();
}

#[tokio::test]
async fn records_of_every_kind_pass() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let invite = SigningKey::from_bytes(&[30; 32]);
    workspace.operate(workspace.invitation(&invite, Role::Reader, now_ms() + HOUR_MS)).await;
    let key = drystone_wire::DeviceKey(invite.verifying_key().to_bytes());
    workspace.operate(Operation::RevokeInvite { invite: key }).await;
    let (device, client) = workspace.admit(&relay, 2, Role::Reader).await;
    workspace.operate(Operation::SetRole { member: device.root_id(), role: Role::Editor }).await;
    let mut writer = device.clone();
    client.append(&workspace.id, &[writer.envelope(&workspace.id, 1)]).await.unwrap();
    workspace.operate(workspace.removal(&writer)).await;
    assert_eq!(workspace.client.records(&workspace.id, 1).await.unwrap().total, 7);
}
