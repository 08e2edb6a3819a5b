//! Exports that are cut off, narrowed, refused, and written somewhere else.

use std::fmt::Write as _;
use std::process::Stdio;

use crate::world::{Served, World, calls, cells, csv_rows, last_event, said, sorted_by};

/// `n` people with a phone, an e-mail and a name each.
fn people(n: usize) -> String {
    let mut text = "name,phone,email,tags\n".to_owned();
    for k in 1..=n {
        let tag = if k % 4 == 0 { "vip" } else { "" };
        writeln!(text, "Person {k},+4474001{:05},person{k}@example.org,{tag}", 20_000 + k).unwrap();
    }
    text
}

#[test]
fn an_export_that_was_killed_goes_on_behind_the_last_page_it_kept() {
    let world = World::new();
    world.write("people.csv", &people(40));
    world.done("import people.csv --to sandbox:chatwoot --unthrottled");
    let whole = world.done("export whole.csv --from sandbox:chatwoot --unthrottled");
    // A page holds 15 contacts, and a fourth page is empty; a second pass shows that nothing moved.
    let pages = whole["calls"]["list"].as_u64().unwrap();
    assert_eq!(pages, 8, "{whole}");

    let killed =
        said(world.command("export cut.csv --from sandbox:chatwoot --unthrottled").env("ROLO_CRASH", "after_page:2"));
    assert_eq!(killed.code, -1, "killed by a signal: {}", killed.err);
    assert!(!world.path("cut.csv").exists());

    let rest = world.done("export cut.csv --from sandbox:chatwoot --unthrottled");
    assert_eq!(rest["calls"]["list"], pages - 2, "{rest}");
    assert_eq!(rest["calls"]["read tags"], 10, "the tags of the last ten contacts alone: {rest}");
    assert_eq!(rest["remarks"], whole["remarks"]);
    assert_eq!(world.read("cut.csv"), world.read("whole.csv"));
    let left = std::fs::read_dir(world.path(".local/state/rolo/export")).unwrap().count();
    assert_eq!(left, 0, "nothing of it stays in the state folder");
}

#[test]
fn an_export_killed_before_its_file_is_written_reads_nothing_again() {
    let world = World::new();
    world.write("people.csv", &people(20));
    world.done("import people.csv --to sandbox:chatwoot --unthrottled");
    let killed =
        said(world.command("export out.csv --from sandbox:chatwoot --unthrottled").env("ROLO_CRASH", "before_file:1"));
    assert_eq!(killed.code, -1, "{}", killed.err);
    let rest = world.done("export out.csv --from sandbox:chatwoot --unthrottled");
    assert_eq!(calls(&rest), 0, "{rest}");
    assert_eq!(world.csv("out.csv").len(), 20);
    let remark = rest["remarks"][0].as_str().unwrap();
    assert!(remark.starts_with("complete: at the last page the service counted 20 contacts"), "{remark}");
}

#[test]
fn contacts_added_while_pages_are_read_come_once_or_not_at_all() {
    let world = World::new();
    let served = Served::start(&world, "--unthrottled --fault latency=60ms,method:GET");
    let address = &served.address;
    world.write(
        "rolo.toml",
        &format!(
            "[accounts.desk]\nservice = \"chatwoot\"\nbase_url = \"{address}/chatwoot\"\naccount_id = \"1\"\n\
             inbox_id = \"1\"\ntoken = {{ env = \"DESK\" }}\n"
        ),
    );
    let desk = |arguments: &str| {
        let mut command = world.command(arguments);
        command.env("DESK", "sandbox");
        command
    };
    world.write("first.csv", &people(40));
    let first = said(&mut desk("import first.csv --to desk --yes"));
    assert_eq!(first.code, 0, "{}", first.err);

    let mut export = desk("--json export out.csv --from desk --state-dir other");
    let export = export.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let more = people(55)
        .lines()
        .enumerate()
        .filter(|(n, _)| *n == 0 || *n > 40)
        .fold(String::new(), |all, (_, l)| all + l + "\n");
    world.write("more.csv", &more);
    assert_eq!(said(&mut desk("import more.csv --to desk --yes")).code, 0);
    let output = export.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{out}{}", String::from_utf8_lossy(&output.stderr));

    let rows = world.csv("out.csv");
    let mut ids = cells(&rows, "id");
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all, "each contact once");
    let emails = cells(&rows, "email");
    for k in 1..=40 {
        assert!(emails.contains(&format!("person{k}@example.org").as_str()), "person {k}");
    }
    let told = last_event(&out);
    assert_eq!(told["contacts"], all);
    let remark = told["remarks"][0].as_str().unwrap();
    assert!(remark.contains("complete") && remark.contains("at the last page the service counted"), "{remark}");
}

