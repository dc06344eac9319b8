//! Deltas: an object as copies of parts of another, and what is new (git, "Documentation/gitformat-pack", "Deltified
//! representation").

/// Why a delta cannot be applied.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DeltaError {
    /// Bytes are missing.
    #[error("its delta is truncated")]
    Truncated,
    /// It names another length of its base.
    #[error("its delta belongs to another base")]
    OtherBase,
    /// A copy is of more than the base has.
    #[error("its delta copies bytes that its base does not have")]
    OutsideBase,
    /// The instructions make more or less than the object.
    #[error("its delta makes a different length than it says")]
    OtherLength,
    /// An instruction is zero.
    #[error("its delta holds an instruction that git does not know")]
    Reserved,
}

/// What comes next in an object.
pub enum Instruction<'d> {
    /// Bytes of the base, from `start` on: below 2^32 and 2^24.
    Copy {
        /// The first of them.
        start: usize,
        /// How many there are.
        len: usize,
    },
    /// New bytes.
    Insert(&'d [u8]),
}

impl<'d> Instruction<'d> {
    /// Reads the next one; `None` at the end.
    ///
    /// # Errors
    /// [`DeltaError::Truncated`] and [`DeltaError::Reserved`].
    #[inline]
    pub fn next(rest: &mut &'d [u8]) -> Result<Option<Self>, DeltaError> {
        let Some((&instruction, after)) = rest.split_first() else { return Ok(None) };
        *rest = after;
        if instruction & 0x80 != 0 {
            copy(instruction, rest).map(Some)
        } else if instruction != 0 {
            let (bytes, after) =
                rest.split_at_checked(instruction.into()).ok_or(DeltaError::Truncated)?;
            *rest = after;
            Ok(Some(Self::Insert(bytes)))
        } else {
            Err(DeltaError::Reserved)
        }
    }
}

fn copy<'d>(instruction: u8, rest: &mut &[u8]) -> Result<Instruction<'d>, DeltaError> {
    let mut field = |first: u8, bytes: u8| {
        let mut value = 0_usize;
        for byte in 0..bytes {
            if instruction & (first << byte) != 0 {
                let (&next, after) = rest.split_first().ok_or(DeltaError::Truncated)?;
                *rest = after;
                value |= usize::from(next) << (8 * byte);
            }
        }
        Ok(value)
    };
    let start = field(0x01, 4)?;
    let len = field(0x10, 3)?;
    Ok(Instruction::Copy { start, len: if len == 0 { 0x1_0000 } else { len } })
}

/// A length in groups of seven bits, the lowest first: with two of them, those of the base and of the object, a delta begins.
///
/// # Errors
/// [`DeltaError::Truncated`], or [`DeltaError::OtherLength`] where it has more bits than a length can have.
pub fn length(rest: &mut &[u8]) -> Result<u64, DeltaError> {
    let mut value = 0_u64;
    for shift in (0..u64::BITS).step_by(7) {
        let (&byte, after) = rest.split_first().ok_or(DeltaError::Truncated)?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(DeltaError::OtherLength)
}
