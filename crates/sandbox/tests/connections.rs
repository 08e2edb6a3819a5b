//! Connections that hold the sandbox up: each is closed after its patience, and the others are served meanwhile.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rolo_sandbox::{Options, Sandbox, start};

const PATIENCE: Duration = Duration::from_millis(300);
/// Far longer than any of these takes, and far shorter than for ever.
const AT_LAST: Duration = Duration::from_secs(20);
const PATH: &str = "/chatwoot/api/v1/accounts/1/contacts";

async fn impatient() -> Sandbox {
    let mut options = Options::new(|| Duration::from_secs(1_700_000_000));
    options.patience = PATIENCE;
    options.emulator.unthrottled = true;
    start(options).await.unwrap()
}

fn connected(sandbox: &Sandbox, sends: &str) -> TcpStream {
    let mut stream = TcpStream::connect(sandbox.addr()).unwrap();
    stream.set_read_timeout(Some(AT_LAST)).unwrap();
    stream.set_write_timeout(Some(AT_LAST)).unwrap();
    stream.write_all(sends.as_bytes()).unwrap();
    stream
}

fn get(sandbox: &Sandbox, connection: &str) -> String {
    format!(
        "GET {PATH} HTTP/1.1\r\nhost: {}\r\napi_access_token: sandbox\r\nconnection: {connection}\r\n\r\n",
        sandbox.addr()
    )
}

/// All that the sandbox sends until it closes the connection, in whichever way.
fn until_closed(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => panic!("still open"),
        _ => String::from_utf8_lossy(&answer).into_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attack_14_a_connection_that_sends_slowly_or_nothing_is_closed() {
    let sandbox = impatient().await;
    let head = "POST /chatwoot/api/v1/accounts/1/contacts HTTP/1.1\r\napi_access_token: sandbox\r\n";
    let body = format!("{head}host: {}\r\ncontent-length: 100\r\n\r\n{{\"name\":", sandbox.addr());
    for (what, sends, answered) in [
        ("nothing", "", ""),
        ("half a head", head, ""),
        ("half a body", &body, "HTTP/1.1 408 "),
        ("one request, and no other", &get(&sandbox, "keep-alive"), "HTTP/1.1 200 "),
    ] {
        let mut slow = connected(&sandbox, sends);
        let answer = until_closed(&mut slow);
        assert!(answer.starts_with(answered), "{what}: {answer}");
        assert_eq!(answer.is_empty(), answered.is_empty(), "{what}: {answer}");
    }
    // A byte now and then is no better than none.
    let mut drip = connected(&sandbox, head);
    let pause = Duration::from_millis(50);
    let mut patience = AT_LAST;
    while drip.write_all(b"x").is_ok() {
        patience = patience.checked_sub(pause).expect("the connection is closed in time");
        std::thread::sleep(pause);
    }
    // Whoever asks as clients do is answered.
    assert!(until_closed(&mut connected(&sandbox, &get(&sandbox, "close"))).starts_with("HTTP/1.1 200 "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attack_14_a_connection_that_reads_no_answer_is_closed() {
    let sandbox = impatient().await;
    let request = get(&sandbox, "keep-alive");
    let mut stream = connected(&sandbox, &request);
    // Answers fill what the system holds for the client, until none can be written any more.
    let ended = loop {
        if let Err(error) = stream.write_all(request.as_bytes()) {
            break error;
        }
    };
    assert!(!matches!(ended.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "still open: {ended}");
    assert!(until_closed(&mut connected(&sandbox, &get(&sandbox, "close"))).starts_with("HTTP/1.1 200 "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attack_14_slow_connections_take_no_room_from_the_others_for_long() {
    let mut options = Options::new(|| Duration::from_secs(1_700_000_000));
    options.patience = PATIENCE;
    options.most_connections = 4;
    let sandbox = start(options).await.unwrap();
    let slow: Vec<_> = (0..8).map(|_| connected(&sandbox, "GET ")).collect();
    let answer = until_closed(&mut connected(&sandbox, &get(&sandbox, "close")));
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    drop(slow);
}
