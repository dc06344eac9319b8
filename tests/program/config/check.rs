//! `config check`: what it finds, how it prints it, and what a locked environment means.

use crate::common::{Sandbox, contains, text};
use crate::config::place::{SCHEMA, configuration, partly_unlocked};

fn append(sandbox: &Sandbox, name: &str, line: &str) {
    let path = format!("repo/environments/{name}/app.properties");
    let before = text(sandbox.read(&path));
    sandbox.write(&path, format!("{before}{line}"));
}

#[test]
fn a_repository_that_says_all_passes() {
    let sandbox = configuration();
    let done = sandbox.shroud("repo", ["config", "check"]);
    assert_eq!(done.text(), "");
    done.says("checked 5 properties in 3 environments and found nothing wrong");
    let table = sandbox.shroud("repo", ["config", "check", "--all"]).text();
    let expected = "\
property     dev           staging       prod
db.password  set           set           set
db.pool      default 5     default 5     set
db.url       set           set           set
level        default info  default info  default info
old          -             -             -
";
    assert_eq!(table, expected);
    // From a folder below, and one environment alone.
    let done = sandbox.shroud("repo/environments", ["config", "check", "dev", "--all"]);
    assert!(done.text().starts_with("property     dev\n"));
}

#[test]
fn what_is_wrong_is_shown_in_a_table_and_with_its_line() {
    let sandbox = configuration();
    append(&sandbox, "dev", "level=canary\nextra=canary\nold=canary\n");
    sandbox.write(
        "repo/environments/prod/app.properties",
        "db.url=canary\ndb.password=canary-dev-value\n",
    );
    let done = sandbox.try_shroud("repo", ["config", "check"]).expect(1);
    let printed = done.text();
    assert!(!printed.contains("canary"), "{printed}");
    let lines: Vec<String> =
        printed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for expected in [
        "property dev staging prod",
        "db.password same set same",
        "db.pool default 5 default 5 undecided",
        "db.url set set invalid",
        "extra unknown - -",
        "level invalid default info default info",
        "old removed - -",
        "environments/dev/app.properties:6: dev extra: the schema does not know it",
        "environments/dev/app.properties:5: dev level: the value is not one of debug, info",
        "warning: environments/dev/app.properties:7: dev old: it is removed in release 2.5",
        "environments/prod/app.properties:1: prod db.url: the value is not a URL",
        "environments/prod/app.properties:1: prod db.pool: it has a default, but this environment must set it",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected}\n{printed}");
    }
    done.says("found 6 problems").says("config schema add");
}

#[test]
fn a_release_decides_what_is_removed_and_what_is_known() {
    let sandbox = configuration();
    append(&sandbox, "dev", "old=1\n");
    sandbox.shroud("repo", ["config", "check"]).says("1 warning");
    sandbox.shroud("repo", ["config", "check", "--release", "2.4.9"]).says("1 warning");
    let done = sandbox.try_shroud("repo", ["config", "check", "--release", "2.10"]).expect(1);
    assert!(done.text().contains("it was removed in release 2.5"));
    sandbox.try_shroud("repo", ["config", "check", "--release", "soon"]).expect(2);
    let later = format!(
        "release = \"2.6\"\n{SCHEMA}\n[properties.new]\nrequired = true\nsince = \"2.7\"\n"
    );
    sandbox.write("repo/config.shroud.toml", later);
    let done = sandbox.try_shroud("repo", ["config", "check", "dev"]).expect(1);
    assert!(!done.text().contains("new"));
    let done = sandbox.try_shroud("repo", ["config", "check", "dev", "--release", "2.7"]).expect(1);
    assert!(done.text().contains("dev new: it is required, but not set"));
}

#[test]
fn programs_get_json_sarif_and_remarks() {
    let sandbox = configuration();
    append(&sandbox, "dev", "db.pool=canary\n");
    let json = sandbox.try_shroud("repo", ["config", "check", "--json"]).expect(1).json();
    let finding = &json["findings"][0];
    assert_eq!(
        (&finding["environment"], &finding["property"], &finding["problem"], &finding["line"]),
        (&"dev".into(), &"db.pool".into(), &"invalid".into(), &5.into())
    );
    assert_eq!(finding["path"], "environments/dev/app.properties");
    assert_eq!(json["complete"], true);
    assert_eq!(
        json["properties"][1]["cells"]["staging"],
        serde_json::json!({"state": "default", "value": "5"})
    );
    let same = sandbox.try_shroud("repo", ["config", "check", "--format", "json"]).expect(1).json();
    assert_eq!(same, json);
    let sarif = sandbox.try_shroud("repo", ["config", "check", "--format", "sarif"]).expect(1);
    assert!(!contains(&sarif.stdout, b"canary"));
    let sarif = sarif.json();
    let result = &sarif["runs"][0]["results"][0];
    let physical = &result["locations"][0]["physicalLocation"];
    assert_eq!(physical["artifactLocation"]["uri"], "environments/dev/app.properties");
    assert_eq!(physical["region"]["startLine"], 5);
    let index = result["ruleIndex"].as_u64().unwrap();
    let rule = &sarif["runs"][0]["tool"]["driver"]["rules"][usize::try_from(index).unwrap()];
    assert_eq!((&rule["id"], &result["ruleId"]), (&"invalid".into(), &"invalid".into()));
    let github = sandbox.try_shroud("repo", ["config", "check", "--format", "github"]).expect(1);
    assert_eq!(
        github.text(),
        "::error file=environments/dev/app.properties,line=5,title=configuration%3A invalid::dev db.pool: the value is not a whole number\n"
    );
}

