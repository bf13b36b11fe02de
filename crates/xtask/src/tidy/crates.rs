//! Which crate may depend on which: `wire ← core ← {window, cli}` and
//! `wire ← relay`. The relay never sees core, so it cannot hold plain text.

use super::dependencies::{Section, manifest_dependencies};
use super::{Tree, Violation};

/// Every manifest with the crates of ours that it may name. `tests` drives
/// everything and may name all; a manifest that is not here is an error.
const ALLOWED: &[(&str, &[&str])] = &[
    ("Cargo.toml", &["drystone-core"]),
    ("crates/wire/Cargo.toml", &[]),
    ("crates/model/Cargo.toml", &[]),
    ("fuzz/Cargo.toml", &["drystone-core", "drystone-model", "drystone-wire"]),
    ("crates/core/Cargo.toml", &["drystone-model", "drystone-wire"]),
    ("crates/cli/Cargo.toml", &["drystone-core"]),
    ("crates/xtask/Cargo.toml", &[]),
    ("sync-server/Cargo.toml", &["drystone-wire"]),
    (
        "tests/Cargo.toml",
        &["drystone-wire", "drystone-model", "drystone-core", "drystone-cli", "drystone-relay", "drystone-desktop"],
    ),
];

/// The rule.
pub fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.files.iter().filter(|file| file.path == "Cargo.toml" || file.path.ends_with("/Cargo.toml")) {
        let Some((_, allowed)) = ALLOWED.iter().find(|(path, _)| *path == file.path) else {
            violations
                .push(file.violation(1, "a new crate: say what it may depend on in crates/xtask/src/tidy/crates.rs"));
            continue;
        };
        for dependency in manifest_dependencies(&file.text).into_iter().filter(|d| d.section != Section::Workspace) {
            let ours = dependency.name.starts_with("drystone-");
            if ours && !allowed.contains(&dependency.name.as_str()) {
                let what =
                    format!("{} must not be used here; imports run wire ← core ← hosts, wire ← relay", dependency.name);
                violations.push(file.violation(dependency.line, what));
            } else if !ours && file.path == "crates/xtask/Cargo.toml" {
                violations.push(file.violation(
                    dependency.line,
                    "xtask has no dependencies, so that it builds at once on a bare machine",
                ));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn the_relay_never_sees_core() {
        assert_eq!(broken("sync-server/Cargo.toml", "[dependencies]\ndrystone-core.workspace = true\n"), 1);
        assert_eq!(broken("sync-server/Cargo.toml", "[dev-dependencies.drystone-core]\nworkspace = true\n"), 1);
        assert_eq!(broken("sync-server/Cargo.toml", "[dependencies]\ndrystone-wire = { path = \"x\" }\n"), 0);
    }

    #[test]
    fn new_crates_and_dependencies_of_xtask_are_found() {
        assert_eq!(broken("crates/new/Cargo.toml", "[package]\n"), 1);
        assert_eq!(broken("crates/xtask/Cargo.toml", "[dependencies]\nanyhow = \"1\"\n"), 1);
    }

    #[test]
    fn the_list_of_the_workspace_is_nobodys_dependency() {
        assert_eq!(broken("Cargo.toml", "[workspace.dependencies]\ndrystone-wire = { path = \"crates/wire\" }\n"), 0);
    }
}
