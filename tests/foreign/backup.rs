//! Backups of keys: every form written, kept private, opened again, verified; and what must be refused.

use git_shroud::access::backup::qr::Qr;

use crate::common::{Done, SECRETS, Sandbox, contains, is_sealed, needs, text};

const PASSPHRASE: &str = "correct horse battery staple";
const ENVIRONMENT: (&str, &str) = ("GIT_SHROUD_PASSPHRASE", PASSPHRASE);

/// `git-shroud ARGS` on no terminal at all, also where the tests have one.
fn without_terminal(sandbox: &Sandbox, dir: &str, args: &[&str]) -> Done {
    needs("setsid", "util-linux");
    let mut command = sandbox.command("setsid", dir);
    command.args(["--wait", env!("CARGO_BIN_EXE_git-shroud")]).args(args);
    sandbox.run(command)
}

/// The words of a file of words, in their order.
fn words(text: &str) -> Vec<String> {
    let numbered = text.lines().filter(|line| line.contains(". "));
    let parts = numbered.flat_map(str::split_whitespace);
    parts.filter(|part| part.chars().all(char::is_alphabetic)).map(str::to_owned).collect()
}

/// The token in `team.key`.
fn token(sandbox: &Sandbox) -> String {
    let text = text(sandbox.read("team.key"));
    text.split_whitespace().last().unwrap().to_owned()
}

fn assert_opened(sandbox: &Sandbox) {
    assert_eq!(text(sandbox.read("clone/secrets/db.env")), SECRETS[0].1);
    sandbox.shroud("clone", ["lock", "-q"]);
    assert!(is_sealed(&sandbox.read("clone/secrets/db.env")));
}

#[test]
fn a_passphrase_file_is_age_s_own_and_opens_a_clone() {
    needs("age", "age");
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    let export = ["key", "export", "--passphrase", "-o", "../backup.age"];
    sandbox.try_shroud_with(ENVIRONMENT, "repo", &export).expect(0).says("and the passphrase");
    assert_eq!(sandbox.mode("backup.age"), 0o600);
    let typed = format!("{PASSPHRASE}\n");
    sandbox.on_terminal(".", "age -d -o opened backup.age", &typed).expect(0);
    assert_eq!(sandbox.read("opened"), sandbox.read("team.key"));

    let unlock = ["unlock", "../backup.age"];
    sandbox.try_shroud_with(ENVIRONMENT, "clone", &unlock).expect(0).says("opened 2 files");
    assert_opened(&sandbox);
    sandbox.on_terminal("clone", "git-shroud unlock ../backup.age", &typed).expect(0);
    assert_opened(&sandbox);

    let wrong = ("GIT_SHROUD_PASSPHRASE", "battery");
    let refused = sandbox.try_shroud_with(wrong, "clone", &unlock).expect(2);
    let refused = refused.says("backup.age: the passphrase is wrong");
    assert!(!refused.stderr.contains("battery"));
    without_terminal(&sandbox, "clone", &unlock).expect(2).says("GIT_SHROUD_PASSPHRASE");
    assert!(is_sealed(&sandbox.read("clone/secrets/db.env")));
}

#[test]
fn files_that_age_made_are_taken_and_those_to_recipients_are_not() {
    needs("age", "age");
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    let typed = format!("{PASSPHRASE}\n{PASSPHRASE}\n");
    sandbox.on_terminal(".", "age -p -o backup.age team.key", &typed).expect(0);
    let import = ["key", "import", "../backup.age"];
    sandbox.try_shroud_with(ENVIRONMENT, "clone", &import).expect(0).says("took 1 new key");
    sandbox.sh(".", "age-keygen -o keys.txt 2>/dev/null; age -e -i keys.txt -o to.age team.key");
    sandbox
        .try_shroud_with(ENVIRONMENT, "clone", &["unlock", "../to.age"])
        .expect(2)
        .says("for recipients")
        .says("age --decrypt");
    sandbox.write(
        "slow.age",
        "age-encryption.org/v1\n-> scrypt 8jHPL4OTfa0iVo1RfTsfkQ 30\nDaE6m7cRnrdGcpPNSBgP0NbLHFH2S9SPAfVlbH4iJjM\n--- x\n",
    );
    sandbox.try_shroud("clone", ["unlock", "../slow.age"]).expect(2).says("2^30 steps");
}

