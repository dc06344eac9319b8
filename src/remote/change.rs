//! Which refs a push changes, and which it must not: git's own rules for a server (git-push, "DESCRIPTION" and
//! `--force-with-lease`). Knows no repository.

use std::collections::BTreeMap;

use super::manifest::{Ref, is_ref_name};

/// The refs of a store.
pub type Refs = BTreeMap<String, Ref>;

/// What git asks to do with one ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Whether it may go where the old value is not in its history.
    pub force: bool,
    /// What it should be; `None` to delete it.
    pub new: Option<Ref>,
    /// The ref of the store.
    pub target: String,
}

/// What the clone knows of objects.
pub trait Objects {
    /// Whether the object is here.
    fn has(&self, id: &str) -> bool;
    /// Whether it is a commit.
    fn is_commit(&self, id: &str) -> bool;
    /// Whether one commit is in the history of another.
    fn is_ancestor(&self, old: &str, new: &str) -> bool;
}

/// What becomes of a ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is so already.
    Nothing,
    /// It goes there.
    Set(Ref),
    /// It goes away.
    Delete,
}

/// What git shows for a ref that is not changed; it knows the first five (git's `transport-helper.c`).
pub type Refusal = &'static str;

/// The old value is not in the history of the new one.
const NON_FAST_FORWARD: Refusal = "non-fast forward";
/// The old value is not here.
const FETCH_FIRST: Refusal = "fetch first";
/// It is not where the user believes.
const STALE: Refusal = "stale info";
/// A tag is not moved.
const EXISTS: Refusal = "already exists";
/// One of them is no commit.
const NEEDS_FORCE: Refusal = "needs force";

/// What each request comes to. `refs` is what the store has now, `seen` what git was told at the beginning of the push, `leases` what
/// the user expects (an object of zeros for none).
pub fn decide(
    requests: &[Request],
    refs: &Refs,
    seen: &Refs,
    leases: &BTreeMap<String, String>,
    objects: &dyn Objects,
) -> Vec<Result<Change, Refusal>> {
    let decide = |request: &Request| {
        if !is_ref_name(&request.target) {
            return Err("this is not a ref below refs/");
        }
        let old = refs.get(&request.target);
        if let Some(expected) = leases.get(&request.target) {
            let is_none = expected.bytes().all(|byte| byte == b'0');
            let holds = match old {
                None => is_none,
                Some(old) => old.id == *expected,
            };
            if !holds {
                return Err(STALE);
            }
        }
        let is_leased = leases.contains_key(&request.target);
        // Whoever forces a push means the value that they were shown, and no colleague's that came meanwhile.
        if refs.get(&request.target) != seen.get(&request.target) {
            return Err(if request.force || request.new.is_none() { STALE } else { FETCH_FIRST });
        }
        match (&request.new, old) {
            (None, None) => Ok(Change::Nothing),
            (None, Some(_)) => Ok(Change::Delete),
            (Some(new), Some(old)) if new.id == old.id => Ok(Change::Nothing),
            (Some(new), None) => Ok(Change::Set(new.clone())),
            (Some(new), Some(_)) if request.force || is_leased => Ok(Change::Set(new.clone())),
            (Some(_), Some(_)) if request.target.starts_with("refs/tags/") => Err(EXISTS),
            (Some(_), Some(old)) if !objects.has(&old.id) => Err(FETCH_FIRST),
            (Some(new), Some(old)) => {
                if !objects.is_commit(&old.id) || !objects.is_commit(&new.id) {
                    Err(NEEDS_FORCE)
                } else if objects.is_ancestor(&old.id, &new.id) {
                    Ok(Change::Set(new.clone()))
                } else {
                    Err(NON_FAST_FORWARD)
                }
            }
        }
    };
    requests.iter().map(decide).collect()
}

/// The refs after these changes, or the two refs that cannot be there together: one is a folder of the other.
///
/// # Errors
/// The names of both.
pub fn apply<'c>(
    refs: &Refs,
    changes: impl IntoIterator<Item = (&'c str, &'c Change)>,
) -> Result<Refs, (String, String)> {
    let mut after = refs.clone();
    for (name, change) in changes {
        match change {
            Change::Nothing => {}
            Change::Set(to) => drop(after.insert(name.to_owned(), to.clone())),
            Change::Delete => drop(after.remove(name)),
        }
    }
    for name in after.keys() {
        let mut folder = name.as_str();
        while let Some((above, _)) = folder.rsplit_once('/') {
            if after.contains_key(above) {
                return Err((above.to_owned(), name.clone()));
            }
            folder = above;
        }
    }
    Ok(after)
}

