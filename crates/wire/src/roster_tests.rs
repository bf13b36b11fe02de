//! Every rule of a membership log, each with a record that only this rule refuses.

use crate::canonical::CanonicalError;
use crate::ids::{AgreementKey, Bytes, Hash, WorkspaceId};
use crate::limits;
use crate::membership::{Body, Epoch, Operation, Record, Role};
use crate::roster::{Member, OpenInvite, Removed, Roster, RosterError};
use crate::testing::{Book, Person, device_key, genesis_body, key, record, wrap};

type Check = Result<(), RosterError>;

fn create(change: impl FnOnce(&mut Body)) -> Result<Roster, RosterError> {
    let owner = Person::new(1);
    let mut body = genesis_body(&owner);
    change(&mut body);
    Roster::create(&record(&owner, &body))
}

fn epoch_of(body: &mut Body) -> &mut Epoch {
    match &mut body.operation {
        Operation::Create { epoch, .. } | Operation::Remove { epoch, .. } | Operation::Rotate { epoch } => epoch,
        other => panic!("{other:?}"),
    }
}

fn not_allowed(result: Check, part: &str) {
    match result {
        Err(RosterError::NotAllowed(why)) => assert!(why.contains(part), "{why}"),
        other => panic!("{other:?}"),
    }
}

