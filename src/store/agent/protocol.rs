//! The messages between an agent and those who ask it.
//!
//! A message is `GSA`, a byte for the version, a byte that says what it is, the length of the rest (4 bytes, the highest first), and the rest:
//! fields, each with its length before it. A connection has one question and one answer.

use std::io::{self, Read, Write};
use std::time::Duration;

use zeroize::Zeroizing;

use super::{Listed, Name};
use crate::keyring::MAX_TEXT_LEN;

/// Begins each message; the last byte is the version.
const START: [u8; 4] = *b"GSA\x01";
/// Bytes of what stands before the fields.
const HEAD_LEN: usize = 9;
/// Bytes of the longest message behind its head: a keyring, and the name of a clone.
pub(super) const MAX_LEN: usize = MAX_TEXT_LEN + (1 << 16);
/// Bytes of the longest name of a folder.
const MAX_FOLDER: usize = 1 << 14;
/// Bytes of a clone's number.
const CLONE_LEN: usize = 32;

/// Why a message cannot be read.
#[derive(Debug)]
pub enum ReadError {
    /// It is of another version.
    Version,
    /// It is none.
    Damaged,
    /// Nobody is there, or nothing came in time.
    Io(io::Error),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // It was closed in the middle.
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => Self::Damaged,
            _ => Self::Io(error),
        }
    }
}

/// What an agent is asked.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// The keyring of a clone.
    Get(Name),
    /// To hold this keyring instead of any other of the clone, as long as that was to be held.
    Put(Name, Text),
    /// To hold what it has, or is given next, for this time from now on.
    Hold(Name, Duration),
    /// To forget a clone.
    Remove(Name),
    /// Which clones there are.
    List,
    /// To end.
    Stop,
}

/// What it answers.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is done.
    Done,
    /// It has nothing of this clone.
    Nothing,
    /// The keyring.
    Text(Text),
    /// The clones.
    List(Vec<Listed>),
    /// It holds too much already.
    Full,
    /// The question is none of this version.
    NotUnderstood,
}

/// A keyring's text, which is wiped and never shown.
#[derive(PartialEq, Eq)]
pub struct Text(pub Zeroizing<Vec<u8>>);

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secret bytes", self.0.len())
    }
}

impl Request {
    /// Reads one.
    ///
    /// # Errors
    /// It is none of this version, or nobody sends it in time.
    pub fn read(from: impl Read) -> Result<Self, ReadError> {
        let (kind, body) = read(from)?;
        let mut fields = Fields(&body);
        let request = match kind {
            b'G' => Self::Get(fields.name()?),
            b'P' => Self::Put(fields.name()?, fields.text()?),
            b'H' => Self::Hold(fields.name()?, fields.seconds()?),
            b'R' => Self::Remove(fields.name()?),
            b'L' => Self::List,
            b'S' => Self::Stop,
            _ => return Err(ReadError::Damaged),
        };
        fields.end()?;
        Ok(request)
    }

    /// Writes it.
    ///
    /// # Errors
    /// Nobody takes it, or it is too long.
    pub fn write(&self, to: impl Write) -> io::Result<()> {
        let mut body = Body::default();
        let kind = match self {
            Self::Get(name) => body.name(name, b'G'),
            Self::Put(name, text) => {
                body.name(name, b'P');
                body.field(&text.0);
                b'P'
            }
            Self::Hold(name, time) => {
                body.name(name, b'H');
                body.field(&time.as_secs().to_be_bytes());
                b'H'
            }
            Self::Remove(name) => body.name(name, b'R'),
            Self::List => b'L',
            Self::Stop => b'S',
        };
        body.write(kind, to)
    }
}

