use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use maud::{Markup, html};

use super::column_choice::{self, CUSTOM, NOTHING, value_of};
use super::columns_view::{ColumnView, ColumnsView};
use super::draft::Draft;
use super::draft_key;
use super::failure::PageAnswer;
use super::form::PostedForm;
use super::layout::{self, PageStep, Part, prose, shown};
use super::live;
use super::site::{Site, aside};
use super::work::{BackgroundJob, End, Purpose};
use crate::contact::Field;
use crate::error::{Error, Result};
use crate::jobs::{self, facts, mapping_place};
use crate::mapping::{BadCells, Duplicates, Feeds, Guess, Mapping, split_set, write_commented};
use crate::report::{count, number};
use crate::services::Service;
use crate::table::{self, IfTaken, WrittenFiles};

/// Characters of a value that are shown.
const LONGEST: usize = 60;

/// What each column feeds, and why.
pub async fn show(State(site): State<Arc<Site>>, Path(id): Path<String>) -> PageAnswer<Markup> {
    let draft = site.draft(&id)?;
    let work = columns(&site, &draft).await?;
    Ok(match work.end() {
        Some(Ok(End::Columns(view))) => page(&site, &draft, view)?,
        end => layout::page(
            "Columns",
            Part::Of(&draft, PageStep::Columns),
            &html! {
                @match end {
                    Some(Err(error)) => {
                        (layout::alert(error))
                        p { a href=(PageStep::File.path(&draft)) { "Read the file another way" } }
                    }
                    _ => { (live::panel(&work, &site)) }
                }
            },
        ),
    })
}

/// What the columns of a draft feed, once somebody asks.
async fn columns(site: &Site, draft: &Draft) -> Result<Arc<BackgroundJob>> {
    let (of, service) = (draft.clone(), site.maker.service(&draft.account)?);
    let look =
        async move |_: &mut jobs::Context| Ok(End::Columns(Box::new(ColumnsView::of(&of, service.as_ref(), None)?)));
    site.works.shown(Purpose::Columns { key: draft_key::key(draft) }, look).await
}

fn page(site: &Site, draft: &Draft, view: &ColumnsView) -> Result<Markup> {
    let service = site.maker.service(&draft.account)?;
    let choices = Choices::of(service.as_ref());
    let (sent, left_out): (Vec<_>, Vec<_>) = view.columns.iter().enumerate().partition(|(_, column)| is_sent(column));
    let place = draft.mapping.as_ref().map(|path| path.display().to_string());
    Ok(layout::page(
        "Columns",
        Part::Of(draft, PageStep::Columns),
        &html! {
            (account(site, draft)?)
            p { @match &place {
                Some(place) => { "By the mapping file " code { (shown(place)) } "." }
                None => { "Guessed from the columns and their values. Change what is wrong, and save it." }
            } }
            @match &view.table {
                Err(error) => { (layout::alert(error)) }
                Ok(table) => {
                    @for warning in &table.warnings { p.warning { (prose(warning)) } }
                    @if !table.notes.is_empty() { ul.notes { @for note in &table.notes { li { (prose(note)) } } } }
                }
            }
            form action=(PageStep::Columns.path(draft)) method="post" {
                section aria-labelledby="sent" {
                    h2 #sent { (count(sent.len() as u64, "column")) " sent" }
                    ul.cards { @for (index, column) in &sent { (card(*index, column, view, &choices)) } }
                }
                @if !left_out.is_empty() {
                    section aria-labelledby="left-out" {
                        h2 #left-out { (count(left_out.len() as u64, "column")) " left out" }
                        ul.cards { @for (index, column) in &left_out { (card(*index, column, view, &choices)) } }
                    }
                }
                (orders(view))
                (rules(&view.mapping))
                p.go {
                    button.primary type="submit" name="then" value="problems" { "Save, and go on to the problems" }
                    button type="submit" name="then" value="columns" { "Save" }
                }
            }
        },
    ))
}

