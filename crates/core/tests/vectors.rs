//! Test vectors of the protocol, for other implementations: every byte that
//! `docs/protocol.md` describes, from known keys and known randomness. The
//! files under `vectors/` are checked here; `DRYSTONE_WRITE_VECTORS=1` writes
//! them anew.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::PathBuf;

use data_encoding::HEXLOWER;
use drystone_core::crypto::attachment::{FileKey, Opener, Sealer};
use drystone_core::crypto::device_link::{DeviceCode, DeviceLink};
use drystone_core::crypto::invite::{InviteKeys, InviteLink, Seed};
use drystone_core::crypto::keys::{EpochKey, Identity, IdentitySecrets, Secret, SigningPair};
use drystone_core::crypto::names::{self, Whose};
use drystone_core::crypto::random::{Random, SeededRandom};
use drystone_core::crypto::records::{self, Next};
use drystone_core::crypto::recovery::KitSecret;
use drystone_core::crypto::{envelope, payload, presence, wrap};
use drystone_core::sync::membership;
use drystone_wire::blob::Manifest;
use drystone_wire::bundle::{Bundle, CarriedRecord, DeviceHead, FileInvitation, Heads, Known, RelayHint};
use drystone_wire::envelope::{Envelope, Kind};
use drystone_wire::ids::{AgreementKey, Bytes, PresenceSession};
use drystone_wire::log::{chain_next, chain_start};
use drystone_wire::membership::{LastAccepted, Record, Role, Wrap};
use drystone_wire::presence::Presence;
use drystone_wire::roster::Roster;
use drystone_wire::{DeviceKey, DocumentHandle, Hash, RelayKey, RootKey, WorkspaceId, auth};
use serde_json::{Value, json};

#[path = "vectors/snapshots.rs"]
mod snapshots;

fn hex(bytes: impl AsRef<[u8]>) -> String {
    HEXLOWER.encode(bytes.as_ref())
}

fn unhex(value: &Value) -> Vec<u8> {
    HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    unhex(value).try_into().unwrap()
}

/// Compares with the file, which is the specification.
fn check(name: &str, made: &Value) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(format!("{name}.json"));
    if std::env::var_os("DRYSTONE_WRITE_VECTORS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, serde_json::to_string_pretty(made).unwrap() + "\n").unwrap();
    }
    let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(&file, made, "{name}");
    file
}

fn identity(first: u8) -> Identity {
    let secret = |offset: u8| Secret::new([first + offset; 32]);
    Identity::new(&IdentitySecrets { root: secret(0), signing: secret(1), agreement: secret(2) }).unwrap()
}

#[test]
fn keys() {
    let identity = identity(1);
    let certificate = identity.certificate();
    let invite = InviteKeys::derive(&[9; 16], &WorkspaceId([8; 32])).unwrap();
    check(
        "keys",
        &json!({
            "rootSecret": hex([1; 32]),
            "rootKey": identity.root_key(),
            "deviceSecret": hex([2; 32]),
            "deviceKey": identity.device_key(),
            "agreementSecret": hex([3; 32]),
            "agreementKey": certificate.agreement,
            "deviceSignature": certificate.signature,
            "inviteSeed": hex([9; 16]),
            "inviteWorkspace": hex([8; 32]),
            "inviteKey": hex(invite.signing.public()),
            "inviteAgreementKey": invite.agreement.public(),
        }),
    );
}

