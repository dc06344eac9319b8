//! git's packet lines, as far as the filter protocol uses them (gitprotocol-common, "pkt-line Format").

use std::io::{self, Read, Write};

use crate::secret::WipedVec;

/// Bytes of the longest packet, with its four-byte length.
const MAX_PACKET: usize = 65_520;
/// Bytes of data that one packet carries at most.
pub const MAX_DATA: usize = MAX_PACKET - 4;
/// Room for several packets, so that git's many small writes cost one read.
const BUFFER: usize = 4 * MAX_PACKET;

/// One packet.
#[derive(Debug, PartialEq, Eq)]
pub enum Packet<'b> {
    /// A packet with data, perhaps none.
    Data(&'b [u8]),
    /// The packet that ends a list or a file.
    Flush,
}

/// Reads packets.
pub struct PacketReader<R> {
    source: R,
    buffer: WipedVec,
    unread: std::ops::Range<usize>,
}

impl<R: Read> PacketReader<R> {
    /// Reads from `source`, which needs no buffer of its own.
    pub fn new(source: R) -> Self {
        Self { source, buffer: WipedVec::zeroed(BUFFER), unread: 0..0 }
    }

    /// The next packet; `None` where the input ends instead of beginning one.
    ///
    /// # Errors
    /// `UnexpectedEof` where the input ends within a packet, `InvalidData` where it is not a packet.
    pub fn packet(&mut self) -> io::Result<Option<Packet<'_>>> {
        if !self.fill(4)? {
            return if self.unread.is_empty() {
                Ok(None)
            } else {
                Err(io::ErrorKind::UnexpectedEof.into())
            };
        }
        let at = self.unread.start;
        let len = parse_len(&self.buffer[at..at + 4]).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "git sent an invalid packet")
        })?;
        if len == 0 {
            self.unread.start += 4;
            return Ok(Some(Packet::Flush));
        }
        if !self.fill(len)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let at = self.unread.start;
        self.unread.start += len;
        Ok(Some(Packet::Data(&self.buffer[at + 4..at + len])))
    }

    /// The next packet, where one must come.
    ///
    /// # Errors
    /// Those of [`Self::packet`], and `UnexpectedEof` at the end of the input.
    pub fn expect_packet(&mut self) -> io::Result<Packet<'_>> {
        self.packet()?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Makes `len` bytes stand in the buffer; `false` where the input ends before.
    fn fill(&mut self, len: usize) -> io::Result<bool> {
        if self.unread.start + len > self.buffer.len() {
            self.buffer.copy_within(self.unread.clone(), 0);
            self.unread = 0..self.unread.len();
        }
        while self.unread.len() < len {
            match self.source.read(&mut self.buffer[self.unread.end..]) {
                Ok(0) => return Ok(false),
                Ok(read) => self.unread.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// 0 for a flush packet, else the packet's length with its own four bytes; 1 to 3 and all above the limit are wrong.
fn parse_len(digits: &[u8]) -> Option<usize> {
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let len = usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    matches!(len, 0 | 4..=MAX_PACKET).then_some(len)
}

/// Collects packets and sends them together, as each write wakes git up.
pub struct PacketWriter<W> {
    sink: W,
    unsent: WipedVec,
}

impl<W: Write> PacketWriter<W> {
    /// Writes to `sink`, which needs no buffer of its own.
    pub fn new(sink: W) -> Self {
        // Never grows, so that no copy of plaintext is left behind: see `write`.
        Self { sink, unsent: WipedVec::with_capacity(BUFFER + MAX_PACKET + 4) }
    }

    /// Adds a text packet; the newline is added.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        self.length(text.len() + 1);
        self.unsent.extend_from_slice(text.as_bytes());
        self.unsent.push(b'\n');
        self.send_if_full()
    }

    /// Adds a flush packet.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn flush_packet(&mut self) -> io::Result<()> {
        self.unsent.extend_from_slice(b"0000");
        self.send_if_full()
    }

    /// Sends what was collected.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn send(&mut self) -> io::Result<()> {
        self.sink.write_all(&self.unsent)?;
        self.unsent.clear();
        self.sink.flush()
    }

    fn length(&mut self, data: usize) {
        write!(self.unsent, "{:04x}", data + 4).expect("a Vec takes any bytes");
    }

    fn send_if_full(&mut self) -> io::Result<()> {
        if self.unsent.len() >= BUFFER { self.send() } else { Ok(()) }
    }
}

/// Written bytes become data packets.
impl<W: Write> Write for PacketWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let data = &bytes[..bytes.len().min(MAX_DATA)];
        if !data.is_empty() {
            self.length(data.len());
            self.unsent.extend_from_slice(data);
            self.send_if_full()?;
        }
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte a read, as a pipe may.
    struct Trickle<'b>(&'b [u8]);

    impl Read for Trickle<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let n = self.0.len().min(1).min(to.len());
            to[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    #[test]
    fn packets_split_anywhere_are_read() {
        let mut reader = PacketReader::new(Trickle(b"0007abc00040000000AHello\n"));
        assert_eq!(reader.packet().unwrap(), Some(Packet::Data(b"abc")));
        assert_eq!(reader.packet().unwrap(), Some(Packet::Data(b"")));
        assert_eq!(reader.packet().unwrap(), Some(Packet::Flush));
        assert_eq!(reader.packet().unwrap(), Some(Packet::Data(b"Hello\n")));
        assert_eq!(reader.packet().unwrap(), None);
    }

    #[test]
    fn more_than_the_buffer_holds_is_read() {
        let mut bytes = Vec::new();
        for at in 0..20u8 {
            bytes.extend_from_slice(b"fff0");
            bytes.extend_from_slice(&vec![at; MAX_DATA]);
        }
        let mut reader = PacketReader::new(&bytes[..]);
        for at in 0..20u8 {
            assert_eq!(reader.packet().unwrap(), Some(Packet::Data(&vec![at; MAX_DATA])));
        }
        assert_eq!(reader.packet().unwrap(), None);
    }

    #[test]
    fn what_is_not_a_packet_is_refused() {
        for bad in ["0001", "0002", "0003", "fff1", "ffff", "00g0", "+007abc", "-001"] {
            let error = PacketReader::new(bad.as_bytes()).packet().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{bad}");
        }
        for cut in ["0", "000", "0005", "0009abc"] {
            let error = PacketReader::new(cut.as_bytes()).packet().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{cut}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let content: Vec<u8> = (0..200_000u32).map(|at| at.to_le_bytes()[0]).collect();
        let mut written = Vec::new();
        let mut writer = PacketWriter::new(&mut written);
        writer.line("status=success").unwrap();
        writer.flush_packet().unwrap();
        writer.write_all(&content).unwrap();
        writer.flush_packet().unwrap();
        writer.send().unwrap();
        let mut reader = PacketReader::new(&written[..]);
        assert_eq!(reader.packet().unwrap(), Some(Packet::Data(b"status=success\n")));
        assert_eq!(reader.packet().unwrap(), Some(Packet::Flush));
        let mut read = Vec::new();
        while let Packet::Data(data) = reader.expect_packet().unwrap() {
            read.extend_from_slice(data);
        }
        assert!(read == content);
    }
}
