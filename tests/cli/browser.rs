//! Chromium without a window, by its WebDriver, for tests of the page as a person has it.
//!
//! It is found in `PATH`. Where it is missing, tests of it say so and do without; not so where `CI=true` or
//! `ROLO_BROWSER=required`, as `.ci/run` has it. With `ROLO_PICTURES=FOLDER` every page that a test looks at is written
//! there as a picture, at two widths, light and dark.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::mem::ManuallyDrop;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use thirtyfour::prelude::*;

use crate::world::Bare as _;

/// What looks for barriers in a page, from npm.
const AXE: &str = "4.14.1";

/// How often it is asked whether a page says something by now, 50 ms apart.
const TRIES: usize = 400;

/// Widths and colour schemes in which a page is looked at; the others are only pictures.
const LOOKS: [(u32, &str); 2] = [(1280, "light"), (400, "dark")];
const PICTURES: [(u32, &str); 4] = [(1280, "light"), (1280, "dark"), (400, "light"), (400, "dark")];

/// A browser with one tab, whose requests to other machines are led into a trap.
pub struct Browser {
    // Never dropped: it would wait for an answer. Both processes are ended by their numbers.
    pub driver: ManuallyDrop<WebDriver>,
    _process: Driver,
    _profile: tempfile::TempDir,
    axe: &'static str,
    trapped: Arc<Mutex<BTreeSet<String>>>,
}

