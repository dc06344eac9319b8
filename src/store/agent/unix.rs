//! Asking an agent, and starting one.

use std::io::{self, ErrorKind};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

pub use super::serve::serve;

use super::protocol::{Answer, ReadError, Request, Text};
use super::socket::{Timed, folder, reach};
use super::{AgentError, Listed, Name};

/// How long a new agent may take until it answers.
const START: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(5);

/// The keyring of a clone; `None` if there is no agent, or it has none of this clone.
///
/// # Errors
/// The agent is not this user's, or does not answer as one.
pub fn get(name: &Name) -> Result<Option<Zeroizing<Vec<u8>>>, AgentError> {
    match ask(&Request::Get(name.clone()))? {
        Some(Answer::Text(text)) => Ok(Some(text.0)),
        Some(Answer::Nothing) | None => Ok(None),
        Some(_) => Err(AgentError::Damaged),
    }
}

/// Gives it the keyring of a clone, for the time that was said before, else [`super::DEFAULT_TIME`].
///
/// # Errors
/// As [`get`]; or there is no agent.
pub fn put(name: &Name, text: &[u8]) -> Result<(), AgentError> {
    let text = Text(Zeroizing::new(text.to_vec()));
    done(ask(&Request::Put(name.clone(), text))?.as_ref())
}

/// Says for how long it is to hold the keyring of a clone, from now on.
///
/// # Errors
/// As [`put`].
pub fn hold(name: &Name, time: Duration) -> Result<(), AgentError> {
    done(ask(&Request::Hold(name.clone(), time))?.as_ref())
}

/// Lets it forget a clone.
///
/// # Errors
/// As [`get`].
pub fn remove(name: &Name) -> Result<(), AgentError> {
    match ask(&Request::Remove(name.clone()))? {
        Some(Answer::Nothing) | None => Ok(()),
        answer => done(answer.as_ref()),
    }
}

/// The clones whose keys it holds; `None` if there is no agent.
///
/// # Errors
/// As [`get`].
pub fn list() -> Result<Option<Vec<Listed>>, AgentError> {
    match ask(&Request::List)? {
        None => Ok(None),
        Some(Answer::List(listed)) => Ok(Some(listed)),
        Some(_) => Err(AgentError::Damaged),
    }
}

/// Ends it; says if there was one.
///
/// # Errors
/// As [`get`].
pub fn stop() -> Result<bool, AgentError> {
    match ask(&Request::Stop)? {
        None => Ok(false),
        answer => done(answer.as_ref()).map(|()| true),
    }
}

fn done(answer: Option<&Answer>) -> Result<(), AgentError> {
    match answer {
        Some(Answer::Done) => Ok(()),
        Some(Answer::Full) => Err(AgentError::Full),
        Some(_) => Err(AgentError::Damaged),
        None => Err(AgentError::Io(ErrorKind::NotConnected.into())),
    }
}

/// Asks once; `None` if there is no agent.
fn ask(request: &Request) -> Result<Option<Answer>, AgentError> {
    let Some(stream) = reach(&folder())? else { return Ok(None) };
    let mut stream = Timed::new(&stream);
    request.write(&mut stream).map_err(failed)?;
    match Answer::read(&mut stream) {
        Ok(Answer::NotUnderstood) | Err(ReadError::Version) => Err(AgentError::Version),
        Ok(answer) => Ok(Some(answer)),
        Err(ReadError::Damaged) => Err(AgentError::Damaged),
        Err(ReadError::Io(error)) => Err(failed(error)),
    }
}

fn failed(error: io::Error) -> AgentError {
    match error.kind() {
        // A timeout of a socket is either (setsockopt(2), "SO_RCVTIMEO").
        ErrorKind::WouldBlock | ErrorKind::TimedOut => AgentError::Hung,
        _ => AgentError::Io(error),
    }
}

/// Starts an agent that outlives this run, unless there is one; says if it did.
///
/// # Errors
/// As [`get`]; or the new one does not answer.
pub fn start() -> Result<bool, AgentError> {
    if list()?.is_some() {
        return Ok(false);
    }
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["agent", "--foreground", "--detach"]).current_dir("/");
    // It serves all clones; and a key that is in the environment is none of its business.
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_"))
    {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let begun = Instant::now();
    loop {
        // Also if another run was faster.
        if matches!(list(), Ok(Some(_))) {
            return Ok(true);
        }
        if let Some(status) = child.try_wait()?
            && list()?.is_none()
        {
            return Err(AgentError::Start(format!(
                " ({status}); 'git shroud agent --foreground' says why"
            )));
        }
        if begun.elapsed() > START {
            return Err(AgentError::Start(": it does not answer".to_owned()));
        }
        std::thread::sleep(PAUSE);
    }
}
