//! What people call workspaces, members, devices and deleted documents, resolved to ids.

use drystone_core::App;
use drystone_core::api::{
    DocumentSummary, Empty, ListDocuments, Member, MemberDevice, OpenInvitation, WorkspaceRef, WorkspaceSummary,
};
use drystone_core::command::Request;
use drystone_core::error::{Error, ErrorCode, Result};

use crate::data_folder::call;
use crate::output::text::short;

/// The fewest digits of an id that name something.
const ID_PREFIX: usize = 4;

/// The id of a workspace given by name or by the first digits of its id.
pub async fn workspace(app: &App, given: Option<&str>) -> Result<Option<String>> {
    let Some(given) = given else { return Ok(None) };
    let all: Vec<WorkspaceSummary> = call(app, Request::WorkspaceList(Empty {})).await?;
    let named = all.iter().map(|w| (w.id.as_str(), w.name.as_str(), "")).collect();
    resolve("workspace", given, named, "See `drystone workspace list`.").map(Some)
}

/// A member, as commands about one take them.
#[derive(clap::Args)]
pub struct Who {
    /// A member's name or the first digits of an id
    member: String,
    /// The workspace: a name or the first digits of an id [default: your first]
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
}

impl Who {
    /// The workspace's id, unless it is the first one, and the member.
    pub async fn find(&self, app: &App) -> Result<(Option<String>, Member)> {
        let workspace = workspace(app, self.workspace.as_deref()).await?;
        let member = member(app, workspace.as_deref(), &self.member).await?;
        Ok((workspace, member))
    }
}

/// A member given by name or by the first digits of an id.
async fn member(app: &App, workspace: Option<&str>, given: &str) -> Result<Member> {
    let workspace = WorkspaceRef { workspace: workspace.map(str::to_owned) };
    let all: Vec<Member> = call(app, Request::WorkspaceMembers(workspace)).await?;
    let named = all.iter().map(|m| (m.id.as_str(), m.name.as_str(), "")).collect();
    let id = resolve("member", given, named, "See `drystone workspace members`.")?;
    all.into_iter().find(|member| member.id == id).ok_or_else(|| Error::internal("a resolved member is gone"))
}

/// A device given as `this`, by name or by the first digits of an id.
pub async fn device(app: &App, workspace: Option<&str>, given: &str) -> Result<MemberDevice> {
    let workspace = WorkspaceRef { workspace: workspace.map(str::to_owned) };
    let all: Vec<MemberDevice> = call(app, Request::DeviceList(workspace)).await?;
    let named = all.iter().map(|d| (d.id.as_str(), d.name.as_str(), if d.this { "this" } else { "" })).collect();
    let id = resolve("device", given, named, "See `drystone device list`.")?;
    all.into_iter().find(|device| device.id == id).ok_or_else(|| Error::internal("a resolved device is gone"))
}

/// The id of an open invitation given by its first digits.
pub async fn invitation(app: &App, workspace: Option<&str>, given: &str) -> Result<String> {
    let workspace = WorkspaceRef { workspace: workspace.map(str::to_owned) };
    let all: Vec<OpenInvitation> = call(app, Request::WorkspaceInvitations(workspace)).await?;
    let named = all.iter().map(|one| (one.id.as_str(), "", "")).collect();
    resolve("open invitation", given, named, "See `drystone workspace invitations`.")
}

/// The id of a deleted document.
pub async fn deleted_document(app: &App, given: &str) -> Result<DocumentSummary> {
    let all: Vec<DocumentSummary> =
        call(app, Request::DocumentList(ListDocuments { workspace: None, deleted: true })).await?;
    let deleted: Vec<_> = all.into_iter().filter(|document| document.deleted.is_some()).collect();
    let named = deleted.iter().map(|d| (d.id.as_str(), d.title.as_str(), d.slug.as_str())).collect();
    let id = resolve("deleted document", given, named, "See `drystone list --deleted`.")?;
    deleted.into_iter().find(|document| document.id == id).ok_or_else(|| Error::internal("a resolved document is gone"))
}

/// Finds the one thing that is meant: an exact name first, then the start of an id.
fn resolve(kind: &str, given: &str, all: Vec<(&str, &str, &str)>, advice: &str) -> Result<String> {
    let wanted = given.to_lowercase();
    let mut fits: Vec<_> = all
        .iter()
        .filter(|(id, name, slug)| {
            !wanted.is_empty() && (*id == wanted || name.to_lowercase() == wanted || *slug == wanted)
        })
        .collect();
    if fits.is_empty() && given.len() >= ID_PREFIX {
        fits = all.iter().filter(|(id, _, _)| id.starts_with(&wanted)).collect();
    }
    match fits.as_slice() {
        [(id, _, _)] => Ok((*id).to_owned()),
        [] => Err(Error::new(ErrorCode::NotFound, format!("There is no {kind} “{given}”."), advice)),
        several => {
            let candidates: Vec<_> = several.iter().map(|(id, name, _)| format!("{name} ({})", short(id))).collect();
            Err(Error::new(
                ErrorCode::Ambiguous,
                format!("“{given}” fits more than one {kind}: {}.", candidates.join(", ")),
                "Give more digits of the id.",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(given: &str) -> std::result::Result<String, ErrorCode> {
        let all = vec![("aaaa11", "Plant", "plant"), ("aaaa22", "Office", "office"), ("bbbb33", "Office", "office")];
        resolve("workspace", given, all, "").map_err(|error| error.code)
    }

    #[test]
    fn names_come_before_ids_and_ambiguity_is_an_error() {
        assert_eq!(find("plant"), Ok("aaaa11".to_owned()));
        assert_eq!(find("BBBB"), Ok("bbbb33".to_owned()));
        assert_eq!(find("office"), Err(ErrorCode::Ambiguous));
        assert_eq!(find("aaaa"), Err(ErrorCode::Ambiguous));
        assert_eq!(find("aaaa2"), Ok("aaaa22".to_owned()));
        assert_eq!(find("bb"), Err(ErrorCode::NotFound), "too short to mean an id");
        assert_eq!(find(""), Err(ErrorCode::NotFound));
    }
}
