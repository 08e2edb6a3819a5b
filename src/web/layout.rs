//! What all pages have in common.

use maud::{DOCTYPE, Markup, html};

use super::draft::Draft;
use super::page_words::{message_on_page, on_page};
use crate::contact::Outcome;
use crate::error::Error;
use crate::report::escape;

/// A step of a file on its way to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PageStep {
    File,
    Columns,
    Problems,
    Plan,
}

impl PageStep {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::File, "File", ""),
        (Self::Columns, "Columns", "/columns"),
        (Self::Problems, "Problems", "/problems"),
        (Self::Plan, "Plan and send", "/plan"),
    ];

    /// Where the step of a file is.
    pub fn path(self, draft: &Draft) -> String {
        let tail = Self::ALL.iter().find(|(step, ..)| *step == self).map_or("", |(.., tail)| tail);
        format!("/files/{}{tail}", draft.id)
    }
}

/// Which part of the site a page belongs to.
#[derive(Clone, Copy)]
pub enum Part<'a> {
    Home,
    Of(&'a Draft, PageStep),
    Runs,
    Jobs,
    Accounts,
    People,
}

/// A page: title, where it belongs, and what it says.
pub fn page(title: &str, part: Part<'_>, body: &Markup) -> Markup {
    whole(
        title,
        true,
        &html! {
            @if let Part::Of(draft, step) = part { (steps(draft, step)) }
            main id="main" tabindex="-1" {
                h1 { (escape(title)) }
                (body)
            }
        },
        part,
    )
}

fn whole(title: &str, has_navigation: bool, body: &Markup, part: Part<'_>) -> Markup {
    let current = |is: bool| is.then_some("page");
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (escape(title)) " – rolo" }
                link rel="icon" href="/page.svg" type="image/svg+xml";
                link rel="stylesheet" href="/page.css";
                script src="/page.js" defer {}
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header.top {
                    a.brand href="/" { "rolo" }
                    @if has_navigation {
                        nav aria-label="Main" {
                            a href="/" aria-current=[current(matches!(part, Part::Home | Part::Of(..)))] { "Files" }
                            a href="/runs" aria-current=[current(matches!(part, Part::Runs))] { "Runs" }
                            a href="/jobs" aria-current=[current(matches!(part, Part::Jobs))] { "Jobs" }
                            a href="/accounts" aria-current=[current(matches!(part, Part::Accounts))] { "Accounts" }
                            a href="/people" aria-current=[current(matches!(part, Part::People))] { "People" }
                        }
                    }
                }
                (body)
                footer { "Served by rolo on this machine, to this machine alone. Nothing here is loaded from elsewhere." }
            }
        }
    }
}

fn steps(draft: &Draft, now: PageStep) -> Markup {
    html! {
        nav.steps aria-label="Steps" {
            ol {
                @for (step, name, _) in PageStep::ALL {
                    li class=[(step < now).then_some("done")] {
                        a href=(step.path(draft)) aria-current=[(step == now).then_some("step")] { (name) }
                    }
                }
            }
        }
    }
}

/// What is said to whoever comes without the cookie.
pub fn stranger() -> Markup {
    whole(
        "This address was used already",
        false,
        &html! {
            main id="main" {
                h1 { "This address lets nobody in" }
                p { "The address that " code { "rolo open" } " prints works once, in one browser. Another browser needs \
                     another address: end " code { "rolo open" } " with Ctrl-C, and start it again." }
            }
        },
        Part::Home,
    )
}

/// Leads on, once the cookie is set.
pub fn entrance(first: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="refresh" content={ "0; url=" (first) };
                title { "rolo" }
                link rel="stylesheet" href="/page.css";
            }
            body { main id="main" { h1 { "rolo" } p { a href=(first) { "Go on to the page" } } } }
        }
    }
}

/// What went wrong, with its causes and its cure.
pub fn failed(error: &Error) -> Markup {
    page(
        "That did not work",
        Part::Home,
        &html! {
            (alert(error))
            p { a href="/" { "Back to the files" } }
        },
    )
}

/// How many of all rows came to an outcome, for the eye alone. Browsers give a meter another colour where less
/// would be better.
pub fn bar(outcome: Outcome, rows: u64, total: u64) -> Markup {
    let (none, all) = if outcome.needs_attention() { (Some(0), Some(total)) } else { (None, None) };
    html! { meter min="0" max=(total) low=[none] high=[all] optimum=[none] value=(rows) aria-hidden="true" {} }
}

/// An error within a page.
pub fn alert(error: &Error) -> Markup {
    html! {
        div.alert role="alert" {
            p { strong { (shown(&error.message)) } }
            @for cause in error.causes() { p { (shown(&cause)) } }
            @if let Some(hint) = &error.hint { p { (prose(hint)) } }
        }
    }
}

/// The way through a list of several pages; `address` ends where the number stands.
pub fn pages(address: &str, page: usize, pages: usize) -> Markup {
    html! {
        @if pages > 1 {
            nav.pages aria-label="Pages" {
                @if page > 1 { a rel="prev" href={ (address) (page - 1) } { "Earlier" } " " }
                "page " (page) " of " (pages)
                @if page < pages { " " a rel="next" href={ (address) (page + 1) } { "Further" } }
            }
        }
    }
}

/// Words of rolo's own, with pieces of code between backticks.
pub fn prose(text: &str) -> Markup {
    html! {
        @for (at, piece) in on_page(text).split('`').enumerate() {
            @if at % 2 == 1 { code { (escape(piece)) } } @else { (escape(piece)) }
        }
    }
}

/// What is wrong with a row, which quotes its cells: only what it ends with is rolo's own for sure.
pub fn message(text: &str) -> Markup {
    html! { (escape(&message_on_page(text))) }
}

/// Text from outside, as it may stand in a page.
pub fn shown(text: &str) -> Markup {
    html! { (escape(text)) }
}
