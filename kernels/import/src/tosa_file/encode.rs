//! A described graph as a FlatBuffer, by the slots of TOSA's schema.

use std::collections::BTreeSet;

use aivm_tosa::DataType;
use aivm_tosa::schema::{op, type_number};
use flatbuffers::{FlatBufferBuilder, UOffsetT, WIPOffset};

use super::op::Field;
use super::{Op, Operand, ShapeId, Tensor, TensorId, Writer};

type Builder = FlatBufferBuilder<'static>;
/// A written object; what it is, is known from where it is used.
type Written = WIPOffset<UOffsetT>;

pub(super) fn file(writer: &Writer) -> Vec<u8> {
    let needed = writer.needed();
    let mut used = Used::default();
    used.tensors
        .extend(writer.inputs.iter().chain(&writer.outputs));
    for (operator, _) in writer
        .operators
        .iter()
        .zip(&needed)
        .filter(|(_, needed)| **needed)
    {
        used.tensors.insert(operator.output);
        for input in &operator.inputs {
            match input {
                Operand::Tensor(id) => _ = used.tensors.insert(*id),
                Operand::Shape(id) => _ = used.shapes.insert(*id),
            }
        }
    }
    let mut builder = FlatBufferBuilder::new();
    // The builder aligns the whole file to its widest number: 8 bytes, as the schema asks for elements.
    builder.push(0_u64);
    let main = block(&mut builder, writer, &needed, &used);
    let region = {
        let name = text(&mut builder, "main");
        let blocks = vector(&mut builder, &[main]);
        table(&mut builder, &[(0, Slot::To(name)), (1, Slot::To(blocks))])
    };
    let version = {
        let number = |slot, value| (slot, Slot::I32(value));
        table(
            &mut builder,
            &[number(0, 1), number(1, 0), number(2, 0), (3, Slot::U8(0))],
        )
    };
    let regions = vector(&mut builder, &[region]);
    let root = table(
        &mut builder,
        &[(0, Slot::To(version)), (1, Slot::To(regions))],
    );
    builder.finish(root, Some("TOSA"));
    builder.finished_data().to_vec()
}

/// What is written: the rest is left out.
#[derive(Default)]
struct Used {
    tensors: BTreeSet<TensorId>,
    shapes: BTreeSet<ShapeId>,
}

fn block(builder: &mut Builder, writer: &Writer, needed: &[bool], used: &Used) -> Written {
    let mut operators = Vec::new();
    for &id in &used.tensors {
        if writer.tensors[id.0 as usize].data.is_some() {
            let name = writer.name(id).to_owned();
            operators.push(operator(builder, op::CONST, &[], &[], &[name]));
        }
    }
    for &id in &used.shapes {
        operators.push({
            let name = writer.shapes[id.0 as usize].0.clone();
            operator(builder, op::CONST_SHAPE, &[], &[], &[name])
        });
    }
    for (described, _) in writer
        .operators
        .iter()
        .zip(needed)
        .filter(|(_, needed)| **needed)
    {
        let inputs: Vec<String> = described
            .inputs
            .iter()
            .map(|input| operand_name(writer, *input))
            .collect();
        let output = writer.name(described.output).to_owned();
        let fields = attribute(
            builder,
            &described.op,
            first_type(writer, &described.inputs),
        );
        let number = described.op.number();
        operators.push(operator(builder, number, &fields, &inputs, &[output]));
    }
    let tensors: Vec<Written> = used
        .tensors
        .iter()
        .map(|&id| tensor(builder, &writer.tensors[id.0 as usize]))
        .collect();
    let shapes: Vec<Written> = used
        .shapes
        .iter()
        .map(|&id| shape(builder, writer, id))
        .collect();
    let border = |ids: &[TensorId]| ids.iter().map(|&id| writer.name(id).to_owned()).collect();
    let (inputs, outputs): (Vec<String>, Vec<String>) =
        (border(&writer.inputs), border(&writer.outputs));
    let name = text(builder, "main");
    let operators = vector(builder, &operators);
    let tensors = vector(builder, &tensors);
    let inputs = texts(builder, &inputs);
    let outputs = texts(builder, &outputs);
    let shapes = vector(builder, &shapes);
    let fields = [name, operators, tensors, inputs, outputs, shapes];
    let fields: Vec<(u16, Slot)> = (0..).zip(fields.map(Slot::To)).collect();
    table(builder, &fields)
}

fn operand_name(writer: &Writer, operand: Operand) -> String {
    match operand {
        Operand::Tensor(id) => writer.name(id).to_owned(),
        Operand::Shape(id) => writer.shapes[id.0 as usize].0.clone(),
    }
}

