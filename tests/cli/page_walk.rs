//! The page of `rolo open` in a browser: the way of a file to an account and back, as a person goes it.

use rust_xlsxwriter::Workbook;
use thirtyfour::prelude::*;

use crate::browser::Browser;
use crate::hostile_pages::{EVIL, EVIL_NAME, evil_account};
use crate::open::Page;
use crate::world::{Served, World};

const FIRST: [&str; 12] =
    ["Aisyah", "Ben", "Chitra", "Daniel", "Elena", "Farid", "Grace", "Hafiz", "Ines", "Jun", "Kavita", "Li Wei"];
const LAST: [&str; 9] = ["Rahman", "Okafor", "Nair", "Tan", "García", "Ismail", "Lim", "Novak", "Müller"];

/// Leads as a fair leaves them: a title above the header, numbers that lost their country, words in place of numbers.
fn leads() -> Vec<u8> {
    let mut book = Workbook::new();
    book.add_worksheet()
        .set_name("Read me")
        .unwrap()
        .write(0, 0, "Leads of the spring fair, to be called by June")
        .unwrap();
    let sheet = book.add_worksheet().set_name("Leads").unwrap();
    sheet.write(0, 0, "Spring fair: leads").unwrap();
    let headers = ["First name", "Last name", "Mobile", "Second phone", "E-mail", "Labels", "Company", "Seen by"];
    for (column, header) in (0..).zip(headers) {
        sheet.write(2, column, header).unwrap();
    }
    for n in 0..46_u32 {
        let (first, last) = (FIRST[n as usize % FIRST.len()], LAST[n as usize % LAST.len()]);
        let mobile = match n {
            3 => "call the office".to_owned(),
            9 => "not given".to_owned(),
            n if n % 4 == 1 => format!("012345{:04}", 6700 + n),
            n => format!("+6012345{:04}", 6700 + n),
        };
        let email = if n == 17 { "grace.lim@example,com".to_owned() } else { format!("lead{n}@example.com") };
        let labels = ["fair; hot", "fair", "fair; call back"][n as usize % 3];
        let cells = [first, last, &mobile, if n % 5 == 0 { "+60398765432" } else { "" }, &email, labels];
        for (column, cell) in (0..).zip(cells) {
            sheet.write(3 + n, column, cell).unwrap();
        }
        sheet.write(3 + n, 6, ["Acme", "Umbrella Holdings", ""][n as usize % 3]).unwrap();
        sheet.write(3 + n, 7, if n % 7 == 0 { "JT" } else { "" }).unwrap();
    }
    book.save_to_buffer().unwrap()
}

/// Opens the page with the address that was printed.
async fn entered(browser: &Browser, page: &Page) {
    browser.goto(&page.address()).await;
    browser.until("Nothing is sent before you say so").await;
}

