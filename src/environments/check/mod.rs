//! Holding environments to a schema.

pub mod compare;
mod files;
mod layers;
mod problem;
pub mod reuse;
pub mod sync;
pub mod told;

use crate::config_format::Kind;
use crate::environments::MARKER;
use crate::environments::environment::{Environment, Setting, State};
use crate::environments::schema::{Property, Release, Schema, Type};
use crate::environments::sealed::{Comparable, Likeness};
pub use problem::Problem;

/// Something that is wrong, without a word of any value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The environment.
    pub environment: String,
    /// The property; `None` for a whole file.
    pub property: Option<String>,
    /// What is wrong.
    pub problem: Problem,
    /// Whether it is a warning only.
    pub warning: bool,
    /// What is wrong, in words.
    pub message: String,
    /// The file, and the line counted from 1, where there is one.
    pub place: Option<(String, usize)>,
}

/// How one property is in one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// It is set.
    Set,
    /// It is not set, and that is fine.
    Absent,
    /// It is not set, and the program takes this value.
    Default(String),
    /// It is set, and its value is sealed with a key that is not held here.
    Sealed,
    /// Nothing is known, as the key of a file is not held here.
    Locked,
    /// Nothing is known, as a file cannot be read.
    Unread,
    /// Something is wrong.
    Wrong(Problem),
    /// Something will be wrong.
    Warned(Problem),
}

/// One property in all environments.
#[derive(Clone, Debug)]
pub struct Row {
    /// The property.
    pub name: String,
    /// Its cells, in the order of the environments.
    pub cells: Vec<Cell>,
}

/// What a check has found.
pub struct Report {
    /// The properties by name: those of the schema, and those that it does not know.
    pub rows: Vec<Row>,
    /// What is wrong, by environment.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether anything is more than a warning.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| !finding.warning)
    }
}

/// Holds the environments to the schema. `release` counts in place of the schema's own.
pub fn check(schema: &Schema, environments: &[Environment], release: Option<&Release>) -> Report {
    let release = release.or(schema.release.as_ref());
    let mut report = Report { rows: Vec::new(), findings: Vec::new() };
    for environment in environments {
        report.findings.extend(environment.sources.iter().filter_map(
            |source| match &source.state {
                State::Unreadable(line, why) => Some(Finding {
                    environment: environment.name.clone(),
                    property: None,
                    problem: Problem::Unreadable,
                    warning: false,
                    message: why.clone(),
                    place: Some((source.path.clone(), *line)),
                }),
                State::Read | State::Locked(_) => None,
            },
        ));
    }
    report.findings.extend(environments.iter().flat_map(layers::passed_over));
    report.findings.extend(environments.iter().flat_map(layers::weaker));
    for (name, property) in &schema.properties {
        let subject = Subject { name, property, release };
        let mut cells = Vec::new();
        for environment in environments {
            let (cell, found) = subject.look_at(environment);
            cells.push(cell);
            report.findings.extend(found);
        }
        if property.distinct {
            subject.compare(environments, &mut cells, &mut report.findings);
        }
        report.rows.push(Row { name: name.clone(), cells });
    }
    report.rows.extend(unknown(schema, environments, &mut report.findings));
    report.rows.sort_by(|a, b| a.name.cmp(&b.name));
    let order =
        |finding: &Finding| environments.iter().position(|one| one.name == finding.environment);
    report.findings.sort_by_cached_key(|finding| (order(finding), finding.property.clone()));
    report
}

/// Properties that are set somewhere and that the schema does not know.
fn unknown(schema: &Schema, environments: &[Environment], findings: &mut Vec<Finding>) -> Vec<Row> {
    // One that knows nothing yet says nothing of anything.
    if schema.properties.is_empty() {
        return Vec::new();
    }
    let mut names: Vec<&String> = environments
        .iter()
        .flat_map(|environment| environment.settings.keys().chain(environment.sealed.keys()))
        .filter(|name| !schema.properties.contains_key(*name))
        .collect();
    names.sort();
    names.dedup();
    let mut rows = Vec::new();
    for name in names {
        let mut cells = Vec::new();
        for environment in environments {
            let Some(setting) = environment.setting(name) else {
                let cell = match absent(environment, name) {
                    Some(Cell::Sealed) => {
                        let message = "the schema does not know it".to_owned();
                        let problem = Problem::Unknown;
                        findings.push(found(environment, name, problem, message, None));
                        Cell::Wrong(problem)
                    }
                    cell => cell.unwrap_or(Cell::Absent),
                };
                cells.push(cell);
                continue;
            };
            // Below a property of the schema: that one says what is wrong.
            let above = schema.properties.keys().any(|known| {
                name.strip_prefix(known.as_str()).is_some_and(|rest| rest.starts_with('.'))
                    && environment.sections.contains_key(known)
            });
            let problem = if above { Problem::NotAValue } else { Problem::Unknown };
            if !above {
                let message = "the schema does not know it".to_owned();
                findings.push(found(environment, name, problem, message, Some(setting)));
            }
            cells.push(Cell::Wrong(problem));
        }
        rows.push(Row { name: name.clone(), cells });
    }
    rows
}