fn is_sent(column: &ColumnView) -> bool {
    column.is_used || !matches!(column.fed.feeds, None | Some(Feeds::Nothing))
}

/// Where the file goes: its service decides which fields there are.
fn account(site: &Site, draft: &Draft) -> Result<Markup> {
    let accounts = site.maker.accounts()?;
    Ok(html! {
        form.grid action={ "/files/" (draft.id) "/account" } method="post" {
            div.field {
                label for="account" { "Where the contacts go" }
                select #account name="account" {
                    @for account in &accounts {
                        option value=(account.name) selected[account.name == draft.account] {
                            (shown(&account.name)) ", " (account.service)
                            @if !account.is_real { " (a rehearsal on this machine)" }
                        }
                    }
                }
            }
            p.field { button type="submit" { "Take this account" } " " a href="/accounts" { "Add an account" } }
        }
    })
}

/// What a column can feed at a service.
struct Choices {
    fields: Vec<&'static str>,
    /// Value and words.
    sets: Vec<(&'static str, &'static str)>,
}

impl Choices {
    fn of(service: &dyn Service) -> Self {
        let facts = facts(service, None);
        let can = facts.capabilities;
        let fields = facts.fields.iter().filter(|spec| facts.takes(spec.name)).map(|spec| spec.name);
        let mut fields: Vec<_> = fields.collect();
        fields.extend(
            ["name", "first_name", "last_name"].into_iter().filter(|name| !fields.contains(name)).collect::<Vec<_>>(),
        );
        let sets = [
            (can.tags_add || can.tags_in_create || can.tags_in_update, "tags:add", "tags: add them"),
            (can.tags_remove, "tags:remove", "tags: take them away"),
            (can.tags_replace, "tags:replace", "tags: they become all there are"),
            (can.lists_add || can.lists_in_create, "lists:add", "lists: add to them"),
            (can.lists_remove, "lists:remove", "lists: take off them"),
        ];
        let sets = sets.into_iter().filter(|(can, ..)| *can).map(|(_, value, words)| (value, words));
        Self { fields, sets: sets.collect() }
    }
}

fn card(index: usize, column: &ColumnView, view: &ColumnsView, choices: &Choices) -> Markup {
    let value = value_of(column.fed.feeds.as_ref());
    let is_listed = value == NOTHING
        || choices.sets.iter().any(|(set, _)| *set == value)
        || value.strip_prefix("field:").is_some_and(|name| choices.fields.contains(&name));
    let is_shared = |fed: &Option<Feeds>| fed.is_some() && *fed == column.fed.feeds;
    let several = matches!(column.fed.feeds, Some(Feeds::Field(_)))
        && view.columns.iter().filter(|other| is_shared(&other.fed.feeds)).count() > 1;
    let is_set = matches!(column.fed.feeds, Some(Feeds::Tags(_) | Feeds::Lists(_)));
    html! {
        li.card {
            h3 { (shown(&column.header)) }
            p.hint { "holds something in " (number(column.filled)) " of " (count(view.rows, "row")) }
            (values(column, is_set))
            div.field {
                label for={ "feeds." (index) } { "Feeds" span.unseen { ": " (shown(&column.header)) } }
                select id={ "feeds." (index) } name={ "feeds." (index) } aria-describedby={ "why." (index) } {
                    option value=(NOTHING) selected[value == NOTHING] { "nothing: it is left out" }
                    @if !is_listed { option value=(value) selected { (shown(value.trim_start_matches("field:"))) } }
                    optgroup label="Fields" {
                        @for name in &choices.fields {
                            option value={ "field:" (name) } selected[value.strip_prefix("field:") == Some(name)] { (field_words(name)) }
                        }
                    }
                    @if !choices.sets.is_empty() {
                        optgroup label="Tags and lists" {
                            @for (set, words) in &choices.sets { option value=(set) selected[value == *set] { (words) } }
                        }
                    }
                    option value=(CUSTOM) { "a custom field, named below" }
                }
            }
            p.hint id={ "why." (index) } { (why(column)) }
            details {
                summary { "More" span.unseen { " about " (shown(&column.header)) } }
                div.field {
                    label for={ "custom." (index) } { "Name of the custom field" }
                    input id={ "custom." (index) } name={ "custom." (index) } value=(shown(custom_name(column)).0);
                }
            }
            @if several {
                p.hint { "Several columns feed this field; which of them comes first is chosen below." }
            }
            @if is_set {
                div.field {
                    label for={ "separator." (index) } { "What stands between them" }
                    input id={ "separator." (index) } name={ "separator." (index) } value=(column.fed.separators.join(" ")) placeholder=";";
                }
            }
        }
    }
}

