use std::ops::Range;
use std::sync::Arc;

use super::{Collector, FoundBy, Sighting};
use crate::detect::Rank;
use crate::detect::Secret;
use crate::scan::findings::{
    CommitSummary, Exposure, Finding, Kind, Location, LocationKind, Occurrence,
};
use crate::scan::fingerprint::Fingerprinter;

fn by(rule: &str, kind: Kind, specificity: u8) -> Arc<FoundBy> {
    Arc::new(FoundBy {
        kind,
        rule: rule.to_owned(),
        description: format!("a {rule}"),
        advice: "revoke it".to_owned(),
        specificity,
    })
}

fn origin(time: i64) -> Option<CommitSummary> {
    Some(CommitSummary {
        time,
        commit: format!("{time:040x}"),
        author: "Ann".to_owned(),
        email: "ann@example.com".to_owned(),
        subject: "a change".to_owned(),
    })
}

/// The version of a file that stood in it from one time to another.
fn version(path: &str, object: &str, first: i64, last: i64) -> Occurrence {
    let place = Location {
        kind: LocationKind::File,
        name: path.as_bytes().to_vec(),
        span: None,
        views: Vec::new(),
    };
    Occurrence {
        object: Some(object.to_owned()),
        introduced: origin(first),
        last_seen: origin(last),
        ..Occurrence::new(place)
    }
}

fn sighting(by: &Arc<FoundBy>, rank: Rank, value: &str, extent: Range<usize>) -> Sighting {
    Sighting {
        by: Arc::clone(by),
        rank,
        facts: Vec::new(),
        secret: Secret::new(value.as_bytes()),
        extent: Some(extent),
        views: Vec::new(),
        occurrences: vec![version("a", "01", 1, 2)],
    }
}

fn finish(texts: Vec<Vec<Sighting>>) -> Vec<Finding> {
    let mut collector = Collector::new();
    texts.into_iter().for_each(|text| collector.add_text(text));
    let mut fingerprinter = Fingerprinter::new();
    fingerprinter.add_salt(&[1; 32]);
    collector.finish(&fingerprinter)
}

fn rules(findings: &[Finding]) -> Vec<(&str, Vec<&str>)> {
    findings
        .iter()
        .map(|found| (found.rule.as_str(), found.also.iter().map(String::as_str).collect()))
        .collect()
}

#[test]
fn one_value_is_one_finding_with_the_surest_rule() {
    let (service, generic) = (by("service", Kind::Pattern, 9), by("generic", Kind::Pattern, 1));
    for reversed in [false, true] {
        let mut texts = vec![
            vec![sighting(&service, Rank::High, "tok_123456", 4..14)],
            vec![Sighting {
                occurrences: vec![version("b", "02", 1, 9)],
                facts: vec!["a fact".to_owned()],
                ..sighting(&generic, Rank::Medium, "tok_123456", 40..50)
            }],
        ];
        if reversed {
            texts.reverse();
        }
        let findings = finish(texts);
        assert_eq!(rules(&findings), [("service", vec!["generic"])]);
        assert_eq!(findings[0].rank, Rank::High);
        assert_eq!(findings[0].facts, ["a fact"]);
        assert_eq!(findings[0].occurrences.len(), 2);
        assert!(findings[0].fingerprint.is_some());
    }
}

#[test]
fn at_one_place_the_more_specific_rule_wins() {
    let (service, generic) = (by("service", Kind::Pattern, 9), by("generic", Kind::Pattern, 1));
    let known = by("known-value", Kind::KnownValue, 0);
    let findings = finish(vec![vec![
        sighting(&generic, Rank::High, "x-tok_123456", 2..14),
        sighting(&service, Rank::High, "tok_123456", 4..14),
        sighting(&generic, Rank::High, "elsewhere", 20..29),
    ]]);
    assert_eq!(rules(&findings), [("generic", vec![]), ("service", vec!["generic"])]);
    let findings = finish(vec![vec![
        sighting(&service, Rank::Certain, "postgres://u:secret@h", 0..21),
        sighting(&known, Rank::Certain, "secret", 13..19),
    ]]);
    assert_eq!(rules(&findings), [("known-value", vec!["service"])]);
}

#[test]
fn an_encoded_text_and_what_it_says_are_one() {
    let (service, generic) = (by("service", Kind::Pattern, 9), by("generic", Kind::Pattern, 1));
    let decoded = |value, extent| Sighting {
        views: vec!["base64".to_owned()],
        ..sighting(&service, Rank::High, value, extent)
    };
    let findings = finish(vec![vec![
        sighting(&generic, Rank::Medium, "dG9rXzEyMzQ1NnRva182NTQzMjE=", 0..28),
        decoded("tok_123456", 0..14),
        // Three bytes make four characters: the two meet in one.
        decoded("tok_654321", 13..28),
    ]]);
    let mut rules = rules(&findings);
    rules.sort_unstable();
    assert_eq!(rules, [("service", vec![]), ("service", vec!["generic"])]);
}

