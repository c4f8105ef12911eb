//! `.npy` files, the array format of NumPy: one tensor a file.
//!
//! A file is the magic `\x93NUMPY`, a version (1.0, 2.0 or 3.0), the header's length (u16, or u32 from
//! version 2.0), a header that is a Python dictionary of `descr`, `fortran_order` and `shape`, and the
//! elements. Only what a tensor of a model can be is read: little-endian integers in C order. Reading
//! borrows the file and allocates no more than a shape of 32 numbers, whatever the header claims.

mod header;

use std::borrow::Cow;

use aivm_tosa::{DataType, Shape};
use header::{At, Header};

/// A file was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {offset}: {right}")]
pub struct NpyError {
    /// Bytes from the start of the file to what is wrong.
    pub offset: u64,
    /// What was found.
    pub what: String,
    /// What would be right.
    pub right: Cow<'static, str>,
}

/// The elements of a file that was checked against a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NpyTensor<'a> {
    /// Length of the leading axis of cases; 1 if none was asked for.
    pub cases: u32,
    /// The elements, row-major, little-endian, [`DataType::bytes`] each.
    pub data: &'a [u8],
}

const MAGIC: &[u8] = b"\x93NUMPY";

/// How NumPy names the elements of a tensor: i4 as int8, i48 as int64.
#[must_use]
pub const fn descr(data_type: DataType) -> &'static str {
    match data_type {
        DataType::Bool => "|b1",
        DataType::I4 | DataType::I8 => "|i1",
        DataType::I16 => "<i2",
        DataType::I32 => "<i4",
        DataType::I48 => "<i8",
    }
}

/// Checks that the file `bytes` holds a tensor of this type and shape, with one extra leading axis if
/// `cases` is set. Values are not checked against the type: a back end does that.
///
/// # Errors
/// The first thing in the file that is wrong.
pub fn read<'a>(
    bytes: &'a [u8],
    data_type: DataType,
    shape: &Shape,
    cases: bool,
) -> Result<NpyTensor<'a>, NpyError> {
    Contents::integers(data_type, shape).read(bytes, cases)
}

/// [`read`] for real numbers: the elements are `<f4`.
///
/// # Errors
/// The first thing in the file that is wrong.
pub fn read_reals<'a>(
    bytes: &'a [u8],
    shape: &Shape,
    cases: bool,
) -> Result<NpyTensor<'a>, NpyError> {
    Contents::reals(shape).read(bytes, cases)
}

/// How NumPy names a real number of a model: f32.
const REAL: &str = "<f4";

/// Bytes from a file's start that hold its header, and so are enough for [`file_bytes`].
pub const PREFIX_BYTES: u64 = header::PREFIX;

/// How long the file is that begins with `prefix`, if it holds what [`read`] expects, or [`read_reals`] where `reals` is set.
///
/// # Errors
/// The first thing in the header that is wrong.
pub fn file_bytes(
    prefix: &[u8],
    (data_type, shape): (DataType, &Shape),
    cases: bool,
    reals: bool,
) -> Result<u64, NpyError> {
    let contents = match reals {
        true => Contents::reals(shape),
        false => Contents::integers(data_type, shape),
    };
    let layout = contents.layout(prefix, cases)?;
    Ok((layout.data_start as u64).saturating_add(layout.data_bytes))
}

/// What is expected of a file.
struct Contents<'s> {
    element_bytes: u64,
    /// The elements' name in NumPy.
    descr: &'static str,
    /// Their name for people.
    name: String,
    shape: &'s Shape,
}

/// Where a file has its elements.
struct Layout {
    cases: u32,
    data_start: usize,
    data_bytes: u64,
}

impl<'s> Contents<'s> {
    fn integers(data_type: DataType, shape: &'s Shape) -> Contents<'s> {
        Contents {
            element_bytes: data_type.bytes(),
            descr: descr(data_type),
            name: data_type.to_string(),
            shape,
        }
    }

    fn reals(shape: &'s Shape) -> Contents<'s> {
        Contents {
            element_bytes: 4,
            descr: REAL,
            name: "real number".to_owned(),
            shape,
        }
    }

    /// Checks the header at the start of `bytes`.
    fn layout(&self, bytes: &[u8], cases: bool) -> Result<Layout, NpyError> {
        let (header_start, data_start) = header::bounds(bytes)?;
        let header = Header::parse(&bytes[..data_start], header_start)?;
        if header.descr.value != self.descr {
            return Err(header.descr.refuse(
                format!("elements {:?}", header.descr.value),
                format!("the model's {} is {:?} in a file", self.name, self.descr),
            ));
        }
        if header.fortran_order.value {
            return Err(header.fortran_order.refuse(
                "Fortran order".to_owned(),
                "C order; numpy.ascontiguousarray gives it",
            ));
        }
        let count = matching_cases(&header.shape, self.shape, cases)?;
        let case_bytes = u64::from(self.shape.elements()) * self.element_bytes;
        let data_bytes = case_bytes.checked_mul(u64::from(count)).ok_or_else(|| {
            header.shape.refuse(
                format!("{count} cases of {case_bytes} bytes"),
                "an array of fewer than 2^64 bytes",
            )
        })?;
        Ok(Layout {
            cases: count,
            data_start,
            data_bytes,
        })
    }

    fn read<'a>(&self, bytes: &'a [u8], cases: bool) -> Result<NpyTensor<'a>, NpyError> {
        let layout = self.layout(bytes, cases)?;
        let data = &bytes[layout.data_start..];
        if data.len() as u64 != layout.data_bytes {
            return Err(NpyError {
                offset: layout.data_start as u64,
                what: format!("{} bytes of elements", data.len()),
                right: format!("the header's shape needs {}", layout.data_bytes).into(),
            });
        }
        Ok(NpyTensor {
            cases: layout.cases,
            data,
        })
    }
}

