//! Copying a value from one environment to another, without showing it.

use super::{Address, FilesError, Loaded, Slot, receive};
use crate::progress::Progress;

/// What is copied where.
#[derive(Clone, Copy, Debug)]
pub struct Copying<'c> {
    /// The environment that has the value.
    pub from: &'c str,
    /// Where it goes.
    pub to: Address<'c>,
}

/// Where a value was written.
#[derive(Debug)]
pub struct Written {
    /// The file.
    pub path: String,
    /// The place of a later layer that sets the property too, so that this value does not count.
    pub overriding: Option<(String, usize)>,
}

/// Copies the value that counts, but no default; `None` where it was there already.
///
/// # Errors
/// The one environment does not set it, or it is not known if it does; or the other may not have it, or cannot be changed.
pub fn copy(
    loaded: &Loaded,
    copying: Copying<'_>,
    progress: &dyn Progress,
) -> Result<Option<Written>, FilesError> {
    let Copying { from, to } = copying;
    let name = to.name;
    let shown = crate::sanitise::path(name.as_bytes());
    let source = loaded.environments.iter().find(|one| one.name == *from);
    let source = source.ok_or_else(|| loaded.no_environment(from))?;
    let from = from.to_owned();
    let Some(setting) = source.setting(name) else {
        // Where its names are known, one that is not there is not set.
        let is_known = source.is_complete() || source.has_all_names() && !name.contains('[');
        let is_sealed = source.sealed_value(name).is_some();
        return Err(match is_known && !is_sealed {
            true => FilesError::NotSet { environment: from, name: shown, elsewhere: None },
            false => FilesError::Hidden { environment: from, name: shown, is_sealed },
        });
    };
    let property = loaded.schema.as_ref().and_then(|schema| schema.properties.get(name));
    if property.is_some_and(|property| property.distinct) {
        let (environment, name) = (to.environment.to_owned(), name.to_owned());
        return Err(FilesError::Distinct { environment, name, shown });
    }
    if setting.is_list() {
        return Err(FilesError::IsList { environment: from, name: shown });
    }
    if !setting.references.is_empty() {
        return Err(FilesError::HasReferences { environment: from, name: shown });
    }
    let mut slot = Slot::find(progress, loaded, to)?;
    receive(loaded, &source.sources[setting.source].path);
    if !slot.put(&setting.value.text, setting.is_literal())? {
        return Ok(None);
    }
    Ok(Some(Written { path: slot.path().to_owned(), overriding: slot.overriding() }))
}
