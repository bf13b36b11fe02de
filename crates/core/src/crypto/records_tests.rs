use super::*;
use crate::crypto::keys::IdentitySecrets;
use crate::crypto::random::SeededRandom;

fn person(random: &mut SeededRandom) -> Identity {
    Identity::new(&IdentitySecrets::generate(random)).unwrap()
}

#[test]
fn a_workspace_is_created_shared_and_joined() {
    let mut random = SeededRandom::new(1);
    let (anna, ben) = (person(&mut random), person(&mut random));
    let created = create(&anna, "Harbour", "Anna", 1000, &mut random).unwrap();
    let mut roster = Roster::create(&created.record.to_bytes()).unwrap();
    assert_eq!(roster.workspace, created.workspace);

    let keys = InviteKeys::derive(&[7; 16], &created.workspace).unwrap();
    let next = Next::after(&roster, 2000);
    let record = invite(&anna, &next, &created.epoch_key, &keys, Role::Editor, 9000, &mut random).unwrap();
    let body = roster.apply(&record.to_bytes()).unwrap();
    let (epoch, binding, wrapped) = wrap_for(&body, &roster.workspace, &keys.agreement.public()).unwrap();
    let key = wrap::unwrap(wrapped, &binding, epoch, &keys.agreement).unwrap();
    assert_eq!(key, created.epoch_key);

    let record = join(&ben, &Next::after(&roster, 3000), &key, &keys, "Ben", &mut random).unwrap();
    let body = roster.apply(&record.to_bytes()).unwrap();
    let (epoch, binding, wrapped) = wrap_for(&body, &roster.workspace, &ben.agreement().public()).unwrap();
    assert_eq!(wrap::unwrap(wrapped, &binding, epoch, ben.agreement()).unwrap(), key);
    assert!(roster.may_write(&ben.device_key()));
    let member = &roster.members[&ben.root_key()];
    assert_eq!(names::open(&member.name, Whose::Member(ben.root_key()), &key).unwrap(), "Ben");
}

#[test]
fn the_owner_finds_the_first_key_again() {
    let mut random = SeededRandom::new(2);
    let anna = person(&mut random);
    let created = create(&anna, "Harbour", "Anna", 1000, &mut random).unwrap();
    let (_, body) = Record::open(&created.record.to_bytes()).unwrap();
    let (epoch, binding, wrapped) = wrap_for(&body, &created.workspace, &anna.agreement().public()).unwrap();
    assert_eq!(wrap::unwrap(wrapped, &binding, epoch, anna.agreement()).unwrap(), created.epoch_key);
    assert_eq!(epoch_of(&body).unwrap().number, 1);
}
