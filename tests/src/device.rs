//! A device: a data folder and a façade open on it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_core::error::Error;
use drystone_core::{App, Config, Unlock};
use serde::de::DeserializeOwned;

/// A data folder that an app has open.
pub struct Device {
    folder: Arc<tempfile::TempDir>,
    app: App,
}

/// A data folder that nobody has open.
pub struct Folder(Arc<tempfile::TempDir>);

/// Opens a data folder without synchronising in the background.
///
/// # Errors
/// The façade's.
pub async fn open_folder(path: &Path, unlock: Unlock) -> Result<App, Error> {
    App::open(Config { data_dir: path.to_path_buf(), unlock, background_sync: false }).await
}

impl Folder {
    /// The folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Opens it.
    ///
    /// # Errors
    /// The façade's.
    pub async fn try_open(&self) -> Result<App, Error> {
        open_folder(self.path(), Unlock::KeyFile(self.path().join("key"))).await
    }

    /// Opens it as a device.
    pub async fn open_app(&self) -> Device {
        Device { folder: self.0.clone(), app: self.try_open().await.unwrap() }
    }
}

impl Device {
    /// A new device with an empty data folder.
    pub async fn new() -> Device {
        Folder(Arc::new(tempfile::tempdir().unwrap())).open_app().await
    }

    /// A device that synchronises by itself, as the window does.
    pub async fn in_background() -> Device {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let unlock = Unlock::KeyFile(folder.path().join("key"));
        let config = Config { data_dir: folder.path().to_path_buf(), unlock, background_sync: true };
        Device { app: App::open(config).await.unwrap(), folder }
    }

    /// An app that is open on a folder.
    pub fn of(folder: tempfile::TempDir, app: App) -> Device {
        Device { folder: Arc::new(folder), app }
    }

    /// Its data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Sets the relay of the default workspace and brings everything there.
    pub async fn share(&self, relay: &str) {
        let args = SetRelay { workspace: None, url: relay.into() };
        self.call::<SyncState>(Request::RelaySet(args)).await.unwrap();
        let states = self.sync().await;
        assert_eq!(states[0].phase, SyncPhase::Idle, "{states:?}");
    }

    /// An invitation's link to the default workspace.
    pub async fn invite(&self, role: Role) -> String {
        let args = Invite { workspace: None, role, hours: 24 };
        self.call::<Invitation>(Request::WorkspaceInvite(args)).await.unwrap().link
    }

    /// The workspace with a relay, which tests are about.
    pub async fn shared(&self) -> WorkspaceRef {
        let all: Vec<WorkspaceSummary> = self.call(Request::WorkspaceList(Empty {})).await.unwrap();
        // After leaving there is none; the last one was joined.
        let found = all.iter().find(|one| one.sync.relay.is_some()).or_else(|| all.last()).unwrap();
        WorkspaceRef { workspace: Some(found.id.clone()) }
    }

    /// The members of the shared workspace.
    pub async fn members(&self) -> Vec<Member> {
        self.call(Request::WorkspaceMembers(self.shared().await)).await.unwrap()
    }

    /// A member of the shared workspace by name.
    pub async fn member(&self, name: &str) -> MemberRef {
        let members = self.members().await;
        let found = members.iter().find(|member| member.name == name);
        let member = found.unwrap_or_else(|| panic!("{name} is not among {members:?}")).id.clone();
        MemberRef { workspace: self.shared().await.workspace, member }
    }

    /// Removes a member of the shared workspace.
    ///
    /// # Errors
    /// The façade's.
    pub async fn remove(&self, name: &str) -> Result<Vec<Member>, Error> {
        self.call(Request::WorkspaceRemove(self.member(name).await)).await
    }

    /// Changes the role of a member of the shared workspace.
    ///
    /// # Errors
    /// The façade's.
    pub async fn set_role(&self, name: &str, role: Role) -> Result<Vec<Member>, Error> {
        let MemberRef { workspace, member } = self.member(name).await;
        self.call(Request::WorkspaceSetRole(SetRole { workspace, member, role })).await
    }

    /// How old the shared workspace's keys are.
    pub async fn keys(&self) -> WorkspaceKeys {
        self.call(Request::WorkspaceKeyAge(self.shared().await)).await.unwrap()
    }

    /// What the shared workspace has set aside.
    pub async fn refused(&self) -> Vec<RefusedEntry> {
        self.call(Request::SyncRefused(self.shared().await)).await.unwrap()
    }

    /// All devices in the shared workspace.
    pub async fn devices(&self) -> Vec<MemberDevice> {
        self.call(Request::DeviceList(self.shared().await)).await.unwrap()
    }

    /// Puts letters in front of the first section.
    ///
    /// # Errors
    /// The façade's.
    pub async fn prepend(&self, document: &str, text: &str) -> Result<Edited, Error> {
        let section = self.open(document).await.sections[0].clone();
        self.type_in(document, &section.id, section.version, &[(0, 0, text)]).await
    }

    /// Joins a workspace.
    ///
    /// # Errors
    /// The façade's.
    pub async fn join(&self, link: &str, name: &str) -> Result<WorkspaceSummary, Error> {
        self.call(Request::WorkspaceJoin(Join { link: link.into(), user_name: Some(name.into()) })).await
    }

