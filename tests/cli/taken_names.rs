//! Files that are there already: what is somebody's is left.

use crate::world::World;

const SOURCE: &str = "First name,Phone\nAnn,+447400000001\nBob,+447400000002\n";

/// A sandbox with two contacts.
fn with_two() -> World {
    let world = World::new();
    world.write("contacts.csv", SOURCE);
    world.done("import contacts.csv --to sandbox:respondio --unthrottled -q");
    world
}

fn link(world: &World, name: &str, to: &str) {
    std::os::unix::fs::symlink(world.path(to), world.path(name)).unwrap();
}

#[test]
fn attack_08_a_nightly_export_replaces_what_it_wrote_and_leaves_what_somebody_changed() {
    let world = with_two();
    world.write("rolo.toml", "[jobs.nightly]\nexport = \"all.csv\"\nfrom = \"sandbox:respondio\"\n");
    for _ in 0..2 {
        world.done("run nightly -q");
        assert_eq!(world.csv("all.csv").len(), 2);
        assert!(!world.path("all-2.csv").exists());
    }
    let mended = world.read("all.csv").replace("Ann", "Anna");
    world.write("all.csv", &mended);
    for _ in 0..2 {
        let said = world.rolo("run nightly");
        assert_eq!(said.code, 0, "{}", said.err);
        let words = "all.csv was left: rolo did not write it, or it was changed since; written instead: all-2.csv";
        assert!(said.err.contains(words), "{}", said.err);
        assert_eq!(world.read("all.csv"), mended);
        assert_eq!(world.csv("all-2.csv").len(), 2);
        assert!(!world.path("all-3.csv").exists());
    }
}

#[test]
fn attack_08_an_export_a_page_and_a_guess_do_not_go_through_a_link() {
    let world = with_two();
    world.write("precious.txt", "precious");
    for (command, name) in [
        ("export all.csv --from sandbox:respondio --unthrottled", "all.csv"),
        ("export else.csv --from sandbox:respondio --unthrottled", "else.csv"),
        ("report -o page.html", "page.html"),
        ("guess contacts.csv", "contacts.mapping.toml"),
    ] {
        let to = if name == "else.csv" { "nowhere.txt" } else { "precious.txt" };
        link(&world, name, to);
        let said = world.rolo(command);
        assert_eq!(said.code, 2, "{command}: {}", said.err);
        assert!(said.err.contains("there") && said.err.contains("hint: "), "{command}: {}", said.err);
        assert_eq!(world.read("precious.txt"), "precious", "{command}");
        assert!(!world.path("nowhere.txt").exists(), "{command}");
    }
}

#[test]
fn attack_08_a_page_and_the_results_of_an_undo_leave_what_is_somebodys() {
    let world = with_two();
    for _ in 0..2 {
        assert_eq!(world.rolo("report -o page.html").code, 0, "our own page is replaced");
    }
    world.write("page.html", "my notes");
    assert_eq!(world.rolo("report -o page.html").code, 2);
    assert_eq!(world.read("page.html"), "my notes");
    world.write("contacts.undo.csv", "my notes");
    let undone = world.done("undo --yes");
    assert!(undone["file"].as_str().unwrap().ends_with("contacts.undo-2.csv"), "{undone}");
    assert_eq!(world.read("contacts.undo.csv"), "my notes");
    assert_eq!(world.csv("contacts.undo-2.csv").len(), 2);
}

#[test]
fn attack_06_what_a_killed_run_left_is_removed_at_the_next_start() {
    let world = with_two();
    std::fs::create_dir(world.path("out")).unwrap();
    world.done("export out/all.csv --from sandbox:respondio --unthrottled");
    world.write("out/.rolo-a1b2c3", "Ann,+447400000001\n");
    let input = world.path(".local/state/rolo/input");
    std::fs::create_dir_all(&input).unwrap();
    // Any job, whatever it writes and wherever.
    world.done("check contacts.csv -q");
    assert!(!world.path("out/.rolo-a1b2c3").exists());
    assert!(world.path("out/all.csv").exists());
}
