//! What is shown keeps to the terminal that it is shown in, whatever its width and whatever becomes of it.

use crate::terminal::Terminal;
use crate::world::{Served, World};

const WIDTHS: [u16; 4] = [40, 80, 120, 200];

/// What was shown, each time as the line that it was, without what colours it or moves about.
fn lines(screen: &str) -> Vec<String> {
    // The terminal hands over bytes.
    let bytes: Vec<u8> = screen.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let text = String::from_utf8(bytes).unwrap();
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        let end = after.find(|c: char| c.is_ascii_alphabetic()).unwrap();
        // A line that is cleared or left upwards is shown anew.
        if !after[..=end].ends_with('m') {
            plain.push('\n');
        }
        rest = &after[end + 1..];
    }
    plain.push_str(rest);
    plain.split(['\r', '\n']).map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
}

fn shown(world: &World, columns: u16, arguments: &str) -> Vec<String> {
    let (screen, code) = Terminal::start(world, columns, arguments).end();
    assert!(code < 2, "{arguments}: {screen}");
    lines(&screen)
}

fn imported(people: u32) -> World {
    let world = World::new();
    let rows: String = (0..people).map(|n| format!("Person {n},+4474000000{n:02}\n")).collect();
    world.write("contacts-of-the-autumn-fair.csv", &format!("Name,Phone\n{rows}Nobody,123\n"));
    world.write(
        "rolo.toml",
        "[accounts.customer-support]\nservice = \"respondio\"\ntoken = { env = \"TOKEN\" }\n\
         base_url = \"https://contacts.example.com/a/rather/long/way/to/it\"\nrate = \"3/1s\"\n",
    );
    world
}

#[test]
fn listings_keep_to_the_width_and_lose_nothing() {
    let world = imported(3);
    assert_eq!(world.rolo("import contacts-of-the-autumn-fair.csv --unthrottled -q").code, 1);
    for columns in WIDTHS {
        for (listing, parts) in [
            ("runs", ["fair.csv", "3 created", "sandbox"].as_slice()),
            ("accounts", &["customer-support", "3", "TOKEN"]),
            ("services", &["respondio", "chatwoot", "engagor"]),
        ] {
            let lines = shown(&world, columns, listing);
            for line in &lines {
                assert!(line.chars().count() <= usize::from(columns), "{listing} at {columns}: {line}");
            }
            // A name that is too long for its column goes on in the next line.
            let whole = lines.concat().replace(' ', "");
            for part in parts {
                assert!(whole.contains(&part.replace(' ', "")), "{listing} at {columns} has no {part}: {lines:?}");
            }
        }
    }
}

#[test]
fn a_bar_keeps_to_a_terminal_that_becomes_narrower() {
    let world = imported(6);
    let served = Served::start(&world, "--unthrottled");
    let account = format!(
        "[accounts.desk]\nservice = \"respondio-v1\"\ntoken = {{ env = \"TOKEN\" }}\nrate = \"3/1s\"\n\
         base_url = \"{}/respondio-v1\"\n",
        served.address
    );
    world.write("rolo.toml", &account);
    let line = "(sleep 1; stty cols 44 < /dev/tty; echo narrower now) & \
                TOKEN=sandbox exec \"$ROLO\" import contacts-of-the-autumn-fair.csv --to desk --yes";
    let (screen, code) = Terminal::shell(&world, 120, line).end();
    assert_eq!(code, 1, "{screen}");
    let lines = lines(&screen);
    let from = lines.iter().position(|line| line.contains("narrower now")).unwrap();
    // The bar may be drawn once more between the change and its being told.
    let bars: Vec<&String> = lines[from + 1..].iter().filter(|line| line.contains("of 7")).collect();
    assert!(bars.len() > 1, "{lines:?}");
    for bar in &bars[1..] {
        assert!(bar.chars().count() <= 44, "{bar}");
    }
}

#[test]
fn colours_are_left_out_where_nobody_wants_them() {
    let world = World::new();
    let coloured = "\u{1b}[1;31m";
    let (screen, _) = Terminal::shell(&world, 80, "exec \"$ROLO\" import nothing.csv").end();
    assert!(screen.contains(coloured), "{screen}");
    let (screen, _) = Terminal::shell(&world, 80, "NO_COLOR=1 exec \"$ROLO\" import nothing.csv").end();
    assert!(!screen.contains('\u{1b}') && screen.contains("nothing.csv"), "{screen}");
}

#[test]
fn who_leaves_a_question_leaves_nothing_behind_and_the_terminal_as_it_was() {
    let world = World::new();
    let line = "trap : INT; \"$ROLO\" account add --service respondio --name desk; echo code $?; stty -a";
    let mut terminal = Terminal::shell(&world, 80, line);
    terminal.answer("address of the API [", "");
    terminal.interrupt("key (not shown): ");
    let (screen, _) = terminal.end();
    assert!(screen.contains("code 4") || screen.contains("code 130"), "{screen}");
    assert!(screen.contains(" echo ") && !screen.contains("-echo "), "{screen}");
    assert!(!world.path(".config/rolo/rolo.toml").exists());
}