    /// One round with every relay.
    pub async fn sync(&self) -> Vec<SyncState> {
        let mut states: Vec<SyncState> = self.call(Request::SyncNow(WorkspaceRef { workspace: None })).await.unwrap();
        // The workspace with a relay is the one that tests are about.
        states.sort_by_key(|state| state.relay.is_none());
        states
    }

    /// Takes in the log up to a position at most and sends what waits; returns
    /// the log's last position.
    pub async fn sync_until(&self, position: u64) -> u64 {
        let states = self.sync_states().await;
        let workspace = states.iter().find(|state| state.relay.is_some()).unwrap().workspace.parse().unwrap();
        self.app.sync_until(&workspace, Some(position)).await.unwrap()
    }

    async fn sync_states(&self) -> Vec<SyncState> {
        self.call(Request::SyncStatus(Empty {})).await.unwrap()
    }

    /// Waits until the document reads like this.
    pub async fn eventually(&self, id: &str, text: &str) {
        let started = std::time::Instant::now();
        let mut last = String::from("the document is not there");
        while started.elapsed() < std::time::Duration::from_secs(30) {
            let args = ExportDocument { document: id.into(), format: ExportFormat::Markdown };
            if let Ok(exported) = self.call::<Exported>(Request::DocumentExport(args)).await {
                last = String::from_utf8(BASE64.decode(exported.content).unwrap()).unwrap();
                if last == text {
                    return;
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("after half a minute it still reads {last:?}");
    }

    /// A second process on the same folder, as far as one process can have it:
    /// nothing is shared but the files.
    pub async fn again(&self) -> Device {
        Folder(self.folder.clone()).open_app().await
    }

    /// The façade.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// A copy of the folder as a crash would leave it: nothing settled, no locks.
    pub fn copy_as_after_a_crash(&self) -> Folder {
        let copy = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() && !entry.file_name().to_str().unwrap().ends_with("-shm") {
                std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
            }
        }
        Folder(Arc::new(copy))
    }

    /// A copy of the folder after a clean end, everything in the one file.
    pub async fn copy_closed(self) -> Folder {
        self.app.close().await.unwrap();
        let folder = self.folder.clone();
        drop(self.app);
        // The watching thread lets go of its connection within a tick. Everything is
        // in the database file now; the emptied log would only be kept for reuse.
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        for side in ["drystone.db-wal", "drystone.db-shm"] {
            let _gone = std::fs::remove_file(folder.path().join(side));
        }
        Folder(folder)
    }

    /// Runs a command.
    ///
    /// # Errors
    /// The façade's.
    pub async fn run(&self, request: Request) -> Result<serde_json::Value, Error> {
        Ok(serde_json::from_str(self.app.call(request).await?.get()).unwrap())
    }

    /// Runs a command whose reply has this type.
    ///
    /// # Errors
    /// The façade's.
    pub async fn call<T: DeserializeOwned>(&self, request: Request) -> Result<T, Error> {
        Ok(serde_json::from_str(self.app.call(request).await?.get()).unwrap())
    }

    /// Creates a document; returns its id.
    pub async fn create(&self, title: &str, template: &str) -> String {
        let args =
            CreateDocument { title: title.into(), template: template.into(), template_file: None, workspace: None };
        self.call::<DocumentSummary>(Request::DocumentCreate(args)).await.unwrap().id
    }

    /// Imports Markdown.
    ///
    /// # Errors
    /// The façade's.
    pub async fn import(&self, name: &str, bytes: &[u8]) -> Result<Imported, Error> {
        let content = BASE64.encode(bytes);
        let args = ImportDocument {
            name: name.into(),
            content,
            template: None,
            template_file: None,
            workspace: None,
            format: None,
            lift: false,
            into: None,
        };
        self.call(Request::DocumentImport(args)).await
    }

    /// A document as Markdown.
    pub async fn export(&self, id: &str) -> String {
        let args = ExportDocument { document: id.into(), format: ExportFormat::Markdown };
        let exported: Exported = self.call(Request::DocumentExport(args)).await.unwrap();
        String::from_utf8(BASE64.decode(exported.content).unwrap()).unwrap()
    }

    /// Opens a document as an editor does.
    pub async fn open(&self, id: &str) -> DocumentView {
        self.call(Request::DocumentOpen(DocumentRef { document: id.into() })).await.unwrap()
    }

    /// Edits a section: position, characters deleted, text inserted.
    ///
    /// # Errors
    /// The façade's.
    pub async fn type_in(
        &self,
        document: &str,
        section: &str,
        version: u32,
        splices: &[(u32, u32, &str)],
    ) -> Result<Edited, Error> {
        let splices = splices
            .iter()
            .map(|(at, delete, insert)| Splice { at: *at, delete: *delete, insert: (*insert).to_owned() })
            .collect();
        let args =
            EditSection { document: document.into(), section: section.into(), version, client: "test".into(), splices };
        self.call(Request::SectionEdit(args)).await
    }
}

/// Real input by others, which lies beside the checkout where it is available.
/// `None`, with a line that says so, where it is not.
pub fn corpora() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora");
    if !root.is_dir() {
        eprintln!("no corpora beside the checkout: the trials on real input are left out");
        return None;
    }
    Some(root)
}

/// All Markdown of the corpora.
pub fn corpus() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Some(root) = corpora() else { return found };
    let mut folders = vec![root.join("architecture-md"), root.join("decisions")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found
}
