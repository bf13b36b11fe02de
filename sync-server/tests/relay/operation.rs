use std::process::Command;
use std::time::{Duration, Instant};

use drystone_wire::http::RelayErrorCode::{NotFound, ShuttingDown};
use drystone_wire::membership::Role;

use crate::support::client::{close_code, wake};
use crate::support::{BINARY, Client, Device, Relay, Workspace, refused_start};

#[tokio::test]
async fn it_says_that_it_lives_and_is_ready() {
    let relay = Relay::start(&[]);
    let client = Client::anonymous(&relay.url).await;
    assert_eq!(client.get("/healthz").await.unwrap(), b"ok\n");
    assert_eq!(client.get("/readyz").await.unwrap(), b"ok\n");
}

#[tokio::test]
async fn it_counts_without_naming_anyone() {
    let relay = Relay::start(&["--log", "info"]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    workspace.client.append(&id, &workspace.owner.envelopes(&id, 3, 10)).await.unwrap();
    workspace.client.read(&id, "").await.unwrap();
    let mut socket = workspace.client.listen(&[id]).await.unwrap();
    wake(&mut socket).await.unwrap();
    let stranger = Client { token: "x".into(), ..workspace.client.clone() };
    stranger.read(&id, "").await.unwrap_err();
    let text = String::from_utf8(workspace.client.get("/metrics").await.unwrap()).unwrap();
    for expected in [
        "drystone_relay_appends_total 1",
        "drystone_relay_entries_total 3",
        "drystone_relay_reads_total 1",
        "drystone_relay_read_entries_total 3",
        "drystone_relay_wakes_total 1",
        "drystone_relay_listeners 1",
        "drystone_relay_auth_failures_total 1",
        "drystone_relay_rate_limited_total 0",
        "drystone_relay_write_queue 0",
        "drystone_relay_store_sync_seconds_count",
        "drystone_relay_request_seconds_count{route=\"/v1/workspaces/{id}/log\",status=\"200\"} 2",
        "drystone_relay_refusals_total{code=\"unauthorized\"} 1",
        "drystone_relay_build_info{",
    ] {
        assert!(text.contains(expected), "{expected} is missing in\n{text}");
    }
    let (log, id, device) = (relay.log(), id.to_string(), workspace.owner.id().to_string());
    for secret in [&id, &device, &workspace.client.token] {
        assert!(!text.contains(secret.as_str()), "the metrics name {secret}");
        assert!(!log.contains(secret.as_str()), "the log names {secret}");
    }
}

#[tokio::test]
async fn even_at_its_most_talkative_the_log_holds_no_token() {
    let relay = Relay::start(&["--log", "trace", "--log-format", "json"]);
    let mut workspace = Workspace::create(&relay, 1).await;
    workspace.client.append(&workspace.id, &[workspace.owner.envelope(&workspace.id, 10)]).await.unwrap();
    let log = relay.log();
    assert!(!log.contains(&workspace.client.token));
    for line in log.lines() {
        let _: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}

#[tokio::test]
async fn metrics_can_have_an_address_of_their_own() {
    let relay = Relay::start(&["--admin-listen", "127.0.0.1:0"]);
    let public = Client::anonymous(&relay.url).await;
    assert_eq!(public.get("/metrics").await.unwrap_err().code, NotFound);
    assert_eq!(public.get("/readyz").await.unwrap(), b"ok\n");
    let admin = Client { url: relay.admin.clone().unwrap(), ..public };
    assert!(!admin.get("/metrics").await.unwrap().is_empty());
    assert_eq!(admin.get("/readyz").await.unwrap(), b"ok\n");
    assert_eq!(admin.get("/v1/relay").await.unwrap_err().code, NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_gracefully() {
    let mut relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let (mut device, writing) = workspace.admit(&relay, 2, Role::Editor).await;
    let mut socket = workspace.client.listen(&[id]).await.unwrap();
    wake(&mut socket).await.unwrap();
    let client = workspace.client.clone();
    let waiting = tokio::spawn(async move { client.wait(&id, "after=999&seconds=30").await });
    let appending = tokio::spawn(async move {
        let envelopes = device.envelopes(&id, 200, 15_000);
        writing.append(&id, &envelopes).await
    });
    tokio::time::sleep(Duration::from_millis(150)).await;
    let started = Instant::now();
    relay.terminate();
    assert_eq!(close_code(&mut socket).await, Some(1001));
    waiting.await.unwrap().unwrap();
    assert_eq!(relay.ended().code(), Some(0), "{}", relay.log());
    assert!(started.elapsed() < Duration::from_secs(10));
    relay.start_again();
    let client = Client { url: relay.url.clone(), ..workspace.client.clone() };
    let head = client.read(&id, "limit=1").await.unwrap().head;
    match appending.await.unwrap() {
        Ok(appended) => assert_eq!(head.position, appended.head.position),
        Err(refused) => assert_eq!(refused.code, ShuttingDown),
    }
}

#[tokio::test]
async fn while_draining_it_serves_and_is_not_ready() {
    let mut relay = Relay::start(&["--drain", "2"]);
    let workspace = Workspace::create(&relay, 1).await;
    relay.terminate();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let refused = workspace.client.get("/readyz").await.unwrap_err();
    assert_eq!(refused.code, ShuttingDown);
    assert_eq!(workspace.client.get("/healthz").await.unwrap(), b"ok\n");
    workspace.client.read(&workspace.id, "").await.unwrap();
    assert_eq!(relay.ended().code(), Some(0));
}

#[test]
fn a_port_in_use_is_named() {
    let relay = Relay::start(&[]);
    let port = relay.url.rsplit(':').next().unwrap();
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let output = Command::new(BINARY)
        .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
        .arg(&data)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(&format!("127.0.0.1:{port}")) && said.contains("--listen"), "{said}");
}

#[test]
fn wrong_options_are_explained() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    for (args, expected) in [
        (&["--log", "=,="][..], "--log"),
        (&["--tls-cert", "x.pem"], "--tls-key"),
        (&["--tls-cert", "x.pem", "--tls-key", "y.pem"], "x.pem"),
        (&["--config", "/nowhere.toml"], "/nowhere.toml"),
        (&["--trusted-proxy", "proxy"], "--trusted-proxy proxy"),
        (&["--frobnicate"], "--frobnicate"),
        (&["--device-rate", "many"], "--device-rate"),
    ] {
        let (code, said) = refused_start(&data, args);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(expected), "{said}");
    }
}

#[tokio::test]
async fn a_file_and_the_environment_configure_it_too() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("relay.toml");
    std::fs::write(&file, "device-rate = 1\ndevice-burst = 2\npublic-url = \"https://file.example\"\n").unwrap();
    let relay = Relay::start_with(
        &["--config", file.to_str().unwrap()],
        &[("DRYSTONE_RELAY_PUBLIC_URL", "https://environment.example")],
    );
    let device = Device::new(1);
    let client = Client::anonymous(&relay.url).await;
    let nonce = client.challenge(&device.key).await.unwrap().nonce;
    let token = client.answer(&device.key, nonce, "https://environment.example").await.unwrap().0;
    let client = Client { token, ..client };
    let replies = [client.get("/healthz").await, client.get("/healthz").await, client.get("/healthz").await];
    assert!(replies.iter().any(Result::is_err), "the file's rate counts");
}

