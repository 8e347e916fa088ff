//! What a judge remembers between two looks, as bytes that are restored bit for bit.

use thiserror::Error;

/// What a judge remembers between two looks: numbers in the order in which it wrote them.
///
/// Empty before the first look.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State(Vec<u8>);

impl State {
    /// The most bytes that fit into the 2 KiB of text that a rollout keeps for a check, beside what is kept
    /// of the windows.
    pub const LIMIT: usize = 1200;

    /// Nothing was judged yet.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// From bytes that were a state's.
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Begins a state in a format of the judge's own, told by its version.
    pub fn write(version: u8) -> Writer {
        Writer(vec![version])
    }

    /// Reads a state that must be in the format `version`.
    ///
    /// # Errors
    /// When it is of another version, or empty.
    pub fn read(&self, version: u8) -> Result<Reader<'_>, StateError> {
        match self.0.split_first() {
            Some((found, rest)) if *found == version => Ok(Reader(rest)),
            Some((found, _)) => Err(StateError::Version {
                found: *found,
                known: version,
            }),
            None => Err(StateError::TooShort),
        }
    }
}

/// Writes a [`State`].
#[derive(Clone, Debug)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// A number, bit for bit.
    #[must_use]
    pub fn f64(mut self, number: f64) -> Self {
        self.0.extend(number.to_bits().to_le_bytes());
        self
    }

    /// Numbers, bit for bit, without their count.
    #[must_use]
    pub fn f64s(self, numbers: &[f64]) -> Self {
        numbers.iter().copied().fold(self, Self::f64)
    }

    /// A whole number.
    #[must_use]
    pub fn u64(mut self, number: u64) -> Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    /// A whole number below 2^32.
    #[must_use]
    pub fn u32(mut self, number: u32) -> Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    /// A byte.
    #[must_use]
    pub fn u8(mut self, number: u8) -> Self {
        self.0.push(number);
        self
    }

    /// What was written.
    pub fn done(self) -> State {
        State(self.0)
    }
}

/// Reads a [`State`] in the order in which it was written.
#[derive(Clone, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// A number, bit for bit.
    ///
    /// # Errors
    /// When the state ends before it.
    pub fn f64(&mut self) -> Result<f64, StateError> {
        Ok(f64::from_bits(self.u64()?))
    }

    /// So many numbers, bit for bit.
    ///
    /// # Errors
    /// When the state ends before the last of them.
    pub fn f64s(&mut self, count: usize) -> Result<Vec<f64>, StateError> {
        (0..count).map(|_| self.f64()).collect()
    }

    /// A whole number.
    ///
    /// # Errors
    /// When the state ends before it.
    pub fn u64(&mut self) -> Result<u64, StateError> {
        self.take().map(u64::from_le_bytes)
    }

    /// A whole number below 2^32.
    ///
    /// # Errors
    /// When the state ends before it.
    pub fn u32(&mut self) -> Result<u32, StateError> {
        self.take().map(u32::from_le_bytes)
    }

    /// A byte.
    ///
    /// # Errors
    /// When the state ends before it.
    pub fn u8(&mut self) -> Result<u8, StateError> {
        self.take().map(|[byte]: [u8; 1]| byte)
    }

    /// Nothing may follow.
    ///
    /// # Errors
    /// When something does.
    pub const fn done(self) -> Result<(), StateError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(StateError::TooLong(self.0.len()))
        }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], StateError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(StateError::TooShort)?;
        self.0 = rest;
        Ok(*taken)
    }
}

/// A state that this judge did not write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StateError {
    /// Another version of the judge wrote it.
    #[error("the state of a judge is in format {found}, and this version knows format {known}")]
    Version {
        /// In which format it is.
        found: u8,
        /// Which is known.
        known: u8,
    },
    /// It ends too early.
    #[error(
        "the state of a judge ends too early: another judge wrote it, or parameters were changed"
    )]
    TooShort,
    /// It goes on after its end.
    #[error(
        "the state of a judge has {0} bytes too many: another judge wrote it, or parameters were changed"
    )]
    TooLong(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_bit_for_bit() {
        let numbers = [0.1 + 0.2, -0.0, f64::NEG_INFINITY, f64::MIN_POSITIVE / 4.0];
        let state = State::write(3).f64s(&numbers).u64(7).u32(8).u8(9).done();
        let mut reader = State::from_bytes(state.bytes().to_vec());
        assert_eq!(reader, state);
        let mut read = reader.read(3).unwrap();
        let bits = |numbers: &[f64]| numbers.iter().map(|n| n.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&read.f64s(4).unwrap()), bits(&numbers));
        assert_eq!((read.u64(), read.u32(), read.u8()), (Ok(7), Ok(8), Ok(9)));
        assert_eq!(read.done(), Ok(()));
        reader = State::default();
        assert_eq!(reader.read(3).unwrap_err(), StateError::TooShort);
    }

    #[test]
    fn what_another_wrote_is_told() {
        let state = State::write(1).u8(1).done();
        let found = state.read(2).unwrap_err();
        assert_eq!(found, StateError::Version { found: 1, known: 2 });
        assert_eq!(state.read(1).unwrap().done(), Err(StateError::TooLong(1)));
        assert_eq!(state.read(1).unwrap().f64(), Err(StateError::TooShort));
    }
}
