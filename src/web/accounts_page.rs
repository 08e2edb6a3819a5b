//! Accounts: which there are, whether one works, and a form that adds one. A key goes in and never comes back.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use maud::{Markup, html};
use secrecy::SecretString;
use serde::Deserialize;

use super::failure::PageAnswer;
use super::form::PostedForm;
use super::job_maker::{AccountChoice, AccountWanted};
use super::layout::{self, Part, shown};
use super::site::{Site, aside};
use crate::error::{Error, Result};
use crate::report::span;
use crate::services::{self, Credential, ServiceEntry, SettingSpec, Settings};

/// What the address of the list may say.
#[derive(Deserialize)]
pub struct Added {
    added: Option<String>,
}

/// For which service one is added.
#[derive(Deserialize)]
pub struct OfService {
    service: String,
}

/// The accounts that there are.
pub async fn show(State(site): State<Arc<Site>>, Query(query): Query<Added>) -> PageAnswer<Markup> {
    let accounts = configured(&site)?;
    let added = accounts.iter().find(|account| query.added.as_ref() == Some(&account.name));
    let told = added.map(|account| {
        html! { p.notice role="status" { strong { (shown(&account.name)) } " was added. Choose it for a file, under Columns." } }
    });
    Ok(list(&accounts, told.as_ref()))
}

fn configured(site: &Site) -> Result<Vec<AccountChoice>> {
    Ok(site.maker.accounts()?.into_iter().filter(|account| account.is_real).collect())
}

fn list(accounts: &[AccountChoice], told: Option<&Markup>) -> Markup {
    layout::page(
        "Accounts",
        Part::Accounts,
        &html! {
            @if let Some(told) = told { (told) }
            @if accounts.is_empty() {
                p.lead { "There is no account yet." }
                p { "Until there is one, files go to the sandbox: a stand-in for the service on this machine, which harms nobody." }
            } @else {
                ul.cards { @for account in accounts { (card(account)) } }
            }
            section aria-labelledby="add" {
                h2 #add { "Add an account" }
                form.panel action="/accounts/new" method="get" {
                    div.field {
                        label for="service" { "Service" }
                        select #service name="service" {
                            @for entry in services::ALL { option value=(entry.name) { (entry.title) } }
                        }
                    }
                    button.primary type="submit" { "Go on" }
                }
            }
        },
    )
}

fn card(account: &AccountChoice) -> Markup {
    html! {
        li.card {
            h2.name { (shown(&account.name)) }
            p { (account.service) }
            @if let Some(url) = &account.base_url { p.hint { (shown(url)) } }
            form action="/accounts/try" method="post" {
                button type="submit" name="account" value=(account.name) { "See whether it works" span.unseen { ": " (shown(&account.name)) } }
            }
        }
    }
}

/// Makes one harmless read of an account, and says what came of it.
pub async fn try_it(
    State(site): State<Arc<Site>>,
    Form(fields): Form<Vec<(String, String)>>,
) -> PageAnswer<(StatusCode, Markup)> {
    let accounts = configured(&site)?;
    let form = PostedForm::new(fields);
    let name = form.get("account").unwrap_or_default().to_owned();
    let (of, own) = (name.clone(), site.clone());
    let (status, told) = match aside(move || own.maker.test_account(&of)).await {
        Ok(took) => (
            StatusCode::OK,
            html! { p.notice role="status" { strong { (shown(&name)) } " works: the service answered in " (span(took)) "." } },
        ),
        Err(error) => (StatusCode::BAD_GATEWAY, layout::alert(&error)),
    };
    Ok((status, list(&accounts, Some(&told))))
}

/// The form for an account of one service.
pub async fn new(Query(query): Query<OfService>) -> PageAnswer<Markup> {
    let entry = services::find(&query.service)?;
    form_page(entry, &AccountWanted { name: entry.name.to_owned(), ..AccountWanted::default() }, None)
}

