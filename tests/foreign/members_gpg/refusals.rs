//! Certificates that are not taken: each with a sentence of its own, and nothing is granted.

use crate::common::gpg::home;
use crate::members_gpg::user::{as_admin, team};

#[test]
fn each_bad_certificate_has_a_sentence_of_its_own() {
    let home = home();
    let sandbox = team(&["rsa"]);
    let before = sandbox.snapshot("repo/.shroud");
    let mut sentences = Vec::new();
    for (name, sentence, hint) in [
        ("expired", "the certificate expired on 2024-12-31", "gpg --quick-set-expire"),
        ("stale", "key for encryption expired on", "gpg --quick-set-expire"),
        ("revoked", "the certificate was revoked", "ask its owner for the new certificate"),
        ("sign", "the certificate has no key for encryption", "gpg --quick-add-key"),
        ("sha1", "its self-signatures use SHA-1 or older", "ask its owner"),
        ("rsa1024", "of 1024 bits", "ask its owner"),
        ("elgamal", "too weak", "ask its owner"),
    ] {
        let file = format!("{name}.asc");
        sandbox.write(&file, home.export(name));
        let (file, address) = (format!("../{file}"), format!("{name}@example.com"));
        // '--trust' is about whose certificate it is, not about whether it can be used.
        for (recipient, trust) in
            [(&file, ""), (&address, ""), (&file, "--trust"), (&address, "--trust")]
        {
            if name == "stale" && recipient == &address {
                // gpg leaves an expired subkey out of a minimal export, so only a file shows it.
                continue;
            }
            let mut args = vec!["member", "add", recipient.as_str()];
            args.extend((!trust.is_empty()).then_some(trust));
            let done = as_admin(&sandbox, &args).expect(2).says(sentence).says(hint);
            sentences.extend((trust.is_empty() && recipient == &file).then_some(done.stderr));
        }
    }
    sentences.sort();
    sentences.dedup();
    assert_eq!(sentences.len(), 7);
    assert_eq!(sandbox.snapshot("repo/.shroud"), before);
}

#[test]
fn one_bad_recipient_among_good_ones_grants_nothing_to_anybody() {
    let sandbox = team(&["rsa"]);
    let before = sandbox.snapshot("repo/.shroud");
    let add = ["member", "add", "p256@example.com", "expired@example.com"];
    as_admin(&sandbox, &add).expect(2).says("expired");
    assert_eq!(sandbox.snapshot("repo/.shroud"), before);
}

#[test]
fn what_is_no_certificate_is_named() {
    let home = home();
    let sandbox = team(&["rsa"]);
    let before = sandbox.snapshot("repo/.shroud");
    let secret = home.export_secret("p256");
    let armoured = home.gpg(&["--enarmor"], &secret).expect().stdout;
    let armoured = String::from_utf8(armoured).unwrap();
    let armoured = armoured.replace("ARMORED FILE", "PRIVATE KEY BLOCK");
    let public = home.export("p256");
    let binary = home.gpg(&["--dearmor"], &public).expect().stdout;
    let all = home.gpg(&["--armor", "--export", "rsa@example.com", "p256@example.com"], b"");
    let twins = [home.export("p256"), home.export("p521")].concat();
    let message = home.encrypt(&["--recipient", "p256@example.com"]);
    for (name, content, sentence) in [
        ("secret.gpg", &secret, "this is a secret key, not a certificate"),
        ("secret.asc", &armoured.clone().into_bytes(), "this is a secret key, not a certificate"),
        ("ring.asc", &all.expect().stdout, &home.fingerprint("rsa")),
        ("twins.asc", &twins, "there are several certificates, not one"),
        ("message.asc", &message, "this is an OpenPGP message, not a certificate"),
        ("cut.gpg", &binary[..binary.len() / 2].to_vec(), "cut short"),
        ("cut.asc", &public[..public.len() / 2].to_vec(), "cut.asc"),
        ("garbage.gpg", &[0, 159, 146, 150].repeat(99), "garbage.gpg"),
        ("empty.asc", &Vec::new(), "empty.asc"),
        ("large.gpg", &vec![0x99; (1 << 20) + 1], "large.gpg"),
    ] {
        sandbox.write(name, content);
        let done = as_admin(&sandbox, &["member", "add", &format!("../{name}")]);
        assert!([1, 2].contains(&done.status), "{name}: {}", done.stderr);
        assert!(!done.stderr.contains(armoured.lines().nth(5).unwrap()));
        done.says(sentence);
    }
    assert_eq!(sandbox.snapshot("repo/.shroud"), before);
}
