use drystone_wire::http::RelayErrorCode::{QuotaExceeded, RateLimited};
use drystone_wire::membership::{Operation, Role};
use ed25519_dalek::SigningKey;

use crate::support::admin::about;
use crate::support::device::{HOUR_MS, now_ms, wrap};
use crate::support::{Device, Refused, Relay, Workspace};

fn assert_quota(refused: &Refused, says: &[&str]) {
    assert_eq!(refused.code, QuotaExceeded, "{refused:?}");
    for part in says {
        assert!(refused.message.contains(part), "{part} is missing: {}", refused.message);
    }
}

#[tokio::test]
async fn a_full_workspace_says_which_quota_how_much_is_used_and_writes_nothing() {
    let relay = Relay::start(&["--workspace-entries", "3"]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    workspace.client.append(&id, &workspace.owner.envelopes(&id, 2, 100)).await.unwrap();
    let before = about(&relay.data(), "show", &id, &[]).json;
    let two = workspace.owner.envelopes(&id, 2, 100);
    let refused = workspace.client.append(&id, &two).await.unwrap_err();
    assert_quota(&refused, &["envelopes is 3", "2 are used", "needs 2 more", "nothing of this request was stored"]);
    // The first of the two would have fitted, and is not there either.
    let page = workspace.client.read(&id, "").await.unwrap();
    assert_eq!((page.entries.len(), page.head.position), (2, 2));
    let after = about(&relay.data(), "show", &id, &[]).json;
    assert_eq!(before, after);
    workspace.client.append(&id, &two[..1]).await.unwrap();
}

#[tokio::test]
async fn a_running_relay_takes_a_quota_over_at_the_next_write() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let mut other = Workspace::create(&relay, 2).await;
    let id = workspace.id;
    let shown = about(&relay.data(), "quota", &id, &["--bytes", "10K", "--entries", "5"]);
    assert_eq!(shown.done("workspace")["quota"]["bytes"], 10 << 10);
    assert_eq!(shown.json["workspace"]["quota"]["own"], serde_json::json!(["bytes", "entries"]));
    let large = workspace.owner.clone().envelopes(&id, 2, 6000);
    assert_quota(&workspace.client.append(&id, &large).await.unwrap_err(), &["bytes is 10240"]);
    let six = workspace.owner.clone().envelopes(&id, 6, 10);
    assert_quota(&workspace.client.append(&id, &six).await.unwrap_err(), &["envelopes is 5", "0 are used"]);
    // Nobody else's changes.
    other.client.append(&other.id, &other.owner.envelopes(&other.id, 6, 6000)).await.unwrap();
    assert_eq!(
        about(&relay.data(), "quota", &id, &["--default"]).done("workspace")["quota"]["own"],
        serde_json::json!([])
    );
    let all = workspace.owner.envelopes(&id, 6, 6000);
    workspace.client.append(&id, &all).await.unwrap();
    // Below what is there: nothing is lost, nothing is added.
    about(&relay.data(), "quota", &id, &["--bytes", "0"]).done("workspace");
    let more = workspace.owner.envelope(&id, 1);
    assert_quota(&workspace.client.append(&id, &[more]).await.unwrap_err(), &["bytes is 0"]);
    assert_eq!(workspace.client.read(&id, "").await.unwrap().entries.len(), 6);
    // What is there already is confirmed again all the same.
    workspace.client.append(&id, &all).await.unwrap();
}

#[tokio::test]
async fn devices_have_a_quota_and_removing_one_is_always_possible() {
    let relay = Relay::start(&["--workspace-devices", "2"]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let (editor, _) = workspace.admit(&relay, 2, Role::Editor).await;
    let invite = SigningKey::from_bytes(&[9; 32]);
    workspace.operate(workspace.invitation(&invite, Role::Editor, now_ms() + HOUR_MS)).await;
    let third = Device::new(3);
    let client = relay.client(&third).await;
    let join = workspace.join(&invite, &third);
    assert_quota(&client.place(&id, &join).await.unwrap_err(), &["devices is 2", "2 are used", "needs 1 more"]);
    let mut second = Device::new(4);
    second.root = workspace.owner.root.clone();
    let adding = Operation::AddDevice {
        device: second.certificate(),
        epoch: workspace.roster.epoch,
        wrap: wrap(second.agreement()),
    };
    let record = workspace.next(&workspace.owner, adding);
    assert_quota(&workspace.client.place(&id, &record).await.unwrap_err(), &["devices is 2"]);
    assert_eq!(workspace.client.records(&id, 1).await.unwrap().total, workspace.roster.position);
    about(&relay.data(), "quota", &id, &["--devices", "3"]).done("workspace");
    workspace.place(&client, &join).await;
    // Over every quota, somebody can still be put out.
    about(&relay.data(), "quota", &id, &["--devices", "1", "--bytes", "1"]).done("workspace");
    workspace.operate(workspace.removal(&editor)).await;
    let shown = about(&relay.data(), "show", &id, &[]);
    assert_eq!((&shown.json["workspace"]["devices"], &shown.json["workspace"]["members"]), (&2.into(), &2.into()));
}

#[tokio::test]
async fn a_person_is_slowed_down_with_all_their_devices() {
    let relay = Relay::start(&["--account-rate", "1", "--account-burst", "8"]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let mut second = Device::new(4);
    second.root = workspace.owner.root.clone();
    let adding = Operation::AddDevice {
        device: second.certificate(),
        epoch: workspace.roster.epoch,
        wrap: wrap(second.agreement()),
    };
    workspace.operate(adding).await;
    let (_, other) = workspace.admit(&relay, 2, Role::Editor).await;
    let clients = [workspace.client.clone(), relay.client(&second).await];
    let mut slowed: Vec<Refused> = Vec::new();
    for n in 0..12 {
        slowed.extend(clients[n % 2].records(&id, 1).await.err());
    }
    assert!(slowed.len() >= 2, "twelve requests of two devices are more than eight");
    assert!(
        slowed.iter().all(|it| it.code == RateLimited && it.retry_after.is_some() && it.message.contains("account"))
    );
    other.records(&id, 1).await.unwrap();
}
