//! An account is added: by a dialogue, or by options where nobody can be asked.

use std::path::PathBuf;

use crate::terminal::Terminal;
use crate::world::{Said, Served, World};

const CONFIG: &str = "# ours\n[defaults]\nregion = \"ES\" # Spain\n";

fn keys(world: &World) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(world.path(".local/state/rolo/keys"));
    folder.map_or_else(|_| Vec::new(), |files| files.map(|file| file.unwrap().path()).collect())
}

fn added(world: &World, served: &Served, more: &str) -> Said {
    let address = &served.address;
    world.rolo(&format!("account add --service respondio --name desk --base-url {address}/respondio {more}"))
}

#[test]
fn without_a_terminal_options_add_an_account_and_leave_the_rest_of_the_file_as_it_was() {
    let world = World::new();
    let served = Served::start(&world, "--unthrottled");
    world.write("rolo.toml", CONFIG);
    world.write("key.txt", "sandbox\n");
    let said = added(&world, &served, "--key-file key.txt");
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.starts_with("desk works: respondio answered in "), "{}", said.out);
    let config = world.read("rolo.toml");
    assert!(config.contains(CONFIG) && config.contains("[accounts.desk]"), "{config}");
    assert!(!config.contains("= \"sandbox\"") && !said.out.contains("sandbox"), "{config}{}", said.out);
    let [key] = &keys(&world)[..] else { panic!("{:?}", keys(&world)) };
    assert_eq!(std::fs::read_to_string(key).unwrap(), "sandbox\n");
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&key.metadata().unwrap().permissions()) & 0o777, 0o600);
    assert_eq!(world.rolo("accounts test desk").code, 0);

    let again = added(&world, &served, "--key-file key.txt");
    assert_eq!((again.code, again.out.as_str()), (2, ""));
    assert!(again.err.starts_with("error: there is an account of that name: desk\n"), "{}", again.err);
    assert_eq!(world.read("rolo.toml"), config);
}

#[test]
fn a_key_that_is_refused_leaves_nothing_behind() {
    let world = World::new();
    let served = Served::start(&world, "--unthrottled");
    world.write("rolo.toml", CONFIG);
    world.write("key.txt", "canary-4711\n");
    let refused = added(&world, &served, "--key-file key.txt");
    assert_eq!(refused.code, 3, "{}", refused.err);
    assert!(refused.err.starts_with("error: account desk: credentials refused: "), "{}", refused.err);
    assert!(!refused.err.contains("canary"), "{}", refused.err);
    assert_eq!((world.read("rolo.toml").as_str(), keys(&world).len()), (CONFIG, 0));
    let untested = added(&world, &served, "--key-file key.txt --untested");
    assert_eq!((untested.code, keys(&world).len()), (0, 1), "{}", untested.err);
}

#[test]
fn where_nobody_can_be_asked_the_option_that_is_missing_is_named() {
    let world = World::new();
    world.write("key.txt", "sandbox\n");
    for (given, missing) in [
        ("", "--service NAME"),
        ("--service chatwoot", "--set account_id=VALUE"),
        ("--service respondio", "--name"),
        ("--service respondio --name desk", "--key-file FILE"),
    ] {
        let said = world.rolo(&format!("account add {given}"));
        assert_eq!(said.code, 2, "{given}: {}", said.err);
        let words = format!("error: nobody can be asked here, so say it: {missing}\n");
        assert!(said.err.starts_with(&words), "{given}: {}", said.err);
    }
    assert!(!world.path("rolo.toml").exists() && keys(&world).is_empty());
}

#[test]
fn a_dialogue_asks_for_the_rest_and_shows_no_key() {
    let world = World::new();
    let served = Served::start(&world, "--unthrottled");
    let mut terminal = Terminal::start(&world, 80, "account add");
    terminal.answer("service, by number or name: ", "no-such");
    terminal.answer("service, by number or name: ", "2");
    terminal.answer("address of the API [", &format!("{}/respondio", served.address));
    terminal.answer("name of the account [respondio]: ", "sandbox");
    terminal.answer("name of the account [respondio]: ", "desk");
    terminal.answer("key (not shown): ", "canary-4711");
    terminal.answer("add it all the same? [no]: ", "");
    let (screen, code) = terminal.end();
    assert_eq!(code, 2, "{screen}");
    assert!(screen.contains("credentials refused") && screen.contains("nothing was written"), "{screen}");
    assert!(!screen.contains("canary"), "{screen}");
    assert!(!world.path(".config/rolo/rolo.toml").exists() && keys(&world).is_empty());

    let mut terminal = Terminal::start(&world, 80, "account add --service respondio --name desk");
    terminal.answer("address of the API [", &format!("{}/respondio", served.address));
    terminal.answer("key (not shown): ", "sandbox");
    let (screen, code) = terminal.end();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("desk works: respondio answered in "), "{screen}");
    assert!(world.read(".config/rolo/rolo.toml").contains("[accounts.desk]"));
}
