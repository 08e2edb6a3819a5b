//! A file that is dropped on the page: copied into the state folder, for its owner alone.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::multipart::Field;
use axum::extract::{Multipart, State};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::draft::Draft;
use super::failure::PageAnswer;
use super::site::{Site, aside};
use crate::error::{Error, Result};
use crate::platform::private_file;
use crate::table::SourceFile;

/// Bytes of a file that can be dropped; a larger one is named by its path.
pub const LARGEST: usize = 1 << 30;

/// Characters of a name.
const LONGEST_NAME: usize = 120;

/// Takes a file, or the path of one, and leads on to it.
pub async fn take(State(site): State<Arc<Site>>, mut form: Multipart) -> PageAnswer {
    let unread = |cause: axum::extract::multipart::MultipartError| {
        Error::usage("the file did not come whole").hint("drop it again").caused_by(cause)
    };
    let mut path = String::new();
    while let Some(field) = form.next_field().await.map_err(unread)? {
        match field.name() {
            Some("file") if field.file_name().is_some_and(|name| !name.is_empty()) => {
                return Ok(leads_to(&copied(&site, field).await?));
            }
            Some("path") => path = field.text().await.map_err(unread)?,
            _ => {}
        }
    }
    let path = path.trim().to_owned();
    if path.is_empty() {
        return Err(Error::usage("no file was chosen").hint("drop one, choose one, or write where it is").into());
    }
    let (account, region) = (site.first_account()?, site.maker.region()?);
    let draft = aside(move || {
        let path = PathBuf::from(path);
        SourceFile::open(&path)?;
        site.drafts.of_file(&path, account, region)
    });
    Ok(leads_to(&draft.await?))
}

fn leads_to(draft: &Draft) -> Response {
    Redirect::to(&format!("/files/{}", draft.id)).into_response()
}

async fn copied(site: &Site, mut field: Field<'_>) -> Result<Draft> {
    let name = safe_name(field.file_name().unwrap_or_default());
    let (id, folder) = site.drafts.new_folder()?;
    site.own_copies.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(id.clone());
    let path = folder.join(name);
    let unwritten = |cause: std::io::Error| {
        Error::stopped("the file can't be kept in the state folder").hint("make room on the disk").caused_by(cause)
    };
    let written = async {
        let mut file = private_file(OpenOptions::new().write(true).create_new(true)).open(&path).map_err(unwritten)?;
        loop {
            let chunk = field.chunk().await.map_err(|cause| {
                Error::usage("the file did not come whole, or is too large")
                    .hint("drop it again, or write where it is")
                    .caused_by(cause)
            })?;
            let Some(chunk) = chunk else { return Ok(()) };
            file.write_all(&chunk).map_err(unwritten)?;
        }
    };
    let begun = match written.await {
        Ok(()) => site.drafts.begin(id, path.clone(), true, site.first_account()?, site.maker.region()?),
        Err(error) => Err(error),
    };
    if begun.is_err() {
        drop(std::fs::remove_dir_all(&folder));
    }
    begun
}

/// The last part of a name, without what could lead elsewhere.
fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|c| !c.is_control() && *c != ':').take(LONGEST_NAME).collect();
    let kept = kept.trim().trim_start_matches('.').to_owned();
    let is_own = Path::new(&kept).file_name().is_none_or(|file| file == "draft.json");
    if is_own { "contacts.csv".to_owned() } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_else() {
        for (name, safe) in [
            ("contacts.csv", "contacts.csv"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ann\\Leads 2026.xlsx", "Leads 2026.xlsx"),
            (".bashrc", "bashrc"),
            ("..", "contacts.csv"),
            ("", "contacts.csv"),
            ("draft.json", "contacts.csv"),
            ("a\u{0}b\n.csv", "ab.csv"),
        ] {
            assert_eq!(safe_name(name), safe, "{name:?}");
        }
    }
}
