//! Rules of other tools, over whole repositories.

use crate::common::Sandbox;
use crate::common::planted::values;

const RULES: &str = r#"
prefilter = '''matchesAny(get(attributes, "path", ""), [`^third/`])'''

[[rules]]
id = "shop"
description = "shop token"
regex = '''shop_[0-9a-z]{8}'''
keywords = ["shop_"]
validate = '''http.get("https://shop.invalid")'''

[[rules]]
id = "terraform"
regex = '''pass = "(\w+)"'''
path = '''\.tf$'''

[[rules]]
id = "certificate"
description = "a certificate with its key"
path = '''\.p12$'''
"#;

fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.write("rules.toml", RULES);
    for path in ["main.tf", "third/main.tf", "notes"] {
        sandbox.write(format!("repo/{path}"), "pass = \"q8w2e5r9\"\n");
    }
    sandbox.write("repo/third/shop", "shop_11112222\n");
    sandbox.write("repo/keys/old.p12", [0u8, 1, 2]);
    sandbox.write("repo/keys/empty.p12", "");
    sandbox.git("repo", ["add", "-A"]);
    sandbox
}

fn found(sandbox: &Sandbox, arguments: &[&str]) -> Vec<(String, String)> {
    let all = [&["scan", "--format", "json", "--rules", "../rules.toml"], arguments].concat();
    let json = sandbox.try_shroud("repo", all).expect(1).json();
    assert_eq!(json["notes"].as_array().unwrap().len(), 1, "{json}");
    assert!(json["notes"][0].as_str().unwrap().starts_with("1 rule would ask"), "{json}");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let place = |found: &serde_json::Value| text(&found["occurrences"][0]["name"]);
    let findings = json["findings"].as_array().unwrap();
    let mut all: Vec<_> = findings.iter().map(|one| (text(&one["rule"]), place(one))).collect();
    all.sort();
    all
}

#[test]
fn paths_decide_where_something_counts() {
    let sandbox = repository();
    let name = |rule: &str, path: &str| (rule.to_owned(), path.to_owned());
    let both = [name("certificate", "keys/old.p12"), name("terraform", "main.tf")];
    assert_eq!(found(&sandbox, &["--staged"]), both);
    assert_eq!(found(&sandbox, &["--worktree"]), both);
    assert_eq!(found(&sandbox, &[]), both);
    sandbox.git("repo", ["commit", "-q", "-m", "shop_33334444"]);
    sandbox.git("repo", ["rm", "-q", "keys/old.p12"]);
    sandbox.git("repo", ["commit", "-q", "-m", "without"]);
    let all = [both[0].clone(), name("shop", ""), both[1].clone()];
    assert_eq!(found(&sandbox, &[]), all);
    assert_eq!(found(&sandbox, &["HEAD"]), all);
    let done = sandbox.try_shroud("repo", ["scan", "--rules", "../rules.toml"]).expect(1);
    assert!(done.text().contains("keys/old.p12"));
    assert!(done.text().contains("a certificate with its key"));
    // What is in the clear at another path is found there alone.
    let arguments = ["scan", "--format", "json", "--reveal", "--rules", "../rules.toml"];
    let json = sandbox.try_shroud("repo", arguments).expect(1);
    assert_eq!(values(&json), ["q8w2e5r9", "shop_33334444"]);
    let json = json.json();
    let pass = json["findings"].as_array().unwrap().iter().find(|one| one["rule"] == "terraform");
    assert_eq!(pass.unwrap()["occurrences"].as_array().unwrap().len(), 1);
}

#[test]
fn a_hit_at_one_path_takes_nothing_from_another() {
    let sandbox = repository();
    let any = "[[rules]]\nid = \"any\"\nregex = '''pass = \"(q8w2)'''\n";
    sandbox.write("rules.toml", format!("{RULES}{any}"));
    let found: Vec<_> = found(&sandbox, &["--staged"]).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(found, ["any", "certificate", "terraform"]);
}

#[test]
fn a_path_can_be_allowed() {
    let sandbox = repository();
    let list = "version = 1\n[[allow]]\npaths = [\"*.p12\"]\nrule = \"certificate\"\n\
                reason = \"a test\"\n[[allow]]\nrule = \"terraform\"\npaths = [\"*.tf\"]\n\
                reason = \"another\"\n";
    sandbox.write("repo/.shroud/scan.toml", list);
    sandbox.try_shroud("repo", ["scan", "--rules", "../rules.toml"]).expect(0);
}

#[test]
fn sealed_files_are_not_found_by_their_names() {
    let sandbox = repository();
    sandbox.git("repo", ["rm", "-q", "--cached", "-r", "."]);
    sandbox.shroud("repo", ["init"]);
    sandbox.write("repo/.gitattributes", "*.p12 filter=shroud diff=shroud\n");
    sandbox.git("repo", ["add", "keys", ".gitattributes"]);
    sandbox.git("repo", ["commit", "-q", "-m", "sealed"]);
    let arguments = ["scan", "--rules", "../rules.toml"];
    for scope in [&["HEAD"][..], &["--staged"]] {
        sandbox.try_shroud("repo", [&arguments, scope].concat()).expect(0);
    }
}

#[test]
fn a_file_of_rules_that_cannot_be_used_is_refused() {
    let sandbox = repository();
    sandbox
        .write("rules.toml", "[[rules]]\nid = 'x'\nregex = 'a'\nfilter = 'tokens(finding.secret)'");
    sandbox
        .try_shroud("repo", ["scan", "--rules", "../rules.toml"])
        .expect(2)
        .says("rules.toml")
        .says("'tokens' is not supported");
}
