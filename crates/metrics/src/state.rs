//! What a judge remembers between two looks, as bytes that are restored bit for bit.

use serde::Serialize;
use thiserror::Error;

/// From this format on the states of this crate's judges say whose they are.
const MARKED: u8 = 2;

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
    ///
    /// Another judge that writes the same version may take it for its own; [`marked`](Self::marked) guards
    /// against that.
    pub fn write(version: u8) -> Writer {
        Writer(vec![version])
    }

    /// Begins a state that is taken by the judge that wrote it alone, and with the same parameters alone.
    pub fn marked(mark: Mark) -> Writer {
        let Mark { version, judge, .. } = mark;
        Writer(vec![version, judge]).u64(mark.parameters.unwrap_or_default())
    }

    /// Reads a state that must have this mark.
    ///
    /// # Errors
    /// When it is of another version, judge or parameters, or ends before it says so; and always where the mark was
    /// made of parameters that cannot be written.
    pub fn read_marked(&self, mark: Mark) -> Result<Reader<'_>, StateError> {
        let parameters = mark.parameters.ok_or(StateError::Unmarked)?;
        // Each judge counts its own formats: whose it is comes before in which one it is.
        if let [version, judge, ..] = *self.0.as_slice()
            && judge != mark.judge
            && (version == mark.version || version >= MARKED)
        {
            return Err(StateError::Judge {
                found: judge,
                known: mark.judge,
            });
        }
        let mut reader = self.read(mark.version)?;
        reader.u8()?;
        if reader.u64()? != parameters {
            return Err(StateError::Parameters);
        }
        Ok(reader)
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

/// Who writes a state: a judge with its parameters, in a format. 10 bytes of it.
///
/// What was weighed with other parameters, such as against another limit, is evidence of something else; so a
/// state is no other judge's, and no judge's with other parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    version: u8,
    judge: u8,
    /// `None`: they could not be written.
    parameters: Option<u64>,
}

impl Mark {
    /// Of a judge in a format. `judge` tells it apart from all others; those below 128 are this crate's own.
    ///
    /// Of the parameters 64 bits of a digest are kept, of what they serialize to. A parameter that a later version
    /// adds changes it, unless it is left out where it is not set. Where they cannot be written as JSON, no state
    /// is read by this mark: [`StateError::Unmarked`].
    pub fn new(version: u8, judge: u8, parameters: &impl Serialize) -> Self {
        // Numbers, text and lists of them: what cannot be written is a bug.
        let parameters = serde_json::to_vec(parameters).ok();
        Self {
            version,
            judge,
            parameters: parameters.map(|parameters| digest(&parameters)),
        }
    }
}

/// FNV-1a: it tells what changed apart from what did not, and guards against nobody.
pub(crate) fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |digest, byte| {
        (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
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
    #[non_exhaustive]
    Version {
        /// In which format it is.
        found: u8,
        /// Which is known.
        known: u8,
    },
    /// Another judge wrote it.
    #[error(
        "the state is of another judge, whose mark is {found}, and this judge's is {known}: the judge of the check was changed"
    )]
    #[non_exhaustive]
    Judge {
        /// Whose it is.
        found: u8,
        /// Whose is read.
        known: u8,
    },
    /// This judge wrote it with other parameters.
    #[error(
        "the state of a judge is of other parameters than it has now: what was weighed with those is evidence of something else"
    )]
    Parameters,
    /// What this judge's parameters are cannot be told.
    #[error(
        "the parameters of a judge cannot be written as JSON, so that its state is not known from another's: a bug of the judge"
    )]
    Unmarked,
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

impl StateError {
    /// [`Version`](Self::Version): in which format it is, and which is known.
    pub const fn version(found: u8, known: u8) -> Self {
        Self::Version { found, known }
    }

    /// [`Judge`](Self::Judge): whose mark it has, and whose is read.
    pub const fn judge(found: u8, known: u8) -> Self {
        Self::Judge { found, known }
    }
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
    fn a_mark_is_of_one_judge_with_its_parameters() {
        let mark = Mark::new(2, 7, &("grid", [1.5, 2.0]));
        let state = State::marked(mark).u8(9).done();
        assert_eq!(state.bytes().len(), 1 + 1 + 8 + 1);
        let mut reader = state.read_marked(mark).unwrap();
        assert_eq!((reader.u8(), reader.done()), (Ok(9), Ok(())));
        let read = |version, judge, grid: [f64; 2]| {
            let mark = Mark::new(version, judge, &("grid", grid));
            state.read_marked(mark).map(|_| ())
        };
        let (found, known) = (7, 8);
        assert_eq!(
            read(2, 8, [1.5, 2.0]),
            Err(StateError::Judge { found, known })
        );
        // Of another judge, whose format is a later one.
        assert_eq!(
            read(3, 8, [1.5, 2.0]),
            Err(StateError::Judge { found, known })
        );
        assert_eq!(read(2, 7, [1.5, 2.5]), Err(StateError::Parameters));
        let (found, known) = (2, 3);
        assert_eq!(
            read(3, 7, [1.5, 2.0]),
            Err(StateError::Version { found, known })
        );
        let cut = State::from_bytes(state.bytes()[..9].to_vec());
        assert_eq!(cut.read_marked(mark).unwrap_err(), StateError::TooShort);
    }

    /// A map whose keys are no text cannot be written as JSON.
    #[test]
    fn parameters_that_cannot_be_written_match_none() {
        let unwritable = std::collections::BTreeMap::from([((1, 2), 3)]);
        let mark = Mark::new(2, 7, &unwritable);
        let found = State::marked(mark).done().read_marked(mark).map(|_| ());
        assert_eq!(found, Err(StateError::Unmarked));
        let written = State::marked(Mark::new(2, 7, &1)).done();
        assert_eq!(written.read_marked(mark).unwrap_err(), StateError::Unmarked);
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
