//! The test of the suite: an emulator with one planted mistake must be noticed by a named case.

use libtest_mimic::{Failed, Trial};
use rolo_sandbox::Mutation;

use crate::case::{self, Case, Form};
use crate::stage::Stage;

/// Each mistake and the cases that must notice it: the first that a service has.
const NOTICED_BY: &[(Mutation, &str, &[&str])] = &[
    (
        Mutation::DropsATag,
        "drops_a_tag",
        &["tags::added_tags_are_listed", "tags::replaced_tags_are_all_there_is", "tags::an_import_adds_tags"],
    ),
    (
        Mutation::LosesAField,
        "loses_a_field",
        &["create::every_field_of_a_create_is_stored", "update::every_field_of_an_update_is_stored"],
    ),
    (
        Mutation::AnswersSuccessStoresNothing,
        "answers_success_stores_nothing",
        &["create::created_contact_is_found", "update::update_changes_only_what_it_names"],
    ),
    (Mutation::RepeatsAPage, "repeats_a_page", &["paging::every_contact_once"]),
    (Mutation::MiscountsTheQuota, "miscounts_the_quota", &["rate::calls_up_to_the_limit_are_admitted"]),
];

pub fn trials() -> Vec<Trial> {
    let mut trials = vec![Trial::test("broken::every_mutation_has_a_case", || {
        let covered = |mutation: &Mutation| NOTICED_BY.iter().any(|(known, ..)| known == mutation);
        match Mutation::ALL.iter().find(|mutation| !covered(mutation)) {
            Some(mutation) => Err(Failed::from(format!("no case notices {mutation:?}"))),
            None => Ok(()),
        }
    })];
    let cases = case::all();
    for stage in Stage::all() {
        for (mutation, words, names) in NOTICED_BY {
            let named = |name: &&str| *cases.iter().find(|case| case.path() == **name).expect("a case of this name");
            let named: Vec<Case> = names.iter().map(named).collect();
            let (stage, mutation, words) = (stage.clone(), *mutation, *words);
            let name = format!("{}::broken::{words}_is_noticed", stage.label);
            trials.push(Trial::test(name, move || noticed(&stage, mutation, words, &named).map_err(Failed::from)));
        }
    }
    trials
}

/// Whether the first of the cases that the service has passes without the mistake and fails with it.
/// A service that has none of them has nothing in which the mistake could be made.
fn noticed(stage: &Stage, mutation: Mutation, words: &str, cases: &[Case]) -> Result<(), String> {
    let Some(case) = cases.iter().find(|case| case.form(stage) == Form::Works) else {
        return cases.iter().try_for_each(|case| case.run(stage.clone()));
    };
    case.run(stage.clone())?;
    match case::expecting_failure(|| case.run(stage.with_mutation(mutation))) {
        Err(_) => Ok(()),
        Ok(()) => Err(format!("{} does not notice an emulator that {}", case.path(), words.replace('_', " "))),
    }
}
