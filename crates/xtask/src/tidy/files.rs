//! Size, names and leftovers.

use std::path::Path;

use super::{File, Tree, Violation, has_word};

/// The longest a file of code may be. Past this it holds more than one thing.
const MAX_LINES: usize = 600;

const CODE: &[&str] = &["rs", "ts", "js", "svelte", "css", "sql", "sh", "py"];

/// Names that say nothing about what a thing does.
const EMPTY_NAMES: &[&str] = &["Manager", "Service", "Helper", "Helpers", "Util", "Utils", "Common", "Misc"];

/// What stands before a name that is being given.
const DECLARATIONS: &[&str] = &["struct ", "enum ", "trait ", "type ", "class ", "interface ", "mod ", "union "];

/// Work left undone is an issue, not a comment. Written apart, since this
/// file is checked too.
const LEFTOVERS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];

/// Beginnings of paths that exist on one machine only.
const MACHINE_PATHS: &[&str] = &[
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/ro", "ot/"),
    concat!("C:\\Us", "ers"),
    concat!("/wo", "rk/main"),
    concat!("/wo", "rk/shared"),
];

/// No file of code is too long.
pub fn check_size(tree: &Tree) -> Vec<Violation> {
    let long = code(tree).filter(|file| file.text.lines().count() > MAX_LINES);
    let what = |file: &File| {
        format!("{} lines; split it where it holds two things (at most {MAX_LINES})", file.text.lines().count())
    };
    long.map(|file| file.violation(MAX_LINES + 1, what(file))).collect()
}

/// No file, module or type has a name that says nothing.
pub fn check_names(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in code(tree) {
        let stem = Path::new(&file.path).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let folders = Path::new(&file.path).iter().filter_map(|part| part.to_str());
        if let Some(name) = folders.chain([stem]).find(|name| is_empty_name(name)) {
            violations.push(file.violation(1, format!("the name `{name}` says nothing; name what it does")));
        }
        for (line, text) in file.code() {
            if let Some(name) = declared(text).filter(|name| is_empty_name(name)) {
                violations.push(file.violation(line, format!("the name `{name}` says nothing; name what it does")));
            }
        }
    }
    violations
}

/// Nothing was left behind: no reminders, no paths of one machine.
pub fn check_words(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.files.iter().filter(|file| file.path != "ui/package-lock.json") {
        for (line, text) in file.lines() {
            if let Some(word) = LEFTOVERS.iter().find(|word| has_word(text, word)) {
                violations.push(file.violation(line, format!("{word}: do it now or open an issue")));
            }
            if let Some(path) = MACHINE_PATHS.iter().find(|path| text.contains(**path)) {
                violations.push(
                    file.violation(line, format!("`{path}` is a path of one machine; make it relative or an argument")),
                );
            }
        }
    }
    violations
}

fn code(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.files.iter().filter(|file| file.has_extension(CODE) && !file.path.contains("/generated/"))
}

fn is_empty_name(name: &str) -> bool {
    EMPTY_NAMES.iter().any(|empty| {
        let whole = name.eq_ignore_ascii_case(empty);
        whole || name.ends_with(empty) || name.ends_with(&format!("_{}", empty.to_lowercase()))
    })
}

/// The name a line declares. Only at a line's start, so that prose in strings
/// is not taken for a declaration.
fn declared(text: &str) -> Option<&str> {
    let mut text = text.trim_start();
    for prefix in ["export ", "default ", "pub(crate) ", "pub(super) ", "pub ", "abstract ", "declare "] {
        text = text.strip_prefix(prefix).unwrap_or(text);
    }
    let rest = DECLARATIONS.iter().find_map(|word| text.strip_prefix(word))?;
    rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_found() {
        let lines = "x\n".repeat(MAX_LINES + 1);
        assert_eq!(
            check_size(&Tree::of(&[("a.rs", &lines), ("ui/src/generated/b.ts", &lines), ("c.json", &lines)])).len(),
            1
        );
    }

    #[test]
    fn names_that_say_nothing_are_found() {
        let broken = |path: &str, text: &str| check_names(&Tree::of(&[(path, text)])).len();
        assert_eq!(broken("a.rs", "pub struct SyncManager {"), 1);
        assert_eq!(broken("a.ts", "export class Utils {"), 1);
        assert_eq!(broken("a.rs", "mod test_helpers;"), 1);
        assert_eq!(broken("common/a.rs", ""), 1);
        assert_eq!(broken("helpers.ts", ""), 1);
        assert_eq!(broken("a.rs", "let x = \"the Service Manager\"; // struct Helper"), 0);
    }

    #[test]
    fn leftovers_are_found() {
        let broken = |text: &str| check_words(&Tree::of(&[("docs/a.md", text)])).len();
        assert_eq!(broken(&format!("// {}: later", LEFTOVERS[0])), 1);
        assert_eq!(broken(&format!("see {}me/notes", MACHINE_PATHS[0])), 1);
        assert_eq!(broken("a todo list, at home/ or work/"), 0);
    }
}
