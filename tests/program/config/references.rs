//! References in `.env` files: kept with a word, or exchanged where that is asked for.

use crate::common::{Sandbox, text};

/// A repository with the environments dev and prod, whose only file besides the base holds this.
fn with(base: &str, prod: &str, schema: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let init = ["init", "-q", "--template", "config", "repo", "--env", "dev", "--env", "prod"];
    sandbox.shroud(".", [&init[..], &["--no-backup"]].concat());
    sandbox.write(
        "repo/config.shroud.toml",
        format!("base = [\"base.env\"]\nenvironments = [\"dev\", \"prod\"]\n{schema}"),
    );
    sandbox.write("repo/base.env", base);
    sandbox.write("repo/environments/dev/app.env", "D=1\n");
    sandbox.write("repo/environments/prod/app.env", prod);
    sandbox
}

const BASE: &str = "APP_NAME=Shop\nVITE_APP_NAME=\"${APP_NAME}\"\nQUOTED='${APP_NAME}'\n";

#[test]
fn a_reference_is_kept_with_a_word_or_exchanged() {
    let sandbox = with(BASE, "HOST=live\nURL=https://$HOST/${WAY:-in}\n", "");
    let get = |args: &[&str]| sandbox.shroud("repo", [&["config", "get", "prod"], args].concat());
    let kept = get(&["VITE_APP_NAME"]);
    assert_eq!(kept.text(), "${APP_NAME}\n");
    let kept =
        kept.says("references such as ${NAME} are kept as they are written in VITE_APP_NAME");
    kept.says("--expand");
    assert_eq!(get(&["VITE_APP_NAME", "--expand"]).text(), "Shop\n");
    assert_eq!(get(&["URL", "--expand"]).text(), "https://live/in\n");
    assert_eq!(get(&["URL", "--expand", "--json"]).json()["value"], "https://live/in");
    let quoted = get(&["QUOTED", "--expand"]);
    assert_eq!(quoted.text(), "${APP_NAME}\n");
    assert!(!get(&["QUOTED"]).stderr.contains("references"));

    let render = |args: &[&str]| {
        sandbox.shroud("repo", [&["config", "render", "prod", "-o", "env"], args].concat())
    };
    let kept = render(&[]);
    let kept = kept.says("are kept as they are written in URL, VITE_APP_NAME");
    assert!(kept.text().contains("VITE_APP_NAME='${APP_NAME}'\n"), "{}", kept.text());
    let expanded = render(&["--expand"]);
    assert!(!expanded.stderr.contains("references"), "{}", expanded.stderr);
    assert_eq!(
        expanded.text(),
        "APP_NAME=Shop\nHOST=live\nQUOTED='${APP_NAME}'\nURL=https://live/in\nVITE_APP_NAME=Shop\n"
    );
    let only = render(&["--only", "APP_NAME"]);
    assert!(!only.stderr.contains("references"), "{}", only.stderr);
    let json =
        sandbox.shroud("repo", ["config", "render", "prod", "-o", "json", "--expand"]).json();
    assert_eq!(json["VITE_APP_NAME"], "Shop");

    let exec = |args: &[&str]| {
        let print = ["--", "sh", "-c", "printf '%s ' \"$VITE_APP_NAME\" \"$URL\""];
        sandbox.shroud("repo", [&["config", "exec", "prod"], args, &print].concat())
    };
    exec(&[]).says("VITE_APP_NAME");
    assert_eq!(exec(&[]).text(), "${APP_NAME} https://$HOST/${WAY:-in} ");
    assert_eq!(exec(&["--expand"]).text(), "Shop https://live/in ");
}

#[test]
fn a_layer_above_counts_for_what_is_below() {
    let prod = "APP_NAME=Live\nLIST=${LIST},b\n";
    let base = format!("{BASE}LIST=a\nLATER=${{PORT}}\n");
    let schema = "[properties.PORT]\ndefault = \"80\"\n";
    let sandbox = with(&base, prod, schema);
    let get =
        |name: &str| sandbox.shroud("repo", ["config", "get", "prod", name, "--expand"]).text();
    assert_eq!(get("VITE_APP_NAME"), "Live\n");
    assert_eq!(get("LIST"), "a,b\n");
    assert_eq!(get("LATER"), "80\n");
    // A reader that goes through the files in order has not met it yet.
    for (dialect, name) in
        [("shell", "Shop\n"), ("compose", "Shop\n"), ("python", "Shop\n"), ("php", "Shop\n")]
    {
        let sandbox = with(&base, prod, &format!("dialect = \"{dialect}\"\n{schema}"));
        let get =
            |name: &str| sandbox.shroud("repo", ["config", "get", "prod", name, "--expand"]).text();
        assert_eq!(get("VITE_APP_NAME"), name, "{dialect}");
        assert_eq!(get("LIST"), "a,b\n", "{dialect}");
    }
    // node's dotenv exchanges nothing.
    let sandbox = with(&base, prod, &format!("dialect = \"node\"\n{schema}"));
    let done = sandbox.shroud("repo", ["config", "get", "prod", "VITE_APP_NAME", "--expand"]);
    assert_eq!(done.text(), "${APP_NAME}\n");
}