#[tokio::test]
async fn a_dropped_workbook_is_mended_sent_and_put_back() {
    let Some(browser) = Browser::open().await else { return };
    let world = World::new();
    let page = Page::open(&world, "");
    entered(&browser, &page).await;
    browser.look("files").await;
    browser.drop_file("leads.xlsx", &leads()).await;
    // Its first sheet holds one line: which one is meant has to be said.
    browser.until("has a header and no rows").await;
    browser.look("file-unread").await;
    browser.write("#sheet", "Leads").await;
    browser.press("Read it so").await;
    browser.until("What was found").await;
    browser.press("Read it another way").await;
    browser.look("file").await;

    browser.press("Go on to the columns").await;
    browser.until("Where the contacts go").await;
    browser.choose("#account", "sandbox:respondio").await;
    browser.press_to_the_next("Take this account").await;
    browser.look("columns").await;
    browser.press("Save, and go on to the problems").await;
    browser.until("can't be sent as they are").await;
    browser.look("problems").await;

    browser.click("section[aria-labelledby^=\"g-phone.no_country\"] summary").await;
    browser.write("section[aria-labelledby^=\"g-phone.no_country\"] input[name=prefix]", "+60").await;
    browser.click("section[aria-labelledby^=\"g-phone.no_country\"] button[value=prefix]").await;
    browser.until("What you mended").await;
    browser.click("section[aria-labelledby^=\"g-phone.not_a_number\"] a").await;
    browser.until("Keep what I wrote").await;
    browser.look("mend").await;
    for (line, number) in [(7, "+60123456703"), (13, "+60123456709")] {
        browser.write(&format!("input[aria-label=\"Line {line}\"]"), number).await;
    }
    browser.press("Keep what I wrote").await;
    browser.until("1 row of 46 can't be sent").await;
    browser.look("problems-mended").await;

    browser.press("Go on to the plan").await;
    browser.until("Send it").await;
    browser.look("plan").await;
    browser.press("Rehearse").await;
    browser.until("Rehearsed:").await;
    browser.look("plan-rehearsed").await;
    browser.press("Send to sandbox:respondio").await;
    browser.until("Download as CSV").await;
    browser.look("run-ended").await;
    let run = browser.driver.current_url().await.unwrap();
    assert!(world.rolo("runs").out.contains("46 rows: 45 created, 1 rejected"), "{}", world.rolo("runs").out);

    browser.press("Look at the rows").await;
    browser.until("46 rows").await;
    browser.look("rows").await;
    browser.write("#text", "grace").await;
    browser.press("Show").await;
    browser.until("5 rows").await;
    browser.goto(&format!("http://{}/people", page.host)).await;
    browser.write("#person", "+60123456703").await;
    browser.press("Tell").await;
    browser.until("so it was created").await;
    browser.look("people").await;

    browser.goto(run.as_str()).await;
    browser.press("Put back what it changed").await;
    browser.until("would be deleted").await;
    browser.look("undo").await;
    browser.press("Put it back").await;
    browser.until("Download as CSV").await;
    browser.goto(&format!("http://{}/runs", page.host)).await;
    browser.until("put back").await;
    browser.look("runs").await;
    browser.goto(&format!("{run}/report")).await;
    browser.until("What to do next").await;
    browser.look("report").await;
    browser.asked_nobody_but(&page.host).await;
    assert!(world.rolo("runs").out.contains("45 updated"), "{}", world.rolo("runs").out);
}

#[tokio::test]
async fn accounts_jobs_and_the_order_of_columns_have_no_barriers() {
    let Some(browser) = Browser::open().await else { return };
    let world = World::new();
    let served = Served::start(&world, "--unthrottled");
    world.write("contacts.csv", "Name,Mobile,Phone\nAnn,+60123456700,+60123456701\nBob,call office,\n");
    world.write("good.csv", "Name,Mobile\nAnn,+60123456700\n");
    world.write(
        "rolo.toml",
        "[jobs.nightly]\nimport = \"contacts.csv\"\nto = \"sandbox:respondio\"\nschedule = \"0 2 * * *\"\n\
         [jobs.good]\nimport = \"good.csv\"\nto = \"sandbox:respondio\"\n",
    );
    for job in ["nightly", "good", "nightly"] {
        world.rolo(&format!("run {job}"));
    }
    let page = Page::open(&world, "");
    entered(&browser, &page).await;
    browser.press("Jobs").await;
    browser.until("The last of 2 runs").await;
    browser.look("jobs").await;
    browser.press("Accounts").await;
    browser.until("There is no account yet").await;
    browser.choose("#service", "respondio").await;
    browser.press("Go on").await;
    browser.until("Try the key").await;
    browser.look("account-new").await;
    browser.write("#name", "support").await;
    browser.press("More settings").await;
    browser.write("#base_url", &format!("{}/respondio", served.address)).await;
    browser.write("#key", "canary-4711").await;
    browser.press("Try the key").await;
    browser.until("credentials refused").await;
    browser.look("account-refused").await;
    browser.write("#key", "sandbox").await;
    browser.press("Try the key").await;
    browser.until("support was added").await;
    browser.press("See whether it works").await;
    browser.until("works: the service answered in").await;
    browser.look("accounts").await;
    assert!(!browser.driver.source().await.unwrap().contains("canary"), "a key comes back");

    browser.press("Files").await;
    browser.press("too large to drop").await;
    browser.write("#path", "contacts.csv").await;
    browser.press("Look at the file").await;
    browser.until("What was found").await;
    browser.press("Go on to the columns").await;
    browser.until("Which comes first for phone").await;
    browser.look("columns-ordered").await;
    let order = "return [...document.querySelectorAll('.order .what')].map((what) => what.textContent)";
    let before = browser.tell(order, &[]).await;
    let swapped = serde_json::json!([before[1], before[0]]);
    browser.click(".order li:nth-child(2) button[value$=\".earlier\"]").await;
    assert_eq!(browser.tell(order, &[]).await, swapped, "a button puts a column first");
    let drag = "const [first, second] = document.querySelectorAll('.order li');
        const data = new DataTransfer(), box = first.getBoundingClientRect();
        const at = (item, kind, y) => item.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true, clientY: y }));
        at(second, 'dragstart', 0); at(first, 'dragover', box.top + 1); at(first, 'drop', box.top + 1); at(second, 'dragend', 0);";
    browser.tell(drag, &[]).await;
    assert_eq!(browser.tell(order, &[]).await, before, "so does dragging");
    browser.click(".order li:nth-child(2) button[value$=\".earlier\"]").await;
    browser.click("button[name=then][value=columns]").await;
    browser.until("By the mapping file").await;
    assert_eq!(browser.tell(order, &[]).await, swapped, "what was ordered is kept");
    browser.asked_nobody_but(&page.host).await;
}

