use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::message::Alert;
use crate::error::{Error, Result};

/// How long a program may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// The variable that holds the alert for programs.
const AS_JSON: &str = "ROLO_ALERT";

/// Gives an alert to a program: its text on standard input, and as JSON in a variable. No shell is run, and no secret
/// of rolo's is handed on.
///
/// # Errors
/// It can't be started, takes too long, or ends with another code than 0.
pub(super) async fn run(argv: &[String], alert: &Alert) -> Result<()> {
    let (program, arguments) = argv.split_first().ok_or_else(|| Error::bug("a command without a program"))?;
    let failed = |why: String| Error::stopped(format!("the program of the alerts failed: {program}: {why}"));
    let mut child = Command::new(program)
        .args(arguments)
        .env(AS_JSON, alert.to_json().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let ended = async {
        if let Some(mut input) = child.stdin.take() {
            // A program that reads nothing of it is none the worse.
            drop(input.write_all(alert.text().as_bytes()).await);
        }
        child.wait().await
    };
    let ended = tokio::time::timeout(DEADLINE, ended).await;
    let status = ended
        .map_err(|_| failed(format!("it took longer than {} s", DEADLINE.as_secs())))?
        .map_err(|error| failed(error.to_string()))?;
    if status.success() { Ok(()) } else { Err(failed(status.to_string())) }
}
