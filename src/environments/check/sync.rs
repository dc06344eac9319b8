//! What an environment lacks, and what would be written there.

use crate::environments::MARKER;
use crate::environments::environment::{Environment, State};
use crate::environments::schema::{Release, Schema};

/// Something to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// The property.
    pub name: String,
    /// The default, to be shown in a comment; `None` for a property that must be set, which gets [`MARKER`].
    pub default: Option<String>,
    /// Whether the value is a number or boolean.
    pub literal: bool,
}

impl Addition {
    /// What is written.
    pub fn text(&self) -> &str {
        self.default.as_deref().unwrap_or(MARKER)
    }
}

/// What an environment lacks of a schema.
pub fn lacking(
    schema: &Schema,
    environment: &Environment,
    release: Option<&Release>,
) -> Vec<Addition> {
    let release = release.or(schema.release.as_ref());
    let absent = schema.properties.iter().filter(|(name, property)| {
        property.removed.is_none()
            && property.file.is_none()
            && environment.comparable(name).is_none()
            && !environment.sections.contains_key(*name)
    });
    absent
        .filter_map(|(name, property)| {
            let must = property.must_be_set(&environment.name, release);
            let property = property.of(&environment.name);
            let default = property.default().filter(|_| !must).map(str::to_owned);
            let literal = property.kind.is_literal() && default.is_some();
            (must || default.is_some()).then(|| Addition { name: name.clone(), default, literal })
        })
        .collect()
}

/// Whether a file belongs to another environment too.
pub fn is_shared(environments: &[Environment], environment: &Environment, path: &str) -> bool {
    let others = environments.iter().filter(|other| other.name != environment.name);
    others.flat_map(|other| &other.sources).any(|source| source.path == path)
}

/// The source of an environment into which a new property belongs, of those in the last layer that are no other environment's
/// too: the one of the same name as where another environment has it, else the only one. `None` where that is not clear, or
/// where there is none.
pub fn source_for(
    environments: &[Environment],
    environment: &Environment,
    name: &str,
) -> Option<usize> {
    let base = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let own = |at: &usize| {
        let source = &environment.sources[*at];
        source.state == State::Read && !is_shared(environments, environment, &source.path)
    };
    let last = (0..environment.sources.len()).filter(own).map(|at| environment.sources[at].layer);
    let last = last.max();
    let readable: Vec<usize> = (0..environment.sources.len())
        .filter(|at| own(at) && Some(environment.sources[*at].layer) == last)
        .collect();
    let elsewhere = environments.iter().find_map(|other| {
        let setting = other.setting(name)?;
        let wanted = base(&other.sources[setting.source].path);
        readable.iter().copied().find(|&at| base(&environment.sources[at].path) == wanted)
    });
    elsewhere.or(match readable.as_slice() {
        [only] => Some(*only),
        _ => None,
    })
}
