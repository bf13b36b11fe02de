//! The rules for recovery kits, each with a record that only this rule refuses.

use ed25519_dalek::SigningKey;

use crate::ids::{AgreementKey, Bytes};
use crate::limits;
use crate::membership::{Operation, RecoveryKeys, Role, recover_bytes};
use crate::roster::RosterError;
use crate::testing::{Book, Person, device_key, key, sign, wrap};

const AGREEMENT: AgreementKey = AgreementKey([44; 32]);

fn kit_keys(kit: &SigningKey, person: &Person, agreement: AgreementKey) -> RecoveryKeys {
    let sealed_root = Bytes(vec![3; limits::SEALED_ROOT_BYTES]);
    let bytes = RecoveryKeys::signed_bytes(&person.id(), &device_key(kit), &agreement, &sealed_root.0);
    let signature = sign(&person.root, &bytes);
    RecoveryKeys { signing: device_key(kit), agreement, sealed_root, signature }
}

fn made(book: &Book, kit: &SigningKey, person: &Person) -> Operation {
    Operation::SetRecovery { keys: kit_keys(kit, person, AGREEMENT), epoch: book.roster.epoch, wrap: wrap(AGREEMENT) }
}

fn recovery(book: &Book, kit: &SigningKey, device: &Person) -> Operation {
    let certificate = device.certificate();
    let signed = recover_bytes(&book.roster.workspace, &device_key(kit), &certificate);
    Operation::Recover {
        recovery: device_key(kit),
        device: certificate,
        epoch: book.roster.epoch,
        wrap: wrap(device.agreement()),
        recovery_signature: sign(kit, &signed),
    }
}

#[test]
fn a_kit_brings_its_member_back_on_a_new_device() {
    let mut book = Book::new();
    let (kit, bob) = (key(70), book.admit(2, Role::Editor));
    book.operate(&bob, made(&book, &kit, &bob)).unwrap();
    assert_eq!(book.roster.recovery_of(&device_key(&kit)), Some(bob.id()));
    let back = bob.with_device(700);
    book.operate(&back, recovery(&book, &kit, &back)).unwrap();
    assert_eq!(book.roster.devices[&back.device_id()], bob.id());
    assert_eq!(book.roster.members[&bob.id()].devices.len(), 2, "the device before stays until it is revoked");
    let twice = book.operate(&back, recovery(&book, &kit, &back)).unwrap_err();
    assert!(matches!(twice, RosterError::NotAllowed(_)), "{twice:?}");
}

#[test]
fn only_the_members_root_makes_a_kit() {
    let mut book = Book::new();
    let (kit, bob) = (key(70), book.admit(2, Role::Editor));
    let owner = book.owner.clone();
    // Bob's device with the owner's root, and a root that has signed something else.
    let foreign = book.operate(&bob, made(&book, &kit, &owner)).unwrap_err();
    assert_eq!(foreign, RosterError::Signature("recovery kit"));
    let mut changed = made(&book, &kit, &bob);
    if let Operation::SetRecovery { keys, .. } = &mut changed {
        keys.sealed_root.0[0] ^= 1;
    }
    assert_eq!(book.operate(&bob, changed).unwrap_err(), RosterError::Signature("recovery kit"));
    let stranger = Person::new(9);
    let outside = book.operate(&stranger, made(&book, &kit, &stranger)).unwrap_err();
    assert!(matches!(outside, RosterError::NotAllowed(_)), "{outside:?}");
}

#[test]
fn a_kit_gets_the_current_epochs_key_and_seals_a_root() {
    let mut book = Book::new();
    let (kit, owner) = (key(70), book.owner.clone());
    let with = |book: &Book, change: fn(&mut RecoveryKeys, &mut u32, &mut AgreementKey)| {
        let Operation::SetRecovery { mut keys, mut epoch, wrap: mut wrapped } = made(book, &kit, &owner) else {
            unreachable!()
        };
        change(&mut keys, &mut epoch, &mut wrapped.to);
        Operation::SetRecovery { keys, epoch, wrap: wrapped }
    };
    let old = with(&book, |_, epoch, _| *epoch = 0);
    assert!(matches!(book.operate(&owner, old).unwrap_err(), RosterError::Epoch(_)));
    let elsewhere = with(&book, |_, _, to| *to = AgreementKey([1; 32]));
    assert!(matches!(book.operate(&owner, elsewhere).unwrap_err(), RosterError::Epoch(_)));
    let rootless = with(&book, |keys, _, _| keys.sealed_root = Bytes(vec![3; 5]));
    assert!(matches!(book.operate(&owner, rootless).unwrap_err(), RosterError::NotAllowed(_)));
}

