//! Instruction sets of the linear operators, chosen when a plan is made.

use std::fmt;
use std::str::FromStr;

/// An instruction set with a path of its own in [`crate::linear`]. All give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isa {
    /// No explicit vector instruction.
    Portable,
    /// x86-64 with AVX2.
    Avx2,
    /// x86-64 with AVX2 and the dot products of AVX-VNNI.
    AvxVnni,
    /// x86-64 with AVX2, AVX-512 (F, BW, VL) and the dot products of AVX-512-VNNI.
    Avx512Vnni,
    /// AArch64 with the dot products of Armv8.2.
    Neon,
}

impl Isa {
    /// Every instruction set that has a path, slowest first.
    pub const ALL: [Isa; 5] = [
        Isa::Portable,
        Isa::Neon,
        Isa::Avx2,
        Isa::AvxVnni,
        Isa::Avx512Vnni,
    ];

    /// Those this processor has, slowest first; never empty.
    #[must_use]
    pub fn available() -> Vec<Isa> {
        let all = Self::ALL.into_iter();
        all.filter(|isa| isa.is_available()).collect()
    }

    /// The fastest this processor has.
    #[must_use]
    pub fn best() -> Isa {
        let mut fastest_first = Self::ALL.into_iter().rev();
        let best = fastest_first.find(|isa| isa.is_available());
        best.unwrap_or(Isa::Portable)
    }

    /// Whether this processor has it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Isa::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Isa::AvxVnni => Isa::Avx2.is_available() && is_x86_feature_detected!("avxvnni"),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Vnni => {
                Isa::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512vnni")
            }
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => std::arch::is_aarch64_feature_detected!("dotprod"),
            _ => false,
        }
    }

    /// The name that [`FromStr`] reads.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Isa::Portable => "portable",
            Isa::Avx2 => "avx2",
            Isa::AvxVnni => "avx-vnni",
            Isa::Avx512Vnni => "avx512-vnni",
            Isa::Neon => "neon",
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no instruction set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownIsa(String);

impl fmt::Display for UnknownIsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Isa::ALL.map(Isa::name).join(", ");
        write!(
            f,
            "unknown instruction set `{}`; one of {names} was expected",
            self.0
        )
    }
}

impl std::error::Error for UnknownIsa {}

impl FromStr for Isa {
    type Err = UnknownIsa;

    /// Reads a name as [`Isa::name`] gives it, in letters of either case, with or without its hyphens.
    fn from_str(text: &str) -> Result<Self, UnknownIsa> {
        let plain = |name: &str| name.trim().to_ascii_lowercase().replace('-', "");
        let mut all = Self::ALL.into_iter();
        all.find(|isa| plain(isa.name()) == plain(text))
            .ok_or_else(|| UnknownIsa(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for isa in Isa::ALL {
            assert_eq!(isa.name().parse(), Ok(isa));
            let plain = isa.name().replace('-', "").to_uppercase();
            assert_eq!(plain.parse(), Ok(isa));
        }
        let error = "sse9".parse::<Isa>().unwrap_err().to_string();
        assert!(error.contains("sse9") && error.contains("avx512-vnni"));
    }

    #[test]
    fn the_best_is_the_last_available() {
        let available = Isa::available();
        assert_eq!(available[0], Isa::Portable);
        assert_eq!(available.last(), Some(&Isa::best()));
    }
}