/// A served Chatwoot with `people`, and then with a fault.
fn bent(world: &World, people: &str, fault: &str) -> (String, String) {
    let served = Served::start(world, &format!("--unthrottled {fault}"));
    world.write(
        "rolo.toml",
        &format!(
            "[accounts.desk]\nservice = \"chatwoot\"\nbase_url = \"{}/chatwoot\"\naccount_id = \"1\"\ninbox_id = \"1\"\n\
             token = {{ env = \"DESK\" }}\n",
            served.address
        ),
    );
    world.write("first.csv", people);
    let desk = |arguments: &str| said(world.command(arguments).env("DESK", "sandbox"));
    let first = desk("import first.csv --to desk --yes");
    assert_eq!(first.code, 0, "{}", first.err);
    let export = desk("--json export out.csv --from desk --state-dir other");
    assert_eq!(export.code, 0, "{}{}", export.out, export.err);
    let remark = last_event(&export.out)["remarks"][0].as_str().unwrap().to_owned();
    (remark, world.read("out.csv"))
}

#[test]
fn remote_16_a_contact_that_shifts_to_a_page_already_read_is_not_lost_and_one_that_went_is_left_out() {
    for fault in [
        "--fault contact-deleted=1,at:/api/v1/accounts/1/contacts,method:GET,nth:1",
        "--fault contact-deleted=1,at:/api/v1/accounts/1/contacts,method:GET,nth:1 --fault contact-created=1,at:/api/v1/accounts/1/contacts,method:GET,nth:1",
    ] {
        let world = World::new();
        let (remark, out) = bent(&world, &people(40), fault);
        assert!(remark.starts_with("complete: "), "{remark}");
        let rows = csv_rows(&out);
        let emails = cells(&rows, "email");
        // Who came first of those that were created side by side is the one that went.
        let people = (1..=40).map(|k| format!("person{k}@example.org"));
        let missing: Vec<_> = people.filter(|email| !emails.contains(&email.as_str())).collect();
        assert_eq!(missing.len(), 1, "{missing:?}: {remark}");
    }
}

#[test]
fn remote_17_an_export_whose_place_the_service_has_forgotten_begins_the_listing_again() {
    let world = World::new();
    world.write("people.csv", &people(40));
    world.done("import people.csv --to sandbox:chatwoot --unthrottled");
    let export = "export out.csv --from sandbox:chatwoot --unthrottled";
    let killed = said(world.command(export).env("ROLO_CRASH", "after_page:2"));
    assert_eq!(killed.code, -1, "{}", killed.err);
    let rest = world.done(&format!("{export} --fault status=400,at:/api/v1/accounts/1/contacts,times:1"));
    let remark = rest["remarks"][0].as_str().unwrap();
    assert!(remark.starts_with("complete: at the last page the service counted 40 contacts"), "{remark}");
    assert_eq!(world.csv("out.csv").len(), 40);
    // What the service refuses for good is said, and doesn't go round.
    let never = world.rolo(
        "export never.csv --from sandbox:chatwoot --unthrottled --fault status=400,at:/api/v1/accounts/1/contacts",
    );
    assert_eq!(never.code, 3, "{}", never.err);
}

