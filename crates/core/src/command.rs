//! The one table of commands. From it come the request type, the dispatch in
//! `app.rs`, and the TypeScript types of the interface.

use crate::api::*;

/// Calls a macro with every command: its documentation, name, variant, method
/// of `App`, arguments and reply.
#[macro_export]
macro_rules! for_each_command {
    ($then:path) => {
        $then! {
            /// What this process is and where its data lives.
            "app.info" AppInfo app_info Empty => AppInfo;
            /// Sets the name other members see.
            "app.setUserName" SetUserName set_user_name SetUserName => Empty;
            /// The built-in templates.
            "template.list" TemplateList template_list Empty => Vec<TemplateInfo>;
            /// Documents, most recently changed first.
            "document.list" DocumentList document_list ListDocuments => Vec<DocumentSummary>;
            /// Creates a document from a template.
            "document.create" DocumentCreate document_create CreateDocument => DocumentSummary;
            /// A document with all its sections.
            "document.open" DocumentOpen document_open DocumentRef => DocumentView;
            /// Changes the title.
            "document.rename" DocumentRename document_rename RenameDocument => DocumentSummary;
            /// Deletes a document; `document.restore` brings it back.
            "document.delete" DocumentDelete document_delete DocumentRef => Empty;
            /// Brings a deleted document back.
            "document.restore" DocumentRestore document_restore DocumentRef => Empty;
            /// Imports Markdown as a new document.
            "document.import" DocumentImport document_import ImportDocument => Imported;
            /// Exports a document.
            "document.export" DocumentExport document_export ExportDocument => Exported;
            /// The changes of a document, newest first.
            "document.log" DocumentLog document_log DocumentRef => Vec<LogEntry>;
            /// What a model consists of: collections and fields.
            "model.schema" ModelSchema model_schema Empty => ModelSchema;
            /// All records of a document.
            "model.open" ModelOpen model_open DocumentRef => ModelView;
            /// Edits the model, and section texts with it, as one change.
            "model.apply" ModelApply model_apply ApplyEdits => Applied;
            /// Lifts what prose says into the model, or shows what would be.
            "model.lift" ModelLift model_lift LiftDocument => LiftReport;
            /// Compares two environments.
            "model.compare" ModelCompare model_compare CompareEnvironments => Comparison;
            /// What is in a document's trash.
            "document.trash" DocumentTrash document_trash DocumentRef => Vec<TrashItem>;
            /// Changes a document's template.
            "document.setTemplate" DocumentSetTemplate document_set_template ChangeTemplate => DocumentSummary;
            /// Imports a folder of decision records.
            "decisions.import" DecisionsImport decisions_import ImportDecisions => Imported;
            /// Exports decisions as files.
            "decisions.export" DecisionsExport decisions_export ExportDecisions => Vec<NamedFile>;
            /// Checks a document.
            "check.run" CheckRun check_run CheckDocument => CheckReport;
            /// Applies the fix of a finding.
            "check.fix" CheckFix check_fix FixFinding => Applied;
            /// The rules that documents are checked by.
            "check.rules" CheckRules check_rules Empty => Vec<RuleInfo>;
            /// Edits a section's text.
            "section.edit" SectionEdit section_edit EditSection => Edited;
            /// Updates of a section's text after a version.
            "section.updates" SectionUpdates section_updates SectionUpdates => SectionUpdatesReply;
            /// Adds a section.
            "section.add" SectionAdd section_add AddSection => SectionView;
            /// Changes a heading.
            "section.rename" SectionRename section_rename RenameSection => Empty;
            /// Moves a section.
            "section.move" SectionMove section_move MoveSection => Empty;
            /// Deletes a section with everything nested in it; `section.restore` brings it back.
            "section.delete" SectionDelete section_delete SectionRef => Empty;
            /// Brings a deleted section back.
            "section.restore" SectionRestore section_restore SectionRef => Empty;
            /// Says where a page of this device is, for others to see.
            "presence.set" PresenceSet presence_set SetPresence => Empty;
            /// Who else is in a document.
            "presence.list" PresenceList presence_list DocumentRef => PresentPeople;
            /// Whether others see where this device is; changes it when asked to.
            "presence.show" PresenceShow presence_show ShowPresence => PresenceSetting;
            /// Full-text search over all documents.
            "search" Search search Search => Vec<SearchHit>;
            /// The workspaces of this device; the first is the default one.
            "workspace.list" WorkspaceList workspace_list Empty => Vec<WorkspaceSummary>;
            /// Creates a workspace.
            "workspace.create" WorkspaceCreate workspace_create CreateWorkspace => WorkspaceSummary;
            /// The members of a workspace.
            "workspace.members" WorkspaceMembers workspace_members WorkspaceRef => Vec<Member>;
            /// Makes an invitation; reaches the relay.
            "workspace.invite" WorkspaceInvite workspace_invite Invite => Invitation;
            /// Invitations that nobody has used yet.
            "workspace.invitations" WorkspaceInvitations workspace_invitations WorkspaceRef => Vec<OpenInvitation>;
            /// Takes an invitation back; reaches the relay.
            "workspace.revokeInvitation" WorkspaceRevokeInvitation workspace_revoke_invitation InvitationRef => Vec<OpenInvitation>;
            /// Changes what a member may do; reaches the relay.
            "workspace.setRole" WorkspaceSetRole workspace_set_role SetRole => Vec<Member>;
            /// Removes a member, with new keys for everyone else; reaches the relay.
            "workspace.remove" WorkspaceRemove workspace_remove MemberRef => Vec<Member>;
            /// Makes another member owner and oneself admin; reaches the relay.
            "workspace.transfer" WorkspaceTransfer workspace_transfer MemberRef => Vec<Member>;
            /// Leaves a workspace; what is here stays to be read. Reaches the relay.
            "workspace.leave" WorkspaceLeave workspace_leave WorkspaceRef => WorkspaceSummary;
            /// How old a workspace's keys are.
            "workspace.keys" WorkspaceKeyAge workspace_keys WorkspaceRef => WorkspaceKeys;
            /// Renews a workspace's keys; reaches the relay.
            "workspace.rotate" WorkspaceRotate workspace_rotate WorkspaceRef => WorkspaceKeys;
            /// Where compaction of a workspace's log stands.
            "workspace.compaction" WorkspaceCompaction workspace_compaction WorkspaceRef => Compaction;
            /// Makes a snapshot of a workspace's log now, which another member confirms.
            "workspace.compact" WorkspaceCompact workspace_compact WorkspaceRef => Compaction;
            /// The devices of all members of a workspace.
            "device.list" DeviceList device_list WorkspaceRef => Vec<MemberDevice>;
            /// What this device shows to be added to a workspace of its person.
            "device.request" DeviceRequest device_request Empty => DeviceRequest;
            /// What a device's code says; reaches nothing.
            "device.read" DeviceRead device_read ReadDeviceCode => DeviceRequest;
            /// Adds a device of yours to a workspace; reaches the relay.
            "device.add" DeviceAdd device_add AddDevice => AddedDevice;
            /// Names a device of yours; reaches the relay.
            "device.name" DeviceName device_name NameDevice => Vec<MemberDevice>;
            /// Takes a device out of a workspace, with new keys for all others; reaches the relay.
            "device.revoke" DeviceRevoke device_revoke MemberDeviceRef => Vec<MemberDevice>;
            /// What would come back after losing all devices.
            "recovery.status" RecoveryStatus recovery_status Empty => RecoveryStatus;
            /// Makes a recovery kit and makes it known; reaches the relays.
            "recovery.create" RecoveryCreate recovery_create CreateRecovery => RecoveryKit;
            /// Tries a recovery kit without using it; reaches the relays.
            "recovery.rehearse" RecoveryRehearse recovery_rehearse RehearseRecovery => RecoveryRehearsal;
            /// What a recovery kit brings back; reaches the relays and changes nothing.
            "recovery.preview" RecoveryPreview recovery_preview UseRecovery => RecoveryPreview;
            /// Comes back with a recovery kit; reaches the relays.
            "recovery.use" RecoveryUse recovery_use UseRecovery => Recovered;
            /// What an invitation leads to; reaches nothing.
            "workspace.inspect" WorkspaceInspect workspace_inspect InspectInvite => InviteInfo;
            /// What the relay says an invitation leads to, without using it.
            "workspace.preview" WorkspacePreview workspace_preview InspectInvite => InvitePreview;
            /// Joins a workspace by invitation; reaches the relay.
            "workspace.join" WorkspaceJoin workspace_join Join => WorkspaceSummary;
            /// Makes a bundle: everything, or what came after another bundle.
            "bundle.export" BundleExport bundle_export ExportBundle => ExportedBundle;
            /// What a bundle is and would change; takes nothing in.
            "bundle.inspect" BundleInspect bundle_inspect BundleFile => BundleInfo;
            /// Takes in a bundle, as a whole or not at all.
            "bundle.import" BundleImport bundle_import ImportBundle => ImportedBundle;
            /// Exchanges with devices on the same local network, or not.
            "nearby.set" NearbySet nearby_set SetNearby => NearbyStatus;
            /// The attachments of a document, or of what is in it.
            "attachment.list" AttachmentList attachment_list ListAttachments => Vec<AttachmentView>;
            /// Begins to add a file, which then comes piece by piece.
            "attachment.begin" AttachmentBegin attachment_begin BeginAttachment => AttachmentUpload;
            /// The next bytes of a file that is being added.
            "attachment.piece" AttachmentPiece attachment_piece AttachmentPiece => Empty;
            /// All of a file has come: it becomes part of the document.
            "attachment.finish" AttachmentFinish attachment_finish AttachmentUpload => AttachmentView;
            /// Gives up adding a file.
            "attachment.cancel" AttachmentCancel attachment_cancel AttachmentUpload => Empty;
            /// A piece of an attachment's file.
            "attachment.read" AttachmentRead attachment_read ReadAttachment => AttachmentBytes;
            /// A small picture of an attachment.
            "attachment.thumbnail" AttachmentThumbnail attachment_thumbnail AttachmentRef => Thumbnail;
            /// Fetches an attachment's file; reaches the relay.
            "attachment.fetch" AttachmentFetch attachment_fetch AttachmentRef => AttachmentView;
            /// Sets the relay of a workspace.
            "relay.set" RelaySet relay_set SetRelay => SyncState;
            /// Synchronises now and reports where it stands afterwards.
            "sync.now" SyncNow sync_now WorkspaceRef => Vec<SyncState>;
            /// Where synchronisation stands, per workspace.
            "sync.status" SyncStatus sync_status Empty => Vec<SyncState>;
            /// Entries that were set aside, newest first.
            "sync.refused" SyncRefused sync_refused WorkspaceRef => Vec<RefusedEntry>;
            /// Takes note of what is set aside: it stays, and is no longer a problem.
            "sync.noteRefused" SyncNoteRefused sync_note_refused WorkspaceRef => SyncState;
            /// Checks the database, the keys and the relay.
            "doctor" Doctor doctor Empty => Vec<DoctorCheck>;
            /// Proves that everything that was ever acknowledged is here and at the relays.
            "doctor.prove" DoctorProve doctor_prove Empty => Proof;
        }
    };
}

