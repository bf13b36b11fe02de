//! What the documents point at exists.

use super::{File, Tree, Violation, resolve};

/// Folders whose files documents name as `crates/…`. What is built or
/// fetched is not under version control and may be named freely.
const FOLDERS: &[&str] =
    &["crates/", "src-tauri/", "ui/src/", "ui/tests/", "sync-server/", "tests/", "docs/", "icons/", ".github/", ".ci/"];

/// Links in Markdown lead somewhere, to headings too.
pub fn check_links(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in documents(tree) {
        for (line, target) in links(file) {
            if let Some(what) = broken_link(tree, file, target) {
                violations.push(file.violation(line, what));
            }
        }
    }
    violations
}

/// Paths in code spans exist: what a document says about the code stays true.
pub fn check_paths(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in documents(tree) {
        for (line, text) in prose(file) {
            let spans = text.split('`').skip(1).step_by(2);
            let paths = spans.filter(|span| FOLDERS.iter().any(|folder| span.starts_with(folder)));
            for path in paths.filter(|span| span.chars().all(|c| c.is_ascii_alphanumeric() || "/._-@".contains(c))) {
                if !tree.has(path) {
                    violations.push(file.violation(line, format!("`{path}` is not there; say where it is now")));
                }
            }
        }
    }
    violations
}

/// Our own documents; templates, samples and test data are content.
fn documents(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.files.iter().filter(|file| {
        let ours = !file.path.contains('/') || file.path.starts_with("docs/") || file.path.ends_with("/README.md");
        ours && file.has_extension(&["md"]) && file.path != "docs/sample.md"
    })
}

/// Lines that are not inside a code fence.
fn prose(file: &File) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for (number, line) in file.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            lines.push((number, line));
        }
    }
    lines
}

/// Targets of `[text](target)` and `<img src="target">`.
fn links(file: &File) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in prose(file) {
        for (start, end) in [("](", ')'), ("src=\"", '"'), ("srcset=\"", '"')] {
            let targets = line.split(start).skip(1).filter_map(|rest| rest.split_once(end));
            found.extend(targets.map(|(target, _)| (number, target.split_whitespace().next().unwrap_or_default())));
        }
    }
    found
}

fn broken_link(tree: &Tree, file: &File, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    let path = if path.is_empty() { file.path.clone() } else { resolve(&file.path, path).unwrap_or_default() };
    if !tree.has(&path) {
        return Some(format!("the link leads to `{target}`, which is not there"));
    }
    let exists = heading.is_empty() || tree.file(&path).is_none_or(|file| headings(file).any(|name| name == heading));
    (!exists).then(|| format!("`{path}` has no heading `#{heading}`"))
}

/// Anchors of a document's headings, as forges make them.
fn headings(file: &File) -> impl Iterator<Item = String> {
    let titles = prose(file)
        .into_iter()
        .filter_map(|(_, line)| line.strip_prefix('#'))
        .map(|rest| rest.trim_start_matches('#').trim());
    titles.map(|title| {
        let letters = title.to_lowercase().replace(' ', "-");
        letters.chars().filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_').collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str) -> usize {
        let tree =
            Tree::of(&[("README.md", text), ("docs/a.md", "# One\n## Two, three\n"), ("crates/x/src/lib.rs", "")]);
        check_links(&tree).len() + check_paths(&tree).len()
    }

    #[test]
    fn dead_links_are_found() {
        assert_eq!(broken("[a](docs/b.md)"), 1);
        assert_eq!(broken("![a](docs/b.png)"), 1);
        assert_eq!(broken("<img src=\"docs/b.png\">"), 1);
        assert_eq!(broken("[a](docs/a.md#three)"), 1);
        assert_eq!(broken("see `crates/y/src`"), 1);
    }

    #[test]
    fn living_links_pass() {
        assert_eq!(
            broken("# Here\n[a](docs/a.md#two-three) [b](#here) [c](https://example.org) `crates/x/src/lib.rs`"),
            0
        );
        assert_eq!(broken("```\n[a](nowhere.md)\n```\n"), 0);
        assert_eq!(broken("`crates/<name>/src`"), 0);
    }
}
