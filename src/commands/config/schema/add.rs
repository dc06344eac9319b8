//! `git shroud config schema add`

use super::{Context, SchemaOption, file, show};
use crate::environments::schema::{NewProperty, Type};
use crate::error::Outcome;

/// Add a property to the schema
///
/// Adds a table at the end of the file, and changes nothing else. 'git shroud config sync' then adds the property where it is missing.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config schema add MAIL_URL --required --type url --secret
  $ git shroud config schema add POOL_SIZE --default 5 --type int --explicit prod
  $ git shroud config schema add LEVEL --values debug,info,error --default info
  $ git shroud config schema add HTTP_PORT --type port --min 1024
  $ git shroud config schema add API_KEY --secret --min-length 20 --forbidden changeme")]
pub(super) struct Add {
    /// The name
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    schema: SchemaOption,
    /// It is an error if it is not set
    #[arg(long, conflicts_with = "default")]
    required: bool,
    /// If it is not set, the program uses this value
    #[arg(long, value_name = "VALUE")]
    default: Option<String>,
    /// An environment that must set it, although there is a default
    #[arg(long, value_name = "ENV", value_delimiter = ',', requires = "default")]
    explicit: Vec<String>,
    /// The type of the value: string, int, number, port, bool, url, duration, size, enum, list, json, pem or base64
    #[arg(long = "type", value_name = "TYPE", value_parser = Type::NAMES)]
    kind: Option<String>,
    /// The allowed values
    #[arg(long, value_name = "VALUE", value_delimiter = ',')]
    values: Vec<String>,
    /// A regular expression that must match the whole value
    #[arg(long, value_name = "REGEX")]
    pattern: Option<String>,
    /// The least number, size or duration
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    min: Option<String>,
    /// The greatest number, size or duration
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    max: Option<String>,
    /// The least number of characters
    #[arg(long, value_name = "N")]
    min_length: Option<usize>,
    /// The greatest number of characters
    #[arg(long, value_name = "N")]
    max_length: Option<usize>,
    /// Values that are not allowed, in any case of letters
    #[arg(long, value_name = "VALUE", value_delimiter = ',')]
    forbidden: Vec<String>,
    /// It must be in a sealed file
    #[arg(long)]
    secret: bool,
    /// No two environments may have the same value
    #[arg(long)]
    distinct: bool,
    /// The first release of the program that uses it
    #[arg(long, value_name = "RELEASE")]
    since: Option<String>,
    /// The first release of the program that no longer uses it
    #[arg(long, value_name = "RELEASE")]
    removed: Option<String>,
    /// A description for people
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

impl Add {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let file = file(context, &self.schema)?;
        let kind = self.kind.or_else(|| (!self.values.is_empty()).then(|| "enum".to_owned()));
        let new = NewProperty {
            required: self.required,
            default: self.default,
            explicit: self.explicit,
            kind,
            values: self.values,
            pattern: self.pattern,
            min: self.min,
            max: self.max,
            min_length: self.min_length,
            max_length: self.max_length,
            forbidden: self.forbidden,
            secret: self.secret,
            distinct: self.distinct,
            since: self.since,
            removed: self.removed,
            description: self.description,
        };
        file.add(&self.name, &new)?;
        context.ui.status(format!(
            "added {} to {}",
            show(&self.name),
            crate::sanitise::native(file.path())
        ));
        context.ui.hint("'git shroud config sync' adds it where it is missing");
        Ok(())
    }
}
