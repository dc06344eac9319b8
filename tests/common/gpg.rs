//! A gpg home with keys of every kind, made once for all tests.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::SystemTime;

use git_shroud::recipient::openpgp::{Certificate, Gpg, Message, SecretKey};

/// The passphrase of the key of `locked@example.com`.
pub(crate) const PASSPHRASE: &str = "correct horse";
/// What is wrapped: the size of a keyring text.
pub(crate) const SECRET: &[u8] = b"git-shroud-keyring v1\ndefault 1 canary\n";

/// Everything is in here, until the tests are over.
pub(crate) struct Home {
    dir: PathBuf,
    /// The one that all tests read at the same time: no test may change its keyring.
    shared: bool,
    /// Its input is closed when the tests end, however they do; then it stops the agent and removes the folder.
    _end: Child,
}

/// What a command did.
pub(crate) struct Done {
    success: bool,
    status: String,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

/// Keys without a passphrase, as gpg's parameter file has them: address, primary key, subkey.
const KEYS: [(&str, &str, &str); 11] = [
    ("rsa", "RSA\nKey-Length: 3072", "RSA\nSubkey-Length: 3072"),
    ("curve25519", "EDDSA\nKey-Curve: ed25519", "ECDH\nSubkey-Curve: cv25519"),
    ("p256", "ECDSA\nKey-Curve: nistp256", "ECDH\nSubkey-Curve: nistp256"),
    ("p521", "ECDSA\nKey-Curve: nistp521", "ECDH\nSubkey-Curve: nistp521"),
    ("brainpool", "ECDSA\nKey-Curve: brainpoolP256r1", "ECDH\nSubkey-Curve: brainpoolP256r1"),
    ("mixed", "EDDSA\nKey-Curve: ed25519", "ECDH\nSubkey-Curve: brainpoolP256r1"),
    ("two", "EDDSA\nKey-Curve: ed25519", "ECDH\nSubkey-Curve: cv25519"),
    ("twin", "EDDSA\nKey-Curve: ed25519", "ECDH\nSubkey-Curve: cv25519"),
    ("twin", "EDDSA\nKey-Curve: ed25519\nName-Comment: other", "ECDH\nSubkey-Curve: nistp256"),
    ("brainpool-revoked", "ECDSA\nKey-Curve: brainpoolP256r1", "ECDH\nSubkey-Curve: cv25519"),
    ("revoked", "EDDSA\nKey-Curve: ed25519", "ECDH\nSubkey-Curve: cv25519"),
];

/// The home, which is made at the first call.
pub(crate) fn home() -> &'static Home {
    static HOME: OnceLock<Home> = OnceLock::new();
    HOME.get_or_init(Home::new)
}

impl Home {
    fn new() -> Self {
        let mut home = Self::empty();
        fs::write(
            home.dir.join("gpg-agent.conf"),
            "allow-loopback-pinentry\ndefault-cache-ttl 0\nmax-cache-ttl 0\n",
        )
        .unwrap();
        fs::write(home.dir.join("passphrase"), PASSPHRASE).unwrap();
        fs::write(home.dir.join("wrong"), "wrong").unwrap();
        home.generate();
        home.shared = true;
        home
    }

