//! Files are read as their readers read them, or refused.

use super::judge::{Judge, Values};
use super::{PARTS, READERS, Random, path, texts};
use git_shroud::config_format::{Dialect, Document, Format, Item, Kind, Step, Style, json_number};
use serde_json::Value;

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/foreign/config_readers/files");

/// Each file with the dialect that it is read in.
const READ: [(&str, Option<Dialect>); 12] = [
    ("compose.yaml", None),
    ("deploy.yaml", None),
    ("pyproject.toml", None),
    ("settings.json", None),
    ("application.properties", None),
    ("setup.cfg", Some(Dialect::Python)),
    ("php.ini", Some(Dialect::Php)),
    ("my.cnf", Some(Dialect::Mysql)),
    ("laravel.env", Some(Dialect::Php)),
    ("node.env", Some(Dialect::Node)),
    ("python.env", Some(Dialect::Python)),
    ("shell.env", Some(Dialect::Shell)),
];

fn judges(format: Format, dialect: Option<Dialect>) -> &'static [Judge] {
    let row = READERS.iter().find(|(_, of, reader, _)| (*of, *reader) == (format, dialect));
    row.expect("it is in the list").3
}

/// Holds a document to what a judge has read.
fn compare(judge: Judge, document: &Document<'_>, told: &Values, file: &str) {
    let mut told = told.clone();
    for item in document.items.iter().filter(|item| item.is_scalar()) {
        let path = path(item.document, &item.path.0);
        let Some(other) = told.remove(&path) else {
            panic!("{file}: {judge:?} does not read {path:?}")
        };
        let is_same = match (&other, item.kind) {
            (Value::String(other), Kind::Null) => matches!(other.as_str(), "" | "~" | "null"),
            (Value::String(other), Kind::Boolean) => other.eq_ignore_ascii_case(&item.text),
            // Python takes every line end for a line feed.
            (Value::String(other), Kind::Text) if judge == Judge::Tomllib => {
                *other == item.text.replace("\r\n", "\n")
            }
            // Written in another way.
            (Value::String(_), Kind::Date) if judge == Judge::Tomllib => true,
            (Value::String(other), Kind::Number) => {
                let number = |text: &str| json_number(document.format, text);
                *other == *item.text || number(other) == number(&item.text)
            }
            (Value::Number(other), Kind::Number) => {
                let number = json_number(document.format, &item.text);
                number.and_then(|number| number.parse().ok()) == other.as_f64()
            }
            (Value::Bool(other), Kind::Boolean) => other.to_string() == *item.text,
            (Value::Null, kind) => kind == Kind::Null,
            (other, _) => other.as_str() == Some(item.text.as_str()),
        };
        assert!(is_same, "{file}: {path:?} is {:?}, {judge:?} reads {other}", *item.text);
    }
    assert!(told.is_empty(), "{file}: {judge:?} reads more: {told:?}");
}

#[test]
fn files_are_read_as_their_readers_read_them() {
    let mut scalars = 0;
    for (file, dialect) in READ {
        let text = std::fs::read(format!("{FILES}/{file}")).expect("the file is there");
        let format = Format::of_path(file.as_bytes()).unwrap_or(Format::Ini);
        // Carriage returns are a part of the value for shells, and of the line for Java's.
        let windows = String::from_utf8(text.clone()).expect("UTF-8").replace('\n', "\r\n");
        let marked = [b"\xef\xbb\xbf", text.as_slice()].concat();
        let mut ways = vec![text.clone()];
        if dialect != Some(Dialect::Shell) {
            ways.push(windows.into_bytes());
        }
        if matches!(format, Format::Yaml | Format::Json) {
            ways.push(marked);
        }
        for judge in judges(format, dialect) {
            let names = names(format, dialect, &text);
            // Python's readers are given text, and have no mark then.
            let given: Vec<Vec<u8>> = ways
                .iter()
                .map(|way| way.strip_prefix(b"\xef\xbb\xbf").unwrap_or(way).to_vec())
                .collect();
            let told = judge.read(&given, &names);
            for (way, told) in ways.iter().zip(told) {
                let document = format.parse_as(dialect, way);
                let document = document.unwrap_or_else(|doubt| panic!("{file}: {doubt}"));
                let told = told.unwrap_or_else(|| panic!("{judge:?} refuses {file}"));
                compare(*judge, &document, &told, file);
                scalars += told.len();
            }
        }
    }
    assert!(scalars > 500, "{scalars} values were compared");
}

