//! What a file's name says about its content.

/// The kinds that matter to a detector.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PathKind {
    /// No name is known.
    Unknown,
    /// Values stand without quotes, and are meant.
    Settings,
    /// A program, or text.
    Other,
    /// Tests, examples, documentation: what is here is often no real secret.
    Minor,
    /// Other people's code, and pictures.
    Vendored,
    /// Full of checksums.
    Lock,
}

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
const MINOR_FOLDERS: [&[u8]; 19] = [
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
    b"locale",
    b"locales",
];
const VENDORED_FOLDERS: [&[u8]; 6] =
    [b"node_modules", b"vendor", b"third_party", b"site-packages", b"bower_components", b".yarn"];
const PICTURES: [&[u8]; 8] =
    [b".svg", b".png", b".jpg", b".jpeg", b".gif", b".ico", b".webp", b".pdf"];
const MINOR_ENDINGS: [&[u8]; 16] = [
    b".md",
    b".rst",
    b".adoc",
    b".html",
    b".htm",
    b".css",
    b".po",
    b".pot",
    b".map",
    b".min.js",
    b".ipynb",
    b".example",
    b".sample",
    b".template",
    b".dist",
    b".tmpl",
];

/// Which kind a path is of.
pub(super) fn kind(path: &[u8]) -> PathKind {
    let lower = path.to_ascii_lowercase();
    let mut parts = lower.rsplit(|&byte| byte == b'/');
    let name = parts.next().unwrap_or_default();
    if LOCKS.contains(&name) {
        return PathKind::Lock;
    }
    let picture = PICTURES.iter().any(|ending| name.ends_with(ending));
    if picture || parts.clone().any(|part| VENDORED_FOLDERS.contains(&part)) {
        return PathKind::Vendored;
    }
    let minor_name = MINOR_ENDINGS.iter().any(|ending| name.ends_with(ending))
        || name.starts_with(b"test_")
        || [&b"_test."[..], b".test.", b".spec.", b"_spec.", b"-test."]
            .iter()
            .any(|mark| memchr::memmem::find(name, mark).is_some());
    if minor_name || parts.any(|part| MINOR_FOLDERS.contains(&part)) {
        return PathKind::Minor;
    }
    let dotenv = name.starts_with(b".env") || name.starts_with(b"docker-compose");
    if dotenv || SETTINGS.iter().any(|ending| name.ends_with(ending)) {
        return PathKind::Settings;
    }
    PathKind::Other
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
            ("pkg/server_test.go", PathKind::Minor),
            (".env.example", PathKind::Minor),
            ("src/main.rs", PathKind::Other),
        ] {
            assert_eq!(kind(path.as_bytes()), expected, "{path}");
        }
    }
}
