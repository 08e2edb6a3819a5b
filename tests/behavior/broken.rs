//! The test of the suite: an emulator with one planted mistake must be noticed by a named case.

use libtest_mimic::{Failed, Trial};
use rolo::sandbox::Defect;

use crate::case::{self, Case, Form};
use crate::stage::Stage;

/// Each mistake and the cases that must notice it: the first that a service has.
const NOTICED_BY: &[(Defect, &str, &[&str])] = &[
    (
        Defect::DropsATag,
        "drops_a_tag",
        &["tags::added_tags_are_listed", "tags::replaced_tags_are_all_there_is", "tags::an_import_adds_tags"],
    ),
    (
        Defect::LosesAField,
        "loses_a_field",
        &["create::every_field_of_a_create_is_stored", "update::every_field_of_an_update_is_stored"],
    ),
    (
        Defect::AnswersSuccessStoresNothing,
        "answers_success_stores_nothing",
        &["create::created_contact_is_found", "update::update_changes_only_what_it_names"],
    ),
    (Defect::RepeatsAPage, "repeats_a_page", &["paging::every_contact_once"]),
    (Defect::MiscountsTheQuota, "miscounts_the_quota", &["rate::calls_up_to_the_limit_are_admitted"]),
];

pub fn trials() -> Vec<Trial> {
    let mut trials = vec![Trial::test("broken::every_defect_has_a_case", || {
        let covered = |defect: &Defect| NOTICED_BY.iter().any(|(known, ..)| known == defect);
        match Defect::ALL.iter().find(|defect| !covered(defect)) {
            Some(defect) => Err(Failed::from(format!("no case notices {defect:?}"))),
            None => Ok(()),
        }
    })];
    let cases = case::all();
    for stage in Stage::all() {
        for (defect, words, names) in NOTICED_BY {
            let named = |name: &&str| *cases.iter().find(|case| case.path() == **name).expect("a case of this name");
            let named: Vec<Case> = names.iter().map(named).collect();
            let (stage, defect, words) = (stage.clone(), *defect, *words);
            let name = format!("{}::broken::{words}_is_noticed", stage.label);
            trials.push(Trial::test(name, move || noticed(&stage, defect, words, &named).map_err(Failed::from)));
        }
    }
    trials
}

/// Whether the first of the cases that the service has passes without the mistake and fails with it.
/// A service that has none of them has nothing in which the mistake could be made.
fn noticed(stage: &Stage, defect: Defect, words: &str, cases: &[Case]) -> Result<(), String> {
    let Some(case) = cases.iter().find(|case| case.form(stage) == Form::Works) else {
        return cases.iter().try_for_each(|case| case.run(stage.clone()));
    };
    case.run(stage.clone())?;
    match case::expecting_failure(|| case.run(stage.with_defect(defect))) {
        Err(_) => Ok(()),
        Ok(()) => Err(format!("{} does not notice an emulator that {}", case.path(), words.replace('_', " "))),
    }
}
