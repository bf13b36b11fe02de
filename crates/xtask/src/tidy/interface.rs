//! Which way imports run in the interface:
//! `lib ← state ← actions ← components ← views`, `shared` only `shared`, and
//! Tauri's packages only in `backend/tauri.ts`.

use super::{File, Tree, Violation, resolve};

const ROOT: &str = "ui/src/";

/// Where a file stands. A file may import from its own tier and lower ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Tier {
    Lib,
    Backend,
    State,
    Actions,
    Component,
    View,
    Entry,
}

/// The rule.
pub fn check(tree: &Tree) -> Vec<Violation> {
    let sources =
        tree.files.iter().filter(|file| file.path.starts_with(ROOT) && file.has_extension(&["ts", "js", "svelte"]));
    // A test sits beside what it tests and may reach anywhere.
    let sources = sources.filter(|file| !file.path.contains(".test.") && !file.path.contains(".spec."));
    sources.flat_map(|file| file.lines().filter_map(|(line, code)| check_line(file, line, code))).collect()
}

fn check_line(file: &File, line: usize, code: &str) -> Option<Violation> {
    let target = imported(code)?;
    if target.starts_with("@tauri-apps/") {
        let allowed = file.path == "ui/src/backend/tauri.ts";
        return (!allowed)
            .then(|| file.violation(line, "only backend/tauri.ts imports Tauri's packages; go through Backend"));
    }
    if !target.starts_with('.') {
        return None;
    }
    let target = resolve(&file.path, target)?;
    let from = file.path.strip_prefix(ROOT)?;
    let Some(to) = target.strip_prefix(ROOT) else {
        return Some(
            file.violation(line, format!("{target} is outside ui/src and would not be in the bundle's own code")),
        );
    };
    complaint(from, to).map(|what| file.violation(line, what))
}

fn complaint(from: &str, to: &str) -> Option<String> {
    let shared = |path: &str| path.starts_with("shared/");
    if shared(from) {
        return (!shared(to)).then(|| "shared imports only shared; pass what is needed as a property".into());
    }
    // Types of the core are plain data, for everyone.
    if to.starts_with("backend/generated/") || (shared(to) && tier(from) >= Tier::Component) {
        return None;
    }
    if shared(to) {
        return Some("shared holds components, which nothing below components imports".into());
    }
    let (own, other) = (tier(from), tier(to));
    (other > own).then(|| {
        format!("{own:?} must not import from {other:?}: lib ← backend ← state ← actions ← components ← views")
    })
}

fn tier(path: &str) -> Tier {
    match path.split_once('/').map(|(folder, _)| folder) {
        Some("lib") => Tier::Lib,
        Some("backend") => Tier::Backend,
        Some("state") => Tier::State,
        Some("actions") => Tier::Actions,
        Some("views") => Tier::View,
        Some(_) => Tier::Component,
        None => Tier::Entry,
    }
}

/// What a line imports: `import … from "x"`, `export … from "x"`,
/// `import "x"`, `import("x")`, and the last line of a longer import.
fn imported(code: &str) -> Option<&str> {
    let starts = ["from \"", "from '", "import \"", "import '", "import(\"", "import('"];
    let rest = starts.iter().find_map(|start| code.split_once(start).map(|(_, rest)| rest))?;
    rest.split(['"', '\'']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(path: &str, code: &str) -> usize {
        check(&Tree::of(&[(path, code)])).len()
    }

    #[test]
    fn imports_run_one_way() {
        assert_eq!(broken("ui/src/lib/patch.ts", "import { doc } from '../state/document.svelte';"), 1);
        assert_eq!(broken("ui/src/state/a.ts", "import X from \"../editor/X.svelte\""), 1);
        assert_eq!(broken("ui/src/editor/X.svelte", "  import V from \"../views/V.svelte\";"), 1);
        assert_eq!(broken("ui/src/shared/B.svelte", "import { a } from '../lib/a';"), 1);
        assert_eq!(broken("ui/src/state/a.ts", "const x = await import('../views/V.svelte')"), 1);
        assert_eq!(broken("ui/src/state/a.ts", "import { listen } from \"@tauri-apps/api/event\";"), 1);
        assert_eq!(broken("ui/src/state/a.ts", "import { x } from \"../../tools/x\";"), 1);
    }

    #[test]
    fn what_is_allowed_passes() {
        assert_eq!(broken("ui/src/views/V.svelte", "import B from '../shared/B.svelte'"), 0);
        assert_eq!(broken("ui/src/main.ts", "import App from './views/App.svelte'"), 0);
        assert_eq!(broken("ui/src/backend/tauri.ts", "import { listen } from \"@tauri-apps/api/event\";"), 0);
        assert_eq!(broken("ui/src/lib/text.ts", "import type { Splice } from '../backend/generated/api';"), 0);
        assert_eq!(broken("ui/src/lib/text.test.ts", "import { x } from '../views/x';"), 0);
    }
}
