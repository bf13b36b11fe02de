//! Administration by the command line: it works on the data folder, also while
//! the relay runs. The running relay notices at its next request.

pub mod backup;
mod change;
mod check;
mod fault;
mod list;
pub mod restore;
mod size;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use drystone_wire::{Hash, WorkspaceId};
use rusqlite::{Connection, TransactionBehavior};
use serde_json::{Value, json};

use crate::config::{Config, Options};
use crate::storage::StoreError;
use crate::storage::chunks::Chunks;
use crate::storage::folder::{self, Bell};
use crate::storage::sqlite::{self, admin};

use self::fault::{Code, Fault};
use self::size::{Days, Size};

/// Fewer digits of a workspace's id are not looked for.
const LEAST_DIGITS: usize = 4;

/// Which relay, and how to answer.
#[derive(Debug, Args)]
pub struct Place {
    /// The relay's data folder [default: the user's, such as ~/.local/share/drystone-relay]
    #[arg(long, env = "DRYSTONE_RELAY_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// TOML file of the relay, for its `data`
    #[arg(long, env = "DRYSTONE_RELAY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print one JSON object; an error is `{"error": {"code", "message"}}`
    #[arg(long)]
    json: bool,
}

/// Commands for who runs a relay.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the workspaces, the largest first: sizes and counts, never content
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Show one workspace
    Show {
        #[command(flatten)]
        workspace: Named,
    },
    /// Set quotas of a workspace's own, or go back to the relay's
    #[command(after_help = "Example:\n  drystone-relay quota 3f2a --bytes 2G --devices 20")]
    Quota {
        #[command(flatten)]
        workspace: Named,
        #[command(flatten)]
        quotas: change::Quotas,
    },
    /// Suspend a workspace: its members neither read nor write, and are told why
    Suspend {
        #[command(flatten)]
        workspace: Named,
        /// What its members are told
        #[arg(long, value_name = "TEXT", default_value = "ask who runs the relay")]
        reason: String,
    },
    /// End a suspension
    Resume {
        #[command(flatten)]
        workspace: Named,
    },
    /// Delete a workspace: closed at once, gone for good when the grace is over
    #[command(
        after_help = "Members keep what is on their devices. Within the grace `undelete` brings everything back."
    )]
    Delete {
        #[command(flatten)]
        workspace: Named,
        /// How long it can be brought back, such as 30d or 12h
        #[arg(long, value_name = "TIME", default_value = "30d", conflicts_with = "now")]
        grace: Days,
        /// Without grace
        #[arg(long)]
        now: bool,
        /// Do not ask; needed with --now where nobody can be asked
        #[arg(long)]
        yes: bool,
    },
    /// Bring a deleted workspace back, within its grace
    Undelete {
        #[command(flatten)]
        workspace: Named,
    },
    /// Remove what was deleted and is due; a running relay does so by itself
    Collect {
        #[command(flatten)]
        place: Place,
    },
    /// Write a backup into one file, also while the relay runs, and verify it
    #[command(after_help = "The file holds the relay's key: keep it as secret as the data folder.")]
    Backup {
        /// The file to make; it must not exist
        file: PathBuf,
        #[command(flatten)]
        place: Place,
    },
    /// Restore a whole backup into an empty folder, or one workspace into a relay that may run
    #[command(after_help = restore::HELP)]
    Restore {
        /// A file of `drystone-relay backup`
        file: PathBuf,
        /// Only this workspace, into the relay in --data
        #[arg(long, value_name = "ID")]
        workspace: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Verify everything that is stored: positions, chains, signatures, counts. Ends with 4 when something does not hold
    Check {
        /// A backup instead of the data folder
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        #[command(flatten)]
        place: Place,
    },
}

impl Command {
    fn place(&self) -> &Place {
        match self {
            Command::List { place }
            | Command::Collect { place }
            | Command::Backup { place, .. }
            | Command::Restore { place, .. }
            | Command::Check { place, .. } => place,
            Command::Show { workspace }
            | Command::Quota { workspace, .. }
            | Command::Suspend { workspace, .. }
            | Command::Resume { workspace }
            | Command::Delete { workspace, .. }
            | Command::Undelete { workspace } => &workspace.place,
        }
    }
}

/// A workspace.
#[derive(Debug, Args)]
pub struct Named {
    /// The workspace's id, or its first digits
    #[arg(value_name = "WORKSPACE")]
    id: String,
    #[command(flatten)]
    place: Place,
}

/// What a command says when it is done: for programs, and for people.
pub struct Said {
    json: Value,
    text: String,
    exit: u8,
}

impl Said {
    fn new(json: Value, text: impl Into<String>) -> Said {
        Said { json, text: text.into(), exit: 0 }
    }
}

/// Runs a command and says what came of it.
pub fn run(command: Command) -> ExitCode {
    let as_json = command.place().json;
    let (json, text, exit) = match perform(command) {
        Ok(said) => (said.json, Ok(said.text), said.exit),
        Err(Fault { code, message }) => {
            let json = json!({ "error": { "code": code.as_str(), "message": message } });
            (json, Err(format!("error[{}]: {message}", code.as_str())), code.exit_code())
        }
    };
    // Nobody may be listening; the exit code still tells.
    let _ = match text {
        _ if as_json => writeln!(std::io::stdout(), "{json}"),
        Ok(text) => writeln!(std::io::stdout(), "{text}"),
        Err(text) => writeln!(std::io::stderr(), "{text}"),
    };
    ExitCode::from(exit)
}

