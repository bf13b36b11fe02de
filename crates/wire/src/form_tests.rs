//! Forms: canonical bytes, envelopes, log, confirmations, challenges, ids and error codes.

use ed25519_dalek::SigningKey;

use crate::auth::{challenge_bytes, verify_challenge};
use crate::canonical::{CanonicalError, decode, encode};
use crate::envelope::{self, Envelope, EnvelopeError, Header, Kind};
use crate::http::{ErrorBody, RelayErrorCode, TokenRequest, Wake};
use crate::ids::{Bytes, Nonce, hash, verify};
use crate::limits;
use crate::log::{Append, Entry, Head, Page, chain_next, chain_start};
use crate::membership::{Countersigned, DeviceCertificate, Record, countersigned_bytes, join_bytes};
use crate::testing::{Person, device_key, genesis_body, key, record, sign};
use crate::{DeviceKey, DocumentHandle, Hash, RelayKey, RootKey, Signature, WorkspaceId};

const WORKSPACE: WorkspaceId = WorkspaceId([2; 32]);

fn stored() -> crate::log::Stored {
    crate::log::Stored { id: Hash([1; 32]), position: 5 }
}

fn not_canonical(bytes: &[u8]) {
    assert_eq!(decode::<crate::log::Stored>(bytes, 1000), Err(CanonicalError::NotCanonical), "{bytes:?}");
}

#[test]
fn one_value_has_one_spelling() {
    let bytes = encode(&stored());
    assert_eq!(bytes[..3], [0x82, 0x58, 32]);
    assert_eq!(decode(&bytes, bytes.len()), Ok(stored()));
    let [hash, rest] = [&bytes[1..35], &bytes[35..]];
    not_canonical(&[&bytes[..], &[0]].concat());
    not_canonical(&[&[0x82], hash, &[0x18, 5]].concat());
    not_canonical(&[&[0x82], hash, &[0x1b, 0, 0, 0, 0, 0, 0, 0, 5]].concat());
    not_canonical(&[&[0x98, 2], hash, rest].concat());
    not_canonical(&[&[0x9f], hash, rest, &[0xff]].concat());
    not_canonical(&[&[0x83], hash, rest, &[0]].concat());
    not_canonical(&[&[0x82, 0x59, 0], &bytes[2..]].concat());
}

#[test]
fn what_is_of_another_shape_or_too_long_is_refused() {
    let bytes = encode(&stored());
    let long = decode::<crate::log::Stored>(&bytes, bytes.len() - 1);
    assert_eq!(long, Err(CanonicalError::TooLong { got: bytes.len(), limit: bytes.len() - 1 }));
    for end in 0..bytes.len() {
        assert!(matches!(decode::<crate::log::Stored>(&bytes[..end], 1000), Err(CanonicalError::Shape(_))), "{end}");
    }
    for wrong in [&b"\xa0"[..], b"\x82\x00\x00", b"\x81\x40", b"\xf6", b"\xff"] {
        assert!(matches!(decode::<crate::log::Stored>(wrong, 1000), Err(CanonicalError::Shape(_))));
    }
}

#[test]
fn deep_and_boastful_bytes_neither_recurse_nor_reserve() {
    for byte in [0x81, 0x9f, 0xc1, 0xa1] {
        let deep = [&[0x83][..], &encode(&stored())[1..], &vec![byte; 200_000]].concat();
        assert!(decode::<crate::log::Stored>(&deep, 1 << 20).is_err());
    }
    let boast = [0x81, 0x9b, 0x7f, 255, 255, 255, 255, 255, 255, 255];
    assert!(decode::<Append>(&boast, 1000).is_err());
    let boast = [0x81, 0x81, 0x5b, 0x7f, 255, 255, 255, 255, 255, 255, 255];
    assert!(decode::<Append>(&boast, 1000).is_err());
}

