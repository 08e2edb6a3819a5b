//! PostgreSQL for tests: a server of this process's own, in a folder and on a port of its own, that ends with it.
//!
//! It is found in `PATH` or where Debian puts it. Where there is none, tests of it say so and do without;
//! not so where `CI=true` or `ROLO_POSTGRES=required`, as `.ci/run` has it. `ROLO_POSTGRES=left-out` does without it
//! where a run says so: at one of several dates.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

/// What the server is called as. It refuses to run as root, so then nobody runs it.
const SUPERUSER: &str = "rolo";

/// The folder of the server's programs.
fn programs() -> Option<PathBuf> {
    let in_path =
        std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    debian.sort();
    let has_all = |folder: &PathBuf| ["initdb", "postgres", "psql"].iter().all(|name| folder.join(name).exists());
    debian.into_iter().rev().chain(in_path).find(has_all)
}

/// The server that the tests of this process share; `None`, and a word about it, where there is no PostgreSQL.
pub fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(Server::new).as_ref()
}

/// A server, with the shell that ends it when this process ends.
pub struct Server {
    programs: PathBuf,
    folder: PathBuf,
    pub port: u16,
    /// Where a pool listens that gives every transaction another of a few connections; `None` without pgbouncer.
    pub pool: Option<u16>,
    keeper: Mutex<Option<Child>>,
    /// The port of the server that it follows, where it is the standby of one.
    follows: Option<u16>,
}

impl Server {
    /// One of its own, which a test may kill.
    pub fn new() -> Option<Self> {
        Self::following(None)
    }

