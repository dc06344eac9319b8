//! What a name says about its value.

use std::ops::Range;

use super::word_list::WordList;

/// The command of PowerShell that takes a password as a text.
pub(super) const TO_SECURE_STRING: &[u8] = b"ConvertTo-SecureString";

/// What is assigned to a name of this kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Something that people may have thought up.
    Password,
    /// Something that a program made up.
    Secret,
    /// A key of some kind: often an identifier.
    Key,
}

/// Whether the name of a property says by itself that its value is a secret, as `db.password` and `api_key` do.
pub fn names_secret(name: &[u8]) -> bool {
    kind(name).is_some_and(|kind| kind != Kind::Key)
}

/// Words after the keyword that make the value something else.
static ABOUT: WordList = WordList::new(
    "length len size min max count num number name names id ids type types field fields label labels url \
    uri path paths file files filename dir directory folder hash hashed hasher digest policy prompt input placeholder regex regexp pattern \
    format required enabled disabled reset expiry expires expiration expired expire ttl lifetime timeout error errors invalid \
    message msg hint help title desc description validator validation encoder provider manager service store storage endpoint location ref \
    reference arn version algorithm alg algo usage class index idx param params parameter header headers cookie kind status state event handler \
    form button column col table row bucket strength rotation rule rules history attempts retries limit mode scheme scope scopes \
    source sources var variable variables env prefix suffix separator delimiter char chars character characters text area group role interval \
    request response callback factory builder config configuration setting settings option options resolver generator parser iterator iter \
    stream list set map array vec slice tree code codes grant issuer audience exchange bits bytes info data2 metadata meta properties property \
    pair pairs vault ring board word words down up press pressed code frame frames point points stroke event events changed selector entry \
    checksum fingerprint signature alias aliases domain host port user username email sid template is valid visible required \
    separator pos position offset span kind start end delta equivalent score method function func ptr handle helper util utils test tests \
    parallelism iterations sender authority provider proxy result loader cache mapping matches match exists present missing found cert certificate \
    cost price tokens sha md5 results reporter uuid guid",
);

/// Words after `pass` and its like that leave it a password: these are short enough to be other things.
static NEUTRAL: WordList = WordList::new(
    "default prod production dev development staging stage test env value string str plain text new old live qa uat \
    main local root admin user db dba primary secondary backup",
);

/// Words before it that do.
static NOT_BEFORE: WordList = WordList::new(
    "public pub csrf xsrf antiforgery forgot reset change no not is has have show hide toggle enable disable require \
    requires required allow allowed exclude missing wrong bad invalid non matching unmatched mismatched empty check verify validate validating confirm confirmation forgotten generate \
    generated generating create get fetch find lookup read parse print next prev previous current last first peek expect unexpected lexer \
    token cancellation continuation page pagination start end stop eof bos eos pad unk mask sep cls num max min total input output prompt completion \
    syntax open close left right keyword ident string end_of hint visible remember lock2 remove delete update expired use \
    special to from of with without when if by return new_line example fake dummy mock sample placeholder fixture cursor csrfmiddleware authenticity requestverification",
);

/// Words before `key` that make it no secret.
static NOT_KEY: WordList = WordList::new(
    "primary foreign partition sort cache hash object row map dict index public hot shortcut bucket translation i18n \
    locale registry idempotency routing state schema sequence unique composite group lookup json yaml node tree config query header \
    event storage2 column field enum parent child tab arrow function modifier meta ctrl shift alt escape esc enter return space delete \
    home end page left right up down any press answer answers natural surrogate item entry record data2 property prop settings \
    react vue ui test sample dedup dedupe grouping order ordering range search filter facet aggregate bundle resource message msg label \
    encrypted wrapped sub top nested root attribute attr setting section hostkey known file kms cmk vault pk fk compound candidate super context",
);

/// Words before `key` that make it one.
static STRONG_KEY: WordList = WordList::new(
    "api access secret private priv auth encryption encrypt crypt crypto signing sign signature master account shared service \
    license app application consumer client jwt hmac aes rsa deploy deployment webhook admin storage subscription session cookie host2 \
    preshared psk wrapping symmetric cipher decrypt decryption token authentication integration ingestion insert personal user write \
    server merchant secure security sas ssh pgp gpg tls ssl wallet seed stripe aws gcp azure cloud account primary secondary instrumentation \
    activation vapid push registration enrollment provisioning device provision sdk",
);