#[test]
fn an_environment_without_its_key_is_locked_and_lacks_nothing() {
    let sandbox = partly_unlocked(&["dev", "staging"]);
    let done = sandbox.try_shroud("clone", ["config", "check", "--all"]).expect(3);
    for line in [
        "db.pool      default 5     default 5     sealed",
        "db.url       set           set           sealed",
    ] {
        assert!(done.text().contains(line), "{}", done.text());
    }
    done.says(
        "environments/prod/app.properties: locked: the key 'prod' generation 1 is not held here",
    );
    let done = sandbox.shroud("clone", ["config", "check", "--allow-locked"]);
    done.says("5 properties in 2 environments");
    sandbox.shroud("clone", ["config", "check", "dev", "staging"]);
    let json = sandbox.try_shroud("clone", ["config", "check", "--json"]).expect(3).json();
    assert_eq!(json["complete"], false);
    assert_eq!(json["environments"][2]["locked"], true);
    assert!(json["findings"].as_array().unwrap().is_empty());
    // What is wrong in what is open counts for more.
    sandbox.write("clone/environments/dev/app.properties", "db.url=https://x\n");
    sandbox.try_shroud("clone", ["config", "check"]).expect(1);
}

#[test]
fn keys_from_the_environment_open_a_locked_clone_in_memory() {
    let sandbox = configuration();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let before = sandbox.snapshot("clone");
    sandbox
        .try_shroud("clone", ["config", "check"])
        .expect(3)
        .says("dev, staging, prod are locked here");
    let all = sandbox.shroud("repo", ["key", "export"]).text();
    let done = sandbox.try_shroud_with(("GIT_SHROUD_KEY", &all), "clone", &["config", "check"]);
    done.expect(0).says("3 environments");
    let after = sandbox.snapshot("clone");
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (path, content) in after {
        assert!(!contains(&content, b"canary"), "{}", path.display());
    }
}

#[test]
fn a_check_that_could_open_nothing_is_no_success() {
    let sandbox = configuration();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    for format in ["text", "github", "json", "sarif"] {
        let check = ["config", "check", "--allow-locked", "--format", format];
        // A CI service sets a secret that is missing to nothing.
        let done = sandbox.try_shroud_with(("GIT_SHROUD_KEY", ""), "clone", &check);
        done.expect(3)
            .says("no environment could be opened: dev, staging, prod; nothing was checked");
    }
    let one = ["config", "check", "--allow-locked", "dev"];
    sandbox.try_shroud("clone", one).expect(3).says("no environment could be opened: dev");
    let key = text(sandbox.read("dev.key"));
    let all = ["config", "check", "--allow-locked"];
    sandbox.try_shroud_with(("GIT_SHROUD_KEY", &key), "clone", &all).expect(0);
    let other = ["config", "check", "--allow-locked", "prod"];
    sandbox.try_shroud_with(("GIT_SHROUD_KEY", &key), "clone", &other).expect(3);
    // A file that is not sealed needs no key, and says nothing of the secrets.
    sandbox.write("repo/open.env", "db.pool=1\n");
    let schema = text(sandbox.read("repo/config.shroud.toml"));
    let places = "[environments]\ndev = [\"environments/dev\", \"open.env\"]\n\n";
    let (_, properties) = schema.split_once("\n\n").unwrap();
    let properties = properties.replace("explicit = [\"prod\"]\n", "");
    sandbox.write("repo/config.shroud.toml", format!("{places}{properties}"));
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "an open file"]);
    sandbox.git("clone", ["pull", "-q"]);
    sandbox.try_shroud("clone", all).expect(3).says("no environment could be opened");
    sandbox.try_shroud_with(("GIT_SHROUD_KEY", &key), "clone", &all).expect(0);
}