    /// A standby of this one, which commits nothing from now on that the standby does not have.
    pub fn standby(&self) -> Option<Self> {
        let standby = Self::following(Some(self.port))?;
        self.ask("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.ask("postgres", "SELECT pg_reload_conf()");
        let synced = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        while self.ask("postgres", synced) != "1" {
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(standby)
    }

    fn following(follows: Option<u16>) -> Option<Self> {
        if std::env::var_os("ROLO_POSTGRES").is_some_and(|value| value == "left-out") {
            return None;
        }
        let Some(programs) = programs() else {
            missing("PostgreSQL", "initdb, postgres and psql", "apt-get install postgresql");
            return None;
        };
        let pools =
            follows.is_none() && Command::new("pgbouncer").arg("--version").stdout(Stdio::null()).status().is_ok();
        if !pools && follows.is_none() {
            missing("pgbouncer", "its program", "apt-get install pgbouncer");
        }
        let folder = tempfile::Builder::new().prefix("rolo-postgres-").tempdir().unwrap().keep();
        let port = free_port();
        if is_root() {
            assert!(Command::new("chown").arg("65534:65534").arg(&folder).status().unwrap().success());
        }
        let server = Self { programs, folder, port, pool: pools.then(free_port), keeper: Mutex::new(None), follows };
        server.start();
        Some(server)
    }

    /// Starts it, and whenever it was killed starts it again; returns once it takes connections.
    fn start(&self) {
        const SCRIPT: &str = r#"
            cd "$1"
            if [ ! -d data ] && [ "$6" != 0 ]; then
                "$2/pg_basebackup" -D data -h 127.0.0.1 -p "$6" -U "$4" -R -X stream -c fast --no-sync >log 2>&1 || exit 1
            elif [ ! -d data ]; then
                "$2/initdb" -D data -U "$4" -A trust -E UTF8 --locale=C --no-sync >log 2>&1 || exit 1
                printf 'host all,replication %s 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n' "$4" >data/pg_hba.conf
            fi
            # The date that the test sees. What moves it can't be handed from one user to another.
            if [ -n "$PRELOAD" ]; then export LD_PRELOAD="$PRELOAD"; fi
            # While processes of a killed server still end, it does not start.
            ( until "$2/postgres" -D data -p "$3" -k "" -c listen_addresses=127.0.0.1 -c fsync=off \
                -c max_connections=500 -c shared_buffers=32MB -c autovacuum_naptime=5s >>log 2>&1; do
                [ -e over ] && exit; sleep 0.1; done ) &
            if [ "$5" != 0 ]; then
                printf '[databases]\n* = host=127.0.0.1 port=%s user=%s\n[pgbouncer]\nlisten_addr = 127.0.0.1\n' "$3" "$4" >pool.ini
                printf 'listen_port = %s\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n' "$5" >>pool.ini
                printf 'default_pool_size = 4\nmax_client_conn = 500\nquery_wait_timeout = 5\nlogfile = pool.log\npidfile = pool.pid\n' >>pool.ini
                pgbouncer -q pool.ini >>log 2>&1 &
            fi
            cat >kept
            touch over; [ "$5" = 0 ] || kill -INT "$(cat pool.pid)"; kill -QUIT "$(head -1 data/postmaster.pid)"; wait; cd /; rm -rf "$1"
        "#;
        let mut shell = if is_root() {
            let mut shell = Command::new("setpriv");
            shell.args(["--reuid=65534", "--regid=65534", "--clear-groups", "sh"]);
            shell
        } else {
            Command::new("sh")
        };
        let keeper = shell
            .args(["-c", SCRIPT, "sh"])
            .arg(&self.folder)
            .arg(&self.programs)
            .args([&self.port.to_string(), SUPERUSER])
            .args([self.pool.unwrap_or(0).to_string(), self.follows.unwrap_or(0).to_string()])
            .env("PRELOAD", std::env::var_os("LD_PRELOAD").unwrap_or_default())
            .env_remove("LD_PRELOAD")
            .env_remove("FAKETIME_SHARED")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        *self.keeper.lock().unwrap() = Some(keeper);
        self.wait();
    }

    /// Returns once it takes connections.
    pub fn wait(&self) {
        while !self.psql("postgres", "SELECT 1").status().unwrap().success() {
            if let Some(ended) = self.keeper.lock().unwrap().as_mut().and_then(|keeper| keeper.try_wait().unwrap()) {
                let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                panic!("PostgreSQL did not start ({ended}):\n{log}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Kills the process that all others of the server hang on. It is started again at once, and recovers.
    pub fn kill(&self) {
        // Its number is that of a dead one until it takes connections again: a process that serves one from before
        // the last kill may have outlived that.
        self.wait();
        let number = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        let number = number.lines().next().unwrap();
        assert!(Command::new("kill").args(["-9", number]).status().unwrap().success());
    }

    /// Kills it for good, as a machine that is lost: nobody starts it again.
    pub fn lose(&self) {
        self.wait();
        std::fs::write(self.folder.join("over"), "").unwrap();
        self.kill();
    }

    /// Makes a standby one that is written to.
    pub fn promote(&self) {
        assert_eq!(self.ask("postgres", "SELECT pg_promote(true, 60)"), "t");
    }

    fn psql(&self, database: &str, sql: &str) -> Command {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-qAtX", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
        psql.args(["-U", SUPERUSER, "-d", database, "-c", sql]).env_remove("LD_PRELOAD");
        psql.stdout(Stdio::null()).stderr(Stdio::null());
        psql
    }

    /// What a statement answers, in a database of this server.
    pub fn ask(&self, database: &str, sql: &str) -> String {
        let output = self.psql(database, sql).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
        assert!(output.status.success(), "{sql}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A new, empty database.
    pub fn database(&self) -> Database<'_> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.ask("postgres", &format!("CREATE DATABASE {name}"));
        Database { server: self, name }
    }
}

impl Server {
    /// Ends it for good.
    pub fn stop(&self) {
        if let Some(mut keeper) = self.keeper.lock().unwrap().take() {
            drop(keeper.stdin.take());
            drop(keeper.wait());
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A port below those that the system gives to connections: of these another test may take one before the server
/// has it.
fn free_port() -> u16 {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    loop {
        let tried = TRIED.fetch_add(1, Ordering::Relaxed);
        let port = 20_000 + std::process::id().wrapping_mul(97).wrapping_add(tried) % 12_000;
        let port = u16::try_from(port).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Says what is missing, and fails where nothing may be left out.
fn missing(what: &str, programs: &str, cure: &str) {
    let required = |name| std::env::var_os(name).is_some_and(|value| value == "true" || value == "required");
    let missing = format!("{what} is missing: {programs} can't be found ({cure})");
    assert!(!required("CI") && !required("ROLO_POSTGRES"), "{missing}");
    drop(writeln!(std::io::stderr(), "{missing}; its tests are left out"));
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout.trim_ascii() == b"0"
}

/// A database that a test has to itself.
pub struct Database<'a> {
    pub server: &'a Server,
    pub name: String,
}

impl Database<'_> {
    /// Its address, for whoever may do everything in it.
    pub fn url(&self) -> String {
        format!("postgres://{SUPERUSER}@127.0.0.1:{}/{}", self.server.port, self.name)
    }

    /// What a statement answers.
    pub fn ask(&self, sql: &str) -> String {
        self.server.ask(&self.name, sql)
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        // What stays behind goes with the server.
        drop(self.server.psql("postgres", &format!("DROP DATABASE {} WITH (FORCE)", self.name)).status());
    }
}
