use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use super::instance::Instance;
use super::log::RequestLog;
use super::{Clock, Fault, LoggedRequest, WireRequest};

/// What the connections share.
pub(super) struct Shared {
    pub(super) instances: HashMap<String, Instance>,
    pub(super) faults: RwLock<Vec<Arc<Fault>>>,
    pub(super) log: Mutex<RequestLog>,
    pub(super) requests: AtomicU64,
    pub(super) latency: Duration,
    pub(super) patience: Duration,
    pub(super) clock: Clock,
}

impl Shared {
    pub(super) fn instance(&self, name: &str) -> Option<&Instance> {
        self.instances.get(name)
    }

    pub(super) fn names(&self) -> String {
        let mut names: Vec<_> = self.instances.keys().map(String::as_str).collect();
        names.sort_unstable();
        names.join(", ")
    }

    /// The faults to use on this request; asking counts it.
    pub(super) fn faults_for(&self, service: &str, request: &WireRequest) -> Vec<Arc<Fault>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let faults = self.faults.read().unwrap_or_else(PoisonError::into_inner);
        faults.iter().filter(|fault| fault.applies_to(service, request)).map(Arc::clone).collect()
    }

    pub(super) fn record(&self, entry: LoggedRequest) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }
}
