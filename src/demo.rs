//! A demonstration in a throwaway repository: git and this program are run as a user would, and each result is checked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{About, Context as _};
use crate::format::{Sniff, sniff};
use crate::progress::Progress;

/// Why the demonstration ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A file cannot be read or written, or a program not be started.
    #[error(transparent)]
    About(#[from] About),
    /// The directory is in use.
    #[error("'{0}' exists and is not empty")]
    Used(String),
    /// A command failed.
    #[error("the demo failed at: {0}")]
    Command(String),
    /// What it shows is not so.
    #[error("the demo failed: not true that {0}")]
    NotTrue(&'static str),
}

type Outcome<T = ()> = Result<T, DemoError>;

const FILES: [(&str, &str); 4] = [
    ("README.md", "# Configuration of the shop\n\nSecrets are sealed with git-shroud.\n"),
    (
        "secrets/db.env",
        "DB_HOST=db.internal\nDB_USER=shop\nDB_PASSWORD=correct-horse-battery-staple\n",
    ),
    ("secrets/mail.env", "SMTP_PASSWORD=tr0ub4dor&3\n"),
    (
        "secrets/tls.key",
        "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5LCBidXQgYSBkZW1v\n-----END PRIVATE KEY-----\n",
    ),
];

/// Shows it, and checks each step; where it was done.
///
/// # Errors
/// [`DemoError`].
pub fn show(dir: Option<PathBuf>, progress: &dyn Progress) -> Outcome<PathBuf> {
    let dir = make_dir(dir)?;
    let stage = Stage { progress, dir: dir.clone() };
    stage.say("A repository, and a key for it");
    stage.run("git -c init.defaultBranch=main init -q shop", ".")?;
    for (name, text) in FILES {
        let path = dir.join("shop").join(name);
        fs::create_dir_all(path.parent().expect("it is in a folder"))
            .context(|| name.to_owned())?;
        fs::write(&path, text).context(|| name.to_owned())?;
    }
    stage.run("git shroud init", "shop")?;
    stage.run("git shroud track 'secrets/**'", "shop")?;
    stage.run("git add .", "shop")?;
    stage.run("git commit -q -m 'Add the configuration'", "shop")?;
    stage.run("git shroud status", "shop")?;

    stage.say("You see plaintext; git stores sealed (encrypted) bytes");
    stage.show("secrets/db.env", "shop")?;
    let line = "git cat-file blob HEAD:secrets/db.env";
    let blob = stage.output(line, "shop")?;
    progress.line(&format!("shop $ {line} | hexdump -C | head -n 4"));
    stage.hex(&blob);
    stage.expect(matches!(sniff(&blob), Sniff::Sealed(_)), "the blob is sealed")?;
    for (_, text) in &FILES[1..] {
        let secret = text.lines().last().unwrap_or_default();
        stage.expect(!contains(&blob, secret.as_bytes()), "the blob contains no secret")?;
    }

    stage.say("A colleague clones it, and sees only sealed bytes");
    stage.run("git shroud key export -o ../shop.key", "shop")?;
    stage.run("git clone -q shop clone", ".")?;
    let locked = fs::read(dir.join("clone/secrets/db.env")).context(|| "clone".to_owned())?;
    stage.expect(locked == blob, "the clone holds the sealed bytes")?;
    stage.run("git shroud status", "clone")?;

    stage.say("With the key, the clone opens");
    stage.run("git shroud unlock ../shop.key", "clone")?;
    stage.show("secrets/db.env", "clone")?;
    for (name, text) in FILES {
        let opened =
            fs::read_to_string(dir.join("clone").join(name)).context(|| name.to_owned())?;
        stage.expect(opened == text, "every file is as it was")?;
    }
    stage.run("git status --short", "clone")?;
    let status = stage.output("git status --porcelain", "clone")?;
    stage.expect(status.is_empty(), "git sees no change")?;

    stage.say("Locked again, it refuses to store an unencrypted secret");
    stage.run("git shroud lock", "clone")?;
    fs::write(dir.join("clone/secrets/new.env"), "TOKEN=leak-me\n")
        .context(|| "clone".to_owned())?;
    let added = stage.try_run("git add secrets/new.env", "clone")?;
    stage.expect(!added, "git refused to add it")?;
    Ok(dir)
}

fn make_dir(dir: Option<PathBuf>) -> Outcome<PathBuf> {
    let Some(dir) = dir else {
        let temporary = tempfile::Builder::new().prefix("git-shroud-demo-").tempdir();
        return Ok(temporary.context(|| "no temporary directory".to_owned())?.keep());
    };
    let used = fs::read_dir(&dir).is_ok_and(|mut entries| entries.next().is_some());
    if used || dir.is_file() {
        return Err(DemoError::Used(crate::sanitise::native(&dir)));
    }
    fs::create_dir_all(&dir).context(|| crate::sanitise::native(&dir))?;
    Ok(dunce::canonicalize(&dir).context(|| crate::sanitise::native(&dir))?)
}

fn contains(bytes: &[u8], secret: &[u8]) -> bool {
    !secret.is_empty() && bytes.windows(secret.len()).any(|window| window == secret)
}

/// Runs commands in the demo's directory, with an identity and a configuration of its own.
struct Stage<'p> {
    progress: &'p dyn Progress,
    dir: PathBuf,
}

