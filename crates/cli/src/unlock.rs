//! What opens the database. What the data folder is set up with decides; on
//! first use the keychain, and without one a choice that a person makes. A key
//! file is never chosen silently.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use drystone_core::api::KeySource;
use drystone_core::error::{Error, ErrorCode, Result};
use drystone_core::{App, Unlock};
use zeroize::Zeroizing;

use crate::Global;

/// The variable that holds the passphrase where nobody can be asked.
pub const PASSPHRASE_VARIABLE: &str = "DRYSTONE_PASSPHRASE";
/// How often a new passphrase is asked for before giving up.
const ATTEMPTS: usize = 3;

const WITHOUT_KEYCHAIN: &str = "\
For a passphrase set DRYSTONE_PASSPHRASE (or use --passphrase-stdin); for a key file give --key-file FILE. \
Both have to be given again at every start.";

/// How the database of a data folder is to be opened, and whether that may be
/// asked again when there turns out to be no keychain.
pub fn choose(data_dir: &Path, global: &Global) -> Result<(Unlock, bool)> {
    match App::configured_unlock(data_dir)? {
        Some(configured) => Ok((configured_source(configured, data_dir, global)?, false)),
        None => match given(global)? {
            Some(unlock) => Ok((unlock, false)),
            None => Ok((Unlock::Keychain, true)),
        },
    }
}

/// What was given with this call: a flag before the environment.
fn given(global: &Global) -> Result<Option<Unlock>> {
    if let Some(path) = &global.key_file {
        return Ok(Some(Unlock::KeyFile(path.clone())));
    }
    Ok(given_passphrase(global)?.map(Unlock::Passphrase))
}

fn given_passphrase(global: &Global) -> Result<Option<Zeroizing<String>>> {
    if global.passphrase_stdin {
        let mut line = Zeroizing::new(String::new());
        std::io::stdin().read_line(&mut line).map_err(|error| {
            Error::new(
                ErrorCode::BadInput,
                format!("The passphrase cannot be read from standard input: {error}."),
                "Give it as the first line, in UTF-8.",
            )
        })?;
        let passphrase = Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned());
        if passphrase.is_empty() {
            return Err(Error::new(
                ErrorCode::Usage,
                "Standard input holds no passphrase.",
                "Give it as the first line of standard input.",
            ));
        }
        return Ok(Some(passphrase));
    }
    match std::env::var(PASSPHRASE_VARIABLE) {
        Ok(passphrase) if !passphrase.is_empty() => Ok(Some(Zeroizing::new(passphrase))),
        Ok(_) | Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Error::new(
            ErrorCode::Usage,
            format!("{PASSPHRASE_VARIABLE} is not UTF-8."),
            "Set it to text in UTF-8.",
        )),
    }
}

fn configured_source(configured: KeySource, data_dir: &Path, global: &Global) -> Result<Unlock> {
    let place = data_dir.display().to_string();
    match (&configured, &global.key_file) {
        (KeySource::KeyFile, Some(path)) => Ok(Unlock::KeyFile(path.clone())),
        (KeySource::KeyFile, None) => Err(Error::new(
            ErrorCode::WrongKey,
            "This data folder is opened with a key file, and none was given.",
            "Give --key-file FILE or set DRYSTONE_KEY_FILE.",
        )
        .at(place)),
        (KeySource::Keychain | KeySource::Passphrase, Some(_)) => Err(Error::new(
            ErrorCode::Usage,
            format!("This data folder is opened with {}, not with a key file.", described(&configured)),
            "Leave out --key-file (and DRYSTONE_KEY_FILE).",
        )
        .at(place)),
        (KeySource::Keychain, None) => Ok(Unlock::Keychain),
        (KeySource::Passphrase, None) => match given_passphrase(global)? {
            Some(passphrase) => Ok(Unlock::Passphrase(passphrase)),
            None if can_ask() => Ok(Unlock::Passphrase(ask_secret("Passphrase: ")?)),
            None => Err(Error::new(
                ErrorCode::WrongKey,
                "This data folder is opened with a passphrase, and none was given.",
                "Set DRYSTONE_PASSPHRASE, or use --passphrase-stdin and give it as the first line.",
            )
            .at(place)),
        },
    }
}

/// How a key source is called in a sentence.
pub fn described(source: &KeySource) -> &'static str {
    match source {
        KeySource::Keychain => "the system's keychain",
        KeySource::Passphrase => "a passphrase",
        KeySource::KeyFile => "a key file",
    }
}

/// First use on a machine without a keychain: explains and asks on a terminal,
/// says exactly what to set anywhere else.
pub fn without_keychain(problem: &Error) -> Result<Unlock> {
    if !can_ask() {
        let mut error = Error::new(problem.code, problem.message.clone(), WITHOUT_KEYCHAIN);
        error.place = problem.place.clone();
        return Err(error);
    }
    let config = directories::ProjectDirs::from("org", "Drystone", "drystone");
    let key_file = config.map_or_else(|| PathBuf::from("drystone.key"), |dirs| dirs.config_dir().join("drystone.key"));
    tell(&format!(
        "{}\n\
         Drystone encrypts what it stores. Without a keychain the key comes from one of these:\n\
         \n  1  a passphrase, asked for at every start (or taken from {PASSPHRASE_VARIABLE})\
         \n  2  a key file that only you may read, {}\
         \n     whoever copies that file and the data folder can read everything\n\n",
        problem.message,
        key_file.display()
    ));
    match ask_line("Choose 1 or 2 (anything else stops): ")?.trim() {
        "1" => Ok(Unlock::Passphrase(ask_new_passphrase()?)),
        "2" => {
            if let Some(folder) = key_file.parent().filter(|folder| *folder != Path::new("")) {
                std::fs::create_dir_all(folder).map_err(|error| {
                    Error::new(
                        ErrorCode::Permission,
                        format!("The folder for the key file cannot be made: {error}."),
                        "Name a key file elsewhere with --key-file FILE.",
                    )
                    .at(folder.display().to_string())
                })?;
            }
            tell(&format!("From now on give --key-file {0} or set DRYSTONE_KEY_FILE={0}.\n", key_file.display()));
            Ok(Unlock::KeyFile(key_file))
        }
        _ => Err(Error::new(
            ErrorCode::Keychain,
            "No way to keep the key was chosen; nothing was stored.",
            WITHOUT_KEYCHAIN,
        )),
    }
}

fn ask_new_passphrase() -> Result<Zeroizing<String>> {
    for _ in 0..ATTEMPTS {
        let first = ask_secret("New passphrase (it cannot be recovered): ")?;
        if first.is_empty() {
            tell("It must not be empty.\n");
            continue;
        }
        if *ask_secret("The same again: ")? == *first {
            return Ok(first);
        }
        tell("The two are different.\n");
    }
    Err(Error::new(ErrorCode::Usage, "No passphrase was set; nothing was stored.", "Run the command again."))
}

/// Whether a person is there to answer.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks for a line on the terminal.
pub fn ask_line(question: &str) -> Result<String> {
    tell(question);
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(unanswered)?;
    Ok(line)
}

fn ask_secret(question: &str) -> Result<Zeroizing<String>> {
    rpassword::prompt_password(question).map(Zeroizing::new).map_err(unanswered)
}

fn unanswered(error: std::io::Error) -> Error {
    Error::new(ErrorCode::Usage, format!("The answer cannot be read: {error}."), "Run the command on a terminal.")
}

fn tell(text: &str) {
    // When standard error is closed there is nobody left to tell.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
