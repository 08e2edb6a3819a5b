use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How long a page may take to show what it is about; a run of 100,000 rows is among them.
const PATIENCE: Duration = Duration::from_secs(1800);

/// Whoever looks at the pages, and measures.
pub struct Visitor {
    host: String,
    cookie: String,
    /// The process that serves them.
    served_by: u32,
    slowest: (Duration, String),
}

struct Answer {
    status: u16,
    head: String,
    body: String,
    took: Duration,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

impl Visitor {
    pub fn enter(address: &str, served_by: u32) -> Self {
        let (host, token) = address.strip_prefix("http://").unwrap().split_once("/?token=").unwrap();
        let mut visitor =
            Self { host: host.to_owned(), cookie: String::new(), served_by, slowest: (Duration::ZERO, String::new()) };
        let entered = visitor.ask("GET", &format!("/?token={token}"), "");
        entered.header("set-cookie").unwrap().split(';').next().unwrap().clone_into(&mut visitor.cookie);
        visitor
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let began = Instant::now();
        let mut stream = TcpStream::connect(&self.host).unwrap();
        let (host, cookie) = (&self.host, &self.cookie);
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {cookie}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let took = began.elapsed();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned(), took }
    }

    /// Looks at a page until it shows what it is about; tells the longest answer, and how long that was until then.
    pub fn look(&mut self, name: &str, path: &str, says: &str) -> String {
        let began = Instant::now();
        let mut longest = Duration::ZERO;
        let shown = loop {
            let answer = self.ask("GET", path, "");
            longest = longest.max(answer.took);
            if answer.body.contains(says) {
                break answer;
            }
            assert!(
                answer.body.contains("data-follow"),
                "{path} is not under way, and never says {says}: {}",
                answer.body
            );
            assert!(began.elapsed() < PATIENCE, "{path} never says {says}");
            std::thread::sleep(Duration::from_millis(200));
        };
        let shown_after = began.elapsed();
        let again = self.ask("GET", path, "");
        longest = longest.max(again.took);
        self.tell(
            name,
            longest,
            &format!(
                "shown after {:>6.1} s, again in {:>4} ms, {:>4} kB",
                shown_after.as_secs_f64(),
                again.took.as_millis(),
                shown.body.len() / 1024
            ),
        );
        shown.body
    }

    /// Posts a form; where that leads.
    pub fn send(&mut self, name: &str, path: &str, fields: &[(&str, &str)]) -> String {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let answer = self.ask("POST", path, &body.join("&"));
        assert!(matches!(answer.status, 200 | 303), "{path}: {}", answer.body);
        self.tell(name, answer.took, "");
        answer.header("location").unwrap_or_default().to_owned()
    }

    /// Follows a job until it has its own address.
    pub fn led_on(&mut self, name: &str, path: &str) -> String {
        loop {
            let answer = self.ask("GET", path, "");
            if answer.status == 303 {
                self.tell(name, answer.took, "");
                return answer.header("location").unwrap().to_owned();
            }
        }
    }

    /// The first address on the first page that begins so.
    pub fn told_location(&mut self, beginning: &str, name: &str) -> String {
        let answer = self.ask("GET", "/", "");
        self.tell(name, answer.took, "");
        let link = answer.body.split(&format!("href=\"{beginning}")).nth(1).unwrap();
        format!("{beginning}{}", link.split('"').next().unwrap())
    }

    fn tell(&mut self, name: &str, took: Duration, more: &str) {
        let most = self.memory().map_or(String::new(), |most| format!("{most:>4} MiB at most"));
        println!("{name:<26} {:>6} ms  {most}  {more}", took.as_millis());
        if took > self.slowest.0 {
            self.slowest = (took, name.to_owned());
        }
    }

    /// Says what counts: the longest answer, and the most memory.
    pub fn sum_up(&self) {
        let (took, name) = &self.slowest;
        let most = self.memory().map_or_else(|| "not told here".to_owned(), |most| format!("{most} MiB"));
        println!("longest answer: {} ms ({name}); most memory: {most}", took.as_millis());
    }

    /// The most memory that the serving process ever had, where the system tells.
    fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.served_by)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1024)
    }
}

fn encoded(text: &str) -> String {
    let of =
        |byte: u8| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(of).collect()
}

fn plain(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// What a hidden field of a page holds.
pub fn value_of(page: &str, name: &str) -> String {
    plain(page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap().split('"').next().unwrap())
}

/// What each column's select has chosen.
pub fn selects(page: &str) -> Vec<(String, String)> {
    let one = |part: &str| {
        let (name, rest) = part.split_once('"')?;
        let options = rest.split("</select>").next()?;
        let chosen = options.split("<option value=\"").find(|option| option.contains("\" selected"));
        let value = chosen.and_then(|option| option.split('"').next()).unwrap_or("nothing");
        Some((format!("feeds.{name}"), plain(value)))
    };
    page.split("name=\"feeds.").skip(1).filter_map(one).collect()
}