/// What should be said of a property that is not set, if not all files could be read.
fn absent(environment: &Environment, name: &str) -> Option<Cell> {
    if environment.sealed_value(name).is_some() {
        return Some(Cell::Sealed);
    }
    match (environment.is_complete(), environment.is_locked()) {
        (true, _) => None,
        _ if environment.has_all_names() => None,
        (false, true) => Some(Cell::Locked),
        (false, false) => Some(Cell::Unread),
    }
}

fn found(
    environment: &Environment,
    name: &str,
    problem: Problem,
    message: String,
    setting: Option<&Setting>,
) -> Finding {
    let place = match (setting, environment.sealed_value(name)) {
        (Some(setting), _) => Some((setting.source, setting.line)),
        (None, Some(sealed)) => Some((sealed.source, sealed.line)),
        (None, None) => (!environment.sources.is_empty()).then_some((0, 1)),
    };
    Finding {
        environment: environment.name.clone(),
        property: Some(name.to_owned()),
        problem,
        warning: false,
        message,
        place: place.map(|(source, line)| (environment.sources[source].path.clone(), line)),
    }
}

/// What the worst of the findings makes of a cell.
fn worst(findings: &[Finding]) -> Option<Cell> {
    let worst = findings.iter().find(|finding| !finding.warning).or(findings.first())?;
    let cell = if worst.warning { Cell::Warned } else { Cell::Wrong };
    Some(cell(worst.problem))
}

/// A property that is looked at.
struct Subject<'s> {
    name: &'s str,
    property: &'s Property,
    release: Option<&'s Release>,
}

