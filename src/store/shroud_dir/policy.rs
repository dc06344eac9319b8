//! What a key asks of its members and backups: a text in `key.toml`, under its mac (docs/format.md, section 5).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::recipient::Method;

/// What a key asks of its members and backups. The default asks nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// At least so many members.
    pub members: u32,
    /// At least so many kinds of verified backups.
    pub backups: u32,
    /// The kinds of recipients that may be members; all where it is empty.
    pub recipients: BTreeSet<Method>,
    /// Certificates are valid for at least so many days.
    pub certificate_days: u32,
    /// Whether each grant must be post-quantum.
    pub post_quantum: bool,
}

/// A text that is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its policy is not one that this version knows")]
pub struct InvalidPolicy;

impl Policy {
    /// Whether it asks nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The text for `key.toml`; `None` where it asks nothing.
    pub(super) fn text(&self) -> Option<String> {
        (!self.is_empty()).then(|| self.to_string())
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |name: &str, n: u32| (n > 0).then(|| format!("{name}={n}"));
        let kinds: Vec<_> = self.recipients.iter().map(|method| method.kind().name()).collect();
        let words = [
            number("members", self.members),
            number("backups", self.backups),
            (!kinds.is_empty()).then(|| format!("recipients={}", kinds.join(","))),
            number("certificate-days", self.certificate_days),
            self.post_quantum.then(|| "post-quantum".to_owned()),
        ];
        f.write_str(&words.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }
}

impl FromStr for Policy {
    type Err = InvalidPolicy;

    fn from_str(text: &str) -> Result<Self, InvalidPolicy> {
        let mut policy = Self::default();
        for word in text.split(' ') {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            let number = || value.parse::<u32>().map_err(|_| InvalidPolicy);
            match name {
                "members" => policy.members = number()?,
                "backups" => policy.backups = number()?,
                "recipients" => {
                    for kind in value.split(',') {
                        let is_named = |method: &&Method| method.kind().name() == kind;
                        let method = Method::ALL.iter().find(is_named).ok_or(InvalidPolicy)?;
                        policy.recipients.insert(*method);
                    }
                }
                "certificate-days" => policy.certificate_days = number()?,
                "post-quantum" => policy.post_quantum = true,
                _ => return Err(InvalidPolicy),
            }
        }
        // One text for each policy: what says nothing, says it twice or in another order is none.
        if policy.is_empty() || policy.to_string() != text {
            Err(InvalidPolicy)
        } else {
            Ok(policy)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_policy_has_one_text() {
        for text in [
            "members=2",
            "members=2 backups=1 recipients=openpgp,age,ssh,command certificate-days=30 post-quantum",
            "recipients=ssh",
            "post-quantum",
        ] {
            assert_eq!(text.parse::<Policy>().unwrap().to_string(), text);
        }
        for text in [
            "",
            " ",
            "members=0",
            "members=02",
            "members=-1",
            "members=4294967296",
            "members=2 members=2",
            "backups=1 members=2",
            "members=2  backups=1",
            "recipients=",
            "recipients=age,openpgp",
            "recipients=age,age",
            "recipients=fax",
            "post-quantum=1",
            "other",
            "members=2\n",
        ] {
            assert_eq!(text.parse::<Policy>(), Err(InvalidPolicy), "{text:?}");
        }
    }
}
