//! What the references in the values of an environment stand for: `${NAME}` in `.env` files.
//!
//! A reader that goes through the files from the first line to the last finds what is before a value. Where the files are for
//! no reader alone, a name stands for the value that counts. In its own value it stands for what it overrides.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::environment::{Environment, Setting};
use super::schema::Schema;
use crate::config_format::{Dialect, ReferenceError, expand};

/// References that are followed from one value, one behind the other, at most.
const MAX_DEPTH: usize = 32;
/// References that are followed from one value, in all, at most.
const MAX_STEPS: usize = 1000;

/// What a variable is that no file of the environment sets.
pub type Outside<'o> = &'o dyn Fn(&str) -> Option<Zeroizing<String>>;

impl Environment {
    /// Follows all references: to other values, to the schema's defaults, then to `outside`.
    pub fn follow_references(&mut self, schema: Option<&Schema>, outside: Outside<'_>) {
        let mut meant = BTreeMap::new();
        for (name, settings) in &self.settings {
            for (at, setting) in settings.iter().enumerate() {
                if !setting.references.is_empty() {
                    let mut walk = Walk { environment: self, schema, outside, steps: 0 };
                    meant.insert((name.clone(), at), walk.text(setting, &mut Vec::new()));
                }
            }
        }
        for ((name, at), text) in meant {
            if let Some(setting) = self.settings.get_mut(&name).and_then(|all| all.get_mut(at)) {
                setting.meant = Some(text);
            }
        }
    }
}

struct Walk<'e> {
    environment: &'e Environment,
    schema: Option<&'e Schema>,
    outside: Outside<'e>,
    steps: usize,
}

type Text = Result<Zeroizing<String>, ReferenceError>;

impl<'e> Walk<'e> {
    /// The text of a setting; `open` are those that have led to it.
    fn text(&mut self, setting: &'e Setting, open: &mut Vec<&'e Setting>) -> Text {
        if setting.references.is_empty() {
            return Ok(setting.value.text.clone());
        }
        self.steps += 1;
        if open.len() == MAX_DEPTH || self.steps > MAX_STEPS {
            return Err(ReferenceError::TooFar);
        }
        open.push(setting);
        let value = &mut |name: &str, is_told: bool| self.value(name, is_told, open);
        let text = expand(setting.dialect, &setting.value.text, &setting.references, value);
        open.pop();
        text
    }

    /// What a name stands for in the last of these settings.
    fn value(
        &mut self,
        name: &str,
        is_told: bool,
        open: &mut Vec<&'e Setting>,
    ) -> Result<Option<Zeroizing<String>>, ReferenceError> {
        let told = || is_told.then(|| name.to_owned());
        let Some(&from) = open.last() else { return Ok(None) };
        let environment = self.environment;
        let place = |one: &Setting| (environment.layer(one), one.source, one.line);
        let settings = environment.settings.get(name).map_or(&[][..], Vec::as_slice);
        let before = settings.iter().filter(|one| place(one) < place(from));
        let is_own = settings.iter().any(|one| std::ptr::eq(one, from));
        let found = match goes_down(from.dialect) || is_own {
            true => before.max_by_key(|one| place(one)),
            false => settings.first(),
        };
        if let Some(found) = found {
            if open.iter().any(|one| std::ptr::eq(*one, found)) {
                return Err(ReferenceError::Circle(told()));
            }
            return self.text(found, open).map(Some);
        }
        let default = || {
            let property = self.schema?.properties.get(name)?.of(&environment.name);
            property.default().map(|default| Zeroizing::new(default.to_owned()))
        };
        let other = default().or_else(|| (self.outside)(name));
        match other {
            None if is_own => Err(ReferenceError::Circle(told())),
            None if !settings.is_empty() => Err(ReferenceError::Behind(told())),
            other => Ok(other),
        }
    }
}

/// Whether the reader takes what is before a value, and nothing that follows.
fn goes_down(dialect: Option<Dialect>) -> bool {
    dialect.is_some()
}
