//! What git stores and checks out by the filter, against the truth and against what the commands say of it.

use crate::verdicts::case::{Case, File};
use crate::verdicts::judge::{Judged, Look, ensure, is_inside};
use crate::verdicts::oracle::{Kind, Said, index};
use crate::verdicts::repo::Repo;
use crate::verdicts::seal::TestKey;
use crate::verdicts::world::World;

/// Looks, adds each file anew, looks again, checks out, and locks.
pub(crate) fn run(world: &World, case: &Case) -> Judged {
    let repo = world.make(case);
    let before = Look::take(&repo)?;
    for file in &case.files {
        add(&repo, &before, file).map_err(|why| format!("{}: {why}", file.name.escape_ascii()))?;
    }
    let after = Look::take(&repo).map_err(|why| format!("after git add: {why}"))?;
    check_out(&repo, &after)?;
    lock(&repo, &after)
}

/// `git add` of one file: what is stored then, and whether it had to be.
fn add(repo: &Repo<'_>, before: &Look, file: &File) -> Judged {
    let stored = before.blobs.get(file.name).map(Vec::as_slice);
    let content = repo.edit(file.edit, file.name, stored);
    let said =
        crate::verdicts::oracle::ask(repo, &[file.name.to_vec()], false).remove(file.name).unwrap();
    let args = ["--literal-pathspecs", "add", "-f", "--"].map(Into::into);
    let done = repo.run("git", &[&args[..], &[repo.argument(file.name)]].concat());
    let done = if done.status != 0 && done.stderr.contains("must be run in a work tree") {
        repo.git_at_top(&args, file.name)
    } else {
        done
    };
    let now = index(repo).remove(file.name);
    let place = || format!("{said:?}, from {stored:?} with {content:?}\n{done:?}");
    if done.status != 0 {
        ensure!(now.as_deref() == stored, "git add failed and changed it: {}", place());
        let had_to = has_to_seal(repo, &said, &content, stored);
        ensure!(!had_to, "git add ought to have sealed it: {}", place());
        return Ok(());
    }
    let now = now.ok_or_else(|| format!("git add stored nothing: {}", place()))?;
    if !said.is_sealed() || !repo.case.drivers {
        return Ok(());
    }
    match Kind::of(&content) {
        Kind::Empty => ensure!(now.is_empty(), "the empty file stands for itself: {}", place()),
        Kind::Sealed(_) => ensure!(now == content, "it was sealed twice: {}", place()),
        Kind::Damaged => {
            ensure!(
                stored == Some(content.as_slice()) && now == content,
                "damaged bytes: {}",
                place()
            );
        }
        // The very blob that the index had may stay: nothing new is stored.
        _ if stored == Some(content.as_slice()) && now == content => {}
        _ => {
            let wanted = said.key().unwrap_or_default();
            let fits =
                |key: &&TestKey| key.name == wanted && key.open(&now) == Some(content.clone());
            let sealer = repo.world.held(repo.case.held).into_iter().find(fits);
            let sealer =
                sealer.ok_or_else(|| format!("it is not sealed with a held key: {}", place()))?;
            let described = repo.world.described(repo.case);
            let is_described = described.iter().any(|key| key.id() == sealer.id());
            ensure!(
                is_described || stored == Some(now.as_slice()),
                "it is sealed with generation {}, which the tree does not describe: {}",
                sealer.generation,
                place()
            );
        }
    }
    Ok(())
}

/// Whether nothing at all stands in the way.
fn has_to_seal(repo: &Repo<'_>, said: &Said, content: &[u8], stored: Option<&[u8]>) -> bool {
    let case = repo.case;
    let is_plain = Kind::of(content) == Kind::Plain;
    let wanted = said.key().unwrap_or_default();
    let held = repo.world.held(case.held);
    let of_name = || held.iter().filter(|key| key.name == wanted);
    let newest = of_name().map(|key| key.generation).max();
    let described = repo.world.described(case);
    let described = described.iter().find(|key| key.name == wanted);
    let fits = described.is_some_and(|key| {
        newest == Some(key.generation) && of_name().any(|held| held.id() == key.id())
    });
    let is_rolled_back = case.seen && wanted == "default" && case.described == 1;
    // Bytes of another name's key ask for a word of the user first.
    let is_of_another = stored.is_some_and(|stored| {
        let keys = repo.world.keys();
        keys.iter().any(|key| key.name != wanted && Kind::of(stored) == Kind::Sealed(key.id()))
    });
    case.drivers
        && said.is_sealed()
        && !said.converts()
        && !said.is_tripped()
        && is_plain
        && fits
        && !is_rolled_back
        && !is_of_another
}

