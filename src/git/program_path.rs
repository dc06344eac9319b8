//! How git is told to start this program: so that a client with another `PATH` finds it, and an upgrade does not move it away.

use std::env;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

/// What a program that no shell has started may have as `PATH`.
pub const SMALLEST_PATH: &str = "/usr/bin:/bin";
/// What the link beside versions is called that leads to the one in use (Scoop, mise).
const IN_USE: [&str; 2] = ["current", "latest"];
/// Where Nix keeps links to the programs of a profile.
const NIX: [&str; 2] = ["/run/current-system/sw/bin", "/nix/var/nix/profiles/default/bin"];
/// Likewise, under the user's home.
const NIX_OF_USER: [&str; 2] = [".nix-profile/bin", ".local/state/nix/profile/bin"];

/// How git is to start a program that is installed beside this one: by name where every `PATH` has it, else by a path that stays.
pub fn command(name: &str) -> String {
    let Some(path) = stable_path(name) else { return name.to_owned() };
    let everywhere = OsStr::new(SMALLEST_PATH);
    if find_in(everywhere, name).is_some_and(|found| is_same_file(&found, &path)) {
        return name.to_owned();
    }
    shell_word(path.as_os_str()).unwrap_or_else(|| name.to_owned())
}

/// Where `PATH` leads for this name.
pub fn find_on_path(name: &str) -> Option<PathBuf> {
    dunce::canonicalize(find_in(&env::var_os("PATH")?, name)?).ok()
}

/// The file that a word of [`command`] starts under this `PATH`; not resolved.
pub fn find(word: &str, path: &OsStr) -> Option<PathBuf> {
    if word.contains(['/', '\\']) {
        return Some(PathBuf::from(word)).filter(|file| file.is_absolute() && file.is_file());
    }
    find_in(path, word)
}

/// Whether a setting starts what another, which [`command`] made, starts: by another path or by name, with the same arguments.
pub fn is_same_command(set: &str, wanted: &str) -> bool {
    if set == wanted {
        return true;
    }
    let (Some((set, arguments)), Some((wanted, wanted_arguments))) = (split(set), split(wanted))
    else {
        return false;
    };
    let path = env::var_os("PATH").unwrap_or_default();
    arguments == wanted_arguments
        && find(&set, &path).is_some_and(|set| {
            find(&wanted, &path).is_some_and(|wanted| is_same_file(&set, &wanted))
        })
}

/// Whether a setting is one that [`command`] made in some version or place, for the same program and arguments as `wanted`.
pub fn is_of_program(set: &str, wanted: &str) -> bool {
    let name = |word: &str| Path::new(word).file_name().map(OsStr::to_owned);
    match (split(set), split(wanted)) {
        (Some((set, arguments)), Some((wanted, wanted_arguments))) => {
            arguments == wanted_arguments && name(&set) == name(&wanted)
        }
        _ => false,
    }
}

/// The word that a setting begins with, as the shell reads it, and what is behind it. `None` where it is not as [`command`] makes it.
pub fn split(setting: &str) -> Option<(String, &str)> {
    let Some(mut rest) = setting.strip_prefix('\'') else {
        let end = setting.find(' ').unwrap_or(setting.len());
        let (word, rest) = setting.split_at(end);
        return (!word.is_empty() && word.chars().all(is_plain)).then(|| (word.to_owned(), rest));
    };
    let mut word = String::new();
    loop {
        let (part, behind) = rest.split_once('\'')?;
        word.push_str(part);
        match behind.strip_prefix("\\''") {
            Some(more) => {
                word.push('\'');
                rest = more;
            }
            None => {
                return (behind.is_empty() || behind.starts_with(' ')).then_some((word, behind));
            }
        }
    }
}

/// The path of the program of this name beside the running one, preferably one that is the same after an upgrade.
pub fn stable_path(name: &str) -> Option<PathBuf> {
    let here = dunce::canonicalize(env::current_exe().ok()?).ok()?;
    let beside = here.parent()?.join(file_name(name));
    if !beside.is_file() {
        return None;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).filter(|dir| dir.is_absolute());
    let on_path = on_path.map(|dir| dir.join(file_name(name)));
    let candidates = on_path.chain(links(&beside)).chain([beside.clone()]);
    let leads_here = |file: &PathBuf| is_same_file(file, &beside);
    let mut candidates: Vec<PathBuf> = candidates.filter(leads_here).collect();
    let first = candidates.iter().position(|file| !is_versioned(file)).unwrap_or(0);
    (!candidates.is_empty()).then(|| candidates.swap_remove(first))
}

