//! Transparent encryption for the files in a git repository that must stay secret.
//!
//! Every module is a layer, from the ground up, and uses only those before it: `tests/source` has the order and holds
//! them to it.

#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod clock;
pub mod error;
pub mod fs;
pub mod hex;
pub mod newer;
pub mod parallel;
pub mod progress;
pub mod repo_path;
pub mod sanitise;
pub mod secret;

pub mod format;
pub mod git_crypt;
pub mod keyring;

pub mod recipient;

pub mod git;
pub mod store;

pub mod detect;

pub mod access;
pub mod check;
pub mod clone;
pub mod config_format;
pub mod demo;
pub mod doctor;
pub mod environments;
pub mod filter;
pub mod import;
pub mod merge;
pub mod migrate;
pub mod remote;
pub mod scan;
pub mod status;
pub mod values;

pub mod scrub;

pub mod hardening;
pub mod ui;

pub mod cli;
pub mod commands;
