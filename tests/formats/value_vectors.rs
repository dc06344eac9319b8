//! Every vector of `tests/vectors/values/`: tokens that are made and opened, and tokens that are refused.

use std::fs;
use std::path::Path;

use git_shroud::format::Key;
use git_shroud::secret::SecretBytes;
use git_shroud::values::{Cipher, Place, Token, TokenError, WriteOnly};
use serde_json::Value;

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn place(vector: &Value) -> Place {
    let mut place = Place::default();
    for name in vector["path"].as_array().unwrap() {
        match name.as_str().unwrap() {
            "[]" => place.push_element(),
            name => place.push_name(name),
        }
    }
    place
}

fn name(error: TokenError) -> &'static str {
    match error {
        TokenError::Newer(_) => "Newer",
        TokenError::NotToken => "NotToken",
        TokenError::Encoding => "Encoding",
        TokenError::Length => "Length",
        TokenError::Flags(_) => "Flags",
        TokenError::Authentication => "Authentication",
        TokenError::Padding => "Padding",
        TokenError::Place => "Place",
    }
}

#[test]
fn every_vector_of_values_passes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/values");
    let mut counts = (0, 0, 0);
    for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        println!("{}", file.display());
        let vector: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let text = |field: &str| vector[field].as_str().unwrap();
        let key = Key::new(SecretBytes::new(unhex(text("key")).try_into().unwrap()));
        let (mut cipher, place) = (Cipher::new(&key), place(&vector));
        let token = Token::parse(text("token").as_bytes());
        match text("kind") {
            "seal-value" => {
                let (raw, quoted) = (unhex(text("raw")), vector["quoted"].as_bool().unwrap());
                assert_eq!(cipher.token(&raw, &place, quoted), text("token"));
                assert_eq!(**cipher.open(&token.unwrap(), &place).unwrap(), raw);
                counts.0 += 1;
            }
            "seal-to" => {
                assert_eq!(key.public().to_string(), text("public_key"));
                let (raw, quoted) = (unhex(text("raw")), vector["quoted"].as_bool().unwrap());
                let ephemeral = SecretBytes::new(unhex(text("ephemeral")).try_into().unwrap());
                let to = WriteOnly { id: key.id(), public: key.public() };
                assert_eq!(to.seal_with(ephemeral, &raw, &place, quoted), text("token"));
                assert_eq!(**cipher.open(&token.unwrap(), &place).unwrap(), raw);
                counts.1 += 1;
            }
            "open-value" => {
                let opened = token.and_then(|token| cipher.open(&token, &place));
                assert_eq!(name(opened.err().expect("must be refused")), text("error"));
                counts.2 += 1;
            }
            other => panic!("unknown kind {other}"),
        }
    }
    assert_eq!(counts, (12, 5, 26));
}
