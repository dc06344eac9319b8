//! The program and the library beside the programs of others: gpg, sq, git-crypt, age, ansible-vault, git-filter-repo, readers, a browser.

#[path = "../common/mod.rs"]
mod common;

mod age;
mod ansible_vault;
mod backup;
mod config_readers;
mod git_crypt;
mod members_gpg;
mod migrate;
mod openpgp;
mod rewriting;
mod scan_report;
