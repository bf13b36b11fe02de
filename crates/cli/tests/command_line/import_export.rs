//! Markdown in and out: what is not changed comes out byte for byte.

use std::path::Path;

use serde_json::Value;

use crate::device::{Device, failure, feed, files_in, finish};

/// What Markdown files look like, one difficulty each.
const FILES: &[(&str, &[u8])] = &[
    ("plain", b"# Title\n\n## Overview\n\nText.\n"),
    ("empty", b""),
    ("only newlines", b"\n\n\n"),
    ("no heading", b"Just text.\n\nMore.\n"),
    ("byte order mark", b"\xef\xbb\xbf# Title\n\nText.\n"),
    ("only a byte order mark", b"\xef\xbb\xbf"),
    ("carriage returns", b"# Title\r\n\r\n## Overview\r\n\r\nText.\r\n"),
    ("mixed line endings", b"# Title\r\n\nOne\r\nTwo\nThree\r\n\n## Overview\nText\r\n"),
    ("lone carriage returns", b"# Title\r\rText\rmore\n## Overview\rx\n"),
    ("no final newline", b"# Title\n\nText."),
    ("heading without final newline", b"# Title\n\n## Overview"),
    ("trailing blank lines", b"# Title\n\nText.\n\n\n\n"),
    ("leading blank lines", b"\n\n\n# Title\n\nText.\n"),
    ("trailing spaces", b"# Title  \n\nhard  \nbreak   \n\n##   Overview   \n\n\ttab\t\n"),
    ("setext headings", b"Title\n=====\n\nText\n\nOverview\n---\n\nMore\nlines\n===\n"),
    ("closed headings", b"# Title #\n\n## Overview ##\n\ntext\n\n### C# and F#\n"),
    ("front matter", b"---\ntitle: x\n# not a heading\n---\n\n# Title\n\nText.\n"),
    ("front matter only", b"---\ntitle: x\n---\n"),
    ("fenced headings", b"# Title\n\n```sh\n# not a heading\n```\n\n~~~\n## neither\n~~~\n\n## Overview\n"),
    ("open fence", b"# Title\n\n```\n# not a heading\n## nor this\n"),
    ("indented code", b"# Title\n\n    # not a heading\n\n## Overview\n\n\tcode\n"),
    ("html comments", b"<!--\n# not a heading\n-->\n# Title\n\n<details>\n\n## In HTML\n\n</details>\n"),
    ("headings in lists and quotes", b"# Title\n\n- # item\n\n  text\n\n> # quoted\n> text\n\n## Overview\n"),
    ("deep and jumping levels", b"###### Six\n\n# One\n\n#### Four\n\n## Two\n\n####### seven\n"),
    ("same titles", b"# A\n\n## Overview\n\none\n\n## Overview\n\ntwo\n\n# A\n"),
    ("empty headings", b"#\n\n##\n\n## Overview\n\n### \n"),
    ("not ASCII", "# Übersicht 建築 🧱\n\nÄ\u{301}\u{200d}\u{feff}x\u{2028}y\u{85}z\n".as_bytes()),
    ("controls", b"# Title\n\na\x0bb\x0cc\x07d\x1b[31m\n"),
    ("tables and links", b"# T\n\n| a | b |\n|---|:-:|\n| `#` | [x](y) |\n\n[r]: http://example.org \"t\"\n"),
    ("template words", b"# X\n\n## Scaling Strategy\n\na\n\n## Technology Stack\n\nb\n\n## Unheard of\n\nc\n"),
    ("placeholders", b"# [System name]\n\n## Overview\n\n[Describe it here.]\n"),
    ("zero byte", b"# Title\n\na\0b\n"),
];

#[test]
fn unchanged_markdown_comes_out_byte_for_byte() {
    let device = Device::new();
    for (name, content) in FILES {
        let id = device.import(&format!("{name}.md"), content);
        let exported = device.bytes(["export", &id, "--format", "markdown"]);
        assert_eq!(
            String::from_utf8_lossy(&exported),
            String::from_utf8_lossy(content),
            "{name}: left is what came out"
        );
        assert_eq!(&exported, content, "{name}");
    }
}

#[test]
fn the_corpus_comes_out_byte_for_byte() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/architecture-md");
    if !corpus.is_dir() {
        return;
    }
    let device = Device::new();
    let mut compared = 0;
    for path in files_in(&corpus).iter().filter(|path| path.extension().is_some_and(|extension| extension == "md")) {
        let ran = finish(device.command().arg("--json").arg("import").arg(path));
        assert_eq!(ran.code, 0, "{}: {}", path.display(), ran.stderr);
        let imported: Value = serde_json::from_slice(&ran.stdout).unwrap();
        let exported = device.bytes(["export", imported["id"].as_str().unwrap()]);
        assert!(exported == std::fs::read(path).unwrap(), "{} changed", path.display());
        compared += 1;
    }
    assert!(compared > 0, "the corpus is empty");
}

#[test]
fn an_edit_changes_its_section_and_nothing_else() {
    let device = Device::new();
    let text =
        "\u{feff}---\r\nx: 1\r\n---\r\n# Title\r\n\r\n## Overview\r\n\r\nOld.\r\n\r\n## Unheard of  \r\n\r\n\tx  \r\n";
    device.import("doors.md", text);
    device.ok(["set", "Title", "sections.overview", "New."]);
    let exported = String::from_utf8(device.bytes(["export", "Title"])).unwrap();
    assert_eq!(exported, text.replace("Old.", "New."));
}

