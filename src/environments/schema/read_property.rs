//! Reading what a schema says of one property, and where that differs between environments.

use std::borrow::Cow;

use regex_automata::meta::{Config, Regex};
use regex_automata::util::syntax;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::limits::measure;
use super::read::{Entry, Read, Reader, is_inside, is_name, line_of};
use super::{Absence, Measure, Property, SchemaError, Type};

/// Bytes of the automaton of one pattern.
const MAX_PATTERN: usize = 1 << 20;
/// What can be said of a property.
const KNOWN: &str = "default, required, explicit, removed, since, type, values, pattern, min, max, min_length, max_length, forbidden, secret, distinct, description, file, valid_days, environments";
/// What can be said of it for some environments.
const KNOWN_IN: &str = "default, required, values, pattern, min, max, min_length, max_length, forbidden, secret, valid_days";

impl Reader<'_> {
    /// A table with what is said of a property.
    pub(super) fn property(
        &self,
        name: &Spanned<Cow<'_, str>>,
        value: &Entry<'_>,
    ) -> Read<Property> {
        let at = name.span().start;
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self.error(at, "a property must be a table: [properties.\"NAME\"]"));
        };
        if !is_name(name.get_ref()) {
            return Err(self.error(at, "this cannot be the name of a property"));
        }
        let line = line_of(self.text.as_bytes(), at);
        let mut property = self.attributes(table, Property::new(line), at, false)?;
        let Some(own) = table.get("environments") else { return Ok(property) };
        let DeValue::Table(own) = own.get_ref() else {
            let why = "'environments' must be a table with one for each environment: [properties.\"NAME\".environments.prod]";
            return Err(self.error(own.span().start, why));
        };
        let mut entries: Vec<_> = own.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries {
            let at = name.span().start;
            let DeValue::Table(table) = value.get_ref() else {
                return Err(self.error(at, "the rules for an environment must be a table"));
            };
            let start = Property { in_environments: Vec::new(), ..property.clone() };
            let rules = self.attributes(table, start, at, true)?;
            property.in_environments.push((name.get_ref().to_string(), rules));
        }
        Ok(property)
    }

    /// What a table says, upon what is said already.
    fn attributes(
        &self,
        table: &DeTable<'_>,
        mut property: Property,
        at: usize,
        in_environment: bool,
    ) -> Read<Property> {
        let mut values = None;
        for (name, value) in table {
            let at = name.span().start;
            let name = name.get_ref().as_ref();
            match name {
                "default" => property.absence = Absence::Default(self.scalar(value)?),
                "required" => match (self.boolean(value)?, in_environment) {
                    (true, _) => property.absence = Absence::Missing,
                    (false, true) if property.absence == Absence::Missing => {
                        property.absence = Absence::Fine;
                    }
                    (false, _) => {}
                },
                "values" => values = Some((at, self.strings(value)?)),
                "pattern" => property.pattern = Some(self.pattern(value)?),
                "min_length" => property.limits.min_length = Some(self.length(value)?),
                "max_length" => property.limits.max_length = Some(self.length(value)?),
                "forbidden" => property.limits.forbidden = self.strings(value)?,
                // They depend on the type.
                "min" | "max" | "environments" => {}
                "secret" => property.secret = self.boolean(value)?,
                "file" if !in_environment => property.file = Some(self.file_name(value)?),
                "valid_days" => property.valid_days = Some(self.days(value)?),
                "explicit" if !in_environment => property.explicit = self.strings(value)?,
                "removed" if !in_environment => property.removed = Some(self.release(value)?),
                "since" if !in_environment => property.since = Some(self.release(value)?),
                "type" if !in_environment => {
                    property.kind = Type::named(self.string(value)?).ok_or_else(|| {
                        self.error(at, format!("a type must be one of {}", Type::NAMES.join(", ")))
                    })?;
                }
                "distinct" if !in_environment => property.distinct = self.boolean(value)?,
                "description" if !in_environment => {
                    property.description = Some(self.string(value)?.to_owned());
                }
                other => return Err(self.unknown_attribute(other, value, at, in_environment)),
            }
        }
        let property = self.settle(property, values, table, (at, in_environment))?;
        let property = self.limits(property, table)?;
        if let Some(why) = property.default().and_then(|value| property.refuse(value)) {
            return Err(self.error(at, format!("the default {why}")));
        }
        Ok(property)
    }

    fn unknown_attribute(
        &self,
        name: &str,
        value: &Entry<'_>,
        at: usize,
        in_environment: bool,
    ) -> SchemaError {
        if matches!(value.get_ref(), DeValue::Table(_)) {
            return self.error(at, "put a name with dots in quotes: [properties.\"db.url\"]");
        }
        let name = crate::sanitise::path(name.as_bytes());
        let known = if in_environment { KNOWN_IN } else { KNOWN };
        self.error(at, format!("'{name}' is unknown; known are: {known}"))
    }

    /// The least and the greatest, as the type measures it.
    fn limits(&self, mut property: Property, table: &DeTable<'_>) -> Read<Property> {
        for name in ["min", "max"] {
            let Some(value) = table.get(name) else { continue };
            let text = self.scalar(value)?;
            let why = "'min' and 'max' belong to a number, port, size or duration, and must be one";
            let measured = measure(&property.kind, &text)
                .ok_or_else(|| self.error(value.span().start, why))?;
            let limit = Some(Measure { text, value: measured });
            if name == "min" {
                property.limits.min = limit;
            } else {
                property.limits.max = limit;
            }
        }
        let limits = &property.limits;
        let crossed = match (&limits.min, &limits.max) {
            (Some(min), Some(max)) => min.value > max.value,
            _ => false,
        };
        let crossed = crossed
            || limits.min_length.zip(limits.max_length).is_some_and(|(least, most)| least > most);
        if crossed {
            let at = table.values().next().map_or(0, |value| value.span().start);
            return Err(self.error(at, "the least is more than the most"));
        }
        Ok(property)
    }

    fn file_name(&self, value: &Entry<'_>) -> Read<String> {
        let name = self.string(value)?;
        if is_inside(name) && !name.ends_with('/') {
            return Ok(name.to_owned());
        }
        let why = "a file must be a path below the folders of the environments: no '..' and no '/' at the beginning";
        Err(self.error(value.span().start, why))
    }

    fn days(&self, value: &Entry<'_>) -> Read<u32> {
        let text = self.scalar(value)?;
        text.parse().map_err(|_| self.error(value.span().start, "expected a number of days"))
    }

    fn length(&self, value: &Entry<'_>) -> Read<usize> {
        let text = self.scalar(value)?;
        text.parse().map_err(|_| self.error(value.span().start, "expected a number of characters"))
    }

    /// What the attributes say together.
    fn settle(
        &self,
        mut property: Property,
        values: Option<(usize, Vec<String>)>,
        table: &DeTable<'_>,
        (at, in_environment): (usize, bool),
    ) -> Read<Property> {
        match (&property.kind, values) {
            (Type::Enum(_), Some((_, values))) if !values.is_empty() => {
                property.kind = Type::Enum(values);
            }
            (Type::Enum(known), None) if !known.is_empty() => {}
            (Type::Enum(_), _) => {
                return Err(self.error(at, "type = \"enum\" needs values = [\"…\"]"));
            }
            (Type::String, Some((_, values)))
                if !table.contains_key("type") && !values.is_empty() =>
            {
                property.kind = Type::Enum(values);
            }
            (_, Some((at, _))) => {
                return Err(self.error(at, "'values' belongs to type = \"enum\""));
            }
            (_, None) => {}
        }
        let required = table.get("required").and_then(|value| value.get_ref().as_bool());
        if table.contains_key("default") && required == Some(true) {
            return Err(self.error(at, "a property is required or has a default, not both"));
        }
        if !property.explicit.is_empty()
            && property.default().is_none()
            && table.contains_key("explicit")
        {
            return Err(self
                .error(at, "'explicit' belongs to a default; without one write required = true"));
        }
        if property.file.is_some() {
            let other = [
                "default",
                "type",
                "values",
                "pattern",
                "min",
                "max",
                "min_length",
                "max_length",
                "forbidden",
                "distinct",
            ];
            if let Some(other) = other.iter().find(|other| table.contains_key(**other)) {
                return Err(self.error(at, format!("'{other}' does not belong to a file")));
            }
            // A file is a secret, unless the schema says that it is none.
            if !in_environment && !table.contains_key("secret") {
                property.secret = true;
            }
        } else if property.valid_days.is_some() {
            return Err(self.error(at, "'valid_days' belongs to a file"));
        }
        if property.secret && property.default().is_some_and(|value| !value.is_empty()) {
            return Err(
                self.error(at, "a secret cannot have a default: this file is not encrypted")
            );
        }
        Ok(property)
    }

    fn pattern(&self, value: &Entry<'_>) -> Read<(String, Regex)> {
        let pattern = self.string(value)?;
        let limits =
            Config::new().nfa_size_limit(Some(MAX_PATTERN)).onepass_size_limit(Some(MAX_PATTERN));
        let regex = Regex::builder()
            .configure(limits)
            .syntax(syntax::Config::new())
            .build(&format!("^(?:{pattern})$"));
        let regex = regex.map_err(|_| {
            self.error(
                value.span().start,
                "the pattern is not a regular expression, or is too large",
            )
        })?;
        Ok((pattern.to_owned(), regex))
    }
}