fn wrong_epoch(result: Check, part: &str) {
    match result {
        Err(RosterError::Epoch(why)) => assert!(why.contains(part), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_first_record_makes_its_author_the_owner() {
    let owner = Person::new(1);
    let bytes = record(&owner, &genesis_body(&owner));
    let roster = Roster::create(&bytes).unwrap();
    assert_eq!(roster.workspace.0, Record::open(&bytes).unwrap().0.hash().0);
    assert_eq!(roster.head.0, roster.workspace.0);
    assert_eq!((roster.position, roster.epoch), (1, 1));
    assert_eq!(roster.role_of(&owner.device_id()), Some(Role::Owner));
    assert_eq!(roster.role_of(&Person::new(2).device_id()), None);
    assert_eq!(roster.members[&owner.id()].devices[&owner.device_id()], owner.agreement());
}

#[test]
fn a_first_record_stands_first_and_alone() {
    assert_eq!(create(|body| body.version = 2).unwrap_err(), RosterError::Version(2));
    for change in [
        (|body| body.position = 2) as fn(&mut Body),
        |body| body.position = 0,
        |body| body.previous = Hash([1; 32]),
        |body| body.workspace = WorkspaceId([1; 32]),
    ] {
        assert_eq!(create(change).unwrap_err(), RosterError::NotNext { position: 0 });
    }
    let rotate = |body: &mut Body| {
        let epoch = epoch_of(body).clone();
        body.operation = Operation::Rotate { epoch };
    };
    not_allowed(create(rotate).map(|_| ()), "creates the workspace");
}

#[test]
fn a_first_record_carries_the_first_epochs_key_for_its_author_alone() {
    wrong_epoch(create(|body| epoch_of(body).number = 2).map(|_| ()), "number 1");
    wrong_epoch(create(|body| epoch_of(body).previous = Bytes(vec![1])).map(|_| ()), "number 1");
    wrong_epoch(create(|body| epoch_of(body).wraps.clear()).map(|_| ()), "every device");
    wrong_epoch(create(|body| epoch_of(body).wraps[0].to = AgreementKey([1; 32])).map(|_| ()), "every device");
    let more = |body: &mut Body| epoch_of(body).wraps.push(wrap(AgreementKey([1; 32])));
    wrong_epoch(create(more).map(|_| ()), "every device");
}

#[test]
fn a_first_record_is_signed_by_its_device_which_is_certified_by_its_root() {
    let owner = Person::new(1);
    let forged = record(&Person::new(2), &genesis_body(&owner));
    assert_eq!(Roster::create(&forged).unwrap_err(), RosterError::Signature("author"));
    let uncertified = create(|body| {
        let Operation::Create { device, .. } = &mut body.operation else { panic!() };
        device.signature.0[0] ^= 1;
    });
    assert_eq!(uncertified.unwrap_err(), RosterError::Signature("device"));
    let other_device = create(|body| {
        let Operation::Create { device, epoch, .. } = &mut body.operation else { panic!() };
        *device = Person::new(1).with_device(77).certificate();
        epoch.wraps[0].to = device.agreement;
    });
    not_allowed(other_device.map(|_| ()), "author is the new device");
}

#[test]
fn names_are_bounded() {
    let long = Bytes(vec![0; limits::SEALED_NAME_BYTES + 1]);
    let limit = RosterError::Limit(limits::SEALED_NAME_BYTES, "bytes in a sealed name");
    for which in 0..2 {
        let refused = create(|body| {
            let Operation::Create { name, member_name, .. } = &mut body.operation else { panic!() };
            *(if which == 0 { name } else { member_name }) = long.clone();
        });
        assert_eq!(refused.unwrap_err(), limit);
    }
    let (mut book, invite, person) = invited(Role::Reader);
    let mut join = book.join(&invite, &person);
    let Operation::Join { member_name, .. } = &mut join else { panic!() };
    *member_name = long;
    assert_eq!(book.operate(&person, join).unwrap_err(), limit);
}

#[test]
fn bytes_that_are_no_record_are_refused() {
    let mut book = Book::new();
    assert!(matches!(Roster::create(b"hello"), Err(RosterError::Format(CanonicalError::Shape(_)))));
    assert!(matches!(book.roster.apply(b"hello"), Err(RosterError::Format(_))));
    let long = vec![0; limits::RECORD_BYTES + 1];
    assert!(matches!(book.roster.apply(&long), Err(RosterError::Format(CanonicalError::TooLong { .. }))));
}

#[test]
fn a_record_follows_the_last_one() {
    let mut book = Book::new();
    let owner = book.owner.clone();
    let good = book.body(&owner, book.invitation(&key(50), Role::Reader));
    let changes: [fn(&mut Body); 4] = [
        |body| body.position += 1,
        |body| body.position -= 1,
        |body| body.previous = Hash([1; 32]),
        |body| body.workspace = WorkspaceId([1; 32]),
    ];
    for change in changes {
        let mut body = good.clone();
        change(&mut body);
        assert_eq!(book.apply(&owner, &body).unwrap_err(), RosterError::NotNext { position: 1 });
    }
    let newer = Body { version: 2, ..good.clone() };
    assert_eq!(book.apply(&owner, &newer).unwrap_err(), RosterError::Version(2));
    let forged = book.roster.clone().apply(&record(&Person::new(2), &good));
    assert_eq!(forged.unwrap_err(), RosterError::Signature("author"));
    let bytes = record(&owner, &good);
    book.apply(&owner, &good).unwrap();
    assert_eq!((book.roster.position, book.roster.head), (2, Record::open(&bytes).unwrap().0.hash()));
    assert_eq!(book.apply(&owner, &good).unwrap_err(), RosterError::NotNext { position: 2 });
}

#[test]
fn records_are_counted() {
    let mut book = Book::new();
    book.roster.position = limits::RECORDS;
    let owner = book.owner.clone();
    let refused = book.operate(&owner, book.invitation(&key(50), Role::Reader));
    assert_eq!(refused.unwrap_err(), RosterError::Limit(limits::RECORDS as usize, "membership records"));
}

#[test]
fn a_workspace_is_created_once_and_by_members_only_changed() {
    let mut book = Book::new();
    let (owner, stranger) = (book.owner.clone(), Person::new(9));
    not_allowed(book.operate(&owner, genesis_body(&owner).operation), "only the first");
    let operations = [
        book.invitation(&key(50), Role::Reader),
        Operation::RevokeInvite { invite: device_key(&key(50)) },
        Operation::SetRole { member: owner.id(), role: Role::Owner },
        book.add_device(&stranger),
        book.removal(&[&owner]),
        Operation::Rotate { epoch: book.next_epoch(&[]) },
    ];
    for operation in operations {
        not_allowed(book.operate(&stranger, operation), "not a member");
    }
}

#[test]
fn owners_and_admins_invite_but_not_above_themselves() {
    let mut book = Book::new();
    let owner = book.owner.clone();
    let (admin, editor) = (book.admit(2, Role::Admin), book.admit(3, Role::Editor));
    not_allowed(book.operate(&editor, book.invitation(&key(50), Role::Reader)), "owners and admins invite");
    not_allowed(book.operate(&admin, book.invitation(&key(50), Role::Owner)), "owners and admins invite");
    book.operate(&admin, book.invitation(&key(50), Role::Admin)).unwrap();
    book.operate(&owner, book.invitation(&key(51), Role::Owner)).unwrap();
    let agreement = AgreementKey([8; 32]);
    let open = OpenInvite { role: Role::Owner, expires_ms: 5000, by: owner.id(), agreement };
    assert_eq!(book.roster.invites[&device_key(&key(51))], open);
    assert_eq!(book.roster.invites[&device_key(&key(50))].by, admin.id());
    let twice = book.operate(&owner, book.invitation(&key(51), Role::Reader));
    assert_eq!(twice.unwrap_err(), RosterError::Invite);
    let mut stale = book.invitation(&key(52), Role::Reader);
    let Operation::Invite { epoch, .. } = &mut stale else { panic!() };
    *epoch = 2;
    wrong_epoch(book.operate(&owner, stale), "current epoch");
}

#[test]
fn open_invitations_are_counted() {
    let mut book = Book::new();
    let owner = book.owner.clone();
    for seed in 0..limits::INVITES as u16 {
        let open = OpenInvite { role: Role::Reader, expires_ms: 0, by: owner.id(), agreement: AgreementKey([8; 32]) };
        book.roster.invites.insert(device_key(&key(2000 + seed)), open);
    }
    let refused = book.operate(&owner, book.invitation(&key(50), Role::Reader));
    assert_eq!(refused.unwrap_err(), RosterError::Limit(limits::INVITES, "open invitations"));
}

#[test]
fn owners_and_admins_take_invitations_back() {
    let (mut book, invite, person) = invited(Role::Editor);
    let editor = book.admit(3, Role::Editor);
    let owner = book.owner.clone();
    let revoke = Operation::RevokeInvite { invite: device_key(&invite) };
    not_allowed(book.operate(&editor, revoke.clone()), "take invitations back");
    book.operate(&owner, revoke.clone()).unwrap();
    assert_eq!(book.operate(&owner, revoke).unwrap_err(), RosterError::Invite);
    let late = book.join(&invite, &person);
    assert_eq!(book.operate(&person, late).unwrap_err(), RosterError::Invite);
}

fn invited(role: Role) -> (Book, ed25519_dalek::SigningKey, Person) {
    let mut book = Book::new();
    let (owner, invite) = (book.owner.clone(), key(50));
    book.operate(&owner, book.invitation(&invite, role)).unwrap();
    (book, invite, Person::new(2))
}

#[test]
fn an_invitation_brings_one_person_in_with_its_role() {
    let (mut book, invite, person) = invited(Role::Editor);
    book.operate(&person, book.join(&invite, &person)).unwrap();
    let expected = Member {
        role: Role::Editor,
        name: vec![3],
        name_epoch: 1,
        devices: [(person.device_id(), person.agreement())].into(),
        recovery: None,
    };
    assert_eq!(book.roster.members[&person.id()], expected);
    let second = Person::new(3);
    let used = book.operate(&second, book.join(&invite, &second));
    assert_eq!(used.unwrap_err(), RosterError::Invite);
}

#[test]
fn an_invitation_ends_by_the_joining_clock_too() {
    let (mut book, invite, person) = invited(Role::Editor);
    let late = Body { time_ms: 5001, ..book.body(&person, book.join(&invite, &person)) };
    assert_eq!(book.apply(&person, &late).unwrap_err(), RosterError::Invite);
    let just = Body { time_ms: 5000, ..late };
    book.apply(&person, &just).unwrap();
}

#[test]
fn a_join_is_signed_by_invitation_root_and_device() {
    let (mut book, invite, person) = invited(Role::Editor);
    let joined = |change: fn(&mut Operation)| {
        let mut join = book.join(&invite, &person);
        change(&mut join);
        join
    };
    let forged = joined(|join| {
        let Operation::Join { invite_signature, .. } = join else { panic!() };
        invite_signature.0[0] ^= 1;
    });
    let uncertified = joined(|join| {
        let Operation::Join { device, .. } = join else { panic!() };
        device.signature.0[0] ^= 1;
    });
    let other_wrap = joined(|join| {
        let Operation::Join { wrap, .. } = join else { panic!() };
        wrap.to = AgreementKey([1; 32]);
    });
    let other_epoch = joined(|join| {
        let Operation::Join { epoch, .. } = join else { panic!() };
        *epoch = 2;
    });
    assert_eq!(book.operate(&person, forged).unwrap_err(), RosterError::Signature("invitation"));
    assert_eq!(book.operate(&person, uncertified).unwrap_err(), RosterError::Signature("device"));
    wrong_epoch(book.operate(&person, other_wrap), "its own device");
    wrong_epoch(book.operate(&person, other_epoch), "its own device");
    // The invitation's signature holds for these keys only.
    let thief = Person::new(3);
    let mut stolen = book.join(&invite, &thief);
    let (Operation::Join { invite_signature, .. }, Operation::Join { invite_signature: theirs, .. }) =
        (&mut stolen, book.join(&invite, &person))
    else {
        panic!()
    };
    *invite_signature = theirs;
    assert_eq!(book.operate(&thief, stolen).unwrap_err(), RosterError::Signature("invitation"));
    not_allowed(book.operate(&thief, book.join(&invite, &person)), "author is the new device");
}

#[test]
fn nobody_joins_twice_and_no_removed_device_comes_back() {
    let mut book = Book::new();
    let (owner, person) = (book.owner.clone(), book.admit(2, Role::Editor));
    let invite = key(60);
    book.operate(&owner, book.invitation(&invite, Role::Editor)).unwrap();
    let again = person.with_device(70);
    not_allowed(book.operate(&again, book.join(&invite, &again)), "is or was in");
    book.operate(&owner, book.removal(&[&person])).unwrap();
    let invite = key(61);
    book.operate(&owner, book.invitation(&invite, Role::Editor)).unwrap();
    not_allowed(book.operate(&person, book.join(&invite, &person)), "is or was in");
    book.operate(&again, book.join(&invite, &again)).unwrap();
}

#[test]
fn members_are_counted() {
    let (mut book, invite, person) = invited(Role::Editor);
    let member = book.roster.members[&book.owner.id()].clone();
    for number in 1..limits::MEMBERS as u16 {
        book.roster.members.insert(Person::new(100 + number).id(), member.clone());
    }
    let refused = book.operate(&person, book.join(&invite, &person));
    assert_eq!(refused.unwrap_err(), RosterError::Limit(limits::MEMBERS, "members"));
}

#[test]
fn devices_of_a_workspace_are_counted() {
    let (mut book, invite, person) = invited(Role::Editor);
    let owner = book.owner.clone();
    for seed in 1..limits::WORKSPACE_DEVICES as u16 {
        book.roster.devices.insert(device_key(&key(3000 + seed)), owner.id());
    }
    let limit = RosterError::Limit(limits::WORKSPACE_DEVICES, "devices and recovery kits in the workspace");
    assert_eq!(book.operate(&person, book.join(&invite, &person)).unwrap_err(), limit);
    assert_eq!(book.operate(&owner, book.add_device(&owner.with_device(80))).unwrap_err(), limit);
}

/// However many devices a workspace has, one of them can still be removed.
#[test]
fn a_removal_from_the_fullest_workspace_fits_into_a_record() {
    let book = Book::new();
    let epoch = Epoch {
        number: u32::MAX,
        wraps: vec![wrap(AgreementKey([1; 32])); limits::WORKSPACE_DEVICES],
        previous: Bytes(vec![9; 256]),
    };
    let devices = vec![book.owner.last(u64::MAX); limits::DEVICES];
    let operation = Operation::Remove { members: vec![book.owner.id()], devices, epoch };
    assert!(record(&book.owner, &book.body(&book.owner, operation)).len() <= limits::RECORD_BYTES);
}

#[test]
fn roles_are_set_by_owners_and_admins_and_not_above_themselves() {
    let mut book = Book::new();
    let owner = book.owner.clone();
    let (admin, editor) = (book.admit(2, Role::Admin), book.admit(3, Role::Editor));
    let set = |member: &Person, role| Operation::SetRole { member: member.id(), role };
    not_allowed(book.operate(&editor, set(&editor, Role::Reader)), "set roles");
    not_allowed(book.operate(&admin, set(&owner, Role::Reader)), "set roles");
    not_allowed(book.operate(&admin, set(&editor, Role::Owner)), "set roles");
    not_allowed(book.operate(&admin, set(&Person::new(9), Role::Reader)), "no such member");
    book.operate(&admin, set(&editor, Role::Admin)).unwrap();
    not_allowed(book.operate(&owner, set(&owner, Role::Admin)), "last owner");
    book.operate(&owner, set(&admin, Role::Owner)).unwrap();
    book.operate(&owner, set(&owner, Role::Reader)).unwrap();
    assert_eq!(book.roster.role_of(&owner.device_id()), Some(Role::Reader));
}

#[test]
fn members_rename_themselves_under_the_current_key() {
    let mut book = Book::new();
    let reader = book.admit(2, Role::Reader);
    let named = |name: &[u8], epoch| Operation::SetName { member_name: Bytes(name.to_vec()), epoch };
    not_allowed(book.operate(&Person::new(9), named(b"x", 1)), "not a member");
    wrong_epoch(book.operate(&reader, named(b"x", 2)), "a name is sealed");
    let long = vec![0; limits::SEALED_NAME_BYTES + 1];
    let limit = RosterError::Limit(limits::SEALED_NAME_BYTES, "bytes in a sealed name");
    assert_eq!(book.operate(&reader, named(&long, 1)).unwrap_err(), limit);
    let owner_before = book.roster.members[&book.owner.id()].name.clone();
    book.operate(&reader, named(b"Rita", 1)).unwrap();
    assert_eq!(book.roster.members[&reader.id()].name, b"Rita");
    assert_eq!(book.roster.members[&book.owner.id()].name, owner_before);
}

#[test]
fn members_add_devices_that_their_own_root_certified() {
    let mut book = Book::new();
    let reader = book.admit(2, Role::Reader);
    let laptop = reader.with_device(80);
    let foreign = book.add_device(&Person::new(3));
    assert_eq!(book.operate(&reader, foreign).unwrap_err(), RosterError::Signature("device"));
    let mut other_wrap = book.add_device(&laptop);
    let Operation::AddDevice { wrap, .. } = &mut other_wrap else { panic!() };
    wrap.to = AgreementKey([1; 32]);
    wrong_epoch(book.operate(&reader, other_wrap), "new device gets");
    let mut other_epoch = book.add_device(&laptop);
    let Operation::AddDevice { epoch, .. } = &mut other_epoch else { panic!() };
    *epoch = 0;
    wrong_epoch(book.operate(&reader, other_epoch), "new device gets");
    book.operate(&reader, book.add_device(&laptop)).unwrap();
    assert_eq!(book.roster.role_of(&laptop.device_id()), Some(Role::Reader));
    not_allowed(book.operate(&laptop, book.add_device(&laptop)), "is or was in");
    let single =
        Operation::Remove { members: vec![], devices: vec![laptop.last(0)], epoch: book.next_epoch(&[&laptop]) };
    book.operate(&reader, single).unwrap();
    not_allowed(book.operate(&reader, book.add_device(&laptop)), "is or was in");
}

#[test]
fn devices_of_a_member_are_counted() {
    let mut book = Book::new();
    let owner = book.owner.clone();
    for seed in 1..limits::DEVICES as u16 {
        book.operate(&owner, book.add_device(&owner.with_device(100 + seed))).unwrap();
    }
    let refused = book.operate(&owner, book.add_device(&owner.with_device(99)));
    assert_eq!(refused.unwrap_err(), RosterError::Limit(limits::DEVICES, "devices"));
}

#[test]
fn a_removal_takes_devices_invitations_and_the_key() {
    let mut book = Book::new();
    let (owner, person, other) = (book.owner.clone(), book.admit(2, Role::Editor), book.admit(3, Role::Editor));
    book.operate(&owner, book.invitation(&key(60), Role::Reader)).unwrap();
    book.operate(&owner, book.removal(&[&person])).unwrap();
    assert!(!book.roster.members.contains_key(&person.id()) && book.roster.role_of(&person.device_id()).is_none());
    assert_eq!(book.roster.removed[&person.device_id()], Removed { member: person.id(), sequence: 4 });
    assert!(book.roster.invites.is_empty());
    assert_eq!(book.roster.epoch, 2);
    assert_eq!(book.roster.role_of(&other.device_id()), Some(Role::Editor));
}

#[test]
fn a_removal_is_whole_and_within_the_authors_power() {
    let mut book = Book::new();
    let owner = book.owner.clone();
    let (admin, editor, reader) =
        (book.admit(2, Role::Admin), book.admit(3, Role::Editor), book.admit(4, Role::Reader));
    not_allowed(book.operate(&editor, book.removal(&[&reader])), "remove others");
    not_allowed(book.operate(&admin, book.removal(&[&owner])), "remove others");
    not_allowed(book.operate(&owner, book.removal(&[&Person::new(9)])), "no such device");
    not_allowed(book.operate(&owner, book.removal(&[&editor, &editor])), "no such device");
    let epoch = book.next_epoch(&[&editor]);
    let part = |members: &[&Person], devices: &[&Person]| Operation::Remove {
        members: members.iter().map(|person| person.id()).collect(),
        devices: devices.iter().map(|person| person.last(4)).collect(),
        epoch: epoch.clone(),
    };
    not_allowed(book.operate(&owner, part(&[], &[&editor])), "keeps a device");
    not_allowed(book.operate(&owner, part(&[&reader], &[&editor])), "together with all devices");
    not_allowed(book.operate(&owner, part(&[&editor, &editor], &[&editor])), "no such member");
    // Who makes the new key knows it.
    not_allowed(book.operate(&owner, book.removal(&[&owner])), "who makes the new key stays");
    not_allowed(book.operate(&reader, book.removal(&[&reader])), "who makes the new key stays");
    // Whoever may write nothing must not start epochs by removing nobody.
    not_allowed(book.operate(&reader, book.removal(&[])), "at least one device");
    book.operate(&admin, book.removal(&[&editor])).unwrap();
}

#[test]
fn who_leaves_takes_all_devices_and_invitations_along_and_makes_no_key() {
    let mut book = Book::new();
    let (owner, admin) = (book.owner.clone(), book.admit(2, Role::Admin));
    let laptop = admin.with_device(80);
    book.operate(&admin, book.add_device(&laptop)).unwrap();
    book.operate(&admin, book.invitation(&key(50), Role::Reader)).unwrap();
    book.operate(&owner, book.invitation(&key(51), Role::Reader)).unwrap();
    let leave = |people: &[&Person]| Operation::Leave { devices: people.iter().map(|person| person.last(4)).collect() };
    not_allowed(book.operate(&owner, leave(&[&owner])), "an owner stays");
    not_allowed(book.operate(&admin, leave(&[&admin])), "together with all devices");
    not_allowed(book.operate(&admin, leave(&[&admin, &laptop, &owner])), "their own devices");
    not_allowed(book.operate(&admin, leave(&[&admin, &admin, &laptop])), "their own devices");
    not_allowed(book.operate(&Person::new(9), leave(&[])), "not a member");
    assert!(!book.roster.departed);
    book.operate(&laptop, leave(&[&admin, &laptop])).unwrap();
    assert_eq!((book.roster.epoch, book.roster.departed), (1, true));
    assert!(!book.roster.members.contains_key(&admin.id()) && book.roster.role_of(&laptop.device_id()).is_none());
    assert_eq!(book.roster.removed[&laptop.device_id()], Removed { member: admin.id(), sequence: 4 });
    let open: Vec<_> = book.roster.invites.keys().copied().collect();
    assert_eq!(open, [device_key(&key(51))], "only the owner's invitation is left");
    let mut epoch = book.next_epoch(&[]);
    epoch.wraps.push(wrap(AgreementKey([8; 32])));
    book.operate(&owner, Operation::Rotate { epoch }).unwrap();
    assert!(!book.roster.departed, "the next key is not the leaver's");
}

#[test]
fn a_rotation_takes_open_invitations_along_or_back() {
    let mut book = Book::new();
    let owner = book.owner.clone();
    for seed in [50, 51, 52] {
        let mut invitation = book.invitation(&key(seed), Role::Reader);
        let Operation::Invite { wrap, expires_ms, .. } = &mut invitation else { panic!() };
        wrap.to = AgreementKey([seed as u8; 32]);
        *expires_ms = if seed == 52 { 999 } else { 5000 };
        book.operate(&owner, invitation).unwrap();
    }
    let rotate = |book: &Book, invited: &[u8]| {
        let mut epoch = book.next_epoch(&[]);
        epoch.wraps.extend(invited.iter().map(|seed| wrap(AgreementKey([*seed; 32]))));
        Operation::Rotate { epoch }
    };
    wrong_epoch(book.operate(&owner, rotate(&book, &[50, 52])), "every device");
    wrong_epoch(book.operate(&owner, rotate(&book, &[50, 77])), "every device");
    let mut body = book.body(&owner, rotate(&book, &[50]));
    body.time_ms = 2000;
    book.apply(&owner, &body).unwrap();
    let open: Vec<_> = book.roster.invites.keys().copied().collect();
    assert_eq!(open, [device_key(&key(50))], "one got the key, one got none, one had expired");
    assert_eq!((book.roster.epoch, book.roster.epoch_ms), (2, 2000));
}

#[test]
fn members_name_their_own_devices_under_the_current_key() {
    let mut book = Book::new();
    let (owner, reader) = (book.owner.clone(), book.admit(2, Role::Reader));
    let named = |person: &Person, length, epoch| Operation::SetDeviceName {
        device: person.device_id(),
        name: Bytes(vec![7; length]),
        epoch,
    };
    not_allowed(book.operate(&owner, named(&reader, 3, 1)), "their own devices");
    not_allowed(book.operate(&reader, named(&Person::new(9), 3, 1)), "their own devices");
    not_allowed(book.operate(&Person::new(9), named(&Person::new(9), 3, 1)), "not a member");
    wrong_epoch(book.operate(&reader, named(&reader, 3, 2)), "a name is sealed");
    let limit = RosterError::Limit(limits::SEALED_NAME_BYTES, "bytes in a sealed name");
    assert_eq!(book.operate(&reader, named(&reader, limits::SEALED_NAME_BYTES + 1, 1)).unwrap_err(), limit);
    book.operate(&reader, named(&reader, 3, 1)).unwrap();
    assert_eq!(book.roster.device_names[&reader.device_id()], (vec![7; 3], 1));
}

#[test]
fn a_new_epoch_follows_the_last_and_reaches_everyone_who_stays() {
    let mut book = Book::new();
    let owner = book.owner.clone();
    let (editor, person) = (book.admit(2, Role::Editor), book.admit(3, Role::Reader));
    let good = book.next_epoch(&[]);
    let rotate = |change: fn(&mut Epoch)| {
        let mut epoch = good.clone();
        change(&mut epoch);
        Operation::Rotate { epoch }
    };
    wrong_epoch(book.operate(&owner, rotate(|epoch| epoch.number = 1)), "follow each other");
    wrong_epoch(book.operate(&owner, rotate(|epoch| epoch.number = 3)), "follow each other");
    wrong_epoch(book.operate(&owner, rotate(|epoch| epoch.previous.0.clear())), "follow each other");
    wrong_epoch(book.operate(&owner, rotate(|epoch| drop(epoch.wraps.pop()))), "every device");
    wrong_epoch(book.operate(&owner, rotate(|epoch| epoch.wraps.push(epoch.wraps[0].clone()))), "every device");
    not_allowed(book.operate(&editor, rotate(|_| {})), "rotate keys");
    book.operate(&owner, rotate(|_| {})).unwrap();
    // A removal must leave the removed out.
    let mut leaking = book.removal(&[&person]);
    let Operation::Remove { epoch, .. } = &mut leaking else { panic!() };
    epoch.wraps.push(wrap(person.agreement()));
    wrong_epoch(book.operate(&owner, leaking), "every device");
    let mut stale = book.removal(&[&person]);
    let Operation::Remove { epoch, .. } = &mut stale else { panic!() };
    epoch.number = 2;
    wrong_epoch(book.operate(&owner, stale), "follow each other");
}

#[test]
fn who_writes() {
    let mut book = Book::new();
    let people = [book.admit(2, Role::Admin), book.admit(3, Role::Editor), book.admit(4, Role::Reader)];
    let writes: Vec<bool> = people.iter().map(|person| book.roster.may_write(&person.device_id())).collect();
    assert_eq!(writes, [true, true, false]);
    assert!(book.roster.may_write(&book.owner.device_id()));
    assert!(!book.roster.may_write(&Person::new(9).device_id()));
}

#[test]
fn owners_and_admins_let_in_who_answered_an_invitation() {
    let (mut book, invite, person) = invited(Role::Editor);
    let owner = book.owner.clone();
    let editor = book.admit(7, Role::Editor);
    let Operation::Join { invite: key, root, device, member_name, epoch, wrap, invite_signature } =
        book.join(&invite, &person)
    else {
        panic!("not a join")
    };
    let admission = Operation::Admit { invite: key, root, device, member_name, epoch, wrap, invite_signature };
    not_allowed(book.operate(&editor, admission.clone()), "only owners and admins let others in");
    assert!(book.operate(&person, admission.clone()).is_err(), "nobody lets themselves in");
    let mut forged = admission.clone();
    if let Operation::Admit { invite_signature, .. } = &mut forged {
        invite_signature.0[0] ^= 1;
    }
    assert_eq!(book.operate(&owner, forged), Err(RosterError::Signature("invitation")));
    book.operate(&owner, admission.clone()).unwrap();
    assert_eq!(book.roster.role_of(&person.device_id()), Some(Role::Editor));
    assert_eq!(book.operate(&owner, admission), Err(RosterError::Invite), "an invitation works once");
}
