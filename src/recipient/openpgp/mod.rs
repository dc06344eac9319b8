//! OpenPGP: certificates, messages to them, and opening these by gpg or natively (RFC 9580).
