//! Round trips, and what must be refused. Other programs are met in tests/foreign/age.rs.

mod post_quantum;

use ::age::secrecy::ExposeSecret as _;
use ::age::x25519;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use super::passphrase::with_passphrase;
use super::*;
use crate::recipient::Recipient;

const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";

fn silent(_: &str) -> Option<Zeroizing<String>> {
    panic!("nothing is to be asked");
}

fn answer(passphrase: &str) -> impl FnMut(&str) -> Option<Zeroizing<String>> {
    move |_| Some(Zeroizing::new(passphrase.to_owned()))
}

fn identity_text(identity: &x25519::Identity) -> String {
    identity.to_string().expose_secret().to_owned()
}

fn pair() -> (Recipient, Identity) {
    let identity = x25519::Identity::generate();
    let recipient = identity.to_public().to_string().parse().unwrap();
    (recipient, read_identities(identity_text(&identity).as_bytes(), "keys.txt").unwrap().remove(0))
}

/// A line of a `.pub` file with these strings in its blob.
fn ssh_line(kind: &str, parts: &[&[u8]]) -> String {
    let mut blob = Vec::new();
    for part in [&[kind.as_bytes()], parts].concat() {
        blob.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
        blob.extend(part);
    }
    format!("{kind} {}", BASE64_STANDARD.encode(blob))
}

fn rsa_line(bits: usize) -> String {
    let mut modulus = vec![0xff; bits / 8];
    modulus.insert(0, 0);
    ssh_line("ssh-rsa", &[&[1, 0, 1], &modulus])
}

#[test]
fn what_is_wrapped_is_unwrapped_by_its_identity_alone() {
    let ((recipient, identity), (_, other)) = (pair(), pair());
    let wrapped = wrap(&recipient, b"a key").unwrap();
    assert!(is_age_file(wrapped.as_bytes()));
    assert_eq!(**identity.unwrap(&wrapped, &mut silent).unwrap(), *b"a key");
    assert_eq!(identity.recipient().as_deref(), Some(recipient.as_str()));
    assert_eq!((identity.place(), identity.needs_passphrase()), ("keys.txt", false));
    assert_eq!(other.unwrap(&wrapped, &mut silent), Err(AgeError::NoMatch));
}

#[test]
fn recipients_are_made_canonical_and_comments_harmless() {
    let (recipient, _) = pair();
    for text in
        [recipient.as_str(), &format!("  {recipient}\n"), &recipient.as_str().to_uppercase()]
    {
        assert_eq!(parse_recipient(text).unwrap(), (recipient.clone(), None));
    }
    let (ssh, comment) = parse_recipient(&format!("{ED25519} ann@example.com \x1b[31m\n")).unwrap();
    assert_eq!((ssh.as_str(), ssh.method().kind().name()), (ED25519, "ssh"));
    assert_eq!(comment.as_deref(), Some("ann@example.com \\u{1b}[31m"));
    assert_eq!(parse_recipient(ED25519).unwrap().1, None);
    let plugin = "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t";
    assert_eq!(parse_recipient(plugin).unwrap().0.as_str(), plugin);
    for bits in [2048, 4096] {
        assert_eq!(parse_recipient(&rsa_line(bits)).unwrap().0.method().kind().name(), "ssh");
    }
}

#[test]
fn what_is_no_recipient_is_refused_with_its_reason() {
    let secret = identity_text(&x25519::Identity::generate());
    for text in [
        secret.as_str(),
        &secret.to_lowercase(),
        &format!("# comment\n{secret}"),
        "AGE-PLUGIN-YUBIKEY-1XXX",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nabc",
    ] {
        let error = parse_recipient(text).unwrap_err();
        assert_eq!(error, AgeError::SecretKey);
        assert!(!error.to_string().contains(&secret[20..]));
    }
    for kind in ["ssh-dss", "ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com"] {
        let error = parse_recipient(&format!("{} ann", ssh_line(kind, &[b"key"]))).unwrap_err();
        assert_eq!(error, AgeError::UnsupportedSsh(kind.to_owned()));
    }
    assert_eq!(parse_recipient(&rsa_line(1024)), Err(AgeError::WeakRsa(1024)));
    assert_eq!(parse_recipient(&rsa_line(8192)), Err(AgeError::LargeRsa));
    let odd_kind = ssh_line("ssh-\x1b[31m", &[b"key"]);
    let zeros = ssh_line("ssh-rsa", &[&[0], &[0, 0, 0]]);
    let negative = ssh_line("ssh-rsa", &[&[1, 0, 1], &[0xff; 256]]);
    let short = ssh_line("ssh-ed25519", &[&[1; 31]]);
    let longer = ssh_line("ssh-ed25519", &[&[1; 32], b"more"]);
    let other_kind = ED25519.replacen("ssh-ed25519", "ssh-rsa", 1);
    let mixed = "age1QL3Z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    let two = format!("{ED25519}\n{ED25519}");
    for text in [
        "",
        "age1",
        "age1qqqq",
        "ssh-ed25519",
        "ssh-rsa AAAA",
        "ssh-ed25519 !",
        "hello",
        mixed,
        "openpgp:0123456789ABCDEF0123456789ABCDEF01234567",
        &two,
        &odd_kind,
        &zeros,
        &negative,
        &short,
        &longer,
        &other_kind,
        &"age1".repeat(10_000),
    ] {
        assert_eq!(parse_recipient(text).unwrap_err(), AgeError::NotARecipient, "{text}");
    }
}

