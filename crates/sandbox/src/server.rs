use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use super::instance::Instance;
use super::log::RequestLog;
use super::shared::Shared;
use super::{EMULATORS, Fault, KnownAccount, LoggedRequest, Options, connection};

/// Starts serving, on the runtime it is called in.
///
/// # Errors
///
/// An address that is not loopback or is taken, a service name that is not in [`EMULATORS`], a
/// state folder that cannot be used or whose service another process is serving.
pub async fn start(options: Options) -> io::Result<Sandbox> {
    if !options.listen.ip().is_loopback() {
        let message = format!("the sandbox listens on loopback alone, not on: {}", options.listen);
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    for name in &options.services {
        if !EMULATORS.iter().any(|(known, _)| known == name) {
            let known = EMULATORS.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ");
            let message = format!("no emulator for the service (there are {known}): {name}");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
    }
    let mut instances = HashMap::new();
    for (name, make) in EMULATORS {
        if options.services.is_empty() || options.services.iter().any(|asked| asked == name) {
            instances.insert((*name).to_owned(), Instance::open(name, *make, &options)?);
        }
    }
    let listener = TcpListener::bind(options.listen).await?;
    let address = listener.local_addr()?;
    let shared = Arc::new(Shared {
        instances,
        faults: RwLock::new(options.faults.into_iter().map(Arc::new).collect()),
        log: Mutex::new(RequestLog::new(options.log_capacity)),
        requests: AtomicU64::new(0),
        latency: options.latency,
        patience: options.patience,
        clock: options.clock,
    });
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(accept(listener, Arc::clone(&shared), options.most_connections, stopped));
    Ok(Sandbox { address, shared, running: Mutex::new(Some((stop, task))) })
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, most: usize, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // Waits for them: a request carried out after the write log is given up would be lost.
            _ = &mut stopped => return connections.shutdown().await,
            accepted = listener.accept(), if connections.len() < most => match accepted {
                Ok((stream, _)) => {
                    // Answers are small and single; waiting to fill a packet would only slow them.
                    let _ = stream.set_nodelay(true);
                    connections.spawn(connection::serve(stream, Arc::clone(&shared)));
                }
                // Out of file handles, most likely: some may be free in a moment.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// A running server. Dropped, it stops as if killed: what was answered is kept, and nothing else is done.
pub struct Sandbox {
    address: SocketAddr,
    shared: Arc<Shared>,
    running: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
}

impl Sandbox {
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// What stands in for a service's base URL.
    pub fn base_url(&self, service: &str) -> String {
        format!("http://{}/{service}", self.address)
    }

    /// The latest requests, oldest first.
    pub fn log(&self) -> Vec<LoggedRequest> {
        self.shared.log.lock().unwrap_or_else(PoisonError::into_inner).entries()
    }

    /// How many requests reached a service since the start, the refused ones included.
    pub fn request_count(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }

    /// A service's contacts in its own reading form; null for a service that is not served.
    pub fn contacts(&self, service: &str) -> Value {
        self.shared.instance(service).map_or(Value::Null, Instance::contacts)
    }

    /// Adds contacts that were there before the client came, in the service's own reading form.
    pub fn seed(&self, service: &str, contacts: Value) -> Result<(), String> {
        let instance =
            self.shared.instance(service).ok_or_else(|| format!("no service of that name here: {service}"))?;
        instance.seed(contacts, (self.shared.clock)())
    }

    /// Fills a service with what a client knows of an account.
    ///
    /// # Errors
    ///
    /// A service that isn't served, an id that it couldn't have told.
    pub fn know(&self, service: &str, known: &KnownAccount) -> Result<(), String> {
        let instance =
            self.shared.instance(service).ok_or_else(|| format!("no service of that name here: {service}"))?;
        instance.know(known, (self.shared.clock)())
    }

    /// Adds to the faults in use.
    pub fn add_fault(&self, fault: Fault) {
        self.shared.faults.write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(fault));
    }

    /// Takes away all faults; search lag and lowered limits that took effect stay.
    pub fn clear_faults(&self) {
        self.shared.faults.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Closes every connection and folds the write logs into their snapshots.
    pub async fn stop(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((stop, task)) = running {
            let _ = stop.send(());
            let _ = task.await;
            for instance in self.shared.instances.values() {
                instance.close();
            }
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let running = self.running.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((_, task)) = running {
            task.abort();
            for instance in self.shared.instances.values() {
                instance.leave();
            }
        }
    }
}
