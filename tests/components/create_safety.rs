//! A create whose answer is lost, for each thing that makes creates safe. The search lags 30 s.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rolo::contact::{Counts, CreateSafety, Outcome, RowRecord};
use rolo::ledger::{ClaimedRun, LedgerHandle};
use rolo::upload::Retry;

use crate::staged::{Setting, Stage, begin, finished, ledger, unthrottled};
use crate::virtual_service::{Fate, Plain, Wire, World, wanted};

const LAG: Duration = Duration::from_secs(30);

struct Case {
    world: Arc<Mutex<World>>,
    ledger: LedgerHandle,
    run: ClaimedRun,
    safety: CreateSafety,
}

impl Case {
    async fn new(safety: CreateSafety, creates: &[Fate]) -> Self {
        let mut world = World::new(safety, true, LAG, 1);
        world.creates = creates.to_vec();
        let ledger = ledger();
        let run = begin(&ledger, "plain", 1).await;
        Self { world: Arc::new(Mutex::new(world)), ledger, run, safety }
    }

    /// The row, driven by a process that has the ledger alone.
    async fn drive(&self) -> RowRecord {
        let stage = Stage::new(Setting {
            service: Arc::new(Plain::new(self.safety, true, LAG)),
            transport: Arc::new(Wire(self.world.clone())),
            ledger: self.ledger.clone(),
            run: self.run.clone(),
            budget: unthrottled(&self.ledger),
            retry: Retry::new(3),
            search_lag: LAG,
        });
        let mut row = stage.row(0, wanted(0));
        row.steps = self.ledger.steps(&self.run, 0).await.unwrap();
        finished(stage.driver.drive(row).await)
    }

    fn contacts(&self) -> usize {
        self.world.lock().unwrap().contacts.len()
    }

    /// Seconds between the first create and each other.
    fn creates(&self) -> Vec<u64> {
        let world = self.world.lock().unwrap();
        let first = world.created_at[0];
        world.created_at.iter().map(|at| (*at - first).as_secs()).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn an_upsert_is_sent_again_at_once() {
    for fate in [Fate::LostAfter, Fate::LostBefore, Fate::ErrorAfter] {
        let case = Case::new(CreateSafety::Upsert, &[fate]).await;
        assert_eq!(case.drive().await.outcome, Outcome::Created, "{fate:?}");
        assert_eq!((case.contacts(), case.creates().len()), (1, 2), "{fate:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_second_create_leads_to_the_first_though_the_search_lags() {
    let case = Case::new(CreateSafety::UniqueConstraint, &[Fate::LostAfter]).await;
    let record = case.drive().await;
    assert_eq!(record.outcome, Outcome::Created, "{record:?}");
    assert_eq!((case.contacts(), case.creates().len()), (1, 2));
    assert_eq!(case.world.lock().unwrap().contacts[0].tags, ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn where_only_a_look_up_shows_it_nothing_is_sent_before_the_search_has_caught_up() {
    let applied = Case::new(CreateSafety::SearchOnly, &[Fate::LostAfter]).await;
    assert_eq!(applied.drive().await.outcome, Outcome::Created);
    assert_eq!((applied.contacts(), applied.creates().len()), (1, 1));

    let lost = Case::new(CreateSafety::SearchOnly, &[Fate::Status(503)]).await;
    assert_eq!(lost.drive().await.outcome, Outcome::Created);
    assert_eq!(lost.contacts(), 1);
    assert!(lost.creates()[1] >= LAG.as_secs(), "{:?}", lost.creates());
}

#[tokio::test(start_paused = true)]
async fn where_nothing_shows_it_the_row_is_in_doubt_and_looked_up_first_at_the_next_resume() {
    let case = Case::new(CreateSafety::Nothing, &[Fate::LostBefore]).await;
    let record = case.drive().await;
    assert_eq!(record.outcome, Outcome::InDoubt);
    assert_eq!(record.errors[0].code, "service.in_doubt");
    assert_eq!((case.contacts(), case.creates().len()), (0, 1));
    let mut summary = rolo::report::Summary { rows: 1, ..rolo::report::Summary::default() };
    summary.counts = Counts::default();
    summary.counts[Outcome::InDoubt] = 1;
    assert_eq!(rolo::cli::Exit::of(&summary).code(), 1);

    // Still nobody can say, and still nothing is sent.
    assert_eq!(case.drive().await.outcome, Outcome::InDoubt);
    assert_eq!(case.creates().len(), 1);

    // It turns out to have arrived after all: a look-up comes first, then what is left to do.
    let begun = case.world.lock().unwrap().trace.len();
    case.world.lock().unwrap().arrive(&wanted(0).identifiers[0].value);
    tokio::time::sleep(LAG).await;
    assert_eq!(case.drive().await.outcome, Outcome::Created);
    let world = case.world.lock().unwrap();
    assert!(world.trace[begun].starts_with("GET /find"), "{}", world.trace[begun]);
    assert_eq!((world.contacts.len(), world.created_at.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_create_that_never_works_fails_and_is_no_doubt() {
    let case = Case::new(CreateSafety::UniqueConstraint, &[Fate::Status(503); 40]).await;
    let record = case.drive().await;
    assert_eq!((record.outcome, record.errors[0].code.as_ref()), (Outcome::Failed, "service.unavailable"));
    assert_eq!((case.contacts(), case.creates().len()), (0, 6));
}

#[tokio::test(start_paused = true)]
async fn a_row_that_was_cut_off_after_it_had_changed_another_person_goes_no_further() {
    use rolo::journal::{Answered, CallVerdict, StepRecord};
    let case = Case::new(CreateSafety::SearchOnly, &[]).await;
    let stage = Stage::new(Setting {
        service: Arc::new(Plain::new(case.safety, true, LAG)),
        transport: Arc::new(Wire(case.world.clone())),
        ledger: case.ledger.clone(),
        run: case.run.clone(),
        budget: unthrottled(&case.ledger),
        retry: Retry::new(3),
        search_lag: LAG,
    });
    let mut row = stage.row(0, wanted(0));
    let answered = Answered {
        row: 0,
        step: 0,
        kind: rolo::contact::CallKind::Update,
        attempts: 1,
        http_status: Some(200),
        verdict: CallVerdict::OtherPerson,
        contact_id: Some(rolo::contact::RemoteId("7".into())),
    };
    row.steps = vec![StepRecord { step: 0, kind: answered.kind, sent: 1, answered: Some(answered) }];
    let record = finished(stage.driver.drive(row).await);
    assert_eq!((record.outcome, record.errors[0].code.as_ref()), (Outcome::Failed, "contact.other_person"));
    let words = format!("`rolo undo {}` puts back what is left of it", case.run.id());
    assert!(record.errors[0].message.starts_with("contact 7 has none of the row's identifiers any more"));
    assert!(record.errors[0].message.contains(&words), "{}", record.errors[0].message);
    assert_eq!(case.world.lock().unwrap().trace, [""; 0], "nobody is asked and nothing is sent");
}