fn header(device: &SigningKey) -> Header {
    Header {
        version: envelope::VERSION,
        suite: envelope::SUITE,
        workspace: WORKSPACE,
        kind: Kind::Changes,
        document: DocumentHandle([3; 16]),
        device: device_key(device),
        sequence: 1,
        previous: Hash::ZERO,
        epoch: 1,
        membership_position: 1,
        membership_hash: Hash([4; 32]),
        seen_position: 0,
        seen_chain: Hash::ZERO,
        nonce: Nonce([5; 24]),
        commitment: Hash([6; 32]),
    }
}

fn sealed(device: &SigningKey, header: Vec<u8>) -> Envelope {
    let ciphertext = vec![9; 20];
    let signature = sign(device, &envelope::signed_bytes(&envelope::id(&header, &ciphertext)));
    Envelope { header: Bytes(header), ciphertext: Bytes(ciphertext), signature }
}

#[test]
fn an_envelope_opens_to_what_was_sealed() {
    let device = key(1);
    let envelope = sealed(&device, encode(&header(&device)));
    let (opened, read) = Envelope::open(&envelope.to_bytes()).unwrap();
    assert_eq!((opened, read), (envelope, header(&device)));
}

#[test]
fn every_byte_of_an_envelope_is_signed_or_canonical() {
    let device = key(1);
    let bytes = sealed(&device, encode(&header(&device))).to_bytes();
    for index in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 1;
        assert!(Envelope::open(&changed).is_err(), "byte {index} does not count");
    }
}

#[test]
fn unknown_versions_and_suites_are_told_apart_from_forgeries() {
    let device = key(1);
    let newer = Header { version: 2, ..header(&device) };
    let error = Envelope::open(&sealed(&device, encode(&newer)).to_bytes()).unwrap_err();
    assert_eq!(error, EnvelopeError::Unknown { version: 2, suite: 1 });
    let other = Header { suite: 2, ..header(&device) };
    let error = Envelope::open(&sealed(&device, encode(&other)).to_bytes()).unwrap_err();
    assert_eq!(error, EnvelopeError::Unknown { version: 1, suite: 2 });
    let forged = sealed(&key(2), encode(&header(&device)));
    assert_eq!(Envelope::open(&forged.to_bytes()).unwrap_err(), EnvelopeError::Signature);
    let long = vec![0; limits::ENVELOPE_BYTES + 1];
    assert!(matches!(Envelope::open(&long), Err(EnvelopeError::Format(CanonicalError::TooLong { .. }))));
}

#[test]
fn a_header_has_one_spelling_too() {
    let device = key(1);
    let canonical = encode(&header(&device));
    let longer = [&[0x98, 15], &canonical[1..]].concat();
    let error = Envelope::open(&sealed(&device, longer).to_bytes()).unwrap_err();
    assert_eq!(error, EnvelopeError::Format(CanonicalError::NotCanonical));
}

#[test]
fn an_id_knows_where_the_header_ends() {
    assert_ne!(envelope::id(b"ab", b"c"), envelope::id(b"a", b"bc"));
    assert_ne!(envelope::id(b"", b"abc"), envelope::id(b"abc", b""));
    assert_ne!(envelope::id(b"a", b"b"), hash(limits::context::RECORD, &[b"a", b"b"]));
}

#[test]
fn a_chain_depends_on_workspace_generation_and_order() {
    let start = chain_start(&WORKSPACE, 1);
    assert_ne!(start, chain_start(&WorkspaceId([3; 32]), 1));
    assert_ne!(start, chain_start(&WORKSPACE, 2));
    let (a, b) = (Hash([1; 32]), Hash([2; 32]));
    assert_ne!(chain_next(&chain_next(&start, &a), &b), chain_next(&chain_next(&start, &b), &a));
    assert_ne!(chain_next(&start, &a), start);
}