fn first_type(writer: &Writer, inputs: &[Operand]) -> DataType {
    match inputs.first() {
        Some(Operand::Tensor(id)) => writer.data_type(*id),
        _ => DataType::I32,
    }
}

/// The value of a field.
#[derive(Clone, Copy)]
enum Slot {
    U8(u8),
    I32(i32),
    /// An object that was written before.
    To(Written),
}

fn table(builder: &mut Builder, fields: &[(u16, Slot)]) -> Written {
    let start = builder.start_table();
    for (slot, field) in fields {
        let slot = 4 + 2 * slot;
        match *field {
            Slot::U8(value) => builder.push_slot_always(slot, value),
            Slot::I32(value) => builder.push_slot_always(slot, value),
            Slot::To(target) => builder.push_slot_always(slot, target),
        }
    }
    WIPOffset::new(builder.end_table(start).value())
}

fn text(builder: &mut Builder, text: &str) -> Written {
    WIPOffset::new(builder.create_string(text).value())
}

fn texts(builder: &mut Builder, texts: &[String]) -> Written {
    let texts: Vec<_> = texts
        .iter()
        .map(|text| builder.create_string(text))
        .collect();
    WIPOffset::new(builder.create_vector(&texts).value())
}

fn vector(builder: &mut Builder, objects: &[Written]) -> Written {
    WIPOffset::new(builder.create_vector(objects).value())
}

fn numbers(builder: &mut Builder, numbers: &[i32]) -> Written {
    WIPOffset::new(builder.create_vector(numbers).value())
}

/// Elements, which the schema aligns to 8 bytes. The file grows towards its beginning, and its length is a
/// multiple of 8.
fn elements(builder: &mut Builder, bytes: &[u8]) -> Written {
    while !(builder.unfinished_data().len() + bytes.len()).is_multiple_of(8) {
        builder.push(0_u8);
    }
    WIPOffset::new(builder.create_vector(bytes).value())
}

fn attribute(builder: &mut Builder, op: &Op, input: DataType) -> Vec<(u16, Slot)> {
    op.fields(input)
        .into_iter()
        .map(|(slot, field)| {
            let field = match field {
                Field::Flag(flag) => Slot::U8(u8::from(flag)),
                Field::Number(number) => Slot::I32(number),
                Field::Numbers(list) => Slot::To(numbers(builder, &list)),
                Field::Bytes(bytes) => Slot::To(elements(builder, &bytes)),
            };
            (slot, field)
        })
        .collect()
}

fn operator(
    builder: &mut Builder,
    number: u32,
    attribute: &[(u16, Slot)],
    inputs: &[String],
    outputs: &[String],
) -> Written {
    let attribute = table(builder, attribute);
    let inputs = texts(builder, inputs);
    let outputs = texts(builder, outputs);
    table(
        builder,
        &[
            (0, Slot::I32(number.cast_signed())),
            // An attribute's union number is a byte: no operator's number is larger.
            (1, Slot::U8(number as u8)),
            (2, Slot::To(attribute)),
            (3, Slot::To(inputs)),
            (4, Slot::To(outputs)),
        ],
    )
}

fn tensor(builder: &mut Builder, tensor: &Tensor) -> Written {
    let name = text(builder, &tensor.name);
    let sides: Vec<i32> = tensor.shape.iter().map(|&side| side as i32).collect();
    let sides = numbers(builder, &sides);
    let mut fields = vec![
        (0, Slot::To(name)),
        (1, Slot::To(sides)),
        (2, Slot::I32(type_number(tensor.data_type).cast_signed())),
    ];
    if let Some(data) = &tensor.data {
        let data = elements(builder, &file_data(tensor.data_type, data));
        fields.push((3, Slot::To(data)));
    }
    table(builder, &fields)
}

/// Elements as files have them: i4 in halves of bytes, i48 in six bytes, the others as they are.
fn file_data(data_type: DataType, data: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    match data_type {
        DataType::I4 => {
            let half = |byte: Option<&u8>| byte.map_or(0, |byte| byte & 0x0f);
            data.chunks(2)
                .map(|pair| half(pair.first()) | half(pair.get(1)) << 4)
                .collect()
        }
        DataType::I48 => data
            .as_chunks::<8>()
            .0
            .iter()
            .flat_map(|element| element[..6].to_vec())
            .collect(),
        _ => data.into(),
    }
}

fn shape(builder: &mut Builder, writer: &Writer, id: ShapeId) -> Written {
    let (name, values) = &writer.shapes[id.0 as usize];
    let name = text(builder, name);
    let data: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let data = elements(builder, &data);
    let rank = values.len() as i32;
    table(
        builder,
        &[
            (0, Slot::To(name)),
            (1, Slot::I32(rank)),
            (2, Slot::To(data)),
        ],
    )
}
