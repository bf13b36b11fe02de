//! What rooms of the core must not touch. Words are looked for in code; files
//! of tests are left out, since they may measure time and write files.

use super::{File, Tree, Violation, has_word};

const SQL: &[&str] = &["rusqlite"];
const NETWORK: &[&str] = &[
    "reqwest",
    "tungstenite",
    "tokio_tungstenite",
    "tokio::net",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
];
const CLOCK: &[&str] = &["SystemTime", "Instant::now", "tokio::time"];
const RANDOM: &[&str] = &["getrandom", "rand", "OsRng"];
const DISK: &[&str] = &["std::fs", "tokio::fs"];
const ENVIRONMENT: &[&str] = &["std::env", "println!", "eprintln!", "std::process", "directories"];
const MERGE: &[&str] = &["automerge"];

/// A room, what it must not use, and why.
struct Room {
    paths: &'static [&'static str],
    except: &'static [&'static str],
    forbidden: &'static [&'static [&'static str]],
    why: &'static str,
}

/// A path ending in `/` stands for a folder and the module file of its name.
const ROOMS: &[Room] = &[
    Room {
        paths: &["crates/model/src/"],
        except: &[],
        forbidden: &[SQL, NETWORK, CLOCK, RANDOM, DISK, ENVIRONMENT, MERGE],
        why: "the model is pure: pure data in, pure data out; take what is timed or random as an argument",
    },
    Room {
        paths: &["crates/core/src/document/", "crates/core/src/diagram/", "crates/core/src/check/"],
        except: &[],
        forbidden: &[SQL, NETWORK, CLOCK, DISK],
        why: "document, diagram and check are pure: no database, network, clock or disk; take what is needed as an argument",
    },
    Room {
        paths: &["crates/core/src/sync/engine.rs", "crates/core/src/sync/engine/"],
        except: &[],
        forbidden: &[SQL, NETWORK, CLOCK, RANDOM, DISK],
        why: "the engine has no sockets, clock or randomness of its own; take time and random bytes as arguments",
    },
    Room {
        paths: &["crates/core/src/crypto/"],
        except: &[],
        forbidden: &[SQL, NETWORK, MERGE],
        why: "crypto knows bytes only",
    },
    Room {
        paths: &["crates/core/src/import/", "crates/core/src/export/"],
        except: &[],
        forbidden: &[SQL, NETWORK, CLOCK, DISK],
        why: "import and export go between bytes and documents",
    },
    Room {
        paths: &["crates/core/"],
        except: &["crates/core/src/document/", "crates/core/tests/", "crates/core/benches/"],
        forbidden: &[MERGE],
        why: "only crates/core/src/document uses Automerge; add a function there",
    },
    Room {
        paths: &["crates/core/src/"],
        except: &[],
        forbidden: &[ENVIRONMENT],
        why: "core never talks to the user or the environment; hosts pass in what it needs",
    },
    Room {
        paths: &["crates/wire/src/"],
        except: &[],
        forbidden: &[SQL, NETWORK, CLOCK, DISK, ENVIRONMENT, MERGE],
        why: "wire is types and limits, nothing that acts",
    },
];

/// The rule.
pub fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.files.iter().filter(|file| file.has_extension(&["rs"]) && !is_test(tree, &file.path)) {
        for room in ROOMS.iter().filter(|room| room.holds(&file.path)) {
            violations.extend(room.check(file));
        }
    }
    violations
}

impl Room {
    fn holds(&self, path: &str) -> bool {
        let within = |places: &[&str]| places.iter().any(|place| is_within(path, place));
        within(self.paths) && !within(self.except)
    }

    fn check(&self, file: &File) -> Vec<Violation> {
        let words: Vec<&str> = self.forbidden.iter().flat_map(|list| list.iter().copied()).collect();
        let found = file.code().filter_map(|(line, code)| {
            let word = words.iter().find(|word| uses(code, word))?;
            Some(file.violation(line, format!("`{word}` does not belong here: {}", self.why)))
        });
        found.collect()
    }
}

/// Files named as tests, and modules that their parent compiles for tests only.
fn is_test(tree: &Tree, path: &str) -> bool {
    let named = path.ends_with("_tests.rs") || path.ends_with("/tests.rs") || path.contains("/tests/");
    named
        || path.rsplit_once('/').is_some_and(|(folder, name)| {
            let declared = format!("#[cfg(test)]\nmod {};", name.trim_end_matches(".rs"));
            let parents = [format!("{folder}.rs"), format!("{folder}/lib.rs"), format!("{folder}/main.rs")];
            parents.iter().filter_map(|parent| tree.file(parent)).any(|parent| parent.text.contains(&declared))
        })
}

fn is_within(path: &str, place: &str) -> bool {
    match place.strip_suffix('/') {
        Some(folder) => path.starts_with(place) || path.strip_suffix(".rs") == Some(folder),
        None => path == place,
    }
}

/// Whether code names this module, type or macro. A single lower-case word
/// counts only as the start of a path, since it may also be a variable.
fn uses(code: &str, word: &str) -> bool {
    if word.chars().all(|c| c.is_lowercase() || c == '_') {
        return has_word(code, word)
            && (code.contains(&format!("{word}::")) || code.trim_end().ends_with(&format!("use {word};")));
    }
    match word.strip_suffix('!') {
        Some(name) => has_word(code, name) && code.contains(word),
        None => has_word(code, word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(path: &str, code: &str) -> usize {
        check(&Tree::of(&[(path, code)])).len()
    }

    #[test]
    fn rooms_are_kept_apart() {
        assert_eq!(broken("crates/core/src/document/edit.rs", "use rusqlite::Connection;"), 1);
        assert_eq!(broken("crates/model/src/check/days.rs", "let now = SystemTime::now();"), 1);
        assert_eq!(broken("crates/core/src/document.rs", "let now = SystemTime::now();"), 1);
        assert_eq!(broken("crates/core/src/sync/engine.rs", "getrandom::fill(&mut bytes);"), 1);
        assert_eq!(broken("crates/core/src/store/log.rs", "fn f(change: automerge::Change) {}"), 1);
        assert_eq!(broken("crates/core/src/app.rs", "let home = std::env::var(\"HOME\");"), 1);
    }

    #[test]
    fn modules_for_tests_may_do_more() {
        let simulation = ("crates/core/src/app/simulation.rs", "let seed = std::env::var(\"SEED\");");
        assert_eq!(
            check(&Tree::of(&[("crates/core/src/app.rs", "#[cfg(test)]\nmod simulation;"), simulation])).len(),
            0
        );
        assert_eq!(check(&Tree::of(&[("crates/core/src/app.rs", "mod simulation;"), simulation])).len(), 1);
    }

    #[test]
    fn what_is_allowed_passes() {
        assert_eq!(broken("crates/core/src/document/edit.rs", "use automerge::AutoCommit;"), 0);
        assert_eq!(broken("crates/core/src/store/database.rs", "use rusqlite::Connection;"), 0);
        assert_eq!(broken("crates/core/src/document/edit.rs", "// rusqlite::Connection is not for us"), 0);
        assert_eq!(broken("crates/core/src/document/edit.rs", "let rand = 1;"), 0);
        assert_eq!(broken("crates/core/src/document/edit_tests.rs", "let start = Instant::now();"), 0);
    }
}
