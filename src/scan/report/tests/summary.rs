//! What stands before many findings.

use super::*;

#[test]
fn many_findings_begin_with_a_summary_and_only_the_first_are_listed() {
    let mut one = report();
    one.findings.truncate(1);
    let one = written(Format::Text, &one, false);
    assert!(!one.contains("by rule:"), "{one}");
    let mut many = report();
    many.findings = (0..60)
        .map(|number| {
            let mut finding = finding("a");
            finding.occurrences.truncate(1);
            finding.occurrences[0].place.kind = LocationKind::File;
            finding.occurrences[0].place.name = format!("a/{}/c/file", number % 2).into_bytes();
            finding
        })
        .collect();
    let limited = |limit| {
        let mut out = Vec::new();
        let options = Options { limit, ..Options::default() };
        write(Format::Text, &many, options, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let listed = |text: &str| text.matches("    at  ").count();
    let text = limited(Some(50));
    let begins = text.find("by rule:").unwrap() < text.find("    at  ").unwrap();
    assert!(begins && text.contains("        30  a/0/\n"), "{text}");
    assert_eq!(listed(&text), 50);
    assert!(text.contains("10 more findings not shown: --limit all"), "{text}");
    assert_eq!((listed(&limited(Some(0))), listed(&limited(None))), (0, 60));
}
