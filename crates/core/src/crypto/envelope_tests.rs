use super::*;
use crate::crypto::keys::Secret;
use crate::crypto::random::SeededRandom;
use proptest::prelude::*;

fn place() -> Place {
    Place {
        workspace: WorkspaceId([1; 32]),
        kind: Kind::Changes,
        document: DocumentHandle([2; 16]),
        sequence: 3,
        previous: Hash([4; 32]),
        epoch: 5,
        membership_position: 6,
        membership_hash: Hash([7; 32]),
        seen_position: 8,
        seen_chain: Hash([9; 32]),
    }
}

struct Sealed {
    envelope: Envelope,
    header: Header,
    key: EpochKey,
    device: SigningPair,
}

fn sealed(plaintext: &[u8]) -> Sealed {
    let mut random = SeededRandom::new(1);
    let key = EpochKey::generate(&mut random);
    let device = SigningPair::new(&Secret::generate(&mut random));
    let envelope = seal(&place(), plaintext, &key, &device, &mut random).unwrap();
    let (envelope, header) = Envelope::open(&envelope.to_bytes()).unwrap();
    Sealed { envelope, header, key, device }
}

#[test]
fn what_is_sealed_opens_again() {
    let sealed = sealed(b"Cargo cranes");
    assert_eq!(&open(&sealed.envelope, &sealed.header, &sealed.key).unwrap()[..], b"Cargo cranes");
    assert!(!sealed.envelope.to_bytes().windows(5).any(|window| window == b"Cargo"));
}

#[test]
fn another_key_does_not_open_it() {
    let sealed = sealed(b"Cargo cranes");
    let other = EpochKey::generate(&mut SeededRandom::new(2));
    assert_eq!(open(&sealed.envelope, &sealed.header, &other), Err(CryptoError::Commitment));
}

/// Changes one field, keeps the ciphertext, and signs again as only the device
/// itself could: the associated data must still give it away.
#[test]
fn every_header_field_is_authenticated() {
    type Change = (&'static str, fn(&mut Header));
    let changes: [Change; 12] = [
        ("workspace", |h| h.workspace.0[0] ^= 1),
        ("kind", |h| h.kind = Kind::Snapshot),
        ("document", |h| h.document.0[0] ^= 1),
        ("device", |h| h.device.0[0] ^= 1),
        ("sequence", |h| h.sequence += 1),
        ("previous", |h| h.previous.0[0] ^= 1),
        ("epoch", |h| h.epoch += 1),
        ("membership position", |h| h.membership_position += 1),
        ("membership hash", |h| h.membership_hash.0[0] ^= 1),
        ("seen position", |h| h.seen_position += 1),
        ("seen chain", |h| h.seen_chain.0[0] ^= 1),
        ("nonce", |h| h.nonce.0[0] ^= 1),
    ];
    for (field, change) in changes {
        let mut sealed = sealed(b"Cargo cranes");
        change(&mut sealed.header);
        sealed.envelope.header = Bytes(canonical::encode(&sealed.header));
        assert!(Envelope::open(&sealed.envelope.to_bytes()).is_err(), "{field}: signature");
        assert!(open(&sealed.envelope, &sealed.header, &sealed.key).is_err(), "{field}: as it is");
        // With a commitment that fits the changed fields, so that the cipher itself decides.
        let fitting = envelope_key(
            &sealed.key,
            &sealed.header.workspace,
            sealed.header.epoch,
            &sealed.header.device,
            sealed.header.kind,
        );
        sealed.header.commitment = fitting.commitment;
        sealed.envelope.header = Bytes(canonical::encode(&sealed.header));
        let error = open(&sealed.envelope, &sealed.header, &sealed.key);
        assert_eq!(error, Err(CryptoError::Open("envelope")), "{field}: cipher");
    }
}

#[test]
fn version_suite_commitment_and_signature_are_checked() {
    let reopen = |change: fn(&mut Header)| {
        let mut sealed = sealed(b"x");
        change(&mut sealed.header);
        sealed.envelope.header = Bytes(canonical::encode(&sealed.header));
        sealed.envelope.signature = sealed.device.sign(&envelope::signed_bytes(&sealed.envelope.id()));
        Envelope::open(&sealed.envelope.to_bytes()).map(|(envelope, header)| open(&envelope, &header, &sealed.key))
    };
    assert!(matches!(reopen(|h| h.version = 2), Err(envelope::EnvelopeError::Unknown { version: 2, .. })));
    assert!(matches!(reopen(|h| h.suite = 9), Err(envelope::EnvelopeError::Unknown { suite: 9, .. })));
    assert_eq!(reopen(|h| h.commitment.0[31] ^= 1).unwrap(), Err(CryptoError::Commitment));
    assert!(reopen(|_| ()).unwrap().is_ok());
}

#[test]
fn padding_has_one_spelling() {
    assert!(unpad(&pad(b"abc").unwrap()).is_ok());
    for size in [4, 63, 65, 72, 128] {
        let mut bytes = pad(b"abc").unwrap().to_vec();
        bytes.resize(size, 0);
        assert!(unpad(&bytes).is_err(), "{size}");
    }
    let mut dirty = pad(b"abc").unwrap().to_vec();
    dirty[63] = 1;
    assert!(unpad(&dirty).is_err());
    assert!(unpad(&[0xff; 64]).is_err());
    assert!(unpad(&[]).is_err());
}

#[test]
fn the_largest_plaintext_fits_the_wire_and_one_more_byte_does_not() {
    let sealed = sealed(&vec![1; PLAINTEXT_BYTES - 4]);
    assert!(sealed.envelope.to_bytes().len() <= drystone_wire::limits::ENVELOPE_BYTES);
    assert!(pad(&vec![1; PLAINTEXT_BYTES - 3]).is_err());
}

proptest! {
    #[test]
    fn any_plaintext_comes_back(plaintext in proptest::collection::vec(any::<u8>(), 0..5000)) {
        let sealed = sealed(&plaintext);
        prop_assert_eq!(&open(&sealed.envelope, &sealed.header, &sealed.key).unwrap()[..], &plaintext[..]);
    }

    #[test]
    fn padding_grows_by_an_eighth_at_most(length in LEAST_PLAINTEXT_BYTES..PLAINTEXT_BYTES) {
        let size = padded_size(length);
        prop_assert!(size >= length && size <= length + length / 8);
        prop_assert_eq!(padded_size(size), size);
    }

    #[test]
    fn any_flipped_bit_is_noticed(at in 0usize..400, bit in 0u8..8) {
        let sealed = sealed(b"Cargo cranes");
        let mut bytes = sealed.envelope.to_bytes();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        prop_assert!(Envelope::open(&bytes).is_err());
    }
}
