//! The proof as a page to keep or to pass on. It holds no content and no keys.

use std::fmt::Write;

use crate::api::WorkspaceProof;

/// All of it in Markdown.
pub fn compose(time: &str, workspaces: &[WorkspaceProof]) -> String {
    let sound = workspaces.iter().all(|one| one.sound);
    let mut out = format!(
        "# Proof of {time}\n\nDrystone {}. {}\n",
        env!("CARGO_PKG_VERSION"),
        if sound {
            "Everything that was ever acknowledged is where it should be."
        } else {
            "Something is not as it should be."
        }
    );
    for one in workspaces {
        let relay = one.relay.as_deref().unwrap_or("no relay");
        let _infallible = write!(out, "\n## {} ({relay})\n\n", line(&one.name));
        for fact in &one.facts {
            let _infallible = writeln!(out, "- {}", line(fact));
        }
        for finding in &one.findings {
            let _infallible = writeln!(out, "- **Wrong:** {} *{}*", line(&finding.message), line(&finding.advice));
        }
    }
    out
}

/// On one line, and nothing in it that Markdown would take for more than text.
fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).fold(String::new(), |mut out, c| {
        if matches!(c, '*' | '_' | '`' | '#' | '[' | ']' | '<' | '>' | '\\') {
            out.push('\\');
        }
        out.push(c);
        out
    })
}