    /// A copy, for a test that changes the keyring: gpg exchanges the file, and others would not find it meanwhile.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::empty();
        let files = ["pubring.kbx", "trustdb.gpg", "private-keys-v1.d", "gpg-agent.conf"];
        let files = files.map(|name| self.dir.join(name));
        let copied = Command::new("cp").arg("-rp").args(files).arg(&copy.dir).status().unwrap();
        assert!(copied.success());
        copy
    }

    fn empty() -> Self {
        // A short path: an agent's socket has room for about 100 bytes of it.
        let dir = tempfile::Builder::new().prefix("gs-").tempdir_in("/tmp").unwrap().keep();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
        let end = "read -r _; gpgconf --homedir \"$0\" --kill all; rm -rf \"$0\"";
        let end = Command::new("sh")
            .args(["-c", end])
            .arg(&dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { dir, shared: false, _end: end }
    }

    fn generate(&self) {
        let key = |(address, primary, subkey): &(&str, &str, &str), more: &str| {
            format!(
                "Key-Type: {primary}\nKey-Usage: sign cert\nSubkey-Type: {subkey}\nSubkey-Usage: encrypt\n\
                 Name-Real: Test\nName-Email: {address}@example.com\n{more}\n%commit\n"
            )
        };
        let open = "Expire-Date: 0\n%no-protection";
        let all: String = KEYS.iter().map(|one| key(one, open)).collect();
        let mut locked = KEYS[1];
        locked.0 = "locked";
        // By itself: '%no-protection' holds for all that follows it.
        let loopback = ["--pinentry-mode", "loopback", "--passphrase", PASSPHRASE];
        let locked = key(&locked, "Expire-Date: 0");
        self.gpg(&[&loopback[..], &["--generate-key"]].concat(), locked.as_bytes()).expect();
        self.gpg(&["--generate-key"], all.as_bytes()).expect();
        let mut expired = KEYS[1];
        expired.0 = "expired";
        let past = ["--faked-system-time", "20240101T000000", "--generate-key"];
        self.gpg(&past, key(&expired, "Expire-Date: 1y\n%no-protection").as_bytes()).expect();
        let brainpool = ("brainpool-expired", KEYS[4].1, KEYS[4].2);
        self.gpg(&past, key(&brainpool, "Expire-Date: 1y\n%no-protection").as_bytes()).expect();
        expired.0 = "stale";
        let past = ["--faked-system-time", "20240101T000000", "--generate-key"];
        self.gpg(&past, key(&expired, open).as_bytes()).expect();
        let (stale, subkey) = (self.fingerprint("stale"), self.subkeys("stale").remove(0));
        let past = ["--faked-system-time", "20240101T000001", "--quick-set-expire"];
        self.gpg(&[&past[..], &[&stale, "1y", &subkey]].concat(), b"").expect();
        let mut old = KEYS[1];
        old.0 = "sha1";
        let sha1 = ["--cert-digest-algo", "SHA1", "--generate-key"];
        self.gpg(&sha1, key(&old, open).as_bytes()).expect();
        old = ("large-sha1", "RSA\nKey-Length: 4160", KEYS[1].2);
        let large = [&["--enable-large-rsa"], &sha1[..]].concat();
        self.gpg(&large, key(&old, open).as_bytes()).expect();
        old = ("rsa1024", "RSA\nKey-Length: 1024", "RSA\nSubkey-Length: 1024");
        self.gpg(&["--generate-key"], key(&old, open).as_bytes()).expect();
        old = ("elgamal", "DSA\nKey-Length: 1024", "ELG-E\nSubkey-Length: 1024");
        self.gpg(&["--generate-key"], key(&old, open).as_bytes()).expect();
        self.quick(&["--quick-generate-key", "<sign@example.com>", "ed25519", "sign", "0"]);
        let two = self.fingerprint("two");
        self.quick(&["--quick-add-key", &two, "nistp384", "encr", "0"]);
        let mixed = self.fingerprint("mixed");
        self.quick(&["--quick-add-key", &mixed, "ed25519", "auth", "0"]);
        for name in ["revoked", "brainpool-revoked"] {
            let revoked = self.fingerprint(name);
            let revocation = self.dir.join(format!("openpgp-revocs.d/{revoked}.rev"));
            let revocation = fs::read_to_string(revocation).unwrap().replace(":-----", "-----");
            self.gpg(&["--import"], revocation.as_bytes()).expect();
        }
    }

    fn quick(&self, args: &[&str]) {
        self.gpg(&[&["--pinentry-mode", "loopback", "--passphrase", ""], args].concat(), b"")
            .expect();
    }

    /// Runs gpg in this home.
    pub(crate) fn gpg(&self, args: &[&str], input: &[u8]) -> Done {
        let changes = |arg: &&str| {
            ["--import", "--generate-key", "--edit-key"].contains(arg)
                || ["--quick-", "--delete-"].iter().any(|start| arg.starts_with(start))
        };
        let change = args.iter().find(|arg| changes(arg) && !args.contains(&"--dry-run"));
        assert!(!self.shared || change.is_none(), "{change:?} is for a copy(): others read here");
        let mut command = Command::new("gpg");
        command.arg("--homedir").arg(&self.dir).args(["--batch", "--no-tty"]).args(args);
        run(command, input)
    }

    /// gpg with this home for the library, and with more options.
    pub(crate) fn program(&self, options: &str) -> Gpg {
        let name = options.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let path = self.dir.join(format!("gpg{name}"));
        let script = format!(
            "#!/bin/sh\ncd '{0}' || exit\nGNUPGHOME='{0}' exec gpg {options} \"$@\"\n",
            self.dir.display()
        );
        executable(&path, &script);
        Gpg::find(Some(path.as_os_str())).expect("the script runs gpg")
    }

    /// The same; the first time that it is asked for keys, another gpg is just exchanging its keyring.
    pub(crate) fn program_without_a_keyring_at_first(&self) -> Gpg {
        let (path, asked) = (self.dir.join("gpg-at-first"), self.dir.join("asked"));
        let script = format!(
            "#!/bin/sh\ncase \"$*\" in *--list-keys*) [ -e '{1}' ] || {{ touch '{1}'; echo 'gpg: error reading key: No such file or directory' >&2; exit 2; }} ;; esac\nGNUPGHOME='{0}' exec gpg \"$@\"\n",
            self.dir.display(),
            asked.display()
        );
        executable(&path, &script);
        Gpg::find(Some(path.as_os_str())).expect("the script runs gpg")
    }

    /// The fingerprint of the one primary key with this address.
    pub(crate) fn fingerprint(&self, name: &str) -> String {
        self.fingerprints(name).remove(0)
    }

    /// The fingerprints of its subkeys.
    pub(crate) fn subkeys(&self, name: &str) -> Vec<String> {
        self.fingerprints(name).split_off(1)
    }

    fn fingerprints(&self, name: &str) -> Vec<String> {
        let query = format!("<{name}@example.com>");
        let args = ["--with-colons", "--with-subkey-fingerprint", "--list-keys", &query];
        let listing = self.gpg(&args, b"").expect();
        let listing = String::from_utf8(listing.stdout).unwrap();
        let lines = listing.lines().filter(|line| line.starts_with("fpr:"));
        lines.map(|line| line.split(':').nth(9).unwrap().to_owned()).collect()
    }

    pub(crate) fn export(&self, name: &str) -> Vec<u8> {
        self.gpg(&["--armor", "--export", &self.fingerprint(name)], b"").expect().stdout
    }

    pub(crate) fn certificate(&self, name: &str) -> Certificate {
        Certificate::parse(&self.export(name)).unwrap()
    }

    pub(crate) fn export_secret(&self, name: &str) -> Vec<u8> {
        let passphrase = self.dir.join("passphrase");
        let unlock = ["--pinentry-mode", "loopback", "--passphrase-file"];
        let args = [passphrase.to_str().unwrap(), "--export-secret-keys", &self.fingerprint(name)];
        self.gpg(&[&unlock[..], &args].concat(), b"").expect().stdout
    }

    pub(crate) fn secret_key(&self, name: &str) -> SecretKey {
        SecretKey::parse(&self.export_secret(name)).unwrap()
    }

    /// The same, read once for all cases of a property.
    pub(crate) fn secret_key_once(&self, name: &str) -> &'static SecretKey {
        static KEY: OnceLock<SecretKey> = OnceLock::new();
        KEY.get_or_init(|| self.secret_key(name))
    }

    /// A message that gpg writes.
    pub(crate) fn encrypt(&self, options: &[&str]) -> Vec<u8> {
        let args = ["--armor", "--trust-model", "always", "--encrypt"];
        self.gpg(&[options, &args].concat(), SECRET).expect().stdout
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

impl Done {
    #[track_caller]
    pub(crate) fn expect(self) -> Self {
        assert!(self.success, "{}: {}", self.status, self.stderr);
        self
    }
}

/// Runs a command with this input.
pub(crate) fn run(mut command: Command, input: &[u8]) -> Done {
    let program = command.get_program().to_owned();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| {
        let package = if program == "gpg" { "gnupg" } else { "sq" };
        panic!(
            "{} is missing: install it with 'apt-get install {package}': {error}",
            program.display()
        )
    });
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().unwrap()
    });
    Done {
        success: output.status.success(),
        status: output.status.to_string(),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn executable(path: &Path, script: &str) {
    static WRITING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = WRITING.lock().unwrap();
    if !path.exists() {
        // A file that is open for writing in any process cannot be run; a rename of a finished copy by 'install' can.
        let draft = path.with_extension("draft");
        fs::write(&draft, script).unwrap();
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o700)).unwrap();
        let copied = Command::new("cp").arg("-p").arg(&draft).arg(path).status().unwrap();
        assert!(copied.success());
    }
}

pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

pub(crate) fn message(bytes: &[u8]) -> Message {
    Message::parse(bytes).unwrap()
}