fn form_page(entry: &ServiceEntry, wanted: &AccountWanted, error: Option<&Error>) -> PageAnswer<Markup> {
    let is_pair = entry.connect_to_sandbox()?.credential() == Credential::Basic;
    let (needed, others): (Vec<_>, Vec<_>) = entry.settings.iter().partition(|setting| setting.required);
    Ok(layout::page(
        &format!("Add an account of {}", entry.title),
        Part::Accounts,
        &html! {
            @if let Some(error) = error { (layout::alert(error)) p { "Nothing was written, and the key was not kept: write it once more." } }
            form.panel action="/accounts" method="post" autocomplete="off" {
                input type="hidden" name="service" value=(entry.name);
                div.field {
                    label for="name" { "What the account is called here" }
                    input #name name="name" value=(wanted.name) required;
                }
                @for setting in needed { (field(setting, wanted, true)) }
                div.field {
                    label for="key" { @if is_pair { "Key, as USER:PASSWORD" } @else { "Key" } }
                    input #key type="password" name="key" autocomplete="off" required aria-describedby="key-kept";
                    p.hint #key-kept { "Kept in the keyring of this desktop, or else in a file that you alone can read. It is shown nowhere, also not here." }
                }
                details {
                    summary { "More settings" }
                    div.field {
                        label for="base_url" { "Address of the API, for a server of your own" }
                        input #base_url name="base_url" value=[wanted.base_url.as_deref()] placeholder=(entry.base_url);
                    }
                    @for setting in others { (field(setting, wanted, false)) }
                }
                @if error.is_some() {
                    div.check {
                        input #untested type="checkbox" name="untested";
                        label for="untested" { "add it all the same, without trying the key" }
                    }
                }
                p.go {
                    button.primary type="submit" { "Try the key, and add the account" }
                    a href="/accounts" { "Leave it" }
                }
                p.hint { "The key is tried by one read that changes nothing." }
            }
        },
    ))
}

fn field(setting: &SettingSpec, wanted: &AccountWanted, is_needed: bool) -> Markup {
    let name = format!("set.{}", setting.name);
    html! {
        div.field {
            label for=(name) { (setting.name) ": " (setting.meaning) }
            input id=(name) name=(name) value=[wanted.settings.get(setting.name)] required[is_needed];
        }
    }
}

/// Keeps the key, tries it, and writes the account down.
pub async fn add(State(site): State<Arc<Site>>, Form(fields): Form<Vec<(String, String)>>) -> PageAnswer {
    let settings = settings(&fields);
    let form = PostedForm::new(fields);
    let text = |name| form.get(name).unwrap_or_default().to_owned();
    let entry = services::find(&text("service"))?;
    let wanted = AccountWanted {
        name: text("name"),
        service: entry.name.to_owned(),
        base_url: form.get("base_url").map(str::to_owned),
        settings,
        untested: form.has("untested"),
    };
    let key = SecretString::from(text("key"));
    let (of, own) = (wanted.clone(), site.clone());
    let added = aside(move || {
        // What is wrong is said before a key is kept for it.
        (entry.connect)(&Settings(of.settings.clone()))?;
        own.maker.add_account(of, &key)
    });
    match added.await {
        Ok(_) => {
            let name = percent_encoding::utf8_percent_encode(&wanted.name, percent_encoding::NON_ALPHANUMERIC);
            Ok(Redirect::to(&format!("/accounts?added={name}")).into_response())
        }
        Err(error) => {
            let page = form_page(entry, &wanted, Some(&error))?;
            Ok((StatusCode::BAD_REQUEST, page).into_response())
        }
    }
}

/// Fields called `set.NAME` that hold something.
fn settings(fields: &[(String, String)]) -> BTreeMap<String, String> {
    let of = |(name, value): &(String, String)| {
        let name = name.strip_prefix("set.")?;
        Some((name.to_owned(), value.trim().to_owned())).filter(|(_, value)| !value.is_empty())
    };
    fields.iter().filter_map(of).collect()
}
