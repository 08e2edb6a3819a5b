use std::io::Write;

use serde_json::{Value, json};

use crate::contact::RowError;
use crate::error::{ContextValue, Error, ErrorContext, StopReason};

use super::{Event, JobState, NextStep, Reporter, Summary, escape_json};

/// Writes each event as one line of JSON: `--json`. The shapes are a contract, kept in
/// docs/json-events.md.
///
/// A row's event holds codes and column names but no message, since a message shows the offending
/// value. When the reader of the lines goes away, the run goes on in silence: work that was asked
/// for is not thrown away because nobody watches it.
pub struct JsonReporter {
    out: Box<dyn Write + Send>,
    gone: bool,
}

impl JsonReporter {
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out, gone: false }
    }
}

impl Reporter for JsonReporter {
    fn event(&mut self, event: &Event) {
        if self.gone {
            return;
        }
        let line = to_json(event).to_string();
        let ends = matches!(event, Event::Finished(_) | Event::Started { .. });
        let written = writeln!(self.out, "{}", escape_json(&line));
        let flushed = if ends { self.out.flush() } else { Ok(()) };
        self.gone = written.and(flushed).is_err();
    }
}

fn to_json(event: &Event) -> Value {
    match event {
        Event::Started { kind, run, account, file, rows, resumed } => json!({
            "event": "started",
            "command": kind.name(),
            "run": run,
            "account": account,
            "file": file,
            "rows": rows,
            "resumed": resumed,
        }),
        Event::Mapping(table) => json!({
            "event": "mapping",
            "origin": table.origin,
            "rows": table.rows,
            "columns": table
                .columns
                .iter()
                .map(|column| json!({
                    "column": column.column,
                    "becomes": column.becomes,
                    "sure": column.sure,
                    "because": column.brief,
                }))
                .collect::<Vec<_>>(),
            "unmapped": table
                .unmapped
                .iter()
                .map(|column| json!({"column": column.column, "filled": column.filled}))
                .collect::<Vec<_>>(),
            "ignored": table.ignored,
            "warnings": table.warnings,
            "notes": table.notes,
        }),
        Event::Row { position, record } => json!({
            "event": "row",
            "row": position.index,
            "line": position.line,
            "sheet": position.sheet,
            "outcome": record.outcome.name(),
            "contact_id": record.contact_id.as_ref().map(|id| &id.0),
            "calls": record.calls,
            "attempts": record.attempts,
            "http_status": record.http_status,
            "errors": record
                .errors
                .iter()
                .map(row_error_json)
                .collect::<Vec<_>>(),
        }),
        Event::Exported { contacts, total } => json!({
            "event": "exported",
            "contacts": contacts,
            "total": total,
        }),
        Event::Called { kind, http_status, attempt, .. } => json!({
            "event": "called",
            "call": kind.name(),
            "http_status": http_status,
            "attempt": attempt,
        }),
        Event::Waiting { time, reason } => json!({
            "event": "waiting",
            "seconds": time.as_secs_f64(),
            "reason": reason.to_string(),
            "cause": reason.name(),
        }),
        Event::Note(note) => json!({"event": "note", "text": note.to_string()}),
        Event::Warning(warning) => json!({"event": "warning", "text": warning.to_string()}),
        Event::Finished(summary) => summary_json(summary),
    }
}

/// The closing object, which says in numbers what the closing words say.
fn summary_json(summary: &Summary) -> Value {
    let outcomes: serde_json::Map<_, _> =
        summary.counts.iter().map(|(outcome, n)| (outcome.name().to_owned(), json!(n))).collect();
    let calls: serde_json::Map<_, _> =
        summary.calls.iter().map(|(kind, n)| (kind.name().to_owned(), json!(n))).collect();
    json!({
        "event": "finished",
        "command": summary.kind.name(),
        "run": summary.run,
        "account": summary.account,
        "rows": summary.rows,
        "outcomes": outcomes,
        "balanced": summary.counts.balances(summary.rows),
        "codes": summary.codes,
        "calls": calls,
        "least_calls": summary.least_calls,
        "contacts": summary.contacts,
        "seconds": summary.elapsed.as_secs_f64(),
        "file": summary.file.as_ref().map(|file| file.to_string_lossy()),
        "unmapped": summary.unmapped,
        "told": summary
            .row_remarks
            .iter()
            .map(|on| json!({"code": on.code, "column": on.column, "rows": on.rows, "lines": on.lines, "left_out": on.left_out}))
            .collect::<Vec<_>>(),
        "remarks": summary.remark_words(),
        "stopped": summary.stopped.as_ref().map(|error| &error.message),
        "stopped_by": summary.stopped.as_ref().map(error_json),
        "looked_at": summary.looked_at,
        "drifted": summary.drifted,
        "not_put_back": summary.not_put_back,
        "deleted": summary.deleted,
        "next": steps_json(&JobState::of_summary(summary).next_steps()),
    })
}

