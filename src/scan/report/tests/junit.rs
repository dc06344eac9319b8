//! Findings as tests of a CI system.

use super::*;

/// The elements that are begun, in their order; every one is ended where it should be, and nothing else looks like markup.
fn elements(xml: &str) -> Vec<String> {
    let mut begun = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let body = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").unwrap();
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        let name: String = tag.chars().take_while(|c| !c.is_whitespace() && *c != '/').collect();
        match tag.strip_prefix('/') {
            Some(ended) => assert_eq!(open.pop().as_deref(), Some(ended)),
            None => {
                begun.push(name.clone());
                if !tag.ends_with('/') {
                    open.push(name);
                }
            }
        }
        assert!(!text.contains('>'), "{text}");
        assert!(!part.contains(|c: char| c.is_control() && c != '\n'), "{part}");
        for entity in part.split('&').skip(1) {
            let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
            assert!(known.iter().any(|known| entity.starts_with(known)), "{entity}");
        }
    }
    assert_eq!(open, Vec::<String>::new());
    begun
}

fn number(elements: &[String], name: &str) -> usize {
    elements.iter().filter(|element| *element == name).count()
}

#[test]
fn junit_has_a_test_for_each_finding() {
    let xml = written(Format::Junit, &report(), false);
    let all = elements(&xml);
    let numbers = ["testcase", "failure", "skipped", "error"].map(|name| number(&all, name));
    assert_eq!(numbers, [4, 2, 1, 1], "{xml}");
    assert!(xml.contains("tests=\"4\" failures=\"2\" errors=\"1\" skipped=\"1\""), "{xml}");
    assert!(xml.contains(" file=\"config/prod.env\" line=\"12\">"), "{xml}");
    assert!(xml.contains("what to do: revoke it at example.com"), "{xml}");

    let clean = written(Format::Junit, &Report::default(), false);
    assert!(clean.contains("tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\""), "{clean}");
    assert_eq!(number(&elements(&clean), "testcase"), 1);
}

#[test]
fn junit_stays_xml_whatever_is_in_it() {
    let mut hostile = hostile();
    hostile.findings[0].description = "]]> <!-- &x; \u{ffff}\u{1b}\u{0}".to_owned();
    let xml = written(Format::Junit, &hostile, true);
    let all = elements(&xml);
    assert_eq!((number(&all, "failure"), number(&all, "skipped")), (1, 1), "{xml}");
    assert!(!xml.contains('\u{ffff}'));
}
