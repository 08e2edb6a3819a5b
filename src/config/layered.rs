use std::fmt;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Flag(&'static str),
    Environment(&'static str),
    /// A place in the configuration file: `rolo.toml:3:9`.
    File(String),
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Environment(name) => write!(f, "${name}"),
            Self::File(place) => f.write_str(place),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layered<T> {
    pub value: T,
    pub origin: Origin,
}

/// The first value there is: flag, environment, file.
pub fn layer<T>(
    flag: (&'static str, Option<T>),
    environment: (&'static str, Option<T>),
    file: Option<(T, String)>,
) -> Option<Layered<T>> {
    let flag_value = flag.1.map(|value| Layered { value, origin: Origin::Flag(flag.0) });
    let environment_value = || environment.1.map(|value| Layered { value, origin: Origin::Environment(environment.0) });
    let file_value = || file.map(|(value, place)| Layered { value, origin: Origin::File(place) });
    flag_value.or_else(environment_value).or_else(file_value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_beats_the_environment_which_beats_the_file() {
        let file = || Some(("file", "rolo.toml:2:6".to_owned()));
        let pick = |flag, environment| {
            let layered = layer(("--region", flag), ("ROLO_REGION", environment), file()).unwrap();
            (layered.value, layered.origin.to_string())
        };
        assert_eq!(pick(Some("flag"), Some("env")), ("flag", "flag --region".to_owned()));
        assert_eq!(pick(None, Some("env")), ("env", "$ROLO_REGION".to_owned()));
        assert_eq!(pick(None, None), ("file", "rolo.toml:2:6".to_owned()));
        assert_eq!(layer::<&str>(("--region", None), ("ROLO_REGION", None), None), None);
    }
}
