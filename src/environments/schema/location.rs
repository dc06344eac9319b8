//! Where the files of an environment are.

use crate::environments::FOLDER;
use crate::keyring::KeyName;

/// Parts of the name of an environment at most.
const MAX_PARTS: usize = 8;

/// An environment, and where its files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Its name: `prod`, or with the application that it is for before it, `shop/api/prod`.
    pub name: String,
    /// Files, and folders with files, relative to the schema's own folder. What is in a later one counts.
    pub paths: Vec<String>,
    /// Folders and files below these that belong to other environments.
    pub without: Vec<String>,
}

impl Location {
    /// An environment in the folder of its name.
    pub fn usual(name: &str) -> Self {
        let paths = vec![format!("{FOLDER}/{name}")];
        Self { name: name.to_owned(), paths, without: Vec::new() }
    }

    /// Whether an environment can have this name: parts between '/', each as the name of a key.
    pub fn is_name(name: &str) -> bool {
        let mut parts = name.split('/');
        parts.all(|part| part.parse::<KeyName>().is_ok())
            && name.split('/').count() <= MAX_PARTS
            && !name.split('/').any(|part| part.ends_with('.'))
    }

    /// The keys that are this environment's own by their names, the nearest first: of `shop/api/prod` these are
    /// `shop.api.prod`, `shop-api-prod` and `prod`.
    pub fn own_keys(name: &str) -> Vec<KeyName> {
        let last = name.rsplit('/').next().unwrap_or(name);
        let mut keys: Vec<KeyName> = Vec::new();
        for text in [name.replace('/', "."), name.replace('/', "-"), last.to_owned()] {
            if let Ok(key) = text.parse::<KeyName>()
                && !keys.contains(&key)
            {
                keys.push(key);
            }
        }
        keys
    }

    /// The last of the places that a path is at or below; `None` where it is no file of this environment.
    pub fn layer_of(&self, path: &[u8]) -> Option<usize> {
        let is_at = |place: &String| {
            let place = place.trim_end_matches('/').as_bytes();
            let rest = path.strip_prefix(place);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        };
        let layer = self.paths.iter().rposition(is_at)?;
        (!self.without.iter().any(is_at)).then_some(layer)
    }

    /// Leaves each place to the environment that names it, where another names a folder above it.
    pub(super) fn part(locations: &mut [Self]) {
        let places: Vec<(usize, String)> = locations
            .iter()
            .enumerate()
            .flat_map(|(at, one)| one.paths.iter().map(move |path| (at, path.clone())))
            .map(|(at, path)| (at, path.trim_end_matches('/').to_owned()))
            .collect();
        for (at, location) in locations.iter_mut().enumerate() {
            let own: Vec<&str> =
                location.paths.iter().map(|path| path.trim_end_matches('/')).collect();
            let is_below = |path: &str| {
                own.iter()
                    .any(|own| path.strip_prefix(own).is_some_and(|rest| rest.starts_with('/')))
            };
            let others = places
                .iter()
                .filter(|(of, path)| *of != at && is_below(path) && !own.contains(&path.as_str()));
            let mut without: Vec<String> = others.map(|(_, path)| path.clone()).collect();
            without.sort();
            without.dedup();
            location.without = without;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_parts_and_keys_of_their_own() {
        for name in ["prod", "shop/api/prod", "a/b", "1.x"] {
            assert!(Location::is_name(name), "{name}");
        }
        for name in
            ["", "/prod", "prod/", "a//b", "a/../b", "A", "a b", "a/.git", "a/b.lock", "x./y"]
        {
            assert!(!Location::is_name(name), "{name}");
        }
        assert!(!Location::is_name("a/a/a/a/a/a/a/a/a"));
        let keys = |name: &str| {
            Location::own_keys(name).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(keys("prod"), ["prod"]);
        assert_eq!(keys("shop/api/prod"), ["shop.api.prod", "shop-api-prod", "prod"]);
    }

    #[test]
    fn a_place_belongs_to_the_environment_that_names_it() {
        let of = |name: &str, paths: &[&str]| Location {
            name: name.to_owned(),
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            without: Vec::new(),
        };
        let mut all = [
            of("api", &["environments/api/"]),
            of("api/prod", &["base.env", "environments/api/prod", "environments/api/x.env"]),
            of("apis", &["base.env", "environments/apis"]),
        ];
        Location::part(&mut all);
        assert_eq!(all[0].without, ["environments/api/prod", "environments/api/x.env"]);
        assert!(all[1].without.is_empty() && all[2].without.is_empty());
        assert_eq!(all[0].layer_of(b"environments/api/a.env"), Some(0));
        assert_eq!(all[0].layer_of(b"environments/api/prod/a.env"), None);
        assert_eq!(all[0].layer_of(b"environments/apis/a.env"), None);
        assert_eq!(all[1].layer_of(b"base.env"), Some(0));
        assert_eq!(all[1].layer_of(b"environments/api/prod/a.env"), Some(1));
    }
}
