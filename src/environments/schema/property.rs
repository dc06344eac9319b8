//! What a schema says of one property.

use gix::bstr::ByteSlice as _;

use super::{Limits, Release, Type};

/// What happens where an environment does not set a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// Nothing: the program does without.
    Fine,
    /// It is an error.
    Missing,
    /// The program takes this value.
    Default(String),
}

/// What is said of a property.
#[derive(Clone)]
pub struct Property {
    /// The line of the schema on which it begins, counted from 1.
    pub line: usize,
    /// What its absence means.
    pub absence: Absence,
    /// Environments that must set it although it has a default.
    pub explicit: Vec<String>,
    /// The first release that does not know it any more.
    pub removed: Option<Release>,
    /// The first release that knows it.
    pub since: Option<Release>,
    /// What its value must be.
    pub kind: Type,
    /// What the whole value must match.
    pub pattern: Option<(String, regex_automata::meta::Regex)>,
    /// How large and how long the value may be, and what it may not be.
    pub limits: Limits,
    /// The name of a file below the places of the environment, which is what the property is.
    pub file: Option<String>,
    /// For how many days the certificates in the file must be valid.
    pub valid_days: Option<u32>,
    /// Whether it must be in a sealed file.
    pub secret: bool,
    /// Whether no two environments may have the same value.
    pub distinct: bool,
    /// What it is, for people.
    pub description: Option<String>,
    /// Other rules in some environments, by the pattern of their names: the first that matches counts.
    pub in_environments: Vec<(String, Property)>,
}

impl Property {
    /// A property that the schema says nothing about.
    pub(super) fn new(line: usize) -> Self {
        Self {
            line,
            absence: Absence::Fine,
            explicit: Vec::new(),
            removed: None,
            since: None,
            kind: Type::String,
            pattern: None,
            limits: Limits::default(),
            file: None,
            valid_days: None,
            secret: false,
            distinct: false,
            description: None,
            in_environments: Vec::new(),
        }
    }

    /// What is said of it in an environment.
    pub fn of(&self, environment: &str) -> &Self {
        let mode = gix::glob::wildmatch::Mode::empty();
        let matches = |pattern: &str| {
            pattern == environment
                || gix::glob::wildmatch(pattern.as_bytes().as_bstr(), environment.into(), mode)
        };
        let own = self.in_environments.iter().find(|(pattern, _)| matches(pattern));
        own.map_or(self, |(_, property)| property)
    }

    /// Whether this environment must set the property for a release of the program, if that is known.
    pub fn must_be_set(&self, environment: &str, release: Option<&Release>) -> bool {
        let known = match (&self.since, release) {
            (Some(since), Some(release)) => release >= since,
            _ => true,
        };
        let asked = self.of(environment).absence == Absence::Missing
            || self.explicit.iter().any(|explicit| explicit == environment);
        known && asked && self.removed.is_none()
    }

    /// The value that counts where none is set.
    pub fn default(&self) -> Option<&str> {
        match &self.absence {
            Absence::Default(value) => Some(value),
            Absence::Fine | Absence::Missing => None,
        }
    }

    /// What is wrong with a value, in words that hold nothing of it; `None` where it is as it should be.
    pub fn refuse(&self, value: &str) -> Option<String> {
        if let Some(why) = self.kind.refuse(value).or_else(|| self.limits.refuse(&self.kind, value))
        {
            return Some(why);
        }
        let (pattern, regex) = self.pattern.as_ref()?;
        (!regex.is_match(value)).then(|| format!("does not match the pattern {pattern}"))
    }
}
