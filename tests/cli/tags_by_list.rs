//! Exports that list who has each tag, and do not ask for the tags of each contact.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::held::{holding, request};
use crate::world::{Row, Said, Served, World, cells, last_event, said};

/// A served Chatwoot that defines the labels `vip` and `trial`, and holds a hundred people: every second has the one,
/// every third the other.
struct Account {
    world: World,
    served: Served,
}

impl Account {
    fn new() -> Self {
        let world = World::new();
        let served = holding(&world, &[]);
        for title in ["vip", "trial"] {
            request(&served, "chatwoot", "POST", "labels", &json!({ "title": title }));
        }
        let account = Self { world, served };
        let mut people = "name,email,tags\n".to_owned();
        for n in 1..=100 {
            let tags =
                [(n % 2 == 0, "vip;"), (n % 3 == 0, "trial")].map(|(has, tag)| if has { tag } else { "" }).concat();
            writeln!(people, "Ann {n},ann{n}@b.example,{tags}").unwrap();
        }
        account.world.write("people.csv", &people);
        let made = account.rolo("import people.csv --to desk --yes --state-dir first", "");
        assert_eq!(made.code, 0, "{}", made.err);
        account
    }

    /// Gives a contact labels of which the account knows nothing, beside those it has.
    fn label(&self, id: &str, label: &str) {
        let path = format!("contacts/{id}/labels");
        let mut labels = request(&self.served, "chatwoot", "GET", &path, &Value::Null)["payload"].clone();
        labels.as_array_mut().unwrap().push(label.into());
        request(&self.served, "chatwoot", "POST", &path, &json!({ "labels": labels }));
    }

    fn rolo(&self, arguments: &str, crash: &str) -> Said {
        said(self.world.command(arguments).env("TOKEN", "sandbox").env("ROLO_CRASH", crash))
    }

    fn export(&self, file: &str, options: &str) -> Value {
        let done = self.rolo(&format!("--json export {file} --from desk {options}"), "");
        assert_eq!(done.code, 0, "{}{}", done.out, done.err);
        last_event(&done.out)
    }

    fn tags(&self, file: &str) -> HashMap<String, Vec<String>> {
        let tags = |row: &Row| {
            let mut tags: Vec<String> = row["tags"].split(';').map(str::to_owned).collect();
            tags.sort();
            tags
        };
        self.world.csv(file).iter().map(|row| (row["id"].clone(), tags(row))).collect()
    }
}

#[test]
fn lists_tell_the_tags_that_contacts_have_and_what_they_can_t_tell_is_said() {
    let account = Account::new();
    let each = account.export("each.csv", "");
    assert_eq!(each["calls"]["read tags"], 100, "{each}");
    let listed = account.export("listed.csv", "--tags-by-list --state-dir other");
    assert_eq!(account.tags("listed.csv"), account.tags("each.csv"));
    // The first fifteen, and the 31st, 61st and 91st.
    assert_eq!(listed["calls"]["read tags"], 18, "{listed}");
    // Fifty people are on four pages, which end with an empty one or not; thirty-three on three.
    let pages = listed["calls"]["list"].as_u64().unwrap() - each["calls"]["list"].as_u64().unwrap();
    assert!((7..=9).contains(&pages), "{listed}");
    assert_eq!(listed["calls"]["list tags"], 1);
    let remarks = listed["remarks"].to_string();
    assert!(
        remarks.contains("tags as 2 lists of who has each told them, and as 18 contacts read one by one"),
        "{remarks}"
    );

    // A label that the account does not define: of contacts that are read one by one, and of one that is not.
    let rows = account.world.csv("each.csv");
    let ids = cells(&rows, "id");
    account.label(ids[30], "by-hand");
    account.label(ids[40], "by-hand");
    account.label(ids[41], "unseen");
    account.export("each.csv", "--force");
    let listed = account.export("listed.csv", "--tags-by-list --force --state-dir other");
    let (each, got) = (account.tags("each.csv"), account.tags("listed.csv"));
    let different: Vec<&String> = each.keys().filter(|id| each[*id] != got[*id]).collect();
    assert_eq!(different, [ids[41]], "what nobody met is missing");
    assert!(got[ids[40]].contains(&"by-hand".to_owned()), "what was met on one is listed for all");
    let remarks = listed["remarks"].to_string();
    assert!(remarks.contains("1 of them met on contacts alone: a tag that the account does not define"), "{remarks}");
    // What was written is remembered with its tags: sent back, it is as it is held.
    let back = account.rolo("--json import listed.csv --to desk --yes --state-dir other", "");
    assert_eq!((back.code, last_event(&back.out)["outcomes"]["unchanged"].as_u64()), (0, Some(100)), "{}", back.out);
}

#[test]
fn an_export_that_was_killed_among_the_lists_goes_on_behind_the_last_page_it_kept() {
    let account = Account::new();
    let whole = account.export("whole.csv", "--tags-by-list --state-dir other");
    let pages = whole["calls"]["list"].as_u64().unwrap();
    // The pages of the contacts are kept, and all but two of those of the lists.
    let killed = account.rolo("export cut.csv --from desk --tags-by-list", &format!("after_page:{}", pages - 2));
    assert_eq!(killed.code, -1, "{}", killed.err);
    let rest = account.export("cut.csv", "--tags-by-list");
    assert_eq!(rest["calls"]["list"], 2, "{rest}");
    assert_eq!(rest["calls"].get("read tags"), None, "{rest}");
    assert_eq!(account.world.read("cut.csv"), account.world.read("whole.csv"));
    assert_eq!(rest["remarks"], whole["remarks"]);
}

#[test]
fn tags_are_listed_for_a_whole_account_alone_and_only_of_an_export() {
    let account = Account::new();
    let refused = account.rolo("export some.csv --from desk --tags-by-list --limit 5", "");
    assert_eq!(refused.code, 2, "{}", refused.err);
    let config = account.world.read("rolo.toml");
    for (job, code, words) in [
        ("export = \"a.csv\"\nfrom = \"desk\"\nlimit = 5\ntags_by_list = true", 2, "where a whole account is exported"),
        ("import = \"a.csv\"\nto = \"desk\"\ntags_by_list = true", 2, "only an export lists who has each tag"),
        ("export = \"night.csv\"\nfrom = \"desk\"\ntags_by_list = true", 0, "tags as 2 lists"),
    ] {
        account.world.write("rolo.toml", &format!("{config}\n[jobs.night]\n{job}\n"));
        let end = account.rolo("run night", "");
        assert_eq!(end.code, code, "{job}: {}", end.err);
        assert!((end.err.clone() + end.out.as_str()).contains(words), "{job}: {}", end.err);
    }
}

/// Where the service tells tags with each contact, nothing is to be listed.
#[test]
fn a_service_that_tells_tags_is_listed_once() {
    let world = World::new();
    world.write("people.csv", "name,phone,tags\nAnn,+447400120001,vip\n");
    world.done("import people.csv --to sandbox:respondio --unthrottled");
    let told = world.done("export a.csv --from sandbox:respondio --unthrottled");
    let listed = world.done("export b.csv --from sandbox:respondio --unthrottled --tags-by-list");
    assert_eq!(listed["calls"], told["calls"]);
    assert_eq!(world.read("a.csv"), world.read("b.csv"));
}
