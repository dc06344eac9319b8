//! A file of Rust as names and punctuation: comments, strings, characters and lifetimes are left out.

/// The tokens of a text. `::` is one; any other punctuation is a token a character.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        let next = chars.get(at + 1).copied().unwrap_or(' ');
        if c.is_whitespace() {
            at += 1;
        } else if c == '/' && next == '/' {
            at = find(&chars, at, &['\n']);
        } else if c == '/' && next == '*' {
            at = after_comment(&chars, at);
        } else if c == '"' {
            at = after_string(&chars, at + 1);
        } else if c == '\'' {
            at = after_quote(&chars, at);
        } else if c.is_alphanumeric() || c == '_' {
            let start = at;
            while at < chars.len() && (chars[at].is_alphanumeric() || chars[at] == '_') {
                at += 1;
            }
            let word: String = chars[start..at].iter().collect();
            let raw = matches!(word.as_str(), "r" | "br" | "cr");
            match chars.get(at) {
                Some('"') if raw => at = after_raw_string(&chars, at),
                Some('#') if raw && is_raw_string(&chars, at) => at = after_raw_string(&chars, at),
                // `r#type` is the name `type`.
                Some('#') if word == "r" => at += 1,
                // The prefix of a byte or C string, or of a byte.
                Some('"' | '\'') if matches!(word.as_str(), "b" | "c") => {}
                _ => tokens.push(word),
            }
        } else if c == ':' && next == ':' {
            tokens.push("::".to_owned());
            at += 2;
        } else {
            tokens.push(c.to_string());
            at += 1;
        }
    }
    tokens
}

fn find(chars: &[char], from: usize, any: &[char]) -> usize {
    (from..chars.len()).find(|&at| any.contains(&chars[at])).unwrap_or(chars.len())
}

fn after_comment(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

fn after_string(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

fn is_raw_string(chars: &[char], at: usize) -> bool {
    chars[at..].iter().find(|&&c| c != '#') == Some(&'"')
}

/// From the first `#` or the quote on.
fn after_raw_string(chars: &[char], at: usize) -> usize {
    let hashes = chars[at..].iter().take_while(|&&c| c == '#').count();
    let mut at = at + hashes + 1;
    while at < chars.len() {
        let closing = chars[at + 1..].iter().take(hashes).filter(|&&c| c == '#').count();
        if chars[at] == '"' && closing == hashes {
            return at + 1 + hashes;
        }
        at += 1;
    }
    at
}

/// A character, or the name of a lifetime.
fn after_quote(chars: &[char], at: usize) -> usize {
    if chars.get(at + 1) == Some(&'\\') {
        return find(chars, at + 3, &['\'']) + 1;
    }
    if chars.get(at + 2) == Some(&'\'') { at + 3 } else { at + 1 }
}

#[test]
fn names_in_comments_and_strings_are_left_out() {
    let text =
        "a /* b /* c */ d */ // e\n\"f \\\" g\" r#\"h \" i\"# b\"j\" 'k' '\\'' 'l b'm' r#type ::n!";
    assert_eq!(tokens(text), ["a", "l", "type", "::", "n", "!"]);
}