#[test]
fn a_new_passphrase_is_typed_twice_and_a_short_one_warned_of() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let export = "git-shroud key export --passphrase -o ../new.age";
    sandbox.on_terminal("repo", export, "one long passphrase\nanother long one\n").expect(2);
    sandbox.on_terminal("repo", export, "\n\n").expect(2);
    assert!(!sandbox.path("new.age").exists());
    let shown = sandbox.on_terminal("repo", export, "rosebud\nrosebud\n").expect(0).text();
    assert!(shown.contains("fewer than 12 characters"), "{shown}");
    assert!(contains(&sandbox.read("new.age"), b"BEGIN AGE ENCRYPTED FILE"));
    let none = ["key", "export", "--passphrase", "-o", "../none.age"];
    without_terminal(&sandbox, "repo", &none).expect(2).says("set GIT_SHROUD_PASSPHRASE");
    assert!(!sandbox.path("none.age").exists());
}

#[test]
fn words_open_a_clone_as_they_were_written_and_as_people_type_them() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    sandbox.shroud("repo", ["key", "export", "--words", "-o", "../key.words"]);
    assert_eq!(sandbox.mode("key.words"), 0o600);
    let written = text(sandbox.read("key.words"));
    assert_eq!(sandbox.shroud("repo", ["key", "export", "--words"]).text(), written);
    let list = words(&written);
    assert_eq!(list.len(), 24, "{written}");
    sandbox.write("typed", list.join("\n").to_uppercase());
    for file in ["../key.words", "../typed"] {
        sandbox.shroud("clone", ["unlock", file]).says("opened 2 files");
        assert_opened(&sandbox);
    }
    sandbox.sh("clone", "git shroud unlock - < ../typed");
    assert_opened(&sandbox);

    let mut wrong = list.clone();
    wrong[6] = "shroud".to_owned();
    sandbox.write("wrong", wrong.join(" "));
    let refused = sandbox.try_shroud("clone", ["unlock", "../wrong"]).expect(2).says("word 7");
    assert!(!refused.stderr.contains(&list[5]) && !refused.stderr.contains("'shroud'"));
    wrong.clone_from(&list);
    wrong.swap(0, 23);
    sandbox.write("wrong", wrong.join(" "));
    sandbox.try_shroud("clone", ["unlock", "../wrong"]).expect(2).says("checksum");
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    sandbox
        .try_shroud("repo", ["key", "export", "--words"])
        .expect(2)
        .says("one key at a time")
        .says("default, prod");
}

#[test]
fn pictures_and_the_sheet_hold_the_key() {
    needs("zbarimg", "zbar-tools");
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    let export = ["key", "export", "--qr", "../key.png", "--sheet", "../key.html"];
    let done = sandbox.shroud("repo", export).says("print it");
    assert!(done.stdout.is_empty(), "the key is not printed as well");
    assert_eq!((sandbox.mode("key.png"), sandbox.mode("key.html")), (0o600, 0o600));
    let read = sandbox.sh(".", "zbarimg --quiet --raw key.png").text();
    assert_eq!(read.trim(), token(&sandbox));
    sandbox.sh("clone", "zbarimg --quiet --raw ../key.png | git shroud unlock -");
    assert_opened(&sandbox);

    let html = text(sandbox.read("key.html"));
    let items = html.split("<li>").skip(1).filter_map(|item| item.split("</li>").next());
    let list: Vec<_> = items.collect();
    assert_eq!(list.len(), 24);
    sandbox.write("typed", list.join(" "));
    sandbox.shroud("clone", ["unlock", "../typed"]).says("opened 2 files");
    let id = sandbox.shroud("repo", ["key", "list", "--json"]).json()["keys"][0]["id"].to_string();
    assert!(html.contains(id.trim_matches('"')));

    sandbox.shroud("repo", ["key", "export", "--qr", "../key.svg"]);
    let svg = text(sandbox.read("key.svg"));
    assert!(svg.starts_with("<svg ") && html.contains(svg.trim()));
    sandbox.try_shroud("repo", ["key", "export", "--qr", "../key.gif"]).expect(2).says(".svg");
}

