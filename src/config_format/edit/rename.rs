//! Another name for a value, in the same place of the file.

use zeroize::Zeroizing;

use super::{EditError, is_same, splice};
use crate::config_format::{Document, Item, quoted};

/// Gives the item at this place another name; all that is in it goes with it.
///
/// # Errors
/// The name would lead elsewhere in the file, or cannot be written so that it is read again.
pub fn rename(
    document: &Document<'_>,
    at: usize,
    new: &str,
) -> Result<Zeroizing<Vec<u8>>, EditError> {
    let item = &document.items[at];
    let names = item.path.names().ok_or(EditError::NoPlace)?;
    let above: String =
        names[..names.len().saturating_sub(1)].iter().map(|name| format!("{name}.")).collect();
    let own = new.strip_prefix(&above).filter(|own| !own.is_empty()).ok_or(EditError::NoPlace)?;
    if item.name.is_empty() || document.find(new).is_some() {
        return Err(EditError::NoPlace);
    }
    let written = &document.bytes[item.name.clone()];
    let in_quotes = matches!(written.first(), Some(b'"' | b'\''));
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let plain = Some(own.to_owned()).filter(|_| !in_quotes && own.chars().all(good));
    let old_name = item.full_name();
    for way in plain.into_iter().chain([quoted(own).to_string()]) {
        let bytes = splice(document.bytes, &[(item.name.clone(), &way)]);
        let Ok(again) = document.format.parse_as(document.dialect, &bytes) else { continue };
        let renamed = |old: &Item| {
            let name = old.full_name();
            match name.strip_prefix(&old_name) {
                Some(rest) if rest.is_empty() || rest.starts_with(['.', '[']) => {
                    format!("{new}{rest}")
                }
                _ => name,
            }
        };
        let mut pairs = again.items.iter().zip(&document.items);
        let is_meant = again.items.len() == document.items.len()
            && pairs.all(|(now, old)| is_same(now, old) && now.full_name() == renamed(old));
        if is_meant {
            return Ok(bytes);
        }
    }
    Err(EditError::NoPlace)
}
