//! Files that lie in object storage, or on the web.

use std::process::Command;

use crate::postgres::server;
use crate::s3::{KEY, S3, SECRET, Wrong};
use crate::world::{Said, Served, World, last_event, said};

const CONTACTS: &str = "First name,Last name,Phone\nAnn,A,+447400000001\nBob,A,not a phone\nCid,A,+447400000003\n";
const MAPPING: &str = "region = \"GB\"\n[columns.\"First name\"]\nfield = \"first_name\"\n[columns.\"Last name\"]\nfield = \
                       \"last_name\"\n[columns.Phone]\nfield = \"phone\"\n";

fn command(world: &World, s3: &S3, arguments: &str) -> Command {
    let mut command = world.command(arguments);
    command.envs(s3.variables());
    command
}

fn rolo(world: &World, s3: &S3, arguments: &str) -> Said {
    let said = said(&mut command(world, s3, arguments));
    for hidden in [SECRET, KEY] {
        assert!(!said.out.contains(hidden) && !said.err.contains(hidden), "{}{}", said.out, said.err);
    }
    said
}

/// The message and the hint of a command that fails.
fn failed(said: &Said, code: i32) -> String {
    assert_eq!(said.code, code, "{}{}", said.out, said.err);
    said.err.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The storage keeps no trace of what was copied: it has no name, and goes with the process.
fn nothing_kept(world: &World) {
    let kept = std::fs::read_dir(world.path(".local/state/rolo/storage")).unwrap().count();
    assert_eq!(kept, 0);
}

#[test]
fn what_is_read_from_storage_gives_the_results_that_a_file_of_the_disk_gives() {
    let (world, s3) = (World::new(), S3::start());
    let packed = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    world.write("contacts.csv", CONTACTS);
    std::fs::write(world.path("packed.csv.gz"), packed(CONTACTS)).unwrap();
    let book = "tests/cases/230-merged-and-formula.xlsx";
    std::fs::copy(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(book), world.path("book.xlsx")).unwrap();
    for (name, results) in [
        ("contacts.csv", "contacts.results.csv"),
        ("packed.csv.gz", "packed.results.csv"),
        ("book.xlsx", "book.results.csv"),
    ] {
        let here = world.rolo(&format!("check {name} --region GB --results {results}"));
        s3.put(&format!("inbox/2026/{name}"), std::fs::read(world.path(name)).unwrap());
        let there = rolo(
            &world,
            &s3,
            &format!("check s3://inbox/2026/{name} --region GB --results s3://outbox/2026/{results}"),
        );
        assert_eq!((there.code, &there.out), (here.code, &here.out), "{}", there.err);
        let written = s3.object(&format!("outbox/2026/{results}")).unwrap();
        assert!(written.bytes == std::fs::read(world.path(results)).unwrap(), "{results}");
    }
    // A workbook says when it was made: of it what is in it is the same.
    world.rolo("check book.xlsx --region GB");
    assert_eq!(rolo(&world, &s3, "check s3://inbox/2026/book.xlsx --region GB").code, 1);
    std::fs::write(world.path("there.xlsx"), s3.object("inbox/2026/book.results.xlsx").unwrap().bytes).unwrap();
    assert_eq!(world.sheet("there.xlsx", "results"), world.sheet("book.results.xlsx", "results"));
    nothing_kept(&world);
}

#[test]
fn an_import_reads_its_file_its_mapping_and_its_edits_in_storage_and_puts_its_results_there() {
    let (world, s3) = (World::new(), S3::start());
    s3.put("inbox/contacts.csv", CONTACTS);
    s3.put("inbox/contacts.mapping.toml", MAPPING);
    let log = world.path("log.jsonl");
    let import = format!(
        "import s3://inbox/contacts.csv --memory --unthrottled --results s3://outbox/r.csv -vv --log {}",
        log.display()
    );
    let imported = rolo(&world, &s3, &format!("--json {import}"));
    assert_eq!(imported.code, 1, "{}{}", imported.out, imported.err);
    let finished = last_event(&imported.out);
    assert_eq!(finished["file"], "s3://outbox/r.csv");
    assert_eq!((&finished["outcomes"]["created"], &finished["outcomes"]["rejected"]), (&2.into(), &1.into()));
    assert!(s3.text("outbox/r.csv").contains("phone.not_a_number"), "{}", s3.text("outbox/r.csv"));
    let asked = s3.log();
    assert_eq!(asked.iter().filter(|asked| *asked == "GET inbox/contacts.csv").count(), 1, "{asked:?}");
    assert!(asked.contains(&"GET inbox/contacts.mapping.toml".to_owned()), "{asked:?}");
    assert!(!world.read("log.jsonl").contains(SECRET), "a secret is in no log");
    nothing_kept(&world);
    // The address is what the run is known by, and what it is taken up by.
    assert!(world.rolo("show").out.contains("s3://inbox/contacts.csv"), "{}", world.rolo("show").out);
    let again = rolo(&world, &s3, &import);
    assert_eq!(again.code, 1, "{}", again.err);
    assert_eq!(s3.paths().iter().filter(|path| path.starts_with("outbox/")).count(), 1, "what rolo wrote it replaces");
}

#[test]
fn an_object_of_somebody_else_is_left_and_the_results_get_another_name() {
    let (world, s3) = (World::new(), S3::start());
    s3.put("inbox/contacts.csv", CONTACTS);
    s3.put("outbox/r.csv", "precious\n");
    let check = "check s3://inbox/contacts.csv --region GB --results s3://outbox/r.csv";
    let said = rolo(&world, &s3, check);
    assert!(said.err.contains("s3://outbox/r-2.csv"), "{}", said.err);
    assert_eq!(s3.text("outbox/r.csv"), "precious\n");
    assert_eq!(rolo(&world, &s3, check).code, 1);
    assert_eq!(s3.paths(), ["inbox/contacts.csv", "outbox/r-2.csv", "outbox/r.csv"], "and the next time the same");
    // From another machine, whose state folder knows nothing of it.
    assert_eq!(rolo(&World::new(), &s3, check).code, 1);
    assert_eq!(s3.paths().len(), 3);
    // Mended by somebody, it is theirs; and so is a copy of ours under another name.
    s3.put("outbox/r-2.csv", "mended\n");
    rolo(&world, &s3, check);
    assert_eq!((s3.text("outbox/r-2.csv").as_str(), s3.paths().len()), ("mended\n", 4));
    // Whoever writes it while the run is under way is not overwritten either.
    s3.go_wrong(Wrong::Overtake("overtaken\n"));
    let overtaken = failed(&rolo(&world, &s3, check), 3);
    assert!(overtaken.contains("somebody else wrote s3://outbox/r-3.csv while the run was under way"), "{overtaken}");
    assert_eq!(s3.text("outbox/r-3.csv"), "overtaken\n");
}

#[test]
fn what_is_large_goes_up_in_parts_which_are_an_object_only_at_the_end() {
    let (world, s3) = (World::new(), S3::start());
    let rows: String = (0..2200).map(|n| format!("Ann,+447400{n:06},{}\n", "x".repeat(4000))).collect();
    world.write("large.csv", &format!("First name,Phone,Note\n{rows}"));
    world.write("m.toml", "region = \"GB\"\n[columns.\"First name\"]\nfield = \"first_name\"\n[columns.Phone]\nfield = \"phone\"\n[columns.Note]\nignore = true\n");
    let check = "check large.csv --mapping m.toml -q";
    assert_eq!(world.rolo(check).code, 0);
    let up = format!("{check} --results s3://outbox/r.csv");
    assert_eq!(rolo(&world, &s3, &up).code, 0);
    assert!(s3.object("outbox/r.csv").unwrap().bytes == std::fs::read(world.path("large.results.csv")).unwrap());
    assert_eq!(s3.log().iter().filter(|asked| *asked == "PUT outbox/r.csv").count(), 2, "two parts");
    // Somebody else comes first, at the very end.
    s3.go_wrong(Wrong::Overtake("overtaken\n"));
    let told = failed(&rolo(&world, &s3, &up), 3);
    assert!(told.contains("somebody else wrote s3://outbox/r.csv while the run was under way"), "{told}");
    assert_eq!((s3.text("outbox/r.csv").as_str(), s3.uploads()), ("overtaken\n", 0), "no parts are left");
}

#[test]
fn an_export_goes_to_storage_and_is_not_replaced_unasked() {
    let (world, s3) = (World::new(), S3::start());
    world.write("contacts.csv", CONTACTS);
    assert_eq!(world.rolo("import contacts.csv --region GB --unthrottled").code, 1);
    let here = world.rolo("export all.csv --unthrottled --where last_name=A");
    assert_eq!(here.code, 0, "{}", here.err);
    for name in ["all.csv", "all.xlsx", "all.jsonl", "all.vcf", "all.csv.gz"] {
        let there = rolo(&world, &s3, &format!("export s3://outbox/{name} --unthrottled --where last_name=A"));
        assert_eq!(there.code, 0, "{name}: {}", there.err);
    }
    assert_eq!(s3.text("outbox/all.csv"), world.read("all.csv"));
    let refused = failed(&rolo(&world, &s3, "export s3://outbox/all.csv --unthrottled --where last_name=A"), 2);
    assert!(refused.contains("the file is there already: s3://outbox/all.csv"), "{refused}");
    assert_eq!(rolo(&world, &s3, "export s3://outbox/all.csv --unthrottled --where last_name=A --force").code, 0);
    let web =
        failed(&rolo(&world, &s3, &format!("export {}/web/all.csv --unthrottled --where last_name=A", s3.address)), 2);
    assert!(web.contains("nothing can be written to an address on the web"), "{web}");
}

#[test]
fn a_connection_that_breaks_is_taken_up_and_a_changed_object_stops_the_run_before_anything_is_sent() {
    let (world, s3) = (World::new(), S3::start());
    s3.put("inbox/contacts.csv", CONTACTS);
    s3.go_wrong(Wrong::Cut);
    s3.go_wrong(Wrong::Refuse(503, "SlowDown"));
    let import = "import s3://inbox/contacts.csv --region GB --unthrottled --results r.csv";
    let imported = rolo(&world, &s3, &format!("--json {import}"));
    assert_eq!(last_event(&imported.out)["outcomes"]["created"], 2, "{}", imported.err);

    // So much that its first half has arrived when the connection breaks.
    s3.put("inbox/contacts.csv", format!("{CONTACTS}Dan,A,+447400000004{}\n", " ".repeat(2_000_000)));
    s3.go_wrong(Wrong::CutAndReplace("First name,Phone\nEve,+447400000005\n"));
    let changed = failed(&rolo(&world, &s3, import), 3);
    assert!(changed.contains("s3://inbox/contacts.csv was changed while it was read"), "{changed}");
    assert!(changed.contains("nothing was sent"), "{changed}");
    let exported = world.rolo("export all.csv --unthrottled --where last_name=A");
    assert_eq!((exported.code, world.csv("all.csv").len()), (0, 2));
}

#[test]
fn what_keeps_a_file_from_being_read_is_told_with_what_to_do() {
    let (world, s3) = (World::new(), S3::start());
    s3.put("inbox/contacts.csv", CONTACTS);
    let check = |address: &str, variables: &[(&str, &str)]| {
        said(command(&world, &s3, &format!("check {address}")).envs(variables.iter().copied()))
    };
    let told = failed(&check("s3://inbox/nobody.csv", &[]), 2);
    assert!(told.contains("there is no file s3://inbox/nobody.csv"), "{told}");
    let told = failed(&check("s3://nowhere/a.csv", &[]), 2);
    assert!(told.contains("there is no bucket nowhere: s3://nowhere/a.csv"), "{told}");
    let told = failed(&check("s3://inbox/", &[]), 2);
    assert!(told.contains("the address names no file: s3://inbox/"), "{told}");
    let wrong = failed(&check("s3://inbox/contacts.csv", &[("AWS_SECRET_ACCESS_KEY", "hunter2")]), 3);
    assert!(
        wrong.contains("the credentials for s3://inbox/contacts.csv were refused (SignatureDoesNotMatch)"),
        "{wrong}"
    );
    assert!(!wrong.contains("hunter2"), "{wrong}");
    s3.go_wrong(Wrong::Refuse(403, "AccessDenied"));
    let told = failed(&check("s3://inbox/contacts.csv", &[]), 3);
    assert!(told.contains("s3://inbox/contacts.csv may not be read with these credentials (AccessDenied)"), "{told}");
    let plain = failed(&check("s3://inbox/contacts.csv", &[("AWS_ENDPOINT_URL", "http://storage.example")]), 3);
    assert!(plain.contains("plain http is accepted for loopback") || plain.contains("not encrypted"), "{plain}");
    // Nobody answers at the address by which a cloud tells its machines who they are.
    let nobody = format!("http://{}", closed_port());
    let mut without = command(&world, &s3, "check s3://inbox/contacts.csv");
    without.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    let told = failed(&said(without.env("AWS_METADATA_ENDPOINT", nobody)), 3);
    assert!(told.contains("there are no credentials for s3://inbox/contacts.csv"), "{told}");
    assert!(told.contains("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"), "{told}");
    if !cfg!(feature = "gcp") {
        let told = failed(&check("gs://in/contacts.csv", &[]), 2);
        assert!(told.contains("this rolo was built without Google Cloud Storage: gs://in/contacts.csv"), "{told}");
    }
    if !cfg!(feature = "azure") {
        let told = failed(&check("az://in/contacts.csv", &[]), 2);
        assert!(told.contains("cargo build --release --features azure"), "{told}");
    }
}

/// A port of this machine that nobody listens at.
fn closed_port() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn keys_are_read_from_a_profile_as_other_programs_do() {
    let (world, s3) = (World::new(), S3::start());
    s3.put("inbox/contacts.csv", CONTACTS);
    std::fs::create_dir(world.path(".aws")).unwrap();
    world.write(".aws/credentials", &format!("[night]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"));
    let mut check = world.command("check s3://inbox/contacts.csv --region GB");
    check.env("AWS_PROFILE", "night").env("AWS_ENDPOINT_URL", &s3.address).env("AWS_REGION", "eu-central-1");
    let checked = said(&mut check);
    assert_eq!(checked.code, 1, "{}", checked.err);
    assert!(s3.object("inbox/contacts.results.csv").is_some());
}

#[test]
fn a_run_goes_on_with_the_object_that_it_began_with_or_says_that_it_is_gone() {
    for keeps_versions in [false, true] {
        let (world, s3) = (World::new(), S3::start());
        if keeps_versions {
            s3.keep_versions();
        }
        s3.put("inbox/contacts.csv", CONTACTS);
        let import = "import s3://inbox/contacts.csv --region GB --unthrottled --results r.csv --stop-when rejected=1";
        assert_eq!(rolo(&world, &s3, import).code, 3);
        s3.put("inbox/contacts.csv", "First name,Last name,Phone\nEve,A,+447400000005\n");
        let resumed = rolo(&world, &s3, "resume");
        if keeps_versions {
            assert!([1, 3].contains(&resumed.code), "{}{}", resumed.out, resumed.err);
            assert!(world.read("r.csv").contains("Ann") && !world.read("r.csv").contains("Eve"));
        } else {
            let told = failed(&resumed, 2);
            assert!(told.contains("s3://inbox/contacts.csv is no longer what the run began with"), "{told}");
            s3.remove("inbox/contacts.csv");
            let told = failed(&rolo(&world, &s3, "resume"), 2);
            assert!(told.contains("s3://inbox/contacts.csv is no longer what the run began with"), "{told}");
        }
    }
}

#[test]
fn a_queued_run_reads_what_was_submitted_wherever_its_worker_is() {
    let (world, s3) = (World::new(), S3::start());
    s3.put("inbox/contacts.csv", CONTACTS);
    let submit = "submit s3://inbox/contacts.csv --region GB --unthrottled --results s3://outbox/r.csv";
    assert_eq!(rolo(&world, &s3, submit).code, 0);
    let worked = rolo(&world, &s3, "work --once");
    assert_eq!(worked.code, 1, "{}{}", worked.out, worked.err);
    assert!(s3.text("outbox/r.csv").contains("Ann"));
    s3.put("inbox/contacts.csv", format!("{CONTACTS}Dan,A,+447400000004\n"));
    assert_eq!(rolo(&world, &s3, submit).code, 0);
    s3.put("inbox/contacts.csv", "First name,Last name,Phone\nEve,A,+447400000005\n");
    let worked = rolo(&world, &s3, "work --once");
    assert!(worked.err.contains("it is not tried again"), "{}", worked.err);
    assert!(worked.err.contains("s3://inbox/contacts.csv"), "{}", worked.err);
}

#[test]
fn a_worker_on_another_machine_reads_the_object_that_was_submitted_though_another_stands_there_by_now() {
    let Some(server) = server() else { return };
    let (database, served, s3) = (server.database(), Served::start(&World::new(), "--unthrottled"), S3::start());
    let machines = (World::new(), World::new());
    let on = |world: &World, arguments: &str| {
        let account = format!(
            "[accounts.support]\nservice = \"respondio-v1\"\ntoken = {{ env = \"SUPPORT\" }}\nbase_url = \"{}/respondio-v1\"\n",
            served.address
        );
        world.write("rolo.toml", &account);
        said(command(world, &s3, arguments).env("ROLO_LEDGER", database.url()).env("SUPPORT", "sandbox"))
    };
    let (one, other) = (&machines.0, &machines.1);
    assert_eq!(on(one, "ledger migrate").code, 0);
    let state = other.path(".local/state/rolo");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::copy(one.path(".local/state/rolo/ledger.key"), state.join("ledger.key")).unwrap();
    s3.keep_versions();
    s3.put("inbox/contacts.csv", CONTACTS);
    s3.put("inbox/contacts.mapping.toml", MAPPING);
    let submitted = on(one, "submit s3://inbox/contacts.csv --to support --results s3://outbox/r.csv");
    assert_eq!(submitted.code, 0, "{}", submitted.err);
    s3.put("inbox/contacts.csv", "First name,Last name,Phone\nEve,A,+447400000005\n");
    let worked = on(other, "work --once");
    assert_eq!(worked.code, 1, "{}{}", worked.out, worked.err);
    let results = s3.text("outbox/r.csv");
    assert!(results.contains("Ann") && !results.contains("Eve"), "{results}");
    nothing_kept(other);
    // And what the other machine wrote is rolo's for this one.
    assert_eq!(on(one, "import s3://inbox/contacts.csv --to support --results s3://outbox/r.csv").code, 0);
    assert!(s3.text("outbox/r.csv").contains("Eve"));
}

#[test]
fn a_file_on_the_web_is_read_and_its_results_stand_in_the_working_folder() {
    let (world, s3) = (World::new(), S3::start());
    s3.put("web/list/contacts.csv", CONTACTS);
    let address = format!("{}/web/moved/list/contacts.csv?v=1", s3.address);
    s3.go_wrong(Wrong::Cut);
    let imported = said(&mut world.command(&format!("--json import {address} --region GB --unthrottled")));
    assert_eq!(last_event(&imported.out)["outcomes"]["created"], 2, "{}", imported.err);
    assert_eq!(world.csv("contacts.results.csv").len(), 3);
    let told = failed(&world.rolo(&format!("check {}/web/nobody.csv", s3.address)), 2);
    assert!(told.contains("there is no file http://127.0.0.1"), "{told}");
    let told = failed(&world.rolo("check http://contacts.example/a.csv"), 2);
    assert!(told.contains("not encrypted: contacts.example"), "{told}");
    let told = failed(&world.rolo("check https://in.example/a.csv?X-Amz-Signature=hunter2"), 2);
    assert!(told.contains("an address holds what grants access to it") && !told.contains("hunter2"), "{told}");
}

/// Of each import, in the order in which they were begun: the name of its file and how many rows it had.
fn imported(world: &World) -> Vec<(String, u64)> {
    let listed = world.rolo("--json runs").out;
    let runs = listed.lines().rev().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let rows = |run: &serde_json::Value| {
        run["outcomes"].as_object().unwrap().values().filter_map(serde_json::Value::as_u64).sum()
    };
    let name = |run: &serde_json::Value| run["file"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    runs.map(|run| (name(&run), rows(&run))).collect()
}

fn file(number: u32, rows: u32) -> String {
    let rows: String = (0..rows).map(|row| format!("Ann,A,+4474000{number:02}{row:03}\n")).collect();
    format!("First name,Last name,Phone\n{rows}")
}

#[test]
fn a_pattern_takes_each_new_file_once_and_an_altered_one_again() {
    for is_stored in [true, false] {
        let (world, s3) = (World::new(), S3::start());
        std::fs::create_dir(world.path("inbox")).unwrap();
        let put = |name: &str, text: String| {
            if is_stored {
                s3.put(&format!("inbox/{name}"), text);
            } else {
                world.write(&format!("inbox/{name}"), &text);
            }
        };
        world.write("m.toml", MAPPING);
        for (name, rows) in
            [("night-2.csv", 2), ("night-1.csv", 1), ("other.csv", 5), ("night-3.csv", 3), ("night-1.edits.csv", 4)]
        {
            put(name, file(rows, rows));
        }
        let pattern = if is_stored { "s3://inbox/night-*.csv" } else { "inbox/night-*.csv" };
        let import = format!("import {pattern} --mapping m.toml --unthrottled");
        let said = rolo(&world, &s3, &import);
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        let first =
            [("night-1.csv", 1), ("night-2.csv", 2), ("night-3.csv", 3)].map(|(name, rows)| (name.to_owned(), rows));
        assert_eq!(imported(&world), first);
        // Its own results, which fit the pattern, are no sources.
        let again = rolo(&world, &s3, &import);
        assert!(
            again.code == 0 && again.err.contains("0 files of") && again.err.contains("3 were taken before"),
            "{}",
            again.err
        );
        put("night-2.csv", file(7, 7));
        put("night-4.csv", "%PDF-1.4".into());
        put("night-5.csv", file(5, 1));
        let told = failed(&rolo(&world, &s3, &import), 2);
        assert!(told.contains("is a PDF document") && told.contains("1 of 3 files could not be imported"), "{told}");
        assert_eq!(imported(&world)[3..], [("night-2.csv".to_owned(), 7), ("night-5.csv".to_owned(), 1)]);
    }
}

#[test]
fn a_job_of_a_pattern_queues_each_new_file_and_its_results_are_called_after_it() {
    let (world, s3) = (World::new(), S3::start());
    world.write("m.toml", MAPPING);
    world.write(
        "rolo.toml",
        "[jobs.arrivals]\nimport = \"s3://inbox/*.csv\"\nto = \"sandbox\"\nmapping = \"m.toml\"\nresults = \"s3://outbox/*.done.csv\"\n",
    );
    for number in [1, 2] {
        s3.put(&format!("inbox/{number}.csv"), file(number, number));
    }
    let submitted = rolo(&world, &s3, "submit --job arrivals -q");
    assert_eq!((submitted.code, submitted.out.lines().count()), (0, 2), "{}{}", submitted.out, submitted.err);
    assert_eq!(rolo(&world, &s3, "submit --job arrivals -q").out, "", "both wait already");
    assert_eq!(rolo(&world, &s3, "work --once -q").code, 0);
    assert_eq!(s3.paths(), ["inbox/1.csv", "inbox/2.csv", "outbox/1.done.csv", "outbox/2.done.csv"]);
    assert_eq!(imported(&world), [("1.csv".to_owned(), 1), ("2.csv".to_owned(), 2)]);
    s3.put("inbox/3.csv", file(3, 3));
    let ran = rolo(&world, &s3, "run arrivals");
    assert!(ran.code == 0 && ran.err.contains("1 file of"), "{}", ran.err);
    assert_eq!(imported(&world).len(), 3);
}

#[test]
fn who_is_forgotten_may_stand_in_storage_and_that_is_said() {
    let (world, s3) = (World::new(), S3::start());
    s3.put("inbox/contacts.csv", CONTACTS);
    let import = "import s3://inbox/contacts.csv --region GB --unthrottled --results s3://outbox/r.csv -q";
    assert_eq!(rolo(&world, &s3, import).code, 1);
    let forgotten = rolo(&world, &s3, "forget +447400000001 --yes");
    for place in ["s3://inbox/contacts.csv", "s3://outbox/r.csv"] {
        let told = format!("may hold the person, and is left as it is: {place}");
        assert!(forgotten.out.contains(&told), "{}{}", forgotten.out, forgotten.err);
    }
}

#[test]
fn the_examples_of_the_page_are_run() {
    let (world, s3) = (World::new(), S3::start());
    let page = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/files.md")).unwrap();
    let block = page.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let people = "First name,Phone\nAnn,+447400000001\n";
    for path in ["inbox/contacts.csv", "inbox/night-1.csv"] {
        s3.put(path, people);
    }
    let commands: Vec<&str> = block.lines().filter_map(|line| line.split(" #").next()?.strip_prefix("rolo ")).collect();
    assert!(commands.len() >= 6, "{block}");
    for command in commands {
        // This service lists nobody unasked.
        let command = command.replace("all.xlsx", "all.xlsx --where first_name=Ann");
        let said = rolo(&world, &s3, &command);
        assert_eq!(said.code, 0, "{command}\n{}{}", said.out, said.err);
    }
    for path in
        ["inbox/contacts.results.csv", "inbox/contacts.mapping.toml", "outbox/contacts.results.csv", "outbox/all.xlsx"]
    {
        assert!(s3.object(path).is_some(), "{path}: {:?}", s3.paths());
    }
    let jobs = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    rolo::config::Config::parse(jobs, std::path::Path::new("rolo.toml"), rolo::services::ALL).unwrap();
}
