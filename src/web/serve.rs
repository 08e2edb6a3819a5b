use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use tokio::net::TcpListener;

use super::draft::Drafts;
use super::job_maker::JobMaker;
use super::layout::PageStep;
use super::session::Session;
use super::site::{Site, first_account};
use super::work::BackgroundJobs;
use super::{routes, sweep};
use crate::clock::Calendar;
use crate::error::{Error, Result};
use crate::ledger::LedgerPlace;
use crate::upload::Stop;

/// What a page is served with.
pub struct PageSettings {
    /// Of this machine alone.
    pub listen: SocketAddr,
    pub state_dir: PathBuf,
    pub ledger: LedgerPlace,
    pub maker: Arc<dyn JobMaker>,
    /// A file that is to be prepared first.
    pub file: Option<PathBuf>,
    pub calendar: Calendar,
}

/// A server that listens, and answers once it is run.
pub struct PageServer {
    listener: TcpListener,
    site: Arc<Site>,
}

impl PageServer {
    /// Listens.
    ///
    /// # Errors
    /// Kind `Usage` for an address that others can reach; `Stopped` if the address is taken.
    pub async fn bind(settings: PageSettings) -> Result<Self> {
        if !settings.listen.ip().is_loopback() {
            return Err(Error::usage(format!("the page is for this machine alone, not for: {}", settings.listen.ip()))
                .hint("listen on 127.0.0.1 or [::1]"));
        }
        let unheard = |cause| {
            Error::stopped(format!("the page can't be served on {}", settings.listen))
                .hint("another program may have the port; --listen 127.0.0.1:0 picks a free one")
                .caused_by(cause)
        };
        let listener = TcpListener::bind(settings.listen).await.map_err(unheard)?;
        let address = listener.local_addr().map_err(unheard)?;
        let drafts = Drafts::in_state(&settings.state_dir);
        let first = match settings.file {
            Some(file) => {
                let draft = drafts.of_file(&file, first_account(settings.maker.as_ref())?, settings.maker.region()?)?;
                PageStep::File.path(&draft)
            }
            None => "/".to_owned(),
        };
        let site = Arc::new(Site {
            first,
            own_copies: Mutex::default(),
            session: Session::new(address.port())?,
            own_host: address.to_string(),
            drafts,
            works: BackgroundJobs::new(settings.state_dir.clone(), settings.ledger.clone(), settings.calendar.clone()),
            state_dir: settings.state_dir,
            calendar: settings.calendar,
            maker: settings.maker,
            place: settings.ledger,
            opened: OnceLock::new(),
        });
        Ok(Self { listener, site })
    }

    /// The address with the token, for whoever started the server.
    pub fn address(&self) -> String {
        format!("http://{}/?token={}", self.site.own_host, self.site.session.token())
    }

    /// Answers until it is stopped; then stops what is under way, cleanly, so that it can be gone on with.
    ///
    /// # Errors
    /// Kind `Stopped` if the system lets nobody in any more.
    pub async fn run(self, stop: &Stop) -> Result<()> {
        sweep::sweep(&self.site, false).await;
        let asked = stop.clone();
        let routes = routes::routes(self.site.clone());
        let served = axum::serve(self.listener, routes).with_graceful_shutdown(async move { asked.requested().await });
        let served = tokio::spawn(served.into_future());
        stop.requested().await;
        self.site.works.stop_all(stop).await;
        sweep::sweep(&self.site, true).await;
        // A page that is still being sent doesn't hold up the end.
        served.abort();
        Ok(())
    }
}
