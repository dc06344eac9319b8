//! What is no regular file at a tracked path: nothing hangs, nothing is followed.

use crate::common::{Done, Sandbox, needs};

const SHROUD: &str = env!("CARGO_BIN_EXE_git-shroud");

/// How the odd file is made at `$1`, for the shell.
const KINDS: [(&str, &str); 8] = [
    ("a FIFO", "mkfifo $1"),
    (
        "a socket",
        "perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => shift, Listen => 1)' $1",
    ),
    ("a device", ": > $1; mount --bind /dev/zero $1"),
    ("a link to a file outside", "ln -s $OUTSIDE $1"),
    ("a link to a FIFO", "mkfifo $1.fifo; ln -s $1.fifo $1"),
    ("a link to nothing", "ln -s /no/such/file $1"),
    ("a link to itself", "ln -s ${1##*/} $1"),
    ("a folder", "mkdir $1; echo inside > $1/inside"),
];

/// Where it is put.
const PATH: &str = "secrets/db.env";

const COMMANDS: [&[&str]; 12] = [
    &["status"],
    &["doctor"],
    &["check", "--staged"],
    &["check", "--all"],
    &["why", "secrets/db.env"],
    &["status", "--fix"],
    &["track", "more/*"],
    &["member", "list"],
    &["key", "list"],
    &["scan", "--worktree"],
    &["lock"],
    &["unlock", "../team.key"],
];

/// Every command, each with 30 seconds, in a name space in which devices can be bound; stops at the first that hangs.
fn run_all(sandbox: &Sandbox, make: &str, path: &str) -> Done {
    let commands: String = COMMANDS
        .iter()
        .map(|args| {
            let args = args.join(" ").replace('*', "\\*");
            format!(
                "timeout -s KILL 30 {SHROUD} {args} > ../out 2>&1; s=$?
                 [ $s -le 3 ] || {{ echo '{args}' ends with $s; cat ../out; exit 1; }}
                 ! grep -q panicked ../out || {{ echo '{args}'; cat ../out; exit 1; }}\n"
            )
        })
        .collect();
    let script = format!(
        "OUTSIDE=$PWD/outside; echo canary-outside > $OUTSIDE; cp -a clone case; cd case || exit 9
         make() {{ rm -rf $1; {make}; }}
         make {path} || exit 8
         {commands}
         timeout -s KILL 30 git add -A > ../out 2>&1; s=$?
         [ $s != 137 ] || {{ echo git add hangs; cat ../out; exit 1; }}
         umount {path} 2> /dev/null; cd ..
         [ \"$(cat outside)\" = canary-outside ] || {{ echo the file outside was changed; exit 1; }}
         rm -rf case"
    );
    let mut command = sandbox.command("unshare", ".");
    command.args(["--mount", "--map-root-user", "sh", "-c", &script]);
    sandbox.run(command)
}

#[test]
fn odd_files_at_a_tracked_path() {
    for (program, package) in
        [("unshare", "util-linux"), ("perl", "perl"), ("timeout", "coreutils")]
    {
        needs(program, package);
    }
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.shroud("clone", ["unlock", "-q", "../team.key"]);
    let mut wrong = Vec::new();
    for (kind, make) in KINDS {
        let done = run_all(&sandbox, make, PATH);
        sandbox.sh(".", "rm -rf case");
        if done.status != 0 {
            wrong.push(format!("{kind}: {}{}", done.text(), done.stderr));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong\n{}", wrong.len(), wrong.join("\n"));
}