/// The line of an error that ends a command: `error` as an event.
pub fn error_line(error: &Error) -> String {
    let mut json = error_json(error);
    json["event"] = json!("error");
    escape_json(&json.to_string()).into_owned()
}

/// An error with what its words name as fields.
fn error_json(error: &Error) -> Value {
    json!({
        "kind": error.kind.name(),
        "code": error.reason.map(StopReason::code),
        "message": error.message,
        "causes": error.causes(),
        "hint": error.hint,
        "context": error.context().iter().map(context_json).collect::<serde_json::Map<_, _>>(),
    })
}

fn context_json(context: &ErrorContext) -> (String, Value) {
    let value = match context.value() {
        ContextValue::Text(text) => json!(text),
        ContextValue::Number(number) => json!(number),
    };
    (context.name().to_owned(), value)
}

/// Each step by its name, with the command that does it.
pub fn steps_json(steps: &[NextStep]) -> Value {
    steps.iter().map(|step| json!({"step": step.name(), "command": step.command()})).collect()
}

/// An error of a row without its words, which may hold what the cell does; with the contacts that they name.
fn row_error_json(error: &RowError) -> serde_json::Value {
    let mut told = json!({"code": error.code, "column": error.column});
    if !error.contacts.is_empty() {
        let contacts = error.contacts.iter().map(|contact| json!({"id": contact.id.0, "url": contact.url}));
        told["contacts"] = contacts.collect();
    }
    told
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::super::{JobKind, Note, Warning};
    use super::*;
    use crate::contact::{CallKind, Counts, Outcome, Position, RowError, RowRecord};

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn line(event: &Event) -> String {
        let out = Shared::default();
        JsonReporter::new(Box::new(out.clone())).event(event);
        let bytes = out.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_row_tells_codes_and_columns_but_not_the_value() {
        let error = RowError::of_cell("email.syntax", 2, "E-mail", "E-mail is not an address: canary@example.org,");
        let event = Event::Row {
            position: Position { index: 3, line: 5, sheet: 0 },
            record: RowRecord::unsent(Outcome::Rejected, vec![error]),
        };
        assert_eq!(
            line(&event),
            "{\"event\":\"row\",\"row\":3,\"line\":5,\"sheet\":0,\"outcome\":\"rejected\",\"contact_id\":null,\
             \"calls\":0,\"attempts\":0,\"http_status\":null,\
             \"errors\":[{\"code\":\"email.syntax\",\"column\":\"E-mail\"}]}\n"
        );
    }

    #[test]
    fn the_end_holds_every_outcome_and_whether_it_balances() {
        let mut counts = Counts::default();
        counts[Outcome::Created] = 2;
        counts[Outcome::InDoubt] = 1;
        let summary = Summary {
            kind: JobKind::Import,
            run: Some("20261121-0931-k3f".into()),
            rows: 4,
            counts,
            calls: [(CallKind::Create, 3), (CallKind::AddTags, 1)].into(),
            ..Summary::default()
        };
        let json: Value = serde_json::from_str(&line(&Event::Finished(Box::new(summary)))).unwrap();
        assert_eq!(json["balanced"], false);
        assert_eq!(json["outcomes"]["created"], 2);
        assert_eq!(json["outcomes"]["in_doubt"], 1);
        assert_eq!(json["outcomes"].as_object().unwrap().len(), 7);
        assert_eq!(json["calls"], json!({"create": 3, "add tags": 1}));
    }

    #[test]
    fn an_error_tells_as_fields_what_its_words_name() {
        let error = Error::usage("a.csv, line 3: a quote opens a cell here and is never closed")
            .at_path("a.csv")
            .at_line(3)
            .hint("close the quote")
            .caused_by("\u{9b}31m");
        let line = error_line(&error);
        let json: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            json,
            json!({
                "event": "error",
                "kind": "usage",
                "code": null,
                "message": "a.csv, line 3: a quote opens a cell here and is never closed",
                "causes": ["\u{9b}31m"],
                "hint": "close the quote",
                "context": {"path": "a.csv", "line": 3},
            })
        );
        assert!(line.contains("\\u009b31m"), "{line}");
    }

    #[test]
    fn a_line_holds_nothing_a_terminal_would_obey() {
        let text = line(&Event::Warning(Warning::OfService { message: "odd header \u{9b}31m \u{202e}".into() }));
        assert_eq!(text, "{\"event\":\"warning\",\"text\":\"odd header \\u009b31m \\u202e\"}\n");
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut lines = JsonReporter::new(Box::new(Closed));
        lines.event(&Event::Note(Note::AnotherPass));
        assert!(lines.gone);
        lines.event(&Event::Note(Note::ListedAnew));
    }
}
