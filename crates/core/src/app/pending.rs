//! Commands whose rooms are being built.
use super::App;
use crate::api::*;
use crate::error::{Error, Result};
impl App {
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
