//! The documents' own examples: what each `transcripts/*.http` asks is asked of the emulator, and
//! the answer compared. The client's side, call to request and answer to verdict, is tested beside
//! the client; here it is made sure that it is, for every file. So both sides are tied to a third.
//!
//! An example's values are an illustration, so the answers are compared in shape: status, kind of
//! content, keys and the types of their values. Ids that only the vendor could have given are
//! replaced by ids that the emulator has.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use rolo::contact::{Call, TagEdit, TagMode, Target};
use rolo::services::Verdict;
use rolo_sandbox::{EMULATORS, Emulator, EmulatorOptions, Fault, Language, WireAnswer, WireRequest};
use serde_json::{Value as Json, json};

use crate::stage::Stage;

/// In the middle of a minute.
const NOW: Duration = Duration::from_secs(1_795_219_230);

/// Objects whose keys a user chooses.
const FREE_KEYS: &[&str] = &["custom_fields", "custom_attributes", "customattributes", "social_profiles"];

/// Keys of an answer that an emulator leaves out, and why that is right.
const LEFT_OUT: &[(&str, &str)] = &[
    // What a live account showed and no document describes.
    ("contact.botMessageCount", "counts messages, of which the sandbox has none"),
    ("contact.currentCampaign", "no campaign was set"),
    // The page shows what a customer had put there.
    ("payload[].additional_attributes.source_id", "a custom key of one customer"),
    ("response.paging.next_url", "a single page has no next"),
    ("response.paging.next_page_token", "a single page has no next"),
    ("meta.messages", "a warning of one account"),
    ("error_details", "documented as optional"),
];

/// Values of which the documents publish two forms, or none: the client reads both, the emulator
/// answers one.
const EITHER_FORM: &[(&str, &str)] = &[
    ("meta.current_page", "a number in one sample, text in another"),
    ("message", "one text, or an array of them"),
    ("response.data[]", "no page shows a tag of the account: text, or an object with a name"),
    ("", "a refusal is a bare text, or an object with error"),
];

/// Answers that no document gives a cause for, so that only a fault can make the sandbox give them.
const ONLY_BY_FAULT: &[(&str, &str)] = &[("queued", "status=449"), ("label_race", "label-race")];

struct Transcript {
    request: WireRequest,
    answer: WireAnswer,
}

pub fn trials() -> Vec<Trial> {
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/services"), &mut files);
    assert!(files.len() > 50, "the transcripts are not where they were");
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            let service = service_of(&path, &stem);
            let name = format!("{service}::transcripts::{stem}");
            Trial::test(name, move || play(&path, service, &stem).map_err(Failed::from))
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "http") {
            files.push(path);
        }
    }
}

/// The service whose emulator answers a transcript: its folder, or in a family the file's name.
fn service_of(path: &Path, stem: &str) -> &'static str {
    let folder = path.parent().and_then(Path::parent).unwrap();
    let folder = folder.components().rev().take(2).map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>();
    match (folder[0].as_ref(), folder[1].as_ref()) {
        ("v1", "respondio") => "respondio-v1",
        ("v2", "respondio") => "respondio",
        ("chatwoot", _) if stem.starts_with("digital99") => "99digital",
        ("chatwoot", _) if stem.starts_with("engagelab") => "engagelab",
        (name, _) => EMULATORS.iter().map(|(known, _)| *known).find(|known| *known == name).expect("a known service"),
    }
}

