//! Object storage for tests, on loopback: as much of S3 as rolo speaks, written from its documents, and what goes wrong
//! with it.
//!
//! Not the crate s3s-fs, which keeps no versions, can't break off in the midst of an answer, and brings some sixty
//! crates. That both sides don't share one mistake is seen to by its checking of signatures, step by step as the
//! documents have it, and by `docs/reliability.md`, which says with which other storage it was tried by hand.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Response, StatusCode, header};
use sha2::{Digest as _, Sha256};

pub const KEY: &str = "AKIAROLOTEST";
pub const SECRET: &str = "a-secret/that+nobody=sees";

/// What goes wrong, once.
#[derive(Clone, Debug)]
pub enum Wrong {
    /// The answer to a read ends in its midst.
    Cut,
    /// The same, and another object stands there then.
    CutAndReplace(&'static str),
    /// An answer of this status, with this code.
    Refuse(u16, &'static str),
    /// Somebody else writes this object shortly before an upload to it is done.
    Overtake(&'static str),
}

#[derive(Clone)]
pub struct Object {
    pub bytes: Bytes,
    pub metadata: BTreeMap<String, String>,
    version: u64,
}

#[derive(Default)]
struct Shelves {
    objects: BTreeMap<String, Vec<Object>>,
    uploads: HashMap<String, Upload>,
    wrong: Vec<Wrong>,
    log: Vec<String>,
    keeps_versions: bool,
    counted: u64,
}

struct Upload {
    path: String,
    metadata: BTreeMap<String, String>,
    parts: BTreeMap<u32, Bytes>,
}

type Shared = Arc<Mutex<Shelves>>;

/// The server, for as long as the process lives. Its buckets are `inbox` and `outbox`: a name has three characters at least; what is below `/web/` is a web server's.
pub struct S3 {
    pub address: String,
    shelves: Shared,
}

fn lock(shared: &Shared) -> MutexGuard<'_, Shelves> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl S3 {
    pub fn start() -> Self {
        let shelves = Shared::default();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(shelves.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
        });
        Self { address, shelves }
    }

    /// The variables by which a program finds it.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ENDPOINT_URL", self.address.clone()),
        ]
    }

    pub fn keep_versions(&self) {
        lock(&self.shelves).keeps_versions = true;
    }

    /// Puts an object there, as somebody else would.
    pub fn put(&self, path: &str, bytes: impl Into<Bytes>) {
        lock(&self.shelves).put(path, bytes.into(), BTreeMap::new());
    }

    pub fn remove(&self, path: &str) {
        lock(&self.shelves).objects.remove(path);
    }

    pub fn object(&self, path: &str) -> Option<Object> {
        lock(&self.shelves).objects.get(path)?.last().cloned()
    }

    pub fn text(&self, path: &str) -> String {
        let object = self.object(path).unwrap_or_else(|| panic!("there is no {path}"));
        String::from_utf8(object.bytes.to_vec()).unwrap()
    }

    pub fn paths(&self) -> Vec<String> {
        lock(&self.shelves).objects.keys().cloned().collect()
    }

    /// Uploads in parts that were begun, and neither completed nor given up.
    pub fn uploads(&self) -> usize {
        lock(&self.shelves).uploads.len()
    }

    /// Lets the next request that it concerns go wrong so.
    pub fn go_wrong(&self, wrong: Wrong) {
        lock(&self.shelves).wrong.push(wrong);
    }

    /// What was asked for, such as `GET inbox/a.csv`, since this was last asked.
    pub fn log(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.shelves).log)
    }
}

impl Shelves {
    fn put(&mut self, path: &str, bytes: Bytes, metadata: BTreeMap<String, String>) -> Object {
        self.counted += 1;
        let object = Object { bytes, metadata, version: self.counted };
        let objects = self.objects.entry(path.to_owned()).or_default();
        if !self.keeps_versions {
            objects.clear();
        }
        objects.push(object.clone());
        object
    }

    fn wrong(&mut self, concerns: impl Fn(&Wrong) -> bool) -> Option<Wrong> {
        let at = self.wrong.iter().position(concerns)?;
        Some(self.wrong.remove(at))
    }
}

fn etag(bytes: &[u8]) -> String {
    format!("\"{}\"", &hex(&Sha256::digest(bytes))[..32])
}

struct Asked {
    method: Method,
    path: String,
    query: BTreeMap<String, String>,
    headers: HeaderMap,
    body: Bytes,
}

