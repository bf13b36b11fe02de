//! `cargo xtask tidy`: the rules of the house that a compiler does not check.
//! Each rule is a function over the tree of files; docs/style.md explains them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell::{self, Failure, Result};

mod crates;
mod dependencies;
mod documents;
mod files;
mod interface;
mod purity;
mod shape;

pub const HELP: &str = "
Usage: cargo xtask tidy

Checks what docs/style.md asks for: which way imports run, file size, names,
leftovers, long functions, tables, links in the documents, and that every dependency has its reason in
docs/dependencies.md. Says file, line, and what to do.
";

/// A file under version control (or about to be).
#[derive(Debug)]
pub struct File {
    /// From the root, with forward slashes.
    pub path: String,
    /// Its text; empty for what is not text.
    pub text: String,
}

/// All files of the repository.
#[derive(Debug, Default)]
pub struct Tree {
    /// Sorted by path.
    pub files: Vec<File>,
}

/// A broken rule.
#[derive(Debug, PartialEq)]
pub struct Violation {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub what: String,
}

/// The one list of rules.
const RULES: &[fn(&Tree) -> Vec<Violation>] = &[
    crates::check,
    purity::check,
    interface::check,
    files::check_size,
    files::check_names,
    files::check_words,
    shape::check_functions,
    shape::check_tables,
    documents::check_links,
    documents::check_paths,
    dependencies::check_reasons,
    dependencies::check_use,
];

/// The command.
pub fn main(args: &[String]) -> Result<()> {
    if !args.is_empty() {
        return Err(Failure::usage("tidy takes no arguments"));
    }
    let tree = Tree::read()?;
    let violations: Vec<Violation> = RULES.iter().flat_map(|rule| rule(&tree)).collect();
    for violation in &violations {
        println!("{}:{}: {}", violation.path, violation.line, violation.what);
    }
    match violations.len() {
        0 => {
            println!("{} files keep the rules.", tree.files.len());
            Ok(())
        }
        1 => Err(Failure::new("one rule is broken")),
        count => Err(Failure::new(format!("{count} rules are broken"))),
    }
}

impl Tree {
    /// Every file that git knows or would add.
    fn read() -> Result<Tree> {
        let list =
            shell::read(Command::new("git").args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"]));
        let list = list.map_err(|failure| failure.advice("tidy asks git which files belong to the repository."))?;
        let mut paths: Vec<&str> =
            list.split('\0').filter(|path| !path.is_empty() && Path::new(path).is_file()).collect();
        paths.sort_unstable();
        paths.dedup();
        let files = paths.into_iter().map(|path| {
            let text = String::from_utf8(shell::read_bytes(path)?).unwrap_or_default();
            Ok(File { path: path.to_owned(), text })
        });
        Ok(Tree { files: files.collect::<Result<_>>()? })
    }

    /// The file at a path.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether a file or folder is there.
    pub fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        self.files
            .iter()
            .any(|file| file.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }

    /// A tree of files given as path and text.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Tree {
        let files = files.iter().map(|(path, text)| File { path: (*path).into(), text: (*text).into() });
        Tree { files: files.collect() }
    }
}

impl File {
    /// Whether the name ends in one of these.
    pub fn has_extension(&self, extensions: &[&str]) -> bool {
        let extension = Path::new(&self.path).extension().and_then(|e| e.to_str());
        extension.is_some_and(|extension| extensions.contains(&extension))
    }

    /// Lines with their numbers.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Lines of code: without those that are only a comment.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// A violation in this file.
    pub fn violation(&self, line: usize, what: impl Into<String>) -> Violation {
        Violation { path: self.path.clone(), line, what: what.into() }
    }
}

/// Where a path leads, `.` and `..` resolved; `None` when out of the tree.
pub fn resolve(from: &str, to: &str) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    let joined: PathBuf = Path::new(from).parent().unwrap_or(Path::new("")).join(to);
    for part in joined.to_string_lossy().replace('\\', "/").split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name.to_owned()),
        }
    }
    Some(parts.join("/"))
}

/// Whether `word` stands in `line` by itself, not as part of another word.
pub fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_resolve() {
        assert_eq!(resolve("docs/a/b.md", "../c.md").as_deref(), Some("docs/c.md"));
        assert_eq!(resolve("README.md", "../x"), None);
    }

    #[test]
    fn words_are_whole() {
        assert!(has_word("use automerge::X", "automerge"));
        assert!(!has_word("automerged", "automerge"));
    }

    #[test]
    fn folders_are_there_when_a_file_is_in_them() {
        let tree = Tree::of(&[("docs/adr/1.md", "")]);
        assert!(tree.has("docs/adr/") && tree.has("docs") && !tree.has("do"));
    }
}
