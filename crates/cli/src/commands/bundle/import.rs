//! `drystone bundle import`

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use drystone_core::App;
use drystone_core::api::{BundleFile, BundleInfo, BundleKind, Event, ImportBundle, ImportedBundle};
use drystone_core::command::Request;
use drystone_core::error::Result as CoreResult;
use indicatif::ProgressBar;

use crate::commands::bundle::{LIMIT, counted, described};
use crate::confirm::confirm;
use crate::data_folder::{Background, call, with};
use crate::output::text::{DIM, STRONG, plain};
use crate::output::{Exit, Output, Result};
use crate::{Global, files};

const AFTER_HELP: &str = "\
Examples:
  drystone bundle import /media/stick/plant.drystone
  drystone bundle import plant.drystone --dry-run
  drystone bundle import ada.drystone --name Ada

A bundle is checked as a whole before anything of it is taken in. Taking it in
twice, or in another order than it was made, changes nothing. An invitation, and
the answer to one, are shown and asked about first; scripts answer with --yes.

Exit code 1 when entries were set aside; `drystone workspace refused` says why.

With --json: {\"bundle\", \"applied\", \"setAside\", \"admitted\", \"waiting\", \"files\"}; with
--dry-run what `bundle show` prints.";

/// Arguments of `bundle import`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The bundle
    file: PathBuf,
    /// Only say what would change
    #[arg(long)]
    dry_run: bool,
    /// The name that other members see, when the bundle is an invitation
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Join, or let someone in, without asking
    #[arg(long, short)]
    yes: bool,
}

/// Takes in a bundle.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let content = STANDARD.encode(files::read(&arguments.file, LIMIT)?);
    if arguments.dry_run {
        return super::show::show(content, global, output).await;
    }
    let imported = with(global, Background::Off, async |app| {
        let look = BundleFile { content: content.clone() };
        let info: BundleInfo = call(app, Request::BundleInspect(look)).await?;
        let what = described(output, &info);
        match info.kind {
            BundleKind::Invitation if info.joins => confirm(arguments.yes, &what, "Join?")?,
            BundleKind::Answer => confirm(arguments.yes, &what, "Let them in?")?,
            _ => {}
        }
        let args = ImportBundle { content, user_name: arguments.name };
        let bar = output.progress(u64::from(info.new_entries), "Taking in");
        let imported = watched(app, args, &bar).await;
        bar.finish_and_clear();
        Ok(imported?)
    })
    .await?;
    if output.is_json() {
        output.object(&imported)?;
    } else {
        report(output, &imported)?;
    }
    Ok(if imported.set_aside > 0 { Exit::FINDINGS } else { Exit::DONE })
}

/// Takes it in while the bar follows.
async fn watched(app: &App, args: ImportBundle, bar: &ProgressBar) -> CoreResult<ImportedBundle> {
    let mut events = app.subscribe();
    let mut import = std::pin::pin!(call(app, Request::BundleImport(args)));
    loop {
        tokio::select! {
            imported = &mut import => return imported,
            event = events.recv() => if let Ok(Event::BundleProgress { done, .. }) = event {
                bar.set_position(u64::from(done));
            },
        }
    }
}

fn report(output: &Output, imported: &ImportedBundle) -> Result<()> {
    let name = plain(&imported.bundle.name);
    let applied = counted(imported.applied, "new entry", "new entries");
    output.text(&format!("Took in {applied} of {STRONG}{name}{STRONG:#}\n"))?;
    if imported.files > 0 {
        let files = counted(imported.files, "new file", "new files");
        output.text(&format!("Took in {files} of attachments\n"))?;
    }
    if let Some(person) = &imported.admitted {
        output.text(&format!(
            "{STRONG}{}{STRONG:#} was let in\n{DIM}Carry a bundle from here to them: `drystone bundle export FILE`.{DIM:#}\n",
            plain(person)
        ))?;
    }
    if imported.waiting {
        let advice = "You can read and write; others get it once you are let in. Write the answer with \
                      `drystone bundle export FILE` and carry it back.";
        output.text(&format!("{DIM}{advice}{DIM:#}\n"))?;
    }
    if imported.set_aside > 0 {
        let count = counted(imported.set_aside, "entry was", "entries were");
        output.warning(&format!("{count} set aside: see `drystone workspace refused`"));
    }
    Ok(())
}