impl Subject<'_> {
    fn look_at(&self, environment: &Environment) -> (Cell, Vec<Finding>) {
        if self.property.file.is_some() {
            return files::look_at(environment, self.name, self.property, self.release);
        }
        let found = |problem, message: &str, setting: Option<&Setting>| {
            found(environment, self.name, problem, message.to_owned(), setting)
        };
        let wrong = |finding: Finding| (Cell::Wrong(finding.problem), vec![finding]);
        if let Some(&(source, line)) = environment.sections.get(self.name) {
            let mut finding = found(Problem::NotAValue, "expected a value, found a section", None);
            finding.place = Some((environment.sources[source].path.clone(), line));
            return wrong(finding);
        }
        let Some(setting) = environment.setting(self.name) else {
            return self.not_set(environment);
        };
        let settings = environment.settings.get(self.name).map_or(&[][..], Vec::as_slice);
        let mut findings = Vec::new();
        for again in environment.counting(self.name).skip(1) {
            let first = &environment.sources[setting.source].path;
            let message =
                format!("{}:{} sets it too", crate::sanitise::path(first.as_bytes()), setting.line);
            findings.push(found(Problem::Repeated, &message, Some(again)));
        }
        for setting in settings {
            if self.property.of(&environment.name).secret && !environment.is_sealed(setting) {
                let why = match setting.exempt {
                    true => "a secret has a name that the attribute shroud-clear exempts",
                    false => "a secret is in a file that no attribute seals",
                };
                findings.push(found(Problem::InTheClear, why, Some(setting)));
            }
        }
        findings.extend(self.judge(environment, setting).map(|(problem, why)| {
            let warning = problem == Problem::Reference;
            Finding { warning, ..found(problem, &why, Some(setting)) }
        }));
        if !setting.differing.is_empty() {
            let readers: Vec<_> = setting.differing.iter().map(|reader| reader.name()).collect();
            let message = format!(
                "{} would read another value; quote it, or say 'dialect' in the schema",
                readers.join(", ")
            );
            let finding = found(Problem::Differs, &message, Some(setting));
            findings.push(Finding { warning: true, ..finding });
        }
        findings.extend(self.removed(environment, Some(setting)));
        (worst(&findings).unwrap_or(Cell::Set), findings)
    }

    /// Whether a property that is set, sealed or not, should not be there any more.
    fn removed(&self, environment: &Environment, setting: Option<&Setting>) -> Option<Finding> {
        let removed = self.property.removed.as_ref()?;
        let gone = self.release.is_some_and(|release| release >= removed);
        let (is, warning) = if gone { ("was", false) } else { ("is", true) };
        let message = format!("it {is} removed in release {removed}");
        let found = found(environment, self.name, Problem::Removed, message, setting);
        Some(Finding { warning, ..found })
    }

    /// What is wrong with a value.
    fn judge(&self, environment: &Environment, setting: &Setting) -> Option<(Problem, String)> {
        let must = self.property.must_be_set(&environment.name, self.release);
        // A property without a type of its own takes a list, too.
        let takes_lists = matches!(self.property.kind, Type::String | Type::List | Type::Json);
        if setting.is_list() && !takes_lists {
            return Some((Problem::NotAValue, "expected a value, found a list".to_owned()));
        }
        if setting.is_marker() {
            return Some((Problem::Unset, format!("{MARKER} must be replaced by a value")));
        }
        if let Some(Err(error)) = setting.meant.as_ref().filter(|_| !environment.is_locked()) {
            return Some((Problem::Reference, error.to_string()));
        }
        if setting.value.is_empty()
            || setting.value.kind == Kind::Text && setting.meant().trim().is_empty()
        {
            return must.then(|| (Problem::Empty, "it is required, but empty".to_owned()));
        }
        self.property
            .of(&environment.name)
            .refuse(setting.meant())
            .map(|why| (Problem::Invalid, format!("the value {why}")))
    }

    fn not_set(&self, environment: &Environment) -> (Cell, Vec<Finding>) {
        if let Some(cell) = absent(environment, self.name) {
            let is_set = cell == Cell::Sealed;
            let removed = is_set.then(|| self.removed(environment, None)).flatten();
            let findings = Vec::from_iter(removed);
            return (worst(&findings).unwrap_or(cell), findings);
        }
        if self.property.must_be_set(&environment.name, self.release) {
            let (problem, message) = match self.property.of(&environment.name).default() {
                None => (Problem::Missing, "it is required, but not set"),
                Some(_) => {
                    (Problem::Undecided, "it has a default, but this environment must set it")
                }
            };
            let finding = found(environment, self.name, problem, message.to_owned(), None);
            return (Cell::Wrong(problem), vec![finding]);
        }
        match self.property.of(&environment.name).default() {
            Some(default) => (Cell::Default(default.to_owned()), Vec::new()),
            None => (Cell::Absent, Vec::new()),
        }
    }

    /// The file and line that set it.
    fn place_in<'e>(&self, environment: &'e Environment) -> Option<(&'e str, usize)> {
        let (source, line) = match environment.sealed_value(self.name) {
            Some(sealed) => (sealed.source, sealed.line),
            None => environment.setting(self.name).map(|one| (one.source, one.line))?,
        };
        Some((&environment.sources[source].path, line))
    }

    /// Whether environments that must differ do.
    fn compare(
        &self,
        environments: &[Environment],
        cells: &mut [Cell],
        findings: &mut Vec<Finding>,
    ) {
        let values: Vec<Option<Comparable<'_>>> = environments
            .iter()
            .map(|environment| {
                let no_value = |one: &Setting| one.value.is_empty() || one.is_marker();
                let compared = environment.comparable(self.name)?;
                (!environment.setting(self.name).is_some_and(no_value)).then_some(compared)
            })
            .collect();
        for (at, value) in values.iter().enumerate() {
            let Some(value) = value else { continue };
            let same = |other: &Option<Comparable<'_>>| {
                other.is_some_and(|other| other.is_like(value) == Likeness::Same)
            };
            // What two take from one line of one file is one value.
            let is_one = |other: usize| {
                let place = self.place_in(&environments[at]);
                place.is_some() && place == self.place_in(&environments[other])
            };
            let others: Vec<&str> = (0..values.len())
                .filter(|&other| other != at && same(&values[other]) && !is_one(other))
                .map(|other| environments[other].name.as_str())
                .collect();
            if others.is_empty() {
                continue;
            }
            let message = format!(
                "it must differ between environments, but is the same in {}",
                others.join(", ")
            );
            findings.push(found(
                &environments[at],
                self.name,
                Problem::Same,
                message,
                environments[at].setting(self.name),
            ));
            if matches!(cells[at], Cell::Set | Cell::Sealed | Cell::Warned(_)) {
                cells[at] = Cell::Wrong(Problem::Same);
            }
        }
    }
}

#[cfg(test)]
mod tests;
