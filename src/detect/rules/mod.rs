//! The rules: what a service's secrets look like, and what to do when one is found.
//!
//! The project's own are in the files of `data/`, each with examples that a test holds it to.

mod builtin;
pub mod gitleaks;

pub use builtin::builtin;

use std::sync::Arc;

use serde::Deserialize;

use crate::detect::rank::Rank;

/// One kind of secret.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, unique among the rules of a detector.
    pub id: String,
    /// Whose secret it is.
    pub service: String,
    /// What it is, in a few words.
    pub about: String,
    /// One of these is in or beside every match. For [`Anchor::Token`] and [`Anchor::Code`] as written, or in any case
    /// with `any_case`; for the others in any case.
    pub keywords: Vec<String>,
    /// Where the expression is tried.
    #[serde(default)]
    pub place: Anchor,
    /// Keywords match in any case; implied where `place` is not `token`.
    #[serde(default)]
    pub any_case: bool,
    /// A regular expression (the syntax of the `regex` crate, ASCII classes). Empty for [`Anchor::Code`].
    #[serde(default)]
    pub expression: String,
    /// The group that is the secret; 0 is the whole match.
    #[serde(default)]
    pub group: usize,
    /// The least Shannon entropy of the secret, in bits a byte.
    #[serde(default)]
    pub entropy: Option<f64>,
    /// What can be checked without asking anybody.
    #[serde(default)]
    pub check: Option<Check>,
    /// How sure a hit is where no check says more.
    pub rank: Rank,
    /// Where it is revoked, or what to do.
    pub revoke: String,
    /// Texts in which this rule finds something; `template.rs` describes the notation.
    #[serde(default)]
    pub yes: Vec<String>,
    /// Texts in which it finds nothing.
    #[serde(default)]
    pub no: Vec<String>,
    /// What another tool's rules say.
    #[serde(skip)]
    pub foreign: Option<Arc<gitleaks::Foreign>>,
}

/// Where a rule's expression is tried, once one of its keywords was seen.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Anchor {
    /// The keyword begins the match, at the beginning of a word.
    #[default]
    Token,
    /// The keyword is part of a name that a value is assigned to; the expression describes the whole value.
    Assigned,
    /// The match contains the keyword, within a bounded distance.
    Near,
    /// Anywhere in a text that has one of the keywords, or in every text if there are none.
    Text,
    /// Found by code: `check` says by which.
    Code,
}

/// What is checked, or found, by code.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// A GitHub token: six base62 digits of the CRC-32 of the thirty before them.
    Crc32Base62,
    /// Bech32 (BIP 173), as age writes its identities.
    Bech32,
    /// Three base64url parts, the first a JSON object that names an algorithm.
    Jwt,
    /// Behind `eyJ`, if the token has that, is a JSON object in base64.
    EncodedObject,
    /// A token whose first part is a number in base64.
    DiscordId,
    /// The hash of a password: worth less where programs and tests hold it.
    Hash,
    /// An AWS access key id, which holds the account's number.
    AwsKeyId,
    /// A seed of NATS: base32 that ends in a CRC-16.
    Nkey,
    /// A private key in PEM, or in OpenSSH's own format.
    Pem,
    /// A private or symmetric key in JSON (RFC 7517).
    Jwk,
    /// A value assigned to a name that says it is a password.
    Password,
    /// A value assigned to a name that says it is some other secret.
    Secret,
    /// The password of a URL.
    Url,
    /// An Authorization header.
    Authorization,
    /// `Basic` and a user and a password in base64.
    Basic,
    /// A user and a password that a program encodes in base64.
    EncodedPair,
    /// A password in a statement of SQL.
    Identified,
    /// A user and a password on a command line.
    CommandLine,
    /// A line of a password file of PostgreSQL.
    Pgpass,
    /// A payment card's number.
    Card,
    /// An international bank account number.
    Iban,
}

impl Rule {
    /// What decides between two rules that match the same, as sure as each other: a rule for one service says more than
    /// one for all.
    pub(crate) fn weight(&self) -> u8 {
        if self.foreign.as_ref().is_some_and(|foreign| foreign.is_generic()) {
            return 1;
        }
        match self.place {
            Anchor::Token | Anchor::Near => 3,
            Anchor::Assigned | Anchor::Text => 2,
            Anchor::Code => 1,
        }
    }

    /// Adds all that decides what the rule finds.
    pub(super) fn hash_into(&self, hasher: &mut impl sha2::Digest) {
        let mut part = |bytes: &[u8]| {
            hasher.update((bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        };
        part(self.id.as_bytes());
        part(&(self.keywords.len() as u64).to_be_bytes());
        self.keywords.iter().for_each(|keyword| part(keyword.as_bytes()));
        part(self.expression.as_bytes());
        let entropy = self.entropy.unwrap_or_default().to_bits();
        part(&[
            self.place as u8,
            self.any_case.into(),
            self.rank as u8,
            self.check.map_or(u8::MAX, |check| check as u8),
        ]);
        part(&entropy.to_be_bytes());
        part(&(self.group as u64).to_be_bytes());
        part(&[self.foreign.is_some().into()]);
        if let Some(foreign) = &self.foreign {
            part(foreign.digest());
        }
    }

    /// Whether its keywords are looked for in any case.
    pub(super) fn ignores_case(&self) -> bool {
        self.any_case || !matches!(self.place, Anchor::Token)
    }
}