/// Columns that feed one field, in their order, which is changed by buttons or by dragging.
fn orders(view: &ColumnsView) -> Markup {
    let mut fields: BTreeMap<&str, Vec<(usize, usize, &ColumnView)>> = BTreeMap::new();
    for (index, column) in view.columns.iter().enumerate() {
        if let Some(Feeds::Field(name)) = &column.fed.feeds {
            fields.entry(name).or_default().push((column.fed.order.unwrap_or(usize::MAX), index, column));
        }
    }
    fields.retain(|_, columns| columns.len() > 1);
    for columns in fields.values_mut() {
        columns.sort_by_key(|(order, index, _)| (*order, *index));
    }
    html! {
        @for (name, columns) in &fields {
            fieldset.panel {
                legend { "Which comes first for " (shown(&field_words(name))) }
                p.hint { "The first of these columns with a usable cell feeds the field, row by row. Drag them, or use the buttons." }
                ol.order data-order="" {
                    @for (at, (_, index, column)) in columns.iter().enumerate() {
                        li {
                            input type="hidden" name={ "order." (index) } value=(at + 1);
                            span.what { (shown(&column.header)) }
                            button type="submit" name="move" value={ (index) ".earlier" } aria-label={ (shown(&column.header).0) " earlier" } { "↑" }
                            button type="submit" name="move" value={ (index) ".later" } aria-label={ (shown(&column.header).0) " later" } { "↓" }
                        }
                    }
                }
            }
        }
    }
}

fn values(column: &ColumnView, is_set: bool) -> Markup {
    let separators =
        if column.fed.separators.is_empty() { vec![";".to_owned()] } else { column.fed.separators.clone() };
    html! {
        @if column.values.is_empty() { p.hint { "no values" } }
        ul.values {
            @for (cell, sent) in &column.values {
                li {
                    @if is_set {
                        @for name in split_set(cell, &separators) { span.chip { (short(&name)) } " " }
                    } @else {
                        q { (short(cell)) }
                        @if let Some(sent) = sent.as_ref().filter(|sent| *sent != cell) { " → " (short(sent)) }
                    }
                }
            }
        }
    }
}

fn short(text: &str) -> Markup {
    let cut: String = text.chars().take(LONGEST).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    shown(&format!("{cut}{more}"))
}

fn why(column: &ColumnView) -> Markup {
    let evidence = &column.evidence;
    let is_guess = evidence.mapped && column.fed.feeds.is_some();
    html! {
        @if column.is_used { "it says how other columns are read. " }
        @if is_guess { strong { (evidence.sure.word()) } ": " }
        (shown(&evidence.because))
        @if let Some(could_be) = evidence.could_be.as_ref().filter(|_| !is_sent(column)) { "; it could feed " (shown(&could_be_words(could_be))) }
    }
}

/// What a line of a mapping file says, in words.
fn could_be_words(line: &str) -> String {
    let field = line.strip_prefix("field = \"").and_then(|rest| rest.strip_suffix('"'));
    field.map_or_else(|| line.to_owned(), field_words)
}

fn custom_name(column: &ColumnView) -> &str {
    match &column.fed.feeds {
        Some(Feeds::Field(name)) => name.strip_prefix(Field::CUSTOM_PREFIX).unwrap_or_default(),
        _ => "",
    }
}

