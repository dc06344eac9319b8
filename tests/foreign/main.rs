//! The program and the library beside the programs of others: gpg, sq, git-crypt, age, git-filter-repo, readers, a browser.

#[path = "../common/mod.rs"]
mod common;

mod age;
mod backup;
mod config_readers;
mod git_crypt;
mod members_gpg;
mod migrate;
mod openpgp;
mod rewriting;
mod scan_report;
