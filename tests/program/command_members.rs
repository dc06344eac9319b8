//! Commands of the user's as members: what is started, with what, and what never is.

use crate::common::{Done, SECRETS, Sandbox, contains, is_sealed, text};

/// "Encrypts" by swapping the bits of each byte with those of another, and notes that it was started.
const KMS: &str = r#"
echo "$1 $2 $(pwd) ${GIT_DIR-none} ${GIT_SHROUD_IDENTITY-none}" >>"$HOME/log"
case $1 in
wrap) exec tr '\000-\177\200-\377' '\200-\377\000-\177' ;;
unwrap) exec tr '\200-\377\000-\177' '\000-\177\200-\377' ;;
esac
echo 'no such thing' >&2
exit 3
"#;

const MEMBER: &str = "repo/.shroud/default/members/kms.toml";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.stand_in("kms", KMS);
    sandbox.sealed_repository("repo");
    sandbox
}

/// Sets the commands of this name in the user's configuration.
fn configure(sandbox: &Sandbox, name: &str, wrap: &str, unwrap: &str) {
    for (verb, value) in [("wrap", wrap), ("unwrap", unwrap)] {
        let key = format!("shroud.command.{name}.{verb}");
        sandbox.git(".", ["config", "--global", &key, value]);
    }
}

fn configured() -> Sandbox {
    let sandbox = sandbox();
    configure(&sandbox, "kms", "kms wrap x", "kms unwrap x");
    sandbox
}

fn shroud(sandbox: &Sandbox, dir: &str, args: &[&str]) -> Done {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), dir);
    command.args(args).env("PATH", sandbox.path_with_stand_ins());
    sandbox.run(command)
}

fn log(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.path("home/log")).unwrap_or_default()
}

fn member() -> Sandbox {
    let sandbox = configured();
    shroud(&sandbox, "repo", &["member", "add", "--command", "kms", "--commit"]).expect(0);
    sandbox
}

#[test]
fn a_command_grants_opens_and_rotates() {
    let sandbox = configured();
    let added = shroud(&sandbox, "repo", &["member", "add", "--command", "kms", "--commit"]);
    added
        .expect(0)
        .says("recipient command:kms")
        .says("granted key 'default' generation 1 to 'kms'");
    let file = text(sandbox.read(MEMBER));
    assert!(
        file.contains("recipient = \"command:kms\"") && !file.contains("GIT-SHROUD-KEY"),
        "{file}"
    );

    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    shroud(&sandbox, "clone", &["unlock"]).expect(0).says("as member 'kms'");
    assert_eq!(sandbox.read("clone/secrets/db.env"), SECRETS[0].1.as_bytes());

    let again = shroud(&sandbox, "repo", &["member", "add", "command:kms"]).expect(0);
    again.says("'kms' is a member of key 'default' already");
    shroud(&sandbox, "repo", &["key", "rotate"]).expect(0);
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "rotated"]);
    sandbox.git(".", ["clone", "-q", "repo", "later"]);
    shroud(&sandbox, "later", &["unlock"]).expect(0).says("took key 'default' generation 2");

    let listed = shroud(&sandbox, "repo", &["member", "list", "--json"]).expect(0).json();
    let listed = &listed["keys"][0]["members"][0];
    assert_eq!(
        (&listed["method"], &listed["recipient"]),
        (&"command".into(), &"command:kms".into())
    );
    let doctor = shroud(&sandbox, "repo", &["doctor"]).text();
    assert!(
        doctor.contains("the command 'kms' is configured here: it grants and opens"),
        "{doctor}"
    );

    // A new grant of an out-of-date member goes by the command too.
    sandbox.git("repo", ["checkout", "-q", "HEAD~1", "--", &MEMBER["repo/".len()..]]);
    shroud(&sandbox, "repo", &["member", "renew", "kms", "--yes"]).expect(0).says("generation 2");
    // Within one second of the rotation the file is the same again.
    sandbox.git("repo", ["commit", "-q", "--allow-empty", "-a", "-m", "renewed"]);
    shroud(&sandbox, "repo", &["member", "remove", "kms"]).expect(0);
    assert!(!sandbox.path(MEMBER).exists());
}