#[tokio::test]
async fn a_run_is_watched_from_two_tabs_and_outlives_one() {
    let Some(browser) = Browser::open().await else { return };
    let world = World::new();
    let rows: String = (0..400).map(|n| format!("P{n},+4474001{n:05}\n")).collect();
    world.write("many.csv", &format!("Name,Mobile\n{rows}"));
    let page = Page::open(&world, "many.csv");
    browser.goto(&page.address()).await;
    browser.until("What was found").await;
    let file = browser.driver.current_url().await.unwrap();
    browser.goto(&format!("{file}/plan")).await;
    browser.until("Send it").await;
    browser.click("#unthrottled").await;
    browser.press("Send to sandbox:").await;
    browser.until(" of 400 rows").await;
    browser.look("run-under-way").await;
    let (first, run) = (browser.driver.window().await.unwrap(), browser.driver.current_url().await.unwrap());
    let second = browser.driver.new_tab().await.unwrap();
    browser.driver.switch_to_window(second.clone()).await.unwrap();
    browser.goto(run.as_str()).await;
    browser.until(" of 400 rows").await;

    browser.driver.switch_to_window(first).await.unwrap();
    let before = browser.words().await;
    browser.driver.close_window().await.unwrap();
    browser.driver.switch_to_window(second).await.unwrap();
    let line = |words: &str| words.lines().find(|line| line.contains(" of 400 rows")).map(str::to_owned);
    let is_further = async {
        while line(&browser.words().await) == line(&before) {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), is_further).await.expect("the run goes on, and is shown");
    browser.press("Stop, to go on later").await;
    browser.until("Go on with it").await;
    browser.look("run-stopped").await;
    browser.press("Go on with it").await;
    browser.until("Stop, to go on later").await;
    assert_eq!(browser.driver.current_url().await.unwrap(), run, "it is the same run");
    browser.press("Stop, to go on later").await;
    browser.until("Go on with it").await;
    browser.asked_nobody_but(&page.host).await;
}

#[tokio::test]
async fn a_keyboard_is_enough() {
    let Some(browser) = Browser::open().await else { return };
    let world = World::new();
    world.write("contacts.csv", "Name,Mobile,Labels\nAnn,0123456782,vip;new\nBob,0123456788,\nCid,+60123456700,new\n");
    let page = Page::open(&world, "");
    entered(&browser, &page).await;
    browser.tab_to("summary").await;
    browser.key(Key::Enter).await;
    browser.tab_to("#path").await;
    browser.type_text("contacts.csv").await;
    browser.tab_to("form[data-drop] button").await;
    browser.key(Key::Enter).await;
    browser.until("What was found").await;
    browser.tab_to("main .go a.primary").await;
    browser.key(Key::Enter).await;
    browser.until("Where the contacts go").await;
    browser.tab_to("#account").await;
    while browser.tell("return document.activeElement.value", &[]).await != "sandbox:respondio" {
        browser.key(Key::Down).await;
    }
    browser.tab_to("form[action$=\"/account\"] button").await;
    browser.type_text(" ").await;
    browser.until("sandbox:respondio").await;
    browser.tab_to("button[value=problems]").await;
    browser.key(Key::Enter).await;
    browser.until("2 rows of 3 can't be sent").await;
    browser.tab_to("section summary").await;
    browser.key(Key::Enter).await;
    browser.tab_to("input[name=prefix]").await;
    browser.type_text("+60").await;
    browser.tab_to("button[value=prefix]").await;
    browser.type_text(" ").await;
    browser.until("All 3 rows can be sent").await;
    browser.tab_to("main .go a.primary").await;
    browser.key(Key::Enter).await;
    browser.until("Send it").await;
    browser.tab_to("form[action$=\"/send\"] button").await;
    browser.key(Key::Enter).await;
    browser.until("Download as CSV").await;
    browser.tab_to("a[href$=\"/undo\"]").await;
    browser.key(Key::Enter).await;
    browser.until("would be deleted").await;
    browser.tab_to("button.danger").await;
    browser.key(Key::Enter).await;
    browser.until("Download as CSV").await;
    let runs = world.rolo("runs").out;
    assert!(runs.contains("3 rows: 3 created") && runs.contains("3 updated"), "{runs}");
}