#[test]
fn members_of_an_archive_do_not_hide_one_another() {
    let service = by("service", Kind::Pattern, 9);
    let inside = |value, member: &str| Sighting {
        extent: None,
        views: vec![member.to_owned()],
        ..sighting(&service, Rank::High, value, 0..0)
    };
    let findings = finish(vec![vec![
        inside("tok_1", "zip a"),
        inside("tok_2", "zip a"),
        inside("tok_1 and more", "zip b"),
        inside("tok_2 and more", "zip a"),
    ]]);
    let mut values: Vec<_> =
        findings.iter().map(|found| found.secret.as_ref().unwrap().expose()).collect();
    values.sort_unstable();
    assert_eq!(values, [&b"tok_1"[..], b"tok_1 and more", b"tok_2 and more"]);
}

#[test]
fn versions_of_a_file_are_one_occurrence() {
    let service = by("service", Kind::Pattern, 9);
    let of = |occurrence| {
        let value = sighting(&service, Rank::High, "tok_123456", 0..10);
        vec![Sighting { occurrences: vec![occurrence], ..value }]
    };
    let head = Occurrence { at_head: true, ..version("a", "03", 30, 40) };
    let pushed = Occurrence { pushed: true, ..version("a", "02", 20, 29) };
    let mut texts = [
        of(version("a", "01", 10, 19)),
        of(pushed),
        of(head),
        of(version("a", "04", 35, 90)),
        of(version("a", "01", 10, 19)),
        of(version("b", "01", 50, 60)),
    ];
    for _ in 0..6 {
        texts.rotate_left(1);
        let copies = texts.iter().map(|text| of(text[0].occurrences[0].clone())).collect();
        let findings = finish(copies);
        assert_eq!(findings.len(), 1);
        let [a, b] = &findings[0].occurrences[..] else { panic!("{findings:?}") };
        assert_eq!((&a.place.name[..], &b.place.name[..]), (&b"a"[..], &b"b"[..]));
        assert_eq!((a.versions, a.object.as_deref()), (4, Some("03")));
        assert_eq!((a.introduced.clone(), a.last_seen.clone()), (origin(10), origin(90)));
        assert!(a.at_head && a.pushed);
        assert_eq!(findings[0].exposure(), Exposure::Pushed);
        assert_eq!(
            (findings[0].introduced(), findings[0].last_seen()),
            (origin(10).as_ref(), origin(90).as_ref())
        );
    }
}

#[test]
fn a_value_that_stands_twice_in_a_file_has_two_occurrences() {
    let service = by("service", Kind::Pattern, 9);
    let twice = |object: &str, first: i64| {
        let at = |extent| Sighting {
            occurrences: vec![version("a", object, first, first + 1)],
            ..sighting(&service, Rank::High, "tok_123456", extent)
        };
        vec![at(50..60), at(0..10)]
    };
    let findings = finish(vec![twice("01", 1), twice("02", 2)]);
    let versions: Vec<_> = findings[0].occurrences.iter().map(|one| one.versions).collect();
    assert_eq!(versions, [2, 2]);
}

#[test]
fn the_most_exposed_comes_first_whatever_the_order() {
    let service = by("service", Kind::Pattern, 9);
    let of = |value: &str, rank, occurrence: Occurrence| {
        let value = sighting(&service, rank, value, 0..10);
        Sighting { occurrences: vec![occurrence], ..value }
    };
    let texts = || {
        vec![
            vec![of(
                "dangling",
                Rank::Certain,
                Occurrence { reachable: false, ..version("d", "4", 1, 1) },
            )],
            vec![of("local", Rank::Certain, version("l", "3", 1, 1))],
            vec![of(
                "pushed, low",
                Rank::Low,
                Occurrence { pushed: true, ..version("p", "2", 1, 1) },
            )],
            vec![of("pushed", Rank::High, Occurrence { pushed: true, ..version("q", "1", 1, 1) })],
            vec![of(
                "head",
                Rank::Certain,
                Occurrence { at_head: true, ..version("h", "5", 1, 1) },
            )],
            vec![of(
                "pushed too",
                Rank::High,
                Occurrence { pushed: true, ..version("r", "6", 0, 1) },
            )],
        ]
    };
    let expected = ["pushed too", "pushed", "pushed, low", "head", "local", "dangling"];
    for turn in 0..6 {
        let mut texts = texts();
        texts.rotate_left(turn);
        let findings = finish(texts);
        let values = findings.iter().map(|found| found.secret.as_ref().unwrap().expose());
        assert!(values.eq(expected.map(str::as_bytes)));
    }
}

#[test]
fn a_path_is_one_finding_with_its_versions() {
    let policy = by("plaintext", Kind::Policy, 0);
    let mut collector = Collector::new();
    for (object, time) in [("01", 1), ("02", 2)] {
        collector.add_path(
            b"s.env",
            &policy,
            Rank::Certain,
            [],
            version("s.env", object, time, time),
        );
    }
    collector.add_path(
        b"t.env",
        &policy,
        Rank::Certain,
        ["a fact".to_owned()],
        version("t.env", "01", 3, 3),
    );
    let findings = collector.finish(&Fingerprinter::new());
    let versions: Vec<_> = findings.iter().map(|found| found.occurrences[0].versions).collect();
    assert_eq!(versions, [2, 1]);
    assert_eq!(findings[1].facts, ["a fact"]);
    assert!(findings.iter().all(|found| found.secret.is_none() && found.fingerprint.is_none()));
}
