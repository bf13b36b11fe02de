//! Several devices of one person.

use super::*;

async fn add(alice: &Device, laptop: &Device, name: &str) -> AddedDevice {
    let request: DeviceRequest = laptop.call(Request::DeviceRequest(Empty {})).await.unwrap();
    let read = ReadDeviceCode { code: request.code.clone() };
    let shown: DeviceRequest = alice.call(Request::DeviceRead(read)).await.unwrap();
    assert_eq!(shown.fingerprint, request.fingerprint, "both devices show the same");
    let add = AddDevice { workspace: None, code: request.code, name: name.into() };
    alice.call(Request::DeviceAdd(add)).await.unwrap()
}

#[tokio::test]
async fn a_second_device_reads_everything_and_writes_in_its_persons_name() {
    let shared = Shared::new().await;
    let (alice, id) = (&shared.alice, shared.document.as_str());
    let bob = shared.join("Bob", Role::Editor).await;
    bob.prepend(id, "old ").await.unwrap();
    bob.sync().await;
    alice.call::<WorkspaceKeys>(Request::WorkspaceRotate(alice.shared().await)).await.unwrap();
    let laptop = Device::new().await;
    let added = add(alice, &laptop, "Laptop").await;
    let look = InspectInvite { link: added.link.clone() };
    let preview: InvitePreview = laptop.call(Request::WorkspacePreview(look.clone())).await.unwrap();
    assert!(preview.own_device && !preview.member);
    assert_eq!((preview.invited_by.as_str(), preview.role, preview.members), ("Alice", Role::Owner, 2));
    let elsewhere = Device::new().await.call::<InvitePreview>(Request::WorkspacePreview(look)).await;
    assert_eq!(elsewhere.unwrap_err().code, ErrorCode::Invite, "the link is of use to the one device alone");

    let args = Join { link: added.link, user_name: None };
    let workspace: WorkspaceSummary = laptop.call(Request::WorkspaceJoin(args)).await.unwrap();
    assert_eq!((workspace.role, workspace.members), (Role::Owner, 2));
    laptop.sync().await;
    assert_eq!(laptop.export(id).await, "# A\n\nold x\n", "also from before the last key");
    let info: AppInfo = laptop.call(Request::AppInfo(Empty {})).await.unwrap();
    assert_eq!(info.user_name, "Alice");
    laptop.prepend(id, "typed on the laptop ").await.unwrap();
    laptop.sync().await;
    bob.sync().await;
    assert_eq!(bob.export(id).await, "# A\n\ntyped on the laptop old x\n");
    let log: Vec<LogEntry> = bob.call(Request::DocumentLog(DocumentRef { document: id.into() })).await.unwrap();
    assert_eq!(log[0].author, "Alice");
    assert_eq!(bob.members().await.len(), 2, "still two people");
    let devices = bob.devices().await;
    let seen = devices.iter().find(|device| device.name == "Laptop").unwrap();
    assert!(seen.last_seen.is_some() && seen.member_name == "Alice" && !seen.yours && !seen.revocable, "{seen:?}");
    assert!(devices[0].this && devices.len() == 3, "{devices:?}");
}

#[tokio::test]
async fn a_new_name_is_one_name_on_all_devices() {
    let shared = Shared::new().await;
    let alice = &shared.alice;
    let laptop = Device::new().await;
    let link = add(alice, &laptop, "").await.link;
    laptop.call::<WorkspaceSummary>(Request::WorkspaceJoin(Join { link, user_name: None })).await.unwrap();
    let name = SetUserName { name: "Alice B.".into() };
    laptop.call::<Empty>(Request::SetUserName(name)).await.unwrap();
    for _ in 0..2 {
        alice.sync().await;
        laptop.sync().await;
    }
    for device in [alice, &laptop] {
        assert_eq!(device.members().await[0].name, "Alice B.");
        let info: AppInfo = device.call(Request::AppInfo(Empty {})).await.unwrap();
        assert_eq!(info.user_name, "Alice B.");
    }
}

