//! Names of new things: the same for the same seed and history.

/// Draws ids. The generator is splitmix64.
#[derive(Clone, Debug)]
pub(crate) struct Ids(u64);

impl Ids {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From now on other ids than those of which this was a copy.
    pub(crate) const fn part(&mut self, number: u64) {
        self.0 = mix(self.0 ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93));
    }

    pub(crate) const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// `length` hexadecimal digits, at most 32.
    pub(crate) fn hex(&mut self, length: usize) -> String {
        let mut text = format!("{:016x}{:016x}", self.draw(), self.draw());
        text.truncate(length);
        text
    }

    /// So many letters of URL-safe base 64, which sort in no order.
    pub(crate) fn opaque(&mut self, length: usize) -> String {
        const LETTERS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let letters = (0..length).filter_map(|_| LETTERS.get((self.draw() % 64) as usize));
        letters.map(|letter| char::from(*letter)).collect()
    }

    /// 19 decimal digits, as in `ecs-svc/…`.
    pub(crate) fn number(&mut self) -> String {
        format!("{:019}", self.draw() % 9_000_000_000_000_000_000)
    }

    pub(crate) fn uuid(&mut self) -> String {
        let hex = self.hex(32);
        format!(
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        )
    }
}

const fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The digest of an image that nobody gave another: made from its name.
pub(crate) fn digest(image: &str) -> String {
    if let Some((_, digest)) = image.split_once('@') {
        return digest.to_owned();
    }
    let mut seed = 0;
    for byte in image.bytes() {
        seed = mix(seed ^ u64::from(byte)).wrapping_add(1);
    }
    let mut ids = Ids::new(seed);
    format!("sha256:{}{}", ids.hex(32), ids.hex(32))
}
