//! Which files below an environment hold properties, and how each is read.

use gix::bstr::ByteSlice as _;

use crate::config_format::{Dialect, Format};

/// What a schema says of the names of files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileNames {
    /// Patterns of files that hold no properties.
    pub ignore: Vec<String>,
    /// Patterns of files, and how they are read; the first that matches counts.
    pub formats: Vec<(String, Format)>,
    /// The readers for which the files of a format are.
    pub dialects: Vec<(Format, Dialect)>,
}

/// Endings of configuration files that are read by no name alone: what is in them differs from program to program.
const ENDINGS: [&str; 15] = [
    "cf", "cnf", "conf", "config", "default", "defaults", "hcl", "hocon", "json5", "local",
    "secret", "secrets", "settings", "vars", "xml",
];
/// Words that are the name of a configuration file, or part of it.
const WORDS: [&str; 9] = [
    "config",
    "configuration",
    "env",
    "environment",
    "envrc",
    "secrets",
    "settings",
    "variables",
    "vars",
];
/// Files without an ending that belong to other programs.
const OTHERS: [&str; 10] = [
    ".gitkeep",
    ".gitignore",
    ".gitattributes",
    ".gitmodules",
    ".keep",
    ".empty",
    ".placeholder",
    ".dockerignore",
    ".editorconfig",
    ".ds_store",
];

impl FileNames {
    /// How a file is read; `None` where it holds no properties or nothing says how.
    pub fn format(&self, path: &str) -> Option<Format> {
        if matches(&self.ignore, path) {
            return None;
        }
        let named = self.formats.iter().find(|(pattern, _)| is_match(pattern, path));
        named.map(|(_, format)| *format).or_else(|| Format::of_path(path.as_bytes()))
    }

    /// The reader for which a file is, if it is known.
    pub fn dialect(&self, path: &str, format: Format) -> Option<Dialect> {
        let said = self.dialects.iter().find(|(known, _)| *known == format);
        Dialect::of_path(path.as_bytes())
            .filter(|own| Dialect::all(format).contains(own))
            .or(said.map(|(_, dialect)| *dialect))
    }

    /// Whether a file that is not read looks as if it holds properties.
    pub fn is_passed_over(&self, path: &str) -> bool {
        if matches(&self.ignore, path) || self.format(path).is_some() {
            return false;
        }
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        if OTHERS.contains(&name.as_str()) {
            return false;
        }
        let (stem, ending) = match name.rsplit_once('.') {
            Some(("", own)) => return is_word(own),
            Some((stem, ending)) => (stem, Some(ending)),
            None => (name.as_str(), None),
        };
        let words = |text: &str| text.split(['.', '-', '_']).any(|word| WORDS.contains(&word));
        match ending {
            // app.env.prod, .env-prod.bak and settings.ini.erb, but not env-setup.sh.
            Some(ending) => {
                ENDINGS.contains(&ending)
                    || Format::of_path(stem.as_bytes()).is_some()
                    || stem.split('.').any(|part| part == "env")
                    || stem == "env"
            }
            None => words(stem),
        }
    }
}

/// `.django`, `.postgres`: a file of variables without an ending.
fn is_word(own: &str) -> bool {
    !own.is_empty() && own.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

fn matches(patterns: &[String], path: &str) -> bool {
    patterns.iter().any(|pattern| is_match(pattern, path))
}

/// Whether a pattern without '/' matches the name, or one with it the path.
fn is_match(pattern: &str, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let subject = if pattern.contains('/') { path } else { name };
    let mode = gix::glob::wildmatch::Mode::NO_MATCH_SLASH_LITERAL;
    gix::glob::wildmatch(pattern.as_bytes().as_bstr(), subject.as_bytes().as_bstr(), mode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_look_like_configuration_and_are_not_read_are_told() {
        let names = FileNames {
            ignore: vec!["skip.conf".to_owned(), "environments/dev/x/*".to_owned()],
            formats: vec![("my.cnf".to_owned(), Format::Ini), ("*.vars".to_owned(), Format::Env)],
            dialects: Vec::new(),
        };
        let dev = |name: &str| format!("environments/dev/{name}");
        for name in [
            "app.conf",
            "other.cnf",
            ".django",
            ".postgres",
            ".envrc",
            "env",
            "env.prod",
            "app.env.prod",
            "web.config",
            "log4j.xml",
            "prod.env.local",
            "secrets",
            "App.CONF",
            "settings.ini.erb",
            "secrets.yaml.gotmpl",
        ] {
            assert!(names.is_passed_over(&dev(name)), "{name}");
        }
        for name in [
            "app.env",
            ".env",
            ".env.local",
            "a.yaml",
            "my.cnf",
            "terraform.tfvars",
            "a.vars",
            "skip.conf",
            "x/a.conf",
            "README.md",
            "tls.key",
            "tls.pem",
            "keystore.p12",
            ".gitkeep",
            "run.sh",
            "env-setup.sh",
            "LICENSE",
            "notes.txt",
            "logo.png",
        ] {
            assert!(!names.is_passed_over(&dev(name)), "{name}");
        }
        assert_eq!(names.format(&dev("my.cnf")), Some(Format::Ini));
        assert_eq!(names.format(&dev("x/app.env")), None);
    }
}
