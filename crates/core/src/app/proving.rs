//! `doctor --prove`: goes through everything there is, here and at the relays,
//! and says in plain words whether all that was ever acknowledged is still there.
//! Nothing is changed by it.

mod files;
mod here;
mod relay;
mod report;

use drystone_wire::WorkspaceId;

use super::App;
use crate::api::*;
use crate::app::rfc3339;
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::workspaces::{self, WorkspaceRow};

/// Findings of one kind that are listed one by one.
const LISTED: usize = 5;

/// What is found out about one workspace.
#[derive(Default)]
struct Evidence {
    facts: Vec<String>,
    findings: Vec<Error>,
    /// How many more there were of the kind that was found last.
    unlisted: usize,
    documents: u32,
    changes: u32,
    envelopes: u32,
    waiting: u32,
}

impl Evidence {
    fn holds(&mut self, fact: impl Into<String>) {
        self.facts.push(fact.into());
    }

    fn broken(&mut self, what: impl Into<String>, advice: &str) {
        let alike = self.findings.iter().filter(|known| known.advice == advice).count();
        if alike < LISTED {
            self.findings.push(Error::new(ErrorCode::Integrity, what, advice));
        } else {
            self.unlisted += 1;
        }
    }

    fn failed(&mut self, error: Error) {
        self.findings.push(error);
    }
}

impl App {
    pub(crate) async fn doctor_prove(&self, _: Empty) -> Result<Proof> {
        self.blocking(|app| app.settle_all()).await?;
        let rows = self.blocking(|app| app.db().read(workspaces::all)).await?;
        let mut proven = Vec::new();
        for row in rows {
            proven.push(self.prove(row).await?);
        }
        let time = rfc3339(self.now_ms());
        let sound = proven.iter().all(|one| one.sound);
        let report = report::compose(&time, &proven);
        Ok(Proof { time, sound, workspaces: proven, report })
    }

    async fn prove(&self, row: WorkspaceRow) -> Result<WorkspaceProof> {
        let id: WorkspaceId = row.id;
        let (mut evidence, kept) = self
            .blocking(move |app| {
                let (mut evidence, kept) = app.db().read(|conn| here::prove(conn, app, &id))?;
                files::prove(app, &id, &mut evidence)?;
                Ok((evidence, kept))
            })
            .await?;
        if row.relay.is_some() {
            self.prove_at_relay(&row, &kept, &mut evidence).await;
        } else {
            evidence.holds("It has no relay: this device, and what you exported, are the only copies.");
        }
        if evidence.unlisted > 0 {
            let more = format!("{} more of this kind were found.", evidence.unlisted);
            evidence.failed(Error::new(ErrorCode::Integrity, more, "Mend those that are listed, and prove again."));
        }
        Ok(WorkspaceProof {
            workspace: id.to_string(),
            name: row.name,
            relay: row.relay.map(|relay| relay.to_string()),
            sound: evidence.findings.is_empty(),
            documents: evidence.documents,
            changes: evidence.changes,
            envelopes: evidence.envelopes,
            waiting: evidence.waiting,
            facts: evidence.facts,
            findings: evidence.findings,
        })
    }
}

/// "1 change", "3 changes".
fn counted(number: u64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}