#[test]
fn contacts_that_are_equal_by_time_are_all_exported() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // Its clock stands still: all were created at one moment, and come in another order on each page.
    let mut options = rolo_sandbox::Options::new(|| std::time::Duration::from_secs(1_790_000_000));
    options.emulator.unthrottled = true;
    options.emulator.chatwoot.unstable_ties = true;
    options.services = vec!["chatwoot".to_owned()];
    let sandbox = runtime.block_on(rolo_sandbox::start(options)).unwrap();
    let person = |n: u32| serde_json::json!({ "id": n, "name": "Ann", "email": format!("person{n}@example.org") });
    sandbox.seed("chatwoot", (1..=200).map(person).collect()).unwrap();
    let world = World::new();
    world.write(
        "rolo.toml",
        &format!(
            "[accounts.desk]\nservice = \"chatwoot\"\nbase_url = \"{}\"\naccount_id = 1\ninbox_id = 1\n\
             token = {{ env = \"DESK\" }}\n",
            sandbox.base_url("chatwoot")
        ),
    );
    let told = said(world.command("--json export out.csv --from desk").env("DESK", "sandbox"));
    assert_eq!(told.code, 0, "{}{}", told.out, told.err);
    let remark = last_event(&told.out)["remarks"][0].as_str().unwrap().to_owned();
    assert!(remark.starts_with("complete: at the last page the service counted 200 contacts"), "{remark}");
    let rows = world.csv("out.csv");
    let emails: std::collections::BTreeSet<&str> = cells(&rows, "email").into_iter().collect();
    assert_eq!((rows.len(), emails.len()), (200, 200));
    runtime.block_on(sandbox.stop());
}

#[test]
fn a_filter_narrows_an_export_where_the_service_has_it() {
    let world = World::new();
    world.write("people.csv", &people(8));
    for service in ["chatwoot", "respondio"] {
        world.done(&format!("import people.csv --to sandbox:{service} --unthrottled"));
        let vips = world.rolo(&format!("export - --from sandbox:{service} --tag vip --columns email --unthrottled"));
        let mut emails: Vec<_> = csv_rows(&vips.out).into_iter().map(|row| row["email"].clone()).collect();
        emails.sort();
        assert_eq!(emails, ["person4@example.org", "person8@example.org"], "{service}: {}", vips.err);
        assert!(vips.err.contains("matching contact"), "{}", vips.err);
        let one = format!(
            "export - --from sandbox:{service} --where email=person3@example.org --columns email --unthrottled"
        );
        assert_eq!(cells(&csv_rows(&world.rolo(&one).out), "email"), ["person3@example.org"], "{service}");
    }
    // Contact k of this emulator was changed k days after 2023-11-14 22:13:20 UTC.
    let since = |moment: &str| {
        let said =
            world.rolo(&format!("export - --from sandbox:engagor --updated-since {moment} --columns id --unthrottled"));
        csv_rows(&said.out).into_iter().map(|row| row["id"].clone()).collect::<Vec<_>>()
    };
    let ids: Vec<String> = (1017..=1040).map(|id| id.to_string()).collect();
    assert_eq!(since("2023-12-01"), ids);
    assert_eq!(since("2023-12-01T22:13:20Z"), ids, "at the moment itself");
    assert_eq!(since("2023-12-01T22:13:21Z"), ids[1..]);
}

/// The service compares a label with capitals otherwise where a field is asked for too, and would find nobody.
#[test]
fn remote_running_a_filter_by_a_tag_with_capitals_asks_exactly_that_or_is_refused() {
    let world = World::new();
    world.write(
        "people.csv",
        "Name,E-mail,City,Tags\nAnn,ann@b.example,Oslo,VIP\nBo,bo@b.example,Oslo,VIP\nCy,cy@b.example,Oslo,other\n",
    );
    world.done("import people.csv --to sandbox:chatwoot --unthrottled");
    let export = "export out.csv --from sandbox:chatwoot --unthrottled --tag VIP";
    world.done(export);
    assert_eq!(cells(&sorted_by("name", world.csv("out.csv")), "name"), ["Ann", "Bo"]);
    std::fs::remove_file(world.path("out.csv")).unwrap();
    let refused = world.rolo(&format!("{export} --where city=Oslo"));
    assert_ne!(refused.code, 0, "{}", refused.err);
    assert!(refused.err.contains("by a field and by a label with capitals at once: VIP"), "{}", refused.err);
    assert!(!world.path("out.csv").exists(), "nobody is called complete");
}

