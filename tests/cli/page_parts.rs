//! What the page of `rolo open` has beside the way of a file: accounts, jobs, reports, and rows of a run mended.

use crate::open::{Page, seen_in};
use crate::world::{Served, World};

const CONTACTS: &str = "Name,Mobile\nAnn,+447400100201\nBob,call office\nCid,+447400100203\n";

#[test]
fn an_account_is_added_by_its_key_which_never_comes_back() {
    let world = World::new();
    let served = Served::start(&world, "--unthrottled");
    let page = Page::entered(&world, "");
    assert!(page.get("/accounts").body.contains("There is no account yet"));
    let form = page.get("/accounts/new?service=respondio").body;
    assert!(form.contains("type=\"password\"") && form.contains("autocomplete=\"off\""), "{form}");
    let address = format!("{}/respondio", served.address);
    let add = |key: &str, more: &[(&str, &str)]| {
        let fields = [("service", "respondio"), ("name", "desk"), ("base_url", &address), ("key", key)];
        page.send("/accounts", &[&fields[..], more].concat())
    };
    let keys = || std::fs::read_dir(world.path(".local/state/rolo/keys")).map_or(0, Iterator::count);

    let refused = add("canary-4711", &[]);
    assert!(refused.status == 400 && refused.body.contains("credentials refused"), "{refused:?}");
    assert!(!refused.body.contains("canary") && refused.body.contains("name=\"untested\""), "{refused:?}");
    assert!(!world.path(".config/rolo/rolo.toml").exists() && keys() == 0, "nothing is left of it");

    let added = add("sandbox", &[]);
    assert_eq!((added.status, added.location().as_str()), (303, "/accounts?added=desk"), "{added:?}");
    let listed = page.get("/accounts?added=desk").body;
    assert!(listed.contains("was added") && listed.contains(&address), "{listed}");
    assert_eq!((keys(), world.rolo("accounts test desk").code), (1, 0));
    let tried = page.send("/accounts/try", &[("account", "desk")]);
    assert!(tried.status == 200 && tried.body.contains("works: the service answered in"), "{tried:?}");
    let again = add("sandbox", &[]);
    assert!(again.status == 400 && again.body.contains("there is an account of that name"), "{again:?}");
    let untested = add("canary-4712", &[("untested", "on"), ("name", "other")]);
    assert_eq!(untested.status, 400, "the first of two names counts: {untested:?}");

    drop(served);
    let gone = page.send("/accounts/try", &[("account", "desk")]);
    assert!(gone.status == 502 && gone.body.contains("reached"), "{gone:?}");
    for path in ["/", "/accounts", "/accounts/new?service=respondio", "/jobs"] {
        let body = page.get(path).body;
        assert!(!body.contains("canary") && !body.contains("state/rolo/keys"), "{path}: {body}");
    }
}

