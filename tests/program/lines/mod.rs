//! Attribute lines: what is written, what other programs and clones make of them, and what an attacker does with them.

mod macros;
mod odd;
mod on_purpose;
mod patterns;
mod returned;