/// A file whose every text would do something where it was obeyed.
fn hostile(world: &World) {
    let mut book = Workbook::new();
    book.add_worksheet().set_name("<img src=x onerror=hostile=1>").unwrap();
    for sheet in book.worksheets_mut() {
        for (column, header) in (0..).zip(["Name", "Mobile", "Labels", EVIL, "'\"><svg onload=hostile=1>"]) {
            sheet.write(0, column, header).unwrap();
        }
        for (row, mobile) in (1..).zip(["+447400100201", "+447400100202", EVIL]) {
            for (column, cell) in (0..).zip([EVIL, mobile, &format!("{EVIL};vip"), EVIL, "javascript:hostile=1"]) {
                sheet.write(row, column, cell).unwrap();
            }
        }
    }
    book.save(world.path("<img src=x onerror=hostile=1>.xlsx")).unwrap();
}

#[tokio::test]
async fn hostile_texts_do_nothing_on_any_page() {
    let Some(browser) = Browser::open().await else { return };
    let world = World::new();
    hostile(&world);
    evil_account(&world);
    let page = Page::open(&world, "");
    entered(&browser, &page).await;
    browser.press("too large to drop").await;
    browser.write("#path", "<img src=x onerror=hostile=1>.xlsx").await;
    browser.press("Look at the file").await;
    browser.until("What was found").await;
    let file = browser.driver.current_url().await.unwrap();
    for (step, says) in [("", "<script>"), ("/columns", "<script>"), ("/problems", "<img"), ("/plan", "Send it")] {
        browser.goto(&format!("{file}{step}")).await;
        browser.until(says).await;
        browser.look(&format!("hostile{}", step.replace('/', "-"))).await;
    }
    browser.press("Send to sandbox:").await;
    browser.until("Download as CSV").await;
    let run = browser.driver.current_url().await.unwrap();
    for (at, says) in [("", "<img"), ("/rows", "<img"), ("/report", "<img")] {
        browser.goto(&format!("{run}{at}")).await;
        browser.until(says).await;
        browser.look(&format!("hostile-run{}", at.replace('/', "-"))).await;
    }
    browser.goto(&format!("http://{}/people", page.host)).await;
    browser.write("#person", &format!("external_id:{EVIL}")).await;
    browser.press("Tell").await;
    browser.until("nothing was ever done").await;
    browser.look("hostile-people").await;
    // A service that says such things, of an account that is called so.
    browser.goto(&format!("http://{}/", page.host)).await;
    browser.press("too large to drop").await;
    browser.write("#path", "people.csv").await;
    browser.press("Look at the file").await;
    browser.until("What was found").await;
    let file = browser.driver.current_url().await.unwrap();
    browser.goto(&format!("{file}/columns")).await;
    browser.until("Where the contacts go").await;
    let choose = "document.querySelector('#account').value = arguments[0]";
    browser.tell(choose, &[serde_json::json!(EVIL_NAME)]).await;
    browser.press_to_the_next("Take this account").await;
    browser.goto(&format!("{file}/plan")).await;
    browser.until("Send it").await;
    browser.look("hostile-account-plan").await;
    browser.click("form[action$=\"/send\"] button").await;
    browser.until("Download as CSV").await;
    let run = browser.driver.current_url().await.unwrap();
    for (at, says) in [("", "failed"), ("/rows", "<script>"), ("/report", "<script>")] {
        browser.goto(&format!("{run}{at}")).await;
        browser.until(says).await;
        browser.look(&format!("hostile-service{}", at.replace('/', "-"))).await;
    }
    for (path, says) in [
        ("/", "<img"),
        ("/runs", "<img"),
        ("/jobs", "<img"),
        ("/accounts", "<img"),
        ("/nobody", "there is no such page"),
    ] {
        browser.goto(&format!("http://{}{path}", page.host)).await;
        browser.until(says).await;
        browser.look(&format!("hostile-{}", path.trim_matches('/'))).await;
    }
    browser.asked_nobody_but(&page.host).await;
}
