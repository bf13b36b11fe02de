//! What a recovery kit looks like on paper and as text, and reading it back.

use std::fmt::Write;

use drystone_wire::RelayKey;
use zeroize::Zeroizing;

use super::not_a_kit;
use crate::api::RecoveryStatus;
use crate::crypto::address::RelayAddress;
use crate::crypto::recovery::{KitKeys, KitSecret, WORDS, WordsError, word_list};
use crate::error::{Error, Result};
use crate::store::sharing::workspaces::WorkspaceRow;

/// The longest text that is read as a kit, in bytes.
const TEXT_BYTES: usize = 64 << 10;
/// Relays of one kit.
const RELAYS: usize = 32;

const WORDS_LINE: &str = "Words:";
const RELAY_LINE: &str = "Relay:";

const USE: &str = "On a new computer install Drystone, choose “Use a recovery kit” (or run `drystone recovery use`), \
                   and give these words and the address of the relay.";
const SECRET: &str = "Whoever has these words is you: they read all of it and write in your name. Keep the kit where \
                      you keep what must not be lost or seen, away from your computers. Nobody can give it out again.";
const LIMITS: &str = "It does not bring back what no relay has stored: changes that were still waiting to be sent, \
                      and workspaces without a relay. A new kit makes this one useless.";

/// A kit, ready to be shown.
pub struct Kit<'a> {
    pub words: &'a [String],
    pub person: &'a str,
    pub rows: &'a [WorkspaceRow],
    pub status: &'a RecoveryStatus,
}

impl Kit<'_> {
    /// As text, which [`Given::read`] reads again.
    pub fn text(&self) -> String {
        let mut out = format!("Drystone recovery kit{}\n", self.whose());
        if let Some(made) = &self.status.made {
            let _infallible = writeln!(out, "Made: {made}");
        }
        let _infallible = write!(out, "\n{WORDS_LINE} {}\n\n", self.words.join(" "));
        for (relay, key) in self.relays() {
            let _infallible = writeln!(out, "{RELAY_LINE} {relay} {key}");
        }
        let _infallible = write!(out, "\n{USE}\n\n{SECRET}\n\n{LIMITS}\n");
        out
    }

    /// As a page to print: one file, no scripts, nothing from elsewhere.
    pub fn page(&self) -> String {
        let words = self.words.iter().fold(String::new(), |mut out, word| {
            let _infallible = write!(out, "<li>{word}</li>");
            out
        });
        let made = self.status.made.as_deref().and_then(|made| made.get(..10)).unwrap_or_default();
        let relays = self.relays().into_iter().fold(String::new(), |mut out, (relay, _)| {
            let _infallible = write!(out, "<li><code>{}</code></li>", escaped(&relay));
            out
        });
        let relays = if relays.is_empty() { String::new() } else { format!("<h2>Relays</h2><ul>{relays}</ul>") };
        let covered = self.status.workspaces.iter().fold(String::new(), |mut out, row| {
            let state = if row.covered { "comes back" } else { "does not come back yet" };
            let _infallible = write!(out, "<li>{}: {state}</li>", escaped(&row.name));
            out
        });
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Drystone recovery kit</title>\
             <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body>\
             <h1>Drystone recovery kit</h1><p class=\"whose\">{whose}made on {made}</p><ol>{words}</ol>\
             <p>{USE}</p>{relays}<h2>Workspaces</h2><ul>{covered}</ul><p><strong>{SECRET}</strong></p><p>{LIMITS}</p>\
             </body></html>\n",
            whose = match self.person {
                "" => String::new(),
                name => format!("of {}, ", escaped(name)),
            },
        )
    }

    fn whose(&self) -> String {
        if self.person.is_empty() { String::new() } else { format!(" of {}", self.person) }
    }

    fn relays(&self) -> Vec<(String, RelayKey)> {
        let mut relays: Vec<(String, RelayKey)> = Vec::new();
        for row in self.rows {
            if let Some(relay) = &row.relay
                && !relays.iter().any(|(known, _)| *known == relay.to_string())
            {
                relays.push((relay.to_string(), row.relay_key));
            }
        }
        relays
    }
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;color:#1b1b1a;background:#fff;max-width:44rem;margin:2.5rem auto;\
padding:0 1.5rem}h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:1.5rem 0 .25rem}.whose{color:#55534e;margin:.25rem 0 1.5rem}\
ol{columns:3;column-gap:2rem;border:1px solid #8a867c;padding:1rem 1rem 1rem 3rem;margin:0 0 1.5rem;font:1.05rem/2 ui-monospace,monospace}\
ul{margin:.25rem 0 1rem;padding-left:1.25rem}code{font:0.95rem ui-monospace,monospace}@media(max-width:34rem){ol{columns:2}}\
@media print{body{margin:0;max-width:none}}";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// What a person gives back: the words, and relays if the whole text is there.
pub struct Given {
    pub keys: KitKeys,
    /// With their keys, where those are known.
    pub relays: Vec<(RelayAddress, Option<RelayKey>)>,
}

impl Given {
    /// Reads words, or the whole text of a kit.
    ///
    /// # Errors
    /// `bad-input` says which word is wrong.
    pub fn read(text: &str, more_relays: &[String]) -> Result<Given> {
        if text.len() > TEXT_BYTES {
            return Err(not_a_kit("it is too long", "Give the 24 words."));
        }
        let words = text.lines().find_map(|line| line.trim().strip_prefix(WORDS_LINE)).unwrap_or(text);
        let keys = KitSecret::read(words).map_err(words_error)?.keys().map_err(Error::internal)?;
        let mut relays = Vec::new();
        for line in text.lines().filter_map(|line| line.trim().strip_prefix(RELAY_LINE)).take(RELAYS) {
            let mut parts = line.split_whitespace();
            let Some(Ok(relay)) = parts.next().map(str::parse) else { continue };
            relays.push((relay, parts.next().and_then(|key| key.parse().ok())));
        }
        for address in
            more_relays.iter().map(|address| address.trim()).filter(|address| !address.is_empty()).take(RELAYS)
        {
            let relay: RelayAddress = address.parse().map_err(|error| {
                Error::new(
                    crate::error::ErrorCode::Usage,
                    format!("“{address}” is not a relay's address: {error}."),
                    "It looks like https://relay.example.org.",
                )
            })?;
            if !relays.iter().any(|(known, _)| *known == relay) {
                relays.push((relay, None));
            }
        }
        Ok(Given { keys, relays })
    }
}

fn words_error(error: WordsError) -> Error {
    let advice = match &error {
        WordsError::Count(_) => format!("Give all {WORDS} words, in their order."),
        WordsError::Unknown { number, word } => {
            match drystone_model::check::near::near(word, word_list().iter().copied()).first() {
                Some(near) => format!("Look at word {number} once more: did you mean “{near}”?"),
                None => format!("Look at word {number} once more."),
            }
        }
        WordsError::Checksum => "Compare them with the paper one by one, and their order.".to_owned(),
    };
    not_a_kit(error, advice)
}

/// The words of a text, wiped when dropped.
pub fn wiped(text: String) -> Zeroizing<String> {
    Zeroizing::new(text)
}