impl Answer {
    /// Reads one.
    ///
    /// # Errors
    /// It is none of this version, or nobody sends it in time.
    pub fn read(from: impl Read) -> Result<Self, ReadError> {
        let (kind, body) = read(from)?;
        let mut fields = Fields(&body);
        let answer = match kind {
            b'd' => Self::Done,
            b'n' => Self::Nothing,
            b't' => Self::Text(fields.text()?),
            b'l' => {
                let mut listed = Vec::new();
                while !fields.0.is_empty() {
                    listed.push(Listed { name: fields.name()?, left: fields.seconds()? });
                }
                Self::List(listed)
            }
            b'f' => Self::Full,
            b'?' => Self::NotUnderstood,
            _ => return Err(ReadError::Damaged),
        };
        fields.end()?;
        Ok(answer)
    }

    /// Writes it.
    ///
    /// # Errors
    /// Nobody takes it, or it is too long.
    pub fn write(&self, to: impl Write) -> io::Result<()> {
        let mut body = Body::default();
        let kind = match self {
            Self::Done => b'd',
            Self::Nothing => b'n',
            Self::Text(text) => {
                body.field(&text.0);
                b't'
            }
            Self::List(listed) => {
                for one in listed {
                    body.name(&one.name, b'l');
                    body.field(&one.left.as_secs().to_be_bytes());
                }
                b'l'
            }
            Self::Full => b'f',
            Self::NotUnderstood => b'?',
        };
        body.write(kind, to)
    }
}

fn read(mut from: impl Read) -> Result<(u8, Zeroizing<Vec<u8>>), ReadError> {
    let mut head = [0; HEAD_LEN];
    from.read_exact(&mut head)?;
    let [a, b, c, version, kind, len @ ..] = head;
    if [a, b, c] != START[..3] {
        return Err(ReadError::Damaged);
    }
    if version != START[3] {
        return Err(ReadError::Version);
    }
    let len = usize::try_from(u32::from_be_bytes(len)).unwrap_or(usize::MAX);
    if len > MAX_LEN {
        return Err(ReadError::Damaged);
    }
    // At once, so that it never grows and leaves a copy behind.
    let mut body = Zeroizing::new(vec![0; len]);
    from.read_exact(&mut body)?;
    Ok((kind, body))
}

/// The fields of a message that are still to be read.
struct Fields<'b>(&'b [u8]);

impl<'b> Fields<'b> {
    fn field(&mut self, max: usize) -> Result<&'b [u8], ReadError> {
        let (len, rest) = self.0.split_first_chunk::<4>().ok_or(ReadError::Damaged)?;
        let len = usize::try_from(u32::from_be_bytes(*len)).unwrap_or(usize::MAX);
        if len > max || len > rest.len() {
            return Err(ReadError::Damaged);
        }
        let (field, rest) = rest.split_at(len);
        self.0 = rest;
        Ok(field)
    }

    fn name(&mut self) -> Result<Name, ReadError> {
        let folder = self.field(MAX_FOLDER)?.to_vec();
        let clone = self.field(CLONE_LEN)?;
        let clone = std::str::from_utf8(clone).ok().filter(|clone| clone.len() == CLONE_LEN);
        Ok(Name { folder, clone: clone.ok_or(ReadError::Damaged)?.to_owned() })
    }

    fn text(&mut self) -> Result<Text, ReadError> {
        Ok(Text(Zeroizing::new(self.field(MAX_TEXT_LEN)?.to_vec())))
    }

    fn seconds(&mut self) -> Result<Duration, ReadError> {
        let bytes = self.field(8)?.try_into().map_err(|_| ReadError::Damaged)?;
        Ok(Duration::from_secs(u64::from_be_bytes(bytes)))
    }

    fn end(&self) -> Result<(), ReadError> {
        if self.0.is_empty() { Ok(()) } else { Err(ReadError::Damaged) }
    }
}

/// The fields of a message that is written.
#[derive(Default)]
struct Body(Vec<Zeroizing<Vec<u8>>>);

impl Body {
    fn field(&mut self, bytes: &[u8]) {
        let len = u32::try_from(bytes.len()).expect("no field is that long");
        self.0.push(Zeroizing::new(len.to_be_bytes().to_vec()));
        self.0.push(Zeroizing::new(bytes.to_vec()));
    }