#[test]
fn a_key_that_is_in_use_makes_no_kit() {
    let mut book = Book::new();
    let (kit, bob, owner) = (key(70), book.admit(2, Role::Editor), book.owner.clone());
    let keys = kit_keys(&kit, &bob, owner.agreement());
    let taken = Operation::SetRecovery { keys, epoch: 1, wrap: wrap(owner.agreement()) };
    assert!(matches!(book.operate(&bob, taken).unwrap_err(), RosterError::NotAllowed(_)));
    book.operate(&owner, made(&book, &kit, &owner)).unwrap();
    let keys = kit_keys(&kit, &bob, AgreementKey([45; 32]));
    let same = Operation::SetRecovery { keys, epoch: 1, wrap: wrap(AgreementKey([45; 32])) };
    assert!(matches!(book.operate(&bob, same).unwrap_err(), RosterError::NotAllowed(_)));
}

#[test]
fn a_replaced_kit_brings_nobody_back_and_makes_new_keys_due() {
    let mut book = Book::new();
    let (old, new, owner) = (key(70), key(71), book.owner.clone());
    book.operate(&owner, made(&book, &old, &owner)).unwrap();
    assert!(!book.roster.departed);
    let keys = kit_keys(&new, &owner, AgreementKey([45; 32]));
    let next = Operation::SetRecovery { keys, epoch: 1, wrap: wrap(AgreementKey([45; 32])) };
    book.operate(&owner, next).unwrap();
    assert!(book.roster.departed, "whoever has the old kit has the key");
    let back = owner.with_device(700);
    let refused = book.operate(&back, recovery(&book, &old, &back)).unwrap_err();
    assert_eq!(refused, RosterError::NotAllowed("this recovery kit is not in use"));
    book.operate(&back, recovery(&book, &new, &back)).unwrap();
}

#[test]
fn a_device_comes_back_with_the_kits_and_the_roots_signature() {
    let mut book = Book::new();
    let (kit, owner) = (key(70), book.owner.clone());
    book.operate(&owner, made(&book, &kit, &owner)).unwrap();
    let back = owner.with_device(700);
    let mut forged = recovery(&book, &kit, &back);
    if let Operation::Recover { recovery_signature, .. } = &mut forged {
        recovery_signature.0[0] ^= 1;
    }
    assert_eq!(book.operate(&back, forged).unwrap_err(), RosterError::Signature("recovery kit"));
    // Someone who has the kit and another root.
    let thief = Person::new(8);
    let other = book.operate(&thief, recovery(&book, &kit, &thief)).unwrap_err();
    assert_eq!(other, RosterError::Signature("device"));
    // A device that another one posts for.
    let bob = book.admit(2, Role::Editor);
    let posted = book.operate(&bob, recovery(&book, &kit, &back)).unwrap_err();
    assert!(matches!(posted, RosterError::NotAllowed(_)), "{posted:?}");
}

#[test]
fn new_keys_are_wrapped_for_kits_of_members_who_stay() {
    let mut book = Book::new();
    let (kit, bob, owner) = (key(70), book.admit(2, Role::Editor), book.owner.clone());
    book.operate(&bob, made(&book, &kit, &bob)).unwrap();
    let mut without = book.next_epoch(&[]);
    without.wraps.retain(|wrap| wrap.to != AGREEMENT);
    let missing = book.operate(&owner, Operation::Rotate { epoch: without }).unwrap_err();
    assert!(matches!(missing, RosterError::Epoch(_)), "{missing:?}");
    book.operate(&owner, Operation::Rotate { epoch: book.next_epoch(&[]) }).unwrap();
    // With the member the kit goes.
    let mut removal = book.removal(&[&bob]);
    if let Operation::Remove { epoch, .. } = &mut removal {
        epoch.wraps.retain(|wrap| wrap.to != AGREEMENT);
    }
    book.operate(&owner, removal).unwrap();
    let back = bob.with_device(700);
    assert!(book.operate(&back, recovery(&book, &kit, &back)).is_err());
}
