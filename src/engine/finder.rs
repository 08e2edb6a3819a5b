use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, oneshot};

use super::caller::{Caller, Ended, Reached};
use crate::contact::{Call, Field, Identifier, IdentifierKind, Snapshot};
use crate::services::Reply;

/// How long a look-up that has room for more identifiers waits for them.
const GATHER: Duration = Duration::from_millis(5);
/// Pages of one look-up that are read before it is given up as too wide.
const PAGES_AT_MOST: u32 = 40;

/// What a look-up found.
#[derive(Clone, Debug)]
pub enum Found {
    /// The contacts that have one of the identifiers exactly, most specific match first. More than
    /// one is for the caller to judge.
    Contacts(Vec<Snapshot>),
    /// The call didn't end well.
    Not(Reached),
}

struct Question {
    identifiers: Vec<Identifier>,
    answer: oneshot::Sender<(Found, Reached)>,
}

/// Looks contacts up, as many to a call as the service allows. Cloning shares the queue.
#[derive(Clone)]
pub struct Finder {
    questions: mpsc::UnboundedSender<Question>,
}

impl Finder {
    /// A finder over `caller`, and the task that drives it, which ends when every clone is gone.
    pub fn new(caller: Arc<Caller>) -> (Self, impl Future<Output = ()> + Send) {
        let (questions, queue) = mpsc::unbounded_channel();
        (Self { questions }, serve(caller, queue))
    }

    /// The contacts that have one of `identifiers`, all of which the service can find by.
    pub async fn find(&self, identifiers: Vec<Identifier>) -> (Found, Reached) {
        let (answer, answered) = oneshot::channel();
        let halted = || {
            let reached = Reached { ended: Ended::Halted, http_status: None, answers: 0 };
            (Found::Not(reached.clone()), reached)
        };
        if self.questions.send(Question { identifiers, answer }).is_err() {
            return halted();
        }
        answered.await.unwrap_or_else(|_| halted())
    }
}

async fn serve(caller: Arc<Caller>, mut queue: mpsc::UnboundedReceiver<Question>) {
    let room = caller.account.service.limits().identifiers_per_find.value.max(1);
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            biased;
            Some(()) = under_way.next() => {}
            question = queue.recv() => {
                let Some(first) = question else { break };
                let mut load = first.identifiers.len();
                let mut questions = vec![first];
                while load < room {
                    let Ok(Some(more)) = tokio::time::timeout(GATHER, queue.recv()).await else { break };
                    load += more.identifiers.len();
                    questions.push(more);
                    if load > room {
                        break;
                    }
                }
                for group in fitting(questions, room) {
                    under_way.push(ask(caller.clone(), group));
                }
            }
        }
    }
    while under_way.next().await.is_some() {}
}

/// Groups of questions that fit into one call each.
fn fitting(questions: Vec<Question>, room: usize) -> Vec<Vec<Question>> {
    let mut groups: Vec<Vec<Question>> = Vec::new();
    let mut load = 0;
    for question in questions {
        let size = question.identifiers.len();
        match groups.last_mut() {
            Some(group) if load + size <= room => {
                load += size;
                group.push(question);
            }
            _ => {
                load = size;
                groups.push(vec![question]);
            }
        }
    }
    groups
}

async fn ask(caller: Arc<Caller>, questions: Vec<Question>) {
    let identifiers: Vec<Identifier> =
        questions.iter().flat_map(|question| question.identifiers.iter().cloned()).collect();
    let mut found: Vec<Snapshot> = Vec::new();
    let mut cursor = None;
    let mut answers = 0;
    for _ in 0..PAGES_AT_MOST {
        let call = Call::Find { identifiers: identifiers.clone(), cursor: cursor.take() };
        let mut reached = caller.read(&call).await;
        answers = answers.max(reached.answers);
        reached.answers = answers;
        match &reached.ended {
            Ended::Done(Reply::Contacts(page)) => {
                found.extend(page.items.iter().cloned());
                cursor.clone_from(&page.next);
            }
            Ended::Done(Reply::Contact(contact)) => found.push((**contact).clone()),
            Ended::Done(_) | Ended::Missing { .. } => {}
            _ => {
                for question in questions {
                    let _ = question.answer.send((Found::Not(reached.clone()), reached.clone()));
                }
                return;
            }
        }
        if cursor.is_none() {
            for question in questions {
                let matching = exact(&question.identifiers, &found);
                let _ = question.answer.send((Found::Contacts(matching), reached.clone()));
            }
            return;
        }
    }
    let reached = Reached {
        ended: Ended::Refused {
            code: "contact.ambiguous".into(),
            message: format!("a look-up matched more than {PAGES_AT_MOST} pages of contacts"),
            fields: Vec::new(),
        },
        http_status: Some(200),
        answers,
    };
    for question in questions {
        let _ = question.answer.send((Found::Not(reached.clone()), reached.clone()));
    }
}

/// The contacts that really have one of the identifiers: many services match parts of words. Those
/// that match the most specific identifier win; each contact once.
fn exact(identifiers: &[Identifier], found: &[Snapshot]) -> Vec<Snapshot> {
    for identifier in identifiers {
        let mut matching: Vec<Snapshot> = Vec::new();
        for snapshot in found.iter().filter(|snapshot| has(snapshot, identifier)) {
            if !matching.iter().any(|known| known.id == snapshot.id) {
                matching.push(snapshot.clone());
            }
        }
        if !matching.is_empty() {
            return matching;
        }
    }
    Vec::new()
}

fn has(snapshot: &Snapshot, identifier: &Identifier) -> bool {
    if identifier.kind == IdentifierKind::Id {
        return snapshot.id.0 == identifier.value;
    }
    match snapshot.fields.get(&Field::new(identifier.kind.name())) {
        Some(value) => Identifier::new(identifier.kind, value.as_text()).comparable() == identifier.comparable(),
        // The service told only the id: it compared for us.
        None => !snapshot.complete,
    }
}
