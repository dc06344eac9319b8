//! `git shroud config set`

use std::ffi::OsString;
use std::io::{IsTerminal as _, Read as _};

use zeroize::Zeroizing;

use super::super::Context;
use super::show;
use super::{SchemaOption, load};
use crate::environments::MARKER;
use crate::environments::files::{WorktreeFile, overriding, target};
use crate::error::{CommandError, Context as _, Outcome};

/// Bytes of the longest value.
const MAX_VALUE: usize = 1 << 20;

/// Set a property in an environment, and keep the rest of the file
///
/// Asks for the value on the terminal, or reads standard input without its last line end. Never pass the value as an argument, where
/// other users of the machine could see it. The value must fit the schema. Commit the file afterwards.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ echo 8080 | git shroud config set dev PORT
  $ git shroud config set dev TLS_CERTIFICATE < ../tls.pem")]
pub(super) struct Set {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    /// The property
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    schema: SchemaOption,
    /// The file for a new property, if the environment has several
    #[arg(long, value_name = "FILE")]
    file: Option<String>,
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
        let loaded = load(context, &self.schema, &[])?;
        let environment = self.environment.as_str();
        let file = target(&loaded, environment, &self.name, self.file.as_deref())?;
        let name = show(&self.name);
        let property = loaded.schema.as_ref().and_then(|schema| schema.properties.get(&self.name));
        let property = property.map(|property| property.of(environment));
        if loaded.schema.as_ref().is_some_and(|schema| !schema.properties.is_empty())
            && property.is_none()
        {
            context.ui.warning(format!("the schema does not know {name}"));
            context.ui.hint(format!(
                "git shroud config schema add {}",
                crate::sanitise::word_or(self.name.as_bytes(), "NAME")
            ));
        }
        let mut file = WorktreeFile::read(&context.ui, &loaded, &file)?;
        if property.is_some_and(|property| property.secret) && !file.sealed {
            return Err(CommandError::refused(format!(
                "{name} is a secret, but no attribute seals {}",
                show(&file.path)
            ))
            .hint(format!(
                "git shroud track --key {} {}",
                crate::sanitise::word_or(environment.as_bytes(), "KEY"),
                crate::sanitise::word_or(file.path.as_bytes(), "PATH")
            )));
        }
        file.refuse_moved(&loaded, environment)?;
        let value = value(&format!("{environment} {name}"))?;
        if value.as_str() == MARKER {
            return Err(CommandError::wrong("this is the marker for a value that is not set yet"));
        }
        if let Some(why) = property.and_then(|property| property.refuse(&value)) {
            return Err(CommandError::refused(format!(
                "the value of {name} {why}; nothing was changed"
            )));
        }
        let literal = property.is_some_and(|property| property.kind.is_literal());
        if !file.set(&self.name, &value, literal)? {
            context.ui.status(format!("{environment} already has this value of {name}"));
            return Ok(());
        }
        file.write(&loaded)?;
        context.ui.status(format!("wrote {name} to {}; commit it", show(&file.path)));
        let own = loaded.environments.iter().find(|one| one.name == environment);
        if let Some((path, line)) = own.and_then(|own| overriding(own, &self.name, &file.path)) {
            context.ui.warning(format!("{}:{line} overrides this value", show(&path)));
        }
        Ok(())
    }
}

/// The value: what is typed on the terminal, unseen; else standard input without its last line end.
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
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    // A block of PEM is several lines, and keeps the end of the last.
    let text = if text.contains('\n') { text.trim_end_matches('\n') } else { text };
    let mut value = Zeroizing::new(String::with_capacity(text.len() + 1));
    value.push_str(text);
    if text.contains('\n') {
        value.push('\n');
    }
    Ok(value)
}
