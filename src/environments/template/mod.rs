//! The files of a new configuration repository.

use std::fmt::Write as _;

use crate::config_format::Format;
use crate::environments::{FOLDER, SCHEMA_FILE};

/// Where the example for a CI service is.
pub const WORKFLOW: &str = ".github/workflows/configuration.yml";
/// What the README is called, and what where there is one already.
pub const README: [&str; 2] = ["README.md", "CONFIGURATION.md"];

/// The name of an environment's file.
pub fn file_name(format: Format) -> &'static str {
    match format {
        Format::Env => "app.env",
        Format::Properties => "app.properties",
        Format::Ini => "app.ini",
        Format::Toml => "app.toml",
        Format::Yaml => "app.yaml",
        Format::Json => "app.json",
        Format::Tfvars => "app.tfvars",
    }
}

/// The first text of an environment's file.
pub fn file(environment: &str, format: Format) -> String {
    if format == Format::Json {
        // It knows no comments.
        return "{\n}\n".to_owned();
    }
    format!("# The properties of {environment}. In the repository its values are sealed.\n")
}

/// The name of an environment, and where its files are; `None` where that is the usual folder.
pub type WithPlaces = (String, Option<Vec<String>>);

/// The schema, with the places of each environment.
pub fn schema(environments: &[WithPlaces]) -> String {
    let quoted = |text: &str| crate::config_format::quoted(text).to_string();
    let list = |texts: &[String]| {
        let texts: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
        texts.join(", ")
    };
    let usual = environments.iter().all(|(_, places)| places.is_none());
    let mut text = include_str!("schema-head.toml").to_owned();
    if usual {
        let names: Vec<String> = environments.iter().map(|(name, _)| name.clone()).collect();
        writeln!(text, "\nenvironments = [{}]", list(&names)).expect("a String takes any text");
    } else {
        text.push_str("\n[environments]\n");
        for (name, places) in environments {
            let places = places.clone().unwrap_or_else(|| vec![format!("{FOLDER}/{name}")]);
            writeln!(text, "{} = [{}]", quoted(name), list(&places))
                .expect("a String takes any text");
        }
    }
    text.push_str(include_str!("schema-properties.toml"));
    text
}

/// The README for the team.
pub fn readme(environments: &[String], format: Format) -> String {
    let first = environments.first().map_or("dev", String::as_str);
    let last = environments.last().map_or("prod", String::as_str);
    let mut table = String::new();
    for name in environments {
        writeln!(table, "| `{name}` | `{FOLDER}/{name}/` | `{name}` |")
            .expect("a String takes any text");
    }
    include_str!("README.md")
        .replace("{TABLE}", table.trim_end())
        .replace("{FIRST}", first)
        .replace("{LAST}", last)
        .replace("{FILE}", file_name(format))
        .replace("{SCHEMA}", SCHEMA_FILE)
}

/// The example for a CI service.
pub fn workflow() -> String {
    include_str!("configuration.yml").replace("{TAG}", concat!("v", env!("CARGO_PKG_VERSION")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environments::schema::Schema;

    #[test]
    fn the_schema_is_one() {
        let usual = schema(&[("dev".into(), None), ("prod".into(), None)]);
        let read = Schema::parse(usual.as_bytes()).unwrap();
        assert_eq!(read.environments[1].paths, ["environments/prod"]);
        let taken = Some(vec!["app/prod.yml".to_owned()]);
        let read =
            Schema::parse(schema(&[("dev".into(), None), ("prod".into(), taken)]).as_bytes());
        let read = read.unwrap();
        assert_eq!(read.environments[0].paths, ["environments/dev"]);
        assert_eq!(read.environments[1].paths, ["app/prod.yml"]);
    }

    #[test]
    fn each_first_file_can_be_read() {
        for format in
            [Format::Env, Format::Properties, Format::Ini, Format::Toml, Format::Yaml, Format::Json]
        {
            assert_eq!(Format::of_path(file_name(format).as_bytes()), Some(format));
            assert!(format.parse(file("dev", format).as_bytes()).is_ok());
        }
        assert!(!readme(&["dev".into()], Format::Env).contains("{F"));
    }
}
