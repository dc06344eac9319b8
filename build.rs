//! What a static program needs of the linker.
//!
//! The helper for diffs is linked at a fixed address: git starts it for both sides of every file of a diff, and without
//! relocations it starts in a tenth less time. It copies bytes and parses nothing, so that it needs no random address;
//! `git-shroud` itself keeps one.
//!
//! Users are looked up in the password file alone (`src/password_file.c`): glibc would load modules of the system into the
//! program, and crash.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/password_file.c");
    let has = |name: &str, value: &str| {
        env::var(name).is_ok_and(|found| found.split(',').any(|found| found == value))
    };
    if has("CARGO_CFG_TARGET_OS", "linux")
        && has("CARGO_CFG_TARGET_ENV", "gnu")
        && has("CARGO_CFG_TARGET_FEATURE", "crt-static")
    {
        println!("cargo::rustc-link-arg-bin=git-shroud-textconv=-no-pie");
        println!("cargo::rustc-link-arg-bin=git-shroud-textconv=-static");
        for name in ["getpwuid_r", "getpwnam_r", "getpwuid", "getpwnam"] {
            println!("cargo::rustc-link-arg=-Wl,--wrap={name}");
        }
        for object in cc::Build::new().file("src/password_file.c").compile_intermediates() {
            println!("cargo::rustc-link-arg={}", object.display());
        }
    }
}