#[test]
fn what_stands_for_nothing_is_named() {
    let long: String = (0..100).map(|at| format!("C{at}=\"${{C{}}}\"\n", at + 1)).collect();
    let bomb: String =
        (0..40).map(|at| format!("B{at}=\"${{B{0}}}${{B{0}}}\"\n", at + 1)).collect();
    let prod = format!(
        "A=\"${{B}}\"\nB=\"${{A}}\"\nOWN=\"${{OWN}}\"\nLOST=\"${{NOWHERE}}\"\nWORD=pa$canary\nODD=\"${{A%x}}\"\n{long}C100=x\n{bomb}B40=x\n"
    );
    let sandbox = with("", &prod, "");
    for (name, why) in [
        ("A", "prod: A cannot be expanded: ${A} refers back to this value"),
        ("OWN", "${OWN} refers back to this value"),
        ("LOST", "${NOWHERE} is not set"),
        ("WORD", "what a '$' in the value refers to is not set"),
        ("ODD", "begins something that is not expanded here"),
        ("C0", "the references lead too far"),
        ("B0", "the references lead too far"),
    ] {
        let get = ["config", "get", "prod", name, "--expand"];
        let done = sandbox.try_shroud("repo", get).expect(1);
        assert!(done.stdout.is_empty(), "{}", done.text());
        let done = done.says(why);
        assert!(!done.stderr.contains("canary"), "{}", done.stderr);
    }
    for args in [
        &["render", "prod", "-o", "env", "--expand"][..],
        &["exec", "prod", "--expand", "--", "echo", "ran"],
    ] {
        let done = sandbox.try_shroud("repo", [&["config"], args].concat()).expect(1);
        assert!(done.stdout.is_empty());
    }
    sandbox.try_shroud("repo", ["config", "copy", "prod", "dev", "LOST"]).expect(1).says("by hand");
    // One that is not asked for does not matter.
    sandbox.shroud("repo", ["config", "render", "prod", "-o", "env", "--expand", "--only", "C100"]);
    // The dialect of a reader that has not met it yet.
    let sandbox = with("", "A=\"${B}\"\nB=1\n", "dialect = \"shell\"\n");
    let done = sandbox.try_shroud("repo", ["config", "get", "prod", "A", "--expand"]).expect(1);
    done.says("${B} is set only behind this value");
}

#[test]
fn check_judges_what_a_reference_stands_for() {
    let schema = "\
[properties.BASE_PORT]
[properties.PORT]
type = \"port\"
[properties.LOST]
type = \"port\"
[properties.TOKEN]
distinct = true
[properties.D]
";
    let sandbox = with("BASE_PORT=80\n", "PORT=\"${BASE_PORT}80\"\nLOST=\"${NOWHERE}\"\n", schema);
    let done = sandbox.shroud("repo", ["config", "check"]);
    let line = "warning: environments/prod/app.env:2: prod LOST: ${NOWHERE} is not set";
    assert!(done.text().contains(line), "{}", done.text());
    assert!(!done.text().contains("PORT:"), "{}", done.text());
    sandbox.write("repo/environments/prod/app.env", "PORT=\"${BASE_PORT}8080\"\n");
    let done = sandbox.try_shroud("repo", ["config", "check"]).expect(1);
    assert!(done.text().contains("prod PORT: the value"), "{}", done.text());
    // The same text, and not the same value.
    sandbox.write("repo/environments/prod/app.env", "D=prod\nTOKEN=\"x-${D}\"\n");
    sandbox.write("repo/environments/dev/app.env", "D=dev\nTOKEN=\"x-${D}\"\n");
    sandbox.shroud("repo", ["config", "check"]);
    let diff = sandbox.shroud("repo", ["config", "diff"]).text();
    assert!(diff.contains("TOKEN") && diff.contains("differ"), "{diff}");
}

#[test]
fn a_program_gets_what_is_around_it_but_no_keys() {
    let sandbox = with("", "A=\"${OUTER}/x\"\nK=\"${GIT_SHROUD_PASSPHRASE:-none}\"\n", "");
    let exec = |args: &[&str]| {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo");
        command.args(["config", "exec", "prod", "--expand"]).args(args);
        command.args(["--", "/bin/sh", "-c", "echo $A $K"]).env("OUTER", "outer");
        command.env("GIT_SHROUD_PASSPHRASE", "canary");
        sandbox.run(command)
    };
    assert_eq!(text(exec(&[]).expect(0).stdout), "outer/x none\n");
    exec(&["--pristine"]).expect(1).says("${OUTER} is not set");
}
