//! The packages: names, versions, lists of files and checksums agree between Cargo.toml, the scripts and the templates. What the
//! packages do is tried by `packaging/check`. The scripts that make releases run on Linux.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sha2::{Digest, Sha256};

const TOP: &str = env!("CARGO_MANIFEST_DIR");
const VERSION: &str = env!("CARGO_PKG_VERSION");
const BASE: &str = "https://releases.invalid/nobody/git-shroud/releases/download/v";
const TARGETS: [(&str, &str); 5] = [
    ("x86_64-unknown-linux-gnu", "tar.gz"),
    ("aarch64-unknown-linux-gnu", "tar.gz"),
    ("x86_64-apple-darwin", "tar.gz"),
    ("aarch64-apple-darwin", "tar.gz"),
    ("x86_64-pc-windows-gnu", "zip"),
];

fn text(name: &str) -> String {
    fs::read_to_string(Path::new(TOP).join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn cargo_toml() -> toml::Table {
    text("Cargo.toml").parse().unwrap()
}

fn script(name: &str, out: &Path, more: &[&str]) -> Output {
    Command::new("bash")
        .arg(Path::new(TOP).join("packaging").join(name))
        .arg(out)
        .args(more)
        .env("GIT_SHROUD_REPOSITORY", "https://releases.invalid/nobody/git-shroud")
        .env("GIT_SHROUD_MAINTAINER", "Nobody <nobody@releases.invalid>")
        .env("SOURCE_DATE_EPOCH", "1790000000")
        .output()
        .unwrap()
}

fn succeeds(output: &Output) {
    assert!(output.status.success(), "{output:?}");
}

/// A folder with a file in the place of each archive, and their checksums.
fn release() -> (tempfile::TempDir, BTreeMap<String, String>) {
    let out = tempfile::tempdir().unwrap();
    let mut sums = BTreeMap::new();
    for (target, ending) in TARGETS {
        let name = format!("git-shroud-{VERSION}-{target}.{ending}");
        fs::write(out.path().join(&name), &name).unwrap();
        let sum: String = Sha256::digest(&name).iter().map(|byte| format!("{byte:02x}")).collect();
        sums.insert(name, sum);
    }
    (out, sums)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// The words of a text that consist of such characters alone.
fn words(text: &str, of: impl Fn(char) -> bool) -> Vec<&str> {
    text.split(|c: char| !of(c)).filter(|word| !word.is_empty()).collect()
}

#[test]
fn each_manifest_names_files_of_the_release_with_their_checksums() {
    let (out, sums) = release();
    succeeds(&script("fill", out.path(), &[]));
    let manifests = files(&out.path().join("channels"));
    assert_eq!(manifests.len(), files(&Path::new(TOP).join("packaging/templates")).len());
    let mut named = BTreeMap::new();
    for path in &manifests {
        let manifest = fs::read_to_string(path).unwrap();
        let path = path.display();
        assert!(manifest.contains(VERSION), "{path}");
        assert!(!manifest.contains("@SHA256") && !manifest.contains("@VERSION"), "{path}");
        for word in words(&manifest, |c| c.is_ascii_hexdigit()) {
            if word.len() == 64 {
                let (name, _) = sums.iter().find(|(_, sum)| *sum == word).expect("a sum of a file");
                named.insert(name.clone(), ());
            }
        }
        for word in words(&manifest, |c| !c.is_whitespace() && !"'\"".contains(c)) {
            if let Some(url) = word.strip_prefix(BASE) {
                let name = url.strip_prefix(VERSION).and_then(|url| url.strip_prefix('/')).unwrap();
                let (target, _) = name.rsplit_once('-').unwrap();
                assert!(sums.contains_key(name) || target.contains("$CARCH"), "{path}: {word}");
            }
        }
    }
    assert_eq!(named.into_keys().collect::<Vec<_>>(), sums.into_keys().collect::<Vec<_>>());
}

#[test]
fn a_manifest_is_not_filled_while_an_archive_is_missing() {
    let (out, sums) = release();
    let missing = sums.keys().next().unwrap();
    fs::remove_file(out.path().join(missing)).unwrap();
    let output = script("fill", out.path(), &[]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains(missing), "{output:?}");
}

#[test]
fn nothing_is_released_before_the_owner_has_named_the_host() {
    let (out, _) = release();
    let output = Command::new("bash")
        .arg(Path::new(TOP).join("packaging/fill"))
        .arg(out.path())
        .env("GIT_SHROUD_MAINTAINER", "Nobody")
        .env("GIT_SHROUD_REPOSITORY", "https://releases.invalid/nobody/git-shroud")
        .env("SOURCE_DATE_EPOCH", "1790000000")
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("set 'authors"), "{output:?}");
}

/// Runs the first commands of VERIFYING.md in a folder, word for word.
fn verifies(folder: &Path) -> bool {
    let page = text("VERIFYING.md");
    let commands = page.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(commands.contains("ssh-keygen") && commands.contains("sha256sum"), "{commands}");
    Command::new("bash").args(["-ec", commands]).current_dir(folder).status().unwrap().success()
}

#[test]
fn the_commands_of_the_page_check_what_the_release_script_signs() {
    let (out, sums) = release();
    fs::create_dir(out.path().join("channels")).unwrap();
    fs::write(out.path().join("channels/a formula"), "text").unwrap();
    succeeds(&script("sign", out.path(), &["--throw-away-key"]));
    let list = fs::read_to_string(out.path().join("SHA256SUMS")).unwrap();
    for (name, sum) in &sums {
        assert!(list.contains(&format!("{sum}  {name}\n")), "{list}");
    }
    assert!(list.contains("  channels/a formula\n"), "{list}");
    assert!(verifies(out.path()));

    // Somebody who has a part of the files checks this part.
    let (first, last) = (sums.keys().next().unwrap(), sums.keys().next_back().unwrap());
    fs::remove_file(out.path().join(first)).unwrap();
    assert!(verifies(out.path()));

    // Another file, and then a list that fits it.
    fs::write(out.path().join(last), "changed").unwrap();
    assert!(!verifies(out.path()));
    fs::write(out.path().join("SHA256SUMS"), list.replace("  channels", "  channel")).unwrap();
    fs::remove_file(out.path().join(last)).unwrap();
    assert!(!verifies(out.path()));
}

#[test]
fn a_key_that_nobody_knows_signs_no_release() {
    let (out, _) = release();
    let key = out.path().join("key");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&key)
        .status()
        .unwrap();
    assert!(made.success());
    let output = script("sign", out.path(), &["--key", key.to_str().unwrap()]);
    assert!(!output.status.success(), "{output:?}");
    assert!(!out.path().join("SHA256SUMS.sig").exists() || text("packaging/signers").len() > 1);
}

#[test]
fn binstall_finds_the_archives() {
    let manifest = cargo_toml();
    let binstall = manifest["package"]["metadata"]["binstall"].as_table().unwrap();
    let field = |target: &str, name: &str| {
        let own = binstall["overrides"].get(target).and_then(|table| table.get(name));
        own.unwrap_or(&binstall[name])
            .as_str()
            .unwrap()
            .replace("{ repo }/releases/download/v", BASE)
            .replace("{ name }", "git-shroud")
            .replace("{ version }", VERSION)
            .replace("{ target }", target)
    };
    for (target, ending) in TARGETS {
        let stem = format!("git-shroud-{VERSION}-{target}");
        assert_eq!(field(target, "pkg-url"), format!("{BASE}{VERSION}/{stem}.{ending}"));
        assert_eq!(field(target, "pkg-fmt"), ending.replace("tar.gz", "tgz"));
        assert_eq!(field(target, "bin-dir"), format!("{stem}/{{ bin }}{{ binary-ext }}"));
    }
}

#[test]
fn deb_and_rpm_hold_the_same_programs_and_what_the_release_script_makes() {
    let manifest = cargo_toml();
    let metadata = &manifest["package"]["metadata"];
    let of_deb: Vec<(&str, &str)> = metadata["deb"]["assets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|asset| (asset[0].as_str().unwrap(), asset[1].as_str().unwrap()))
        .collect();
    let of_rpm: Vec<(&str, &str)> = metadata["generate-rpm"]["assets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|asset| (asset["source"].as_str().unwrap(), asset["dest"].as_str().unwrap()))
        .collect();
    let programs: Vec<&str> = manifest["bin"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bin| bin["name"].as_str().unwrap())
        .collect();
    let script = text("packaging/release");
    for assets in [&of_deb, &of_rpm] {
        for program in &programs {
            let source = format!("target/packaging/bin/{program}");
            assert!(assets.iter().any(|(from, _)| *from == source), "{program}");
        }
        for wanted in ["man/man1/", "bash-completion/", "zsh/", "fish/", "doc/git-shroud"] {
            assert!(assets.iter().any(|(_, to)| to.contains(wanted)), "{wanted}");
        }
        for (from, _) in assets {
            match from.strip_prefix("target/packaging/") {
                Some(made) => {
                    let folder = made.split(['/', '.']).next().unwrap();
                    assert!(
                        script.contains(&format!("$stage/{folder}")) || script.contains(folder),
                        "{from}"
                    );
                }
                None => assert!(Path::new(TOP).join(from).exists(), "{from}"),
            }
        }
    }
}

#[test]
fn the_release_workflow_builds_each_target_with_pinned_actions_and_tools() {
    let workflow = text(".github/workflows/release.yml");
    let listed: Vec<&str> =
        workflow.split("{ target: ").skip(1).map(|rest| rest.split(',').next().unwrap()).collect();
    assert_eq!(listed, TARGETS.map(|(target, _)| target));
    let library = text("packaging/lib.sh");
    let listed = library.split("targets=(").nth(1).unwrap().split(')').next().unwrap();
    assert_eq!(listed.split_whitespace().collect::<Vec<_>>(), TARGETS.map(|(target, _)| target));
    for action in workflow.split("uses: ").skip(1) {
        let (name, rest) = action.split_once('@').unwrap();
        let commit = rest.split_whitespace().next().unwrap();
        assert!(name.starts_with("actions/"), "{name}");
        assert!(commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()), "{name}");
    }
    let tools = text("packaging/tools");
    for tool in words(&workflow, |c| !c.is_whitespace()) {
        if tool.starts_with("cargo-") && tool.contains('@') {
            assert!(tools.contains(tool), "{tool}");
        }
    }
}

#[test]
fn the_flake_says_what_cargo_says() {
    let manifest = cargo_toml();
    let description = manifest["package"]["description"].as_str().unwrap();
    assert!(text("flake.nix").contains(&format!("description = \"{description}\";")));
}

#[test]
fn only_the_two_libraries_of_the_readme_are_under_the_lgpl() {
    let rules: toml::Table = text("deny.toml").parse().unwrap();
    let exceptions: Vec<&str> = rules["licenses"]["exceptions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|exception| exception["crate"].as_str().unwrap())
        .collect();
    assert_eq!(exceptions, ["sequoia-openpgp", "buffered-reader"]);
    let readme = text("README.md");
    for name in exceptions {
        assert!(readme.contains(name), "{name}");
    }
    let allowed = rules["licenses"]["allow"].to_string();
    assert!(!allowed.contains("GPL"), "{allowed}");
}
