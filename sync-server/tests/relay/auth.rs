use drystone_wire::Hash;
use drystone_wire::http::RelayErrorCode::{ChallengeFailed, NotFound, Unauthorized};

use crate::support::{Client, Device, Relay, Workspace};

#[tokio::test]
async fn a_challenge_gives_one_token() {
    let relay = Relay::start(&[]);
    let device = Device::new(1);
    let client = Client::anonymous(&relay.url).await;
    let challenge = client.challenge(&device.key).await.unwrap();
    assert_eq!(challenge.relay_key, client.relay);
    assert!(challenge.time_ms.parse::<u64>().unwrap() > 1_700_000_000_000);
    let (_, expires_in) = client.answer(&device.key, challenge.nonce, &relay.url).await.unwrap();
    assert_eq!(expires_in, 900);
    let again = client.answer(&device.key, challenge.nonce, &relay.url).await.unwrap_err();
    assert_eq!(again.code, ChallengeFailed);
}

#[tokio::test]
async fn an_answer_for_another_address_relay_or_nonce_is_refused() {
    let relay = Relay::start(&[]);
    let device = Device::new(1);
    let mut client = Client::anonymous(&relay.url).await;
    let nonce = client.challenge(&device.key).await.unwrap().nonce;
    let elsewhere = client.answer(&device.key, nonce, "http://127.0.0.1:1").await.unwrap_err();
    assert_eq!(elsewhere.code, ChallengeFailed);
    assert!(elsewhere.message.contains("another relay's address"), "{}", elsewhere.message);
    let invented = client.answer(&device.key, Hash([1; 32]), &relay.url).await.unwrap_err();
    assert_eq!(invented.code, ChallengeFailed);
    let other = client.answer(&Device::new(2).key, nonce, &relay.url).await.unwrap_err();
    assert_eq!(other.code, ChallengeFailed);
    let right = client.relay;
    client.relay.0[0] ^= 1;
    assert_eq!(client.answer(&device.key, nonce, &relay.url).await.unwrap_err().code, ChallengeFailed);
    client.relay = right;
    client.answer(&device.key, nonce, &relay.url).await.unwrap();
}

#[tokio::test]
async fn a_configured_address_is_the_only_one_that_counts() {
    let relay = Relay::start(&["--public-url", "https://Relay.Example.org/"]);
    let device = Device::new(1);
    let client = Client::anonymous(&relay.url).await;
    let nonce = client.challenge(&device.key).await.unwrap().nonce;
    let by_host = client.answer(&device.key, nonce, &relay.url).await.unwrap_err();
    assert!(by_host.message.contains("https://relay.example.org"), "{}", by_host.message);
    client.answer(&device.key, nonce, "https://relay.example.org").await.unwrap();
}

#[tokio::test]
async fn without_a_valid_token_nothing_of_a_workspace_is_told() {
    let relay = Relay::start(&[]);
    let workspace = Workspace::create(&relay, 1).await;
    let mut client = workspace.client.clone();
    let good = client.token.clone();
    for token in ["", "x", "AAAA", &format!("{good}A"), &good[1..]] {
        client.token = token.to_string();
        assert_eq!(client.records(&workspace.id, 1).await.unwrap_err().code, Unauthorized);
        assert_eq!(client.read(&workspace.id, "").await.unwrap_err().code, Unauthorized);
        assert_eq!(client.append(&workspace.id, &[]).await.unwrap_err().code, Unauthorized);
        assert_eq!(client.wait(&workspace.id, "seconds=0").await.unwrap_err().code, Unauthorized);
        assert_eq!(client.listen(&[workspace.id]).await.unwrap_err().code, Unauthorized);
        assert_eq!(client.create(&workspace.owner.genesis(9)).await.unwrap_err().code, Unauthorized);
        assert_eq!(client.place(&workspace.id, &[]).await.unwrap_err().code, Unauthorized);
    }
}

#[tokio::test]
async fn a_stranger_cannot_tell_a_workspace_from_none() {
    let relay = Relay::start(&[]);
    let workspace = Workspace::create(&relay, 1).await;
    let mut stranger = Device::new(2);
    let client = relay.client(&stranger).await;
    let nowhere = drystone_wire::WorkspaceId([7; 32]);
    for id in [&workspace.id, &nowhere] {
        let envelope = stranger.envelope(id, 10);
        let refusals = [
            client.records(id, 1).await.unwrap_err(),
            client.read(id, "").await.unwrap_err(),
            client.wait(id, "seconds=0").await.unwrap_err(),
            client.append(id, &[envelope]).await.unwrap_err(),
            client.listen(&[*id]).await.unwrap_err(),
        ];
        assert!(refusals.iter().all(|refusal| refusal.code == NotFound && refusal.message == refusals[0].message));
    }
}

#[tokio::test]
async fn a_token_outlives_a_restart() {
    let mut relay = Relay::start(&[]);
    let workspace = Workspace::create(&relay, 1).await;
    relay.kill();
    relay.start_again();
    let client = Client { url: relay.url.clone(), ..workspace.client };
    client.read(&workspace.id, "after=0").await.unwrap();
}
