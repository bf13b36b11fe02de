//! Every direct dependency has its reason in docs/dependencies.md, and
//! nothing is listed that is not used.

use super::{File, Tree, Violation};
use crate::json::Json;

const REASONS: &str = "docs/dependencies.md";
const PACKAGE: &str = "ui/package.json";

/// Which list a dependency stands in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Section {
    /// `[workspace.dependencies]`: a list of versions, used by nobody yet.
    Workspace,
    /// Any other.
    Own,
}

/// A dependency of a manifest.
#[derive(Debug, PartialEq)]
pub struct Dependency {
    /// The name it is used by.
    pub name: String,
    /// Where it stands.
    pub line: usize,
    /// Which list it is in.
    pub section: Section,
}

/// Reads the dependency tables of a Cargo.toml, line by line: one name a line,
/// or one table a name.
pub fn manifest_dependencies(text: &str) -> Vec<Dependency> {
    let mut found = Vec::new();
    let mut section = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            let (table, name) = split_header(header);
            // Lines after a dependency's own table describe that one.
            section = table.filter(|_| name.is_none());
            if let (Some(section), Some(name)) = (table, name) {
                found.push(Dependency { name, line: index + 1, section });
            }
        } else if let (Some(section), Some((key, _))) = (section, line.split_once('=')) {
            let name = key.split('.').next().unwrap_or(key).trim().trim_matches('"');
            if !line.starts_with('#') {
                found.push(Dependency { name: name.into(), line: index + 1, section });
            }
        }
    }
    found
}

/// `target.'cfg(unix)'.dev-dependencies.name` → a list of its own, and the name.
fn split_header(header: &str) -> (Option<Section>, Option<String>) {
    let section = if header.starts_with("workspace.") { Section::Workspace } else { Section::Own };
    // A target's condition may hold dots; the list's name comes after it.
    let tail = header.rsplit_once('\'').map_or(header, |(_, tail)| tail);
    let mut parts = tail.split('.').skip_while(|part| !part.ends_with("dependencies"));
    match parts.next() {
        None => (None, None),
        Some(_) => (Some(section), parts.next().map(str::to_owned)),
    }
}

/// Every dependency has a reason, and every reason a dependency.
pub fn check_reasons(tree: &Tree) -> Vec<Violation> {
    let Some(reasons) = tree.file(REASONS) else {
        return vec![Violation {
            path: REASONS.into(),
            line: 1,
            what: "is not there; it gives every dependency's reason".into(),
        }];
    };
    let used = direct_dependencies(tree);
    let mut violations: Vec<Violation> = Vec::new();
    for (file, line, name) in &used {
        if !reasons.text.contains(&format!("`{name}`")) {
            violations.push(
                file.violation(
                    *line,
                    format!("`{name}` has no reason in {REASONS}; say why it, and what else there was"),
                ),
            );
        }
    }
    for (line, name) in reasoned(reasons) {
        if !used.iter().any(|(_, _, used)| used == name) {
            violations.push(reasons.violation(line, format!("`{name}` is no dependency any more; remove its line")));
        }
    }
    violations
}

/// Every version the workspace lists is used by a member.
pub fn check_use(tree: &Tree) -> Vec<Violation> {
    let Some(root) = tree.file("Cargo.toml") else { return Vec::new() };
    let used: Vec<Dependency> = manifests(tree)
        .flat_map(|file| manifest_dependencies(&file.text))
        .filter(|d| d.section == Section::Own)
        .collect();
    let listed =
        manifest_dependencies(&root.text).into_iter().filter(|dependency| dependency.section == Section::Workspace);
    let unused = listed.filter(|dependency| !used.iter().any(|used| used.name == dependency.name));
    unused
        .map(|dependency| root.violation(dependency.line, format!("no crate uses `{}`; remove it", dependency.name)))
        .collect()
}

fn direct_dependencies(tree: &Tree) -> Vec<(&File, usize, String)> {
    let mut all = Vec::new();
    for file in manifests(tree) {
        let own = manifest_dependencies(&file.text)
            .into_iter()
            .filter(|d| d.section == Section::Own && !d.name.starts_with("drystone-"));
        all.extend(own.map(|dependency| (file, dependency.line, dependency.name)));
    }
    if let Some(file) = tree.file(PACKAGE) {
        let package = Json::parse(&file.text).unwrap_or(Json::Other);
        let lists = ["dependencies", "devDependencies"].iter().filter_map(|list| package.get(list));
        let names = lists.flat_map(|list| list.fields()).map(|(name, _)| name.clone());
        all.extend(names.map(|name| (file, line_of(file, &name), name)));
    }
    all
}

fn manifests(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.files.iter().filter(|file| file.path == "Cargo.toml" || file.path.ends_with("/Cargo.toml"))
}

fn line_of(file: &File, name: &str) -> usize {
    let quoted = format!("\"{name}\"");
    file.lines().find(|(_, line)| line.contains(&quoted)).map_or(1, |(number, _)| number)
}

/// Names in the first column of the document's tables.
fn reasoned(file: &File) -> Vec<(usize, &str)> {
    let mut names = Vec::new();
    for (number, line) in file.lines() {
        let first = line.strip_prefix('|').and_then(|rest| rest.split('|').next()).unwrap_or_default();
        names.extend(first.split('`').skip(1).step_by(2).map(|name| (number, name)));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[dependencies]\nserde.workspace = true\n# no = 1\ntokio = { version = \"1\" }\n\n\
        [target.'cfg(target_os = \"linux\")'.dependencies]\ngtk = \"0.18\"\n[dev-dependencies.tempfile]\nversion = \"3\"\n[features]\nx = []\n";

    #[test]
    fn manifests_are_read() {
        let names: Vec<String> = manifest_dependencies(MANIFEST).into_iter().map(|d| d.name).collect();
        assert_eq!(names, ["serde", "tokio", "gtk", "tempfile"]);
    }

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        let package = "{\"devDependencies\": {\"vite\": \"8\"}}";
        let reasons = "| `serde`, `tokio` | … |\n| `gtk` | … |\n";
        let tree = Tree::of(&[("a/Cargo.toml", MANIFEST), (PACKAGE, package), (REASONS, reasons)]);
        let found: Vec<String> = check_reasons(&tree).into_iter().map(|v| v.what).collect();
        assert!(found[0].contains("`tempfile`") && found[1].contains("`vite`"), "{found:?}");
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn a_reason_without_a_dependency_is_found() {
        let tree = Tree::of(&[("a/Cargo.toml", ""), (REASONS, "| crate | why |\n| `gone` | … |\n")]);
        assert_eq!(check_reasons(&tree)[0].line, 2);
    }

    #[test]
    fn an_unused_version_is_found() {
        let tree = Tree::of(&[
            ("Cargo.toml", "[workspace.dependencies]\nserde = \"1\"\nunused = \"1\"\n"),
            ("a/Cargo.toml", "[dependencies]\nserde.workspace = true\n"),
        ]);
        let found = check_use(&tree);
        assert_eq!((found.len(), found[0].line), (1, 3));
    }
}
