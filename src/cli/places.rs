use std::path::{Path, PathBuf};

use super::Environment;
use crate::config::{Layered, Origin, layer};
use crate::error::{Error, Result};

/// Where ledger and sandbox contacts are kept: `--state-dir`, else `$ROLO_STATE`, else
/// `$XDG_STATE_HOME/rolo`, else `~/.local/state/rolo`.
pub fn state_dir(flag: Option<PathBuf>, environment: &Environment) -> Result<Layered<PathBuf>> {
    let named = layer(("--state-dir", flag), ("ROLO_STATE", environment.get("ROLO_STATE").map(PathBuf::from)), None);
    let by_rule = || {
        environment
            .folder("XDG_STATE_HOME")
            .or_else(|| environment.folder("HOME").map(|home| home.join(".local/state")))
            .map(|folder| Layered { value: folder.join("rolo"), origin: Origin::Default })
    };
    named.or_else(by_rule).ok_or_else(|| {
        Error::usage("there is no place to keep the ledger: neither HOME nor XDG_STATE_HOME is set")
            .hint("name one with --state-dir")
    })
}

/// The configuration file: `--config` or `$ROLO_CONFIG`, which must exist, else `rolo.toml` in the
/// working folder, else `$XDG_CONFIG_HOME/rolo/rolo.toml` (`~/.config` where that isn't set), else none.
pub fn config_file(flag: Option<&Path>, environment: &Environment) -> Option<PathBuf> {
    if let Some(named) = flag.map(Path::to_owned).or_else(|| environment.get("ROLO_CONFIG").map(PathBuf::from)) {
        return Some(named);
    }
    let here = PathBuf::from("rolo.toml");
    std::iter::once(here).chain(config_at_home(environment)).find(|path| path.is_file())
}

/// The configuration file that something is written into: the one that is read, else a new one at home.
pub fn config_to_write(flag: Option<&Path>, environment: &Environment) -> Result<PathBuf> {
    let path = config_file(flag, environment).or_else(|| config_at_home(environment)).ok_or_else(|| {
        Error::usage("there is no place for a configuration: neither HOME nor XDG_CONFIG_HOME is set")
            .hint("name one with --config")
    })?;
    Ok(std::path::absolute(&path).unwrap_or(path))
}

fn config_at_home(environment: &Environment) -> Option<PathBuf> {
    let folder =
        environment.folder("XDG_CONFIG_HOME").or_else(|| environment.folder("HOME").map(|home| home.join(".config")));
    folder.map(|folder| folder.join("rolo").join("rolo.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(flag: Option<&str>, variables: &[(&str, &str)]) -> String {
        let found = state_dir(flag.map(PathBuf::from), &Environment::of(variables));
        found.map_or_else(|error| error.message, |found| found.value.display().to_string())
    }

    #[test]
    fn the_state_folder_follows_the_contract() {
        let all = [("ROLO_STATE", "/s"), ("XDG_STATE_HOME", "/x"), ("HOME", "/home/ann")];
        assert_eq!(state(Some("here"), &all), "here");
        assert_eq!(state(None, &all), "/s");
        assert_eq!(state(None, &all[1..]), "/x/rolo");
        assert_eq!(state(None, &all[2..]), "/home/ann/.local/state/rolo");
        assert_eq!(state(None, &[("XDG_STATE_HOME", "relative"), ("HOME", "/h")]), "/h/.local/state/rolo");
        assert!(state(None, &[]).starts_with("there is no place to keep the ledger"));
    }

    #[test]
    fn a_configuration_that_is_named_is_taken_even_if_it_is_not_there() {
        let environment = Environment::of(&[("ROLO_CONFIG", "b.toml")]);
        assert_eq!(config_file(Some(Path::new("a.toml")), &environment), Some("a.toml".into()));
        assert_eq!(config_file(None, &environment), Some("b.toml".into()));
        let nowhere = Environment::of(&[("HOME", "/nowhere")]);
        assert_eq!(config_file(None, &nowhere), None);
        assert_eq!(config_to_write(None, &nowhere).unwrap(), Path::new("/nowhere/.config/rolo/rolo.toml"));
    }
}
