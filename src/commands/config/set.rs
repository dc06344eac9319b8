//! `git shroud config set`

use std::ffi::OsString;
use std::io::{IsTerminal as _, Read as _};

use zeroize::Zeroizing;

use super::super::Context;
use super::{FileOption, PropertyArguments, load, report_written, show};
use crate::environments::files::{Address, Slot};
use crate::environments::generate::{LENGTHS, generate};
use crate::environments::schema::Type;
use crate::error::{CommandError, Context as _, Outcome};

/// Bytes of the longest value.
const MAX_VALUE: usize = 1 << 20;

/// Set a property in an environment, and keep the rest of the file
///
/// Asks for the value on the terminal, or reads standard input: one line without its end, several lines as they are. Never pass the value as an argument, where
/// other users of the machine could see it. The value must fit the schema. Commit the file afterwards.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ echo 8080 | git shroud config set dev PORT
  $ git shroud config set dev TLS_CERTIFICATE < ../tls.pem
  $ git shroud config set dev DB_PASSWORD --generate
  $ git shroud config set dev API_TOKEN --generate=64")]
pub(super) struct Set {
    #[command(flatten)]
    property: PropertyArguments,
    #[command(flatten)]
    file: FileOption,
    /// Make a random value of N letters and digits, which nobody sees (for type base64: of N bytes)
    #[arg(
        long,
        value_name = "N",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "32",
        value_parser = length
    )]
    generate: Option<usize>,
    // Taken so that it is not shown in a message about arguments that are not known.
    #[arg(hide = true)]
    value: Vec<OsString>,
}

impl Set {
    pub(super) fn run(self, context: &Context) -> Outcome {
        if !self.value.is_empty() {
            return Err(CommandError::wrong("a value was passed as an argument (not shown)")
                .hint("your shell's history may hold it now: if it is a secret, change it")
                .hint("type the value when asked, or pipe it in"));
        }
        let PropertyArguments { environment, name, schema } = &self.property;
        let loaded = load(context, schema, &[])?;
        let address = Address { environment, name, file: self.file.file.as_deref() };
        let mut slot = Slot::find(&context.ui, &loaded, address)?;
        let shown = show(name);
        let value = match self.generate {
            None => value(&format!("{environment} {shown}"))?,
            Some(length) => {
                let kind = slot.property().map_or(&Type::String, |property| &property.kind);
                generate(kind, length, |value| slot.refuse(value))
                    .map_err(|error| CommandError::wrong(error.to_string()))?
            }
        };
        if !slot.put(&value, false)? {
            context.ui.status(format!("{environment} already has this value of {shown}"));
            return Ok(());
        }
        report_written(context, slot.path(), slot.overriding(), &shown);
        Ok(())
    }
}

/// How long a generated value is.
fn length(text: &str) -> Result<usize, String> {
    let wrong = || format!("it must be a number from {} to {}", LENGTHS.start(), LENGTHS.end());
    text.parse().ok().filter(|length| LENGTHS.contains(length)).ok_or_else(wrong)
}

/// The value: what is typed on the terminal, unseen; else standard input.
fn value(question: &str) -> Outcome<Zeroizing<String>> {
    if std::io::stdin().is_terminal() {
        let typed = rpassword::prompt_password(format!("Value of {question}: "));
        return Ok(typed.map(Zeroizing::new).context(|| "the terminal".to_owned())?);
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_VALUE + 1));
    let read = std::io::stdin().take(MAX_VALUE as u64 + 1).read_to_end(&mut bytes);
    read.context(|| "standard input".to_owned())?;
    if bytes.len() > MAX_VALUE {
        return Err(CommandError::wrong("the value is larger than 1 MiB"));
    }
    let text =
        std::str::from_utf8(&bytes).map_err(|_| CommandError::wrong("the value is not UTF-8"))?;
    // One line goes without its end. A block of PEM is several, and keeps the end of the last.
    let line = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    let text = if line.contains('\n') { text } else { line };
    let mut value = Zeroizing::new(String::with_capacity(text.len()));
    value.push_str(text);
    Ok(value)
}