#[test]
fn a_recipient_from_a_hostile_repository_cannot_harm() {
    for text in
        [ssh_line("ssh-rsa", &[&[0], &[0, 0, 0]]), "ssh-rsa AAAAA".to_owned(), "age1qq".to_owned()]
    {
        let recipient: Recipient = text.parse().unwrap();
        assert_eq!(wrap(&recipient, b"x"), Err(AgeError::NotARecipient), "{text}");
    }
    let openpgp = Recipient::openpgp(&"0".repeat(40)).unwrap();
    assert_eq!(wrap(&openpgp, b"x"), Err(AgeError::NotARecipient));
    let plugin = "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t";
    let missing = AgeError::MissingPlugin("age-plugin-yubikey".to_owned());
    assert_eq!(wrap(&plugin.parse().unwrap(), b"x"), Err(missing));
}

#[test]
fn identity_files_may_hold_several_and_bad_lines_are_named() {
    let (one, two) = (x25519::Identity::generate(), x25519::Identity::generate());
    let (one, two) = (identity_text(&one), identity_text(&two));
    let text = format!("# created: today\r\n{one}\r\n\n  {two}\n");
    let read = read_identities(text.as_bytes(), "a\x1bb").unwrap();
    assert_eq!(read.len(), 2);
    assert_eq!(read[1].place(), "a\\u{1b}b");
    let error = |text: &str| read_identities(text.as_bytes(), "f").err().unwrap();
    assert_eq!(error(&format!("{one}\nhello\n")), AgeError::NotAnIdentity(2));
    assert_eq!(error("# nothing\n"), AgeError::NoIdentity);
    assert_eq!(error("-----BEGIN OPENSSH PRIVATE KEY-----\n"), AgeError::NoIdentity);
    assert!(matches!(error("-----BEGIN PRIVATE KEY-----\n"), AgeError::UnsupportedIdentity(_)));
    assert!(matches!(
        read_identities(&[b'\n'; MAX_IDENTITY_LEN + 1], "f"),
        Err(AgeError::TooLarge(256))
    ));
    assert!(matches!(read_identities(b"\xff\xfe", "f"), Err(AgeError::NoIdentity)));
}

#[test]
fn passphrases_open_and_wrong_ones_do_not() {
    let file = encrypt_with_passphrase("correct horse", b"keys").unwrap();
    assert_eq!(**decrypt_with_passphrase(file.as_bytes(), "correct horse").unwrap(), *b"keys");
    let wrong = decrypt_with_passphrase(file.as_bytes(), "battery");
    assert_eq!(wrong, Err(AgeError::WrongPassphrase));
    let mut answers = vec!["correct horse", "other"];
    let mut questions = Vec::new();
    let opened = open_with_passphrase(file.as_bytes(), "Passphrase of f", &mut |question| {
        questions.push(question.to_owned());
        answers.pop().map(|answer| Zeroizing::new(answer.to_owned()))
    });
    assert_eq!(**opened.unwrap(), *b"keys");
    assert_eq!(questions, ["Passphrase of f"; 2]);
    let cancelled = open_with_passphrase(file.as_bytes(), "?", &mut |_| None);
    assert_eq!(cancelled, Err(AgeError::Cancelled));
}

#[test]
fn a_passphrase_is_asked_for_three_times_and_never_twice_the_same() {
    let mut asked = 0;
    let refused = with_passphrase(
        "?",
        &mut |_| {
            asked += 1;
            Some(Zeroizing::new(asked.to_string()))
        },
        |_| Err::<(), _>(AgeError::WrongPassphrase),
    );
    assert_eq!((refused, asked), (Err(AgeError::WrongPassphrase), 3));
    let mut tried = 0;
    let refused = with_passphrase("?", &mut answer("same"), |_| {
        tried += 1;
        Err::<(), _>(AgeError::WrongPassphrase)
    });
    assert_eq!((refused, tried), (Err(AgeError::WrongPassphrase), 1));
}