#[test]
fn nothing_is_overwritten() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.write("there.svg", "mine");
    let before = sandbox.read("there.svg");
    for args in [
        &["--passphrase", "-o", "../there.svg"][..],
        &["--words", "-o", "../there.svg"],
        &["--qr", "../there.svg"],
        &["--qr", "../new.png", "--sheet", "../there.svg"],
    ] {
        let args = [&["key", "export"], args].concat();
        sandbox.try_shroud_with(ENVIRONMENT, "repo", &args).expect(2).says("exists already");
    }
    assert!(!sandbox.path("new.png").exists(), "all are looked at before any is written");
    sandbox.write("s-share-2-of-3.txt", "mine");
    let split = ["key", "split", "--shares=3", "--threshold=2", "-o", "../s"];
    sandbox.try_shroud("repo", split).expect(2).says("exists already");
    assert!(!sandbox.path("s-share-1-of-3.txt").exists());
    let combine = ["key", "combine", "-o", "../there.svg", "../s-share-2-of-3.txt"];
    sandbox.try_shroud("repo", combine).expect(2).says("exists already");
    assert_eq!(sandbox.read("there.svg"), before);
}

/// A clone, and five shares of its key in `shares/`, three of which are needed.
fn with_shares() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    let split = ["key", "split", "--shares=5", "--threshold=3", "--words", "-o", "../shares/"];
    let done = sandbox.shroud("repo", split).says("any 3 of the 5 shares").says("another person");
    assert_eq!(done.text().lines().count(), 5);
    sandbox
}

fn share(number: u8) -> String {
    format!("../shares/default-share-{number}-of-5.txt")
}

#[test]
fn three_shares_open_a_clone_and_two_do_not() {
    let sandbox = with_shares();
    for number in 1..=5 {
        assert_eq!(sandbox.mode(&share(number)[3..]), 0o600);
        assert!(!contains(&sandbox.read(&share(number)[3..]), &token(&sandbox).as_bytes()[17..]));
    }
    sandbox
        .try_shroud("clone", ["key", "combine", &share(1), &share(5)])
        .expect(2)
        .says("2 of 3 shares: 1 more needed");
    sandbox.try_shroud("clone", ["unlock", &share(1)]).expect(2).says("git shroud key combine");
    sandbox
        .shroud("clone", ["key", "combine", &share(5), &share(1), &share(3)])
        .says("took 1 new key");
    sandbox.shroud("clone", ["unlock"]).says("opened 2 files");
    assert_opened(&sandbox);

    sandbox.sh("clone", "cat ../shares/*.txt | git shroud key combine -");
    sandbox.shroud(
        ".",
        ["key", "combine", "-o", "joined.key", &share(2)[3..], &share(3)[3..], &share(4)[3..]],
    );
    assert_eq!(sandbox.read("joined.key"), sandbox.read("team.key"));
    assert_eq!(sandbox.mode("joined.key"), 0o600);
    let whole = ["key", "combine", "../team.key"];
    sandbox.try_shroud("clone", whole).expect(2).says("is not a share");
}

