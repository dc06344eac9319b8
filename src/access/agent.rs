//! The agent that holds opened keys, as its user sees it.

use std::time::Duration;

use crate::progress::Progress;
use crate::store::agent::{self, AgentError, Listed};

/// What is done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// One is started that outlives this run.
    Start,
    /// This run is the agent.
    Serve {
        /// Whether it leaves the session of its terminal.
        detach: bool,
    },
    /// It ends.
    Stop,
    /// The clones that it knows are listed.
    List,
}

/// Does it; gives each line of a list to `line`.
///
/// # Errors
/// The agent does not answer, cannot be started, or is not this user's.
pub fn run(
    what: What,
    progress: &dyn Progress,
    line: &mut dyn FnMut(&str),
) -> Result<(), AgentError> {
    match what {
        What::Serve { detach } => agent::serve(detach)?,
        What::Start => match agent::start()? {
            true => progress.status("started the agent"),
            false => progress.status("the agent runs already"),
        },
        What::Stop => match agent::stop()? {
            true => progress.status("the agent has wiped all keys and ended"),
            false => progress.status("no agent runs"),
        },
        What::List => match agent::list()? {
            None => progress.status("no agent runs"),
            Some(listed) if listed.is_empty() => progress.status("the agent holds no keys"),
            Some(listed) => listed.iter().for_each(|one| line(&describe(one))),
        },
    }
    Ok(())
}

fn describe(Listed { name, left }: &Listed) -> String {
    format!("{:>10}  {}", duration(*left), crate::sanitise::path(&name.folder))
}

/// How long, for people: two units at most.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let parts = match (days, hours, minutes) {
        (0, 0, 0) => [(seconds, "s"), (0, "")],
        (0, 0, minutes) => [(minutes, "min"), (seconds % 60, "s")],
        (0, hours, minutes) => [(hours, "h"), (minutes, "min")],
        (days, hours, _) => [(days, "d"), (hours, "h")],
    };
    let [first, second] = parts.map(|(number, unit)| format!("{number} {unit}"));
    if parts[1].0 == 0 { first } else { format!("{first} {second}") }
}

/// Reads a time such as `8h`, `30m` or `2d`: at least a second, and at most [`agent::MAX_TIME`].
///
/// # Errors
/// It is none; what to write instead.
pub fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    const FORM: &str = "write a number and s, m, h or d, such as 8h; at most 30d";
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or(FORM)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(FORM),
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = number.parse().ok().filter(|_| is_number).ok_or(FORM)?;
    let time = Duration::from_secs(number.checked_mul(unit).ok_or(FORM)?);
    if time.is_zero() || time > agent::MAX_TIME { Err(FORM) } else { Ok(time) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let seconds = |text| parse_duration(text).map(|time| time.as_secs());
        assert_eq!(seconds("8h"), Ok(28_800));
        assert_eq!(seconds("1s"), Ok(1));
        assert_eq!(seconds("90m"), Ok(5_400));
        assert_eq!(seconds("30d"), Ok(2_592_000));
        for text in [
            "",
            "h",
            "8",
            "0h",
            "31d",
            "-1h",
            "+1h",
            "1.5h",
            "8 h",
            "8H",
            "1\u{b5}",
            "99999999999999999999h",
            "9999999999999999999h",
        ] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_told_in_two_units() {
        let told = |seconds| duration(Duration::from_secs(seconds));
        assert_eq!(told(0), "0 s");
        assert_eq!(told(59), "59 s");
        assert_eq!(told(61), "1 min 1 s");
        assert_eq!(told(28_799), "7 h 59 min");
        assert_eq!(told(28_800), "8 h");
        assert_eq!(told(90_000), "1 d 1 h");
    }
}
