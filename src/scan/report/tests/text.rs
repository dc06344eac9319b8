//! The report for a terminal.

use super::*;

#[test]
fn text_says_all_that_matters() {
    assert_eq!(
        written(Format::Text, &report(), false),
        "\
2 findings: 1 certain, 1 high
by rule:
         1  example-token (high)
         1  plaintext (certain)
by folder:
         2  config/

high  Example token (example-token), pushed, at HEAD
    value       tok_…ret
    at          config/prod.env:12:7
                  since 2023-11-14 (0123456789ab, Ann <ann@example.com>), still at HEAD
                message of commit 89abcdef0123 (base64)
                  in no commit
    note        account 42
    also        generic
    what to do  revoke it at example.com
    fingerprint salt:c9d36fe3:303e3e24bf6ce2b808e8a9a4acca5ed3

certain  Example token (plaintext), not pushed
    at          config/prod.env:12:7
                  since 2023-11-14 (0123456789ab, Ann <ann@example.com>), last seen 2024-03-09 (0123456789ab)
    note        account 42
    also        generic
    what to do  revoke it at example.com

allowed:
    example-token at config/prod.env:12:7: marked 'shroud:allow'

could not be read:
    0123abcd: not in this clone

1 finding of a lower rank not shown
skipped 3 values of sealed files, too short or too common
scan.toml, entry 1 (old): matches nothing
2 findings: 1 certain, 1 high
looked at 1,203 blobs, 55 commits, 1 tag; 12.3 MiB
the answer is incomplete: 1 object could not be read
"
    );
}
