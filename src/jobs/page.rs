use std::io::Write;

use crate::contact::Outcome;
use crate::error::Result;
use crate::ledger::{LedgerHandle, Run};
use crate::report::{PAGE_ROWS, PageRow, Remark, Summary, write_page};

/// Writes the page of a recorded run.
pub async fn report(ledger: &LedgerHandle, run: &Run, out: &mut (dyn Write + Send)) -> Result<()> {
    let mut summary = Summary {
        kind: run.new.kind.into(),
        run: Some(run.id.to_string()),
        state: Some(run.state),
        in_memory: run.new.was_in_memory(),
        account: Some(run.new.account.clone()),
        file: super::run_record::results_of(run),
        elapsed: run.worked().unwrap_or_default(),
        ..Summary::default()
    };
    let fields = super::new_fields::fields_created(ledger, run).await?;
    summary.remarks.extend((!fields.is_empty()).then_some(Remark::FieldsCreated { fields }));
    let mut listed = Vec::new();
    let mut from = 0;
    loop {
        let rows = ledger.placed_rows(&run.id, from, 4096).await?;
        let Some((last, _)) = rows.last() else { break };
        from = last.index + 1;
        for (position, record) in rows {
            summary.rows += 1;
            summary.counts[record.outcome] += 1;
            summary.skips.take(&record);
            for error in &record.errors {
                *summary.codes.entry(error.code.to_string()).or_default() += 1;
            }
            if record.outcome.needs_attention() && listed.len() < PAGE_ROWS {
                listed.push(PageRow { place: position.to_string(), record });
            }
        }
    }
    let rested = ledger.rested(&run.id).await?;
    if rested > 0 {
        summary.rows += rested;
        summary.counts[Outcome::Unchanged] += rested;
        *summary.codes.entry("contact.not_looked_at".to_owned()).or_default() += rested;
    }
    write_page(out, run, &summary, listed.into_iter().map(Ok))
}
