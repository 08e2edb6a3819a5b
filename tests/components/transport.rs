//! The transport against servers that misbehave on a loopback socket, one way each.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rolo::services::{Body, Credential, Method, Request};
use rolo::transport::{FailureKind, HttpOptions, HttpTransport, MayLeave, Transport};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

const SECRET: &str = "canary-7f3a9b";

fn options(base_url: String) -> HttpOptions {
    let mut options = HttpOptions::new(base_url, Credential::Bearer, SECRET.to_owned().into());
    // Longer than a busy machine needs.
    options.deadline = Duration::from_secs(60);
    options
}

fn transport(address: SocketAddr) -> HttpTransport {
    HttpTransport::new(options(format!("http://{address}/api"))).unwrap()
}

fn get() -> Request {
    Request::new(Method::Get, "/contact/1").query("value", "+60 1")
}

/// Serves each connection with `serve`; the counter tells how many there were.
async fn server<F, R>(serve: F) -> (SocketAddr, Arc<AtomicUsize>)
where
    F: Fn(TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = connections.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(serve(stream));
        }
    });
    (address, connections)
}

/// One whole request: head and body.
async fn request<S: AsyncRead + Unpin>(stream: &mut S) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .to_lowercase()
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ").and_then(|length| length.parse().ok()))
                .unwrap_or(0);
            if body.len() >= length {
                return text;
            }
        }
        let n = stream.read(&mut buffer).await.unwrap();
        if n == 0 {
            return text;
        }
        bytes.extend_from_slice(&buffer[..n]);
    }
}

async fn answer<S: AsyncWrite + Unpin>(stream: &mut S, text: &str) {
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.flush().await;
}

/// Closes with a reset instead of an orderly end.
fn reset(stream: TcpStream) {
    let _ = stream.set_zero_linger();
    drop(stream);
}

/// What a server that says `said` (and then stays silent) makes of a call.
async fn failure_after(said: &'static str) -> rolo::transport::Failure {
    let (address, _) = server(move |mut stream| async move {
        request(&mut stream).await;
        answer(&mut stream, said).await;
    })
    .await;
    transport(address).send(&get()).await.unwrap_err()
}

