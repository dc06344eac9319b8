//! What is fuzzed: an entry for every parser that reads what somebody else wrote.
//!
//! `fuzz/` feeds each of them without end; a test for each feeds it the corpus and changes of that. An entry
//! panics where the parser does, and where the parser breaks what it promises: what is read and written again is the same.

mod configuration;
mod git;
mod keys;
mod lists;
mod recipients;
mod remote;
mod sealed;
mod values;

/// A parser, by the name of its corpus and of its program in `fuzz/`.
pub(crate) struct Target {
    /// Its name: small letters and `_`.
    pub(crate) name: &'static str,
    /// Feeds it; whatever the bytes are, it returns.
    pub(crate) run: fn(&[u8]),
}

macro_rules! targets {
    ($($module:ident::$name:ident),* $(,)?) => {
        /// All of them.
        pub(crate) const TARGETS: &[Target] =
            &[$(Target { name: stringify!($name), run: $module::$name }),*];

        /// One test for each.
        #[cfg(test)]
        mod smoke {
            $(#[test] fn $name() { crate::fuzzed::smoke(stringify!($name), super::$module::$name); })*
        }
    };
}

targets![
    sealed::sealed_file,
    sealed::sealed_by_a_member,
    sealed::pkt_line,
    sealed::git_crypt_blob,
    keys::key_file,
    keys::git_crypt_key,
    keys::recovery,
    keys::key_toml,
    keys::member_toml,
    recipients::openpgp_certificate,
    recipients::openpgp_message,
    recipients::openpgp_secret_key,
    recipients::gpg_listing,
    recipients::age_file,
    recipients::age_identity,
    recipients::recipient,
    configuration::config_env,
    configuration::config_ini,
    configuration::config_json,
    configuration::config_properties,
    configuration::config_tfvars,
    configuration::config_toml,
    configuration::config_yaml,
    configuration::config_schema,
    git::pack,
    git::delta,
    git::commit,
    git::tag,
    git::tree,
    git::index,
    git::attributes,
    lists::gitleaks_rules,
    lists::scan_toml,
    lists::scrub_plan,
    lists::text,
    remote::remote_file,
    remote::agent_message,
    values::value_token,
    values::value_file,
];

/// Feeds one of them, by its name.
#[allow(dead_code)]
pub(crate) fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.unwrap_or_else(|| panic!("no target is named {name}")).run)(bytes);
}
