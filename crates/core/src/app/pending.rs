//! Commands whose rooms are being built.
use super::App;
use crate::api::*;
use crate::error::{Error, Result};
impl App {
    pub(crate) async fn model_lift(&self, _: LiftDocument) -> Result<LiftReport> {
        Err(Error::internal("pending"))
    }
    pub(crate) async fn decisions_import(&self, _: ImportDecisions) -> Result<Imported> {
        Err(Error::internal("pending"))
    }
    pub(crate) async fn decisions_export(&self, _: ExportDecisions) -> Result<Vec<NamedFile>> {
        Err(Error::internal("pending"))
    }
    pub(crate) async fn check_run(&self, _: CheckDocument) -> Result<CheckReport> {
        Err(Error::internal("pending"))
    }
    pub(crate) async fn check_fix(&self, _: FixFinding) -> Result<Applied> {
        Err(Error::internal("pending"))
    }
    pub(crate) async fn check_rules(&self, _: Empty) -> Result<Vec<RuleInfo>> {
        Err(Error::internal("pending"))
    }
}
