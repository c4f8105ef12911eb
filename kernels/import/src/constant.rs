//! Tensors whose value is known at import: initialisers and Constant nodes.

use std::sync::Arc;

use crate::ImportLimits;
use crate::onnx;

/// Element types of ONNX that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Element {
    F32,
    U8,
    I8,
    U16,
    I16,
    I32,
    I64,
    Bool,
    F64,
    U32,
    U64,
}

impl Element {
    /// The type of this number in ONNX's list, if it is read.
    pub(crate) fn of(number: i32) -> Option<Element> {
        Some(match number {
            1 => Element::F32,
            2 => Element::U8,
            3 => Element::I8,
            4 => Element::U16,
            5 => Element::I16,
            6 => Element::I32,
            7 => Element::I64,
            9 => Element::Bool,
            11 => Element::F64,
            12 => Element::U32,
            13 => Element::U64,
            _ => return None,
        })
    }

    /// ONNX's name of the type with this number.
    pub(crate) fn name_of(number: i32) -> &'static str {
        const NAMES: [&str; 24] = [
            "undefined",
            "float",
            "uint8",
            "int8",
            "uint16",
            "int16",
            "int32",
            "int64",
            "string",
            "bool",
            "float16",
            "double",
            "uint32",
            "uint64",
            "complex64",
            "complex128",
            "bfloat16",
            "float8e4m3fn",
            "float8e4m3fnuz",
            "float8e5m2",
            "float8e5m2fnuz",
            "uint4",
            "int4",
            "float4e2m1",
        ];
        let index = usize::try_from(number).ok();
        index
            .and_then(|index| NAMES.get(index).copied())
            .unwrap_or("a type beyond the list")
    }

    /// ONNX's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Element::F32 => "float",
            Element::U8 => "uint8",
            Element::I8 => "int8",
            Element::U16 => "uint16",
            Element::I16 => "int16",
            Element::I32 => "int32",
            Element::I64 => "int64",
            Element::Bool => "bool",
            Element::F64 => "double",
            Element::U32 => "uint32",
            Element::U64 => "uint64",
        }
    }

    fn bytes(self) -> usize {
        match self {
            Element::U8 | Element::I8 | Element::Bool => 1,
            Element::U16 | Element::I16 => 2,
            Element::F32 | Element::I32 | Element::U32 => 4,
            Element::I64 | Element::F64 | Element::U64 => 8,
        }
    }
}

/// A tensor whose value is known. Sides may be 0.
#[derive(Clone, Debug)]
pub(crate) struct Constant {
    pub element: Element,
    pub dims: Vec<u32>,
    /// The elements, row-major, little-endian.
    data: Arc<[u8]>,
}