fn play(path: &Path, service: &'static str, stem: &str) -> Result<(), String> {
    client_plays(path)?;
    let transcript = Transcript::read(path);
    if let Some((_, fault)) = ONLY_BY_FAULT.iter().find(|(known, _)| *known == stem) {
        return by_fault(service, fault, transcript.answer.status);
    }
    let (mut emulator, request) = staged(service, stem, &transcript.request);
    let answer = emulator.answer(&request, NOW);
    let said = String::from_utf8_lossy(&answer.body).into_owned();
    if answer.status != transcript.answer.status {
        return Err(format!("status {} and not {}: {said}", answer.status, transcript.answer.status));
    }
    let kind = |answer: &WireAnswer| {
        let header = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        header.map(|(_, value)| value.split(';').next().unwrap_or_default().to_owned())
    };
    if !transcript.answer.body.is_empty() && kind(&answer) != kind(&transcript.answer) {
        return Err(format!("content {:?} and not {:?}", kind(&answer), kind(&transcript.answer)));
    }
    for (name, _) in
        transcript.answer.headers.iter().filter(|(name, _)| name.starts_with("x-") || name == "retry-after")
    {
        if !answer.headers.iter().any(|(other, _)| other == name) {
            return Err(format!("no header {name}"));
        }
    }
    let wanted = serde_json::from_slice::<Json>(&transcript.answer.body);
    let Ok(wanted) = wanted else {
        return (said.trim() == String::from_utf8_lossy(&transcript.answer.body).trim())
            .then_some(())
            .ok_or_else(|| format!("the text is another: {said}"));
    };
    let told: Json = serde_json::from_str(&said).map_err(|_| format!("no JSON: {said}"))?;
    let mut differences = Vec::new();
    compare(&wanted, &told, "", &mut differences);
    if differences.is_empty() { Ok(()) } else { Err(format!("{}\n{said}", differences.join("\n"))) }
}

/// Whether a sandbox with this fault gives such an answer, and the client waits for it.
fn by_fault(service: &str, fault: &str, status: u16) -> Result<(), String> {
    let stage = Stage::services().into_iter().find(|stage| stage.entry.name == service).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let world = stage.open().await;
        world.sandbox.add_fault(Fault::parse(fault)?);
        let call = if fault == "label-race" {
            let edit = TagEdit { mode: TagMode::Replace, tags: vec!["vip".to_owned()] };
            Call::EditTags { target: Target::Id(world.held(1).await), edit }
        } else {
            Call::Check
        };
        let verdict = world.call(&call).await;
        let answered = world.sandbox.log().last().and_then(|entry| entry.status);
        match verdict {
            Verdict::Again { .. } if answered == Some(status) => Ok(()),
            other => Err(format!("{answered:?} is {other:?}")),
        }
    })
}

/// Whether a test of the client plays the file too.
fn client_plays(path: &Path) -> Result<(), String> {
    let folder = path.parent().and_then(Path::parent).unwrap();
    let name = path.file_name().unwrap().to_string_lossy();
    let mut sources = Vec::new();
    collect_sources(folder, &mut sources);
    let played = sources.iter().any(|source| {
        let text = fs::read_to_string(source).unwrap();
        text.contains(&format!("/{name}\"")) || text.contains(&format!("\"{name}\""))
    });
    let stem = path.file_stem().unwrap().to_string_lossy();
    let by_stem = || sources.iter().any(|source| fs::read_to_string(source).unwrap().contains(&format!("\"{stem}\"")));
    if played || by_stem() { Ok(()) } else { Err(format!("no test of the client plays {name}")) }
}

fn collect_sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect_sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// What `wanted` has and `told` has not, or of another type. Nothing told is no other type: an
/// example holds values that nobody put into the sandbox.
fn compare(wanted: &Json, told: &Json, at: &str, differences: &mut Vec<String>) {
    match (wanted, told) {
        (Json::Null, _) | (_, Json::Null) => {}
        (Json::Object(wanted), Json::Object(told)) => {
            for (key, value) in wanted {
                let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                let free = FREE_KEYS.iter().any(|name| at.ends_with(name));
                match told.get(key) {
                    Some(told) if !free => compare(value, told, &path, differences),
                    None if !free && !value.is_null() && !LEFT_OUT.iter().any(|(known, _)| *known == path) => {
                        differences.push(format!("{path} is missing"));
                    }
                    _ => {}
                }
            }
        }
        (Json::Array(wanted), Json::Array(told)) => {
            for (wanted, told) in wanted.iter().zip(told) {
                compare(wanted, told, &format!("{at}[]"), differences);
            }
        }
        _ if std::mem::discriminant(wanted) == std::mem::discriminant(told) => {}
        // A field of the user's own in either of its two published shapes.
        _ if FREE_KEYS.iter().any(|name| at.ends_with(name)) => {}
        // Published as a number and as text.
        (Json::Number(_) | Json::String(_), Json::Number(_) | Json::String(_)) if at.ends_with("id") => {}
        _ if EITHER_FORM.iter().any(|(known, _)| *known == at) => {}
        _ => differences.push(format!("{at} is {told}, not like {wanted}")),
    }
}

