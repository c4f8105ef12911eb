//! What a block declares before its operators: tensors, shapes and variables, each judged alone.

use crate::flatbuffer::{Bytes, File, Table};
use crate::refusal::Quoted;
use crate::{Refusal, RefusalCode, Shape, Tensor, schema};

/// A tensor as a block declares it.
pub(crate) struct FileTensor<'a> {
    pub name: &'a str,
    /// The tensor itself, without value.
    pub tensor: Tensor,
    /// Its data: the value of a CONST, the first value of a variable.
    pub data: Bytes<'a>,
    /// The name of the variable that it stands for, if it stands for one.
    pub variable: Option<&'a str>,
}

/// A shape operand: a list of 64-bit integers, still in the file.
pub(crate) struct FileShape<'a> {
    pub rank: u32,
    pub data: Bytes<'a>,
    /// Whether its CONST_SHAPE was met.
    pub written: bool,
}

impl FileShape<'_> {
    /// Whether the data are `rank` integers. Serialisers write one, zero, for rank 0.
    pub(crate) fn has_data(&self) -> bool {
        let data = self.data.bytes;
        data.len() as u64 == 8 * u64::from(self.rank) || (self.rank == 0 && data == [0; 8])
    }

    /// The list.
    pub(crate) fn values(&self) -> impl Iterator<Item = i64> {
        self.data
            .bytes
            .as_chunks::<8>()
            .0
            .iter()
            .take(self.rank as usize)
            .map(|bytes| i64::from_le_bytes(*bytes))
    }
}

/// A tensor.
pub(crate) fn read_tensor<'a>(
    file: &mut File<'a>,
    table: Table,
) -> Result<FileTensor<'a>, Refusal> {
    let name = read_name(file, table)?;
    let refuse = |code, detail: String| {
        Err(Refusal::at(
            code,
            table.position,
            format!("tensor {}: {detail}", Quoted(name)),
        ))
    };
    let sides = file.ints(table, 1)?;
    let type_number = file.u32(table, 2)?;
    let data = file.bytes(table, 3)?;
    let variable = file.bool(table, 4)?;
    let unranked = file.bool(table, 5)?;
    let variable_name = file.name(table, 6)?.unwrap_or("");
    let (offset, size) = (file.u64(table, 7)?, file.u64(table, 8)?);
    let scale_type = file.u32(table, 9)?;
    let scale_data = file.bytes(table, 10)?;
    let block_shape = file.u32(table, 11)?;
    let (scale_offset, scale_size) = (file.u64(table, 12)?, file.u64(table, 13)?);
    if offset != 0 || size != 0 || scale_offset != 0 || scale_size != 0 {
        return refuse(
            RefusalCode::ExternalData,
            format!("{size} bytes at offset {offset} of another place"),
        );
    }
    if scale_type != 0 || block_shape != 0 || !scale_data.bytes.is_empty() {
        return refuse(
            RefusalCode::BlockScaled,
            format!("scale type {scale_type}, block shape {block_shape}"),
        );
    }
    if variable == variable_name.is_empty() {
        return refuse(
            RefusalCode::VariableTensor,
            format!("marked: {variable}, name {}", Quoted(variable_name)),
        );
    }
    let Some(data_type) = schema::data_type(type_number) else {
        return refuse(
            RefusalCode::UnsupportedType,
            format!("type number {type_number}"),
        );
    };
    if unranked {
        return refuse(RefusalCode::DynamicShape, "no rank".into());
    }
    if sides.len() > Shape::MAX_RANK {
        return refuse(RefusalCode::RankLimit, format!("rank {}", sides.len()));
    }
    let mut dimensions = [0; Shape::MAX_RANK];
    for (dimension, side) in dimensions.iter_mut().zip(sides.iter()) {
        match u32::try_from(side) {
            Ok(side) if side > 0 => *dimension = side,
            _ => return refuse(RefusalCode::DynamicShape, format!("a side of {side}")),
        }
    }
    let dimensions = &dimensions[..sides.len()];
    let shape = Shape::new(dimensions)
        .filter(|shape| u64::from(shape.elements()) * data_type.bytes() <= i32::MAX as u64);
    let Some(shape) = shape else {
        return refuse(
            RefusalCode::ShapeOverflow,
            format!("{dimensions:?} of {data_type}"),
        );
    };
    let tensor = Tensor {
        name: name.to_owned(),
        data_type,
        shape,
        constant: None,
    };
    Ok(FileTensor {
        name,
        tensor,
        data,
        variable: variable.then_some(variable_name),
    })
}

/// A shape operand: its name and itself.
pub(crate) fn read_shape<'a>(
    file: &mut File<'a>,
    table: Table,
) -> Result<(&'a str, FileShape<'a>), Refusal> {
    let name = read_name(file, table)?;
    let rank = file.u32(table, 1)?;
    let data = file.bytes(table, 2)?;
    let shape = FileShape {
        rank,
        data,
        written: false,
    };
    Ok((name, shape))
}

fn read_name<'a>(file: &mut File<'a>, table: Table) -> Result<&'a str, Refusal> {
    let name = file.name(table, 0)?.unwrap_or("");
    if name.is_empty() {
        return Err(Refusal::at(
            RefusalCode::EmptyName,
            table.position,
            "no name",
        ));
    }
    Ok(name)
}