/// Where those who keep a folder for each version keep links.
fn links(file: &Path) -> Vec<PathBuf> {
    let mut links = Vec::new();
    let Some(name) = file.file_name() else { return links };
    for folder in file.ancestors().skip(1) {
        let Some(parent) = folder.parent() else { break };
        let Ok(below) = file.strip_prefix(folder) else { break };
        links.extend(IN_USE.map(|current| parent.join(current).join(below)));
        // Homebrew: PREFIX/Cellar/PACKAGE/VERSION.
        if let (Some(package), Some(cellar)) = (parent.file_name(), parent.parent())
            && cellar.ends_with("Cellar")
            && let Some(prefix) = cellar.parent()
        {
            links.push(prefix.join("bin").join(name));
            links.push(prefix.join("opt").join(package).join(below));
        }
    }
    if file.starts_with("/nix/store") {
        let home = env::home_dir().unwrap_or_default();
        links.extend(NIX_OF_USER.map(|dir| home.join(dir).join(name)));
        links.extend(NIX.map(|dir| Path::new(dir).join(name)));
        if let Some(user) = env::var_os("USER") {
            links.push(Path::new("/etc/profiles/per-user").join(user).join("bin").join(name));
        }
    }
    links
}

/// Whether a path holds a version, so that it goes with an upgrade.
fn is_versioned(path: &Path) -> bool {
    let is_version = |component: Component<'_>| {
        let text = component.as_os_str().to_string_lossy();
        let number = text.strip_prefix('v').unwrap_or(&text);
        number.starts_with(|c: char| c.is_ascii_digit()) && number.contains('.')
    };
    path.starts_with("/nix/store")
        || path.parent().is_some_and(|dir| dir.components().any(is_version))
}

fn find_in(path: &OsStr, name: &str) -> Option<PathBuf> {
    let mut files = env::split_paths(path).map(|dir| dir.join(file_name(name)));
    files.find(|file| file.is_file())
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    let real = |path| dunce::canonicalize(path).ok();
    real(one).is_some_and(|one| real(other) == Some(one))
}

fn file_name(name: &str) -> String {
    format!("{name}{}", env::consts::EXE_SUFFIX)
}

fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || "/._-+:@,".contains(c)
}

/// The text as one word of a shell, which git starts where it finds anything special.
fn shell_word(text: &OsStr) -> Option<String> {
    let text = text.to_str()?.replace('\\', if cfg!(windows) { "/" } else { "\\" });
    let quoted = || format!("'{}'", text.replace('\'', "'\\''"));
    Some(if text.chars().all(is_plain) { text } else { quoted() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_as_it_was_written() {
        for path in ["/usr/bin/git-shroud", "/a b/git-shroud", "/it's/git-shroud", "/'/'"] {
            let word = shell_word(OsStr::new(path)).unwrap();
            assert_eq!(
                split(&format!("{word} clean -- %f")),
                Some((path.to_owned(), " clean -- %f"))
            );
            assert_eq!(split(&word), Some((path.to_owned(), "")));
        }
        for other in ["", "'open", "$(x) y", "a;b", "'a'b c"] {
            assert_eq!(split(other), None, "{other}");
        }
    }

    #[test]
    fn a_setting_of_another_place_is_known_and_that_of_somebody_else_is_not() {
        let wanted = "/opt/bin/git-shroud clean -- %f";
        assert!(is_of_program("git-shroud clean -- %f", wanted));
        assert!(is_of_program("'/a b/git-shroud' clean -- %f", wanted));
        for other in ["git-shroud clean", "my-git-shroud clean -- %f", "env git-shroud clean -- %f"]
        {
            assert!(!is_of_program(other, wanted), "{other}");
        }
    }

    #[test]
    fn a_folder_of_a_version_is_one() {
        for path in
            ["/opt/homebrew/Cellar/git-shroud/1.2.0/bin/x", "/nix/store/abc-x/bin/x", "/m/v2.0/x"]
        {
            assert!(is_versioned(Path::new(path)), "{path}");
        }
        for path in ["/opt/homebrew/bin/x", "/home/me/.cargo/bin/x", "/usr/lib/python3/x-1.0"] {
            assert!(!is_versioned(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn links_to_the_version_in_use_are_looked_for() {
        let brew = links(Path::new("/opt/homebrew/Cellar/git-shroud/1.2.0/bin/git-shroud"));
        assert!(brew.contains(&PathBuf::from("/opt/homebrew/bin/git-shroud")));
        assert!(brew.contains(&PathBuf::from("/opt/homebrew/opt/git-shroud/bin/git-shroud")));
        let scoop = links(Path::new("/scoop/apps/git-shroud/1.2.0/git-shroud"));
        assert!(scoop.contains(&PathBuf::from("/scoop/apps/git-shroud/current/git-shroud")));
    }
}
