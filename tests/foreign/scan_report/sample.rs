//! A report as a large, old repository would give it.

use git_shroud::detect::Rank;
use git_shroud::detect::Secret;
use git_shroud::scan::findings::{
    CommitSummary, Finding, Kind, Location, LocationKind, LookedAt, Occurrence, Reason, Report,
    Span, Suppressed, Unread,
};
use git_shroud::scan::fingerprint::{Fingerprinter, Named};
use git_shroud::scan::report::{Format, Options, write};

/// Runs if anything escapes from where it ought to stay.
pub(crate) const HOSTILE: &str = "evil</script><script>window.evil=1</script>\"'><img src=x onerror=window.evil=1>\
    </style><svg onload=window.evil=1>\u{2028}\u{202e}\u{0}&lt;`${window.evil=1}`";

const RULES: [(&str, &str, Kind, Rank); 6] = [
    ("github-token", "GitHub personal access token", Kind::Pattern, Rank::Certain),
    (
        "plaintext",
        "Stands in the clear at a path that is to be sealed",
        Kind::Policy,
        Rank::Certain,
    ),
    ("known-value", "A value of a sealed file", Kind::KnownValue, Rank::Certain),
    ("stripe-key", "Stripe secret key", Kind::Pattern, Rank::High),
    ("assigned-password", "Password in a configuration file", Kind::Pattern, Rank::Medium),
    ("random-text", "Looks random and stands beside the word 'secret'", Kind::Pattern, Rank::Low),
];
const PATHS: [&str; 7] = [
    "config/production.env",
    "deploy/kubernetes/overlays/production/very/deep/in/the/tree/database-credentials.yaml",
    "src/main/resources/application.properties",
    "terraform/main.tf",
    ".npmrc",
    "docs/how-to-réveiller-le-système.md",
    "node_modules/left-pad/test/fixtures/id_rsa",
];
const FIRST: i64 = 1_300_000_000;
const LAST: i64 = 1_790_000_000;

/// Small numbers that look random, always the same.
struct Numbers(u64);

impl Numbers {
    fn one_of<T: Copy, const N: usize>(&mut self, all: [T; N]) -> T {
        all[usize::try_from(self.below(N as u64)).unwrap()]
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn origin(time: i64, numbers: &mut Numbers) -> CommitSummary {
    CommitSummary {
        time,
        commit: (0..10).map(|_| format!("{:04x}", numbers.below(1 << 16))).collect(),
        author: numbers.one_of(["Ann Example", "Björn Ångström", "CI"]).to_owned(),
        email: "someone@example.com".to_owned(),
        subject: "deploy: set what the new cluster needs".to_owned(),
    }
}

fn occurrence(path: &str, numbers: &mut Numbers) -> Occurrence {
    let first = FIRST + i64::try_from(numbers.below(400_000_000)).unwrap();
    let last = (first + i64::try_from(numbers.below(90_000_000)).unwrap()).min(LAST);
    let line = 1 + numbers.below(400);
    let span = Some(Span { line, column: 12, end_line: line, end_column: 52 });
    let place = Location { kind: LocationKind::File, name: path.into(), span, views: Vec::new() };
    let at_head = numbers.below(5) == 0;
    let reachable = numbers.below(6) > 0;
    Occurrence {
        object: Some(format!("{:040x}", numbers.below(u64::MAX))),
        versions: 1 + numbers.below(9),
        introduced: Some(origin(first, numbers)),
        last_seen: Some(origin(last, numbers)),
        at_head,
        reachable: reachable || at_head,
        pushed: numbers.below(3) == 0,
        refs: vec![b"refs/heads/main".to_vec()].into(),
        ..Occurrence::new(place)
    }
}

fn finding(number: usize, numbers: &mut Numbers, fingerprinter: &Fingerprinter) -> Finding {
    let (rule, description, kind, rank) = numbers.one_of(RULES);
    let value = format!("tok_{number:05}{:030x}", numbers.below(u64::MAX));
    let path = format!("{}-{number}", numbers.one_of(PATHS));
    let places = 1 + numbers.below(4);
    let is_path = kind == Kind::Policy;
    Finding {
        kind,
        rule: rule.to_owned(),
        description: description.to_owned(),
        also: Vec::new(),
        rank,
        fingerprint: fingerprinter.name(Named::Value(value.as_bytes())),
        secret: (!is_path).then(|| Secret::new(value.as_bytes())),
        advice: "revoke it in the settings of the service, then remove it from the history"
            .to_owned(),
        facts: vec!["AWS account 123456789012".to_owned()],
        occurrences: (0..places).map(|_| occurrence(&path, numbers)).collect(),
    }
}

/// With so many findings, a hostile one among them.
pub(crate) fn report(findings: usize) -> Report {
    let mut numbers = Numbers(7);
    let mut fingerprinter = Fingerprinter::new();
    fingerprinter.add_salt(&[7; 32]);
    let mut all: Vec<_> =
        (0..findings).map(|number| finding(number, &mut numbers, &fingerprinter)).collect();
    all.sort_by_key(|finding| {
        std::cmp::Reverse((finding.exposure(), finding.is_at_head(), finding.rank))
    });
    let mut hostile = finding(findings, &mut numbers, &fingerprinter);
    for text in [&mut hostile.description, &mut hostile.rule, &mut hostile.advice] {
        *text = HOSTILE.to_owned();
    }
    hostile.facts = vec![HOSTILE.to_owned()];
    hostile.secret = Some(Secret::new(HOSTILE.as_bytes()));
    for occurrence in &mut hostile.occurrences {
        occurrence.place.name = HOSTILE.into();
        occurrence.refs = vec![HOSTILE.into()].into();
        let bad = CommitSummary {
            time: LAST,
            commit: HOSTILE.to_owned(),
            author: HOSTILE.to_owned(),
            email: HOSTILE.to_owned(),
            subject: HOSTILE.to_owned(),
        };
        occurrence.last_seen = Some(bad.clone());
        occurrence.introduced = Some(bad);
    }
    if let Some(second) = all.get_mut(1) {
        *second = hostile;
    }
    let allowed =
        Reason::Allowed { list: ".shroud/scan.toml".to_owned(), reason: HOSTILE.to_owned() };
    Report {
        scope: "every object".to_owned(),
        made: Some(LAST),
        findings: all,
        suppressed: vec![Suppressed {
            finding: finding(0, &mut numbers, &fingerprinter),
            reason: allowed,
        }],
        notes: vec![".shroud/scan.toml, entry 3 (test data): matches nothing".to_owned()],
        looked_at: LookedAt {
            blobs: 54_000,
            commits: 10_123,
            tags: 12,
            others: 700,
            bytes: 1 << 31,
        },
        unread: vec![Unread { what: HOSTILE.to_owned(), reason: "not in this clone".to_owned() }],
        trivial: 12,
        below_rank: 40,
    }
}

/// The page of a report.
pub(crate) fn page(report: &Report, reveal: bool) -> Vec<u8> {
    let mut page = Vec::new();
    write(Format::Html, report, Options { reveal, ..Options::default() }, &mut page).unwrap();
    page
}
