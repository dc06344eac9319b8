//! Names of properties as names of environment variables.

use std::collections::BTreeMap;

/// The variable for a property: its own name where that can be one, else in capitals with `_` in place of other signs.
pub fn variable(name: &str) -> String {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let begins = |name: &str| name.starts_with(|c: char| !c.is_ascii_digit());
    if begins(name) && name.chars().all(good) {
        return name.to_owned();
    }
    let mapped: String =
        name.chars().map(|c| if good(c) { c.to_ascii_uppercase() } else { '_' }).collect();
    if begins(&mapped) { mapped } else { format!("_{mapped}") }
}

/// Two properties that would be the same variable.
pub fn clash<'n>(names: impl IntoIterator<Item = &'n str>) -> Option<(&'n str, &'n str)> {
    let mut seen = BTreeMap::new();
    names.into_iter().find_map(|name| Some((seen.insert(variable(name), name)?, name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_become_variables() {
        for (name, expected) in [
            ("DB_URL", "DB_URL"),
            ("db_url", "db_url"),
            ("db.url", "DB_URL"),
            ("spring.main.log-startup", "SPRING_MAIN_LOG_STARTUP"),
            ("1st", "_1ST"),
            ("ä", "_"),
        ] {
            assert_eq!(variable(name), expected);
        }
        assert_eq!(clash(["a.b", "a-b"]), Some(("a.b", "a-b")));
        assert_eq!(clash(["a.b", "a.c"]), None);
    }
}
