//! No `HOME`, and a user that the password file does not know, as in containers (`docker run --user 12345`).

use crate::common::{Done, SECRETS, Sandbox, is_sealed, needs};

/// A script run by a user who has no entry in the password file, where the name service has a module to load.
fn unknown_user(sandbox: &Sandbox, script: &str) -> Done {
    needs("unshare", "util-linux");
    sandbox.write("passwd", "somebody:x:4242:4242::/home/somebody:/bin/sh\n");
    sandbox.write("nsswitch.conf", "passwd: files systemd compat\ngroup: files systemd compat\n");
    let script = format!(
        "mount --bind passwd /etc/passwd && mount --bind nsswitch.conf /etc/nsswitch.conf || exit 99
        {script}"
    );
    let mut command = sandbox.command("unshare", ".");
    command.args(["--mount", "--map-root-user", "sh", "-e", "-c", &script]);
    let done = sandbox.run(command);
    let mounted = done.status != 99 && !done.stderr.contains("unshare failed");
    assert!(mounted, "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1");
    done
}

#[test]
fn nothing_crashes_without_a_home_and_without_an_entry_in_the_password_file() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    // '~user' is looked up likewise.
    sandbox.git("clone", ["config", "core.excludesFile", "~nobody-of-this-name/ignore"]);
    unknown_user(
        &sandbox,
        "unset HOME; cd clone
        git config --unset core.excludesFile
        git-shroud unlock ../team.key
        for command in status doctor 'key list' 'member list' 'check --staged' 'scan' \
            'why secrets/db.env' 'cat HEAD:secrets/db.env' 'log secrets/db.env' 'diff'; do
            echo \"$command\"; git-shroud $command >/dev/null || test $? -lt 4
        done
        echo changed >>secrets/db.env
        git add . && git commit -q -m changed && git diff HEAD^ >/dev/null
        git-shroud lock && git-shroud unlock ../team.key
        git-shroud unlock 2>/dev/null || test $? -lt 4",
    )
    .expect(0);
    assert!(is_sealed(&sandbox.blob("clone", "HEAD:secrets/db.env")));
    let changed = [SECRETS[0].1.as_bytes(), b"changed\n"].concat();
    assert_eq!(sandbox.read("clone/secrets/db.env"), changed);
}

#[test]
fn a_user_that_only_the_name_service_knows_is_no_crash_in_a_setting() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git("repo", ["config", "core.excludesFile", "~nobody-of-this-name/ignore"]);
    let done = unknown_user(&sandbox, "cd repo; git-shroud status || echo \"ended with $?\"");
    assert!(!done.expect(0).text().contains("ended with 1"), "a signal");
}

#[test]
fn the_password_file_names_the_home_where_the_environment_does_not() {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["bob"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.write("bobs/.config/age/keys.txt", sandbox.read("bob.age"));
    unknown_user(
        &sandbox,
        "unset HOME; echo \"root:x:0:0::$PWD/bobs:/bin/sh\" >>passwd; cd clone; git-shroud unlock",
    )
    .expect(0);
    assert_eq!(sandbox.read("clone/secrets/db.env"), SECRETS[0].1.as_bytes());
}
