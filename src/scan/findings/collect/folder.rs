//! A password that is the name of what it opens: `stable/keycloak/values.yaml` with `password: keycloak`.

use crate::scan::findings::Occurrence;

/// Letters of the shortest such name.
const SHORTEST: usize = 4;

/// Whether the path of every place of the value has it as a word: with that, everybody begins who installs the thing.
pub(super) fn names(value: &[u8], occurrences: &[Occurrence]) -> bool {
    let in_path = |occurrence: &Occurrence| {
        occurrence.place.kind.is_path() && has_word(&occurrence.place.name, value)
    };
    value.len() >= SHORTEST
        && value.iter().all(u8::is_ascii_alphabetic)
        && !occurrences.is_empty()
        && occurrences.iter().all(in_path)
}

fn has_word(path: &[u8], value: &[u8]) -> bool {
    path.split(|byte| !byte.is_ascii_alphanumeric()).any(|word| word.eq_ignore_ascii_case(value))
}

#[cfg(test)]
mod tests {
    use super::has_word;

    #[test]
    fn a_word_of_a_path_is_between_its_signs() {
        for (path, value, has) in [
            ("stable/keycloak/values.yaml", "keycloak", true),
            ("stable/tensorflow-notebook/values.yaml", "Tensorflow", true),
            ("stable/keycloak2/values.yaml", "keycloak", false),
            ("stable/values.yaml", "keycloak", false),
        ] {
            assert_eq!(has_word(path.as_bytes(), value.as_bytes()), has, "{path}");
        }
    }
}
