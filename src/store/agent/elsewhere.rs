//! Where there are no Unix sockets.

use std::time::Duration;

use zeroize::Zeroizing;

use super::{AgentError, Listed, Name};

/// Nothing.
///
/// # Errors
/// [`AgentError::Unsupported`], as do all others here.
pub fn get(_name: &Name) -> Result<Option<Zeroizing<Vec<u8>>>, AgentError> {
    Err(AgentError::Unsupported)
}

/// Nothing.
///
/// # Errors
/// As [`get`].
pub fn put(_name: &Name, _text: &[u8]) -> Result<(), AgentError> {
    Err(AgentError::Unsupported)
}

/// Nothing.
///
/// # Errors
/// As [`get`].
pub fn hold(_name: &Name, _time: Duration) -> Result<(), AgentError> {
    Err(AgentError::Unsupported)
}

/// Nothing.
///
/// # Errors
/// As [`get`].
pub fn remove(_name: &Name) -> Result<(), AgentError> {
    Err(AgentError::Unsupported)
}

/// Nothing.
///
/// # Errors
/// As [`get`].
pub fn list() -> Result<Option<Vec<Listed>>, AgentError> {
    Err(AgentError::Unsupported)
}

/// Nothing.
///
/// # Errors
/// As [`get`].
pub fn stop() -> Result<bool, AgentError> {
    Err(AgentError::Unsupported)
}

/// Nothing.
///
/// # Errors
/// As [`get`].
pub fn start() -> Result<bool, AgentError> {
    Err(AgentError::Unsupported)
}

/// Nothing.
///
/// # Errors
/// As [`get`].
pub fn serve(_detach: bool) -> Result<(), AgentError> {
    Err(AgentError::Unsupported)
}
