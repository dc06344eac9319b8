//! What a file's name says about its content.

/// The kinds that matter to a detector.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PathKind {
    /// No name is known.
    Unknown,
    /// Values stand without quotes, and are meant.
    Settings,
    /// A program: a value without quotes is an expression.
    Code,
    /// Text, or anything else.
    Other,
    /// Tests, examples, documentation: what is here is often no real secret.
    Minor,
    /// Programs among them.
    MinorCode,
    /// Translations: texts for people, by names such as `password`.
    Texts,
    /// Other people's code, and pictures.
    Vendored,
    /// Full of checksums.
    Lock,
}

impl PathKind {
    /// All of them, in their order.
    pub(super) const ALL: [Self; 9] = [
        Self::Unknown,
        Self::Settings,
        Self::Code,
        Self::Other,
        Self::Minor,
        Self::MinorCode,
        Self::Texts,
        Self::Vendored,
        Self::Lock,
    ];

    /// Whether it is of tests, examples or documentation.
    pub(super) fn is_minor(self) -> bool {
        matches!(self, Self::Minor | Self::MinorCode)
    }

    /// Whether what looks like a password is one less often. In tests and manuals it is one as often as elsewhere, once usual
    /// words are left out: people write what they use.
    pub(super) fn lowers_passwords(self) -> bool {
        matches!(self, Self::Vendored | Self::Texts)
    }

    /// Whether it is a program.
    pub(super) fn is_code(self) -> bool {
        matches!(self, Self::Code | Self::MinorCode)
    }
}

/// Files that people do not seal whole, though a secret is in one: programs, documentation, lock files and other people's
/// code. What is secret in them goes elsewhere.
pub fn is_sealed_seldom(path: &[u8]) -> bool {
    let lower = path.to_ascii_lowercase();
    let mut endings = SCRIPT_ENDINGS.iter().chain(&DOCUMENT_ENDINGS);
    let kind = kind(path);
    kind.is_code()
        || matches!(kind, PathKind::Lock | PathKind::Vendored | PathKind::Texts)
        || endings.any(|ending| lower.ends_with(ending))
}

const DOCUMENT_ENDINGS: [&[u8]; 6] = [b".md", b".rst", b".adoc", b".html", b".htm", b".css"];
/// Programs that [`kind`] has no need to tell from other files.
const SCRIPT_ENDINGS: [&[u8]; 16] = [
    b".sh",
    b".bash",
    b".zsh",
    b".fish",
    b".ps1",
    b".bat",
    b".cmd",
    b".pl",
    b".pm",
    b".r",
    b".sql",
    b".clj",
    b".fs",
    b".vb",
    b"dockerfile",
    b"makefile",
];

const LOCKS: [&[u8]; 19] = [
    b"package-lock.json",
    b"npm-shrinkwrap.json",
    b"yarn.lock",
    b"pnpm-lock.yaml",
    b"cargo.lock",
    b"composer.lock",
    b"gemfile.lock",
    b"poetry.lock",
    b"pipfile.lock",
    b"uv.lock",
    b"go.sum",
    b"go.work.sum",
    b"flake.lock",
    b"mix.lock",
    b"pubspec.lock",
    b"packages.lock.json",
    b"podfile.lock",
    b"deno.lock",
    b"bun.lock",
];
const SETTINGS: [&[u8]; 25] = [
    b".env",
    b".properties",
    b".ini",
    b".cfg",
    b".conf",
    b".config",
    b".cnf",
    b".toml",
    b".yaml",
    b".yml",
    b".tfvars",
    b".npmrc",
    b".pypirc",
    b".netrc",
    b".pgpass",
    b".plist",
    b".xml",
    b".json",
    b".settings",
    b".prefs",
    b".reg",
    b".service",
    b".envrc",
    b".secrets",
    b".credentials",
];
const MINOR_FOLDERS: [&[u8]; 18] = [
    b"t",
    b"test",
    b"tests",
    b"testing",
    b"testdata",
    b"__tests__",
    b"spec",
    b"specs",
    b"fixtures",
    b"fixture",
    b"mock",
    b"mocks",
    b"example",
    b"examples",
    b"sample",
    b"samples",
    b"doc",
    b"docs",
];
const TEXT_FOLDERS: [&[u8]; 10] = [
    b"locale",
    b"locales",
    b"lang",
    b"langs",
    b"languages",
    b"i18n",
    b"l10n",
    b"intl",
    b"translation",
    b"translations",
];
const TEXT_ENDINGS: [&[u8]; 7] =
    [b".po", b".pot", b".xlf", b".xliff", b".arb", b".strings", b"/strings.xml"];