/// The names of a file's values, for judges that must be asked.
fn names(format: Format, dialect: Option<Dialect>, text: &[u8]) -> Vec<String> {
    let document = format.parse_as(dialect, text);
    let items = document.as_ref().map_or(&[][..], |document| &document.items);
    let last = |step: Option<&Step>| match step {
        Some(Step::Name(name)) => Some(name.clone()),
        _ => None,
    };
    items.iter().filter_map(|item| last(item.path.0.last())).collect()
}

#[test]
fn any_value_is_read_as_its_reader_reads_it_or_refused() {
    let quotes = ["\"", "\"", "'", "'"];
    let parts: Vec<&str> = PARTS.into_iter().chain(quotes).collect();
    let mut random = Random(18);
    for (name, format, dialect, all) in READERS {
        // What all read alike is a matter of writing.
        if format == Format::Env && dialect.is_none() {
            continue;
        }
        let whole = |raw: &str| match format {
            Format::Env | Format::Properties => format!("A={raw}\nZ='z'\n"),
            Format::Ini => format!("[s]\nA={raw}\nZ=1\n"),
            Format::Toml => format!("A = {raw}\nZ = 'z'\n"),
            Format::Json => format!("{{\"A\": {raw}, \"Z\": \"z\"}}"),
            _ => format!("A: {raw}\nZ: 'z'\n"),
        };
        let mut made = || {
            let raw = random.text(&parts, 7);
            let quote = match format {
                Format::Toml => ["\"", "'", "\"\"\"", "''"][random.below(4)],
                Format::Json => "\"",
                Format::Ini if name == "php" => ["\"", "'"][random.below(2)],
                _ => "",
            };
            whole(&[quote, &raw, quote].concat()).into_bytes()
        };
        let texts_given: Vec<Vec<u8>> = (0..600).map(|_| made()).collect();
        let mut read = 0;
        for judge in all {
            let told = judge.read(&texts_given, &["A".to_owned(), "Z".to_owned()]);
            for (text, told) in texts_given.iter().zip(told) {
                let shown = String::from_utf8_lossy(text);
                let Ok(document) = format.parse_as(dialect, text) else { continue };
                // Values are what this is about, and not the lines that they may look like.
                let others = |item: &Item| match item.path.0.last() {
                    Some(Step::Name(name)) => !["A", "Z", "s"].contains(&name.as_str()),
                    _ => false,
                };
                let is_left = |item: &Item| {
                    !item.references.is_empty() || format != Format::Yaml && others(item)
                };
                if document.repeated().is_some() || document.items.iter().any(is_left) {
                    continue;
                }
                // Readers of YAML refuse some tabs, each others, and PHP computes with what has no quotes.
                let first = &document.items[document.find("s.A").unwrap_or(0)];
                match judge {
                    Judge::PyYaml | Judge::NodeYaml if told.is_none() => continue,
                    Judge::PhpIni if first.style == Style::Plain => continue,
                    _ => read += 1,
                }
                let told = told.unwrap_or_else(|| {
                    panic!("{name}: {judge:?} refuses {shown:?}, read as {:?}", texts(&document))
                });
                if matches!(format, Format::Env) {
                    assert_eq!(texts(&document), told, "{name}: {judge:?} of {shown:?}");
                } else {
                    compare(*judge, &document, &told, &shown);
                }
            }
        }
        assert!(read > 20, "{name}: {read} were read");
    }
}
