//! The same secret in several places.

use std::collections::{BTreeMap, BTreeSet};

use crate::environments::environment::Environment;
use crate::environments::schema::Schema;
use crate::format::ScanKey;

/// Bytes of the shortest value that is looked at: shorter ones are the same by chance.
const MIN_LEN: usize = 6;

/// A value at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The property.
    pub property: String,
    /// The environment.
    pub environment: String,
}

/// The secrets of the environments, by a mac of their values: those of the schema that are `secret`; without a schema, those
/// whose names say so. `all` takes every property.
pub fn secrets(
    schema: Option<&Schema>,
    environments: &[Environment],
    all: bool,
    key: &ScanKey,
) -> BTreeMap<[u8; 32], Vec<Use>> {
    let mut uses: BTreeMap<[u8; 32], Vec<Use>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for environment in environments {
        for name in environment.settings.keys() {
            if !all && !is_secret(schema, name) {
                continue;
            }
            for setting in environment.counting(name) {
                let text = setting.value.text.as_str();
                if setting.value.kind.is_compound() || text.len() < MIN_LEN || setting.is_marker() {
                    continue;
                }
                // What others stand for is counted where it is set.
                if matches!(setting.meant, Some(Ok(_))) {
                    continue;
                }
                // What several environments take from one line of one file is one use.
                let path = environment.sources[setting.source].path.as_str();
                if !seen.insert((path, setting.line, mac(key, text))) {
                    continue;
                }
                let one = Use { property: name.clone(), environment: environment.name.clone() };
                uses.entry(mac(key, text)).or_default().push(one);
            }
        }
    }
    uses
}

/// Whether a property is a secret.
pub fn is_secret(schema: Option<&Schema>, name: &str) -> bool {
    match schema.and_then(|schema| schema.properties.get(name)) {
        Some(property) => property.secret,
        None => crate::detect::names_secret(name.as_bytes()),
    }
}

/// By which a value is known again.
pub fn mac(key: &ScanKey, text: &str) -> [u8; 32] {
    key.mac(&[b"config-reuse\0", text.as_bytes()])
}
