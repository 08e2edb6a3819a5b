use std::collections::HashMap;

use serde_json::Value;

use crate::differences::SETTINGS;

/// Keys whose values are moments, which differ in every run.
const MOMENTS: &[&str] = &["created_at", "updated_at", "last_activity_at"];

/// What stands for what: the server's ids and random texts, and the emulator's.
#[derive(Default)]
pub struct Names {
    /// By kind of record and the server's id.
    ids: HashMap<(String, String), Value>,
}

impl Names {
    /// The emulator's id for the server's, if one was met.
    pub fn id(&self, kind: &str, servers: &str) -> Option<&Value> {
        self.ids.get(&(kind.to_owned(), servers.to_owned()))
    }

    /// Whether the two stand for the same thing; a first meeting makes it so.
    fn same(&mut self, kind: &str, servers: &Value, ours: &Value) -> bool {
        if servers.is_null() || ours.is_null() {
            return servers == ours;
        }
        let known = self.ids.entry((kind.to_owned(), servers.to_string())).or_insert_with(|| ours.clone());
        known == ours
    }
}

/// One comparison of two answers.
pub struct Comparison<'a> {
    pub names: &'a mut Names,
    /// What an `id` at the top of the answer is an id of.
    pub kind: &'a str,
    /// The `sort` that was asked for.
    pub sort: &'a str,
    /// Place and what differs there.
    pub found: Vec<(String, String)>,
}

impl Comparison<'_> {
    pub fn compare(&mut self, place: &str, key: &str, servers: &Value, ours: &Value) {
        match (servers, ours) {
            (Value::Object(theirs), Value::Object(own)) => {
                for (name, value) in theirs {
                    let place = format!("{place}/{name}");
                    match own.get(name) {
                        Some(other) => self.compare(&place, name, value, other),
                        None => self.differ(&place, format!("missing, the server has {}", short(value))),
                    }
                }
                for name in own.keys().filter(|name| !theirs.contains_key(*name)) {
                    self.differ(&format!("{place}/{name}"), "the server has none".to_owned());
                }
            }
            (Value::Array(theirs), Value::Array(own)) => self.lists(place, key, theirs, own),
            _ if key == "id" => {
                let kind = if place.contains("/inbox/") { "inbox" } else { self.kind }.to_owned();
                if !self.names.same(&kind, servers, ours) {
                    self.differ(place, format!("{kind} {servers} is {ours}, another"));
                }
            }
            _ if MOMENTS.contains(&key) && alike(servers, ours) => {}
            _ if key == "source_id" && looks_random(servers) && looks_random(ours) => {
                if !self.names.same("source", servers, ours) {
                    self.differ(place, format!("{servers} is {ours}, another"));
                }
            }
            _ if servers == ours => {}
            (Value::String(theirs), Value::String(own))
                if SETTINGS.iter().any(|(servers, ours)| (servers, ours) == (&theirs.as_str(), &own.as_str())) => {}
            _ => self.differ(place, format!("{}, the server has {}", short(ours), short(servers))),
        }
    }

    fn lists(&mut self, place: &str, key: &str, theirs: &[Value], own: &[Value]) {
        let records = theirs.iter().chain(own).all(|one| one.get("id").is_some());
        let known = |one: &Value| self.names.id(self.kind, &one["id"].to_string()).cloned();
        if let Some(expected) = theirs.iter().map(known).collect::<Option<Vec<Value>>>().filter(|_| records) {
            let shown: Vec<Value> = own.iter().map(|one| one["id"].clone()).collect();
            if expected != shown {
                self.order(place, theirs, own);
                for (record, id) in theirs.iter().zip(&expected) {
                    if let Some(position) = shown.iter().position(|other| other == id) {
                        self.compare(&format!("{place}/*"), key, record, &own[position]);
                    }
                }
                return;
            }
        }
        if theirs.len() != own.len() {
            let texts = |list: &[Value]| short(&Value::Array(list.to_vec()));
            self.differ(place, format!("{}, the server has {}", texts(own), texts(theirs)));
            return;
        }
        for (value, other) in theirs.iter().zip(own) {
            self.compare(&format!("{place}/*"), key, value, other);
        }
    }

    /// Says how two orders differ: only among records that are equal by what they are sorted by, or truly.
    fn order(&mut self, place: &str, theirs: &[Value], own: &[Value]) {
        let by = |list: &[Value]| list.iter().map(|one| sorted_by(one, self.sort)).collect::<Vec<_>>();
        let among_equals = by(theirs) == by(own);
        let ids = |list: &[Value], of: &dyn Fn(&Value) -> String| list.iter().map(of).collect::<Vec<_>>().join(" ");
        let servers = ids(theirs, &|one| one["id"].to_string());
        let ours = ids(own, &|one| self.servers_id(&one["id"]));
        let place = if among_equals { format!("{place} (ties)") } else { place.to_owned() };
        self.differ(&place, format!("[{ours}], the server has [{servers}]"));
    }

    fn servers_id(&self, ours: &Value) -> String {
        let known = self.names.ids.iter().find(|((kind, _), value)| kind == self.kind && *value == ours);
        known.map_or_else(|| format!("our {ours}"), |((_, id), _)| id.clone())
    }

    fn differ(&mut self, place: &str, what: String) {
        self.found.push((place.to_owned(), what));
    }
}

/// Both seconds, or both texts of a moment.
fn alike(servers: &Value, ours: &Value) -> bool {
    let shape = |text: &str| text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect::<String>();
    match (servers, ours) {
        (Value::Number(_), Value::Number(_)) => true,
        (Value::String(servers), Value::String(ours)) => shape(servers) == shape(ours),
        _ => false,
    }
}

/// The values that a list is sorted by.
fn sorted_by(record: &Value, sort: &str) -> Vec<Value> {
    sort.split(',')
        .map(|key| key.trim_start_matches('-'))
        .map(|key| record.get(key).or_else(|| record["additional_attributes"].get(key)).cloned().unwrap_or_default())
        .collect()
}

fn looks_random(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() == 36 && text.matches('-').count() == 4)
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 200 { text } else { text.chars().take(200).chain(['…']).collect() }
}
