//! Standard input and output without buffers, for the dialogue with git.

use std::io::{self, Read, Write};

/// Without a buffer: each packet is wanted as soon as it is there, and sent when it is whole.
pub fn stdin() -> impl Read {
    #[cfg(unix)]
    return RawStdin;
    #[cfg(not(unix))]
    return io::stdin().lock();
}

/// Standard input without the standard library's buffer.
#[cfg(unix)]
struct RawStdin;

#[cfg(unix)]
impl Read for RawStdin {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(rustix::stdio::stdin(), to)?)
    }
}

/// Without a buffer that looks for line ends.
pub fn stdout() -> impl Write {
    #[cfg(unix)]
    return RawStdout;
    #[cfg(not(unix))]
    return io::stdout().lock();
}

/// Standard output without the standard library's line buffer.
#[cfg(unix)]
struct RawStdout;

#[cfg(unix)]
impl Write for RawStdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(rustix::stdio::stdout(), bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
