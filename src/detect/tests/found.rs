//! Secrets in the notations of programs, shells and databases: each is of a kind that a scan once missed.

use super::super::{Detector, Rank};
use crate::detect::template::expand;

/// The values that are found at *medium* and above.
fn found(path: &str, text: &str) -> Vec<String> {
    let mut hits = Vec::new();
    let whole = 0..text.len();
    let path = Some(path.as_bytes());
    Detector::builtin().scan(text.as_bytes(), path, std::slice::from_ref(&whole), &mut hits);
    let sure = hits.into_iter().filter(|hit| hit.rank >= Rank::Medium);
    sure.map(|hit| text[hit.value].to_owned()).collect()
}

/// Whether the value between the brackets `\u{ab}` and `\u{bb}` is found, as it stands.
fn assert_found(path: &str, template: &str) {
    let marked = expand(template, template);
    let (open, close) = ('\u{ab}', '\u{bb}');
    let text = marked.replace([open, close], "");
    let values = marked.split(open).skip(1).filter_map(|rest| rest.split(close).next());
    let values: Vec<&str> = values.collect();
    assert!(!values.is_empty(), "{template}: no value is marked");
    let found = found(path, &text);
    for value in values {
        assert!(found.iter().any(|found| found == value), "{path}: {text}: {found:?}");
    }
}

#[test]
fn a_value_that_ends_in_the_sign_of_base64_is_read_to_its_end() {
    for length in [29, 30, 31, 41, 42, 43] {
        assert_found(".env", &format!("API_SECRET=\u{ab}{{base62:{length}}}=\u{bb}"));
        assert_found("a.yml", &format!("token: \u{ab}{{base62:{length}}}=\u{bb}"));
        assert_found("a.py", &format!("client_secret = \"\u{ab}{{base62:{length}}}=\u{bb}\""));
    }
    assert_found("a.rs", "let password: &str = \"\u{ab}porkch0ps!\u{bb}\";");
    assert_found("a.go", "var password string = \"\u{ab}porkch0ps!\u{bb}\"");
}

#[test]
fn words_of_a_command_are_passwords_too() {
    for (path, text) in [
        ("README.md", "docker run -e MYSQL_PASSWORD=\u{ab}sunflowerhat\u{bb} -e X=1 mysql"),
        ("run.sh", "docker run \\\n  -e MYSQL_PASSWORD=\u{ab}sunflowerhat\u{bb} \\\n  mysql"),
        ("run.sh", "podman build --build-arg DB_PASSWORD=\u{ab}sunflowerhat\u{bb} ."),
        ("run.sh", "MYSQL_PASSWORD=\u{ab}sunflowerhat\u{bb} \\\n  ./run"),
        ("run.sh", "app --set-admin-password=\u{ab}porkch0ps\u{bb}"),
        ("run.sh", "curl -u \u{ab}{base62:20}\u{bb}:X https://shop.service.internal/api"),
        ("a.yml", "users: [{user: derek, password: \u{ab}porkchops\u{bb}}]"),
        ("a.conf", "redis: network=tcp,password=\u{ab}macar0ns\u{bb},db=0"),
    ] {
        assert_found(path, text);
    }
}

#[test]
fn every_element_of_a_list_is_found() {
    for (path, text) in [
        ("a.yml", "tokens: [\"\u{ab}{base62:32}\u{bb}\", \"\u{ab}{alnum:32}\u{bb}\"]"),
        ("a.yml", "api_tokens:\n  - \u{ab}{base62:32}\u{bb}\n  - \u{ab}{base62:33}\u{bb}\n"),
        ("a.yml", "api_tokens:\n- \"\u{ab}{base62:32}\u{bb}\"\n- '\u{ab}{base62:33}\u{bb}'\n"),
        ("a.py", "API_KEYS = [\n    '\u{ab}{base62:32}\u{bb}',\n    '\u{ab}{hex:40}\u{bb}',\n]"),
    ] {
        assert_found(path, text);
    }
    // A list of passwords is one of those that nobody may use; a list of names holds none.
    assert!(found("a.py", "PASSWORDS = [\"hunter22\", \"dr4gon!\"]").is_empty());
    assert!(found("a.yml", "tokens:\n  - name: {a}\n  - kind: b").is_empty());
    let many = format!("tokens: [{}]", vec!["\"k3Lq9ZxTw2Vb8NmR4cYh\""; 5000].join(", "));
    assert!(!found("a.yml", &many).is_empty());
}

