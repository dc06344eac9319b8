//! Recipients that are commands of the user's.

use zeroize::Zeroizing;

use super::{Kind, Method, Read, ReadError, Wrapping};
use crate::recipient::command;
use crate::recipient::identities::{Holder, Identities};
use crate::recipient::means::{Means, OpenFailure};
use crate::recipient::openpgp::Certificate;
use crate::recipient::{Ask, Recipient, Strength, WrapError};

pub(super) struct CommandKind;

impl Kind for CommandKind {
    fn name(&self) -> &'static str {
        "command"
    }

    fn label_prefix(&self) -> &'static str {
        "command"
    }

    fn is_canonical(&self, text: &str) -> bool {
        text.strip_prefix(command::PREFIX).is_some_and(command::is_name)
    }

    fn is_meant(&self, text: &str) -> bool {
        text.starts_with(command::PREFIX)
    }

    fn read(&self, line: &str) -> Read {
        if !self.is_canonical(line) {
            return Err(ReadError::Command);
        }
        Ok((Recipient::new(Method::Command, line), None))
    }

    fn is_private(&self, _line: &str) -> bool {
        false
    }

    fn brief(&self, text: &str) -> String {
        text.to_owned()
    }

    fn fingerprint<'t>(&self, _text: &'t str) -> Option<&'t str> {
        None
    }

    fn needs_certificate(&self) -> bool {
        false
    }

    fn wrap(
        &self,
        recipient: &Recipient,
        _certificate: Option<&Certificate>,
        plaintext: &[u8],
        with: Wrapping<'_>,
    ) -> Result<String, WrapError> {
        let name = recipient.command().unwrap_or_default();
        Ok(with.commands.wrap(name, plaintext)?)
    }

    fn open(
        &self,
        means: &Means<'_>,
        _identities: &Identities,
        text: &str,
        wrapped: &str,
        _ask: Ask<'_>,
    ) -> Option<Result<Zeroizing<Vec<u8>>, OpenFailure>> {
        means.open_command(text.strip_prefix(command::PREFIX)?, wrapped)
    }

    fn is_hidden(&self, _wrapped: &str) -> bool {
        false
    }

    fn is_age_file(&self) -> bool {
        false
    }

    /// Nobody but the command knows.
    fn strength(&self, _wrapped: &str) -> Strength {
        Strength::Unknown
    }

    fn holder(&self) -> Holder {
        Holder::Commands
    }
}