impl Constant {
    /// The value of a tensor of the file, whose name is not of interest here.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(tensor: &onnx::Tensor, limits: &ImportLimits) -> Result<Constant, String> {
        if tensor.data_location != 0 || !tensor.external_data.is_empty() {
            return Err("its data lie in another file; store the model as one file (onnx.save_model with save_as_external_data=False)".into());
        }
        let Some(element) = Element::of(tensor.data_type) else {
            return Err(format!(
                "elements of type {}",
                Element::name_of(tensor.data_type)
            ));
        };
        let (dims, count) = checked_dims(&tensor.dims, limits)?;
        let typed = [
            tensor.float_data.len(),
            tensor.int32_data.len(),
            tensor.int64_data.len(),
        ];
        if !tensor.raw_data.is_empty() && typed != [0; 3] {
            return Err("data both in raw_data and in a typed list; keep one of them".into());
        }
        let data: Vec<u8> = if !tensor.raw_data.is_empty() {
            tensor.raw_data.clone()
        } else {
            match element {
                Element::F32 => tensor
                    .float_data
                    .iter()
                    .flat_map(|v| v.to_le_bytes())
                    .collect(),
                Element::I32 => tensor
                    .int32_data
                    .iter()
                    .flat_map(|v| v.to_le_bytes())
                    .collect(),
                Element::I64 => tensor
                    .int64_data
                    .iter()
                    .flat_map(|v| v.to_le_bytes())
                    .collect(),
                // The low bytes of an int32 each.
                Element::U8 | Element::I8 | Element::Bool | Element::U16 | Element::I16 => {
                    let bytes = element.bytes();
                    tensor
                        .int32_data
                        .iter()
                        .flat_map(|v| v.to_le_bytes().into_iter().take(bytes))
                        .collect()
                }
                Element::F64 | Element::U32 | Element::U64 => Vec::new(),
            }
        };
        let expected = count.saturating_mul(element.bytes() as u64);
        if data.len() as u64 != expected {
            return Err(format!(
                "{} bytes of data for {dims:?} of {}, which take {expected}",
                data.len(),
                element.name()
            ));
        }
        Ok(Constant {
            element,
            dims,
            data: data.into(),
        })
    }

    /// A list of 64-bit integers, as shapes are given.
    pub(crate) fn from_i64(values: &[i64], dims: Vec<u32>) -> Constant {
        Constant {
            element: Element::I64,
            dims,
            data: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        }
    }

    /// Integers of a type of at most 32 bits; each value is one of it.
    pub(crate) fn from_ints(element: Element, values: &[i64], dims: Vec<u32>) -> Constant {
        let bytes = element.bytes();
        Constant {
            element,
            dims,
            data: values
                .iter()
                .flat_map(|v| v.to_le_bytes().into_iter().take(bytes))
                .collect(),
        }
    }

    /// Floats.
    pub(crate) fn from_f32(values: &[f32], dims: Vec<u32>) -> Constant {
        Constant {
            element: Element::F32,
            dims,
            data: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.data.len() / self.element.bytes()
    }

    /// The only element, as a real number.
    pub(crate) fn only_number(&self) -> Option<f64> {
        if self.len() != 1 {
            return None;
        }
        match self.floats() {
            Some(floats) => floats.first().map(|&number| f64::from(number)),
            None => self
                .ints()
                .and_then(|mut ints| ints.next())
                .map(|number| number as f64),
        }
    }

    /// Whether the elements are integers of at most 32 bits, whose differences fit an i64.
    pub(crate) fn is_narrow(&self) -> bool {
        !matches!(
            self.element,
            Element::F32 | Element::F64 | Element::I64 | Element::U64
        )
    }

    /// Bytes of the data.
    pub(crate) fn byte_len(&self) -> usize {
        self.data.len()
    }

    /// The same elements in another shape of as many.
    pub(crate) fn reshaped(&self, dims: Vec<u32>) -> Constant {
        Constant {
            dims,
            ..self.clone()
        }
    }

    /// The elements as integers, in order; `None` for floats.
    pub(crate) fn ints(&self) -> Option<impl ExactSizeIterator<Item = i64> + '_> {
        if matches!(self.element, Element::F32 | Element::F64) {
            return None;
        }
        let element = self.element;
        Some(self.data.chunks_exact(element.bytes()).map(move |bytes| {
            let mut wide = [0; 8];
            wide[..bytes.len()].copy_from_slice(bytes);
            let unused = 64 - 8 * bytes.len() as u32;
            let value = i64::from_le_bytes(wide);
            match element {
                Element::I8 | Element::I16 | Element::I32 => value << unused >> unused,
                _ => value,
            }
        }))
    }

    /// The elements as floats, in order; `None` for integers.
    pub(crate) fn floats(&self) -> Option<Vec<f32>> {
        (self.element == Element::F32).then(|| {
            let bytes = self.data.as_chunks::<4>().0;
            bytes
                .iter()
                .map(|bytes| f32::from_le_bytes(*bytes))
                .collect()
        })
    }

    /// The axes in another order: axis `i` of the result is axis `perms[i]`.
    pub(crate) fn transposed(&self, perms: &[usize]) -> Constant {
        let size = self.element.bytes();
        let mut data = Vec::with_capacity(self.data.len());
        let dims: Vec<u32> = perms.iter().map(|&axis| self.dims[axis]).collect();
        if self.data.is_empty() {
            return self.reshaped(dims);
        }
        for index in indices(&dims) {
            let mut from = 0;
            for (axis, &side) in self.dims.iter().enumerate() {
                let place = perms
                    .iter()
                    .position(|&perm| perm == axis)
                    .map_or(0, |i| index[i]);
                from = from * side as usize + place as usize;
            }
            data.extend_from_slice(&self.data[from * size..(from + 1) * size]);
        }
        Constant {
            element: self.element,
            dims,
            data: data.into(),
        }
    }
}

/// All indices into a tensor of these sides, in row-major order.
pub(crate) fn indices(dims: &[u32]) -> impl Iterator<Item = Vec<u32>> {
    let count: usize = dims.iter().map(|&side| side as usize).product();
    let mut index = vec![0; dims.len()];
    (0..count).map(move |_| {
        let current = index.clone();
        for (place, &side) in index.iter_mut().zip(dims).rev() {
            *place += 1;
            if *place < side {
                break;
            }
            *place = 0;
        }
        current
    })
}

/// Sides of a tensor of the file, and its number of elements.
fn checked_dims(dims: &[i64], limits: &ImportLimits) -> Result<(Vec<u32>, u64), String> {
    if dims.len() > aivm_tosa::Shape::MAX_RANK {
        return Err(format!(
            "rank {}, the most is {}",
            dims.len(),
            aivm_tosa::Shape::MAX_RANK
        ));
    }
    let mut sides = Vec::with_capacity(dims.len());
    let mut count = 1_u64;
    // A side of 0 excuses no other side.
    let mut filled = 1_u64;
    for &side in dims {
        let side = u32::try_from(side).map_err(|_| format!("a side of {side}"))?;
        sides.push(side);
        filled = filled.saturating_mul(u64::from(side.max(1)));
        count = count.saturating_mul(u64::from(side));
    }
    if filled > limits.elements {
        return Err(format!(
            "{sides:?} has more than {} elements",
            limits.elements
        ));
    }
    Ok((sides, count))
}