#[tokio::test]
async fn a_revoked_device_gets_nothing_new_and_its_person_stays() {
    let shared = Shared::new().await;
    let (alice, id) = (&shared.alice, shared.document.as_str());
    let bob = shared.join("Bob", Role::Editor).await;
    let laptop = Device::new().await;
    let added = add(alice, &laptop, "Laptop").await;
    let join = Join { link: added.link, user_name: None };
    laptop.call::<WorkspaceSummary>(Request::WorkspaceJoin(join)).await.unwrap();
    laptop.sync().await;
    bob.sync().await;
    let revoke = |device: &str| Request::DeviceRevoke(MemberDeviceRef { workspace: None, device: device.to_owned() });
    let of_bob = MemberDeviceRef { workspace: bob.shared().await.workspace, device: added.device.clone() };
    let by_bob = bob.call::<Vec<MemberDevice>>(Request::DeviceRevoke(of_bob)).await;
    assert_eq!(by_bob.unwrap_err().code, ErrorCode::Refused);
    let this = alice.devices().await[0].id.clone();
    assert_eq!(alice.call::<Vec<MemberDevice>>(revoke(&this)).await.unwrap_err().code, ErrorCode::Refused);
    let left: Vec<MemberDevice> = alice.call(revoke(&added.device)).await.unwrap();
    assert_eq!(left.len(), 2);
    let only = left.iter().find(|device| !device.yours).unwrap().id.clone();
    let whole = alice.call::<Vec<MemberDevice>>(revoke(&only)).await;
    let whole = whole.unwrap_err();
    assert_eq!(whole.code, ErrorCode::Refused, "a member's only device goes with the member");
    assert!(whole.advice.contains("Remove the member"), "{whole:?}");
    alice.prepend(id, "new ").await.unwrap();
    alice.sync().await;
    bob.sync().await;
    assert_eq!(bob.export(id).await, "# A\n\nnew x\n");
    assert_eq!(laptop.sync().await[0].phase, SyncPhase::Attention);
    assert_eq!(laptop.export(id).await, "# A\n\nx\n");
    assert_eq!(alice.members().await.len(), 2);
    assert_eq!(alice.keys().await.epoch, 2);
}

#[tokio::test]
async fn only_the_device_with_the_root_key_adds_others_and_names_are_ones_own() {
    let shared = Shared::new().await;
    let alice = &shared.alice;
    let bob = shared.join("Bob", Role::Editor).await;
    let (laptop, phone) = (Device::new().await, Device::new().await);
    let link = add(alice, &laptop, "").await.link;
    laptop.call::<WorkspaceSummary>(Request::WorkspaceJoin(Join { link, user_name: None })).await.unwrap();
    let code = phone.call::<DeviceRequest>(Request::DeviceRequest(Empty {})).await.unwrap().code;
    let workspace = laptop.shared().await.workspace;
    let add = AddDevice { workspace, code: code.clone(), name: String::new() };
    let refused = laptop.call::<AddedDevice>(Request::DeviceAdd(add)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Refused, "{refused:?}");
    assert!(refused.advice.contains("joined the workspace with"), "{refused:?}");
    let broken = AddDevice { workspace: None, code: code[..40].into(), name: String::new() };
    let refused = alice.call::<AddedDevice>(Request::DeviceAdd(broken)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::BadInput);
    alice.sync().await;
    bob.sync().await;
    let this = alice.devices().await[0].id.clone();
    let name = |workspace, device: &str| NameDevice { workspace, device: device.into(), name: "Tower".into() };
    alice.call::<Vec<MemberDevice>>(Request::DeviceName(name(None, &this))).await.unwrap();
    let of_bob = name(bob.shared().await.workspace, &this);
    let by_bob = bob.call::<Vec<MemberDevice>>(Request::DeviceName(of_bob)).await;
    assert_eq!(by_bob.unwrap_err().code, ErrorCode::Refused);
    bob.sync().await;
    assert!(bob.devices().await.iter().any(|device| device.id == this && device.name == "Tower"));
}
