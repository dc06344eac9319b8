//! The long-running filter process, protocol version 2 (gitattributes, "Long Running Filter Process").

use std::io::{self, Read, Write};

use super::affinity::Affinity;
use super::pkt_line::{Packet, PacketReader, PacketWriter};
use super::{Driver, FilterError, Filtered};
use crate::secret::WipedVec;

const CAPABILITIES: [&str; 2] = ["capability=clean", "capability=smudge"];
/// Bytes of one text packet list that are kept; git's own are far below.
const MAX_LIST: usize = 1 << 20;

/// Serves git until it closes the pipe. A request that fails is reported and answered, and the next is served.
///
/// # Errors
/// The dialogue broke: no handshake, a wrong packet, or the input ended within a request. That git went away while
/// it was answered is no error.
pub fn serve<'k>(
    input: impl Read,
    output: impl Write,
    filter: &mut impl Driver<'k>,
    mut report: impl FnMut(&[u8], &FilterError),
) -> io::Result<()> {
    let mut input = PacketReader::new(input);
    let mut output = PacketWriter::new(output);
    let served = handshake(&mut input, &mut output).and_then(|begun| {
        let mut affinity = Affinity::of_git();
        while begun && let Some(request) = Request::read(&mut input)? {
            answer(&request, &mut input, &mut output, filter, &mut affinity, &mut report)?;
        }
        Ok(())
    });
    match served {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        served => served,
    }
}

/// `false` where git went away before it said anything.
fn handshake<I: Read>(
    input: &mut PacketReader<I>,
    output: &mut PacketWriter<impl Write>,
) -> io::Result<bool> {
    let Some(welcome) = read_list(input)? else { return Ok(false) };
    if welcome.first().map(Vec::as_slice) != Some(b"git-filter-client") {
        return Err(invalid("git did not begin with 'git-filter-client'"));
    }
    if !welcome.iter().any(|line| line == b"version=2") {
        return Err(invalid("git does not offer version 2 of the filter protocol"));
    }
    output.line("git-filter-server")?;
    output.line("version=2")?;
    output.flush_packet()?;
    output.send()?;
    let offered = read_list(input)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    for capability in CAPABILITIES {
        if offered.iter().any(|line| line == capability.as_bytes()) {
            output.line(capability)?;
        }
    }
    output.flush_packet()?;
    output.send()?;
    Ok(true)
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.to_owned())
}

/// Reads text packets up to the flush packet, each without its newline; `None` at the end of the input.
fn read_list<I: Read>(input: &mut PacketReader<I>) -> io::Result<Option<Vec<Vec<u8>>>> {
    let mut lines = Vec::new();
    let mut len = 0;
    loop {
        let packet = match input.packet()? {
            None if lines.is_empty() => return Ok(None),
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
            Some(Packet::Flush) => return Ok(Some(lines)),
            Some(Packet::Data(data)) => data,
        };
        len += packet.len() + 1;
        if len > MAX_LIST {
            return Err(invalid("git sent a list of more than 1 MiB"));
        }
        lines.push(packet.strip_suffix(b"\n").unwrap_or(packet).to_vec());
    }
}

/// What git asks, before the content.
#[derive(Default)]
struct Request {
    command: Vec<u8>,
    pathname: Option<Vec<u8>>,
}

impl Request {
    fn read<I: Read>(input: &mut PacketReader<I>) -> io::Result<Option<Self>> {
        let Some(lines) = read_list(input)? else { return Ok(None) };
        let mut request = Self::default();
        for line in lines {
            if let Some(command) = line.strip_prefix(b"command=") {
                request.command = command.to_vec();
            } else if let Some(pathname) = line.strip_prefix(b"pathname=") {
                request.pathname = Some(pathname.to_vec());
            }
        }
        Ok(Some(request))
    }
}

fn answer<'k, I: Read>(
    request: &Request,
    input: &mut PacketReader<I>,
    output: &mut PacketWriter<impl Write>,
    filter: &mut impl Driver<'k>,
    affinity: &mut Affinity,
    report: &mut impl FnMut(&[u8], &FilterError),
) -> io::Result<()> {
    let Some(pathname) = &request.pathname else {
        // Nothing that has a file: neither content nor a reply to it follows.
        return send_status(output, "error");
    };
    let mut content = PacketContent::new(input);
    let filtered = match request.command.as_slice() {
        b"clean" => filter.clean(pathname, &mut content),
        b"smudge" => filter.smudge(pathname, &mut content),
        _ => {
            Err(FilterError::Io(invalid("git asked for something that this filter does not offer")))
        }
    };
    // git writes all of a file before it reads the answer.
    content.drain()?;
    let outcome = filtered.and_then(|filtered| {
        affinity.before_answer(filtered.is_small());
        send_content(output, filtered)
    });
    match outcome {
        Ok(()) => {}
        Err(FilterError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            return Err(error);
        }
        Err(error) => {
            report(pathname, &error);
            send_status(output, "error")?;
        }
    }
    Ok(())
}

/// The first status comes before the content; the empty list after it says that the status holds.
fn send_content(
    output: &mut PacketWriter<impl Write>,
    filtered: Filtered<'_>,
) -> Result<(), FilterError> {
    output.line("status=success")?;
    output.flush_packet()?;
    let written = filtered.write_to(&mut *output);
    output.flush_packet()?;
    written?;
    output.flush_packet()?;
    output.send()?;
    Ok(())
}

fn send_status(output: &mut PacketWriter<impl Write>, status: &str) -> io::Result<()> {
    output.line(&format!("status={status}"))?;
    output.flush_packet()?;
    output.send()
}

/// The data packets up to the flush packet, as one file.
struct PacketContent<'p, I> {
    packets: &'p mut PacketReader<I>,
    /// The part of the last packet that its reader had no room for.
    rest: WipedVec,
    ended: bool,
}

impl<'p, I: Read> PacketContent<'p, I> {
    fn new(packets: &'p mut PacketReader<I>) -> Self {
        Self { packets, rest: WipedVec::default(), ended: false }
    }

    fn drain(&mut self) -> io::Result<()> {
        while !self.ended {
            self.ended = self.packets.expect_packet()? == Packet::Flush;
        }
        Ok(())
    }
}

impl<I: Read> Read for PacketContent<'_, I> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        if self.rest.is_empty() {
            while !self.ended {
                match self.packets.expect_packet()? {
                    Packet::Flush => self.ended = true,
                    Packet::Data([]) => {}
                    Packet::Data(data) => {
                        let (now, later) = data.split_at(data.len().min(to.len()));
                        to[..now.len()].copy_from_slice(now);
                        self.rest.extend_from_slice(later);
                        return Ok(now.len());
                    }
                }
            }
            return Ok(0);
        }
        let n = to.len().min(self.rest.len());
        to[..n].copy_from_slice(&self.rest[..n]);
        self.rest.drain(..n);
        Ok(n)
    }
}
