//! Certificates that end: the warning before, the extension, and a rotation that comes too late.

use git_shroud::keyring::KeyName;
use git_shroud::store::{kept, shroud_dir::Member};

use crate::common::Sandbox;
use crate::common::gpg::home;
use crate::members_gpg::user::{User, assert_open, member_file, team};

fn fingerprint(user: &User) -> String {
    let listing = user.gpg(&["--with-colons", "--list-keys"], b"");
    let listing = String::from_utf8(listing).unwrap();
    let line = listing.lines().find(|line| line.starts_with("fpr:")).unwrap();
    line.split(':').nth(9).unwrap().to_owned()
}

fn listed(sandbox: &Sandbox) -> serde_json::Value {
    sandbox.shroud("repo", ["member", "list", "--json"]).json()["keys"][0]["members"][0].clone()
}

#[test]
fn an_end_that_is_near_is_said_and_an_extension_is_taken() {
    let sandbox = team(&[]);
    let user = User::nobody();
    user.passphrase("");
    user.gpg(&["--quick-generate-key", "<soon@example.com>", "future-default", "-", "20d"], b"");
    let fingerprint = fingerprint(&user);
    user.shroud(&sandbox, "repo", &["member", "add", "soon@example.com", "--commit"]).expect(0);
    let first = listed(&sandbox);
    assert_eq!(first["expires_soon"], true);
    let date = first["expires"].as_str().unwrap();
    let done = sandbox.shroud("repo", ["member", "list"]);
    assert!(done.text().contains(&format!("certificate expires {date}")), "{}", done.text());
    done.says("the certificate of 'soon' expires soon").says("git shroud member add");
    let doctor = sandbox.try_shroud("repo", ["doctor"]).text();
    assert!(doctor.contains(&format!("'soon' expires {date}")), "{doctor}");

    // The same certificate once more changes nothing.
    let before = sandbox.read(member_file("repo", "soon"));
    user.shroud(&sandbox, "repo", &["member", "add", &fingerprint])
        .expect(0)
        .says("a member of key 'default' already");
    assert_eq!(sandbox.read(member_file("repo", "soon")), before);

    user.gpg(&["--quick-set-expire", &fingerprint, "2y"], b"");
    user.gpg(&["--quick-set-expire", &fingerprint, "2y", "*"], b"");
    user.shroud(&sandbox, "repo", &["member", "add", &fingerprint, "--commit"])
        .expect(0)
        .says("granted key 'default' generation 1 to 'soon'");
    let second = listed(&sandbox);
    assert_eq!(second["expires_soon"], false);
    assert!(second["expires"].as_str().unwrap() > date, "{second}");
    let done = sandbox.shroud("repo", ["member", "list"]);
    assert!(!done.stderr.contains("expires soon"), "{}", done.stderr);
    user.clone(&sandbox, "clone").expect(0);
    assert_open(&sandbox, "clone");
}

/// The member's file as it is once its certificate has expired: signed by a holder of the key, as it was in its time.
fn age_certificate(sandbox: &Sandbox, certificate: &[u8]) {
    let name = KeyName::default();
    let path = member_file("repo", "expired");
    let mut member = Member::parse(&sandbox.read(&path), &name, "expired").unwrap();
    member.certificate = Some(String::from_utf8(certificate.to_vec()).unwrap());
    let keyring = kept::load(&sandbox.path("repo/.git")).unwrap();
    let member = member.signed(&keyring.current(&name).unwrap().key);
    sandbox.write(&path, member.to_text());
    sandbox.git("repo", ["commit", "-qam", "time passes"]);
}

#[test]
fn a_rotation_with_an_expired_member_changes_nothing_and_says_what_to_do() {
    let sandbox = team(&["rsa"]);
    let expired = home().export("expired");
    let user = User::nobody();
    user.passphrase("");
    user.gpg(&["--import"], &home().export_secret("expired"));
    let fingerprint = home().fingerprint("expired");
    user.gpg(&["--quick-set-expire", &fingerprint, "0"], b"");
    // By name: '*' leaves out what has expired.
    let subkey = home().subkeys("expired").remove(0);
    user.gpg(&["--quick-set-expire", &fingerprint, "0", &subkey], b"");
    sandbox.write("extended.asc", user.gpg(&["--armor", "--export", &fingerprint], b""));
    let add = ["member", "add", "../extended.asc", "--commit"];
    sandbox.shroud("repo", add).says("'expired'");
    age_certificate(&sandbox, &expired);

    let before = sandbox.snapshot("repo");
    for command in [["key", "rotate"].as_slice(), &["member", "remove", "rsa"]] {
        sandbox
            .try_shroud("repo", command)
            .expect(2)
            .says("'expired': the certificate expired on 2024-12-31")
            .says("nothing was changed")
            .says("git shroud member add")
            .says("git shroud member remove expired");
    }
    let changed = |dir| -> Vec<_> {
        let after = sandbox.snapshot(dir);
        let own = |path: &std::path::Path| path.ends_with("index") || path.ends_with("lock");
        after
            .into_iter()
            .filter(|(path, bytes)| !own(path) && before.get(path) != Some(bytes))
            .collect()
    };
    assert_eq!(changed("repo"), []);
    let text = sandbox.shroud("repo", ["member", "list"]);
    assert!(text.text().contains("the certificate expired on 2024-12-31"), "{}", text.text());
    text.says("expires soon or has expired");
    // What was wrapped in its time is still opened, by whoever has the key.
    user.clone(&sandbox, "clone").expect(0);
    assert_open(&sandbox, "clone");

    sandbox.shroud("repo", add);
    sandbox.shroud("repo", ["key", "rotate"]).says("generation 2");
    sandbox.git("repo", ["commit", "-q", "-m", "rotate"]);
    user.clone(&sandbox, "later").expect(0);
    assert_open(&sandbox, "later");
}

#[test]
fn doctor_names_the_gpg_that_opens_grants() {
    let gpg = |sandbox: &Sandbox, user: &User| {
        let doctor = user.shroud(sandbox, "repo", &["doctor", "--json"]).json();
        let findings = doctor["findings"].as_array().unwrap().iter();
        let gpg = findings.filter(|finding| finding["check"] == "gpg");
        gpg.map(|finding| finding["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let sandbox = team(&["rsa"]);
    let user = User::with(&["rsa"]);
    let found = gpg(&sandbox, &user);
    assert_eq!(found.len(), 1, "{found:?}");
    let home = format!(", home {}, agent /", user.dir());
    for part in ["gpg is /", ", version 2.", &home] {
        assert!(found[0].contains(part), "{part}: {found:?}");
    }
    // Nobody needs one.
    assert_eq!(gpg(&team(&[]), &user), [""; 0]);
}