#[test]
fn shares_are_read_from_words_alone_and_damaged_ones_refused() {
    let sandbox = with_shares();
    for number in 1..=3 {
        let text = text(sandbox.read(&share(number)[3..]));
        let without: Vec<_> = text.lines().filter(|line| !line.starts_with("GIT-")).collect();
        sandbox.write(format!("paper-{number}"), without.join("\n"));
    }
    sandbox.shroud("clone", ["key", "combine", "../paper-1", "../paper-2", "../paper-3"]);
    let good = text(sandbox.read("paper-1"));
    sandbox.write("paper-1", good.replace("share 1 of 5", "share 4 of 5"));
    let wrong = ["key", "combine", "../paper-1", "../paper-2", "../paper-3"];
    sandbox.try_shroud("clone", wrong).expect(2).says("one of them is wrong");

    let sound = text(sandbox.read(&share(1)[3..]));
    let token = sound.lines().find(|line| line.starts_with("GIT-SHROUD-SHARE-1")).unwrap();
    let (begin, last) = token.split_at(token.len() - 1);
    let other = if last == "Q" { "P" } else { "Q" };
    sandbox.write("damaged", format!("{begin}{other}\n"));
    let refused = sandbox.try_shroud("clone", ["key", "combine", "../damaged", &share(2)]);
    let refused = refused.expect(2).says("checksum");
    assert!(!refused.stderr.contains(&begin[20..60]));
    let leaked = sandbox.try_shroud("clone", ["key", "combine", token]).expect(2);
    assert!(!leaked.stderr.contains(&begin[20..60]), "{}", leaked.stderr);
    for wrong in [["--shares=5", "--threshold=1"], ["--shares=2", "--threshold=3"]] {
        let args = [&["key", "split", "-o", "../x"], &wrong[..]].concat();
        sandbox.try_shroud("repo", args).expect(2).says("from 2 to the number of shares");
    }
}

#[test]
fn shares_of_different_keys_do_not_mix_and_pictures_hold_them() {
    needs("zbarimg", "zbar-tools");
    let sandbox = with_shares();
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    let split =
        ["key", "split", "--name=prod", "--shares=5", "--threshold=3", "--qr", "-o", "../p"];
    assert_eq!(sandbox.shroud("repo", split).text().lines().count(), 10);
    assert_eq!(sandbox.mode("p-share-1-of-5.svg"), 0o600);
    let written = text(sandbox.read("p-share-1-of-5.txt"));
    let token = written.lines().find(|line| line.starts_with("GIT-SHROUD-SHARE-1")).unwrap();
    let qr = Qr::new(token).unwrap();
    assert_eq!(sandbox.read("p-share-1-of-5.svg"), qr.to_svg().as_bytes());
    // The same modules as PNG, which zbarimg reads without a renderer.
    sandbox.write("share.png", &*qr.to_png());
    assert_eq!(sandbox.sh(".", "zbarimg --quiet --raw share.png").text().trim(), token);
    sandbox
        .try_shroud("clone", ["key", "combine", &share(1), &share(2), "../p-share-3-of-5.txt"])
        .expect(2)
        .says("different keys");
}

#[test]
fn verify_tells_a_good_backup_from_others_also_without_the_key() {
    let sandbox = with_shares();
    sandbox.foreign_key();
    let export = ["key", "export", "-q", "--passphrase", "-o", "../backup.age"];
    sandbox.try_shroud_with(ENVIRONMENT, "repo", &export).expect(0);
    sandbox.shroud("repo", ["key", "export", "-q", "--words", "-o", "../key.words"]);
    let (one, two, three) = (share(1), share(2), share(3));
    let backups: [&[&str]; 4] =
        [&["../team.key"], &["../backup.age"], &["../key.words"], &[&one, &two, &three]];
    for dir in ["repo", "clone"] {
        for files in backups {
            let args = [&["key", "export", "--verify"], files].concat();
            let done = sandbox.try_shroud_with(ENVIRONMENT, dir, &args).expect(0);
            assert!(done.text().contains("opens the key 'default' generation 1"), "{files:?}");
        }
        let verify = |file: &str| sandbox.try_shroud(dir, ["key", "export", "--verify", file]);
        verify("../other.key").expect(1).says("another repository");
        verify(&one).expect(2).says("2 more");
        verify("repo/README").expect(2);
    }
    let record = text(sandbox.read("clone/.git/git-shroud/backups"));
    let kinds: Vec<_> = record.lines().filter_map(|line| line.split(' ').nth(2)).collect();
    assert_eq!(kinds, ["key-file", "passphrase", "words", "shares"], "{record}");
    assert!(!sandbox.path("clone/.git/git-shroud/keyring").exists(), "verify takes nothing");

    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    sandbox
        .shroud("repo", ["key", "export", "--verify", "../team.key"])
        .says("'prod' is not in it");
    let both = ["key", "export", "--name=prod", "--verify", "../team.key"];
    sandbox.try_shroud("repo", both).expect(1).says("current key 'prod'");
    let unknown = ["key", "export", "--name=dev", "--verify", "../team.key"];
    sandbox.try_shroud("repo", unknown).expect(2).says("has no key 'dev'");
}

