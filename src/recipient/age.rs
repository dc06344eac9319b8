//! age files: to `age1…` recipients, to SSH keys, and under a passphrase (age-encryption.org/v1).
