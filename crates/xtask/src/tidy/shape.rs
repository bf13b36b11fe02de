//! The shape of functions and tables.

use super::{File, Tree, Violation};

/// The longest a function may be: it fits a screen.
const MAX_FUNCTION: usize = 70;

/// What may stand before `fn`.
const QUALIFIERS: &[&str] = &["pub ", "pub(crate) ", "pub(super) ", "const ", "async ", "unsafe ", "extern \"C\" "];

/// Every Rust function fits a screen. Read by indentation, which rustfmt
/// makes reliable: a function ends at the brace in the column it began in.
pub fn check_functions(tree: &Tree) -> Vec<Violation> {
    let sources = tree.files.iter().filter(|file| file.has_extension(&["rs"]));
    sources.flat_map(|file| file.lines().filter_map(|(number, line)| long_function(file, number, line))).collect()
}

fn long_function(file: &File, number: usize, line: &str) -> Option<Violation> {
    let name = function_name(line)?;
    let indent = &line[..line.len() - line.trim_start().len()];
    let end = format!("{indent}}}");
    let length = file.text.lines().skip(number - 1).position(|later| later == end)? + 1;
    let what = format!("`{name}` has {length} lines; push ifs up and fors down (at most {MAX_FUNCTION})");
    (length > MAX_FUNCTION).then(|| file.violation(number, what))
}

fn function_name(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    while let Some(shorter) = QUALIFIERS.iter().find_map(|qualifier| rest.strip_prefix(qualifier)) {
        rest = shorter;
    }
    // One that ends on its first line is short, or has no body.
    let body = !line.ends_with('}') && !line.ends_with(';');
    rest.strip_prefix("fn ").filter(|_| body)?.split(['(', '<']).next()
}

/// Every table is STRICT, so that a column holds what its type says.
pub fn check_tables(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.files.iter().filter(|file| file.has_extension(&["sql"])) {
        for (start, _) in file.text.match_indices("CREATE TABLE") {
            let statement = file.text[start..].split(';').next().unwrap_or_default();
            let options = statement.rsplit(')').next().unwrap_or_default();
            if !options.contains("STRICT") {
                let line = file.text[..start].lines().count() + 1;
                violations.push(file.violation(line, "the table is not STRICT; say so after its closing bracket"));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_functions_are_found() {
        let function = |lines: usize| {
            format!("impl X {{\n    pub async fn long() {{\n{}    }}\n}}\n", "        go();\n".repeat(lines))
        };
        let broken = |text: &str| check_functions(&Tree::of(&[("a.rs", text)]));
        assert_eq!(broken(&function(MAX_FUNCTION - 2)), []);
        assert_eq!(broken(&function(MAX_FUNCTION - 1))[0].line, 2);
    }

    #[test]
    fn loose_tables_are_found() {
        let broken = |text: &str| check_tables(&Tree::of(&[("a.sql", text)])).len();
        assert_eq!(
            broken("CREATE TABLE a (\n  b INTEGER NOT NULL CHECK (b > 0)\n) STRICT;\nCREATE TABLE c (d TEXT);"),
            1
        );
        assert_eq!(broken("CREATE TABLE a (b BLOB) STRICT, WITHOUT ROWID;\nCREATE VIRTUAL TABLE f USING fts5(t);"), 0);
    }
}