#[test]
fn a_head_is_signed_in_every_part() {
    let relay = key(7);
    let relay_key = RelayKey(relay.verifying_key().to_bytes());
    let mut head = Head {
        workspace: WORKSPACE,
        generation: 1,
        position: 2,
        chain: Hash([1; 32]),
        membership: 3,
        time_ms: 4,
        signature: Signature::ZERO,
    };
    head.signature = sign(&relay, &head.signed_bytes());
    assert!(head.verify(&relay_key));
    assert!(!head.verify(&RelayKey([1; 32])));
    let changes: [fn(&mut Head); 7] = [
        |head| head.workspace.0[0] ^= 1,
        |head| head.generation += 1,
        |head| head.position += 1,
        |head| head.chain.0[0] ^= 1,
        |head| head.membership += 1,
        |head| head.time_ms += 1,
        |head| head.signature.0[0] ^= 1,
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut changed = head.clone();
        change(&mut changed);
        assert!(!changed.verify(&relay_key), "part {index} is not signed");
    }
    let page = Page { entries: vec![Entry { position: 1, envelope: Bytes(vec![1, 2]) }], head };
    assert_eq!(decode(&encode(&page), 1000), Ok(page));
}

#[test]
fn a_record_opens_and_its_hash_is_that_of_its_body() {
    let owner = Person::new(1);
    let bytes = record(&owner, &genesis_body(&owner));
    let (opened, body) = Record::open(&bytes).unwrap();
    assert_eq!(body, genesis_body(&owner));
    assert_eq!(opened.to_bytes(), bytes);
    let resigned = Record { signature: Signature([1; 64]), ..opened.clone() };
    assert_eq!(resigned.hash(), opened.hash());
    let mut longer = encode(&body);
    longer.splice(..1, [0x98, 7]);
    let spelled = Record { body: Bytes(longer), signature: opened.signature };
    assert_eq!(Record::open(&spelled.to_bytes()).unwrap_err(), CanonicalError::NotCanonical);
}

#[test]
fn a_countersignature_holds_for_one_record_at_one_position() {
    let relay = key(7);
    let relay_key = RelayKey(relay.verifying_key().to_bytes());
    let record = Hash([1; 32]);
    let signature = sign(&relay, &countersigned_bytes(&WORKSPACE, 3, &record));
    let confirmed = Countersigned { record: Bytes::default(), signature };
    assert!(confirmed.verify(&relay_key, &WORKSPACE, 3, &record));
    assert!(!confirmed.verify(&relay_key, &WORKSPACE, 4, &record));
    assert!(!confirmed.verify(&relay_key, &WORKSPACE, 3, &Hash([2; 32])));
    assert!(!confirmed.verify(&relay_key, &WorkspaceId([9; 32]), 3, &record));
    assert!(!confirmed.verify(&RelayKey([1; 32]), &WORKSPACE, 3, &record));
}

#[test]
fn a_certificate_binds_root_and_both_keys() {
    let person = Person::new(1);
    let certificate = person.certificate();
    assert!(certificate.verify(&person.id()));
    assert!(!certificate.verify(&RootKey(device_key(&key(9)).0)));
    let mut other = certificate.clone();
    other.agreement.0[0] ^= 1;
    assert!(!other.verify(&person.id()));
    let other = DeviceCertificate { signing: device_key(&key(9)), ..certificate };
    assert!(!other.verify(&person.id()));
}

#[test]
fn a_join_binds_workspace_invitation_and_keys() {
    let (person, other) = (Person::new(1), Person::new(2));
    let invite = device_key(&key(9));
    let bytes = join_bytes(&WORKSPACE, &invite, &person.id(), &person.certificate());
    assert_ne!(bytes, join_bytes(&WorkspaceId([1; 32]), &invite, &person.id(), &person.certificate()));
    assert_ne!(bytes, join_bytes(&WORKSPACE, &device_key(&key(8)), &person.id(), &person.certificate()));
    assert_ne!(bytes, join_bytes(&WORKSPACE, &invite, &other.id(), &person.certificate()));
    assert_ne!(bytes, join_bytes(&WORKSPACE, &invite, &person.id(), &other.certificate()));
}

