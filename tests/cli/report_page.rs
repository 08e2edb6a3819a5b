//! The page of a run: what it says is what the ledger holds.

use crate::world::World;

/// A run that created some, rejected some, and was stopped by the service before the others.
fn stopped(world: &World) -> String {
    let people: String = (0..30).map(|n| format!("P{n},p{n}@r.example,+4474001001{n:02},vip,seen\n")).collect();
    let bad = "Bad,nobody@@r.example,call office,,\nWorse,,,,\n";
    world.write("people.csv", &format!("First name,E-mail,Mobile,Tags,Scribble\n{bad}{people}{bad}"));
    // Four calls a row: whichever they were, eleven rows at most lack one of theirs.
    let fault = "--fault status=401,nth:110,times:100000";
    let import = world.rolo(&format!("import people.csv --to sandbox:respondio-v1 --unthrottled {fault}"));
    assert_eq!(import.code, 3, "{}{}", import.out, import.err);
    let page = world.rolo("report -o -");
    assert_eq!((page.code, page.err.as_str()), (0, ""));
    page.out
}

/// The number that stands behind a name at the head of a line of a table.
fn number(page: &str, name: &str) -> u64 {
    let head = page.find(&format!("{name}</th><td class=\"number\">")).unwrap_or_else(|| panic!("{name}: {page}"));
    let cell = page[head..].split(['>', '<']).nth(4).unwrap();
    cell.replace(',', "").parse().unwrap_or_else(|_| panic!("{name}: {cell}"))
}

#[test]
fn every_number_of_the_page_is_the_ledgers() {
    let world = World::new();
    let page = stopped(&world);
    let ledger = rusqlite::Connection::open(world.path(".local/state/rolo/ledger.sqlite")).unwrap();
    let counted = |query: &str| -> Vec<(String, u64)> {
        let mut query = ledger.prepare(query).unwrap();
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?))).unwrap();
        rows.map(Result::unwrap).map(|(name, n)| (name, u64::try_from(n).unwrap())).collect()
    };
    let outcomes = counted("SELECT outcome, count(*) FROM row_record GROUP BY outcome");
    assert!(outcomes.iter().any(|(name, n)| name == "created" && *n > 0) && outcomes.len() > 1, "{outcomes:?}");
    for (outcome, rows) in &outcomes {
        assert_eq!(number(&page, outcome), *rows, "{outcome}");
    }
    let read = counted("SELECT name, created + updated + unchanged + skipped + rejected + failed + in_doubt FROM run");
    let ended: u64 = outcomes.iter().map(|(_, rows)| rows).sum();
    assert_eq!(number(&page, "not reached"), read[0].1 - ended, "{read:?}");
    assert_eq!(number(&page, "rows"), 34);

    let calls = counted("SELECT kind, sum(sent) FROM call GROUP BY kind");
    for (kind, calls) in &calls {
        assert_eq!(number(&page, kind), *calls, "{kind}");
    }
    assert_eq!(number(&page, "all"), calls.iter().map(|(_, calls)| calls).sum::<u64>());

    let causes = counted(
        "SELECT error.value ->> 0, count(DISTINCT row) FROM row_record, json_each(errors) AS error
         WHERE outcome IN ('rejected', 'failed', 'in_doubt') GROUP BY 1",
    );
    assert!(causes.len() > 1, "{causes:?}");
    for (code, rows) in &causes {
        let told = format!("<td class=\"number\">{rows}</td><td><strong><code>{code}</code>");
        assert!(page.contains(&told), "{told}: {page}");
    }
}

#[test]
fn the_page_of_a_stopped_run_says_what_was_left_out_and_how_it_goes_on() {
    let world = World::new();
    let page = stopped(&world);
    let (run, _) = page.split_once("rolo resume ").unwrap().1.split_once('<').unwrap();
    assert!(page.contains(&format!("<code>rolo resume {run}</code> goes on where this run stopped")), "{page}");
    assert!(page.contains("<li>Scribble</li>"), "{page}");
    assert!(page.contains("that it created would stay: this service can't delete contacts"), "{page}");
    assert!(!page.contains("rolo undo"), "nothing could be undone: {page}");
    assert!(!page.contains("class=\"bug\""), "{page}");
}