#[test]
fn a_value_within_calls_is_found() {
    for (path, text) in [
        ("a.rs", "password: Some(\"\u{ab}porkch0ps!\u{bb}\"),"),
        ("a.rs", "let token = Some(String::from(\"\u{ab}{base62:32}\u{bb}\"));"),
        ("A.java", "String password = new String(\"\u{ab}porkch0ps!\u{bb}\");"),
        ("a.go", "var jwtSecret = []byte(\"\u{ab}{base62:32}\u{bb}\")"),
        ("A.java", "setCipherKey(Base64.decode(\"\u{ab}{base62:22}==\u{bb}\"));"),
        ("A.java", ".password(\"\u{ab}porkch0ps!\u{bb}\")"),
        ("A.java", "builder.withPassword(\"\u{ab}porkch0ps!\u{bb}\")"),
        ("a.py", "h = b64encode(b'derek:\u{ab}porkch0ps\u{bb}')"),
        ("a.sql", "CREATE USER x IDENTIFIED BY '\u{ab}porkch0ps\u{bb}';"),
        ("a.go", "parse(\"Basic \u{ab}{basic}\u{bb}\")"),
    ] {
        assert_found(path, text);
    }
    for text in [
        "password = os.getenv(\"DB_PASSW0RD\")",
        "password = config.get(\"db.passw0rd1\")",
        "token = session.from(\"header-1\", \"other\")",
        "password(\"Enter your password\")",
    ] {
        assert!(found("a.py", text).is_empty(), "{text}");
    }
}

#[test]
fn letters_of_one_case_may_be_drawn() {
    assert_found("a.py", "client_secret = \"\u{ab}qzxkwvjtrbnmplhgfdscyxwq\u{bb}\"");
    assert_found(".env", "API_TOKEN=\u{ab}GQJHYSKRNBXLVSQNQRRQQYFZ\u{bb}");
    assert_found("a.yml", "totp_secret: \u{ab}{b32:32}\u{bb}");
    for text in
        ["client_secret = \"evernoteoauthsecretvalue\"", "token = \"donaudampfschifffahrtsamt\""]
    {
        assert!(found("a.py", text).is_empty(), "{text}");
    }
}

#[test]
fn keys_in_json_are_found_by_their_private_member() {
    for text in [
        r#"{"keys":[{"kty":"EC","crv":"P-256","x":"{b64url:43}","d":"\u{ab}{b64url:43}\u{bb}"}]}"#,
        "jwk = { d: '\u{ab}{b64url:43}\u{bb}', crv: 'Ed25519', kty: 'OKP' }",
        r#"KEY='{\"kty\":\"oct\",\"k\":\"\u{ab}{b64url:43}\u{bb}\"}'"#,
    ] {
        let text = text.replace("\\u{ab}", "\u{ab}").replace("\\u{bb}", "\u{bb}");
        assert_found("keys.json", &text);
    }
    let public = expand(r#"{"kty":"RSA","n":"{b64url:342}","e":"AQAB"}, {"d":"{b64url:43}"}"#, "x");
    assert!(found("keys.json", &public).is_empty());
}

#[test]
fn seeds_of_nats_are_certain_by_their_checksum() {
    let detector = Detector::builtin();
    for (text, rank) in [("{nkey:U}", Rank::Certain), ("SUAC{b32:54}", Rank::Medium)] {
        let text = expand(text, "seed");
        let mut hits = Vec::new();
        detector.scan(text.as_bytes(), None, std::slice::from_ref(&(0..text.len())), &mut hits);
        assert_eq!(hits.iter().map(|hit| hit.rank).collect::<Vec<_>>(), [rank], "{text}");
    }
}

/// What is in tests and manuals counts as elsewhere, and is never surer than *medium*.
#[test]
fn a_password_of_a_test_is_likely_one() {
    let detector = Detector::builtin();
    for (path, expected) in [
        ("src/login.py", Rank::High),
        ("tests/login.py", Rank::Medium),
        ("docs/login.md", Rank::Medium),
        ("web/locales/de.json", Rank::Medium),
    ] {
        let text = expand("password = \"{base62:24}\"", "x");
        let mut hits = Vec::new();
        let whole = 0..text.len();
        detector.scan(
            text.as_bytes(),
            Some(path.as_bytes()),
            std::slice::from_ref(&whole),
            &mut hits,
        );
        assert_eq!(hits[0].rank, expected, "{path}");
    }
}