macro_rules! define_request {
    ($($(#[$doc:meta])* $name:literal $variant:ident $method:ident $args:ty => $reply:ty;)*) => {
        /// A command with its arguments, as hosts receive it:
        /// `{"command": "document.open", "args": {…}}`.
        #[derive(Debug, Clone, PartialEq, serde::Deserialize, serde::Serialize)]
        #[serde(tag = "command", content = "args")]
        pub enum Request {
            $($(#[$doc])* #[serde(rename = $name)] $variant($args),)*
        }

        /// TypeScript: every command's name, documentation, arguments and reply.
        pub fn typescript_rows(config: &ts_rs::Config) -> Vec<(&'static str, String, String)> {
            vec![$((
                $name,
                <$args as ts_rs::TS>::name(config),
                <$reply as ts_rs::TS>::name(config),
            ),)*]
        }
    };
}
for_each_command!(define_request);

/// The whole TypeScript file: every data type, the events and the `Commands`
/// table from command name to arguments and reply.
pub fn typescript() -> String {
    use drystone_model::Value;
    use drystone_model::edit::Edit;
    use ts_rs::TS;
    let config = ts_rs::Config::default();
    let mut out = String::from(
        "// Generated by `cargo xtask generate` from crates/core/src/{api,command,error}.rs. Do not edit.\n",
    );
    macro_rules! declare {
        ($($type:ty)*) => {$(
            out.push('\n');
            if let Some(docs) = <$type>::docs() {
                out.push_str(docs.trim_end());
                out.push('\n');
            }
            out.push_str("export ");
            out.push_str(&<$type>::decl(&config));
            out.push('\n');
        )*};
    }
    declare! {
        crate::error::ErrorCode crate::error::Error Empty AppInfo KeySource Completeness DocumentSummary SectionState SectionView
        TemplateSlot DocumentView TemplateInfo DocumentRef CreateDocument RenameDocument ListDocuments ImportDocument Imported
        ExportFormat ExportDocument Exported Splice EditSection Edited SectionUpdates SectionUpdate SectionUpdatesReply
        AddSection SectionRef RenameSection MoveSection SetPresence TextSelection PresentPerson PresentPeople ShowPresence PresenceSetting Search SearchHit LogEntry Role WorkspaceSummary CreateWorkspace
        WorkspaceRef Invite Invitation InspectInvite InviteInfo InvitePreview OpenInvitation InvitationRef Join Member MemberRef SetRole
        WorkspaceKeys SnapshotInfo Compaction MemberDevice MemberDeviceRef NameDevice DeviceRequest ReadDeviceCode AddDevice AddedDevice RefusedEntry BundleKind ExportBundle BundleInvite ExportedBundle BundleFile ImportBundle BundleInfo ImportedBundle SetNearby NearbyStatus NearbyDevice Proof WorkspaceProof RecoveryStatus RecoveryCover CreateRecovery RecoveryKit RehearseRecovery RecoveryRehearsal RecoveryTrial UseRecovery
        AttachmentState AttachmentView ListAttachments AttachmentRef BeginAttachment AttachmentUpload AttachmentPiece ReadAttachment AttachmentBytes Thumbnail AttachmentSync
        RecoveryPreview RecoverableWorkspace Recovered SetRelay SyncPhase SyncState SetUserName DoctorCheck
        Event
        Value Edit ChoiceInfo FieldInfo CollectionInfo ModelSchema RecordView ModelView SectionBody ApplyEdits Applied LiftDocument
        LiftFinding LiftReport CheckDocument Severity CheckFinding CheckReport FixFinding RuleInfo CompareEnvironments ComparisonRow
        Comparison NamedFile ImportDecisions ExportDecisions ChangeTemplate TrashItem
    }
    out.push_str("\n/** Every command: what it takes and what it returns. */\nexport type Commands = {\n");
    for (name, args, reply) in typescript_rows(&config) {
        out.push_str(&format!("  \"{name}\": {{ args: {args}; reply: {reply} }};\n"));
    }
    out.push_str("};\n");
    out
}
