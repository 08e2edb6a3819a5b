//! Who is let in, and for how long.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::time::Duration;

use rolo_sandbox::{Options, Sandbox, start};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Far longer than anything here takes.
const LONG: Duration = Duration::from_secs(20);

async fn sandbox(change: impl FnOnce(&mut Options)) -> Sandbox {
    let mut options = Options::new(|| Duration::from_secs(1_795_219_200));
    options.emulator.unthrottled = true;
    change(&mut options);
    start(options).await.unwrap()
}

/// What comes back until the server closes.
async fn said(sandbox: &Sandbox, sent: &str) -> String {
    let mut stream = TcpStream::connect(sandbox.addr()).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(LONG, stream.read_to_end(&mut answer)).await;
    drop(read.expect("the server never closed"));
    String::from_utf8(answer).unwrap()
}

fn request(host: &str) -> String {
    format!(
        "GET /respondio/space/custom_field HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer sandbox\r\n\
         Connection: close\r\n\r\n"
    )
}

#[tokio::test]
async fn only_names_of_this_machine_are_answered() {
    let sandbox = sandbox(|_| {}).await;
    for host in ["127.0.0.1", "127.0.0.1:8787", "localhost:1", "LOCALHOST", "[::1]:8787", "[::1]", "127.9.9.9"] {
        assert!(said(&sandbox, &request(host)).await.starts_with("HTTP/1.1 200"), "{host}");
    }
    for host in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8787", "10.0.0.7", "", "evil:[::1]"]
    {
        let answer = said(&sandbox, &request(host)).await;
        assert!(answer.starts_with("HTTP/1.1 421"), "{host}: {answer}");
        assert!(answer.contains("127.0.0.1, [::1] and localhost alone"), "{answer}");
    }
    assert_eq!(sandbox.request_count(), 7, "no service saw the others");
}

#[tokio::test]
async fn a_client_that_dawdles_is_closed() {
    let sandbox = sandbox(|options| options.patience = Duration::from_millis(100)).await;
    assert_eq!(said(&sandbox, "").await, "");
    assert!(!said(&sandbox, "GET /respondio/contact HTTP/1.1\r\nHost: loc").await.contains(" 200"));
    let half = "POST /respondio/contact/list HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{";
    assert!(said(&sandbox, half).await.starts_with("HTTP/1.1 408"));
}

#[tokio::test]
async fn a_connection_too_many_waits_for_another_to_end() {
    let sandbox = sandbox(|options| options.most_connections = 1).await;
    let first = TcpStream::connect(sandbox.addr()).await.unwrap();
    // The first is taken before the second, so that this one can only be answered once the first is gone.
    let asked = request("localhost");
    let second = said(&sandbox, &asked);
    tokio::pin!(second);
    let early = tokio::time::timeout(Duration::from_millis(200), &mut second).await;
    assert!(early.is_err(), "two at once: {early:?}");
    drop(first);
    assert!(second.await.starts_with("HTTP/1.1 200"));
}
