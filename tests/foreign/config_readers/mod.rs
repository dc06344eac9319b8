//! How configuration files are read and written, beside the programs that they are for.

mod judge;
mod reading;
mod references;
mod writing;

use git_shroud::config_format::{Dialect, Document, Format, Step};
use judge::{Judge, Values};

/// The readers of each format and dialect.
const READERS: [(&str, Format, Option<Dialect>, &[Judge]); 12] = [
    ("yaml", Format::Yaml, None, &[Judge::PyYaml, Judge::NodeYaml]),
    ("toml", Format::Toml, None, &[Judge::Tomllib]),
    ("json", Format::Json, None, &[Judge::PythonJson]),
    ("properties", Format::Properties, None, &[Judge::Properties]),
    ("python", Format::Ini, Some(Dialect::Python), &[Judge::Configparser]),
    ("php", Format::Ini, Some(Dialect::Php), &[Judge::PhpIni]),
    ("mysql", Format::Ini, Some(Dialect::Mysql), &[Judge::Mysql]),
    ("shell", Format::Env, Some(Dialect::Shell), &[Judge::Sh, Judge::Bash]),
    ("node", Format::Env, Some(Dialect::Node), &[Judge::NodeDotenv]),
    ("python", Format::Env, Some(Dialect::Python), &[Judge::PythonDotenv]),
    ("php", Format::Env, Some(Dialect::Php), &[Judge::PhpDotenv]),
    (
        "all",
        Format::Env,
        None,
        &[Judge::Sh, Judge::Bash, Judge::NodeDotenv, Judge::PythonDotenv, Judge::PhpDotenv],
    ),
];

/// The steps that lead to an item, the document's number first.
fn path(document: usize, steps: &[Step]) -> Vec<String> {
    let step = |step: &Step| match step {
        Step::Name(name) => name.clone(),
        Step::Index(index) => index.to_string(),
    };
    std::iter::once(document.to_string()).chain(steps.iter().map(step)).collect()
}

/// The texts of a document's single values.
fn texts(document: &Document<'_>) -> Values {
    let scalars = document.items.iter().filter(|item| item.is_scalar());
    scalars.map(|item| (path(item.document, &item.path.0), item.text.as_str().into())).collect()
}

/// The same numbers in every run (Marsaglia's xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % count
    }

    /// A text of up to this many of the parts.
    fn text(&mut self, parts: &[&str], most: usize) -> String {
        let count = self.below(most + 1);
        (0..count).map(|_| parts[self.below(parts.len())]).collect()
    }
}

/// What is hard for one reader or another.
const PARTS: [&str; 38] = [
    "'", "\"", "$", "\\", "#", "\n", "`", " ", "ä", "😀", "a", "b", "{", "}", "$X", "${X}", "=",
    "\\n", "'\\''", "!", "%", "&", ";", "\t", "~", "it", "//", ":", "(", ")", "$5", "$$", "[", "]",
    "- ", "true", "0", ",",
];
