//! Which kernels linear operators get on an adapter: the settings, and what they are called.

use std::ffi::OsStr;

use aivm_shaders::block;

/// The environment variable that takes the place of [`Operands::Suited`]: a name of [`Operands::SETTINGS`].
pub const KERNELS_VARIABLE: &str = "AIVM_GPU_KERNELS";

/// Where the kernels of linear operators read their operands, and with it the tiles that they make. No bit depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operands {
    /// What [`KERNELS_VARIABLE`] names, else what suits the adapter: in uniform buffers on drivers that compute on the
    /// CPU, else as [`Operands::Measured`].
    Suited,
    /// What was the fastest when the adapter was first used.
    Measured,
    /// In storage buffers.
    Storage,
    /// In uniform buffers, where they fit.
    Uniform,
    /// In storage buffers, from which workgroups bring them to their memory to make blocks of this size of products of
    /// at least so many rows. Of an adapter whose workgroups are too small for them, as [`Operands::Storage`].
    Blocks {
        /// Of a block.
        size: block::Size,
        /// Rows of a matrix, or positions of a convolution's output.
        positions_min: u32,
    },
    /// As [`Operands::Storage`], but products of matrices that are whole numbers of the adapter's cooperative matrices on
    /// these. Of an adapter without them, as [`Operands::Storage`].
    #[cfg(feature = "cooperative-matrix")]
    Cooperative,
}

/// Blocks for products that fill a quarter of one: an invocation makes eight positions whatever there are.
const fn blocks(size: block::Size) -> Operands {
    Operands::Blocks {
        size,
        positions_min: size.positions() / 4,
    }
}

impl Operands {
    /// The settings by name. Those behind the first two are the variants that a self-tune measures.
    pub const SETTINGS: &'static [(&'static str, Operands)] = &[
        ("suited", Operands::Suited),
        ("measured", Operands::Measured),
        ("storage", Operands::Storage),
        ("uniform", Operands::Uniform),
        ("block-64", blocks(block::Size::Block64)),
        ("block-128", blocks(block::Size::Block128)),
        #[cfg(feature = "cooperative-matrix")]
        ("cooperative", Operands::Cooperative),
    ];

    /// The variants that can be measured.
    pub(crate) fn variants() -> impl Iterator<Item = Operands> {
        Operands::SETTINGS[2..]
            .iter()
            .map(|&(_, operands)| operands)
    }

    /// Its name among the settings, whatever rows its blocks ask for.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Operands::Suited => "suited",
            Operands::Measured => "measured",
            Operands::Storage => "storage",
            Operands::Uniform => "uniform",
            Operands::Blocks {
                size: block::Size::Block64,
                ..
            } => "block-64",
            Operands::Blocks {
                size: block::Size::Block128,
                ..
            } => "block-128",
            #[cfg(feature = "cooperative-matrix")]
            Operands::Cooperative => "cooperative",
        }
    }

    /// The setting of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Operands> {
        let mut settings = Operands::SETTINGS.iter();
        settings
            .find(|(known, _)| *known == name)
            .map(|&(_, operands)| operands)
    }

    /// Itself, or what the variable's `value` names if this leaves it to that.
    pub(crate) fn or_variable(self, value: Option<&OsStr>) -> Result<Operands, String> {
        let Some(value) = value.filter(|value| self == Operands::Suited && !value.is_empty())
        else {
            return Ok(self);
        };
        let named = value.to_str().and_then(Operands::named);
        named.ok_or_else(|| {
            let names: Vec<&str> = Operands::SETTINGS.iter().map(|&(name, _)| name).collect();
            let names = names.join(", ");
            format!("{KERNELS_VARIABLE} is {value:?}, not one of {names}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_its_name() {
        for &(name, operands) in Operands::SETTINGS {
            assert_eq!(operands.name(), name);
            assert_eq!(Operands::named(name), Some(operands));
            let value = Some(OsStr::new(name));
            assert_eq!(Operands::Suited.or_variable(value), Ok(operands));
        }
        let chosen = Operands::Storage;
        assert_eq!(chosen.or_variable(Some(OsStr::new("uniform"))), Ok(chosen));
        for unset in [None, Some(OsStr::new(""))] {
            assert_eq!(Operands::Suited.or_variable(unset), Ok(Operands::Suited));
        }
        let error = Operands::Suited.or_variable(Some(OsStr::new("fast")));
        let names = "suited, measured, storage, uniform, block-64, block-128";
        #[cfg(feature = "cooperative-matrix")]
        let names = format!("{names}, cooperative");
        assert_eq!(
            error.expect_err("there is no such setting"),
            format!("AIVM_GPU_KERNELS is \"fast\", not one of {names}")
        );
    }
}
