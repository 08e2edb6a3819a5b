//! Whoever is told: a server that takes what is posted, and one that takes mail, each on a port of its own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

/// What was posted: headers in small letters, and the body.
#[derive(Clone, Debug)]
pub struct Posted {
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Posted {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(header, _)| header == name).map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Takes what is posted to it, and answers with a status that can be changed.
pub struct Hook {
    pub url: String,
    status: Arc<AtomicU16>,
    posted: Arc<Mutex<Vec<Posted>>>,
}

impl Hook {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (status, posted) = (Arc::new(AtomicU16::new(204)), Arc::<Mutex<Vec<Posted>>>::default());
        let (answer, kept) = (status.clone(), posted.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Some(one) = read(&stream) {
                    kept.lock().unwrap().push(one);
                }
                let status = answer.load(Ordering::SeqCst);
                drop(write!(&stream, "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"));
            }
        });
        Self { url, status, posted }
    }

    pub fn answer_with(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// What came since this was last asked.
    pub fn posted(&self) -> Vec<Posted> {
        std::mem::take(&mut *self.posted.lock().unwrap())
    }
}

fn read(stream: &TcpStream) -> Option<Posted> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let header = |line: &String| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    let headers: Vec<_> = lines.iter().skip(1).filter_map(header).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length")?.1.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Posted { headers, body: String::from_utf8(body).ok()? })
}

/// Takes mail without a word of its own, and says who logged in.
pub struct Mailbox {
    pub port: u16,
    said: Arc<Mutex<String>>,
}

impl Mailbox {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let said = Arc::<Mutex<String>>::default();
        let kept = said.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                drop(take_mail(&stream, &kept));
            }
        });
        Self { port, said }
    }

    /// All that clients said so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }
}

fn take_mail(stream: &TcpStream, kept: &Mutex<String>) -> std::io::Result<()> {
    let mut out = stream;
    let mut in_data = false;
    out.write_all(b"220 mail\r\n")?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        kept.lock().unwrap().push_str(&format!("{line}\n"));
        if in_data {
            if line == "." {
                in_data = false;
                out.write_all(b"250 taken\r\n")?;
            }
            continue;
        }
        let answer: &[u8] = match line.split(' ').next().unwrap_or_default() {
            "EHLO" => b"250-mail\r\n250 AUTH PLAIN\r\n",
            "AUTH" => b"235 welcome\r\n",
            "DATA" => {
                in_data = true;
                b"354 go on\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            _ => b"250 fine\r\n",
        };
        out.write_all(answer)?;
    }
    Ok(())
}
