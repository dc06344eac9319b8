//! Where the socket is, and whose it and the other side are (unix(7), "SO_PEERCRED").

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::io::{Errno, FdFlags, fcntl_setfd, ioctl_fionbio};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, connect, socket};

use super::AgentError;

/// How long either side waits for the other.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// The folder of the agent's files: below the user's own folder for such (XDG Base Directory, `XDG_RUNTIME_DIR`), else one of its own.
pub(super) fn folder() -> PathBuf {
    let uid = rustix::process::geteuid().as_raw();
    let named = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_absolute());
    // As systemd names it. A run of cron has no variable.
    let usual = || Some(PathBuf::from(format!("/run/user/{uid}")));
    match named.or_else(usual).filter(|dir| dir.is_dir()) {
        Some(dir) => dir.join("git-shroud"),
        // Not in TMPDIR, which differs from session to session.
        None => PathBuf::from(format!("/tmp/git-shroud-{uid}")),
    }
}

/// The socket in this folder.
pub(super) fn socket_path(folder: &Path) -> PathBuf {
    folder.join("agent.sock")
}

/// Makes the folder if there is none.
///
/// # Errors
/// Those of the file system; or it is there, and not this user's alone.
pub(super) fn make_folder(folder: &Path) -> Result<(), AgentError> {
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(crate::fs::with_path(folder, &error).into())
        }
        _ => check(folder, fs::FileType::is_dir).and_then(|is_there| match is_there {
            true => Ok(()),
            false => Err(AgentError::Folder(crate::sanitise::native(folder))),
        }),
    }
}

/// Whether a folder or socket is there, and nobody else may enter or use it. A link is never followed.
fn check(path: &Path, is_kind: fn(&fs::FileType) -> bool) -> Result<bool, AgentError> {
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        read => read.map_err(|error| crate::fs::with_path(path, &error))?,
    };
    let own = metadata.uid() == rustix::process::geteuid().as_raw();
    if own && metadata.mode() & 0o077 == 0 && is_kind(&metadata.file_type()) {
        return Ok(true);
    }
    Err(AgentError::Folder(crate::sanitise::native(path)))
}

/// A connection to the agent; `None` where there is none.
///
/// # Errors
/// What is there is not this user's alone, or takes no connection.
pub(super) fn reach(folder: &Path) -> Result<Option<UnixStream>, AgentError> {
    let path = socket_path(folder);
    if !check(folder, fs::FileType::is_dir)? || !check(&path, fs::FileType::is_socket)? {
        return Ok(None);
    }
    let address = SocketAddrUnix::new(&path).map_err(io::Error::from)?;
    let socket = socket(AddressFamily::UNIX, SocketType::STREAM, None).map_err(io::Error::from)?;
    fcntl_setfd(&socket, FdFlags::CLOEXEC).map_err(io::Error::from)?;
    // A socket whose queue is full would make this run wait for ever.
    ioctl_fionbio(&socket, true).map_err(io::Error::from)?;
    match connect(&socket, &address) {
        Ok(()) => {}
        Err(Errno::CONNREFUSED | Errno::NOENT) => return Ok(None),
        Err(Errno::AGAIN) => return Err(AgentError::Hung),
        Err(error) => return Err(io::Error::from(error).into()),
    }
    ioctl_fionbio(&socket, false).map_err(io::Error::from)?;
    let stream = UnixStream::from(socket);
    match is_own_user(&stream)? {
        true => Ok(Some(stream)),
        false => Err(AgentError::Stranger),
    }
}

/// Whether the other side is a process of this user.
#[cfg(target_os = "linux")]
pub(super) fn is_own_user(stream: &UnixStream) -> io::Result<bool> {
    let peer = rustix::net::sockopt::socket_peercred(stream)?;
    Ok(peer.uid == rustix::process::geteuid())
}

/// Only the folder tells: nobody else may enter it.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_own_user(_stream: &UnixStream) -> io::Result<bool> {
    Ok(true)
}

/// A stream that is given up after [`PATIENCE`], however slowly the other side sends.
pub(super) struct Timed<'s> {
    stream: &'s UnixStream,
    end: Instant,
}

impl<'s> Timed<'s> {
    pub(super) fn new(stream: &'s UnixStream) -> Self {
        Self { stream, end: Instant::now() + PATIENCE }
    }

    fn left(&self) -> io::Result<Duration> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl io::Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        (&mut &*self.stream).read(buffer)
    }
}

impl io::Write for Timed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        (&mut &*self.stream).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::net::UnixListener;

    use super::*;

    fn private() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("git-shroud");
        make_folder(&folder).unwrap();
        (dir, folder)
    }

    fn open_to_others(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn there_is_no_agent_where_there_is_no_socket_or_nobody_listens() {
        let (_dir, folder) = private();
        assert!(reach(&folder.join("none")).unwrap().is_none());
        assert!(reach(&folder).unwrap().is_none());
        let path = socket_path(&folder);
        let listener = UnixListener::bind(&path).unwrap();
        open_to_others(&path, 0o600);
        assert!(reach(&folder).unwrap().is_some());
        drop(listener);
        assert!(reach(&folder).unwrap().is_none());
    }

    #[test]
    fn what_others_may_enter_or_replace_is_not_used() {
        let (dir, folder) = private();
        let path = socket_path(&folder);
        let _listener = UnixListener::bind(&path).unwrap();
        open_to_others(&path, 0o660);
        assert!(matches!(reach(&folder), Err(AgentError::Folder(_))));
        open_to_others(&path, 0o600);
        open_to_others(&folder, 0o755);
        assert!(matches!(reach(&folder), Err(AgentError::Folder(_))));
        assert!(matches!(make_folder(&folder), Err(AgentError::Folder(_))));
        open_to_others(&folder, 0o700);
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        assert!(matches!(reach(&link), Err(AgentError::Folder(_))));
        assert!(matches!(make_folder(&link), Err(AgentError::Folder(_))));
        fs::remove_file(&path).unwrap();
        fs::write(&path, "").unwrap();
        open_to_others(&path, 0o600);
        assert!(matches!(reach(&folder), Err(AgentError::Folder(_))));
    }

    #[test]
    fn a_queue_that_is_full_is_not_waited_for() {
        let (_dir, folder) = private();
        let path = socket_path(&folder);
        let _listener = UnixListener::bind(&path).unwrap();
        open_to_others(&path, 0o600);
        let mut waiting = Vec::new();
        let refused = loop {
            match reach(&folder) {
                Ok(stream) => waiting.push(stream.unwrap()),
                Err(error) => break error,
            }
            assert!(waiting.len() < 10_000, "the queue has no end");
        };
        if cfg!(target_os = "linux") {
            assert!(matches!(refused, AgentError::Hung), "{refused}");
        }
    }
}