/// The emulator with what the example takes for granted, and the request with ids that it has.
fn staged(service: &str, stem: &str, request: &WireRequest) -> (Box<dyn Emulator>, WireRequest) {
    let mut options = EmulatorOptions::default();
    if stem.contains("too_many") || stem.contains("throttled") || stem.contains("rate_limit") {
        options.request_limit = Some(0);
    }
    match stem {
        "update_viber_id" => options.viber_ids = true,
        "create_taken" => options.chatwoot.language = Language::German,
        "delete_refused" => options.chatwoot.agent = true,
        "header_lost" => options.chatwoot.drops_underscored_headers = true,
        "find_older" => options.dmchamp.only_id = true,
        "create_exists" => options.dmchamp.duplicates = rolo_sandbox::Duplicates::RefusedIn200,
        _ => {}
    }
    let (_, make) = EMULATORS.iter().find(|(known, _)| *known == service).unwrap();
    let mut emulator = make(options);
    let nobody = ["get_unknown", "not_found", "find_nobody", "no_such_contact", "update_missing"];
    let contacts = if nobody.contains(&stem) { json!([]) } else { people(service, stem) };
    if contacts != json!([]) {
        emulator.seed(contacts, Duration::from_secs(1_700_000_000)).unwrap();
    }
    let replaced = replacements(service, stem, emulator.as_ref());
    let mut request = replace_in(request, &replaced);
    if stem == "unauthorized" {
        request.query.push(("apiKey".into(), "wrong".into()));
    } else {
        authorize(service, &mut request);
    }
    (emulator, request)
}

/// Contacts that the examples of a service speak of.
fn people(service: &str, stem: &str) -> Json {
    match service {
        "respondio-v1" => json!([{
            "id": "4290180204421871", "tags": ["sales", "malaysia"], "created_at": 1_663_274_081,
            "custom_fields": { "firstName": "John", "lastName": "Doe", "phone": "+60123456789" },
        }]),
        // The workspace of the example defines these.
        "respondio" if stem == "create" => json!({ "custom_fields": [{ "name": "Company" }, { "name": "Role" }] }),
        "respondio" => json!({ "custom_fields": [{ "name": "Status" }], "contacts": [
            { "id": 123, "firstName": "John", "lastName": "Doe", "phone": "+60123456789",
              "email": "john.doe@example.com", "tags": ["vip", "old-tag"], "created_at": 1_663_274_081 },
            { "id": 124, "firstName": "Jane", "email": "jane@example.com" },
        ] }),
        "chatwoot" if stem == "create" => json!([]),
        "chatwoot" if stem == "create_taken" => json!([{ "id": 7, "name": "Ann", "email": "ann@example.com" }]),
        "chatwoot" | "99digital" => json!([
            { "id": 7, "name": "Ann", "email": "ann@example.com", "phone_number": "+972771234567",
              "identifier": "crm-1", "last_activity_at": 1_765_441_908, "labels": ["vip", "lead"], "custom_attributes": { "plan": "gold", "seats": 12 },
              "additional_attributes": { "city": "Haifa", "country_code": "IL", "company_name": "",
                  "created_at_ip": "192.0.2.1", "social_profiles": { "github": "ann" } } },
            { "id": 8, "name": "", "phone_number": "+4930123456", "blocked": true },
        ]),
        "engagelab" if stem == "engagelab_create" => json!([]),
        "engagelab" => json!([{
            "id": 318_763, "name": "support", "email": "support@jiguang.cn", "last_activity_at": 1_765_441_908,
            "additional_attributes": { "description": "", "company_name": "", "city": "", "telegram": "",
                "country": "", "country_code": "", "social_profiles": {} },
            "links": [{ "inbox_id": 1, "source_id": "src_001" }],
        }]),
        "engagor" => json!([
            { "id": 77, "name": "Jane", "tags": ["FR"], "customattributes": { "plan": "gold" },
              "socialprofiles": [{ "type": "whatsapp", "service_id": "3212345678" }] },
            { "id": 78, "name": "John Doe", "email": "john@example.com", "company": "Acme Inc",
              "phone": "+3212345678", "tags": ["FR", "vip"], "customattributes": { "plan": "gold" },
              "socialprofiles": [{ "type": "twitter", "service_id": "998877" }] },
        ]),
        "dmchamp" if stem.starts_with("create") && stem != "create_exists" => json!([]),
        "dmchamp" if stem == "add_tag_in_query" => json!([]),
        "dmchamp" => json!([{ "phoneNumber": "+1234567890", "firstName": "Ann", "email": "ann@example.com",
            "channel": "whatsapp" }]),
        _ => json!([]),
    }
}