#[test]
fn verify_knows_earlier_generations_and_a_changed_key_toml() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    sandbox.foreign_key();
    let file = "clone/.shroud/default/key.toml";
    let toml = text(sandbox.read(file));
    sandbox.write(file, toml.replace("generation = 1", "generation = 2"));
    let verify = |file: &str| sandbox.try_shroud("clone", ["key", "export", "--verify", file]);
    verify("../team.key").expect(1).says("somebody without the key changed");
    verify("../other.key").expect(1).says("generation 1, which is not the current one");
    assert!(!sandbox.path("clone/.git/git-shroud/backups").exists());
}

#[test]
fn doctor_asks_for_a_backup_for_its_proof_and_for_a_new_one_in_time() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.shroud("repo", ["init", "-q"]);
    let doctor = || {
        let json = sandbox.shroud("repo", ["doctor", "--json"]).json();
        let findings = json["findings"].as_array().unwrap();
        let backup: Vec<_> =
            findings.iter().filter(|finding| finding["check"] == "backup").collect();
        assert_eq!(backup.len(), 1, "{json}");
        (backup[0]["severity"].to_string(), backup[0]["message"].to_string())
    };
    let says = |severity: &str, part: &str| {
        let (is, message) = doctor();
        assert!(is.contains(severity) && message.contains(part), "{is}: {message}");
    };
    says("advice", "never exported");
    sandbox.shroud("repo", ["key", "export", "-q", "-o", "../team.key"]);
    says("advice", "was ever verified");
    sandbox.shroud("repo", ["key", "export", "--verify", "../team.key"]);
    says("ok", "last verified backup of the key 'default'");
    let record = text(sandbox.read("repo/.git/git-shroud/backups"));
    assert_eq!(sandbox.mode("repo/.git/git-shroud/backups"), 0o600);
    let mut fields: Vec<_> = record.split(' ').collect();
    fields[1] = "2020-01-02T03:04:05Z";
    sandbox.write("repo/.git/git-shroud/backups", fields.join(" "));
    says("advice", "2020-01-02 (key-file)");
}

#[test]
fn a_verified_backup_is_a_copy_so_lock_may_give_the_key_up() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.shroud("repo", ["key", "export", "--words", "-q", "-o", "../key.words"]);
    std::fs::remove_file(sandbox.path("repo/.git/git-shroud/copied")).unwrap();
    sandbox.try_shroud("repo", ["lock"]).expect(1).says("never exported");
    sandbox.shroud("repo", ["key", "export", "--verify", "../key.words"]);
    sandbox.shroud("repo", ["lock"]);
}

#[test]
fn a_key_file_of_git_crypt_keeps_its_own_answer() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    sandbox.write("git-crypt.key", b"\0GITCRYPTKEY\0\0\0\x02");
    sandbox.try_shroud("clone", ["unlock", "../git-crypt.key"]).expect(2).says("git-crypt");
    for garbage in ["", "hello", "git-shroud-words v1\n", "git-shroud-share v1\n", "\u{0}\u{1}"] {
        sandbox.write("garbage", garbage);
        sandbox.try_shroud("clone", ["key", "import", "../garbage"]).expect(2);
        sandbox.try_shroud("clone", ["key", "combine", "../garbage"]).expect(2);
    }
}