const VENDORED_FOLDERS: [&[u8]; 6] =
    [b"node_modules", b"vendor", b"third_party", b"site-packages", b"bower_components", b".yarn"];
const PICTURES: [&[u8]; 8] =
    [b".svg", b".png", b".jpg", b".jpeg", b".gif", b".ico", b".webp", b".pdf"];
const CODE_ENDINGS: [&[u8]; 34] = [
    b".go", b".js", b".jsx", b".mjs", b".cjs", b".ts", b".tsx", b".vue", b".svelte", b".py",
    b".rb", b".java", b".kt", b".kts", b".scala", b".groovy", b".rs", b".c", b".h", b".cc",
    b".cpp", b".hpp", b".cs", b".php", b".swift", b".m", b".dart", b".ex", b".exs", b".erl",
    b".hs", b".lua", b".jl", b".zig",
];
const MINOR_ENDINGS: [&[u8]; 8] =
    [b".map", b".min.js", b".ipynb", b".example", b".sample", b".template", b".dist", b".tmpl"];

/// Which kind a path is of.
pub(super) fn kind(path: &[u8]) -> PathKind {
    let lower = path.to_ascii_lowercase();
    let mut parts = lower.rsplit(|&byte| byte == b'/');
    let name = parts.next().unwrap_or_default();
    if LOCKS.contains(&name) {
        return PathKind::Lock;
    }
    let picture = PICTURES.iter().any(|ending| name.ends_with(ending));
    if picture {
        return PathKind::Vendored;
    }
    if parts.clone().any(|part| VENDORED_FOLDERS.contains(&part)) {
        // What its tests and services are started with is as often a password as in one's own.
        let is_started = [&b".yml"[..], b".yaml"].iter().any(|ending| name.ends_with(ending));
        return if is_started { PathKind::Minor } else { PathKind::Vendored };
    }
    let is_text = TEXT_ENDINGS.iter().any(|ending| lower.ends_with(ending))
        || name.starts_with(b"messages_") && name.ends_with(b".properties")
        || TEXT_FOLDERS.iter().any(|word| is_stem(name, word));
    if is_text || parts.clone().any(|part| TEXT_FOLDERS.contains(&part)) {
        return PathKind::Texts;
    }
    let mut endings = MINOR_ENDINGS.iter().chain(&DOCUMENT_ENDINGS);
    let minor_name = endings.any(|ending| name.ends_with(ending))
        || name.starts_with(b"test_")
        || [&b"_test."[..], b".test.", b".spec.", b"_spec.", b"-test."]
            .iter()
            .any(|mark| memchr::memmem::find(name, mark).is_some());
    // A dump holds what a program works with, wherever it is kept.
    let is_dump = name.ends_with(b".sql");
    let is_code = CODE_ENDINGS.iter().any(|ending| name.ends_with(ending));
    if !is_dump && (minor_name || parts.any(|part| MINOR_FOLDERS.contains(&part))) {
        return if is_code { PathKind::MinorCode } else { PathKind::Minor };
    }
    let dotenv = name.starts_with(b".env") || name.starts_with(b"docker-compose");
    if dotenv || SETTINGS.iter().any(|ending| name.ends_with(ending)) {
        return PathKind::Settings;
    }
    if is_code { PathKind::Code } else { PathKind::Other }
}

/// `translations.json`, `i18n.ts`, `app.i18n.js`: a file for what a folder may be for.
fn is_stem(name: &[u8], word: &[u8]) -> bool {
    let stem = name.rsplitn(2, |&byte| byte == b'.').nth(1).unwrap_or_default();
    let before = stem.strip_suffix(word).and_then(|rest| rest.last());
    let data = [&b".json"[..], b".js", b".ts", b".yml", b".yaml", b".properties"];
    (stem == word || matches!(before, Some(b'.' | b'_' | b'-')))
        && data.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_settings_from_tests_and_locks() {
        for (path, expected) in [
            ("deploy/.env.production", PathKind::Settings),
            ("src/main/resources/application.properties", PathKind::Settings),
            ("web/yarn.lock", PathKind::Lock),
            ("src/test/resources/application.yml", PathKind::Minor),
            ("pkg/server_test.go", PathKind::MinorCode),
            (".env.example", PathKind::Minor),
            ("web/locales/de-DE/portal.json", PathKind::Texts),
            ("app/src/main/res/values-fr/strings.xml", PathKind::Texts),
            ("config/language.yml", PathKind::Settings),
            ("src/translations.json", PathKind::Texts),
            ("src/app.i18n.ts", PathKind::Texts),
            ("src/main.rs", PathKind::Code),
        ] {
            assert_eq!(kind(path.as_bytes()), expected, "{path}");
        }
    }
}
