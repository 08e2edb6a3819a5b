//! A sandbox in this process, and a home with an account on it whose token is a canary.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rolo_sandbox::{Fault, Options, Sandbox};

use crate::program::rolo;

pub const TOKEN: &str = "canarytoken5e8d1c77b3";
/// Named in the home folder by the user; all other files are rolo's.
const GIVEN: [&str; 4] = ["rolo.toml", "token", "tell-token", "contacts.csv"];

/// A service that takes the canary token, and a home with an account for it.
pub struct Desk {
    pub home: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    pub sandbox: Sandbox,
    base_url: String,
    /// How often the token went over the wire.
    pub met: Arc<AtomicUsize>,
    service: &'static str,
}

impl Desk {
    pub fn new(service: &'static str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut options = Options::new(|| std::time::UNIX_EPOCH.elapsed().unwrap());
        options.emulator.unthrottled = true;
        let sandbox = runtime.block_on(rolo_sandbox::start(options)).unwrap();
        let (address, met) = token_changer(sandbox.addr());
        let base_url = sandbox.base_url(service).replace(&sandbox.addr().to_string(), &address.to_string());
        let home = tempfile::tempdir().unwrap();
        Self { home, runtime, sandbox, base_url, met, service }
    }

    pub fn configure(&self, token: &str) {
        let (service, base_url) = (self.service, &self.base_url);
        let account = if service == "chatwoot" { "account_id = 1\n" } else { "" };
        let text =
            format!("[accounts.desk]\nservice = \"{service}\"\ntoken = {token}\nbase_url = \"{base_url}\"\n{account}");
        std::fs::write(self.home.path().join("rolo.toml"), text).unwrap();
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = rolo(self.home.path());
        command.args(arguments).env("DESK_TOKEN", TOKEN).env("CREDENTIALS_DIRECTORY", self.home.path());
        let output = command.output().unwrap();
        for (stream, bytes) in [("output", &output.stdout), ("error", &output.stderr)] {
            assert!(!holds(bytes, TOKEN), "{arguments:?} tells the token on standard {stream}");
        }
        output
    }

    /// Every file below the home that the user did not put there.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.home.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if !GIVEN.contains(&path.file_name().unwrap().to_str().unwrap()) {
                    files.push(path);
                }
            }
        }
        files
    }

    pub fn check_files(&self) {
        for file in self.files() {
            let bytes = std::fs::read(&file).unwrap();
            assert!(!holds(&bytes, TOKEN), "the token stands in {}", file.display());
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
        let mut folders = vec![self.home.path().join(".local")];
        while let Some(folder) = folders.pop() {
            assert_eq!(mode(&folder), 0o700, "{}", folder.display());
            let inside = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            folders.extend(inside.filter(|path| path.is_dir()));
        }
    }

    pub fn fault(&self, text: &str) {
        self.sandbox.clear_faults();
        self.sandbox.add_fault(Fault::parse(text).unwrap());
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.runtime.block_on(self.sandbox.stop());
    }
}

/// A forwarder that knows the canary token and gives the sandbox the one it takes.
fn token_changer(upstream: SocketAddr) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let met = Arc::new(AtomicUsize::new(0));
    let seen = met.clone();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(upstream) else { continue };
            let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let seen = seen.clone();
            std::thread::spawn(move || {
                let mut buffer = vec![0; 1 << 16];
                while let Ok(read @ 1..) = from_client.read(&mut buffer) {
                    let text = buffer[..read].iter().map(|byte| char::from(*byte)).collect::<String>();
                    seen.fetch_add(text.matches(TOKEN).count(), Ordering::SeqCst);
                    let changed: Vec<u8> =
                        text.replace(TOKEN, "sandbox").chars().map(|letter| u8::try_from(letter).unwrap()).collect();
                    if to_server.write_all(&changed).is_err() {
                        break;
                    }
                }
                drop(to_server.shutdown(Shutdown::Both));
            });
            std::thread::spawn(move || {
                let (mut from_server, mut to_client) = (server, client);
                drop(std::io::copy(&mut from_server, &mut to_client));
                drop(to_client.shutdown(Shutdown::Both));
            });
        }
    });
    (address, met)
}

pub fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

pub fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