/// Whether nothing follows the word that says so: `api_token`, not `token-list.json`.
pub(super) fn ends_in_keyword(name: &[u8]) -> bool {
    words(name).last().is_some_and(|word| keyword(word).is_some())
}

/// What a name says, if it says that a secret follows.
pub(super) fn kind(name: &[u8]) -> Option<Kind> {
    if name.eq_ignore_ascii_case(TO_SECURE_STRING) {
        return Some(Kind::Password);
    }
    let words = words(name);
    let at = words.iter().rposition(|word| keyword(word).is_some())?;
    let (kind, compound) = keyword(&words[at])?;
    let short =
        matches!(words[at].as_str(), "pass" | "pw" | "pwd" | "auth" | "cred" | "creds" | "bearer");
    if short && !words[at + 1..].iter().all(|word| NEUTRAL.has(word)) {
        return None;
    }
    if words[at + 1..].iter().any(|word| ABOUT.has(word)) {
        // `token_secret`, `key_password` end in a keyword, and `rposition` found that one.
        return None;
    }
    let before = at.checked_sub(1).map(|at| words[at].as_str());
    // The other half of a token is a secret as it is, in `oauth_token_secret`.
    let of_token = before == Some("token") && words[at] == "secret";
    let named = &words[..if of_token { at - 1 } else { at }];
    if named.iter().any(|word| NOT_BEFORE.has(word)) && !strong_before(named) {
        return None;
    }
    let hashed =
        |word: &String| matches!(word.as_str(), "sha" | "md" | "hash" | "hashed" | "bcrypt");
    if kind == Kind::Password && words[..at].iter().any(hashed) {
        return None;
    }
    if kind != Kind::Key || compound {
        return Some(kind);
    }
    match before {
        Some(word) if NOT_KEY.has(word) => strong_before(&words[..at]).then_some(Kind::Secret),
        Some(word) if STRONG_KEY.has(word) => Some(Kind::Secret),
        _ if words[..at].iter().any(|word| NOT_KEY.has(word)) => None,
        _ if words[..at].iter().any(|word| STRONG_KEY.has(word)) => Some(Kind::Secret),
        _ => Some(Kind::Key),
    }
}

/// Whether a value assigned to this name may be a secret of the service that it names: `datadog_api_key` and `datadog`,
/// not `datadog_public_key` or `datadog_key_length`.
pub(super) fn may_be_secret(name: &[u8]) -> bool {
    let words = words(name);
    let ids = |word: &str| matches!(word, "id" | "ids" | "sid" | "user" | "username" | "account");
    match words.iter().rposition(|word| keyword(word).is_some()) {
        Some(at) => {
            !words[at + 1..].iter().any(|word| ABOUT.has(word) && !ids(word))
                && !matches!(
                    at.checked_sub(1).map(|at| words[at].as_str()),
                    Some("public" | "csrf")
                )
        }
        // A cookie of Erlang is a shared secret.
        None if words.iter().any(|word| word == "erlang") => true,
        None => !words.last().is_some_and(|word| ABOUT.has(word) && !ids(word)),
    }
}

/// Whether a service's name is meant, and not letters of other words: `sumo` in `sumo_key`, not in `sumOfValues`, and
/// `meraki` not in `cameraKit`.
pub(super) fn names(name: &[u8], keyword: Range<usize>) -> bool {
    let Some(word) = name.get(keyword.clone()) else { return true };
    let humps = word
        .windows(2)
        .filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
        .count();
    let before = keyword.start.checked_sub(1).map(|at| name[at]);
    let begins = before.is_none_or(|before| {
        !before.is_ascii_alphabetic()
            || (before.is_ascii_lowercase() && word[0].is_ascii_uppercase())
    });
    let goes_on = word.last().is_some_and(u8::is_ascii_alphabetic)
        && name.get(keyword.end).is_some_and(u8::is_ascii_lowercase)
        && word.len() < 6;
    if begins { !goes_on && (humps == 0 || word.len() >= 8) } else { humps == 0 && word.len() >= 6 }
}