#[test]
fn a_command_starts_in_an_empty_folder_without_the_repository_and_keys_of_the_environment() {
    let sandbox = configured();
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo");
    sandbox.age_identity("ann");
    command
        .args(["member", "add", "--command", "kms"])
        .env("PATH", sandbox.path_with_stand_ins())
        .env("GIT_DIR", sandbox.path("repo/.git"))
        .env("GIT_WORK_TREE", sandbox.path("repo"))
        .env("GIT_SHROUD_IDENTITY", sandbox.path("ann.age"));
    sandbox.run(command).expect(0);
    let log = log(&sandbox);
    // What was wrapped is opened at once: a command that cannot is worth nothing.
    let verbs: Vec<&str> = log.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(verbs, ["wrap", "unwrap"]);
    for line in log.lines() {
        assert!(line.ends_with(" none none"), "{line}");
        let folder = line.split(' ').nth(2).unwrap();
        assert!(!folder.contains("/repo") && !std::path::Path::new(folder).exists(), "{line}");
    }
}

#[test]
fn a_repository_that_names_a_command_starts_nothing_that_the_user_has_not_configured() {
    let sandbox = member();
    sandbox.git(".", ["config", "--global", "--remove-section", "shroud.command.kms"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    std::fs::remove_file(sandbox.path("home/log")).unwrap();
    // What comes with the folder says nothing: neither its configuration, nor what that includes, nor a worktree's.
    let evil = format!("touch {}", sandbox.path("started").display());
    sandbox.git("clone", ["config", "shroud.command.kms.unwrap", &evil]);
    sandbox.git("clone", ["config", "shroud.command.kms.wrap", &evil]);
    sandbox.write("clone/included", format!("[shroud \"command.kms\"]\n\tunwrap = \"{evil}\"\n"));
    sandbox.git("clone", ["config", "include.path", "../included"]);
    sandbox.git("clone", ["config", "extensions.worktreeConfig", "true"]);
    sandbox.git("clone", ["config", "--worktree", "shroud.command.kms.unwrap", &evil]);

    let done = shroud(&sandbox, "clone", &["unlock"]).expect(2);
    done.says("key 'default' stays locked; members: kms (command:kms)")
        .says("your git configuration has no command 'kms', so nothing was started")
        .says("git config --global shroud.command.kms.unwrap");
    assert!(is_sealed(&sandbox.read("clone/secrets/db.env")));
    shroud(&sandbox, "clone", &["unlock", "../team.key"]).expect(0);
    let add = shroud(&sandbox, "clone", &["key", "rotate"]);
    assert_ne!(add.status, 0);
    add.says("git config --global shroud.command.kms.wrap");
    let doctor = shroud(&sandbox, "clone", &["doctor"]).text();
    assert!(doctor.contains("the command 'kms' is not configured here"), "{doctor}");
    assert!(
        doctor.contains("the configuration of this repository names the command 'kms'"),
        "{doctor}"
    );
    assert!(!sandbox.path("started").exists() && log(&sandbox).is_empty());
}

#[test]
fn programs_of_the_worktree_are_not_found_for_a_command() {
    let sandbox = configured();
    sandbox.stand_in("../repo/tools/kms", "touch \"$HOME/../started\"\n");
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo/tools");
    let path =
        format!(".:{}:{}", sandbox.path("repo/tools").display(), sandbox.path_with_stand_ins());
    command.args(["member", "add", "--command", "kms"]).env("PATH", path);
    sandbox.run(command).expect(0);
    assert!(!sandbox.path("started").exists());
    assert_eq!(log(&sandbox).lines().count(), 2);
}

#[test]
fn names_that_are_none_are_refused() {
    let sandbox = configured();
    for name in ["", "a b", "../x", "$(touch x)", "KMS", "-x"] {
        let option = format!("--command={name}");
        let done = shroud(&sandbox, "repo", &["member", "add", &option]).expect(2);
        done.says("the name of a command is 1 to 64");
    }
    shroud(&sandbox, "repo", &["member", "add", "--command", "other"])
        .expect(2)
        .says("git config --global shroud.command.other.wrap");
    assert!(log(&sandbox).is_empty() && !sandbox.path(MEMBER).exists());
}

#[test]
fn a_command_that_does_not_encrypt_or_cannot_be_undone_grants_nothing() {
    let sandbox = sandbox();
    for (wrap, unwrap, says) in [
        ("cat", "cat", "does not encrypt"),
        ("base64", "base64 -d", "does not encrypt"),
        ("true", "cat", "printed nothing"),
        ("kms wrap x", "echo another", "does not give back"),
        ("kms bad x", "cat", "failed (exit status: 3): no such thing"),
        ("exec yes", "cat", "printed more than 64 KiB"),
        ("cat >&2; exit 1", "cat", "failed (exit status: 1)"),
    ] {
        configure(&sandbox, "kms", wrap, unwrap);
        let done = shroud(&sandbox, "repo", &["member", "add", "--command", "kms"]).expect(2);
        assert!(!done.stderr.contains("GIT-SHROUD-KEY-1"), "{wrap}: {}", done.stderr);
        done.says(says);
        assert!(!sandbox.path(MEMBER).exists(), "{wrap}");
    }
}

#[test]
fn files_that_a_command_opens_in_vain_start_it_three_times_at_most() {
    let sandbox = member();
    let file = text(sandbox.read(MEMBER));
    for number in 1..20 {
        let label = format!("a{number:02}");
        let decoy = file.replace("label = \"kms\"", &format!("label = \"{label}\""));
        let at = decoy.find("wrapped = ").unwrap();
        let end = decoy.find("\nmac = ").unwrap();
        let decoy = format!("{}wrapped = \"AAAA\"{}", &decoy[..at], &decoy[end..]);
        sandbox.write(format!("repo/.shroud/default/members/{label}.toml"), decoy);
    }
    sandbox.git("repo", ["add", ".shroud"]);
    sandbox.git("repo", ["commit", "-q", "-m", "decoys"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    std::fs::remove_file(sandbox.path("home/log")).unwrap();
    let done = shroud(&sandbox, "clone", &["unlock"]).expect(2);
    done.says("what the command 'kms' printed is no key")
        .says("was not started again, because it failed 3 times");
    assert_eq!(log(&sandbox).lines().count(), 3);
}

#[test]
fn what_is_no_wrapped_key_starts_nothing() {
    let sandbox = member();
    let file = text(sandbox.read(MEMBER));
    let at = file.find("wrapped = ").unwrap();
    let end = file.find("\nmac = ").unwrap();
    for wrapped in ["", "$(touch started)", "AAA", "-----BEGIN AGE ENCRYPTED FILE-----"] {
        let changed = format!("{}wrapped = \"{wrapped}\"{}", &file[..at], &file[end..]);
        sandbox.write(MEMBER, changed);
        sandbox.git("repo", ["commit", "-q", "-a", "-m", "changed"]);
        let _ = std::fs::remove_dir_all(sandbox.path("clone"));
        sandbox.git(".", ["clone", "-q", "repo", "clone"]);
        let _ = std::fs::remove_file(sandbox.path("home/log"));
        shroud(&sandbox, "clone", &["unlock"])
            .expect(2)
            .says("does not hold what a command has wrapped");
        assert!(log(&sandbox).is_empty(), "{wrapped}");
    }
    assert!(!contains(&sandbox.read(MEMBER), b"GIT-SHROUD-KEY"));
}

#[test]
fn a_command_is_no_member_of_an_encrypted_remote() {
    let sandbox = configured();
    sandbox.git(".", ["init", "-q", "--bare", "host.git"]);
    let init = ["remote", "init", "vault", "../host.git"];
    let told = "a command cannot be a member of an encrypted remote";
    let with_command = [&init[..], &["--member", "command:kms"]].concat();
    shroud(&sandbox, "repo", &with_command).expect(2).says(told);
    assert_eq!(sandbox.git("host.git", ["for-each-ref"]).text(), "");
    shroud(&sandbox, "repo", &init).expect(0);
    let host = sandbox.git("host.git", ["for-each-ref"]).text();
    let add = ["member", "add", "--remote", "vault"];
    shroud(&sandbox, "repo", &[&add[..], &["command:kms"]].concat()).expect(2).says(told);
    let done = shroud(&sandbox, "repo", &[&add[..], &["--command", "kms"]].concat()).expect(2);
    done.says("cannot be used with");
    assert_eq!(sandbox.git("host.git", ["for-each-ref"]).text(), host);
    assert_eq!(log(&sandbox), "", "it was not started");
}
