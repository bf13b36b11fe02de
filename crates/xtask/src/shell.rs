//! Running other programs, and saying clearly when one fails.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// What went wrong and what to do about it.
#[derive(Debug)]
pub struct Failure {
    /// One sentence.
    pub what: String,
    /// One sentence, or empty.
    pub advice: String,
    /// The exit code: 1 something was found wanting, 2 wrong usage.
    pub exit: u8,
}

/// What every step returns.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure without more to say.
    pub fn new(what: impl Into<String>) -> Self {
        Failure { what: what.into(), advice: String::new(), exit: 1 }
    }

    /// Wrong arguments.
    pub fn usage(what: impl Into<String>) -> Self {
        Failure { what: what.into(), advice: "`cargo xtask --help` lists what there is.".into(), exit: 2 }
    }

    /// Adds what to do about it.
    pub fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }
}

/// The checkout: the nearest folder upwards that has a `tauri.conf.json`.
pub fn root() -> Result<PathBuf> {
    // `cargo run` sets this to the xtask package.
    let start = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let start = start.or_else(|| std::env::current_dir().ok()).unwrap_or_default();
    let found = start.ancestors().find(|folder| folder.join("tauri.conf.json").is_file());
    found.map(Path::to_path_buf).ok_or_else(|| {
        Failure::new("this is not a checkout of Drystone").advice("Run `cargo xtask` inside the repository.")
    })
}

/// The folder cargo builds into.
pub fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => PathBuf::from("target"),
    }
}

/// A built executable of this workspace.
pub fn built(profile: &str, name: &str) -> PathBuf {
    target_dir().join(profile).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Cargo, the one that runs us.
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// npm, which is a script on Windows.
pub fn npm() -> Command {
    Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

/// Runs a program, its output going to ours.
pub fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    let status = command.status().map_err(|e| cannot_start(&shown, &e))?;
    match status.success() {
        true => Ok(()),
        false => Err(Failure::new(format!("`{shown}` failed ({status})"))),
    }
}

/// Runs a program for its standard output; what it complains about is dropped
/// unless the caller sends it somewhere.
pub fn read(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let output = command.output().map_err(|e| cannot_start(&shown, &e))?;
    if !output.status.success() {
        return Err(Failure::new(format!("`{shown}` failed ({})", output.status)));
    }
    String::from_utf8(output.stdout).map_err(|_| Failure::new(format!("`{shown}` printed something that is not UTF-8")))
}

/// Whether a program runs and succeeds; silent.
pub fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Whether a program of this name is on the path.
pub fn on_path(program: &str) -> bool {
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::var_os("PATH").is_some_and(|paths| std::env::split_paths(&paths).any(|dir| dir.join(&name).is_file()))
}

/// Reads a file, naming it when that fails.
pub fn read_file(path: impl AsRef<Path>) -> Result<String> {
    let path = path.as_ref();
    std::fs::read_to_string(path).map_err(|e| Failure::new(format!("{} cannot be read: {e}", path.display())))
}

/// Reads a file of any kind, naming it when that fails.
pub fn read_bytes(path: impl AsRef<Path>) -> Result<Vec<u8>> {
    let path = path.as_ref();
    std::fs::read(path).map_err(|e| Failure::new(format!("{} cannot be read: {e}", path.display())))
}

/// All files under a folder, sorted; links are not followed.
pub fn files_under(folder: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
    let folder = folder.as_ref();
    let cannot_read = |e: std::io::Error| Failure::new(format!("{} cannot be read: {e}", folder.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(cannot_read)? {
        let entry = entry.map_err(cannot_read)?;
        let kind = entry.file_type().map_err(cannot_read)?;
        if kind.is_dir() {
            files.extend(files_under(entry.path())?);
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// Writes a file and its folder, naming it when that fails.
pub fn write_file(path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> Result<()> {
    let path = path.as_ref();
    let write = || {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, content)
    };
    write().map_err(|e| Failure::new(format!("{} cannot be written: {e}", path.display())))
}

/// A duration as people read it.
pub fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        0..60 => format!("{:.1} s", duration.as_secs_f64()),
        all => format!("{} min {:02} s", all / 60, all % 60),
    }
}

/// A command as one would type it.
pub fn show(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut words = vec![program.file_stem().unwrap_or(command.get_program()).to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|arg| arg.to_string_lossy().into_owned()));
    words.join(" ")
}

fn cannot_start(shown: &str, error: &std::io::Error) -> Failure {
    Failure::new(format!("`{shown}` could not be started: {error}"))
        .advice("`cargo xtask setup` installs what is missing.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        assert_eq!(seconds(Duration::from_millis(1_540)), "1.5 s");
        assert_eq!(seconds(Duration::from_secs(185)), "3 min 05 s");
    }

    #[test]
    fn a_failing_program_is_named() {
        let failure = run(cargo().arg("no-such-command").stderr(Stdio::null())).unwrap_err();
        assert!(failure.what.contains("cargo no-such-command"), "{}", failure.what);
    }
}
