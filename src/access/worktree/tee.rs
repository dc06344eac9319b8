//! Bytes that go to two places.

use std::io::{self, Read, Write};

/// Shows what is read to a second place.
pub(super) struct TeeReader<'r, A, B>(pub(super) A, pub(super) &'r mut B);

impl<A: Read, B: Write> Read for TeeReader<'_, A, B> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(to)?;
        self.1.write_all(&to[..read])?;
        Ok(read)
    }
}

/// Writes to both.
pub(super) struct Tee<'w, A, B>(pub(super) &'w mut A, pub(super) &'w mut B);

impl<A: Write, B: Write> Write for Tee<'_, A, B> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(bytes)?;
        self.1.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
