//! bundle

use crate::device::{Device, names};

#[test]
fn a_workspace_is_carried_by_file_from_the_first_invitation_on() {
    let (alice, bob) = (Device::new(), Device::new());
    let document = alice.json(["new", "Plant"]);
    let id = document["id"].as_str().unwrap();
    let (invitation, answer, whole) = (alice.path("invitation"), bob.path("answer"), alice.path("whole.drystone"));
    let file = |path: &std::path::PathBuf| path.to_str().unwrap().to_owned();
    let made = alice.json(["bundle", "export", "--invite", "editor", "--hours", "24", &file(&invitation)]);
    assert_eq!(names(&made), ["bundle", "bytes", "file", "leftOut"]);
    assert_eq!(made["bundle"]["kind"], "invitation");
    let error = bob.fails(2, ["bundle", "import", &file(&invitation)]);
    assert_eq!(error["code"], "confirm", "joining is asked for");
    let look = bob.json(["bundle", "import", "--dry-run", &file(&invitation)]);
    assert_eq!((&look["joins"], &look["role"]), (&true.into(), &"editor".into()));
    let taken = bob.json(["bundle", "import", "--yes", "--name", "Bob", &file(&invitation)]);
    assert_eq!(names(&taken), ["admitted", "applied", "bundle", "files", "setAside", "waiting"]);
    assert_eq!(taken["waiting"], true);
    let workspace = taken["bundle"]["workspace"].as_str().unwrap();
    let made = bob.json(["bundle", "export", "--workspace", workspace, &file(&answer)]);
    assert_eq!(made["bundle"]["kind"], "answer");
    assert!(alice.ok(["bundle", "show", &file(&answer)]).contains("Bob answers to an invitation"));
    assert_eq!(alice.fails(2, ["bundle", "import", &file(&answer)])["code"], "confirm");
    assert_eq!(alice.json(["bundle", "import", "--yes", &file(&answer)])["admitted"], "Bob");
    alice.ok(["bundle", "export", &file(&whole)]);
    assert_eq!(bob.json(["bundle", "import", &file(&whole)])["waiting"], false);
    assert_eq!(bob.json(["show", id])["title"], "Plant");
    let none = alice.json(["bundle", "export", "--since", &file(&whole), &file(&alice.path("since"))]);
    assert_eq!(none["bundle"]["entries"], 0);
}

#[test]
fn a_file_that_is_no_bundle_is_refused_with_its_reason() {
    let device = Device::new();
    let text = device.file("note.drystone", "hello");
    assert_eq!(device.fails(2, ["bundle", "import", text.to_str().unwrap()])["code"], "bad-input");
    assert_eq!(device.fails(2, ["bundle", "show", "nowhere.drystone"])["code"], "not-found");
    let whole = device.path("whole.drystone");
    device.ok(["bundle", "export", whole.to_str().unwrap()]);
    let bytes = std::fs::read(&whole).unwrap();
    let cut = device.file("cut.drystone", &bytes[..bytes.len() - 3]);
    assert_eq!(device.fails(4, ["bundle", "import", cut.to_str().unwrap()])["code"], "damaged");
    let stranger = Device::new();
    assert_eq!(stranger.fails(2, ["bundle", "import", whole.to_str().unwrap()])["code"], "not-found");
}
