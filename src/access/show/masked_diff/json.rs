//! For programs.

use super::{FileDifference, Life, Names, Turn, What};

/// The report.
#[derive(serde::Serialize)]
pub struct JsonDiff {
    files: Vec<JsonFile>,
}

#[derive(Default, serde::Serialize)]
struct JsonFile {
    path: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sealing: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<JsonKeys>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lines_added: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lines_removed: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(serde::Serialize)]
struct JsonKeys {
    added: Vec<String>,
    removed: Vec<String>,
    changed: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exposed: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sealed: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resealed: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    set_without_key: Vec<String>,
}

/// The report.
pub fn json(differences: Vec<FileDifference>) -> JsonDiff {
    JsonDiff { files: differences.into_iter().map(file).collect() }
}

fn file(difference: FileDifference) -> JsonFile {
    let FileDifference { path, life, turn, what } = difference;
    let mut file = JsonFile {
        // JSON knows only Unicode: as git quotes it.
        path: String::from_utf8(path).unwrap_or_else(|path| crate::sanitise::path(path.as_bytes())),
        state: "changed",
        file: match life {
            Life::Added => Some("added"),
            Life::Removed => Some("removed"),
            Life::Changed => None,
        },
        sealing: turn.map(|turn| match turn {
            Turn::Exposed => "exposed",
            Turn::Sealed => "sealed",
        }),
        ..JsonFile::default()
    };
    match what {
        What::Unmerged => file.state = "unmerged",
        What::Unknown(why) => (file.state, file.detail) = ("unknown", Some(why)),
        What::Whole => file.state = "sealed_whole",
        What::Resealed => file.state = "resealed",
        What::Binary => {}
        What::Lines { added, removed } => {
            (file.lines_added, file.lines_removed) = (Some(added), Some(removed));
        }
        What::Names(names) => {
            let Names { added, removed, changed, exposed, sealed, resealed, by_public_key } = names;
            let set_without_key = by_public_key;
            file.keys = Some(JsonKeys {
                added,
                removed,
                changed,
                exposed,
                sealed,
                resealed,
                set_without_key,
            });
        }
    }
    file
}