/// A checkout never fails, opens what can be opened, and leaves all else as it is stored; then git sees no change.
fn check_out(repo: &Repo<'_>, look: &Look) -> Judged {
    let sealed: Vec<_> = look
        .blobs
        .iter()
        .filter(|(path, _)| !path.starts_with(b".shroud") && !path.ends_with(b".gitattributes"))
        .filter(|(path, _)| {
            let said = &look.said[*path];
            said.is_sealed() && !said.converts() && !said.is_tripped()
        })
        .collect();
    if sealed.is_empty() || !repo.case.drivers {
        return Ok(());
    }
    let paths: Vec<u8> =
        sealed.iter().flat_map(|(path, _)| [path.as_slice(), b"\0"].concat()).collect();
    // git leaves a file alone that it has seen as it is.
    sealed.iter().for_each(|(path, _)| repo.remove(path));
    let done = repo.try_git_with_input(&["checkout-index", "-f", "-u", "-z", "--stdin"], &paths);
    ensure!(done.status == 0, "a checkout failed\n{done:?}");
    let held = repo.world.held(repo.case.held);
    for (path, blob) in &sealed {
        let opened = held.iter().find_map(|key| key.open(blob));
        let there = repo.read(path);
        let expected = opened.as_ref().unwrap_or(blob);
        ensure!(
            there.as_ref() == Some(expected),
            "{}: checked out as {there:?}, not {expected:?}\n{done:?}",
            path.escape_ascii()
        );
    }
    // Written again with other times, git has to ask the filter whether they changed.
    for (path, _) in &sealed {
        let content = repo.read(path).unwrap_or_default();
        repo.write(path, &content);
        repo.age(path);
    }
    let refresh = repo.try_git_with_input(&["status", "--porcelain", "-z", "-uno"], b"");
    ensure!(refresh.status == 0, "git status failed\n{refresh:?}");
    let text = &refresh.stdout;
    for (path, blob) in &sealed {
        let changed = [b" M ", path.as_slice(), b"\0"].concat();
        let added = [b"AM ", path.as_slice(), b"\0"].concat();
        let is_changed = [changed, added].iter().any(|entry| crate::common::contains(text, entry));
        ensure!(
            !is_changed || !look.is_good(path),
            "{} is called changed: {blob:?}\n{refresh:?}",
            path.escape_ascii()
        );
    }
    Ok(())
}

/// After `lock` all is sealed on disk and the keys are gone, or it says what is not and keeps them.
fn lock(repo: &Repo<'_>, look: &Look) -> Judged {
    let done = repo.shroud(&["lock"]);
    if is_inside(repo, &done) {
        return Ok(());
    }
    let open: Vec<_> = look
        .blobs
        .keys()
        .filter(|path| look.said[*path].is_sealed() && !path.ends_with(b".gitattributes"))
        .filter(|path| !path.starts_with(b".shroud/"))
        .filter(|path| {
            let there = repo.read(path).unwrap_or_default();
            !there.is_empty() && matches!(Kind::of(&there), Kind::Plain)
        })
        .collect();
    let keyring = repo.git_dir().join("git-shroud/keyring").exists();
    if done.status == 0 {
        ensure!(!keyring, "lock kept the keys\n{done:?}");
        ensure!(open.is_empty(), "lock left {open:?} in the clear\n{done:?}");
    } else if !open.is_empty() {
        let held = repo.case.held != crate::verdicts::case::Held::Nothing;
        ensure!(keyring == held, "lock gave up the keys and left {open:?}\n{done:?}");
        ensure!(done.stderr.contains("error: "), "lock says nothing of {open:?}\n{done:?}");
    }
    Ok(())
}
