//! Objects that are made of another by a delta, with what of them is a copy.

use crate::detect::change::Run;
use crate::git::delta::{DeltaError, Instruction, length};

/// A delta with its two lengths read.
pub(super) struct Delta<'d> {
    /// Bytes of the base.
    base_len: u64,
    /// Bytes of the object.
    pub(super) len: u64,
    instructions: &'d [u8],
}

impl<'d> Delta<'d> {
    /// Reads the lengths.
    pub(super) fn parse(bytes: &'d [u8]) -> Result<Self, DeltaError> {
        let mut rest = bytes;
        let base_len = length(&mut rest)?;
        let len = length(&mut rest)?;
        Ok(Self { base_len, len, instructions: rest })
    }

    /// Makes the object in `object`, which is cleared first, and lists what is copied in `runs`, in the order of the object;
    /// copies that continue one another are one run. The caller has bounded [`Self::len`].
    pub(super) fn apply(
        &self,
        base: &[u8],
        object: &mut Vec<u8>,
        runs: &mut Vec<Run>,
    ) -> Result<(), DeltaError> {
        let len = usize::try_from(self.len).map_err(|_| DeltaError::OtherLength)?;
        if base.len() as u64 != self.base_len {
            return Err(DeltaError::OtherBase);
        }
        object.clear();
        runs.clear();
        let mut rest = self.instructions;
        while let Some(instruction) = Instruction::next(&mut rest)? {
            let bytes = match instruction {
                Instruction::Copy { start, len } => {
                    let end = start.checked_add(len).ok_or(DeltaError::OutsideBase)?;
                    let bytes = base.get(start..end).ok_or(DeltaError::OutsideBase)?;
                    let at = object.len();
                    match runs.last_mut() {
                        Some(last) if last.base + last.len == start && last.at + last.len == at => {
                            last.len += len;
                        }
                        _ => runs.push(Run { base: start, at, len }),
                    }
                    bytes
                }
                Instruction::Insert(bytes) => bytes,
            };
            if bytes.len() > len - object.len() {
                return Err(DeltaError::OtherLength);
            }
            object.extend_from_slice(bytes);
        }
        if object.len() == len { Ok(()) } else { Err(DeltaError::OtherLength) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(base: &[u8], delta: &[u8]) -> Result<(Vec<u8>, Vec<Run>), DeltaError> {
        let (mut object, mut runs) = (vec![1], Vec::new());
        Delta::parse(delta)?.apply(base, &mut object, &mut runs)?;
        Ok((object, runs))
    }

    #[test]
    fn copies_that_continue_one_another_are_one_run() {
        // Copy 0..4, copy 4..6, insert "xy", copy 0..2.
        let delta = [6, 10, 0x90, 4, 0x91, 4, 2, 2, b'x', b'y', 0x90, 2];
        let (object, runs) = applied(b"abcdef", &delta).unwrap();
        assert_eq!(object, b"abcdefxyab");
        assert_eq!(runs, [Run { base: 0, at: 0, len: 6 }, Run { base: 0, at: 8, len: 2 }]);
    }

    #[test]
    fn a_copy_without_a_length_is_of_64_kib() {
        let base = vec![7; 0x1_0000];
        let delta = [0x80, 0x80, 4, 0x80, 0x80, 4, 0x80];
        assert_eq!(applied(&base, &delta).unwrap().0, base);
    }

    #[test]
    fn damaged_deltas_are_refused() {
        let cases: [(&[u8], DeltaError); 10] = [
            (&[], DeltaError::Truncated),
            (&[3], DeltaError::Truncated),
            (&[0x80; 11], DeltaError::OtherLength),
            (&[4, 1, 1, b'a'], DeltaError::OtherBase),
            (&[3, 1, 0], DeltaError::Reserved),
            (&[3, 2, 2, b'a'], DeltaError::Truncated),
            (&[3, 2, 0x91, 2, 2], DeltaError::OutsideBase),
            // Past the end of the address space, where that is of 32 bits.
            (&[3, 1, 0xff, 255, 255, 255, 255, 255, 255, 255], DeltaError::OutsideBase),
            (&[3, 1, 0x90, 2], DeltaError::OtherLength),
            (&[3, 4, 0x90, 2], DeltaError::OtherLength),
        ];
        for (delta, expected) in cases {
            assert_eq!(applied(b"abc", delta).unwrap_err(), expected, "{delta:?}");
        }
    }
}
