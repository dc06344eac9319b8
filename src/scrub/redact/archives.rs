//! Gzip files and zip archives: opened, changed, packed again.

use std::io::{Cursor, Write as _};

use super::{NotGone, Redactor};
use crate::secret::WipedVec;

/// Bytes of a decompressed file at most, as a scan reads them.
const MAX_MEMBER: usize = 16 << 20;

/// The archive without the values; `None` where none was in it, or where it is no archive that can be packed again: what
/// is damaged, encrypted or too large stays, and the search afterwards names it.
pub(super) fn redact(
    redactor: &Redactor,
    content: &[u8],
    depth: usize,
) -> Result<Option<Vec<u8>>, NotGone> {
    match content.starts_with(b"PK") {
        true => zip(redactor, content, depth),
        false => gzip(redactor, content, depth),
    }
}

fn gzip(redactor: &Redactor, content: &[u8], depth: usize) -> Result<Option<Vec<u8>>, NotGone> {
    let mut decoder = flate2::bufread::MultiGzDecoder::new(content);
    let Some(inside) = read(&mut decoder) else { return Ok(None) };
    let header = decoder.header();
    let mut builder = flate2::GzBuilder::new();
    if let Some(header) = header {
        builder = builder.mtime(header.mtime()).operating_system(header.operating_system());
        if let Some(name) = header.filename() {
            builder = builder.filename(redactor.name(name)?.unwrap_or_else(|| name.to_vec()));
        }
        if let Some(comment) = header.comment() {
            builder = builder.comment(redactor.text(comment)?.unwrap_or_else(|| comment.to_vec()));
        }
    }
    let Some(new) = redactor.content_at(&inside, depth + 1)? else { return Ok(None) };
    let mut encoder = builder.write(Vec::new(), flate2::Compression::default());
    let packed = encoder.write_all(&new).and_then(|()| encoder.finish());
    Ok(packed.ok())
}

fn zip(redactor: &Redactor, content: &[u8], depth: usize) -> Result<Option<Vec<u8>>, NotGone> {
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(content)) else { return Ok(None) };
    let mut changed = false;
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..archive.len() {
        let Ok(raw) = archive.by_index_raw(number) else { return Ok(None) };
        let name = redactor.name(raw.name_raw())?;
        let Ok(old_name) = raw.name().map(std::borrow::Cow::into_owned) else { return Ok(None) };
        let name = match name {
            Some(name) => String::from_utf8_lossy(&name).into_owned(),
            None => old_name.clone(),
        };
        changed |= name != old_name;
        let options = raw.options();
        let readable = raw.is_file() && !raw.encrypted();
        drop(raw);
        let mut new = None;
        if readable
            && let Ok(mut member) = archive.by_index(number)
            && let Some(inside) = read(&mut member)
        {
            new = redactor.content_at(&inside, depth + 1)?;
        }
        changed |= new.is_some();
        let written = match new {
            Some(new) => writer
                .start_file(name, options)
                .and_then(|()| writer.write_all(&new).map_err(Into::into)),
            None => match archive.by_index_raw(number) {
                Ok(raw) => writer.raw_copy_file_rename(raw, name),
                Err(error) => Err(error),
            },
        };
        if written.is_err() {
            return Ok(None);
        }
    }
    let comment = archive.comment().to_vec();
    let new_comment = redactor.text(&comment)?;
    changed |= new_comment.is_some();
    let commented = writer.set_raw_comment(new_comment.unwrap_or(comment).into_boxed_slice());
    if !changed || commented.is_err() {
        return Ok(None);
    }
    Ok(writer.finish().ok().map(Cursor::into_inner))
}

/// All that there is; `None` where it is damaged, or too much.
fn read(source: impl std::io::Read) -> Option<WipedVec> {
    let mut bytes = WipedVec::default();
    let copied = std::io::copy(&mut source.take(MAX_MEMBER as u64 + 1), &mut bytes);
    (copied.is_ok() && bytes.len() <= MAX_MEMBER).then_some(bytes)
}