#[test]
fn what_a_service_cannot_list_is_refused_with_what_works() {
    let world = World::new();
    let refused = [
        ("--from sandbox:dmchamp", "dmchamp can't list its contacts", "--identifiers FILE"),
        ("--from sandbox:respondio-v1", "respondio-v1 can't list all its contacts", "--where FIELD=VALUE"),
        ("--from sandbox:respondio --updated-since 2026-01-01", "respondio can't list contacts by when", "export all"),
        ("--from sandbox:chatwoot --updated-since 2026-01-01", "chatwoot can't list contacts by when", "export all"),
        ("--from sandbox:engagor --where city=Ghent", "engagor can't list contacts by a field's value", "export all"),
        ("--from sandbox:99digital --where city=Ghent", "99digital can't list contacts by a field's", "export all"),
        ("--from sandbox:chatwoot --with messages", "chatwoot can't list a contact's messages", "--with messages"),
        ("--from sandbox:chatwoot --where custom.city=Ghent", "like a standard field: city", "export all"),
        ("--from sandbox:chatwoot --where twitter=x", "chatwoot can't list contacts by the field: twitter", "city"),
    ];
    for (arguments, what, cure) in refused {
        let said = world.rolo(&format!("export out.csv {arguments} --unthrottled"));
        assert!([2, 3].contains(&said.code), "{arguments}: {}", said.err);
        assert!(said.err.contains(what), "{arguments}: {}", said.err);
        assert!(said.err.contains(cure), "{arguments}: {}", said.err);
        assert!(!world.path("out.csv").exists(), "{arguments}");
    }
}

#[test]
fn columns_and_a_limit_are_kept_and_a_file_is_replaced_only_by_force() {
    let world = World::new();
    let export = "export out.csv --from sandbox:engagor --columns phone,id,custom.plan,none --unthrottled";
    let told = world.done(&format!("{export} --limit 3"));
    let remark = told["remarks"][0].as_str().unwrap();
    assert_eq!(remark, "not complete, as asked: the first 3 contacts");
    let expected = "\
\u{feff}phone,id,custom.plan,none,_rolo
'+12025550101,1001,,,
'+12025550102,1002,,,
'+12025550103,1003,gold,,
";
    assert_eq!(world.read("out.csv"), expected);

    let again = world.rolo(export);
    assert_eq!(again.code, 2);
    assert!(again.err.starts_with("error: the file is there already: out.csv\nhint: "), "{}", again.err);
    assert_eq!(world.read("out.csv"), expected);
    world.done(&format!("{export} --force"));
    assert_eq!(world.csv("out.csv").len(), 40);
    assert_eq!(world.rolo("export out.pdf --from sandbox:engagor").code, 2);
}

#[test]
fn messages_are_read_on_demand() {
    let world = World::new();
    let served = Served::start(&world, "--unthrottled");
    let address = &served.address;
    world.write(
        "rolo.toml",
        &format!(
            "[accounts.champ]\nservice = \"dmchamp\"\nbase_url = \"{address}/dmchamp\"\nsearch_lag = \"0\"\n\
             messages = \"true\"\ntoken = {{ env = \"CHAMP\" }}\nrate = \"1/1s\"\n"
        ),
    );
    world.write("people.csv", "first_name,phone\nAnn,+447400123456\n");
    let champ = |arguments: &str| said(world.command(arguments).env("CHAMP", "sandbox"));
    let imported = champ("import people.csv --to champ --yes");
    assert_eq!(imported.code, 0, "{}", imported.err);
    let exported = champ("export out.csv --from champ --identifiers people.csv --with messages");
    assert_eq!(exported.code, 0, "{}", exported.err);
    assert!(exported.err.contains("1 read messages"), "{}", exported.err);
    assert_eq!(world.csv("out.csv").len(), 1);
    assert!(world.csv("out.csv")[0].contains_key("messages"), "{}", world.read("out.csv"));
}

