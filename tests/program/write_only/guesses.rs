//! Somebody who can push and does not hold the key sets guesses, and compares what a holder makes of them.

use super::{contributed, flags, token, token_in, type_in};
use crate::common::{Sandbox, text};

/// A guess of a value is set and pushed, and a holder does something; what the repository shows then of `A`: the flags of its token, and
/// whether it is one that was there before.
#[track_caller]
pub(super) fn seen(guess: &str, act: impl Fn(&Sandbox)) -> (u8, bool, bool) {
    let sandbox = contributed();
    let true_value = token(&sandbox, "repo", "A");
    type_in(&sandbox, "clone", "A", guess);
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Guess"]);
    sandbox.git("clone", ["push", "-q"]);
    let guessed = token(&sandbox, "clone", "A");
    act(&sandbox);
    let now = token(&sandbox, "repo", "A");
    (now[8], now == true_value, now == guessed)
}

/// The value is `one`.
#[track_caller]
pub(super) fn tells_nothing(act: impl Fn(&Sandbox)) {
    let (right, wrong) = (seen("one", &act), seen("two", &act));
    assert_eq!(right, wrong);
}

pub(super) fn git(sandbox: &Sandbox, args: &[&str]) {
    sandbox.git("repo", args.iter().copied());
}

/// A holder's branch from before the guess, with another change.
fn side(sandbox: &Sandbox) {
    git(sandbox, &["checkout", "-q", "-b", "side", "main~1"]);
    sandbox.write("repo/conf/a.env", format!("{}C=more\n", text(sandbox.read("repo/conf/a.env"))));
    git(sandbox, &["commit", "-q", "-a", "-m", "Side"]);
}

#[test]
fn merges_do_not_tell_whether_a_guess_is_right() {
    tells_nothing(|sandbox| {
        side(sandbox);
        git(sandbox, &["merge", "-q", "main", "-m", "Both"]);
    });
    tells_nothing(|sandbox| {
        side(sandbox);
        git(sandbox, &["rebase", "-q", "main"]);
    });
    tells_nothing(|sandbox| {
        side(sandbox);
        git(sandbox, &["cherry-pick", "main"]);
    });
}

#[test]
fn conflicts_do_not_tell_whether_a_guess_is_right() {
    tells_nothing(|sandbox| {
        type_in(sandbox, "repo", "LOG", "ours");
        git(sandbox, &["commit", "-q", "-a", "-m", "Ours"]);
        git(sandbox, &["checkout", "-q", "-b", "side", "main~2"]);
        type_in(sandbox, "repo", "LOG", "theirs");
        git(sandbox, &["commit", "-q", "-a", "-m", "Theirs"]);
        sandbox.try_git("repo", ["merge", "-q", "main"]).expect(1);
        // The holder takes one side of what conflicts, and leaves the rest.
        let merged = text(sandbox.read("repo/conf/a.env"));
        let is_left =
            |line: &&str| !line.starts_with(['<', '=', '>', '|']) && *line != "LOG=ours\n";
        let kept: String = merged.split_inclusive('\n').filter(is_left).collect();
        assert_eq!(kept.lines().count(), 4, "{merged}");
        sandbox.write("repo/conf/a.env", kept);
        git(sandbox, &["add", "."]);
    });
}

#[test]
fn other_changes_do_not_tell_whether_a_guess_is_right() {
    tells_nothing(|sandbox| {
        type_in(sandbox, "repo", "B", "changed");
        git(sandbox, &["commit", "-q", "-a", "-m", "B"]);
        git(sandbox, &["reset", "-q", "HEAD~1"]);
        git(sandbox, &["add", "--renormalize", "."]);
    });
    tells_nothing(|sandbox| {
        sandbox.shroud("repo", ["key", "rotate", "-q"]);
    });
    tells_nothing(|sandbox| {
        sandbox.shroud("repo", ["key", "rotate", "-q", "--no-write-only"]);
    });
}

/// Equal or not, the file in the worktree comes from the version with the guess.
#[test]
fn an_index_of_another_version_does_not_tell_whether_a_guess_is_right() {
    tells_nothing(|sandbox| {
        git(sandbox, &["reset", "-q", "HEAD~1"]);
        git(sandbox, &["commit", "-q", "-a", "--allow-empty", "-m", "Again"]);
    });
    tells_nothing(|sandbox| {
        git(sandbox, &["checkout", "-q", "-b", "side", "main~1"]);
        git(sandbox, &["restore", "--source=main", "conf"]);
        git(sandbox, &["commit", "-q", "-a", "--allow-empty", "-m", "Restored"]);
    });
    tells_nothing(|sandbox| {
        git(sandbox, &["checkout", "-q", "-b", "side", "main~1"]);
        sandbox.shroud("repo", ["key", "rotate", "-q"]);
        type_in(sandbox, "repo", "B", "changed");
        git(sandbox, &["commit", "-q", "-a", "-m", "Rotate keys"]);
        git(sandbox, &["merge", "-q", "main", "-m", "Both"]);
    });
}

/// Guesses in files of the attacker's own, and then a holder sets the value elsewhere.
#[test]
fn a_value_that_a_holder_sets_does_not_tell_whether_it_was_guessed() {
    let shown = |value: &str| {
        let sandbox = contributed();
        for guess in 0..4 {
            sandbox.write(format!("clone/conf/g{guess}.env"), format!("A=pin-{guess}\n"));
        }
        sandbox.git("clone", ["add", "."]);
        sandbox.git("clone", ["commit", "-q", "-m", "Guesses"]);
        sandbox.git("clone", ["push", "-q"]);
        sandbox.write("repo/conf/new.env", format!("A={value}\n"));
        type_in(&sandbox, "repo", "A", value);
        sandbox.git("repo", ["add", "."]);
        let guesses: Vec<_> = (0..4)
            .map(|guess| token_in(&sandbox, "repo", &format!("conf/g{guess}.env"), "A"))
            .collect();
        let new = token_in(&sandbox, "repo", "conf/new.env", "A");
        let changed = token(&sandbox, "repo", "A");
        assert!(!guesses.contains(&new) && !guesses.contains(&changed) && new != changed);
        (new[8], changed[8])
    };
    assert_eq!(shown("pin-2"), shown("pin-7"));
}

/// A holder who changes what was set without the key makes an ordinary value.
#[test]
fn a_changed_value_is_the_holders() {
    let sandbox = contributed();
    type_in(&sandbox, "clone", "A", "guess");
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Set A"]);
    sandbox.git("clone", ["push", "-q"]);
    type_in(&sandbox, "repo", "A", "changed");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "Change A"]);
    assert_eq!(flags(&sandbox, "repo", "A"), 0);
}
