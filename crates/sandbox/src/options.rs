use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

#[cfg(any(test, feature = "mutants"))]
use super::Mutation;
use super::{ChatwootOptions, DmchampOptions, Fault};

/// Says how long it is since the Unix epoch; passed in so that tests can hold time still.
pub type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// How a sandbox is to be started.
#[derive(Clone)]
pub struct Options {
    /// A loopback address; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The services to serve, by name; empty means all.
    pub services: Vec<String>,
    /// The folder in which contacts are kept; none keeps them in memory.
    pub state: Option<PathBuf>,
    /// What is done to requests on purpose; can be changed while serving.
    pub faults: Vec<Fault>,
    /// Added to every answer.
    pub latency: Duration,
    /// One mistake that an emulator is made to make, so that a test suite can be tested.
    #[cfg(any(test, feature = "mutants"))]
    pub mutation: Option<Mutation>,
    /// How long a client may take over a head, over a body, and between two requests, before its connection is
    /// closed.
    pub patience: Duration,
    /// How many connections are open at once; further ones wait.
    pub most_connections: usize,
    /// How many requests the log holds; older ones leave it.
    pub log_capacity: usize,
    /// Where the time comes from.
    pub clock: Clock,
    /// What each emulator is told.
    pub emulator: EmulatorOptions,
}

impl Options {
    /// All services on a free loopback port, in memory, with the vendors' limits and no faults.
    pub fn new(clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            services: Vec::new(),
            state: None,
            faults: Vec::new(),
            latency: Duration::ZERO,
            #[cfg(any(test, feature = "mutants"))]
            mutation: None,
            patience: Duration::from_secs(30),
            most_connections: 256,
            log_capacity: 10_000,
            clock: Arc::new(clock),
            emulator: EmulatorOptions::default(),
        }
    }
}

/// What an emulator is told when it is made. Written at the head of a write log, so that the log
/// can be replayed under the same rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EmulatorOptions {
    /// No request is refused for coming too early.
    pub unthrottled: bool,
    /// A created contact stays invisible to look-ups for this long.
    pub search_lag: Duration,
    /// Admits this many requests in a window instead of the documented number.
    pub request_limit: Option<u32>,
    /// respond.io v1: the channel is a Viber channel, whose contact ids travel in Base64.
    pub viber_ids: bool,
    /// respond.io v1: a create with a phone or e-mail that exists is refused instead of making a
    /// second contact. The documents are silent; making a second one shows a careless client.
    pub refuse_duplicates: bool,
    /// What one Chatwoot server, or a relative of it, does differently from the newest.
    pub chatwoot: ChatwootOptions,
    /// Which of its descriptions a DM Champ server follows.
    pub dmchamp: DmchampOptions,
}