impl Asked {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn metadata(&self) -> BTreeMap<String, String> {
        let named = self.headers.iter().filter_map(|(name, value)| {
            Some((name.as_str().strip_prefix("x-amz-meta-")?.to_owned(), value.to_str().ok()?.to_owned()))
        });
        named.collect()
    }
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let raw_query = parts.uri.query().unwrap_or_default().to_owned();
    let query = pairs(&raw_query).into_iter().map(|(name, value)| (decoded(&name), decoded(&value))).collect();
    let raw_path = parts.uri.path().to_owned();
    let path = decoded(raw_path.trim_start_matches('/'));
    let asked = Asked { method: parts.method, path, query, headers: parts.headers, body };
    let mut shelves = lock(&shared);
    let listed = asked.query.get("prefix").map(|prefix| format!(" {prefix}")).unwrap_or_default();
    shelves.log.push(format!("{} {}{listed}", asked.method, asked.path));
    if let Some(path) = asked.path.strip_prefix("web/") {
        return on_the_web(&mut shelves, path, &asked);
    }
    if let Err(code) = signed(&asked, &raw_path, &raw_query) {
        return refused(StatusCode::FORBIDDEN, code);
    }
    // Not the looks whether something stands beside a file.
    let concerns = |wrong: &Wrong| asked.method != Method::HEAD && matches!(wrong, Wrong::Refuse(..));
    if let Some(Wrong::Refuse(status, code)) = shelves.wrong(concerns) {
        return refused(StatusCode::from_u16(status).unwrap(), code);
    }
    let bucket = asked.path.split('/').next().unwrap_or_default();
    if !["inbox", "outbox"].contains(&bucket) {
        return refused(StatusCode::NOT_FOUND, "NoSuchBucket");
    }
    match asked.method {
        Method::GET if asked.query.contains_key("list-type") => list(&shelves, bucket, &asked),
        Method::GET | Method::HEAD => read(&mut shelves, &asked),
        Method::PUT if asked.query.contains_key("uploadId") => put_part(&mut shelves, &asked),
        Method::PUT => put(&mut shelves, &asked),
        Method::POST if asked.query.contains_key("uploads") => begin(&mut shelves, &asked),
        Method::POST => complete(&mut shelves, &asked),
        Method::DELETE => {
            shelves.uploads.remove(&asked.query["uploadId"]);
            plain(StatusCode::NO_CONTENT, Body::empty())
        }
        _ => refused(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
    }
}

fn on_the_web(shelves: &mut Shelves, path: &str, asked: &Asked) -> Response<Body> {
    if let Some(to) = path.strip_prefix("moved/") {
        let moved = Response::builder().status(StatusCode::FOUND).header(header::LOCATION, format!("/web/{to}"));
        return moved.body(Body::empty()).unwrap();
    }
    let found = shelves.objects.get(&format!("web/{path}")).and_then(|found| found.last()).cloned();
    match found {
        None => plain(StatusCode::NOT_FOUND, Body::empty()),
        Some(object) => whole_or_cut(shelves, asked, &object, Response::builder()),
    }
}

fn read(shelves: &mut Shelves, asked: &Asked) -> Response<Body> {
    let objects = shelves.objects.get(&asked.path).map(Vec::as_slice).unwrap_or_default();
    let found = match asked.query.get("versionId") {
        None => objects.last(),
        Some(version) => objects.iter().find(|object| object.version.to_string() == *version),
    };
    let Some(object) = found.cloned() else { return refused(StatusCode::NOT_FOUND, "NoSuchKey") };
    let tag = etag(&object.bytes);
    if !asked.header("if-match").is_empty() && asked.header("if-match") != tag {
        return refused(StatusCode::PRECONDITION_FAILED, "PreconditionFailed");
    }
    let mut response = Response::builder().header(header::LAST_MODIFIED, "Sat, 21 Nov 2026 02:00:00 GMT");
    response = response.header(header::ETAG, tag);
    if shelves.keeps_versions {
        response = response.header("x-amz-version-id", object.version.to_string());
    }
    for (name, value) in &object.metadata {
        response = response.header(format!("x-amz-meta-{name}"), value);
    }
    if asked.method == Method::HEAD {
        return response.header(header::CONTENT_LENGTH, object.bytes.len()).body(Body::empty()).unwrap();
    }
    if let Some(from) = asked.header("range").strip_prefix("bytes=") {
        let (from, to) = from.split_once('-').unwrap();
        let (from, last) = (from.parse::<usize>().unwrap(), object.bytes.len() - 1);
        let to = to.parse::<usize>().unwrap_or(last).min(last);
        let of = format!("bytes {from}-{to}/{}", object.bytes.len());
        let response = response.status(StatusCode::PARTIAL_CONTENT).header(header::CONTENT_RANGE, of);
        return response.body(Body::from(object.bytes.slice(from..=to))).unwrap();
    }
    whole_or_cut(shelves, asked, &object, response)
}

fn whole_or_cut(
    shelves: &mut Shelves,
    asked: &Asked,
    object: &Object,
    response: axum::http::response::Builder,
) -> Response<Body> {
    let response = response.header(header::CONTENT_LENGTH, object.bytes.len());
    let cut = shelves.wrong(|wrong| matches!(wrong, Wrong::Cut | Wrong::CutAndReplace(_)));
    let Some(cut) = cut else { return response.body(Body::from(object.bytes.clone())).unwrap() };
    if let Wrong::CutAndReplace(other) = cut {
        shelves.put(&asked.path, Bytes::from_static(other.as_bytes()), BTreeMap::new());
    }
    let half = object.bytes.slice(..object.bytes.len() / 2);
    let broken = futures_util::stream::iter([Ok(half), Err(std::io::Error::other("cut"))]);
    response.body(Body::from_stream(broken)).unwrap()
}

/// Whether what stands there is not what the request wants there.
fn is_not_wanted(shelves: &Shelves, asked: &Asked, path: &str) -> bool {
    let there = shelves.objects.get(path).and_then(|objects| objects.last()).map(|object| etag(&object.bytes));
    let (wanted, nothing) = (asked.header("if-match"), asked.header("if-none-match") == "*");
    nothing && there.is_some() || !wanted.is_empty() && there.as_deref() != Some(wanted)
}

/// Puts it there, unless that is not wanted by now.
fn written(
    shelves: &mut Shelves,
    asked: &Asked,
    path: &str,
    bytes: Bytes,
    metadata: BTreeMap<String, String>,
) -> Option<Object> {
    if let Some(Wrong::Overtake(other)) = shelves.wrong(|wrong| matches!(wrong, Wrong::Overtake(_))) {
        shelves.put(path, Bytes::from_static(other.as_bytes()), BTreeMap::new());
    }
    (!is_not_wanted(shelves, asked, path)).then(|| shelves.put(path, bytes, metadata))
}

fn put(shelves: &mut Shelves, asked: &Asked) -> Response<Body> {
    match written(shelves, asked, &asked.path, asked.body.clone(), asked.metadata()) {
        None => refused(StatusCode::PRECONDITION_FAILED, "PreconditionFailed"),
        Some(object) => Response::builder().header(header::ETAG, etag(&object.bytes)).body(Body::empty()).unwrap(),
    }
}

fn begin(shelves: &mut Shelves, asked: &Asked) -> Response<Body> {
    shelves.counted += 1;
    let id = format!("upload-{}", shelves.counted);
    let upload = Upload { path: asked.path.clone(), metadata: asked.metadata(), parts: BTreeMap::new() };
    shelves.uploads.insert(id.clone(), upload);
    let told = format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>");
    plain(StatusCode::OK, Body::from(told))
}

fn put_part(shelves: &mut Shelves, asked: &Asked) -> Response<Body> {
    let Some(upload) = shelves.uploads.get_mut(&asked.query["uploadId"]) else {
        return refused(StatusCode::NOT_FOUND, "NoSuchUpload");
    };
    upload.parts.insert(asked.query["partNumber"].parse().unwrap(), asked.body.clone());
    Response::builder().header(header::ETAG, etag(&asked.body)).body(Body::empty()).unwrap()
}

fn complete(shelves: &mut Shelves, asked: &Asked) -> Response<Body> {
    let id = &asked.query["uploadId"];
    let Some(upload) = shelves.uploads.remove(id) else { return refused(StatusCode::NOT_FOUND, "NoSuchUpload") };
    let named = String::from_utf8_lossy(&asked.body).into_owned();
    let all: Vec<u8> = upload.parts.values().flat_map(|part| part.to_vec()).collect();
    if !upload.parts.values().all(|part| named.contains(etag(part).trim_matches('"'))) {
        return refused(StatusCode::BAD_REQUEST, "InvalidPart");
    }
    match written(shelves, asked, &upload.path.clone(), Bytes::from(all), upload.metadata.clone()) {
        None => {
            shelves.uploads.insert(id.clone(), upload);
            refused(StatusCode::PRECONDITION_FAILED, "PreconditionFailed")
        }
        Some(object) => {
            let tag = etag(&object.bytes);
            let told = format!("<CompleteMultipartUploadResult><ETag>{tag}</ETag></CompleteMultipartUploadResult>");
            plain(StatusCode::OK, Body::from(told))
        }
    }
}

/// Two objects a page, so that a listing takes several.
fn list(shelves: &Shelves, bucket: &str, asked: &Asked) -> Response<Body> {
    let prefix = format!("{bucket}/{}", asked.query.get("prefix").map_or("", String::as_str));
    // Whoever asks with a delimiter wants this folder alone.
    let is_here = |path: &str| !asked.query.contains_key("delimiter") || !path[prefix.len()..].contains('/');
    let after = asked.query.get("continuation-token").cloned().unwrap_or_default();
    let of_prefix = shelves.objects.iter().filter(|(path, _)| path.starts_with(&prefix) && is_here(path));
    let mut found = of_prefix.filter(|(path, _)| path.as_str() > after.as_str());
    let page: Vec<_> = found.by_ref().take(2).collect();
    let more = found.next().is_some();
    let entries: String = page
        .iter()
        .map(|(path, objects)| {
            let bytes = &objects.last().unwrap().bytes;
            let key = path.split_once('/').unwrap().1.replace('&', "&amp;");
            format!(
                "<Contents><Key>{key}</Key><LastModified>2026-11-21T02:00:00.000Z</LastModified><ETag>{}</ETag><Size>{}</Size></Contents>",
                etag(bytes).replace('"', "&quot;"),
                bytes.len()
            )
        })
        .collect();
    let next =
        page.last().filter(|_| more).map(|(path, _)| format!("<NextContinuationToken>{path}</NextContinuationToken>"));
    let told = format!(
        "<ListBucketResult><IsTruncated>{more}</IsTruncated>{entries}{}</ListBucketResult>",
        next.unwrap_or_default()
    );
    plain(StatusCode::OK, Body::from(told))
}

fn plain(status: StatusCode, body: Body) -> Response<Body> {
    Response::builder().status(status).body(body).unwrap()
}

/// A refusal as S3 words it: with parts of what was sent, which nobody is to repeat.
fn refused(status: StatusCode, code: &str) -> Response<Body> {
    let told = format!("<Error><Code>{code}</Code><Message>no</Message><AWSAccessKeyId>{KEY}</AWSAccessKeyId></Error>");
    plain(status, Body::from(told))
}

/// Whether the request is signed by who it says it is (signature version 4).
fn signed(asked: &Asked, raw_path: &str, raw_query: &str) -> Result<(), &'static str> {
    let authorization = asked.header("authorization");
    let part = |name: &str| {
        let rest = authorization.split_once(&format!("{name}=")).map_or("", |(_, rest)| rest);
        rest.split([',', ' ']).next().unwrap_or_default()
    };
    if !authorization.starts_with("AWS4-HMAC-SHA256 ") {
        return Err("AccessDenied");
    }
    let (key, scope) = part("Credential").split_once('/').unwrap_or_default();
    if key != KEY {
        return Err("InvalidAccessKeyId");
    }
    let mut query = pairs(raw_query);
    query.sort();
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let names = part("SignedHeaders");
    let headers: String = names.split(';').map(|name| format!("{name}:{}\n", asked.header(name).trim())).collect();
    let content = asked.header("x-amz-content-sha256");
    if content != "UNSIGNED-PAYLOAD" && content != hex(&Sha256::digest(&asked.body)) {
        return Err("XAmzContentSHA256Mismatch");
    }
    let canonical = format!("{}\n{raw_path}\n{}\n{headers}\n{names}\n{content}", asked.method, query.join("&"));
    let date = asked.header("x-amz-date");
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical.as_bytes())));
    let mut signing = format!("AWS4{SECRET}").into_bytes();
    for part in scope.split('/') {
        signing = hmac(&signing, part.as_bytes());
    }
    if hex(&hmac(&signing, to_sign.as_bytes())) == part("Signature") { Ok(()) } else { Err("SignatureDoesNotMatch") }
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut padded = [0_u8; 64];
    let key = if key.len() > 64 { Sha256::digest(key).to_vec() } else { key.to_vec() };
    padded[..key.len()].copy_from_slice(&key);
    let keyed = |with: u8, message: &[u8]| {
        let mut all: Vec<u8> = padded.iter().map(|byte| byte ^ with).collect();
        all.extend_from_slice(message);
        Sha256::digest(&all).to_vec()
    };
    keyed(0x5c, &keyed(0x36, message))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Names and values as they were sent.
fn pairs(query: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| {
        pair.split_once('=')
            .map_or((pair.to_owned(), String::new()), |(name, value)| (name.to_owned(), value.to_owned()))
    };
    query.split('&').filter(|text| !text.is_empty()).map(pair).collect()
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}
