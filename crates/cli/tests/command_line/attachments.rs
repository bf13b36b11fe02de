//! attach, and what exports do with attachments.

use std::fs;

use crate::device::{Device, names};

#[test]
fn a_file_is_attached_listed_saved_removed_and_restored() {
    let device = Device::new();
    device.json(["new", "Plant", "--template", "compact"]);
    device.ok(["add", "plant", "elements", "Pump 7", "kind=service"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.pdf");
    let bytes: Vec<u8> = (0..1_500_000_u32).map(|n| (n % 251) as u8).collect();
    fs::write(&file, &bytes).unwrap();
    let path = file.to_str().unwrap();
    let added = device.json(["attach", "add", "plant", "elements.pump-7", path, "--caption", "As built"]);
    let one = &added["attachments"][0];
    assert_eq!((&one["name"], &one["size"], &one["state"]), (&"plan.pdf".into(), &1_500_000.into(), &"here".into()));
    assert!(!names(one).contains(&"content".to_owned()), "the key is shown nowhere");
    device.json(["attach", "add", "plant", "sections.overview", path]);
    assert_eq!(device.json(["attach", "list", "plant"])["attachments"].as_array().unwrap().len(), 2);
    let of_pump = device.json(["attach", "list", "plant", "elements.pump-7"]);
    assert_eq!(of_pump["attachments"][0]["caption"], "As built");
    let shown = device.ok(["show", "plant", "elements.pump-7.attachments.plan-pdf"]);
    assert!(shown.contains("plan.pdf") && !shown.contains(one["id"].as_str().unwrap().repeat(2).as_str()), "{shown}");

    let out = folder.path().join("out.pdf");
    let attachment = "elements.pump-7.attachments.plan-pdf";
    device.ok(["attach", "save", "plant", attachment, "-o", out.to_str().unwrap()]);
    assert_eq!(fs::read(&out).unwrap(), bytes);
    assert_eq!(device.fails(2, ["attach", "save", "plant", "plan.pdf"])["code"], "ambiguous");

    let json = device.ok(["export", "plant", "--format", "json"]);
    assert!(json.contains("plan.pdf") && !json.contains("\"content\""), "an export holds no key");
    let files = folder.path().join("files");
    let markdown = device.ok(["export", "plant", "--attachments", files.to_str().unwrap()]);
    assert!(markdown.contains("plan.pdf"), "{markdown}");
    for name in ["plan.pdf", "plan-2.pdf"] {
        assert_eq!(fs::read(files.join(name)).unwrap(), bytes);
    }

    device.ok(["attach", "remove", "plant", attachment]);
    assert_eq!(device.json(["attach", "list", "plant"])["attachments"].as_array().unwrap().len(), 1);
    device.ok(["restore", "plant", attachment]);
    assert_eq!(device.json(["attach", "list", "plant"])["attachments"].as_array().unwrap().len(), 2);
}

#[test]
fn what_cannot_be_attached_says_why() {
    let device = Device::new();
    device.json(["new", "Plant", "--template", "compact"]);
    let folder = tempfile::tempdir().unwrap();
    let film = folder.path().join("film.heic");
    fs::write(&film, b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").unwrap();
    let film = film.to_str().unwrap();
    assert_eq!(device.fails(2, ["attach", "add", "plant", "sections.overview", film])["code"], "confirm");
    device.ok(["attach", "add", "plant", "sections.overview", film, "--keep-position"]);
    assert_eq!(device.fails(2, ["attach", "add", "plant", "elements.nothing", film])["code"], "not-found");
    assert_eq!(device.fails(2, ["attach", "add", "plant", "sections.overview", "nowhere.jpg"])["code"], "not-found");
    assert_eq!(device.fails(2, ["attach", "save", "plant", "nothing.jpg"])["code"], "not-found");
}
