//! What gpg says on its status channel (GnuPG's doc/DETAILS, "Format of the --status-fd output").
//!
//! Its exit status should not be trusted: with `ignore-mdc-error` in the user's configuration it is 0 for a manipulated
//! message, and 2 for a good one to a hidden recipient where several secret keys had to be tried.

use super::GpgError;

/// How a line of the status channel begins; gpg escapes line breaks in all that it prints there.
const PREFIX: &str = "[GNUPG:] ";

/// The source of an error that a pinentry reports, such as that it has no terminal.
const PINENTRY: u32 = 5;

/// Whether gpg decrypted one message whose integrity it checked.
pub(super) fn decrypted(stderr: &[u8]) -> Result<(), GpgError> {
    let text = String::from_utf8_lossy(stderr);
    let status = || text.lines().filter_map(|line| line.strip_prefix(PREFIX));
    let count =
        |keyword: &str| status().filter(|line| line.split(' ').next() == Some(keyword)).count();
    let has = |keyword| count(keyword) > 0;
    let authenticated = has("GOODMDC")
        || status().any(|line| {
            // Modification detection, cipher, and the AEAD algorithm, 0 for none.
            let mut fields = line.strip_prefix("DECRYPTION_INFO ").unwrap_or_default().split(' ');
            fields.nth(2).is_some_and(|aead| aead.parse().is_ok_and(|aead: u32| aead > 0))
        });
    if has("BADMDC") {
        return Err(GpgError::Tampered);
    }
    if has("DECRYPTION_OKAY") && !has("DECRYPTION_FAILED") {
        return match (authenticated, count("PLAINTEXT")) {
            (false, _) => Err(GpgError::NoIntegrity),
            (true, 1) => Ok(()),
            (true, _) => Err(GpgError::NotOnePlaintext),
        };
    }
    let failure =
        status().filter_map(|line| line.strip_prefix("ERROR pkdecrypt_failed ")).next_back();
    // The lower 16 bits are the code, the upper ones say who reports it (libgpg-error).
    let code = failure.and_then(|code| code.split(' ').next()?.parse::<u32>().ok());
    let message = last_message(&text);
    Err(match code.map(|code| code & 0xffff) {
        // A session key was found, so it is the message that is bad.
        _ if has("DECRYPTION_INFO") => GpgError::Tampered,
        Some(11) => GpgError::BadPassphrase,
        Some(99 | 198) => GpgError::Cancelled,
        Some(85) => GpgError::NoPinentry { message },
        Some(_) if code.is_some_and(|code| code >> 24 == PINENTRY) => {
            GpgError::NoPinentry { message }
        }
        Some(87 | 108..=112 | 130) => GpgError::Card { message },
        None | Some(17) if has("NO_SECKEY") => GpgError::NoSecretKey,
        _ => GpgError::Failed { message },
    })
}

/// gpg's last diagnostic that says more than that decryption failed, safe for a terminal.
pub(super) fn last_message(text: &str) -> String {
    let said = || {
        text.lines()
            .filter(|line| !line.starts_with(PREFIX))
            .map(|line| line.strip_prefix("gpg: ").unwrap_or(line).trim())
            .filter(|line| !line.is_empty())
    };
    let telling = said().rfind(|line| !line.starts_with("decryption failed"));
    let message = telling.or_else(|| said().next_back()).unwrap_or("it did not say why");
    super::super::line(message).chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(lines: &[&str]) -> Result<(), GpgError> {
        let mut text = String::from("gpg: some warning\n");
        for line in lines {
            text.push_str(PREFIX);
            text.push_str(line);
            text.push('\n');
        }
        decrypted(text.as_bytes())
    }

    #[test]
    fn only_an_authenticated_message_counts_as_decrypted() {
        let plain = "PLAINTEXT 62 1700000000 ";
        assert!(judge(&["DECRYPTION_OKAY", "GOODMDC", plain]).is_ok());
        assert!(judge(&["DECRYPTION_OKAY", "DECRYPTION_INFO 0 9 2", plain]).is_ok());
        assert!(matches!(
            judge(&["DECRYPTION_OKAY", "DECRYPTION_INFO 0 9 0", plain]),
            Err(GpgError::NoIntegrity)
        ));
        assert!(matches!(judge(&["DECRYPTION_OKAY", plain]), Err(GpgError::NoIntegrity)));
        assert!(matches!(
            judge(&["DECRYPTION_OKAY", "GOODMDC", plain, plain]),
            Err(GpgError::NotOnePlaintext)
        ));
        assert!(matches!(judge(&["DECRYPTION_OKAY", "GOODMDC"]), Err(GpgError::NotOnePlaintext)));
        assert!(matches!(
            judge(&["DECRYPTION_OKAY", "GOODMDC", plain, "BADMDC"]),
            Err(GpgError::Tampered)
        ));
        assert!(matches!(
            judge(&[
                "DECRYPTION_INFO 2 9 0",
                plain,
                "GOODMDC",
                "DECRYPTION_OKAY",
                "DECRYPTION_FAILED"
            ]),
            Err(GpgError::Tampered)
        ));
    }

    #[test]
    fn failures_are_told_apart() {
        let failed = |code: &str| judge(&[code, "NO_SECKEY 0123456789ABCDEF", "DECRYPTION_FAILED"]);
        assert!(matches!(failed("ERROR pkdecrypt_failed 67108875"), Err(GpgError::BadPassphrase)));
        assert!(matches!(failed("ERROR pkdecrypt_failed 83886179"), Err(GpgError::Cancelled)));
        assert!(matches!(
            failed("ERROR pkdecrypt_failed 100663408"),
            Err(GpgError::Card { message }) if message == "some warning"
        ));
        assert!(matches!(
            failed("ERROR pkdecrypt_failed 83918950"),
            Err(GpgError::NoPinentry { .. })
        ));
        assert!(matches!(failed("ENC_TO 0123456789ABCDEF 1 0"), Err(GpgError::NoSecretKey)));
        assert!(matches!(judge(&[]), Err(GpgError::Failed { .. })));
    }

    #[test]
    fn a_diagnostic_is_no_status() {
        let text = b"gpg: \"[GNUPG:] DECRYPTION_OKAY\"\n x [GNUPG:] GOODMDC\n";
        assert!(matches!(decrypted(text), Err(GpgError::Failed { .. })));
        assert_eq!(last_message("gpg: a\x1b[0m\ngpg: decryption failed: b\n"), "a\\u{1b}[0m");
    }
}