#[test]
fn envelopes() {
    let key = EpochKey::new(Secret::new([5; 32]));
    let device = SigningPair::new(&Secret::new([2; 32]));
    let mut random = SeededRandom::new(7);
    let cases: Vec<Value> = [(Kind::Changes, 0usize), (Kind::Changes, 61), (Kind::Snapshot, 1000)]
        .into_iter()
        .map(|(kind, length)| {
            let place = envelope::Place {
                workspace: WorkspaceId([8; 32]),
                kind,
                document: DocumentHandle([6; 16]),
                sequence: 24,
                previous: Hash([10; 32]),
                epoch: 3,
                membership_position: 7,
                membership_hash: Hash([11; 32]),
                seen_position: 300,
                seen_chain: Hash([12; 32]),
            };
            let plaintext: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
            let sealed = envelope::seal(&place, &plaintext, &key, &device, &mut random).unwrap();
            json!({
                "epochKey": hex(key.expose()),
                "deviceSecret": hex([2; 32]),
                "plaintext": hex(&plaintext),
                "paddedSize": envelope::padded_size(length + 4),
                "id": sealed.id(),
                "envelope": hex(sealed.to_bytes()),
            })
        })
        .collect();
    for case in check("envelopes", &json!(cases)).as_array().unwrap() {
        let (envelope, header) = Envelope::open(&unhex(&case["envelope"])).unwrap();
        let key = EpochKey::new(Secret::new(array(&case["epochKey"])));
        assert_eq!(envelope::open(&envelope, &header, &key).unwrap().to_vec(), unhex(&case["plaintext"]));
        assert_eq!(envelope.ciphertext.0.len() as u64, case["paddedSize"].as_u64().unwrap() + 16);
    }
}

#[test]
fn presences() {
    let key = EpochKey::new(Secret::new([5; 32]));
    let device = SigningPair::new(&Secret::new([2; 32]));
    let mut random = SeededRandom::new(9);
    let place = presence::Place {
        document: DocumentHandle([6; 16]),
        section: "0123456789abcdef".into(),
        selection: vec![Bytes(vec![1, 2]), Bytes([&[1, 3, 16][..], &[7; 16], &[42, 2]].concat())],
    };
    let full = presence::Place { section: "s".repeat(64), selection: vec![Bytes(vec![9; 64]); 2], ..place.clone() };
    let cases: Vec<Value> = [vec![], vec![place], vec![full; 8]]
        .into_iter()
        .zip(1..)
        .map(|(places, number)| {
            let speaker = presence::Speaker {
                workspace: WorkspaceId([8; 32]),
                session: PresenceSession([4; 8]),
                number,
                time_ms: 1_764_000_000_000 + number,
                epoch: 3,
            };
            let content = presence::Content::of(places);
            let sealed = presence::seal(&speaker, &content, &key, &device, &mut random).unwrap();
            json!({
                "epochKey": hex(key.expose()),
                "deviceSecret": hex([2; 32]),
                "plaintext": hex(drystone_wire::canonical::encode(&content)),
                "message": hex(sealed.to_bytes()),
            })
        })
        .collect();
    for case in check("presence", &json!(cases)).as_array().unwrap() {
        let (message, header) = Presence::open(&unhex(&case["message"])).unwrap();
        let key = EpochKey::new(Secret::new(array(&case["epochKey"])));
        let content = presence::open(&message, &header, &key).unwrap();
        assert_eq!(drystone_wire::canonical::encode(&content), unhex(&case["plaintext"]));
    }
}