/// A file of version 1.0 that holds `data` as a tensor of this type and shape, with a leading axis of
/// `cases` if there is one.
#[must_use]
pub fn write(data_type: DataType, shape: &Shape, cases: Option<u32>, data: &[u8]) -> Vec<u8> {
    write_elements(descr(data_type), shape, cases, data)
}

/// [`write()`] for real numbers, whose bytes `data` holds as f32, little-endian.
#[must_use]
pub fn write_reals(shape: &Shape, cases: Option<u32>, data: &[u8]) -> Vec<u8> {
    write_elements(REAL, shape, cases, data)
}

fn write_elements(descr: &str, shape: &Shape, cases: Option<u32>, data: &[u8]) -> Vec<u8> {
    let dimensions: Vec<u32> = cases
        .into_iter()
        .chain(shape.dimensions().iter().copied())
        .collect();
    let mut header = format!(
        "{{'descr': '{descr}', 'fortran_order': False, 'shape': {}, }}",
        tuple(&dimensions)
    );
    // Elements begin at a multiple of 64; the header ends with a line feed.
    let prefix = MAGIC.len() + 4;
    let padding = 63 - (prefix + header.len()) % 64;
    header.push_str(&" ".repeat(padding));
    header.push('\n');
    let mut file = Vec::with_capacity(prefix + header.len() + data.len());
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&[1, 0]);
    // Seven dimensions of ten digits are far below 64 KiB.
    file.extend_from_slice(&(header.len() as u16).to_le_bytes());
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(data);
    file
}

/// Dimensions as a Python tuple.
fn tuple(dimensions: &[u32]) -> String {
    match dimensions {
        [one] => format!("({one},)"),
        many => {
            let words: Vec<String> = many.iter().map(u32::to_string).collect();
            format!("({})", words.join(", "))
        }
    }
}

