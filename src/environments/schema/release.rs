//! Numbers of releases, as `2.5` and `2.10.1`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A release of the program that is configured: numbers with dots between. `2.5` and `2.5.0` are the same.
#[derive(Clone, Debug)]
pub struct Release {
    text: String,
    numbers: Vec<u64>,
}

/// It is none.
#[derive(Debug, thiserror::Error)]
#[error("a release consists of numbers with dots, such as 2.5.1")]
pub struct InvalidRelease;

impl FromStr for Release {
    type Err = InvalidRelease;

    fn from_str(text: &str) -> Result<Self, InvalidRelease> {
        let numbers = text.strip_prefix('v').unwrap_or(text).split('.');
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let mut numbers = numbers
            .map(|part| part.parse().ok().filter(|_| digits(part)).ok_or(InvalidRelease))
            .collect::<Result<Vec<u64>, _>>()?;
        while numbers.len() > 1 && numbers.last() == Some(&0) {
            numbers.pop();
        }
        Ok(Self { text: text.to_owned(), numbers })
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Release {
    fn eq(&self, other: &Self) -> bool {
        self.numbers == other.numbers
    }
}

impl Eq for Release {}

impl PartialOrd for Release {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Release {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_compared_by_their_numbers() {
        let release = |text: &str| text.parse::<Release>().unwrap();
        assert!(release("2.10") > release("2.9.9"));
        assert!(release("v2.5") == release("2.5.0"));
        assert!(release("2.5.1") > release("2.5"));
        for bad in ["", "2.", "2.x", "-1", "2..1", "+1", "2.99999999999999999999"] {
            assert!(bad.parse::<Release>().is_err(), "{bad}");
        }
    }
}
