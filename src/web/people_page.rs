use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use maud::{Markup, html};

use super::failure::PageAnswer;
use super::form::PostedForm;
use super::layout::{self, Part, shown};
use super::site::Site;
use crate::error::Result;
use crate::jobs::{parse_identifier, told_of};

/// Asks for a person.
pub async fn show() -> Markup {
    page("", None)
}

/// All that was ever done to one person. Asked by a form that is posted, so that nobody stands in an address.
pub async fn tell(State(site): State<Arc<Site>>, Form(fields): Form<Vec<(String, String)>>) -> PageAnswer<Markup> {
    let form = PostedForm::new(fields);
    let typed = form.get("person").unwrap_or_default();
    let told = match parse_identifier(typed) {
        Ok(identifier) => told_of(&identifier, site.ledger()?).await,
        Err(error) => Err(error),
    };
    Ok(page(typed, Some(told)))
}

fn page(typed: &str, told: Option<Result<String>>) -> Markup {
    layout::page(
        "What happened to one person",
        Part::People,
        &html! {
            form.panel action="/people" method="post" {
                div.field {
                    label for="person" { "Phone with + and country code, e-mail address, or external_id:4711" }
                    input #person name="person" value=(shown(typed).0) autocomplete="off" required;
                }
                button.primary type="submit" { "Tell" }
            }
            @match told {
                None => {}
                Some(Err(error)) => { (layout::alert(&error)) }
                Some(Ok(story)) => { section aria-labelledby="story" { h2 #story { "As the ledger has it" } pre { (story) } } }
            }
        },
    )
}