impl Stage<'_> {
    fn say(&self, text: &str) {
        self.progress.line(&format!("\n== {text}\n"));
    }

    fn expect(&self, holds: bool, what: &'static str) -> Outcome {
        if holds { Ok(()) } else { Err(DemoError::NotTrue(what)) }
    }

    fn hex(&self, bytes: &[u8]) {
        for row in bytes[..bytes.len().min(64)].chunks(16) {
            let hex: Vec<_> = row.iter().map(|byte| format!("{byte:02x}")).collect();
            let text: String = row
                .iter()
                .map(|&byte| if byte.is_ascii_graphic() { char::from(byte) } else { '.' })
                .collect();
            self.progress.line(&format!("{:<47}  {text}", hex.join(" ")));
        }
    }

    fn show(&self, file: &str, dir: &str) -> Outcome {
        self.progress.line(&format!("{dir} $ cat {file}"));
        let text = fs::read(self.dir.join(dir).join(file)).context(|| file.to_owned())?;
        self.progress.line(String::from_utf8_lossy(&text).trim_end_matches('\n'));
        Ok(())
    }

    fn run(&self, line: &str, dir: &str) -> Outcome {
        let done = self.try_run(line, dir)?;
        if done { Ok(()) } else { Err(DemoError::Command(line.to_owned())) }
    }

    /// Shows and runs a command; `false` where it fails.
    fn try_run(&self, line: &str, dir: &str) -> Outcome<bool> {
        let place = if dir == "." { String::new() } else { format!("{dir} ") };
        self.progress.line(&format!("{place}$ {line}"));
        let status = self.command(line, dir)?.status().context(|| line.to_owned())?;
        Ok(status.success())
    }

    fn output(&self, line: &str, dir: &str) -> Outcome<Vec<u8>> {
        let output = self.command(line, dir)?.stdout(Stdio::piped()).output();
        Ok(output.context(|| line.to_owned())?.stdout)
    }

    /// `git shroud` is this very program, wherever it is; the words hold no blanks but in single quotes.
    fn command(&self, line: &str, dir: &str) -> Outcome<Command> {
        let words = words(line);
        let mut command = match words.as_slice() {
            [git, shroud, rest @ ..] if git == "git" && shroud == "shroud" => {
                let mut command =
                    Command::new(std::env::current_exe().context(|| "this program".to_owned())?);
                command.args(rest);
                command
            }
            [program, rest @ ..] => {
                let mut command = Command::new(program);
                command.args(rest);
                command
            }
            [] => return Err(DemoError::Command(line.to_owned())),
        };
        command.current_dir(self.dir.join(Path::new(dir))).stdin(Stdio::null());
        // In order with what the demo itself prints.
        #[cfg(unix)]
        {
            use std::os::fd::AsFd as _;
            let stdout = std::io::stdout().as_fd().try_clone_to_owned();
            command.stderr(stdout.context(|| "standard output".to_owned())?);
        }
        for (name, value) in [
            ("GIT_AUTHOR_NAME", "Demo"),
            ("GIT_AUTHOR_EMAIL", "demo@example.com"),
            ("GIT_COMMITTER_NAME", "Demo"),
            ("GIT_COMMITTER_EMAIL", "demo@example.com"),
            ("GIT_CONFIG_COUNT", "3"),
            ("GIT_CONFIG_KEY_0", "commit.gpgSign"),
            ("GIT_CONFIG_VALUE_0", "false"),
            // What is shown is compared byte for byte.
            ("GIT_CONFIG_KEY_1", "core.autocrlf"),
            ("GIT_CONFIG_VALUE_1", "false"),
            // The user's keychain or agent is left alone.
            ("GIT_CONFIG_KEY_2", "shroud.keyring"),
            ("GIT_CONFIG_VALUE_2", "file"),
            // The first two, for git before 2.31, as 'git -c' tells them to what it starts.
            ("GIT_CONFIG_PARAMETERS", "'commit.gpgSign=false' 'core.autocrlf=false'"),
        ] {
            command.env(name, value);
        }
        for name in
            ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_SHROUD_KEY", "GIT_SHROUD_KEYRING"]
        {
            command.env_remove(name);
        }
        Ok(command)
    }
}

/// Cuts a line into words, at blanks that are not in single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("there is one").push(c),
        }
    }
    words
}