#[test]
fn jobs_show_how_their_last_nights_went() {
    let world = World::new();
    world.write("contacts.csv", CONTACTS);
    world.write("good.csv", "Name,Mobile\nAnn,+447400100201\n");
    world.write(
        "rolo.toml",
        "[jobs.nightly]\nimport = \"contacts.csv\"\nto = \"sandbox:respondio\"\nschedule = \"0 2 * * *\"\ntime_zone = \"UTC\"\n\
         [jobs.good]\nimport = \"good.csv\"\nto = \"sandbox:respondio\"\n\
         [jobs.never]\nexport = \"all.csv\"\nfrom = \"sandbox:respondio\"\n",
    );
    assert_eq!(world.rolo("run nightly").code, 1);
    assert_eq!(world.rolo("run nightly").code, 1);
    assert_eq!(world.rolo("run good").code, 0);
    let page = Page::entered(&world, "");
    let jobs = page.get("/jobs").body;
    assert_eq!(jobs.matches("class=\"night partly\" href").count(), 2, "{jobs}");
    assert_eq!(jobs.matches("class=\"night well\" href").count(), 1, "{jobs}");
    assert!(jobs.contains("It has not run yet") && jobs.contains("0 2 * * * UTC"), "{jobs}");
    let run = jobs.split("class=\"night well\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(page.get(run).body.contains("Import of good.csv"), "a square leads to its run");
}

#[test]
fn a_run_has_its_report_and_tells_what_was_done_to_each_person() {
    let world = World::new();
    world.write("contacts.csv", CONTACTS);
    let page = Page::entered(&world, "");
    let run = page.import(&page.send_path("contacts.csv"), &[("unthrottled", "on")]);
    page.until(&run, "Read the report");
    let report = page.get(&format!("{run}/report"));
    let policy = report.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-") && policy.contains("frame-ancestors"),
        "{policy}"
    );
    assert_eq!(report.header("x-frame-options").as_deref(), Some("DENY"));
    assert!(report.body.contains("<h1>Import of contacts.csv"), "{}", report.body);
    let rows = page.get(&format!("{run}/rows")).body;
    let person = rows.split("name=\"person\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let story = page.send("/people", &[("person", person)]).body;
    assert!(story.contains("so it was created"), "{person}: {story}");
}

#[test]
fn rows_of_a_run_are_mended_and_sent_again() {
    let world = World::new();
    world.write("contacts.csv", CONTACTS);
    assert_eq!(world.rolo("import contacts.csv --unthrottled").code, 1);
    let page = Page::entered(&world, "");
    let runs = page.get("/runs").body;
    let run = runs.split("<a href=\"/runs/").nth(1).unwrap().split('"').next().unwrap();
    let run = format!("/runs/{run}");
    let problems = page.send(&format!("{run}/mend"), &[]);
    assert!(problems.location().ends_with("/problems"), "the file of a run is mended as any other: {problems:?}");
    let rows = page.get(&format!("{run}/rows")).body;
    assert!(
        rows.contains("name=\"place.1\" value=\"3 \"") && rows.contains("name=\"mend.1.1\" value=\"call office\""),
        "{rows}"
    );
    assert!(!rows.contains("name=\"mend.0.1\""), "what went well is not mended: {rows}");
    let same = page.send(&format!("{run}/mend"), &[("place.1", "3 "), ("mend.1.1", "call office")]);
    assert!(same.status == 400 && same.body.contains("nothing was changed"), "{same:?}");
    let told = page.send(&format!("{run}/mend"), &[("place.1", "3 "), ("mend.1.1", "+447400100202")]);
    assert!(told.status == 303 && told.location().ends_with("/plan"), "{told:?}");
    let file = told.location().trim_end_matches("/plan").to_owned();
    let again = page.import(&file, &[("unthrottled", "on")]);
    page.until(&again, "Download as CSV");
    let runs = world.rolo("runs").out;
    assert!(runs.contains("3 rows: 1 created, 2 unchanged"), "{runs}");
}

/// Contacts with a file of edits beside them, by which the second has a number.
fn edited() -> World {
    let world = World::new();
    world.write("contacts.csv", CONTACTS);
    let page = Page::entered(&world, "");
    let problems = format!("{}/problems", page.send_path("contacts.csv"));
    let shown = page.until(&problems, "name=\"seen\"").body;
    let fields = [("seen", seen_in(&shown)), ("how", "set".into()), ("cell.0.3", "+447400100202".into())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(page.send(&format!("{problems}/phone.not_a_number-1"), &fields).status, 303);
    world
}

#[test]
fn a_saved_plan_keeps_to_the_edits_that_it_was_made_with() {
    let world = edited();
    let plan = "plan contacts.csv --to sandbox:respondio --unthrottled --edits contacts.edits.csv --live --save a.plan";
    let saved = world.rolo(plan);
    assert!(saved.code == 0 && saved.out.contains("3  would be created"), "{}{}", saved.out, saved.err);
    let edits = world.read("contacts.edits.csv");
    world.write("contacts.edits.csv", &edits.replace("+447400100202", "+447400100209"));
    let refused = world.rolo("import --plan a.plan");
    assert!(refused.code == 2 && refused.err.contains("edits were changed since the plan was made"), "{}", refused.err);
    world.write("contacts.edits.csv", &edits);
    let import = world.done("import --plan a.plan");
    assert_eq!(import["outcomes"]["created"], 3, "{import}");
    assert_eq!(world.csv("contacts.results.csv")[1]["Mobile"], "+447400100202");
}

#[test]
fn a_job_names_the_edits_of_its_file() {
    let world = edited();
    let job = "[jobs.nightly]\nimport = \"contacts.csv\"\nto = \"sandbox:respondio\"\n";
    world.write("rolo.toml", &format!("{job}edits = \"contacts.edits.csv\"\n"));
    assert_eq!(world.done("run nightly")["outcomes"]["created"], 3);
    world.write("rolo.toml", "[jobs.nightly]\nexport = \"a.csv\"\nfrom = \"sandbox:respondio\"\nedits = \"e.csv\"\n");
    let wrong = world.rolo("run nightly");
    assert!(wrong.code == 2 && wrong.err.contains("only the file of an import has rows to edit"), "{}", wrong.err);
}
