//! `drystone workspace join`

use std::path::Path;

use drystone_core::App;
use drystone_core::api::{Empty, InspectInvite, InviteInfo, InvitePreview, Join, WorkspaceSummary};
use drystone_core::command::Request;
use drystone_core::error::{Error, ErrorCode};

use crate::commands::workspace::list::role_name;
use crate::data_folder::{Background, call, with};
use crate::output::text::{STRONG, plain, short};
use crate::output::{Exit, Output, Result};
use crate::{Global, files, unlock};

/// What files with an invitation end with.
const FILE_EXTENSION: &str = "drystone-invite";
/// The longest link that is read from a file or from standard input.
const LINK_LIMIT: u64 = 64 * 1024;

const AFTER_HELP: &str = "\
Examples:
  drystone workspace join 'https://relay.example.org/join#…'
  drystone workspace join ada.drystone-invite
  drystone workspace join - --yes --name Ada < invitation.txt

Shows who invites to what and asks before it joins; scripts answer with --yes. Also takes
the link that `drystone device add` prints.
A link on the command line can be seen by other users of this computer and stays
in the shell's history; `-` reads it from standard input instead.

With --json: {\"id\", \"name\", \"role\", \"documents\", \"members\", \"member\", \"sync\"}.";

/// Arguments of `workspace join`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The invitation's link, or a `.drystone-invite` file; `-` reads standard input
    link: String,
    /// The name that other members see
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Join without asking
    #[arg(long, short)]
    yes: bool,
}

/// Joins a workspace.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let link = read_link(arguments.link)?;
    let (workspace, member) = with(global, Background::Off, async |app| {
        let info: InviteInfo = call(app, Request::WorkspaceInspect(InspectInvite { link: link.clone() })).await?;
        if info.member {
            return Ok((member_already(app, &info).await?, true));
        }
        if !arguments.yes {
            ask(app, &link, &info).await?;
        }
        let _spinner = output.spinner("Joining…");
        let join = Join { link, user_name: arguments.name };
        let workspace: WorkspaceSummary = call(app, Request::WorkspaceJoin(join)).await?;
        Ok((workspace, false))
    })
    .await?;
    if output.is_json() {
        output.object(&workspace)?;
    } else {
        let before = if member { "You are already in" } else { "Joined" };
        let name = if workspace.name.is_empty() { short(&workspace.id).into() } else { plain(&workspace.name) };
        output.text(&format!("{before} {STRONG}{name}{STRONG:#}\n"))?;
    }
    Ok(Exit::DONE)
}

/// The link itself, or the text of a file with one.
fn read_link(given: String) -> Result<String> {
    let path = Path::new(&given);
    let bytes = match given.as_str() {
        "-" => files::read_stdin(LINK_LIMIT)?,
        _ if path.extension().is_some_and(|extension| extension == FILE_EXTENSION) => files::read(path, LINK_LIMIT)?,
        _ => return Ok(given),
    };
    let text = String::from_utf8(bytes).map_err(|_| {
        Error::new(ErrorCode::Invite, "This is no invitation.", "Give the link or the file as it was passed on.")
            .at(if given == "-" { "standard input".to_owned() } else { given })
    })?;
    Ok(text.trim().to_owned())
}

/// Joining twice is no error: the link led here already.
async fn member_already(app: &App, info: &InviteInfo) -> Result<WorkspaceSummary> {
    let workspaces: Vec<WorkspaceSummary> = call(app, Request::WorkspaceList(Empty {})).await?;
    let found = workspaces.into_iter().find(|workspace| workspace.id == info.workspace);
    found.ok_or_else(|| Error::internal("a workspace of this device is not in its list").into())
}

/// Shows who invites to what and asks. Looking does not use the invitation.
async fn ask(app: &App, link: &str, info: &InviteInfo) -> Result<()> {
    if !unlock::can_ask() {
        return Err(Error::new(
            ErrorCode::Usage,
            "Joining has to be confirmed, and there is no terminal to ask on.",
            "Look at where the link leads, then run the command again with --yes.",
        )
        .at(info.relay.clone())
        .into());
    }
    let look = InspectInvite { link: link.to_owned() };
    let preview: InvitePreview = call(app, Request::WorkspacePreview(look)).await?;
    let (name, by) = (plain(&preview.name).into_owned(), plain(&preview.invited_by).into_owned());
    let (relay, role) = (plain(&preview.relay).into_owned(), role_name(preview.role));
    let question = match preview.own_device {
        true => format!(
            "Makes this device one of the devices of {by} ({role}) in the workspace {name} at {relay}.\nGo on? [y/N] "
        ),
        false => format!(
            "{by} invites you to the workspace {name} at {relay}, as {role}; {} there.\n\
             Its members will see your name and read what you write in it. Join? [y/N] ",
            if preview.members == 1 { "one person is".to_owned() } else { format!("{} people are", preview.members) },
        ),
    };
    match unlock::ask_line(&question)?.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Error::new(ErrorCode::Usage, "Not joined; the invitation was not used.", "Answer y to join.").into()),
    }
}
