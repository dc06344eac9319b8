//! Reading a schema. Every wrong line is named, and an attribute that is not known is wrong: a typing error in `required`
//! would else go unseen until a deploy fails.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Location, MAX_NAME, Release, Schema, SchemaError};
use crate::config_format::{Dialect, Format};

pub(super) type Entry<'e> = Spanned<DeValue<'e>>;
pub(super) type Read<T> = Result<T, SchemaError>;

impl Schema {
    /// Reads the text of a schema.
    ///
    /// # Errors
    /// [`SchemaError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, SchemaError> {
        let text = std::str::from_utf8(bytes).map_err(|error| SchemaError {
            line: line_of(bytes, error.valid_up_to()),
            why: "this is not UTF-8".to_owned(),
        })?;
        let reader = Reader { text };
        let table = DeTable::parse(text).map_err(|error| {
            let twice = error.message().contains("duplicate key");
            let why = if twice { "the name appears twice" } else { "this is not TOML" };
            reader.error(error.span().map_or(0, |span| span.start), why)
        })?;
        reader.schema(table.get_ref())
    }
}

pub(super) fn line_of(bytes: &[u8], at: usize) -> usize {
    bytes[..at.min(bytes.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
}

impl Reader<'_> {
    pub(super) fn error(&self, at: usize, why: impl Into<String>) -> SchemaError {
        SchemaError { line: line_of(self.text.as_bytes(), at), why: why.into() }
    }

    fn schema(&self, table: &DeTable<'_>) -> Read<Schema> {
        let mut schema = Schema::default();
        let mut base = Vec::new();
        for (name, value) in table {
            let at = name.span().start;
            match name.get_ref().as_ref() {
                "base" => base = self.paths(value)?,
                "dialect" => schema.files.dialects = self.dialects(value)?,
                "environments" => schema.environments = self.environments(value)?,
                "files" => schema.files.formats = self.formats(value)?,
                "forbidden" => schema.forbidden = self.strings(value)?,
                "ignore" => schema.files.ignore = self.strings(value)?,
                "release" => schema.release = Some(self.release(value)?),
                "schema" => schema.schema = Some(self.string(value)?.to_owned()),
                "properties" => {
                    let DeValue::Table(properties) = value.get_ref() else {
                        return Err(
                            self.error(at, "'properties' must be a table: [properties.\"NAME\"]")
                        );
                    };
                    for (name, value) in properties {
                        let property = self.property(name, value)?;
                        schema.properties.insert(name.get_ref().to_string(), property);
                    }
                }
                other => {
                    let other = crate::sanitise::path(other.as_bytes());
                    let why = format!(
                        "'{other}' is unknown; known are: environments, base, dialect, files, forbidden, ignore, release, schema, properties"
                    );
                    return Err(self.error(at, why));
                }
            }
        }
        for location in &mut schema.environments {
            location.paths.splice(0..0, base.iter().cloned());
        }
        Location::part(&mut schema.environments);
        self.explicit_are_known(&schema)?;
        for property in schema.properties.values_mut() {
            let own = property.in_environments.iter_mut().map(|(_, own)| &mut own.limits.forbidden);
            own.chain([&mut property.limits.forbidden])
                .for_each(|list| list.extend(schema.forbidden.iter().cloned()));
        }
        Ok(schema)
    }

    fn explicit_are_known(&self, schema: &Schema) -> Read<()> {
        // A schema that is kept with the code need not know the environments.
        if schema.environments.is_empty() {
            return Ok(());
        }
        for property in schema.properties.values() {
            for name in &property.explicit {
                if !schema.environments.iter().any(|location| location.name == *name) {
                    let name = crate::sanitise::path(name.as_bytes());
                    let why = format!("there is no environment '{name}'");
                    return Err(SchemaError { line: property.line, why });
                }
            }
        }
        Ok(())
    }

    /// A list of names, or a table of names with lists of paths.
    fn environments(&self, value: &Entry<'_>) -> Read<Vec<Location>> {
        let mut locations: Vec<Location> = Vec::new();
        match value.get_ref() {
            DeValue::Array(names) => {
                for name in names {
                    let name = self.environment(self.string(name)?, name.span().start)?;
                    locations.push(Location::usual(&name));
                }
            }
            DeValue::Table(table) => {
                let mut entries: Vec<_> = table.iter().collect();
                entries.sort_by_key(|(name, _)| name.span().start);
                for (name, paths) in entries {
                    let name = self.environment(name.get_ref(), name.span().start)?;
                    let paths = self.paths(paths)?;
                    locations.push(Location { name, paths, without: Vec::new() });
                }
            }
            _ => {
                let why = "'environments' must be a list of names, or a table of names with lists of paths";
                return Err(self.error(value.span().start, why));
            }
        }
        let mut names: Vec<_> = locations.iter().map(|location| &location.name).collect();
        names.sort();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(self.error(value.span().start, "an environment appears twice"));
        }
        Ok(locations)
    }

    /// The reader of `.env` files, or a table with those of `env` and `ini`.
    fn dialects(&self, value: &Entry<'_>) -> Read<Vec<(Format, Dialect)>> {
        let one = |format: Format, value: &Entry<'_>| {
            let name = self.string(value)?;
            Dialect::named(format, name).map(|dialect| (format, dialect)).ok_or_else(|| {
                let known: Vec<_> = Dialect::all(format).iter().map(|one| one.name()).collect();
                let why = format!("a dialect must be one of {}", known.join(", "));
                self.error(value.span().start, why)
            })
        };
        let DeValue::Table(table) = value.get_ref() else {
            return Ok(vec![one(Format::Env, value)?]);
        };
        let format = |name: &str| {
            [("env", Format::Env), ("ini", Format::Ini)]
                .into_iter()
                .find(|(known, _)| *known == name)
        };
        let entries = table.iter().map(|(name, value)| match format(name.get_ref()) {
            Some((_, format)) => one(format, value),
            None => Err(self.error(name.span().start, "a dialect is of 'env' or 'ini'")),
        });
        entries.collect()
    }

    /// A table of patterns with the names of formats, in its order.
    fn formats(&self, value: &Entry<'_>) -> Read<Vec<(String, Format)>> {
        let at = value.span().start;
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self.error(at, "'files' must be a table: files = {\"my.cnf\" = \"ini\"}"));
        };
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(pattern, _)| pattern.span().start);
        let mut formats = Vec::new();
        for (pattern, value) in entries {
            let name = self.string(value)?;
            let format =
                Format::NAMES.into_iter().find(|(known, _)| *known == name).ok_or_else(|| {
                    let known: Vec<_> = Format::NAMES.iter().map(|(known, _)| *known).collect();
                    let why = format!("a format must be one of {}", known.join(", "));
                    self.error(value.span().start, why)
                })?;
            formats.push((pattern.get_ref().to_string(), format.1));
        }
        Ok(formats)
    }

    fn environment(&self, name: &str, at: usize) -> Read<String> {
        if Location::is_name(name) {
            return Ok(name.to_owned());
        }
        Err(self.error(
            at,
            "the name of an environment consists of a-z, 0-9, '-', '_' and '.', and of '/' between application and environment",
        ))
    }

    /// A list of paths below the schema's own folder.
    fn paths(&self, value: &Entry<'_>) -> Read<Vec<String>> {
        let paths = self.strings(value)?;
        let Some(bad) = paths.iter().find(|path| !is_inside(path)) else { return Ok(paths) };
        let bad = crate::sanitise::path(bad.as_bytes());
        let why = format!(
            "'{bad}' is not a path below this file: it must have no '..' and no '/' at the beginning"
        );
        Err(self.error(value.span().start, why))
    }

    pub(super) fn string<'v>(&self, value: &'v Entry<'_>) -> Read<&'v str> {
        value
            .get_ref()
            .as_str()
            .ok_or_else(|| self.error(value.span().start, "expected a text in quotes"))
    }

    pub(super) fn boolean(&self, value: &Entry<'_>) -> Read<bool> {
        value
            .get_ref()
            .as_bool()
            .ok_or_else(|| self.error(value.span().start, "expected true or false"))
    }

    pub(super) fn scalar(&self, value: &Entry<'_>) -> Read<String> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) => {
                Ok(self.text[value.span()].to_owned())
            }
            _ => Err(self.error(value.span().start, "expected a text, number or boolean")),
        }
    }

    pub(super) fn release(&self, value: &Entry<'_>) -> Read<Release> {
        let text = self.scalar(value)?;
        text.parse().map_err(|error: super::release::InvalidRelease| {
            self.error(value.span().start, error.to_string())
        })
    }

    pub(super) fn strings(&self, value: &Entry<'_>) -> Read<Vec<String>> {
        let DeValue::Array(entries) = value.get_ref() else {
            return Err(self.error(value.span().start, "expected a list of texts"));
        };
        entries.iter().map(|entry| self.string(entry).map(str::to_owned)).collect()
    }
}

/// Whether a path leads to somewhere below, and not into what belongs to git or to this program.
pub(super) fn is_inside(path: &str) -> bool {
    let own = |part: &str| {
        matches!(part, "" | "." | "..") || part.eq_ignore_ascii_case(".git") || part == ".shroud"
    };
    !path.contains(['\\', '\0', ':']) && !path.trim_end_matches('/').split('/').any(own)
}

/// Whether a name can be one of a property.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(char::is_control)
}