/// Whether the words name a private thing after all, as in `get_client_secret`.
fn strong_before(words: &[String]) -> bool {
    words.last().is_some_and(|word| {
        matches!(
            word.as_str(),
            "client" | "api" | "access" | "private" | "secret" | "auth" | "db" | "database"
        )
    })
}

/// What a word says, and whether it says it alone (`apikey`) or needs the word before it (`key`).
fn keyword(word: &str) -> Option<(Kind, bool)> {
    match word {
        "pass" | "pw" | "pwd" | "passwd" | "passwort" | "passcode" | "passphrase" | "psw"
        | "passwords" | "motdepasse" | "contrasena" | "senha" => {
            return Some((Kind::Password, true));
        }
        "token" | "secret" | "secrets" | "credential" | "credentials" | "creds" | "cred"
        | "psk" | "salt2" => {
            return Some((Kind::Secret, true));
        }
        "key" => return Some((Kind::Key, false)),
        "auth" | "authorization" | "authentication" | "bearer" => {
            return Some((Kind::Secret, true));
        }
        "bypass" | "compass" | "trespass" | "encompass" | "surpass" | "underpass" | "monkey"
        | "askpass" | "libsecret" | "turkey" | "hotkey" | "keyboard" | "multipass" | "onepass"
        | "renderpass" | "pubkey" | "publickey" | "subpass" => return None,
        _ => {}
    }
    if word.contains("password") || word.contains("passwd") || word.contains("passphrase") {
        return Some((Kind::Password, true));
    }
    if word.ends_with("pass") || word.ends_with("pwd") || word.ends_with("passw") {
        return Some((Kind::Password, true));
    }
    if word.contains("secret") || word.ends_with("token") && word.len() > 7 || word == "atoken" {
        return Some((Kind::Secret, true));
    }
    [
        "apikey",
        "accesskey",
        "privatekey",
        "secretkey",
        "masterkey",
        "licensekey",
        "authkey",
        "accountkey",
        "sharedkey",
        "signingkey",
        "encryptionkey",
        "appkey",
        "storagekey",
        "presharedkey",
    ]
    .iter()
    .any(|compound| word.ends_with(compound))
    .then_some((Kind::Secret, true))
}

/// The words of a name, in lower case: parted by signs, digits and capitals.
fn words(name: &[u8]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (at, &byte) in name.iter().enumerate() {
        let next_lower = name.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        let previous = at.checked_sub(1).map(|at| name[at]);
        let begins = byte.is_ascii_uppercase()
            && previous.is_some_and(|previous| {
                previous.is_ascii_lowercase() || previous.is_ascii_uppercase() && next_lower
            });
        if (begins || !byte.is_ascii_alphabetic()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if byte.is_ascii_alphabetic() {
            word.push(char::from(byte.to_ascii_lowercase()));
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_told_from_names_about_them() {
        for (name, expected) in [
            ("password", Some(Kind::Password)),
            ("spring.datasource.password", Some(Kind::Password)),
            ("DB_PASS", Some(Kind::Password)),
            ("dbPassword2", Some(Kind::Password)),
            ("mysqlrootpassword", Some(Kind::Password)),
            ("clientSecret", Some(Kind::Secret)),
            ("APIKey", Some(Kind::Secret)),
            ("apikey", Some(Kind::Secret)),
            ("aws_secret_access_key", Some(Kind::Secret)),
            ("oauth_token_secret", Some(Kind::Secret)),
            ("csrf_token_secret", None),
            ("key", Some(Kind::Key)),
            ("password_length", None),
            ("passwordPolicy", None),
            ("token_type", None),
            ("secretName", None),
            ("publicKey", None),
            ("primary_key", None),
            ("bypass", None),
            ("forgot-password", None),
            ("keyboard", None),
            ("hello", None),
        ] {
            assert_eq!(kind(name.as_bytes()), expected, "{name}");
        }
    }
}