fn perform(command: Command) -> Result<Said, Fault> {
    let data = command.place().data()?;
    match command {
        Command::Restore { file, workspace: None, .. } => restore::whole(&data, &file),
        Command::Check { file: Some(file), .. } => check::backup(&file),
        command => inside(command, &Store::open(data)?),
    }
}

fn inside(command: Command, store: &Store) -> Result<Said, Fault> {
    match command {
        Command::List { .. } => list::all(store),
        Command::Show { workspace } => list::one(store, &store.find(&workspace.id)?),
        Command::Quota { workspace, quotas } => change::quota(store, &store.find(&workspace.id)?, &quotas),
        Command::Suspend { workspace, reason } => change::suspend(store, &store.find(&workspace.id)?, &reason),
        Command::Resume { workspace } => change::resume(store, &store.find(&workspace.id)?),
        Command::Delete { workspace, grace, now, yes } => {
            let grace = if now { None } else { Some(grace) };
            change::delete(store, &store.find(&workspace.id)?, grace, yes)
        }
        Command::Undelete { workspace } => change::undelete(store, &store.find(&workspace.id)?),
        Command::Collect { .. } => change::collect(store),
        Command::Backup { file, .. } => backup::write(store, &file),
        Command::Restore { file, workspace, .. } => {
            restore::one(store, &file, workspace.as_deref().unwrap_or_default())
        }
        Command::Check { .. } => check::store(store),
    }
}

impl Place {
    fn data(&self) -> Result<PathBuf, Fault> {
        let options = Options { data: self.data.clone(), ..Options::default() };
        Ok(Config::from_options(options, self.config.as_deref())?.data)
    }
}

/// The database of a data folder, beside a running relay or without one.
pub struct Store {
    data: PathBuf,
    connection: std::cell::RefCell<Connection>,
}

impl Store {
    pub fn open(data: PathBuf) -> Result<Store, Fault> {
        let path = folder::existing_database(&data)?;
        let connection = sqlite::open_beside(&path)?;
        check_format(&connection, "start the relay once with this program, which brings it up to date")?;
        Ok(Store { data, connection: connection.into() })
    }

    /// Reads at one moment.
    fn read<T>(&self, reading: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, Fault> {
        let mut connection = self.connection.borrow_mut();
        let transaction = connection.transaction().map_err(StoreError::from)?;
        let result = reading(&transaction)?;
        transaction.finish().map_err(StoreError::from)?;
        Ok(result)
    }

    /// Changes something in one transaction, then lets a running relay know.
    fn change<T>(&self, changing: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, Fault> {
        let mut connection = self.connection.borrow_mut();
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StoreError::from)?;
        let result = changing(&transaction)?;
        transaction.commit().map_err(StoreError::from)?;
        drop(connection);
        // A relay that cannot be rung for looks by itself within a second.
        let _ = Bell::of(&self.data).ring();
        Ok(result)
    }

    /// Where the chunks of attachments are read.
    fn chunk_of(&self) -> impl Fn(&WorkspaceId, &Hash, usize) -> Result<Option<Vec<u8>>, StoreError> {
        let chunks = Chunks::of(&self.data);
        move |id, blob, index| Ok(chunks.get(id, blob, index)?)
    }

    /// The one workspace that begins with these digits.
    fn find(&self, digits: &str) -> Result<WorkspaceId, Fault> {
        found(self.read(admin::all_ids)?, digits)
    }
}

fn found(ids: Vec<WorkspaceId>, digits: &str) -> Result<WorkspaceId, Fault> {
    let digits = digits.to_ascii_lowercase();
    if digits.len() < LEAST_DIGITS {
        let message = format!("{digits:?} names no workspace: give at least {LEAST_DIGITS} digits of its id");
        return Err(Fault::new(Code::Input, message));
    }
    let mut fitting = ids.into_iter().filter(|id| id.to_string().starts_with(&digits));
    match (fitting.next(), fitting.next()) {
        (Some(id), None) => Ok(id),
        (Some(_), Some(_)) => {
            Err(Fault::new(Code::Ambiguous, format!("several workspaces begin with {digits}: give more digits")))
        }
        (None, _) => Err(Fault::new(
            Code::NoWorkspace,
            format!("no workspace begins with {digits}: `drystone-relay list` names them"),
        )),
    }
}

fn check_format(connection: &Connection, advice: &str) -> Result<(), Fault> {
    let (has, knows) = sqlite::format(connection)?;
    if has == knows {
        return Ok(());
    }
    let advice = if has > knows { "use the newer program" } else { advice };
    Err(Fault::new(Code::Format, format!("the database has format {has}, this program knows {knows}: {advice}")))
}

/// Asks a person at a terminal; where there is none, only --yes says yes.
fn confirmed(yes: bool, question: &str) -> Result<(), Fault> {
    if yes {
        return Ok(());
    }
    let no = || Fault::new(Code::Confirm, format!("{question} Nothing was done; --yes says yes"));
    if !std::io::stdin().is_terminal() {
        return Err(no());
    }
    let mut answer = String::new();
    let asked =
        write!(std::io::stderr(), "{question} Type yes: ").and_then(|()| std::io::stdin().read_line(&mut answer));
    if asked.is_ok() && answer.trim() == "yes" { Ok(()) } else { Err(no()) }
}
