//! What stands in the place of an agent, and what is sent to one.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

use super::agent::Own;
use super::{Ends, assert_refuses, assert_works, repository};
use crate::common::Sandbox;

fn folder(sandbox: &Sandbox) -> PathBuf {
    sandbox.path("run/git-shroud")
}

fn socket(sandbox: &Sandbox) -> PathBuf {
    folder(sandbox).join("agent.sock")
}

fn set_mode(path: PathBuf, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn an_agent_that_hangs_holds_up_no_filter() {
    let sandbox = repository("agent");
    let agent = Own::start(&sandbox);
    sandbox.shroud("repo", ["unlock", "-q"]);
    agent.signal("STOP");
    assert_refuses(&sandbox, "repo", "the agent does not answer");
    let doctor = sandbox.try_shroud("repo", ["doctor"]).expect(1).text();
    assert!(doctor.contains("the agent does not answer"), "{doctor}");
    agent.signal("CONT");
    assert_works(&sandbox, "repo");
}

/// Answers the next connections with these bytes, whatever they ask.
fn answer_with(sandbox: &Sandbox, bytes: &'static [u8]) {
    let path = socket(sandbox);
    let _ = fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    set_mode(path, 0o600);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 9];
            let _ = stream.read_exact(&mut head);
            let _ = stream.write_all(bytes);
        }
    });
}

#[test]
fn an_answer_that_is_none_is_refused() {
    let sandbox = repository("agent");
    sandbox.shroud("repo", ["unlock", "-q"]);
    sandbox.shroud(".", ["agent", "--stop"]);
    for (bytes, why) in [
        (&b""[..], "the answer of the agent is damaged"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "the answer of the agent is damaged"),
        (b"GSA\x01t\xff\xff\xff\xff", "the answer of the agent is damaged"),
        (b"GSA\x01t\0\0\0\x08\0\0\0\xffabcd", "the answer of the agent is damaged"),
        (b"GSA\x01d\0\0\0\0", "the answer of the agent is damaged"),
        (b"GSA\x02n\0\0\0\0", "the agent is of another version of git-shroud"),
        (b"GSA\x01?\0\0\0\0", "the agent is of another version of git-shroud"),
        (b"GSA\x01t\0\0\0\x08\0\0\0\x04abcd", "the agent: "),
    ] {
        answer_with(&sandbox, bytes);
        assert_refuses(&sandbox, "repo", why);
    }
}

#[test]
fn a_folder_or_socket_that_others_can_use_is_not_used() {
    let sandbox = repository("agent");
    sandbox.shroud("repo", ["unlock", "-q"]);
    let _ends = Ends(&sandbox);
    set_mode(folder(&sandbox), 0o755);
    assert_refuses(&sandbox, "repo", "does not belong to you alone");
    set_mode(folder(&sandbox), 0o700);
    set_mode(socket(&sandbox), 0o666);
    assert_refuses(&sandbox, "repo", "does not belong to you alone");
    set_mode(socket(&sandbox), 0o600);
    assert_works(&sandbox, "repo");
    // A link to what is right is wrong.
    sandbox.sh("run", "mv git-shroud right; ln -s right git-shroud");
    assert_refuses(&sandbox, "repo", "does not belong to you alone");
    sandbox.try_shroud(".", ["agent"]).expect(2).says("does not belong to you alone");
    sandbox.sh("run", "rm git-shroud; mv right git-shroud");
}

#[test]
fn whatever_is_sent_to_it_the_agent_goes_on() {
    let sandbox = repository("agent");
    let _agent = Own::start(&sandbox);
    sandbox.shroud("repo", ["unlock", "-q"]);
    // One that is silent holds up nobody.
    let _silent = UnixStream::connect(socket(&sandbox)).unwrap();
    for bytes in [
        &b""[..],
        b"GSA",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GSA\x01G\xff\xff\xff\xff",
        b"GSA\x01G\0\0\0\x04\xff\xff\xff\xff",
        b"GSA\x01X\0\0\0\0",
        b"GSA\x07L\0\0\0\0",
        b"GSA\x01S\0\0\0\x01x",
    ] {
        let mut stream = UnixStream::connect(socket(&sandbox)).unwrap();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        // What it does not read to the end it resets.
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.is_empty() || answer.starts_with(b"GSA\x01?"), "{bytes:?}: {answer:?}");
    }
    assert_works(&sandbox, "repo");
}

#[test]
fn an_agent_that_nobody_can_reach_ends() {
    let sandbox = repository("agent");
    let agent = Own::start(&sandbox);
    sandbox.shroud("repo", ["unlock", "-q"]);
    // As a logout does.
    sandbox.sh("run", "rm -r git-shroud");
    assert!(agent.ends());
    assert_refuses(&sandbox, "repo", "the key 'default' is not held here");
}