/// The branch that a clone checks out: the one it was, if it is there; else that of the pusher, or a usual one, or the first.
pub fn head(before: Option<&str>, own: Option<&str>, refs: &Refs) -> Option<String> {
    let is_there = |name: &&str| refs.contains_key(*name);
    let usual = [before, own, Some("refs/heads/main"), Some("refs/heads/master")];
    let found = usual.into_iter().flatten().find(is_there).map(str::to_owned);
    let first = || refs.keys().find(|name| name.starts_with("refs/heads/")).cloned();
    found.or_else(first).or_else(|| before.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Objects `a` to `y` are here; commits are in the order of the alphabet, and `t` is a tag.
    struct Alphabet;

    impl Objects for Alphabet {
        fn has(&self, id: &str) -> bool {
            id != "z"
        }
        fn is_commit(&self, id: &str) -> bool {
            id != "t"
        }
        fn is_ancestor(&self, old: &str, new: &str) -> bool {
            old < new
        }
    }

    fn to(id: &str) -> Ref {
        Ref { id: id.to_owned(), peeled: None }
    }

    fn refs(all: &[(&str, &str)]) -> Refs {
        all.iter().map(|(name, id)| ((*name).to_owned(), to(id))).collect()
    }

    fn one(
        request: (bool, Option<&str>, &str),
        now: &Refs,
        seen: &Refs,
        lease: Option<&str>,
    ) -> Result<Change, Refusal> {
        let (force, new, target) = request;
        let request = Request { force, new: new.map(to), target: target.to_owned() };
        let leases = lease.map(|lease| (target.to_owned(), lease.to_owned()));
        decide(&[request], now, seen, &leases.into_iter().collect(), &Alphabet).remove(0)
    }

    #[test]
    fn refs_move_as_on_a_server() {
        let main = "refs/heads/main";
        let now =
            refs(&[(main, "c"), ("refs/tags/v1", "c"), ("refs/heads/z", "z"), ("refs/x/t", "t")]);
        let set = |id: &str| Ok(Change::Set(to(id)));
        for (request, lease, expected) in [
            ((false, Some("d"), main), None, set("d")),
            ((false, Some("c"), main), None, Ok(Change::Nothing)),
            ((false, Some("b"), main), None, Err(NON_FAST_FORWARD)),
            ((true, Some("b"), main), None, set("b")),
            ((false, Some("b"), main), Some("c"), set("b")),
            ((true, Some("b"), main), Some("b"), Err(STALE)),
            ((false, Some("d"), main), Some("000"), Err(STALE)),
            ((false, Some("a"), "refs/heads/new"), Some("000"), set("a")),
            ((false, Some("a"), "refs/heads/new"), None, set("a")),
            ((false, Some("d"), "refs/tags/v1"), None, Err(EXISTS)),
            ((true, Some("d"), "refs/tags/v1"), None, set("d")),
            ((false, Some("d"), "refs/heads/z"), None, Err(FETCH_FIRST)),
            ((false, Some("u"), "refs/x/t"), None, Err(NEEDS_FORCE)),
            ((false, None, main), None, Ok(Change::Delete)),
            ((false, None, main), Some("b"), Err(STALE)),
            ((false, None, "refs/heads/new"), None, Ok(Change::Nothing)),
        ] {
            assert_eq!(one(request, &now, &now, lease), expected, "{request:?} {lease:?}");
        }
        for target in ["main", "HEAD", "refs/heads/a..b", "refs/heads/a b"] {
            assert!(one((true, Some("a"), target), &now, &now, None).is_err(), "{target}");
        }
    }

    #[test]
    fn what_a_colleague_did_meanwhile_is_never_undone() {
        let main = "refs/heads/main";
        let (seen, now) = (refs(&[(main, "b")]), refs(&[(main, "d")]));
        assert_eq!(one((true, Some("c"), main), &now, &seen, None), Err(STALE));
        assert_eq!(one((false, None, main), &now, &seen, None), Err(STALE));
        assert_eq!(one((false, Some("e"), main), &now, &seen, None), Err(FETCH_FIRST));
        assert_eq!(one((true, Some("c"), main), &now, &refs(&[]), None), Err(STALE));
    }

    #[test]
    fn a_ref_is_no_folder_of_another() {
        let set = Change::Set(to("a"));
        let clash = apply(&refs(&[("refs/heads/a", "a")]), [("refs/heads/a/b", &set)]);
        assert_eq!(clash, Err(("refs/heads/a".to_owned(), "refs/heads/a/b".to_owned())));
        let deleted = [("refs/heads/a", &Change::Delete), ("refs/heads/a/b", &set)];
        let after = apply(&refs(&[("refs/heads/a", "a")]), deleted).unwrap();
        assert_eq!(after, refs(&[("refs/heads/a/b", "a")]));
    }

    #[test]
    fn head_stays_where_it_was_as_long_as_that_is_there() {
        let all = refs(&[("refs/heads/main", "a"), ("refs/heads/old", "a"), ("refs/tags/a", "a")]);
        let of = |before, own, refs: &Refs| head(before, own, refs);
        assert_eq!(of(Some("refs/heads/old"), None, &all).unwrap(), "refs/heads/old");
        assert_eq!(of(Some("refs/heads/no"), None, &all).unwrap(), "refs/heads/main");
        assert_eq!(of(None, Some("refs/heads/old"), &all).unwrap(), "refs/heads/old");
        assert_eq!(of(None, None, &refs(&[("refs/heads/x", "a")])).unwrap(), "refs/heads/x");
        assert_eq!(of(None, None, &refs(&[("refs/tags/x", "a")])), None);
    }
}
