//! What `set` writes is read as it was meant, by each dialect's own reader.

use super::judge::Values;
use super::{PARTS, READERS, Random, texts};
use git_shroud::config_format::{Format, Line, insert, replace};

/// Values that were written wrongly once.
const KNOWN: [&str; 14] = [
    "it's $5",
    "\\\\server\\share",
    "C:\\dir\\",
    "{\"m\":\"it's\"}",
    "a#b",
    "-----BEGIN X-----\nYQ==\n-----END X-----\n",
    "",
    " ",
    "\\",
    "$",
    "a\r\nb",
    "\\${X}",
    "%{x} ${x} $${x} %%{x}",
    "yes",
];
/// Values of one file.
const OF_A_FILE: usize = 20;

/// A file of a format before anything is set.
fn begin(format: Format) -> &'static str {
    match format {
        Format::Env => "# c\nP='x'\nA0=old # note\nQ=\"y z\"\n",
        Format::Properties => "# c\nP = x\nA0 = old\nQ = y z\n",
        Format::Ini => "[s]\nP = x\nA0 = 1\nQ = 2\n",
        Format::Toml => "[s]\nP = 'x' # c\nA0 = \"old\"\nQ = 1\n",
        Format::Json => {
            "{\n  \"s\": {\n    \"P\": \"x\",\n    \"A0\": \"old\",\n    \"Q\": 1\n  }\n}\n"
        }
        _ => "s:\n  P: 'x' # c\n  A0: old\n  Q: 1\n",
    }
}

#[test]
fn a_thousand_values_are_read_as_they_were_set() {
    let mut random = Random(1);
    let mut values: Vec<String> = KNOWN.map(str::to_owned).to_vec();
    values.extend((values.len()..1000).map(|_| random.text(&PARTS, 8)));
    for (name, format, dialect, judges) in READERS {
        let section = if matches!(format, Format::Env | Format::Properties) { "" } else { "s." };
        let mut files: Vec<(Vec<u8>, Values)> = Vec::new();
        let mut refused = 0;
        for chunk in values.chunks(OF_A_FILE) {
            let mut bytes = begin(format).as_bytes().to_vec();
            for (at, value) in chunk.iter().enumerate() {
                let document = format.parse_as(dialect, &bytes).expect("it was written here");
                let property = format!("{section}A{at}");
                let new = match document.find(&property) {
                    Some(item) => replace(&document, item, value, false),
                    None => {
                        insert(&document, &property, Line::Value { text: value, literal: false })
                    }
                };
                let Ok(new) = new else {
                    refused += 1;
                    continue;
                };
                let now = format.parse_as(dialect, &new).expect("it is read");
                assert_eq!(*now.items[now.find(&property).unwrap()].text, *value);
                bytes = new.to_vec();
            }
            let document = format.parse_as(dialect, &bytes).expect("it was written here");
            let expected = texts(&document);
            files.push((bytes, expected));
        }
        // Each refusal is one more way in which readers differ; they are not to become more.
        let most = match (name, format) {
            // python-dotenv knows no way of writing '${X}', and no reader one that all share with it.
            ("all", _) => 310,
            ("python", Format::Env) => 100,
            ("node", _) => 5,
            // Nothing stands for a line end in quotes; lines that go on lose their blanks.
            ("python", _) => 160,
            ("php", Format::Ini) => 125,
            _ => 0,
        };
        assert!(refused <= most, "{name}: {refused} of {} values were refused", values.len());
        let given: Vec<Vec<u8>> = files.iter().map(|(bytes, _)| bytes.clone()).collect();
        let names: Vec<String> = ["P", "Q"]
            .map(str::to_owned)
            .into_iter()
            .chain((0..OF_A_FILE).map(|at| format!("A{at}")))
            .collect();
        for judge in judges {
            for ((bytes, expected), told) in files.iter().zip(judge.read(&given, &names)) {
                let shown = String::from_utf8_lossy(bytes);
                let told = told.unwrap_or_else(|| panic!("{name}: {judge:?} refuses\n{shown}"));
                for (path, value) in expected {
                    let told = told.get(path).unwrap_or_else(|| panic!("{path:?} in\n{shown}"));
                    let told = told.as_str().map_or_else(|| told.to_string(), str::to_owned);
                    assert_eq!(
                        Some(told.as_str()),
                        value.as_str(),
                        "{name}: {judge:?}: {path:?} in\n{shown}"
                    );
                }
            }
        }
    }
}