    /// Adds the two fields of a name, and gives back the kind.
    fn name(&mut self, name: &Name, kind: u8) -> u8 {
        self.field(&name.folder);
        self.field(name.clone.as_bytes());
        kind
    }

    fn write(&self, kind: u8, mut to: impl Write) -> io::Result<()> {
        let len = self.0.iter().map(|part| part.len()).sum::<usize>();
        if len > MAX_LEN {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let len = u32::try_from(len).expect("it was compared above");
        // In one piece: each write would wake the other side.
        let mut all = Zeroizing::new(Vec::with_capacity(HEAD_LEN + MAX_LEN.min(len as usize)));
        all.extend_from_slice(&START);
        all.push(kind);
        all.extend_from_slice(&len.to_be_bytes());
        self.0.iter().for_each(|part| all.extend_from_slice(part));
        to.write_all(&all)?;
        to.flush()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name() -> Name {
        Name { folder: b"/home/ann/shop/.git".to_vec(), clone: "0123456789abcdef".repeat(2) }
    }

    fn text(bytes: &[u8]) -> Text {
        Text(Zeroizing::new(bytes.to_vec()))
    }

    #[test]
    fn messages_are_read_as_they_were_written() {
        for request in [
            Request::Get(name()),
            Request::Put(name(), text(b"keys")),
            Request::Put(name(), text(&vec![7; MAX_TEXT_LEN])),
            Request::Hold(name(), Duration::from_secs(90)),
            Request::Remove(name()),
            Request::List,
            Request::Stop,
        ] {
            let mut bytes = Vec::new();
            request.write(&mut bytes).unwrap();
            assert_eq!(Request::read(&bytes[..]).unwrap(), request);
            for cut in [0, 3, 8, bytes.len() - 1] {
                assert!(Request::read(&bytes[..cut]).is_err(), "{request:?} cut at {cut}");
            }
        }
        let listed = Listed { name: name(), left: Duration::from_secs(1) };
        for answer in [
            Answer::Done,
            Answer::Nothing,
            Answer::Text(text(b"keys")),
            Answer::List(vec![listed.clone(), listed]),
            Answer::List(Vec::new()),
            Answer::Full,
            Answer::NotUnderstood,
        ] {
            let mut bytes = Vec::new();
            answer.write(&mut bytes).unwrap();
            assert_eq!(Answer::read(&bytes[..]).unwrap(), answer);
        }
    }

    #[test]
    fn another_version_and_a_long_message_are_told_before_they_are_read() {
        assert!(matches!(Request::read(&b"GSA\x02L\0\0\0\0"[..]), Err(ReadError::Version)));
        assert!(matches!(Request::read(&b"GSA\x01L\xff\xff\xff\xff"[..]), Err(ReadError::Damaged)));
        assert!(matches!(Request::read(&b"GET / HTTP/1.1\r\n"[..]), Err(ReadError::Damaged)));
        assert!(matches!(Request::read(&b"GSA\x01L\0\0\0\x01x"[..]), Err(ReadError::Damaged)));
    }

    #[test]
    fn a_keyring_is_not_shown() {
        let shown = format!("{:?}", Request::Put(name(), text(b"hunter2")));
        assert!(shown.contains("7 secret bytes") && !shown.contains("hunter2"), "{shown}");
        assert!(!shown.contains(&format!("{:?}", b"hunter2")), "{shown}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(kind in any::<u8>(), body in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = START.to_vec();
            bytes.push(kind);
            bytes.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
            bytes.extend_from_slice(&body);
            for all in [&bytes[..], &body[..]] {
                if let Ok(request) = Request::read(all) {
                    let mut again = Vec::new();
                    request.write(&mut again).unwrap();
                    prop_assert_eq!(again, bytes.clone());
                }
                let _ = Answer::read(all);
            }
        }
    }
}