/// A field as people say it.
pub fn field_words(name: &str) -> String {
    match name.strip_prefix(Field::CUSTOM_PREFIX) {
        Some(custom) => format!("{custom} (custom field)"),
        None => name.replace('_', " "),
    }
}

fn rules(mapping: &Mapping) -> Markup {
    let bad_cells =
        [(BadCells::Row, "row", "leave out its row"), (BadCells::Cell, "cell", "leave out the cell, send the rest")];
    let duplicates = [
        (Duplicates::Reject, "reject", "the first is sent, the others are problems"),
        (Duplicates::First, "first", "the first is sent, the others are passed over"),
        (Duplicates::Last, "last", "the last is sent, the others are passed over"),
        (Duplicates::Merge, "merge", "one contact is made of all"),
    ];
    html! {
        details {
            summary { "Cells that can't be used, and rows that name one contact" }
            div.grid {
                div.field {
                    label for="bad_cells" { "A cell that can't be used" }
                    select #bad_cells name="bad_cells" {
                        @for (rule, value, words) in bad_cells { option value=(value) selected[mapping.bad_cells == rule] { (words) } }
                    }
                }
                div.field {
                    label for="duplicates" { "Rows that name one contact" }
                    select #duplicates name="duplicates" {
                        @for (rule, value, words) in duplicates { option value=(value) selected[mapping.duplicates == rule] { (words) } }
                    }
                }
            }
        }
    }
}

/// Keeps what was chosen as the mapping file, if it can work.
pub async fn save(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> PageAnswer {
    let mut draft = site.draft(&id)?;
    let service = site.maker.service(&draft.account)?;
    let form = PostedForm::new(fields);
    let then = if form.get("then") == Some("problems") { PageStep::Problems } else { PageStep::Columns };
    let work = columns(&site, &draft).await?;
    work.ended().await;
    let of = draft.clone();
    let view = aside(move || {
        let before = match work.end() {
            Some(Ok(End::Columns(view))) => view,
            Some(Err(error)) => return Err(error.clone()),
            _ => return Err(Error::bug("columns were not looked at")),
        };
        let mapping = column_choice::chosen(&before.mapping, &before.headers, &form)?;
        ColumnsView::of(&of, service.as_ref(), Some(mapping))
    });
    let view = view.await?;
    if view.table.is_err() {
        return Ok((StatusCode::BAD_REQUEST, page(&site, &draft, &view)?).into_response());
    }
    let written = WrittenFiles::in_state(&site.state_dir);
    let wanted = draft.mapping.clone().unwrap_or_else(|| mapping_place(&draft.path));
    let place = written.place(&wanted, IfTaken::NewName)?;
    let path = place.path.clone();
    table::write_private(place, write_commented(&explained(view)).as_bytes())?;
    draft.mapping = Some(path);
    site.drafts.save(&mut draft)?;
    Ok(Redirect::to(&then.path(&draft)).into_response())
}

/// The mapping with the reasons of the guess where it kept to it.
fn explained(view: ColumnsView) -> Guess {
    let mut guess = view.guess;
    for column in &mut guess.columns {
        let (now, guessed) = (view.mapping.columns.get(&column.header), guess.mapping.columns.get(&column.header));
        if now != guessed {
            (column.mapped, column.because) = (true, "Chosen on the page.".to_owned());
            column.mapped = now.is_some() || column_choice::Fed::of(&view.mapping, &column.header).feeds.is_some();
        }
    }
    guess.mapping = view.mapping;
    guess
}

/// Keeps where the file goes. A mapping that was made for another service is no use there.
pub async fn take_account(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> PageAnswer {
    let mut draft = site.draft(&id)?;
    let form = PostedForm::new(fields);
    if let Some(account) = form.get("account") {
        let (before, now) = (site.maker.service(&draft.account)?, site.maker.service(account)?);
        if before.name() != now.name() {
            draft.mapping = None;
        }
        account.clone_into(&mut draft.account);
        site.drafts.save(&mut draft)?;
    }
    Ok(Redirect::to(&PageStep::Columns.path(&draft)).into_response())
}