#[test]
fn an_identity_file_under_a_passphrase_asks_for_it() {
    let identity = x25519::Identity::generate();
    let recipient: Recipient = identity.to_public().to_string().parse().unwrap();
    let file = encrypt_with_passphrase("pass", identity_text(&identity).as_bytes()).unwrap();
    let locked = read_identities(file.as_bytes(), "keys.age").unwrap().remove(0);
    assert!(locked.needs_passphrase() && locked.recipient().is_none());
    let wrapped = wrap(&recipient, b"key").unwrap();
    let mut asked = Vec::new();
    let opened = locked.unwrap(&wrapped, &mut |question| {
        asked.push(question.to_owned());
        Some(Zeroizing::new("pass".to_owned()))
    });
    assert_eq!(**opened.unwrap(), *b"key");
    assert_eq!(asked, ["Passphrase of keys.age"]);
    // What a passphrase has opened is remembered: it is not asked for again.
    assert!(locked.unwrap(&wrapped, &mut silent).is_ok());
    let again = read_identities(file.as_bytes(), "keys.age").unwrap().remove(0);
    assert_eq!(again.unwrap(&wrapped, &mut answer("no")), Err(AgeError::WrongPassphrase));
    let for_another = wrap(&pair().0, b"key").unwrap();
    assert_eq!(locked.unwrap(&for_another, &mut answer("pass")), Err(AgeError::NoMatch));
}

#[test]
fn only_files_under_a_passphrase_are_opened_by_one() {
    let wrapped = wrap(&pair().0, b"key").unwrap();
    let refused = |bytes: &[u8]| open_with_passphrase(bytes, "?", &mut silent).unwrap_err();
    assert_eq!(refused(wrapped.as_bytes()), AgeError::NotPassphrase);
    assert_eq!(refused(&vec![0; MAX_FILE_LEN + 1]), AgeError::TooLarge(2048));
    assert_eq!(refused(b"-----BEGIN AGE ENCRYPTED FILE-----\n!"), AgeError::Armour);
    assert_eq!(refused(b"age-encryption.org/v1\n"), AgeError::Damaged);
}

#[test]
fn too_much_work_is_refused_before_it_is_done() {
    for steps in [21, 30, 63, 64, 4_000_000_000u32] {
        let file = format!(
            "age-encryption.org/v1\n-> scrypt 8jHPL4OTfa0iVo1RfTsfkQ {steps}\nDaE6m7cRnrdGcpPNSBgP0NbLHFH2S9SPAfVlbH4iJjM\n--- Sh+rDSrx4ts2pTH7CbAT0bW9YVcV5rGWBV0bIBv7+SA\n"
        );
        let refused = open_with_passphrase(file.as_bytes(), "?", &mut silent);
        assert_eq!(refused, Err(AgeError::ExcessiveWork(steps)));
    }
    assert!(AgeError::ExcessiveWork(30).to_string().contains("2^20"));
}

#[test]
fn the_armour_is_strict_and_the_length_bounded() {
    let (recipient, identity) = pair();
    let wrapped = wrap(&recipient, b"key").unwrap();
    let error = |text: &str| identity.unwrap(text, &mut silent).unwrap_err();
    assert_eq!(error(""), AgeError::Armour);
    assert_eq!(error(&format!("x{wrapped}")), AgeError::Armour);
    assert_eq!(error(&format!("{wrapped}x")), AgeError::Armour);
    assert_eq!(error(&wrapped.replace("-----END", "-----BEGIN")), AgeError::Armour);
    assert_eq!(error(&"a".repeat((64 << 10) + 1)), AgeError::TooLarge(64));
    let (head, _) = wrapped.rsplit_once("\n-----END").unwrap();
    assert_eq!(error(head), AgeError::Armour);
}

#[test]
fn no_changed_byte_goes_unnoticed_and_nothing_panics() {
    let (recipient, identity) = pair();
    let wrapped = wrap(&recipient, b"the key that must not be changed").unwrap();
    let binary = file::dearmour(wrapped.as_bytes()).unwrap();
    let mut state = 7u64;
    for at in 0..binary.len() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let mut changed = binary.clone();
        changed[at] ^= u8::try_from(state >> 56).unwrap() | 1;
        assert!(file::decrypt(&changed, &x25519::Identity::generate()).is_err());
        let armoured = armour(&changed);
        assert!(identity.unwrap(&armoured, &mut silent).is_err(), "{at}");
        assert!(identity.unwrap(&armour(&binary[..at]), &mut silent).is_err(), "cut at {at}");
        let _ = decrypt_with_passphrase(&changed, "x");
    }
    assert!(identity.unwrap(&armour(&binary), &mut silent).is_ok());
}

fn armour(binary: &[u8]) -> String {
    let base64 = BASE64_STANDARD.encode(binary);
    let lines: Vec<_> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!(
        "-----BEGIN AGE ENCRYPTED FILE-----\n{}\n-----END AGE ENCRYPTED FILE-----\n",
        lines.join("\n")
    )
}