/// A transport with this credential, and all requests that reach its server, each answered with 204.
async fn recorded(credential: Credential, secret: &str) -> (HttpTransport, mpsc::UnboundedReceiver<String>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let (address, _) = server(move |mut stream| {
        let sender = sender.clone();
        async move {
            sender.send(request(&mut stream).await).unwrap();
            answer(&mut stream, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").await;
        }
    })
    .await;
    let options = HttpOptions::new(format!("http://{address}/api"), credential, secret.to_owned().into());
    (HttpTransport::new(options).unwrap(), receiver)
}

/// A server that takes connections and counts the bytes that come by them.
async fn listener() -> (SocketAddr, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let bytes = Arc::new(AtomicUsize::new(0));
    let counter = bytes.clone();
    let (address, connections) = server(move |mut stream| {
        let counter = counter.clone();
        async move {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                counter.fetch_add(count, Ordering::SeqCst);
            }
        }
    })
    .await;
    (address, connections, bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whether_a_request_may_leave_is_asked_when_the_connection_stands_and_a_refusal_sends_no_byte() {
    let (address, connections, bytes) = listener().await;
    let client = transport(address);
    let mut request = Request::new(Method::Post, "/contact");
    request.body = Body::Json(serde_json::json!({"name": "Ann"}));
    let there = connections.clone();
    let stood = Arc::new(AtomicUsize::new(0));
    let asked = stood.clone();
    let may_leave: MayLeave = Arc::new(move || {
        // The other side may hear of it a moment later than this one.
        while there.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        asked.fetch_add(1, Ordering::SeqCst);
        false
    });
    assert_eq!(client.send_while(&request, &may_leave).await.unwrap_err().kind, FailureKind::HeldBack);
    assert_eq!((stood.load(Ordering::SeqCst), connections.load(Ordering::SeqCst)), (1, 1));
    // A request without a body is asked about before it has a connection.
    let refuses: MayLeave = Arc::new(|| false);
    let failure = transport(address).send_while(&get(), &refuses).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::HeldBack);
    assert_eq!(bytes.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_request_that_may_leave_goes_out_as_any_other() {
    let (sender, mut seen) = mpsc::unbounded_channel();
    let (address, _) = server(move |mut stream| {
        let sender = sender.clone();
        async move {
            for _ in 0..2 {
                sender.send(request(&mut stream).await).unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
            }
        }
    })
    .await;
    let client = transport(address);
    let mut with_body = Request::new(Method::Post, "/contact");
    with_body.body = Body::Json(serde_json::json!({"name": "Ann"}));
    let may: MayLeave = Arc::new(|| true);
    client.send(&with_body).await.unwrap();
    client.send_while(&with_body, &may).await.unwrap();
    let (plain, asked) = (seen.recv().await.unwrap(), seen.recv().await.unwrap());
    assert_eq!(plain, asked);
    assert!(asked.contains("content-length: 14"), "{asked}");
}

#[tokio::test]
async fn an_answer_comes_whole_with_status_headers_and_time() {
    let (address, _) = server(|mut stream| async move {
        request(&mut stream).await;
        answer(&mut stream, "HTTP/1.1 422 No\r\nX-RateLimit-Limit: 200\r\nContent-Length: 4\r\n\r\n{\"a\"").await;
    })
    .await;
    let answer = transport(address).send(&get()).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (422, b"{\"a\"".as_slice()));
    assert_eq!(answer.header("x-ratelimit-limit"), Some("200"));
    assert!(answer.at > Duration::from_secs(1_700_000_000));
}

#[tokio::test]
async fn a_request_carries_path_query_credential_and_our_name() {
    let (transport, mut seen) = recorded(Credential::Bearer, SECRET).await;
    transport.send(&get()).await.unwrap();
    let text = seen.recv().await.unwrap();
    assert!(text.starts_with("GET /api/contact/1?value=%2B60%201 HTTP/1.1\r\n"), "{text}");
    let head = text.to_lowercase();
    assert!(head.contains(&format!("authorization: bearer {SECRET}\r\n")), "{text}");
    assert!(head.contains(&format!("user-agent: rolo/{}\r\n", env!("CARGO_PKG_VERSION"))), "{text}");
    assert!(head.contains("accept: application/json\r\n"), "{text}");
    assert!(!head.contains("accept-encoding") && !head.contains("referer"), "{text}");
}

#[tokio::test]
async fn a_delete_carries_json_and_a_form_is_encoded() {
    let (transport, mut seen) = recorded(Credential::Header("api_access_token"), SECRET).await;
    let delete = Request::new(Method::Delete, "/contact/1/tags").json(serde_json::json!(["a b", "é"]));
    transport.send(&delete).await.unwrap();
    let text = seen.recv().await.unwrap();
    assert!(text.starts_with("DELETE /api/contact/1/tags HTTP/1.1\r\n"), "{text}");
    assert!(text.to_lowercase().contains("content-type: application/json\r\n"), "{text}");
    assert!(text.to_lowercase().contains(&format!("api_access_token: {SECRET}\r\n")), "{text}");
    assert!(text.ends_with("\r\n\r\n[\"a b\",\"é\"]"), "{text}");

    let mut form = Request::new(Method::Post, "/token");
    form.body = Body::Form(vec![("grant type".into(), "a+b&c=d".into()), ("x".into(), String::new())]);
    transport.send(&form).await.unwrap();
    let text = seen.recv().await.unwrap();
    assert!(text.to_lowercase().contains("content-type: application/x-www-form-urlencoded\r\n"), "{text}");
    assert!(text.ends_with("\r\n\r\ngrant%20type=a%2Bb%26c%3Dd&x="), "{text}");
}

#[tokio::test]
async fn a_renewed_secret_is_used_from_the_next_call_on() {
    let (transport, mut seen) = recorded(Credential::Query("key"), "old").await;
    transport.send(&get()).await.unwrap();
    transport.set_secret("new".to_owned().into()).unwrap();
    transport.send(&get()).await.unwrap();
    assert!(seen.recv().await.unwrap().starts_with("GET /api/contact/1?value=%2B60%201&key=old HTTP"));
    assert!(seen.recv().await.unwrap().starts_with("GET /api/contact/1?value=%2B60%201&key=new HTTP"));
}

#[tokio::test]
async fn a_refused_connection_is_not_sent() {
    // Bound, so that nobody else gets the port, and not listening.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = socket.local_addr().unwrap();
    let failure = transport(address).send(&get()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotSent);
    assert!(failure.message.contains(&address.to_string()), "{}", failure.message);
}

#[tokio::test]
async fn an_unknown_name_is_not_sent() {
    // RFC 6761, section 6.4: `invalid` never resolves.
    let transport = HttpTransport::new(options("https://nowhere.invalid".into())).unwrap();
    let failure = transport.send(&get()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotSent);
    assert_eq!(failure.message, "the name of the server was not found: nowhere.invalid");
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_not_sent() {
    let (address, _) = server(|stream| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(stream);
    })
    .await;
    let mut options = options(format!("https://{address}"));
    options.connect_timeout = Duration::from_millis(200);
    let failure = HttpTransport::new(options).unwrap().send(&get()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotSent, "{}", failure.message);
    assert!(failure.message.contains("in time"), "{}", failure.message);
}

#[tokio::test]
async fn a_reset_before_the_server_reads_leaves_doubt() {
    let (address, connections) = server(|stream| async move { reset(stream) }).await;
    let failure = transport(address).send(&get()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NoAnswer, "{}", failure.message);
    assert_eq!(connections.load(Ordering::SeqCst), 1, "it must not be tried again");
}

#[tokio::test]
async fn a_reset_after_the_server_read_leaves_doubt_and_is_not_repeated() {
    let (address, connections) = server(|mut stream| async move {
        request(&mut stream).await;
        reset(stream);
    })
    .await;
    assert_eq!(transport(address).send(&get()).await.unwrap_err().kind, FailureKind::NoAnswer);
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_reset_in_the_middle_of_the_answer_leaves_doubt() {
    let (address, _) = server(|mut stream| async move {
        request(&mut stream).await;
        answer(&mut stream, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        reset(stream);
    })
    .await;
    assert_eq!(transport(address).send(&get()).await.unwrap_err().kind, FailureKind::NoAnswer);
}

#[tokio::test]
async fn an_answer_that_is_not_whole_leaves_doubt() {
    for said in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{\"id\":\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
    ] {
        let failure = failure_after(said).await;
        assert_eq!(failure.kind, FailureKind::NoAnswer, "{said:?}: {}", failure.message);
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut_at_the_cap() {
    let (address, _) = server(|mut stream| async move {
        request(&mut stream).await;
        answer(&mut stream, "HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b'x'; 10_000]).await.is_ok() {}
    })
    .await;
    let mut options = options(format!("http://{address}"));
    options.answer_cap = 1_000_000;
    let failure = HttpTransport::new(options).unwrap().send(&get()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NoAnswer);
    assert_eq!(failure.message, format!("the answer of {address} is larger than 1000000 bytes"));
}

#[tokio::test]
async fn an_answer_of_one_byte_at_a_time_meets_the_deadline() {
    let (address, _) = server(|mut stream| async move {
        request(&mut stream).await;
        answer(&mut stream, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").await;
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    // Where the machine is too busy to connect in that time, the next has more of it.
    for deadline in [0.5, 4.0, 32.0_f32] {
        let mut options = options(format!("http://{address}"));
        options.deadline = Duration::from_secs_f32(deadline);
        let transport = HttpTransport::new(options).unwrap();
        let request = get();
        // 1000 bytes take 50 s.
        let result = tokio::time::timeout(Duration::from_secs(45), transport.send(&request)).await;
        let failure = result.expect("the deadline must hold").unwrap_err();
        if failure.kind == FailureKind::NotSent && deadline < 32.0 {
            continue;
        }
        assert_eq!(failure.kind, FailureKind::NoAnswer, "{}", failure.message);
        assert_eq!(failure.message, format!("{address} gave no whole answer within {deadline} s"));
        return;
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (elsewhere, visits) = server(|stream| async move { reset(stream) }).await;
    let (address, _) = server(move |mut stream| async move {
        request(&mut stream).await;
        let text = format!(
            "HTTP/1.1 307 Moved\r\nLocation: http://{elsewhere}/\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
        );
        answer(&mut stream, &text).await;
    })
    .await;
    assert_eq!(transport(address).send(&get()).await.unwrap().status, 307);
    assert_eq!(visits.load(Ordering::SeqCst), 0);
}

/// What a client reads of an answer with this encoding and body.
async fn decoded(encoding: &'static str, body: Vec<u8>, cap: usize) -> Result<Vec<u8>, String> {
    let (address, _) = server(move |mut stream| {
        let body = body.clone();
        async move {
            request(&mut stream).await;
            let length = body.len();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {length}\r\n\r\n");
            let _ = stream.write_all(&[head.as_bytes(), &body].concat()).await;
        }
    })
    .await;
    let mut options = options(format!("http://{address}"));
    options.answer_cap = cap;
    let sent = HttpTransport::new(options).unwrap().send(&get()).await;
    sent.map(|answer| answer.body).map_err(|failure| failure.message.split_once(' ').unwrap().1.to_owned())
}

#[tokio::test]
async fn remote_15c_an_answer_compressed_unasked_is_read() {
    use std::io::Write as _;
    let plain = b"{\"id\":1}".to_vec();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&plain).unwrap();
    let gzip = gzip.finish().unwrap();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zlib.write_all(&plain).unwrap();
    let mut bare = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    bare.write_all(&plain).unwrap();
    for (encoding, body) in [
        ("gzip", gzip.clone()),
        ("X-GZIP", gzip.clone()),
        ("deflate", zlib.finish().unwrap()),
        ("deflate", bare.finish().unwrap()),
        ("identity", plain.clone()),
        // It says so and isn't.
        ("gzip", plain.clone()),
    ] {
        assert_eq!(decoded(encoding, body, 1000).await.as_deref(), Ok(plain.as_slice()), "{encoding}");
    }
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b' '; 1_000_000]).unwrap();
    let refused = decoded("gzip", bomb.finish().unwrap(), 100_000).await.unwrap_err();
    assert!(refused.contains("unpacks to more than 100000 bytes"), "{refused}");
}

#[tokio::test]
async fn a_path_that_would_lead_elsewhere_is_not_sent() {
    let (address, connections) = server(|stream| async move { reset(stream) }).await;
    let failure = transport(address).send(&Request::new(Method::Get, "/contact/%2e%2e/admin")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotSent);
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_secret_shows_in_no_debug_and_no_failure() {
    for credential in [Credential::Bearer, Credential::Header("x-key"), Credential::Query("key")] {
        let (address, _) = server(|stream| async move { reset(stream) }).await;
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let closed = socket.local_addr().unwrap();
        for address in [address, closed] {
            let mut options = options(format!("http://{address}"));
            options.credential = credential;
            let transport = HttpTransport::new(options).unwrap();
            let failure = transport.send(&get()).await.unwrap_err();
            let said = format!("{failure:?} {transport:?}");
            assert!(!said.contains(SECRET) && !said.contains("%2B60"), "{said}");
        }
    }
}

/// A certificate authority in a file, and a TLS server for `name` that it vouches for.
struct Authority {
    folder: tempfile::TempDir,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        Self { folder, issuer: rcgen::Issuer::new(params, key) }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    async fn server(&self, name: &str, expired: bool) -> SocketAddr {
        let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        if expired {
            params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        }
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        tls_server(vec![certificate.der().clone()], &key).await
    }
}

/// Answers each request over TLS with 200 and `{}`.
async fn tls_server(chain: Vec<CertificateDer<'static>>, key: &rcgen::KeyPair) -> SocketAddr {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (address, _) = server(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            request(&mut stream).await;
            answer(&mut stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await;
        }
    })
    .await;
    address
}

async fn over_tls(address: SocketAddr, ca_file: Option<PathBuf>) -> Result<u16, rolo::transport::Failure> {
    let mut options = options(format!("https://{address}"));
    options.ca_file = ca_file;
    HttpTransport::new(options).unwrap().send(&get()).await.map(|answer| answer.status)
}

#[tokio::test]
async fn a_certificate_is_trusted_only_with_its_authority_and_for_its_own_host() {
    let authority = Authority::new();
    let good = authority.server("127.0.0.1", false).await;
    assert_eq!(over_tls(good, Some(authority.file())).await, Ok(200));

    for (case, address, ca_file, reason) in [
        ("unknown authority", good, None, "with --ca-file or ca_file"),
        ("other host", authority.server("example.com", false).await, Some(authority.file()), "not valid for"),
        ("expired", authority.server("127.0.0.1", true).await, Some(authority.file()), "expired"),
    ] {
        let failure = over_tls(address, ca_file).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Untrusted, "{case}: {}", failure.message);
        assert!(failure.message.contains(&format!("the certificate of {address}")), "{case}: {}", failure.message);
        assert!(failure.message.contains(reason), "{case}: {}", failure.message);
    }
}

/// A server with one certificate, signed by itself, as `openssl req -x509` makes it: marked as an
/// authority's. And the file with it.
async fn signed_by_itself(names: &[&str], expired: bool) -> (SocketAddr, tempfile::TempDir) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = rcgen::CertificateParams::new(names).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    if expired {
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    }
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("own.pem"), certificate.pem()).unwrap();
    (tls_server(vec![certificate.der().clone()], &key).await, folder)
}

#[tokio::test]
async fn attack_10_a_certificate_signed_by_itself_works_where_its_file_is_given() {
    let (server, folder) = signed_by_itself(&["127.0.0.1"], false).await;
    assert_eq!(over_tls(server, Some(folder.path().join("own.pem"))).await, Ok(200));
}

#[tokio::test]
async fn attack_10_a_certificate_that_is_refused_is_refused_in_words() {
    let (good, given) = signed_by_itself(&["127.0.0.1"], false).await;
    let (_, other) = signed_by_itself(&["127.0.0.1"], false).await;
    let (elsewhere, for_other_host) = signed_by_itself(&["chat.example.org"], false).await;
    let (nameless, without_names) = signed_by_itself(&[], false).await;
    let (old, expired) = signed_by_itself(&["127.0.0.1"], true).await;
    let file = |folder: &tempfile::TempDir| Some(folder.path().join("own.pem"));
    for (server, ca_file, words) in [
        (good, None, "name this very certificate with --ca-file or ca_file"),
        (good, file(&other), "name this very certificate with --ca-file or ca_file"),
        (elsewhere, file(&for_other_host), "it is for "),
        (nameless, file(&without_names), "-addext \"subjectAltName=DNS:HOST\""),
        (old, file(&expired), "it has expired"),
    ] {
        let failure = over_tls(server, ca_file).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Untrusted, "{}", failure.message);
        assert!(failure.message.contains(words), "{words}: {}", failure.message);
        // Names of Rust's types begin with a capital and go on: `UnknownIssuer`, `Other(OtherError(`.
        for debug in ["UnknownIssuer", "Other(", "CaUsed", "NotValid", "{", "InvalidCertificate"] {
            assert!(!failure.message.contains(debug), "{}", failure.message);
        }
    }
    drop(given);
}

/// A proxy that lets everybody through to `server`, and what it was asked.
async fn proxy_to(server: SocketAddr, answer: &'static str) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let (address, _) = self::server(move |mut client| {
        let sender = sender.clone();
        async move {
            sender.send(request(&mut client).await).unwrap();
            self::answer(&mut client, answer).await;
            let Ok(mut server) = TcpStream::connect(server).await else { return };
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        }
    })
    .await;
    (address, receiver)
}

fn proxies(variable: &'static str, value: &str) -> rolo::transport::Proxies {
    rolo::transport::Proxies::of(|name| (name == variable).then_some(value))
}

#[tokio::test]
async fn remote_38_a_request_goes_through_the_proxy_which_sees_neither_token_nor_path() {
    let authority = Authority::new();
    let server = authority.server("chat.example.org", false).await;
    let (proxy, mut asked) = proxy_to(server, "HTTP/1.1 200 Connection established\r\n\r\n").await;
    // Nobody knows the name but the proxy.
    let mut options = options("https://chat.example.org/api".into());
    options.ca_file = Some(authority.file());
    options.proxies = proxies("HTTPS_PROXY", &format!("http://ann:pw@{proxy}"));
    let answer = HttpTransport::new(options).unwrap().send(&get()).await.unwrap();
    assert_eq!(answer.status, 200);
    let asked = asked.recv().await.unwrap();
    assert!(asked.starts_with("CONNECT chat.example.org:443 HTTP/1.1\r\n"), "{asked}");
    // RFC 7617: base64 of `ann:pw`.
    assert!(asked.to_lowercase().contains("proxy-authorization: basic yw5uonb3"), "{asked}");
    assert!(!asked.contains(SECRET) && !asked.contains("/contact"), "{asked}");
}

#[tokio::test]
async fn remote_38_a_proxy_that_refuses_is_named_without_its_password() {
    let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
    let (refusing, _asked) = proxy_to(nobody, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await;
    for proxy in [refusing.to_string(), "nowhere.invalid:3128".to_owned()] {
        let mut options = options("https://chat.example.org/api".into());
        options.proxies = proxies("ALL_PROXY", &format!("http://ann:pw-canary@{proxy}"));
        let failure = HttpTransport::new(options).unwrap().send(&get()).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::NotSent, "{}", failure.message);
        assert!(failure.message.contains(&format!("the proxy http://{proxy} (ALL_PROXY)")), "{}", failure.message);
        assert!(!failure.message.contains("pw-canary"), "{}", failure.message);
    }
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_untrusted_and_sees_no_secret() {
    let (sender, mut seen) = mpsc::unbounded_channel();
    let (address, _) = server(move |mut stream| {
        let sender = sender.clone();
        async move {
            let mut buffer = [0; 4096];
            let n = stream.read(&mut buffer).await.unwrap();
            sender.send(String::from_utf8_lossy(&buffer[..n]).into_owned()).unwrap();
            answer(&mut stream, "HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    })
    .await;
    let failure = over_tls(address, None).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Untrusted, "{}", failure.message);
    assert!(!seen.recv().await.unwrap().contains(SECRET));
}

#[test]
fn a_certificate_file_that_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    for content in [None, Some("no certificate")] {
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let mut options = options("https://example.com".into());
        options.ca_file = Some(file.clone());
        let error = HttpTransport::new(options).unwrap_err();
        assert_eq!(error.kind, rolo::error::ErrorKind::Usage);
        assert!(error.to_string().contains("ca.pem"), "{error}");
    }
}

#[tokio::test]
async fn remote_15_answers_in_the_odd_forms_that_http_allows_are_read() {
    for (form, raw) in [
        (
            "chunks with extensions and trailers",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n\
             4;name=\"a b\"\r\n{\"id\r\n4\r\n\":1}\r\n0\r\nx-sum: 1\r\n\r\n",
        ),
        (
            "HTTP/1.0 that ends with its connection",
            "HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{\"id\":1}",
        ),
        (
            "early hints before it",
            "HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{\"id\":1}",
        ),
    ] {
        let (address, _) = server(move |mut stream| async move {
            request(&mut stream).await;
            stream.write_all(raw.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        })
        .await;
        let answer = transport(address).send(&get()).await.unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"{\"id\":1}".as_slice()), "{form}");
    }
}
