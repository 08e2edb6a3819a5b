use std::sync::Arc;

use super::Context;
use super::connect::Connection;
use super::frame::Opened;
use super::notices::pass_on_warnings;
use crate::contact::FieldDefinition;
use crate::error::Result;
use crate::ledger::{ClaimedRun, LedgerHandle};
use crate::reconcile::Keys;
use crate::upload::{Caller, list_fields};

/// An account that a job reads without a run: nothing is recorded, and every write would be refused.
pub struct Visit {
    pub ledger: LedgerHandle,
    pub connection: Connection,
    /// What stands for the run: nobody's claim.
    pub run: ClaimedRun,
    pub caller: Arc<Caller>,
    pub keys: Keys,
}

impl Opened {
    /// Lets `drive` read the account, and lets go of it whatever came of that. `name` stands for the run.
    ///
    /// # Errors
    /// Those of `drive`.
    pub async fn visit<T>(
        self,
        name: &str,
        context: &mut Context,
        drive: impl AsyncFnOnce(&Visit, &mut Context) -> Result<T>,
    ) -> Result<T> {
        let run = ClaimedRun::unclaimed(name);
        let (caller, mut notices) = self.connection.caller(&run, &context.stop);
        let keys = self.connection.keys(&self.ledger);
        let visit = Visit { ledger: self.ledger, connection: self.connection, run, caller, keys };
        let driven = drive(&visit, context).await;
        pass_on_warnings(&mut notices, context);
        visit.connection.close().await;
        driven
    }
}

impl Visit {
    /// The custom fields that the account defines, where an unknown one would refuse whole calls.
    ///
    /// # Errors
    /// Of kind `Stopped` if the service does not list them.
    pub async fn definitions(&self) -> Result<Option<Vec<FieldDefinition>>> {
        if !self.connection.account.service.capabilities().fields_defined {
            return Ok(None);
        }
        list_fields(&self.caller).await.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::super::account_spec::{AccountSpec, SandboxSpec};
    use super::*;
    use crate::error::Error;
    use crate::report::Several;
    use crate::services::ALL;
    use crate::upload::Stop;

    /// An account of the sandbox, whose contacts in the state folder only one process at a time may have.
    fn sandbox() -> AccountSpec {
        let sandbox = SandboxSpec { unthrottled: true, ..SandboxSpec::default() };
        AccountSpec::of_sandbox("sandbox", &ALL[0], sandbox)
    }

    #[tokio::test]
    async fn an_account_is_let_go_of_even_where_its_job_fails() {
        let folder = tempfile::tempdir().unwrap();
        let mut context = Context {
            ledger: crate::ledger::LedgerPlace::in_folder(folder.path()),
            written_in: None,
            state_dir: folder.path().to_owned(),
            reporter: Box::new(Several(Vec::new())),
            stop: Stop::default(),
            served: false,
            watch: None,
        };
        for _ in 0..2 {
            let opened = Opened::unrecognized(&sandbox(), &mut context).await.unwrap();
            let error = opened
                .visit("test", &mut context, async |visit, context| {
                    let second = Opened::unrecognized(&sandbox(), context).await;
                    assert!(second.is_err(), "while it is visited, nobody else has it");
                    assert_eq!(visit.connection.identity(), "sandbox");
                    Err::<(), _>(Error::stopped("it failed"))
                })
                .await
                .unwrap_err();
            assert_eq!(error.message, "it failed");
        }
    }
}
