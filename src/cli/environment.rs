use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::PathBuf;

/// What the process was started with, read once.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    /// Whether somebody watches standard error.
    pub watched: bool,
}

impl Environment {
    /// That of this process. Variables that are not text are left out.
    pub fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self { variables: std::env::vars_os().filter_map(text).collect(), watched: std::io::stderr().is_terminal() }
    }

    /// One made of these variables, for tests.
    pub fn of(variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { variables: variables.collect(), watched: false }
    }

    /// A variable; an empty one counts as not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The variables that are set and whose name begins so.
    pub fn beginning(&self, prefix: &str) -> impl Iterator<Item = (String, String)> {
        let found = self.variables.range(prefix.to_owned()..).take_while(move |(name, _)| name.starts_with(prefix));
        found.filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.clone(), value.clone()))
    }

    /// A variable that holds an absolute path; others are ignored, as the XDG rules ask.
    pub fn folder(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    /// Whether talk may be colored.
    pub fn color(&self) -> bool {
        self.watched && self.get("NO_COLOR").is_none() && self.get("TERM") != Some("dumb")
    }
}