/// What of an example's request is replaced by what the emulator has.
fn replacements(service: &str, stem: &str, emulator: &dyn Emulator) -> Vec<(&'static str, String)> {
    let owned = |(from, to): (&'static str, &str)| (from, to.to_owned());
    match service {
        // An account of the sandbox's own; an id that is a number; a place in its list.
        "engagor" => [("/12345/", "/1/"), ("4a5b6c", "78"), ("abc==", "MC8w")].into_iter().map(owned).collect(),
        // The example's id is no number; the sandbox's are.
        "respondio-v1" => vec![owned(("MDEyMzQ1Njc4OWFiYw%3D%3D", "NDI5MDE4MDIwNDQyMTg3MQ%3D%3D"))],
        "engagelab" if stem == "engagelab_create" => vec![owned(("\"inbox_id\":10", "\"inbox_id\":1"))],
        "dmchamp" => {
            let contacts = emulator.contacts();
            let id = contacts[0]["id"].as_str().unwrap_or("nobody").to_owned();
            vec![("abc123", id)]
        }
        _ => Vec::new(),
    }
}

fn replace_in(request: &WireRequest, replaced: &[(&str, String)]) -> WireRequest {
    let mut request = request.clone();
    for (from, to) in replaced {
        request.path = request.path.replace(from, to);
        for (_, value) in &mut request.query {
            *value = value.replace(from, to);
        }
        if let Ok(text) = std::str::from_utf8(&request.body) {
            request.body = text.replace(from, to).into_bytes();
        }
    }
    request
}

/// Puts the sandbox's secret where the service wants it.
fn authorize(service: &str, request: &mut WireRequest) {
    let mut header = |name: &str, value: &str| request.headers.push((name.to_owned(), value.to_owned()));
    match service {
        "chatwoot" | "99digital" => header("api_access_token", "sandbox"),
        "engagelab" => header("authorization", "Basic c2FuZGJveDpzYW5kYm94"),
        "dmchamp" => request.query.push(("apiKey".to_owned(), "sandbox".to_owned())),
        _ => header("authorization", "Bearer sandbox"),
    }
}

impl Transcript {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let split = lines.iter().position(|line| line.starts_with("HTTP/1.1 ")).expect("an answer");
        let (method, target) = lines[0].split_once(' ').expect("METHOD PATH");
        let (path_of, query) = target.split_once('?').unwrap_or((target, ""));
        let (headers, body) = message(&lines[1..split]);
        let request =
            WireRequest { method: method.to_owned(), path: path_of.to_owned(), query: pairs(query), headers, body };
        let status = lines[split].split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let (headers, body) = message(&lines[split + 1..]);
        Self { request, answer: WireAnswer { status, headers, body } }
    }
}

/// Headers and body; a JSON body as compact as a client sends it.
fn message(lines: &[&str]) -> (Vec<(String, String)>, Vec<u8>) {
    let blank = lines.iter().position(|line| line.is_empty()).unwrap_or(lines.len());
    let headers = lines[..blank]
        .iter()
        .map(|line| line.split_once(": ").expect("NAME: VALUE"))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let text = lines[blank..].join("\n").trim().to_owned();
    let compact = serde_json::from_str::<Json>(&text).map(|json| json.to_string());
    (headers, compact.unwrap_or(text).into_bytes())
}

fn pairs(encoded: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8().expect("UTF-8").into_owned()
    };
    encoded
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}
