//! Values that a standard or a manual publishes as an example, and that people copy. They are held as the first 64 bits of their
//! SHA-256, so that no text of this project looks like a token.

use sha2::{Digest as _, Sha256};

const EXAMPLES: [u64; 31] = [
    // OAuth (RFC 5849, RFC 6749, RFC 6750, and drafts of them).
    0x00cf_4c78_1dc3_7003,
    0x2932_57ab_6495_ebb1,
    0x2ff8_b0fb_93ac_a981,
    0x3e60_99e8_2cea_8b70,
    0x4c20_e6f5_cc11_b937,
    0x53f5_da0a_aa93_d64c,
    0x649e_1f5c_769e_718b,
    0x6aa1_4267_d949_44e6,
    0x6c96_130f_130a_b0d6,
    0x738f_8bd0_2ea2_fbf9,
    0x80db_82ff_fae6_d59f,
    0x80f8_b7c9_04d4_a43f,
    0x8d56_7eb8_8aff_f34f,
    0x9d03_b692_e941_d5ac,
    0xa35b_81a7_d792_7b70,
    0xa71b_359a_87af_de13,
    0xb87d_ad10_a32a_2d81,
    0xb8e1_4854_5b13_c78b,
    0xbb9b_1163_338b_2a51,
    0xc20f_bc2b_9618_3894,
    0xca74_59e2_b267_76de,
    0xcb87_c87e_4a13_8d9a,
    0xe997_4c50_7d2a_8021,
    // Basic authentication (RFC 7617).
    0x687d_a00b_09c8_3361,
    0xcf4d_418e_d3de_92d7,
    // One-time passwords (RFC 4226, RFC 6238, and the page on otpauth addresses).
    0x549c_9390_539e_fcfa,
    0x8be5_d113_c087_1ce1,
    0xd387_3980_f248_ddeb,
    // JSON web tokens: the signatures on the page that explains them (jwt.io).
    0x051d_093c_4bde_dbf2,
    0x0883_1f80_b564_14a9,
    0x0998_bb2d_b314_82a8,
];

/// Whether the value, or its last part behind a dot, is such an example.
pub(super) fn is(value: &[u8]) -> bool {
    let known = |part: &[u8]| {
        let first = Sha256::digest(part).first_chunk().copied();
        first.is_some_and(|first| EXAMPLES.contains(&u64::from_be_bytes(first)))
    };
    let last = value.rsplit(|&byte| byte == b'.').next().unwrap_or_default();
    known(value) || last.len() < value.len() && known(last)
}

#[cfg(test)]
mod tests {
    use super::is;

    #[test]
    fn examples_of_standards_are_known() {
        let token = ["mF_9", "B5f-4", "1JqM"].join(".");
        assert!(is(token.as_bytes()));
        let base32 = ["JBSWY3DP", "EHPK3PXP"].concat();
        assert!(is(base32.as_bytes()));
        assert!(!is(b"") && !is(b"hunter2.hunter3"));
    }
}