#[test]
fn help_names_every_option_with_its_variable_and_default() {
    let output = Command::new(BINARY).args(["serve", "--help"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for expected in ["--listen", "DRYSTONE_RELAY_LISTEN", "[default: 127.0.0.1:7410]", "Examples:", "Exit codes:"] {
        assert!(text.contains(expected), "{expected} is missing in\n{text}");
    }
    let options = text.lines().filter(|line| line.trim_start().starts_with("--")).count();
    assert!(options >= 30, "{options}");
}

#[tokio::test]
async fn it_speaks_tls() {
    let home = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_string(), "localhost".to_string()]).unwrap();
    let (cert, key) = (home.path().join("cert.pem"), home.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let relay = Relay::start(&["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()]);
    assert!(relay.url.starts_with("https://"));
    let trusted = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let http = reqwest::Client::builder().tls_certs_only([trusted]).build().unwrap();
    let reply = http.get(format!("{}/v1/relay", relay.url)).send().await.unwrap();
    assert_eq!(reply.status(), 200);
    // Without the certificate, and without TLS, nobody gets through.
    assert!(reqwest::get(format!("{}/v1/relay", relay.url)).await.is_err());
    assert!(reqwest::get(relay.url.replacen("https", "http", 1)).await.is_err());
    let (code, said) = refused_start(
        &home.path().join("data"),
        &["--tls-cert", cert.to_str().unwrap(), "--tls-key", cert.to_str().unwrap()],
    );
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("cert.pem"), "{said}");
}
