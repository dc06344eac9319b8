//! `config` in clones that hold no key: what names and tokens say of a locked environment.

use crate::common::Sandbox;

/// A repository, in `repo`, of three environments under one key, and a clone without it, in `locked`.
fn three(files: [&str; 3], schema: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.shroud("repo", ["track", "-q", "--values", "--clear", "LOG", "environments/**"]);
    for (name, content) in ["dev", "stg", "prod"].into_iter().zip(files) {
        sandbox.write(format!("repo/environments/{name}/app.env"), content);
    }
    let schema = format!("environments = [\"dev\", \"stg\", \"prod\"]\n{schema}");
    sandbox.write("repo/config.shroud.toml", schema);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "configuration"]);
    sandbox.git(".", ["clone", "-q", "repo", "locked"]);
    sandbox
}

/// The lines with one blank between two cells.
fn lines(table: &str) -> Vec<String> {
    table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

const SCHEMA: &str = "[properties.URL]\nrequired = true\n[properties.NEED]\nrequired = true\n\
    [properties.POOL]\ndefault = 5\n[properties.LOG]\nrequired = true\n";
const FILES: [&str; 3] = [
    "URL=canary-a\nNEED=canary-b\nLOG=info\n",
    "URL=canary-a\nNEED=canary-c\nLOG=\n",
    "URL=canary-d\nLOG=info\nPOOL=canary-7\n",
];

#[test]
fn check_names_what_is_missing_and_what_is_empty() {
    let sandbox = three(FILES, SCHEMA);
    let checked = sandbox.try_shroud("locked", ["config", "check", "--all"]).expect(1);
    let rows = lines(&checked.text());
    for row in [
        "URL sealed sealed sealed",
        "NEED sealed sealed missing",
        "POOL default 5 default 5 sealed",
        // What is not sealed is known.
        "LOG set empty set",
    ] {
        assert!(rows.contains(&row.to_owned()), "{row}: {rows:?}");
    }
    // Where all names are there, the values are still not known.
    let checked = sandbox.try_shroud("locked", ["config", "check", "dev"]).expect(3);
    checked.says("dev is locked here");
    let only = sandbox.try_shroud("locked", ["config", "check", "dev", "--allow-locked"]).expect(3);
    only.says("nothing was checked but names");
}

#[test]
fn check_finds_equal_values_that_must_differ() {
    let schema = "[properties.URL]\ndistinct = true\n[properties.NEED]\ndistinct = true\n\
        [properties.LOG]\n[properties.POOL]\n";
    let sandbox = three(FILES, schema);
    let checked = sandbox.try_shroud("locked", ["config", "check", "--all"]).expect(1).text();
    let rows = lines(&checked);
    assert!(rows.contains(&"URL same same sealed".to_owned()), "{checked}");
    assert!(rows.contains(&"NEED sealed sealed -".to_owned()), "{checked}");
    assert!(checked.contains("environments/stg/app.env:1: stg URL: it must differ"), "{checked}");
}

#[test]
fn diff_compares_names_and_tokens_of_one_key() {
    let sandbox = three(FILES, SCHEMA);
    let diff = sandbox.try_shroud("locked", ["config", "diff"]).expect(3).text();
    let expected = "\
property  dev        stg        prod      values
LOG       a          b          a         differ
NEED      sealed 1   sealed 2   -         differ
POOL      default a  default a  sealed    differ
URL       sealed 1   sealed 1   sealed 2  differ
";
    let expected = expected.replace("sealed    differ", "sealed    unknown");
    let shown: Vec<&str> = expected.lines().filter(|line| !line.ends_with("unknown")).collect();
    // What is unknown is not said to differ, and the answer is not whole.
    assert_eq!(lines(&diff), lines(&shown.join("\n")));
}

#[test]
fn a_diff_of_what_tokens_say_is_complete() {
    let sandbox = three(FILES, SCHEMA);
    let all = ["config", "diff", "dev", "stg", "--all"];
    let diff = sandbox.shroud("locked", all).text();
    assert!(lines(&diff).contains(&"URL sealed 1 sealed 1 same".to_owned()), "{diff}");
    sandbox.try_shroud("locked", ["config", "diff", "dev", "stg", "--exit-code"]).expect(1);
    let json = sandbox.shroud("locked", ["config", "diff", "dev", "stg", "--all", "--json"]).json();
    let url = json["properties"].as_array().unwrap().iter().find(|one| one["name"] == "URL");
    assert_eq!(url.unwrap()["same"], true);
    assert_eq!(url.unwrap()["cells"]["stg"]["state"], "sealed");
    sandbox.try_shroud("locked", ["config", "diff", "dev", "stg", "--show"]).expect(3);
}

#[test]
fn tokens_of_other_keys_and_formats_say_nothing() {
    let sandbox = three(["A=one\n", "A=one\n", "A=one\n"], "[properties.A]\n");
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    sandbox.shroud("repo", ["track", "-q", "--values", "--key", "prod", "environments/prod/**"]);
    sandbox.shroud("repo", ["status", "-q", "--fix", "--rekey"]);
    sandbox.git("repo", ["rm", "-q", "environments/stg/app.env"]);
    sandbox.write("repo/environments/stg/app.json", "{\"A\": \"one\"}\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "other"]);
    sandbox.git(".", ["clone", "-q", "repo", "other"]);
    let diff = sandbox.try_shroud("other", ["config", "diff", "--all"]).expect(3);
    assert!(
        lines(&diff.text()).contains(&"A sealed sealed sealed unknown".to_owned()),
        "{}",
        diff.text()
    );
    sandbox
        .try_shroud("other", ["config", "diff"])
        .expect(3)
        .says("no property is known to differ");
    sandbox.shroud("locked", ["config", "sync"]).says("nothing is missing");
}

#[test]
fn list_get_copy_and_sync_know_the_names() {
    let sandbox = three(FILES, SCHEMA);
    let listed = sandbox.shroud("locked", ["config", "list", "prod"]).text();
    assert_eq!(
        lines(&listed),
        [
            "LOG set environments/prod/app.env:2",
            "POOL sealed environments/prod/app.env:3",
            "URL sealed environments/prod/app.env:1",
        ]
    );
    let all = sandbox.shroud("locked", ["config", "list"]).text();
    assert_eq!(lines(&all)[2], "prod 3 properties, locked 1 file");
    let json = sandbox.shroud("locked", ["config", "list", "prod", "--json"]).json();
    assert_eq!((&json["complete"], &json["properties"][2]["sealed"]), (&true.into(), &true.into()));
    sandbox.try_shroud("locked", ["config", "list", "prod", "--show"]).expect(3);
    assert_eq!(sandbox.shroud("locked", ["config", "get", "prod", "LOG"]).text(), "info\n");
    sandbox.try_shroud("locked", ["config", "get", "prod", "URL"]).expect(3).says("prod sets URL");
    let copy = |name| sandbox.try_shroud("locked", ["config", "copy", "prod", "dev", name]);
    copy("URL")
        .expect(3)
        .says("prod sets URL, and it is locked: the key that sealed it is not held here");
    copy("NEED").expect(1).says("prod does not set NEED");
    let synced = sandbox.try_shroud("locked", ["config", "sync"]).expect(3);
    let expected = "\
dev: POOL (default 5; not written, dev is locked here)
stg: POOL (default 5; not written, stg is locked here)
prod: NEED (missing; not written, prod is locked here)
";
    assert_eq!(synced.text(), expected);
    synced.says("dev, stg, prod are locked here");
    assert_eq!(sandbox.git("locked", ["status", "--porcelain"]).text(), "");
}

/// What is exempt is stored as plaintext, whatever its file is.
#[test]
fn a_secret_with_an_exempt_name_is_in_the_clear() {
    let schema = "[properties.LOG]\nsecret = true\n[properties.URL]\nsecret = true\n\
        [properties.NEED]\n[properties.POOL]\n";
    let sandbox = three(FILES, schema);
    for clone in ["repo", "locked"] {
        let checked = sandbox.try_shroud(clone, ["config", "check"]).expect(1).text();
        let rows = lines(&checked);
        assert!(rows.contains(&"LOG in-the-clear set in-the-clear".to_owned()), "{checked}");
        assert!(!checked.contains("URL"), "{checked}");
        assert!(checked.contains("environments/dev/app.env:3: dev LOG: a secret has a name"));
    }
    let mut set = sandbox.command("git-shroud", "repo");
    set.args(["config", "set", "dev", "LOG"]);
    let refused = sandbox.run_with_input(set, b"canary-x").expect(1);
    refused.says("LOG is a secret").says("shroud-clear");
    let mut set = sandbox.command("git-shroud", "repo");
    set.args(["config", "set", "dev", "URL"]);
    sandbox.run_with_input(set, b"canary-x").expect(0);
    // A file that is sealed whole, as it does not read, stores nothing as plaintext.
    sandbox.write("repo/environments/dev/app.env", "URL=canary-a\nLOG=x\nno name\n");
    sandbox.git("repo", ["add", "."]);
    let checked = sandbox.try_shroud("repo", ["config", "check", "dev"]);
    assert!(!checked.text().contains("in-the-clear"), "{}", checked.text());
}

#[test]
fn a_value_that_is_not_sealed_in_the_place_of_a_sealed_one_is_found_without_its_key() {
    let sandbox = three(["URL=canary-a\nLOG=x\n"; 3], "");
    sandbox.write(
        "repo/config.shroud.toml",
        "[environments]\ndev = [\"environments/dev\", \"over\"]\n[properties.URL]\n[properties.LOG]\n",
    );
    sandbox.write("repo/over/app.env", "URL=weaker\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "over"]);
    sandbox.git(".", ["clone", "-q", "repo", "other"]);
    for clone in ["repo", "other"] {
        let checked = sandbox.try_shroud(clone, ["config", "check"]).expect(1).text();
        assert!(lines(&checked).iter().any(|line| line.contains("over/app.env:1: dev URL: a file that is not sealed overrides the value of environments/dev/app.env:1")), "{checked}");
    }
}

/// The value of the last layer counts, also where it is sealed.
#[test]
fn a_sealed_value_overrides_one_that_is_known() {
    let schema = "[environments]\nprod = [\"base\", \"environments/prod\"]\ndev = [\"base\"]\n";
    let sandbox = three(FILES, "");
    sandbox.write(
        "repo/config.shroud.toml",
        format!("{schema}[properties.URL]\ntype = \"int\"\n[properties.POOL]\n"),
    );
    sandbox.write("repo/base/app.env", "URL=word\nPOOL=1\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "layers"]);
    sandbox.git(".", ["clone", "-q", "repo", "other"]);
    let checked = sandbox.try_shroud("other", ["config", "check", "--all"]).expect(1).text();
    let row = lines(&checked).into_iter().find(|line| line.starts_with("URL ")).unwrap();
    assert!(row.contains("sealed") && row.contains("invalid"), "{checked}");
    sandbox.try_shroud("other", ["config", "get", "prod", "POOL"]).expect(3);
    sandbox.try_shroud("other", ["config", "get", "prod", "URL"]).expect(3);
    assert_eq!(sandbox.shroud("other", ["config", "get", "dev", "POOL"]).text(), "1\n");
}