#[test]
fn files_that_are_not_read_are_named() {
    let sandbox = configuration();
    for name in ["app.conf", "my.config", ".django", "README.md", "tls.key", "run.sh"] {
        sandbox.write(format!("repo/environments/dev/{name}"), "[x]\nlevel = info\n");
    }
    let done = sandbox.shroud("repo", ["config", "check"]);
    let told = |name: &str| {
        format!(
            "warning: environments/dev/{name}:1: dev: the file is not read: its name does not say"
        )
    };
    for name in [".django", "app.conf", "my.config"] {
        assert!(done.text().contains(&told(name)), "{name}: {}", done.text());
    }
    assert_eq!(done.text().lines().count(), 3, "{}", done.text());
    done.says("3 warnings").says("files = {\"NAME\" = \"ini\"}");
    let github = sandbox.shroud("repo", ["config", "check", "--format", "github"]).text();
    assert!(github.contains("::warning file=environments/dev/my.config,line=1,"), "{github}");
    let json = sandbox.shroud("repo", ["config", "check", "--json"]).json();
    assert_eq!(json["findings"][0]["problem"], "passed-over");
    let files = "ignore = [\".django\"]\nfiles = {\"my.config\" = \"ini\", \"*.conf\" = \"ini\"}\n";
    sandbox.write("repo/config.shroud.toml", format!("{files}{SCHEMA}"));
    sandbox.write("repo/environments/dev/app.conf", "y = 1\n");
    let done = sandbox.try_shroud("repo", ["config", "check"]).expect(1).text();
    for line in
        ["environments/dev/my.config:2: dev x.level: the schema", "app.conf:1: dev y: the schema"]
    {
        assert!(done.contains(line), "{done}");
    }
    assert!(!done.contains("warning"), "{done}");
    // It is written, too, as it is read.
    crate::config::place::try_set(&sandbox, "repo", "dev", "y", "2").expect(0);
    assert_eq!(sandbox.read("repo/environments/dev/app.conf"), b"y = 2\n");
    sandbox.write("repo/config.shroud.toml", format!("files = {{\"a\" = \"xml\"}}\n{SCHEMA}"));
    let done = sandbox.try_shroud("repo", ["config", "check"]).expect(2);
    done.says("config.shroud.toml:1: a format must be one of env, properties");
}

#[test]
fn a_secret_in_a_file_that_is_not_sealed_is_found() {
    let sandbox = configuration();
    sandbox.write("repo/environments/dev/more.env", "");
    let attributes = text(sandbox.read("repo/.gitattributes"));
    sandbox.write("repo/.gitattributes", format!("{attributes}*.env !filter !diff !merge\n"));
    sandbox.write("repo/environments/dev/app.properties", "db.url=https://x\n");
    sandbox.write("repo/environments/dev/more.env", "db.password=canary-dev-value\n");
    let done = sandbox.try_shroud("repo", ["config", "check", "dev"]).expect(1);
    assert!(
        done.text().contains("environments/dev/more.env:1: dev db.password: a secret is in a file"),
        "{}",
        done.text()
    );
    done.says("git shroud track");
}

#[test]
fn a_schema_may_be_kept_with_the_code() {
    let sandbox = configuration();
    let properties = SCHEMA
        .split_once("\n\n")
        .unwrap()
        .1
        .replace("default = 5\n", "required = true\n")
        .replace("explicit = [\"prod\"]\n", "");
    sandbox.write("code/config.shroud.toml", &properties);
    let done = sandbox
        .try_shroud("repo", ["config", "check", "--schema", "../code/config.shroud.toml"])
        .expect(1);
    assert!(done.text().contains("dev db.pool: it is required, but not set"));
    let own = "schema = \"../code/config.shroud.toml\"\nrelease = \"2.6\"\nenvironments = [\"dev\", \"staging\", \"prod\"]\n";
    sandbox.write("repo/config.shroud.toml", own);
    let again = sandbox.try_shroud("repo", ["config", "check"]).expect(1);
    assert_eq!(again.text(), done.text());
    sandbox
        .try_shroud("repo", ["config", "check", "--schema", "none.toml"])
        .expect(2)
        .says("there is no schema");
    sandbox.shroud("repo", ["config", "schema", "add", "-q", "new"]);
    assert!(text(sandbox.read("code/config.shroud.toml")).ends_with("\n[properties.\"new\"]\n"));
    assert_eq!(text(sandbox.read("repo/config.shroud.toml")), own);
}

#[test]
fn requests_that_make_no_sense_are_refused_with_what_to_do() {
    let sandbox = configuration();
    let done = sandbox.try_shroud("repo", ["config", "check", "prd"]).expect(2);
    done.says("there is no environment 'prd'").says("dev, staging, prod");
    std::fs::remove_file(sandbox.path("repo/config.shroud.toml")).unwrap();
    sandbox.try_shroud("repo", ["config", "check"]).expect(2).says("schema infer --write");
    sandbox.git(".", ["init", "-q", "empty"]);
    sandbox.try_shroud("empty", ["config", "check"]).expect(2).says("init --template config");
}