#[test]
fn import_says_what_it_made() {
    let device = Device::new();
    let path = device.file("doors.md", "# Doors\n\n## Overview\n\nText.\n\n## Scaling Strategy\n\nNone.\n");
    let imported = device.json(["import", path.to_str().unwrap()]);
    assert_eq!(imported["title"], "Doors");
    assert_eq!(imported["slug"], "doors");
    assert_eq!(imported["id"].as_str().unwrap().len(), 32);
    assert!(imported["matched"].as_u64().unwrap() >= 2, "{imported}");
    let again = device.json(["import", path.to_str().unwrap(), "--format", "markdown", "--template", "compact"]);
    assert_eq!(again["template"], "compact");
    assert_ne!(again["id"], imported["id"], "an import makes a new document");
}

#[test]
fn standard_input_is_imported() {
    let device = Device::new();
    let ran = device.feed(["import", "-"], b"# From a pipe\n\nText.\n");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(device.bytes(["export", "from-a-pipe"]), b"# From a pipe\n\nText.\n");
}

#[test]
fn a_folder_is_imported_without_following_links() {
    let device = Device::new();
    let secret = device.file("elsewhere/secret.md", "# Secret\n");
    device.file("docs/b.md", "# B\n");
    device.file("docs/deep/a.md", "# A\n");
    device.file("docs/notes.txt", "# Notes\n");
    device.file("docs/.hidden/h.md", "# H\n");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&secret, device.path("docs/link.md")).unwrap();
        std::os::unix::fs::symlink(secret.parent().unwrap(), device.path("docs/folder")).unwrap();
        std::os::unix::fs::symlink(".", device.path("docs/loop")).unwrap();
    }
    let _ = &secret;
    let imported = device.json(["import", device.path("docs").to_str().unwrap()]);
    let titles: Vec<&str> =
        imported["documents"].as_array().unwrap().iter().map(|d| d["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["B", "A"]);
    assert!(imported["documents"][0]["file"].as_str().unwrap().ends_with("b.md"));
    assert_eq!(imported["errors"], serde_json::json!([]));
}

#[test]
fn when_some_files_fail_the_others_are_imported() {
    let device = Device::new();
    device.file("docs/good.md", "# Good\n");
    let bad = device.file("docs/bad.md", b"# Bad\n\xff\n");
    let ran = finish(device.command().args(["--json", "import"]).arg(device.path("docs")));
    assert_eq!(ran.code, 2);
    let answer: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(answer["documents"][0]["title"], "Good");
    assert_eq!(answer["errors"][0]["code"], "bad-input");
    assert_eq!(answer["errors"][0]["place"], format!("{}:2:1", bad.display()));

    let ran = device.run(["import", device.path("docs").to_str().unwrap()]);
    assert_eq!(ran.code, 2);
    assert!(String::from_utf8_lossy(&ran.stdout).contains("1 document imported, 1 file failed"));
    assert!(ran.stderr.contains("bad.md:2:1"), "{}", ran.stderr);
}

#[test]
fn export_writes_files_as_a_whole() {
    let device = Device::new();
    device.import("doors.md", "# Doors\n\nText.\n");
    let out = device.path("out.md");
    let answer = device.json(["export", "doors", "-o", out.to_str().unwrap()]);
    assert_eq!(answer["bytes"], 15);
    assert_eq!(std::fs::read(&out).unwrap(), b"# Doors\n\nText.\n");

    std::fs::create_dir(device.path("folder")).unwrap();
    device.ok(["export", "doors", "--format", "json", "-o", device.path("folder").to_str().unwrap()]);
    let [file] = files_in(&device.path("folder")).try_into().unwrap();
    assert_eq!(file.extension().unwrap(), "json");
    let value: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert!(value.is_object());
}

#[test]
fn a_failed_export_leaves_the_old_file() {
    let device = Device::new();
    let out = device.file("out.md", "old");
    failure(2, finish(device.command().args(["--json", "export", "nowhere", "-o"]).arg(&out)));
    assert_eq!(std::fs::read(&out).unwrap(), b"old");
    device.import("doors.md", "# Doors\n");
    let missing = device.path("no/such/folder/out.md");
    let error = failure(2, finish(device.command().args(["--json", "export", "doors", "-o"]).arg(&missing)));
    assert_eq!(error["code"], "not-found");
    assert_eq!(error["place"], missing.display().to_string());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said() {
    let device = Device::new();
    device.import("doors.md", "# Doors\n");
    let error = device.fails(2, ["export", "doors", "-o", "/dev/full"]);
    assert_eq!(error["code"], "disk-full");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ran = finish(device.command().args(["export", "doors"]).stdout(full));
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("disk is full"), "{}", ran.stderr);
}

#[test]
fn json_export_is_an_object_on_standard_output() {
    let device = Device::new();
    device.import("doors.md", "# Doors\n\n## Overview\n\nText.\n");
    let plain: Value = serde_json::from_slice(&device.bytes(["export", "doors", "--format", "json"])).unwrap();
    assert!(plain.is_object());
    let wrapped = device.json(["export", "doors", "--format", "markdown"]);
    assert_eq!(crate::device::names(&wrapped), ["content", "mime", "name"]);
    let unknown = feed(device.command().args(["export", "doors", "--format", "docx"]), b"");
    assert_eq!(unknown.code, 2);
}
