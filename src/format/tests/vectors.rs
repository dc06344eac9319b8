//! The vectors of parts of the format that are no public functions: the encoder, and where chunks end.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::format::deflate::{Deflater, Kept};
use crate::format::delta::cuts::Cutter;
use crate::secret::WipedVec;

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

macro_rules! vectors {
    ($($name:literal),*) => {
        [$(include_str!(concat!("../../../tests/vectors/format-2/", $name, ".json"))),*]
            .map(|text| serde_json::from_str::<Value>(text).unwrap())
    };
}

#[test]
fn the_encoder_makes_the_vectors() {
    // The vector deflate-long names its piece by a hash only.
    for vector in &vectors![
        "deflate-dictionary",
        "deflate-doc",
        "deflate-env",
        "deflate-one",
        "deflate-random",
        "deflate-repeat",
        "deflate-text"
    ] {
        let piece = unhex(vector["piece"].as_str().unwrap());
        let mut out = WipedVec::default();
        let deflated = Kept::<Deflater>::take().deflate(&piece, &mut out);
        match &vector["deflate"] {
            Value::Null => assert!(!deflated),
            Value::String(expected) => assert_eq!(out.as_slice(), unhex(expected)),
            longer => {
                assert_eq!(out.len() as u64, longer["length"].as_u64().unwrap());
                let digest: String =
                    Sha256::digest(&*out).iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(digest, longer["sha256"].as_str().unwrap());
            }
        }
    }
}

#[test]
fn chunks_end_where_the_vectors_say() {
    for vector in &vectors!["cuts-doc", "cuts-json", "cuts-lines", "cuts-zeros"] {
        let key = unhex(vector["key"].as_str().unwrap());
        let key = Key::new(SecretBytes::new(key.try_into().unwrap()));
        let content = unhex(vector["content"].as_str().unwrap());
        let expected: Vec<u64> =
            vector["cuts"].as_array().unwrap().iter().map(|cut| cut.as_u64().unwrap()).collect();
        for part in [1, 777, content.len()] {
            let mut cutter = Cutter::new(key.delta_cut(), content.len() as u64);
            let mut ends = Vec::new();
            content.chunks(part).for_each(|part| cutter.push(part, &mut ends));
            cutter.finish(&mut ends);
            assert_eq!(ends, expected);
        }
    }
}
