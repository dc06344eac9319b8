//! Points in time as text.

use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// `2026-11-21T20:36:00Z`: UTC, to the second (RFC 3339).
pub fn rfc3339(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at).replace_nanosecond(0).expect("zero is a nanosecond");
    text(at).expect("a year of the system's clock has four digits")
}

/// As [`rfc3339`], with the point's own offset and fraction; `None` where the year has not four digits.
pub fn text(at: OffsetDateTime) -> Option<String> {
    at.format(&Rfc3339).ok()
}

/// `2026-11-21`.
pub fn date(at: SystemTime) -> String {
    rfc3339(at).chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_utc_and_to_the_second() {
        let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_795_293_360_999);
        assert_eq!(rfc3339(at), "2026-11-21T20:36:00Z");
        assert_eq!(date(at), "2026-11-21");
    }
}
