//! The program and the library beside the programs of others: gpg, sq, git-crypt, age, ansible-vault, git-filter-repo, readers, a browser.
//! They are installed as Debian has them, so all of it needs Unix.

#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;

mod age;
mod ansible_vault;
mod backup;
mod config_readers;
mod git_crypt;
mod importing;
mod members_gpg;
mod migrate;
mod openpgp;
mod pass;
mod rewriting;
mod scan_report;