#[test]
fn a_challenge_is_answered_for_one_relay_address_nonce_and_device() {
    let device = key(1);
    let (relay, nonce, id) = (RelayKey([1; 32]), Hash([2; 32]), device_key(&device));
    let signature = sign(&device, &challenge_bytes(&relay, "http://a", &nonce, &id));
    assert!(verify_challenge(&relay, "http://a", &nonce, &id, &signature));
    assert!(!verify_challenge(&RelayKey([3; 32]), "http://a", &nonce, &id, &signature));
    assert!(!verify_challenge(&relay, "http://b", &nonce, &id, &signature));
    assert!(!verify_challenge(&relay, "http://a", &Hash([3; 32]), &id, &signature));
    assert!(!verify_challenge(&relay, "http://a", &nonce, &device_key(&key(2)), &signature));
}

/// Under the key of small order, one signature would hold for any message.
#[test]
fn keys_of_small_order_sign_nothing() {
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    assert!(!verify(&identity, b"anything", &Signature(signature)));
}

#[test]
fn ids_print_and_parse_as_hexadecimal() {
    let text = WORKSPACE.to_string();
    assert_eq!(text, "02".repeat(32));
    assert_eq!(text.parse(), Ok(WORKSPACE));
    assert_eq!(text[2..].parse::<WorkspaceId>().unwrap_err().expected, 64);
    assert_eq!("zz".repeat(32).parse::<WorkspaceId>().unwrap_err().to_string(), "expected 64 hexadecimal digits");
    assert_eq!(DeviceKey::from_slice(&[1; 31]), None);
    assert_eq!(format!("{:?}", DocumentHandle([1; 16])), format!("DocumentHandle({})", "01".repeat(16)));
    assert_eq!(format!("{:?}", Bytes(vec![1, 2, 3])), "Bytes(3 B)");
}

#[test]
fn json_bodies_keep_their_names() {
    let wake = Wake { workspace: WORKSPACE, position: 1, membership: 2 };
    let text = serde_json::to_string(&wake).unwrap();
    assert_eq!(text, format!("{{\"workspace\":\"{WORKSPACE}\",\"position\":1,\"membership\":2}}"));
    let error = ErrorBody { code: RelayErrorCode::SequenceGap, message: "m".into() };
    assert_eq!(serde_json::to_string(&error).unwrap(), "{\"code\":\"sequence-gap\",\"message\":\"m\"}");
    assert!(serde_json::from_str::<TokenRequest>("{\"device\":\"xy\"}").is_err());
}

#[test]
fn error_codes_travel_with_their_status() {
    let codes = [
        (RelayErrorCode::BadRequest, "bad-request", 400),
        (RelayErrorCode::Unauthorized, "unauthorized", 401),
        (RelayErrorCode::ChallengeFailed, "challenge-failed", 401),
        (RelayErrorCode::Forbidden, "forbidden", 403),
        (RelayErrorCode::NotFound, "not-found", 404),
        (RelayErrorCode::MembershipMoved, "membership-moved", 409),
        (RelayErrorCode::LogMoved, "log-moved", 409),
        (RelayErrorCode::MembershipInvalid, "membership-invalid", 422),
        (RelayErrorCode::InviteExpired, "invite-expired", 410),
        (RelayErrorCode::SequenceConflict, "sequence-conflict", 409),
        (RelayErrorCode::SequenceGap, "sequence-gap", 409),
        (RelayErrorCode::EnvelopeInvalid, "envelope-invalid", 422),
        (RelayErrorCode::TooLarge, "too-large", 413),
        (RelayErrorCode::QuotaExceeded, "quota-exceeded", 413),
        (RelayErrorCode::Suspended, "suspended", 403),
        (RelayErrorCode::Deleted, "deleted", 410),
        (RelayErrorCode::RateLimited, "rate-limited", 429),
        (RelayErrorCode::CursorGone, "cursor-gone", 410),
        (RelayErrorCode::Compacted, "compacted", 410),
        (RelayErrorCode::StorageFull, "storage-full", 507),
        (RelayErrorCode::ShuttingDown, "shutting-down", 503),
        (RelayErrorCode::Internal, "internal", 500),
    ];
    for (code, text, status) in codes {
        assert_eq!((code.as_str(), code.status()), (text, status));
        assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{text}\""));
    }
}
