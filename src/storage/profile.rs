//! The profiles that Amazon's own programs keep in `~/.aws`, as far as they hold keys.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The variables by which S3 is reached; where they name no credential, with those of the profile.
///
/// # Errors
/// Kind `Usage` if a profile is named and isn't there, or holds no keys.
pub fn variables(given: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    let mut known: BTreeMap<String, String> = given
        .iter()
        .filter(|(name, _)| name.starts_with("AWS_"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let others = ["AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"];
    let named = known.get("AWS_PROFILE").cloned();
    if others.iter().any(|name| known.contains_key(*name)) {
        return Ok(known);
    }
    let home = |name: &str| given.get("HOME").map(|home| Path::new(home).join(".aws").join(name));
    let file = |variable: &str, name: &str| known.get(variable).map(PathBuf::from).or_else(|| home(name));
    let credentials = file("AWS_SHARED_CREDENTIALS_FILE", "credentials");
    let config = file("AWS_CONFIG_FILE", "config");
    let profile = named.as_deref().unwrap_or("default");
    let mut found = BTreeMap::new();
    for path in [&config, &credentials].into_iter().flatten() {
        if let Ok(text) = std::fs::read_to_string(path) {
            found.extend(section(&text, profile));
        }
    }
    let keys = [
        ("aws_access_key_id", "AWS_ACCESS_KEY_ID"),
        ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"),
        ("aws_session_token", "AWS_SESSION_TOKEN"),
        ("region", "AWS_REGION"),
        ("endpoint_url", "AWS_ENDPOINT_URL"),
    ];
    if let Some(named) = named
        && !found.contains_key("aws_access_key_id")
    {
        let file = credentials.unwrap_or_default();
        return Err(Error::usage(format!("the profile {named} holds no keys: {}", file.display())).hint(
            "a profile that logs in or takes a role is not read: `aws configure export-credentials --format env` \
             gives the variables to set in its place",
        ));
    }
    for (key, variable) in keys {
        if let Some(value) = found.remove(key) {
            known.entry(variable.to_owned()).or_insert(value);
        }
    }
    Ok(known)
}

/// The keys of one profile; `config` calls it `[profile NAME]`.
fn section(text: &str, profile: &str) -> BTreeMap<String, String> {
    let mut inside = false;
    let mut found = BTreeMap::new();
    for line in text.lines() {
        let trimmed = line.trim();
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            let name = name.trim();
            inside = name == profile || name.strip_prefix("profile ").is_some_and(|name| name.trim() == profile);
        // What is indented belongs to the key above it.
        } else if inside
            && !line.starts_with([' ', '\t', '#', ';'])
            && let Some((key, value)) = trimmed.split_once('=')
        {
            found.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREDENTIALS: &str = "# ours\n[default]\naws_access_key_id = A\naws_secret_access_key=B\n\n[night]\n\
                               aws_access_key_id = C\naws_secret_access_key = D=\naws_session_token = E\n";
    const CONFIG: &str = "[default]\nregion = eu-central-1\ns3 =\n  region = nowhere\n[profile night]\nregion=us-west-2\n\
                          [profile role]\nrole_arn = arn:aws:iam::1:role/x\n";

    fn told(given: &[(&str, &str)]) -> Result<Vec<String>> {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join(".aws");
        std::fs::create_dir(&folder).expect("a folder");
        std::fs::write(folder.join("credentials"), CREDENTIALS).expect("a file");
        std::fs::write(folder.join("config"), CONFIG).expect("a file");
        let home = home.path().display().to_string();
        let given = given.iter().copied().chain([("HOME", home.as_str()), ("OTHER", "x")]);
        let given: BTreeMap<_, _> = given.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(variables(&given)?.into_iter().map(|(name, value)| format!("{name}={value}")).collect())
    }

    #[test]
    fn keys_are_those_of_the_environment_else_of_the_profile() {
        assert_eq!(told(&[]).unwrap(), ["AWS_ACCESS_KEY_ID=A", "AWS_REGION=eu-central-1", "AWS_SECRET_ACCESS_KEY=B"]);
        let night = told(&[("AWS_PROFILE", "night"), ("AWS_REGION", "eu-west-1")]).unwrap();
        assert!(
            night.contains(&"AWS_SESSION_TOKEN=E".to_owned()) && night.contains(&"AWS_SECRET_ACCESS_KEY=D=".to_owned())
        );
        assert!(night.contains(&"AWS_REGION=eu-west-1".to_owned()), "{night:?}");
        assert_eq!(told(&[("AWS_ACCESS_KEY_ID", "X")]).unwrap(), ["AWS_ACCESS_KEY_ID=X"]);
    }

    #[test]
    fn a_profile_that_holds_no_keys_is_told_of() {
        for profile in ["role", "nobody"] {
            let error = told(&[("AWS_PROFILE", profile)]).unwrap_err();
            assert!(error.message.starts_with(&format!("the profile {profile} holds no keys")), "{error}");
        }
    }
}
