//! A client that shows what really went over the wire, and nothing of ours.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rolo_sandbox::{Options, Sandbox, start};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// 2026-11-21 00:00:00 UTC.
pub const DAWN: u64 = 1_795_219_200;

/// A clock that moves only when told.
#[derive(Clone)]
pub struct HeldClock(Arc<AtomicU64>);

impl HeldClock {
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(DAWN * 1000)))
    }

    pub fn advance(&self, milliseconds: u64) {
        self.0.fetch_add(milliseconds, Ordering::SeqCst);
    }

    pub fn options(&self) -> Options {
        let now = Arc::clone(&self.0);
        Options::new(move || Duration::from_millis(now.load(Ordering::SeqCst)))
    }
}

/// One service of a running sandbox, spoken to with the accepted secret.
pub struct Client {
    address: SocketAddr,
    base: String,
    pub authorization: Option<String>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl Client {
    pub fn of(sandbox: &Sandbox, service: &str) -> Self {
        Self::at(sandbox.addr(), service)
    }

    pub fn at(address: SocketAddr, service: &str) -> Self {
        Self { address, base: format!("/{service}"), authorization: Some("Bearer sandbox".to_owned()) }
    }

    /// Sends one request and reads until the server closes.
    pub async fn try_send(&self, method: &str, path: &str, kind: &str, body: &str) -> io::Result<Answer> {
        let mut stream = TcpStream::connect(self.address).await?;
        let authorization =
            self.authorization.as_ref().map_or_else(String::new, |secret| format!("authorization: {secret}\r\n"));
        let head = format!(
            "{method} {}{path} HTTP/1.1\r\nhost: {}\r\n{authorization}content-type: {kind}\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            self.base,
            self.address,
            body.len()
        );
        stream.write_all((head + body).as_bytes()).await?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await?;
        let split = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let head = String::from_utf8_lossy(&bytes[..split]).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let body = bytes[split + 4..].to_vec();
        let announced = headers.iter().find(|(name, _)| name == "content-length").map(|(_, value)| value.parse());
        if announced.is_some_and(|announced| announced != Ok(body.len())) {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, String::from_utf8_lossy(&body).into_owned()));
        }
        Ok(Answer { status, headers, body })
    }

    pub async fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        self.try_send(method, path, "application/json", body).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "").await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &body.to_string()).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, &body.to_string()).await
    }

    pub async fn delete(&self, path: &str, body: &Value) -> Answer {
        self.send("DELETE", path, &body.to_string()).await
    }
}

/// A sandbox without quotas, in memory, and a client for one of its services.
pub async fn unthrottled(service: &str) -> (Sandbox, Client) {
    let mut options = HeldClock::new().options();
    options.emulator.unthrottled = true;
    let sandbox = start(options).await.unwrap();
    let client = Client::of(&sandbox, service);
    (sandbox, client)
}