/// Compressed bytes may differ between versions of zstd: the vector is what is
/// read, and that writing gives something that reads the same.
#[test]
fn payloads() {
    let chunks = vec![b"first".to_vec(), vec![0; 300]];
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/payload.json");
    if std::env::var_os("DRYSTONE_WRITE_VECTORS").is_some() {
        let made = json!({
            "chunks": chunks.iter().map(hex).collect::<Vec<_>>(),
            "payload": hex(payload::pack(&chunks).unwrap()),
        });
        std::fs::write(&path, serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
    }
    let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let expected: Vec<Vec<u8>> = file["chunks"].as_array().unwrap().iter().map(unhex).collect();
    assert_eq!(payload::unpack(&unhex(&file["payload"])).unwrap(), expected);
    assert_eq!(payload::unpack(&payload::pack(&expected).unwrap()).unwrap(), expected);
}

#[test]
fn wraps() {
    let recipient = identity(1);
    let mut random = SeededRandom::new(8);
    let (key, before) = (EpochKey::new(Secret::new([5; 32])), EpochKey::new(Secret::new([4; 32])));
    let workspace = WorkspaceId([8; 32]);
    let to = recipient.agreement().public();
    let cases: Vec<Value> = [wrap::Binding::Genesis(Hash([13; 32])), wrap::Binding::Workspace(workspace)]
        .into_iter()
        .map(|binding| {
            let made = wrap::wrap(&key, &binding, 3, &to, &mut random).unwrap();
            let (kind, bound) = match binding {
                wrap::Binding::Genesis(salt) => ("genesis", hex(salt.0)),
                wrap::Binding::Workspace(id) => ("workspace", hex(id.0)),
            };
            json!({ "binding": kind, "bound": bound, "epoch": 3, "to": made.to, "encapsulated": made.encapsulated,
                    "ciphertext": hex(&made.ciphertext.0), "agreementSecret": hex([3; 32]), "epochKey": hex([5; 32]) })
        })
        .collect();
    let previous = wrap::seal_previous(&before, &key, &workspace, 3, &mut random).unwrap();
    let file = check(
        "wraps",
        &json!({
            "wraps": cases,
            "previous": { "workspace": workspace, "epoch": 3, "under": hex([5; 32]), "key": hex([4; 32]),
                          "sealed": hex(&previous.0) },
        }),
    );
    for case in file["wraps"].as_array().unwrap() {
        let binding = match case["binding"].as_str().unwrap() {
            "genesis" => wrap::Binding::Genesis(Hash(array(&case["bound"]))),
            _ => wrap::Binding::Workspace(WorkspaceId(array(&case["bound"]))),
        };
        let wrapped = Wrap {
            to: AgreementKey(array(&case["to"])),
            encapsulated: AgreementKey(array(&case["encapsulated"])),
            ciphertext: drystone_wire::ids::Bytes(unhex(&case["ciphertext"])),
        };
        assert_eq!(wrap::unwrap(&wrapped, &binding, 3, recipient.agreement()).unwrap(), key);
    }
    let sealed = unhex(&file["previous"]["sealed"]);
    assert_eq!(wrap::open_previous(&sealed, &key, &workspace, 3).unwrap(), before);
}

#[test]
fn names_and_links() {
    let key = EpochKey::new(Secret::new([5; 32]));
    let mut random = SeededRandom::new(9);
    let member = Whose::Member(RootKey([14; 32]));
    let workspace_name = names::seal("Harbour", Whose::Workspace, &key, &mut random).unwrap();
    let member_name = names::seal("Zoë", member, &key, &mut random).unwrap();
    let link = InviteLink {
        relay: "https://relay.example.org:8443".parse().unwrap(),
        relay_key: RelayKey([15; 32]),
        workspace: WorkspaceId([8; 32]),
        seed: Seed([9; 16].into()),
        checkpoint_position: 300,
        checkpoint_hash: Hash([16; 32]),
    };
    let file = check(
        "names-and-links",
        &json!({
            "epochKey": hex([5; 32]),
            "workspaceName": { "name": "Harbour", "sealed": hex(&workspace_name) },
            "memberName": { "name": "Zoë", "root": hex([14; 32]), "sealed": hex(&member_name) },
            "link": { "relay": "https://relay.example.org:8443", "relayKey": hex([15; 32]),
                      "workspace": hex([8; 32]), "seed": hex([9; 16]), "checkpointPosition": 300,
                      "checkpointHash": hex([16; 32]), "text": link.to_string() },
        }),
    );
    assert_eq!(names::open(&unhex(&file["memberName"]["sealed"]), member, &key).unwrap(), "Zoë");
    assert_eq!(file["link"]["text"].as_str().unwrap().parse::<InviteLink>().unwrap(), link);
}

#[test]
fn membership() {
    let (anna, ben) = (identity(1), identity(21));
    let mut random = SeededRandom::new(10);
    let created = records::create(&anna, "Harbour", "Anna", 1_700_000_000_000, &mut random).unwrap();
    let mut list = vec![created.record.to_bytes()];
    let mut roster = Roster::create(&list[0]).unwrap();
    let keys = InviteKeys::derive(&[9; 16], &created.workspace).unwrap();
    let next = Next::after(&roster, 1_700_000_001_000);
    let (role, expires) = (Role::Editor, 1_700_000_900_000);
    let invite = records::invite(&anna, &next, &created.epoch_key, &keys, role, expires, &mut random).unwrap();
    roster.apply(&invite.to_bytes()).unwrap();
    list.push(invite.to_bytes());
    let next = Next::after(&roster, 1_700_000_002_000);
    let join = records::join(&ben, &next, &created.epoch_key, &keys, "Ben", &mut random).unwrap();
    roster.apply(&join.to_bytes()).unwrap();
    list.push(join.to_bytes());
    let file = check(
        "membership",
        &json!({
            "workspace": created.workspace,
            "epochKey": hex(created.epoch_key.expose()),
            "records": list.iter().map(hex).collect::<Vec<_>>(),
            "hashes": [Hash(created.workspace.0), invite.hash(), join.hash()],
            "members": { "owner": anna.root_key(), "editor": ben.root_key() },
        }),
    );
    let mut replayed = Roster::create(&unhex(&file["records"][0])).unwrap();
    for record in &file["records"].as_array().unwrap()[1..] {
        replayed.apply(&unhex(record)).unwrap();
    }
    assert_eq!(replayed, roster);
}

/// A membership log as it grows.
struct Book {
    roster: Roster,
    list: Vec<Vec<u8>>,
}

impl Book {
    fn new(first: &Record) -> Book {
        Book { roster: Roster::create(&first.to_bytes()).unwrap(), list: vec![first.to_bytes()] }
    }

    fn next(&self, time_ms: u64) -> Next {
        Next::after(&self.roster, time_ms)
    }

    fn add(&mut self, record: &Record) {
        self.roster.apply(&record.to_bytes()).unwrap();
        self.list.push(record.to_bytes());
    }
}

/// One record of each kind that follows creating, inviting and joining.
#[test]
fn administration() {
    let (anna, ben) = (identity(1), identity(21));
    let mut random = SeededRandom::new(11);
    let created = records::create(&anna, "Harbour", "Anna", 1_700_000_000_000, &mut random).unwrap();
    let mut book = Book::new(&created.record);
    let first = created.epoch_key.clone();
    let time = 1_700_000_001_000;
    for seed in [9, 10] {
        let keys = InviteKeys::derive(&[seed; 16], &created.workspace).unwrap();
        let next = book.next(time);
        let record = records::invite(&anna, &next, &first, &keys, Role::Editor, time + 1000, &mut random).unwrap();
        book.add(&record);
    }
    let keys = InviteKeys::derive(&[9; 16], &created.workspace).unwrap();
    let join = records::join(&ben, &book.next(time), &first, &keys, "Ben", &mut random).unwrap();
    book.add(&join);
    let open = *book.roster.invites.keys().next().unwrap();
    let revoked = records::revoke_invite(&anna, &book.next(time), open);
    book.add(&revoked);
    let set = records::set_role(&anna, &book.next(time), ben.root_key(), Role::Admin);
    book.add(&set);
    let phone = identity(41);
    let certificate = ben.certify(phone.device_key(), phone.agreement().public());
    let added = records::add_device(&ben, &book.next(time), &first, certificate, &mut random).unwrap();
    book.add(&added);
    let next = book.next(time);
    let named = records::set_device_name(&ben, &next, &first, phone.device_key(), "Phone", &mut random).unwrap();
    book.add(&named);
    let rotated = records::rotate(&anna, &book.roster, time, &first, &mut random).unwrap();
    book.add(&rotated);
    let last = |device, sequence| LastAccepted { device, sequence };
    let bodies = membership::bodies(&book.list);
    let second = membership::epoch_keys(&bodies, &book.roster, anna.agreement()).remove(&2).unwrap();
    let gone = vec![last(phone.device_key(), 7)];
    let removed = records::remove(&anna, &book.roster, time, &second, Vec::new(), gone, &mut random).unwrap();
    book.add(&removed);
    let left = records::leave(&ben, &book.next(time), vec![last(ben.device_key(), 3)]);
    book.add(&left);
    let file = check(
        "administration",
        &json!({
            "workspace": created.workspace,
            "records": book.list.iter().map(hex).collect::<Vec<_>>(),
            "epochKey2": hex(second.expose()),
            "afterwards": { "epoch": book.roster.epoch, "departed": book.roster.departed },
        }),
    );
    let mut replayed = Roster::create(&unhex(&file["records"][0])).unwrap();
    for record in &file["records"].as_array().unwrap()[1..] {
        replayed.apply(&unhex(record)).unwrap();
    }
    assert_eq!(replayed, book.roster);
}

/// An invitation in a file, the answer to it, and the record that lets in.
#[test]
fn bundles() {
    let (anna, ben) = (identity(1), identity(21));
    let mut random = SeededRandom::new(13);
    let created = records::create(&anna, "Harbour", "Anna", 1_700_000_000_000, &mut random).unwrap();
    let (workspace, key) = (created.workspace, created.epoch_key.clone());
    let mut book = Book::new(&created.record);
    let keys = InviteKeys::derive(&[9; 16], &workspace).unwrap();
    let time = 1_700_000_001_000;
    let invite = records::invite(&anna, &book.next(time), &key, &keys, Role::Editor, time + 1000, &mut random).unwrap();
    book.add(&invite);
    let place = envelope::Place {
        workspace,
        kind: Kind::Changes,
        document: DocumentHandle([6; 16]),
        sequence: 1,
        previous: Hash::ZERO,
        epoch: 1,
        membership_position: 2,
        membership_hash: book.roster.head,
        seen_position: 0,
        seen_chain: Hash::ZERO,
    };
    let sealed = envelope::seal(&place, b"not a change", &key, anna.device(), &mut random).unwrap();
    let known = |devices| Known { membership: 2, hash: book.roster.head, devices };
    let head = DeviceHead { device: anna.device_key(), sequence: 1, id: sealed.id() };
    let carried = |bytes: &Vec<u8>| CarriedRecord { record: Bytes(bytes.clone()), countersignature: Bytes::default() };
    let invitation = Bundle {
        workspace,
        author: anna.device_key(),
        time_ms: time,
        heads: Heads { from: Known::NOTHING, to: known(vec![head]) },
        records: book.list.iter().map(carried).collect(),
        envelopes: vec![Bytes(sealed.to_bytes())],
        relay: Some(RelayHint { address: "https://relay.example.org".into(), key: RelayKey([3; 32]) }),
        invitation: Some(FileInvitation { seed: [9; 16] }),
        request: None,
        files: Vec::new(),
    };
    let request = records::request(&ben, &workspace, (1, &key), &keys, "Ben", &mut random).unwrap();
    let heads = Heads { from: known(vec![head]), to: known(vec![head]) };
    let (author, relay) = (ben.device_key(), None);
    let answer = Bundle {
        author,
        heads,
        relay,
        records: Vec::new(),
        envelopes: Vec::new(),
        invitation: None,
        request: Some(request.clone()),
        ..invitation.clone()
    };
    let admitted = records::admit(&anna, &book.next(time), &key, &request, "Ben", &mut random).unwrap();
    book.add(&admitted);
    let file = check(
        "bundles",
        &json!({
            "annaDeviceSecret": hex([2; 32]),
            "benDeviceSecret": hex([22; 32]),
            "inviteSeed": hex([9; 16]),
            "epochKey1": hex(key.expose()),
            "invitation": hex(invitation.to_bytes(|hash| anna.device().sign(hash))),
            "answer": hex(answer.to_bytes(|hash| ben.device().sign(hash))),
            "admit": hex(admitted.to_bytes()),
        }),
    );
    assert_eq!(Bundle::open(&unhex(&file["invitation"])).unwrap(), invitation);
    assert_eq!(Bundle::open(&unhex(&file["answer"])).unwrap(), answer);
    assert_eq!(book.roster.role_of(&ben.device_key()), Some(Role::Editor));
    check_every_byte(&unhex(&file["invitation"]));
}

/// No byte of a bundle can be changed, and none be missing.
fn check_every_byte(bytes: &[u8]) {
    for at in 0..bytes.len() {
        let mut changed = bytes.to_vec();
        changed[at] ^= 1;
        assert!(Bundle::open(&changed).is_err(), "byte {at} was changed");
        assert!(Bundle::open(&bytes[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn device_links() {
    let code = DeviceCode { signing: DeviceKey([1; 32]), agreement: AgreementKey([2; 32]) };
    let link = DeviceLink {
        relay: "https://relay.example.org:8443".parse().unwrap(),
        relay_key: RelayKey([3; 32]),
        workspace: WorkspaceId([4; 32]),
        member: RootKey([5; 32]),
        device: DeviceKey([1; 32]),
        checkpoint_position: 300,
        checkpoint_hash: Hash([6; 32]),
    };
    let file = check(
        "device-links",
        &json!({ "code": code.to_string(), "fingerprint": code.fingerprint(), "link": link.to_string() }),
    );
    assert_eq!(file["code"].as_str().unwrap().parse::<DeviceCode>().unwrap(), code);
    assert_eq!(file["link"].as_str().unwrap().parse::<DeviceLink>().unwrap(), link);
}

#[test]
fn logs_and_tokens() {
    let workspace = WorkspaceId([8; 32]);
    let start = chain_start(&workspace, 2);
    let one = chain_next(&start, &Hash([17; 32]));
    let device = SigningPair::new(&Secret::new([2; 32]));
    let (relay, nonce) = (RelayKey([15; 32]), Hash([18; 32]));
    let url = "https://relay.example.org:8443";
    let bytes = auth::challenge_bytes(&relay, url, &nonce, &DeviceKey(device.public()));
    let mut stream = [0; 16];
    SeededRandom::new(1).fill(&mut stream);
    check(
        "logs-and-tokens",
        &json!({
            "workspace": workspace,
            "generation": 2,
            "chainStart": start,
            "firstId": hex([17; 32]),
            "chainAfterFirst": one,
            "challenge": { "relayKey": relay, "url": url, "nonce": nonce, "deviceSecret": hex([2; 32]),
                           "signedBytes": bytes, "signature": device.sign(&bytes) },
            "seededRandom": { "seed": 1, "first16": hex(stream) },
        }),
    );
}

/// A recovery kit, what it seals, and the records that make it known and use it.
#[test]
fn recovery() {
    const WORDS: &str = "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth \
                         useful legal winner thank year wave sausage worth title";
    let (anna, laptop) = (identity(1), identity(41));
    let mut random = SeededRandom::new(17);
    let created = records::create(&anna, "Harbour", "Anna", 1_700_000_000_000, &mut random).unwrap();
    let mut book = Book::new(&created.record);
    let (key, time) = (created.epoch_key.clone(), 1_700_000_001_000);
    let kit = KitSecret::read(WORDS).unwrap().keys().unwrap();
    let published = kit.published(&Secret::new([1; 32]), &mut random).unwrap();
    let set = records::set_recovery(&anna, &book.next(time), &key, published.clone(), &mut random).unwrap();
    book.add(&set);
    let certificate = anna.certify(laptop.device_key(), laptop.agreement().public());
    let next = book.next(time);
    let back = records::recover(&laptop, &next, &key, &kit, certificate, &mut random).unwrap();
    book.add(&back);
    let file = check(
        "recovery",
        &json!({
            "words": WORDS,
            "kit": hex([0x7f; 32]),
            "signingKey": published.signing,
            "agreementKey": published.agreement,
            "root": anna.root_key(),
            "sealedRoot": hex(&published.sealed_root.0),
            "signature": published.signature,
            "records": book.list.iter().map(hex).collect::<Vec<_>>(),
        }),
    );
    let mut replayed = Roster::create(&unhex(&file["records"][0])).unwrap();
    for record in &file["records"].as_array().unwrap()[1..] {
        replayed.apply(&unhex(record)).unwrap();
    }
    assert_eq!(replayed, book.roster);
    let known = replayed.members[&anna.root_key()].recovery.clone().unwrap();
    assert_eq!(kit.open_root(&known.keys, &anna.root_key()).unwrap(), Secret::new([1; 32]));
}

#[test]
fn attachments() {
    let key = FileKey::new([7; 32]);
    let file = b"A photo of pump 7.";
    let mut random = SeededRandom::new(14);
    let mut sealer = Sealer::new(file.len() as u64, &key).unwrap();
    let mut chunks = sealer.push(file, &mut random).unwrap();
    chunks.extend(sealer.finish(&mut random).unwrap());
    let manifest = Manifest::of(&chunks.concat());
    let made = json!({
        "fileKey": hex(key.expose()),
        "file": hex(file),
        "chunks": chunks.iter().map(hex).collect::<Vec<_>>(),
        "manifest": hex(drystone_wire::canonical::encode(&manifest)),
        "blob": manifest.id().to_string(),
    });
    let vector = check("attachments", &made);
    let key = FileKey::new(array(&vector["fileKey"]));
    let mut opener = Opener::new(1, &key);
    assert_eq!(opener.open(&unhex(&vector["chunks"][0])).unwrap().as_slice(), file);
}