/// How many cases a shape of a file means for a tensor of `shape`.
fn matching_cases(found: &At<Vec<u64>>, shape: &Shape, cases: bool) -> Result<u32, NpyError> {
    let tensor = shape.dimensions().iter().map(|&n| u64::from(n));
    let skip = usize::from(cases);
    if found.value.len() == shape.rank() + skip && found.value.iter().skip(skip).copied().eq(tensor)
    {
        let count = if cases { found.value[0] } else { 1 };
        if let Ok(count) = u32::try_from(count)
            && count > 0
        {
            return Ok(count);
        }
    }
    let dimensions = tuple(shape.dimensions());
    Err(found.refuse(
        format!("shape {:?}", found.value),
        if cases {
            format!("a leading axis of 1 to 2^32 - 1 cases, then the model's {dimensions}")
        } else {
            format!("the model needs {dimensions}")
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(dimensions: &[u32]) -> Shape {
        Shape::new(dimensions).unwrap()
    }

    /// A version 1.0 file of this header and 6 bytes of elements.
    fn file(header: &str) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&[1, 0]);
        bytes.extend_from_slice(&(header.len() as u16).to_le_bytes());
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(&[1, 2, 3, 4, 5, 6]);
        bytes
    }

    fn refusal(header: &str) -> String {
        let error = read(&file(header), DataType::I8, &shape(&[2, 3]), false).unwrap_err();
        error.to_string()
    }

    #[test]
    fn a_header_tells_how_long_its_file_is() {
        let shape = shape(&[2, 3]);
        let file = write(DataType::I16, &shape, Some(4), &[0; 48]);
        let of = |prefix: &[u8]| file_bytes(prefix, (DataType::I16, &shape), true, false);
        assert_eq!(of(&file[..file.len() - 48]), Ok(file.len() as u64));
        assert!(of(&file[..20]).is_err());
        let reals = write_reals(&shape, None, &[0; 24]);
        let told = file_bytes(&reals, (DataType::I8, &shape), false, true);
        assert_eq!(told, Ok(reals.len() as u64));
        assert!(file_bytes(&reals, (DataType::I8, &shape), false, false).is_err());
    }

    #[test]
    fn a_header_has_a_longest_length() {
        let dictionary = "{'descr': '|i1', 'fortran_order': False, 'shape': (2, 3)}";
        for (bytes, is_read) in [(1_usize << 16, true), ((1 << 16) + 1, false)] {
            let mut file = b"\x93NUMPY\x02\x00".to_vec();
            file.extend_from_slice(&(bytes as u32).to_le_bytes());
            file.extend_from_slice(dictionary.as_bytes());
            file.resize(12 + bytes, b' ');
            assert!(file.len() as u64 <= PREFIX_BYTES || !is_read);
            file.extend_from_slice(&[0; 6]);
            let result = read(&file, DataType::I8, &shape(&[2, 3]), false);
            match is_read {
                true => assert_eq!(result.map(|tensor| tensor.data), Ok(&[0; 6][..])),
                false => assert!(result.unwrap_err().to_string().contains("at most 65536")),
            }
        }
    }

    #[test]
    fn what_is_written_is_read_for_every_type() {
        use DataType::{Bool, I4, I8, I16, I32, I48};
        for data_type in [Bool, I4, I8, I16, I32, I48] {
            for dimensions in [&[][..], &[3], &[2, 3]] {
                let shape = shape(dimensions);
                for cases in [None, Some(4)] {
                    let elements = u64::from(shape.elements() * cases.unwrap_or(1));
                    let data = vec![1; (elements * data_type.bytes()) as usize];
                    let file = write(data_type, &shape, cases, &data);
                    assert_eq!((file.len() - data.len()) % 64, 0);
                    let tensor = read(&file, data_type, &shape, cases.is_some()).unwrap();
                    assert_eq!(tensor.cases, cases.unwrap_or(1));
                    assert_eq!(tensor.data, data);
                }
            }
        }
    }

    #[test]
    fn real_numbers_are_read_and_written_as_f32() {
        let data: Vec<u8> = [1.5_f32, -0.25]
            .into_iter()
            .flat_map(f32::to_le_bytes)
            .collect();
        let file = write_reals(&shape(&[2]), None, &data);
        assert_eq!(read_reals(&file, &shape(&[2]), false).unwrap().data, data);
        let error = read(&file, DataType::I8, &shape(&[2]), false).unwrap_err();
        assert!(error.to_string().contains("<f4"), "{error}");
    }

    #[test]
    fn the_other_spellings_of_a_header_are_read() {
        for header in [
            "{'descr': '|i1', 'fortran_order': False, 'shape': (2, 3), }  \n",
            "{\"shape\":(2,3,),\"fortran_order\":False,\"descr\":\"|i1\"}",
        ] {
            let bytes = file(header);
            let tensor = read(&bytes, DataType::I8, &shape(&[2, 3]), false).unwrap();
            assert_eq!(tensor.data, [1, 2, 3, 4, 5, 6]);
        }
    }

    #[test]
    fn a_refusal_says_where_and_what_would_be_right() {
        let big = "{'descr': '>i1', 'fortran_order': False, 'shape': (2, 3)}";
        assert_eq!(
            refusal(big),
            "elements \">i1\" at byte 20: the model's i8 is \"|i1\" in a file"
        );
        let fortran = "{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3)}";
        assert!(refusal(fortran).starts_with("Fortran order at byte 44: C order"));
        let wrong = "{'descr': '|i1', 'fortran_order': False, 'shape': (3, 2)}";
        assert_eq!(
            refusal(wrong),
            "shape [3, 2] at byte 60: the model needs (2, 3)"
        );
        assert!(refusal("{'descr': '|i1', 'shape': (2, 3)}").contains("incomplete header"));
        assert!(refusal("{'descr': [('a', '<i4')]}").contains("a quoted string"));
        assert!(refusal("{'shape': (99999999999999999999, )}").contains("0 to 2^64 - 1"));
        assert!(refusal("{'shape': (-1, )}").contains("0 to 2^64 - 1"));
        assert!(refusal(&format!("{{'shape': ({})}}", "1,".repeat(33))).contains("32 dimensions"));
    }

    #[test]
    fn every_truncation_is_refused() {
        let whole = file("{'descr': '|i1', 'fortran_order': False, 'shape': (2, 3), }");
        for len in 0..whole.len() {
            let cut = read(&whole[..len], DataType::I8, &shape(&[2, 3]), false);
            assert!(cut.is_err(), "{len} bytes");
        }
    }

    #[test]
    fn claims_beyond_the_file_are_refused() {
        let mut long_header = b"\x93NUMPY\x02\x00".to_vec();
        long_header.extend_from_slice(&u32::MAX.to_le_bytes());
        let error = read(&long_header, DataType::I8, &shape(&[1]), false).unwrap_err();
        assert_eq!(error.offset, 8);
        let many = "{'descr': '<i8', 'fortran_order': False, 'shape': (4294967295, 46340, 46340)}";
        let error = read(&file(many), DataType::I48, &shape(&[46340, 46340]), true).unwrap_err();
        assert!(error.to_string().contains("2^64") || error.to_string().contains("needs"));
        let none = "{'descr': '|i1', 'fortran_order': False, 'shape': (0, 2, 3)}";
        assert!(read(&file(none), DataType::I8, &shape(&[2, 3]), true).is_err());
    }
}