#[test]
fn a_file_of_identifiers_is_told_row_by_row() {
    let world = World::new();
    world.write("people.csv", "first_name,phone\nAnn,+447400123456\nBen,+60123456789\n");
    world.done("import people.csv --to sandbox:dmchamp --unthrottled");
    world.write("wanted.csv", "phone\n+447400123456\n+8613800138000\n+447400123456\nnot a phone\n+60123456789\n");
    let told = world.done("export out.csv --from sandbox:dmchamp --identifiers wanted.csv --unthrottled");
    assert_eq!(cells(&world.csv("out.csv"), "first_name"), ["Ann", "Ben"]);
    let remarks: Vec<&str> = told["remarks"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    assert_eq!(
        remarks,
        [
            "not a full dump: 2 found by the rows of the file; rows whose contact is not on the service: 1; \
             rows without a usable identifier: 1; rows that name a contact named before: 1",
            "dmchamp does not tell the lists of a contact, so the file has none"
        ]
    );
}

#[test]
fn an_export_into_cards_or_json_lines_goes_back_and_changes_nothing() {
    let world = World::new();
    let people = "Name,Phone,E-mail,City,Tags,custom.seats:number,custom.plan\n\
                  Ann Lee,+447400100101,ann@a.example,Leeds,\"vip;gold\",3,\"a, b; c\"\n\
                  Bo Li,+447400100102,,,,,\"=1+1\"\n\
                  Cy,,cy@c.example,Köln,new,0.5,\n";
    world.write("people.csv", people);
    world.done("import people.csv --to sandbox:chatwoot --unthrottled");
    for file in ["all.vcf", "all.jsonl", "all.vcf.gz"] {
        world.done(&format!("export {file} --from sandbox:chatwoot --unthrottled"));
        let said = world.done(&format!("import {file} --to sandbox:chatwoot --unthrottled --verify"));
        assert_eq!(said["outcomes"]["unchanged"], 3, "{file}: {said}");
    }
    let said = world.rolo("export all.ods --from sandbox:chatwoot");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("an export ends in .csv, .xlsx, .jsonl or .vcf: all.ods"), "{}", said.err);
}

#[test]
fn a_listing_that_is_not_found_in_its_middle_begins_again_and_misses_nobody() {
    let world = World::new();
    let rows: String = (0..40).map(|n| format!("Person {n},+4474001{n:05}\n")).collect();
    world.write("people.csv", &format!("Name,Phone\n{rows}"));
    world.done("import people.csv --to sandbox:chatwoot --unthrottled");
    // Fifteen a page: the second is asked for, and the service says that there is no such place.
    let fault = "--fault status=404,method:GET,at:/api/v1/accounts/1/contacts,nth:2";
    let told = world.done(&format!("export all.csv --from sandbox:chatwoot --unthrottled {fault}"));
    assert_eq!(world.csv("all.csv").len(), 40);
    let remark = told["remarks"][0].as_str().unwrap();
    assert!(remark.starts_with("complete: at the last page the service counted 40 contacts"), "{remark}");
}

#[test]
fn a_service_that_does_not_count_is_listed_twice_and_it_is_said() {
    let world = World::new();
    let rows: String = (0..120).map(|n| format!("Person {n},+4474001{n:05}\n")).collect();
    world.write("people.csv", &format!("First name,Phone\n{rows}"));
    world.done("import people.csv --to sandbox:respondio --unthrottled");
    // The first contact of the first page goes once that page is read, and another slips past its end.
    let fault = "--fault contact-deleted=1,path:/contact/list,nth:1";
    let told = world.done(&format!("export all.csv --from sandbox:respondio --unthrottled {fault}"));
    let read: std::collections::BTreeSet<String> =
        world.csv("all.csv").into_iter().map(|row| row["phone"].clone()).collect();
    assert_eq!(read.len(), 120, "whoever went is in the file as well: nobody can tell");
    let remark = told["remarks"][0].as_str().unwrap();
    let words = "read to the end until two passes showed the same: 120 contacts; the service does not say how many \
                 there are";
    assert!(remark.starts_with(words), "{remark}");
    assert!(told["calls"]["list"].as_u64().unwrap() >= 4, "{told}");
}
