//! How regular expressions are compiled: those of the project and those of files of rules.

use regex_automata::meta::Regex;
use regex_automata::util::syntax;

/// The largest compiled expression, in bytes.
const LARGEST: usize = 16 << 20;

/// Compiles an expression. Classes are those of ASCII, as in Go; an expression that needs Unicode gets it.
///
/// # Errors
/// What is wrong with it, in one line.
pub(crate) fn compile(expression: &str) -> Result<Regex, String> {
    let with = |unicode: bool| {
        Regex::builder()
            .configure(
                Regex::config()
                    .utf8_empty(false)
                    .nfa_size_limit(Some(LARGEST))
                    .onepass_size_limit(Some(1 << 20))
                    .hybrid_cache_capacity(2 << 20),
            )
            .syntax(syntax::Config::new().unicode(unicode).utf8(false))
            .build(expression)
            .map_err(|error| {
                // The whole message quotes the expression, on several lines.
                let reason = error.syntax_error().map(ToString::to_string).unwrap_or_default();
                let last = reason.lines().last().unwrap_or("it is too large").trim();
                crate::sanitise::line(last.trim_start_matches("error: "))
            })
    };
    with(false).or_else(|_| with(true))
}

/// Bytes of the longest text that an expression matches; `None` where there is no end to it.
pub(crate) fn longest(expression: &str) -> Option<usize> {
    let with = |unicode: bool| {
        let config = syntax::Config::new().unicode(unicode).utf8(false);
        syntax::parse_with(expression, &config).ok()
    };
    with(false).or_else(|| with(true))?.properties().maximum_len()
}
