//! The whole detector: parts of a text, hostile texts, what its results show.

mod found;
mod gitleaks;
mod noise;

use std::ops::Range;

use proptest::prelude::*;

use super::{Detector, Hit, Rank};
use crate::detect::rules::builtin;
use crate::detect::template::expand;

fn scan(detector: &Detector, text: &[u8], within: &[Range<usize>]) -> Vec<Hit> {
    let mut hits = Vec::new();
    detector.scan(text, None, within, &mut hits);
    hits
}

fn all(text: &str) -> Vec<Hit> {
    scan(&Detector::builtin(), text.as_bytes(), std::slice::from_ref(&(0..text.len())))
}

/// Examples of rules, one after the other, with filling between them.
fn sample(picks: &[(usize, usize)]) -> String {
    let rules = builtin();
    let fillings = [
        "\n",
        " ",
        ";",
        "\nlet x = 3;\n",
        "\n\n# notes\n",
        "key: ",
        "\", \"",
        &"lorem ipsum ".repeat(400),
    ];
    picks.iter().fold(String::new(), |text, &(pick, filling)| {
        let rule = &rules[pick % rules.len()];
        text + &expand(&rule.yes[0], &rule.id) + fillings[filling % fillings.len()]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_part_of_a_text_gives_what_the_whole_gives_there(
        picks in prop::collection::vec((any::<usize>(), any::<usize>()), 1..12),
        cuts in prop::collection::btree_set(0usize..40_000, 0..8),
    ) {
        let detector = Detector::builtin();
        let text = sample(&picks);
        let cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % (text.len() + 1)).collect::<std::collections::BTreeSet<_>>().into_iter().collect();
        let within: Vec<_> = cuts.chunks_exact(2).map(|pair| pair[0]..pair[1]).collect();
        let touches = |hit: &Hit| within.iter().any(|range| range.start < hit.matched.end && hit.matched.start < range.end);
        let mut expected = scan(&detector, text.as_bytes(), std::slice::from_ref(&(0..text.len())));
        expected.retain(touches);
        prop_assert_eq!(scan(&detector, text.as_bytes(), &within), expected);
    }

    #[test]
    fn any_bytes_are_scanned(text in prop::collection::vec(any::<u8>(), 0..4096), head in 0usize..12) {
        let heads: [&[u8]; 12] = [
            b"-----BEGIN RSA PRIVATE KEY-----", b"password=", b"\"key\": \"", b"://a:", b"eyJ", b"Authorization: Basic ",
            b"curl -u ", b"card ", b"iban ", b":5432:", b"AKIA", b"<password>",
        ];
        let text = [heads[head], &text].concat();
        for hit in scan(&Detector::builtin(), &text, std::slice::from_ref(&(0..text.len()))) {
            prop_assert!(hit.value.start < hit.value.end && hit.value.end <= text.len());
            prop_assert!(hit.matched.start <= hit.value.start && hit.value.end <= hit.matched.end);
        }
    }
}

#[test]
fn texts_made_for_slow_expressions_are_scanned_to_the_end() {
    let detector = Detector::builtin();
    for piece in [
        "password=",
        "key:",
        "AKIA",
        "-----BEGIN RSA PRIVATE KEY-----",
        "eyJ.",
        "://a:b",
        "sig=",
        ":AA",
        "token=\"",
        "sk-",
        "{",
        "\\",
        "mailgun ",
        "hooks.slack.com/services/",
        "-us1",
        "AccountKey=",
        "passwordpassword",
        "xoxb-1",
        "curl -u a:b ",
        ".atlasv1.",
    ] {
        let mut text = piece.repeat((1 << 20) / piece.len());
        text.push_str("\nSTRIPE=sk_live_");
        text.push_str(&expand("{base62:24}", piece));
        let hits = scan(&detector, text.as_bytes(), std::slice::from_ref(&(0..text.len())));
        assert!(hits.iter().any(|hit| detector.rule(hit.rule).id == "stripe-key"), "{piece}");
    }
}

#[test]
fn a_result_does_not_hold_the_value() {
    let secret = expand("{base62:30}", "x");
    let text = format!("client_secret = \"{secret}\"");
    let hits = all(&text);
    assert_eq!(&text[hits[0].value.clone()], secret);
    assert!(!format!("{hits:?}").contains(&secret));
}

#[test]
fn nothing_is_found_where_nothing_is_looked_for() {
    let detector = Detector::builtin();
    assert!(scan(&detector, b"password = \"h7!kenQz\"", &[]).is_empty());
    assert!(scan(&detector, b"", std::slice::from_ref(&(0..0))).is_empty());
}

#[test]
fn what_a_scrub_leaves_in_the_place_of_a_value_is_no_secret() {
    let detector = Detector::builtin();
    for marker in ["***REMOVED***", "***REMOVED:password***", "***REMOVED:gitlab-pat***"] {
        for text in [
            format!("password = \"{marker}\"\n"),
            format!("DB_PASSWORD={marker}\n"),
            format!("api_secret: '{marker}'\n"),
            format!("url = https://user:{marker}@host.net/x\n"),
            format!("url = https://user:{}@host.net/x\n", marker.replace('*', "%2A")),
            format!("curl -u 'user:{marker}' https://host.net\n"),
            format!("mysql -p{marker} db\n"),
            format!("localhost:5432:db:user:{marker}\n"),
        ] {
            let whole = std::slice::from_ref(&(0..text.len())).to_vec();
            assert!(scan(&detector, text.as_bytes(), &whole).is_empty(), "{text}");
        }
    }
}

#[test]
fn the_folder_of_a_shell_is_no_password() {
    for text in [
        "[[ \"$PWD\" == \"$PYENV_ROOT/versions/\"* ]] && return",
        "[[ $PWD == \"/srv/Kq82-zzz9\" ]]",
        "[ \"$OLDPWD\" = \"Kq82-zzz9x\" ]",
        "[ \"${PWD}\" != \"Kq82-zzz9x\" ]",
        "export PASSWORD_FOLDER=1 PASSWORD=\"$HOME/secret-Kq82/zzz9\"",
    ] {
        assert!(all(text).is_empty(), "{text}");
    }
    for text in ["$PWD = \"h7!kenQz\";", "UID=sa;PWD=h7!kenQz;", "PWD: \"h7!kenQz\""] {
        assert_eq!(all(text).len(), 1, "{text}");
    }
}

#[test]
fn checks_decide_the_rank_and_say_what_they_know() {
    let detector = Detector::builtin();
    for (template, rank, fact) in [
        ("ghp_{base62:30}{crc32}", Rank::Certain, None),
        ("ghp_{base62:36}", Rank::Medium, Some("the checksum is wrong")),
        ("{age}", Rank::Certain, None),
        ("{openssh:none}", Rank::Certain, Some("not protected by a passphrase")),
        ("{openssh:aes256-ctr}", Rank::Certain, Some("passphrase-protected")),
        ("{pem:ENCRYPTED PRIVATE KEY}", Rank::Certain, Some("passphrase-protected")),
        ("\"{pemjson:PRIVATE KEY}\"", Rank::Certain, Some("not protected by a passphrase")),
        ("{jwt}", Rank::High, Some("has a date of expiry")),
        ("card {card}", Rank::Low, Some("the check digit is right")),
    ] {
        let text = expand(template, template);
        let hits = scan(&detector, text.as_bytes(), std::slice::from_ref(&(0..text.len())));
        assert_eq!(hits.len(), 1, "{template}");
        assert_eq!(hits[0].rank, rank, "{template}");
        assert!(fact.is_none_or(|fact| hits[0].facts.contains(&fact.into())), "{template}");
    }
    let text = expand("AKIA{b32:16}", "aws");
    let account =
        &scan(&detector, text.as_bytes(), std::slice::from_ref(&(0..text.len())))[0].facts;
    assert!(account.is_empty() || account[0].starts_with("AWS account "), "{account:?}");
}

#[test]
fn other_peoples_code_and_lock_files_rank_lower() {
    let detector = Detector::builtin();
    let text = expand("token = \"xoxb-{digit:12}-{digit:13}-{base62:24}\"", "x");
    let rank = |path: &str| {
        let mut hits = Vec::new();
        detector.scan(
            text.as_bytes(),
            Some(path.as_bytes()),
            std::slice::from_ref(&(0..text.len())),
            &mut hits,
        );
        hits[0].rank
    };
    assert_eq!(rank("src/bot.js"), Rank::High);
    assert_eq!(rank("web/node_modules/bot/index.js"), Rank::Medium);
    assert_eq!(rank("web/yarn.lock"), Rank::Medium);
}

#[test]
fn another_set_of_rules_has_another_hash() {
    let rules = builtin();
    let hash =
        |rules: &[crate::detect::Rule]| Detector::with_rules(rules.to_vec()).unwrap().rules_hash();
    assert_eq!(hash(&rules[..3]), hash(&rules[..3]));
    assert_ne!(hash(&rules[..3]), hash(&rules[..4]));
    let mut changed = rules[..3].to_vec();
    changed[1].expression = "another".to_owned();
    assert_ne!(hash(&rules[..3]), hash(&changed));
    assert_eq!(Detector::builtin().rules_hash(), Detector::builtin().rules_hash());
}

#[test]
fn a_rule_that_cannot_be_used_is_named() {
    let mut rule = builtin()[40].clone();
    rule.expression = "(".to_owned();
    let error = Detector::with_rules(vec![rule.clone()]).err().unwrap().to_string();
    assert!(error.contains(&rule.id), "{error}");
    rule.expression = "a".to_owned();
    rule.group = 3;
    let error = Detector::with_rules(vec![rule]).err().unwrap().to_string();
    assert!(error.contains("group 3"), "{error}");
}