/// The server of the WebDriver, and the number of its browser.
struct Driver {
    child: Child,
    browser: Option<u64>,
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(browser) = self.browser {
            drop(Command::new("kill").arg(browser.to_string()).status());
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Browser {
    /// One that has opened nothing yet; `None`, and a word about it, where there is none.
    pub async fn open() -> Option<Self> {
        if ["chromium", "chromedriver"].into_iter().any(|name| in_path(name).is_none()) {
            missing("Chromium is missing: chromium and chromedriver (apt-get install chromium chromium-driver)");
            return None;
        }
        let axe = axe()?;
        let profile = tempfile::tempdir().unwrap();
        let (child, port) = driver(profile.path());
        let mut process = Driver { child, browser: None };
        let (trap, trapped) = trap();
        let mut wanted = DesiredCapabilities::chrome();
        for argument in [
            "--headless=new",
            // Nobody but root runs tests in a container, and there is no sandbox for root.
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-default-apps",
            "--force-device-scale-factor=1",
            "--hide-scrollbars",
            &format!("--user-data-dir={}", profile.path().join("profile").display()),
            // All but this machine.
            &format!("--proxy-server=127.0.0.1:{trap}"),
        ] {
            wanted.add_arg(argument).unwrap();
        }
        wanted.set("goog:loggingPrefs", json!({ "performance": "ALL" })).unwrap();
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted).await.unwrap();
        process.browser = driver.capabilities().get("goog:processID").and_then(Value::as_u64);
        // A part of a page that takes its time comes when it is there.
        driver.set_implicit_wait_timeout(Duration::from_secs(20)).await.unwrap();
        let driver = ManuallyDrop::new(driver);
        let browser = Self { driver, _process: process, _profile: profile, axe, trapped };
        browser.show_at(1280, "light").await;
        Some(browser)
    }

    pub async fn goto(&self, address: &str) {
        self.driver.goto(address).await.unwrap();
    }

    /// What a script returns.
    pub async fn tell(&self, script: &str, arguments: &[Value]) -> Value {
        self.driver.execute(script, arguments.to_vec()).await.unwrap().json().clone()
    }

    /// All words that can be seen.
    pub async fn words(&self) -> String {
        self.tell("return document.body.innerText", &[]).await.as_str().unwrap().to_owned()
    }

    /// Presses what leads to a page that says what this one says, and waits until it is another.
    pub async fn press_to_the_next(&self, words: &str) {
        self.tell("document.body.dataset.seen = 'yes'", &[]).await;
        self.press(words).await;
        for _ in 0..TRIES {
            let asked = "return document.readyState === 'complete' && !document.body.dataset.seen";
            // A page that is just being left can't be asked.
            let next = self.driver.execute(asked, Vec::new()).await;
            if next.is_ok_and(|next| next.json().as_bool() == Some(true)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{words} led nowhere: {}", self.words().await);
    }

    /// Waits until the page says so.
    pub async fn until(&self, says: &str) {
        for _ in 0..TRIES {
            // A page that is just being left can't be asked.
            let asked = self.driver.execute("return document.body.innerText", Vec::new()).await;
            if asked.is_ok_and(|words| words.json().as_str().is_some_and(|words| words.contains(says))) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the page never said {says}: {}", self.words().await);
    }

    pub async fn find(&self, css: &str) -> WebElement {
        let found = self.driver.find(By::Css(css)).await;
        let Ok(element) = found else { panic!("there is no {css}: {}", self.driver.source().await.unwrap()) };
        element
    }

    pub async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    /// Clicks what bears these words.
    pub async fn press(&self, words: &str) {
        let at = format!("//*[self::a or self::button or self::summary][contains(normalize-space(.), \"{words}\")]");
        let found = self.driver.find(By::XPath(&at)).await;
        let Ok(element) = found else { panic!("nothing to press says {words}: {}", self.words().await) };
        element.click().await.unwrap();
    }

    /// Types in place of what stands there.
    pub async fn write(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    pub async fn choose(&self, select: &str, value: &str) {
        self.click(&format!("{select} option[value=\"{value}\"]")).await;
    }

    /// Drops a file on the form that takes one.
    pub async fn drop_file(&self, name: &str, content: &[u8]) {
        let script = "const bytes = Uint8Array.from(atob(arguments[1]), (c) => c.charCodeAt(0));
            const data = new DataTransfer();
            data.items.add(new File([bytes], arguments[0]));
            document.querySelector('form[data-drop]').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));";
        self.tell(script, &[json!(name), json!(STANDARD.encode(content))]).await;
    }

    /// Presses a key where the focus is.
    pub async fn key(&self, key: Key) {
        self.driver.action_chain().send_keys(key).perform().await.unwrap();
    }

    /// Types where the focus is.
    pub async fn type_text(&self, text: &str) {
        self.driver.action_chain().send_keys(text).perform().await.unwrap();
    }

    /// Goes on by the tabulator until what `css` says has the focus, which has to be seen wherever it comes by.
    pub async fn tab_to(&self, css: &str) {
        for _ in 0..300 {
            self.key(Key::Tab).await;
            let state = self
                .tell(
                    "const at = document.activeElement;
                     const outline = getComputedStyle(at).outlineStyle;
                     return [at.matches(arguments[0]), at === document.body || outline !== 'none', at.outerHTML]",
                    &[json!(css)],
                )
                .await;
            assert_eq!(state[1], true, "nobody sees that this has the focus: {}", state[2]);
            if state[0] == true {
                return;
            }
        }
        panic!("the tabulator never comes to {css}: {}", self.driver.source().await.unwrap());
    }

    async fn show_at(&self, width: u32, scheme: &str) {
        let cdp = self.driver.cdp();
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        cdp.send_raw("Emulation.setDeviceMetricsOverride", size).await.unwrap();
        // Without motion: colours on their way from one scheme to the other are no colours of the page.
        let scheme = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme }, { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        cdp.send_raw("Emulation.setEmulatedMedia", scheme).await.unwrap();
    }

    /// Looks at a page: it fits its width, has no barriers, and nothing in it was run or loaded that is not its own.
    pub async fn look(&self, name: &str) {
        let folder = std::env::var_os("ROLO_PICTURES").map(PathBuf::from);
        let looks: &[(u32, &str)] = if folder.is_some() { &PICTURES } else { &LOOKS };
        for (width, scheme) in looks {
            self.show_at(*width, scheme).await;
            let wide = self.tell("return document.documentElement.scrollWidth - innerWidth", &[]).await;
            assert!(wide.as_i64().unwrap() <= 0, "{name} is {wide} px wider than {width} px");
            self.no_barriers(&format!("{name} at {width} px, {scheme}")).await;
            if let Some(folder) = &folder {
                self.picture(&folder.join(format!("{name}-{width}-{scheme}.png"))).await;
            }
        }
        self.show_at(1280, "light").await;
        let strange = "return [...document.querySelectorAll('img, iframe, object, embed, base, script:not([src=\"/page.js\"])')].map((e) => e.outerHTML)";
        assert_eq!(self.tell(strange, &[]).await, json!([]), "{name} holds what is not its own");
        assert_eq!(self.tell("return typeof hostile", &[]).await, "undefined", "{name} has run a script");
    }

    async fn no_barriers(&self, name: &str) {
        if self.tell("return typeof axe", &[]).await != "object" {
            self.tell(self.axe, &[]).await;
        }
        let script = "const done = arguments[arguments.length - 1];
            axe.run(document, { resultTypes: ['violations'] }).then((found) => done(found.violations.map((violation) =>
                [violation.id, violation.help, violation.nodes.map((node) => node.html + ' ' + (node.any[0]?.message ?? ''))])),
                (error) => done(String(error)))";
        let found = self.driver.execute_async(script, Vec::new()).await.unwrap();
        assert_eq!(found.json(), &json!([]), "{name}: {:#}", found.json());
    }

    async fn picture(&self, path: &Path) {
        let size = "return [innerWidth, Math.min(document.documentElement.scrollHeight, 2600)]";
        let size = self.tell(size, &[]).await;
        let clip = json!({ "x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1 });
        let wanted = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let taken = self.driver.cdp().send_raw("Page.captureScreenshot", wanted).await.unwrap();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, STANDARD.decode(taken["data"].as_str().unwrap()).unwrap()).unwrap();
    }

    /// Every request that pages made went to this host, and the trap would have seen any other.
    pub async fn asked_nobody_but(&self, host: &str) {
        let mut asked = 0;
        for entry in self.driver.get_log("performance").await.unwrap() {
            let message: Value = serde_json::from_str(&entry.message).unwrap();
            if message["message"]["method"] != "Network.requestWillBeSent" {
                continue;
            }
            let url = message["message"]["params"]["request"]["url"].as_str().unwrap().to_owned();
            let is_within = ["data:", "about:", "chrome:"].into_iter().any(|scheme| url.starts_with(scheme));
            assert!(is_within || url.starts_with(&format!("http://{host}/")), "a page asked for {url}");
            asked += usize::from(!is_within);
        }
        assert!(asked > 0, "nothing was asked for at all");
        let elsewhere = |trapped: &BTreeSet<String>| trapped.iter().any(|line| line.contains("elsewhere.example"));
        assert!(!elsewhere(&self.trapped.lock().unwrap()), "{:?}", self.trapped.lock().unwrap());
        // Nothing else shows that a request would have been caught.
        drop(self.driver.goto("http://elsewhere.example/").await);
        assert!(elsewhere(&self.trapped.lock().unwrap()), "the trap catches nothing");
    }
}

fn in_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.exists())
}

/// Says what is missing, and fails where nothing may be left out.
fn missing(what: &str) {
    let required = |name| std::env::var_os(name).is_some_and(|value| value == "true" || value == "required");
    assert!(!required("CI") && !required("ROLO_BROWSER"), "{what}");
    drop(writeln!(std::io::stderr(), "{what}; its tests are left out"));
}

/// The server of the WebDriver, and its port.
fn driver(home: &Path) -> (Child, u16) {
    // It takes a port at random, which somebody else may take before it does.
    (0..10).find_map(|_| started(home)).expect("chromedriver starts")
}

fn started(home: &Path) -> Option<(Child, u16)> {
    let mut command = Command::new("chromedriver");
    command.bare().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", home);
    // A browser tells the date by itself: with another one nothing of it starts.
    command.env_remove("LD_PRELOAD").arg("--port=0");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = lines.by_ref().map_while(Result::ok).find(|line| line.contains("started successfully on port"));
    let Some(said) = said else {
        drop(child.wait());
        return None;
    };
    let port = said.trim_end_matches('.').rsplit(' ').next().unwrap().parse().unwrap();
    // What it says further is let go of, so that it never waits for a reader.
    std::thread::spawn(move || lines.for_each(drop));
    Some((child, port))
}

/// Takes whatever is sent to another machine, and remembers what was asked for.
fn trap() -> (u16, Arc<Mutex<BTreeSet<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let trapped = Arc::new(Mutex::new(BTreeSet::new()));
    let kept = trapped.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut line = String::new();
            drop(BufReader::new(&stream).read_line(&mut line));
            kept.lock().unwrap().insert(line);
            drop((&stream).write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        }
    });
    (port, trapped)
}

/// The script of axe-core, fetched once into the target folder; `None`, and a word about it, where npm gives none.
fn axe() -> Option<&'static str> {
    static SCRIPT: OnceLock<Option<String>> = OnceLock::new();
    let fetched = SCRIPT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let kept = folder.join(format!("axe-core-{AXE}.js"));
        if !kept.exists() {
            let aside = tempfile::tempdir_in(folder).unwrap();
            let package = format!("axe-core@{AXE}");
            let npm = Command::new("npm")
                .args([
                    "install",
                    "--no-save",
                    "--no-package-lock",
                    "--ignore-scripts",
                    "--no-audit",
                    "--no-fund",
                    &package,
                ])
                .current_dir(aside.path())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            let script = aside.path().join("node_modules/axe-core/axe.min.js");
            if !npm.is_ok_and(|status| status.success()) || !script.exists() {
                return None;
            }
            std::fs::rename(script, &kept).unwrap();
        }
        Some(std::fs::read_to_string(kept).unwrap())
    });
    if fetched.is_none() {
        missing(&format!(
            "axe-core {AXE} is missing: npm and a network are needed to fetch it once (apt-get install npm)"
        ));
    }
    fetched.as_deref()
}
