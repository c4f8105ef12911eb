//! Real numbers at the border of an imported model: the only place where a run meets floats.
//!
//! `MODEL.tosa.json`, which the importer writes, says what the integers mean. Inputs are quantised as ONNX's
//! QuantizeLinear does it: divided by the scale in f32, rounded half to even, saturated.
#![expect(
    clippy::float_arithmetic,
    reason = "what users hold are real numbers; behind this border there are integers"
)]

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use aivm_import::{Border, Metadata};
use aivm_tosa::{DataType, Tensor, bytes};
use synergy_aivm::Priced;

use super::failure::Failure;
use super::{files, hex};

/// Far more than the metadata of any model takes.
const METADATA_BYTES: u64 = 16 << 20;

/// The file beside a model that says what its integers mean.
pub(crate) fn metadata_path(model: &Path) -> PathBuf {
    let mut name: OsString = model.as_os_str().to_owned();
    name.push(".json");
    name.into()
}

/// Reads what the importer wrote beside the model at `path`, and checks that it is about this model.
pub(crate) fn read_metadata(path: &Path, model: &Priced) -> Result<Metadata, Failure> {
    let path = metadata_path(path);
    let bytes = files::read(&path, METADATA_BYTES)?;
    let metadata: Metadata =
        serde_json::from_slice(&bytes).map_err(|error| Failure::refused(&path, error))?;
    let hash = hex(&model.hash());
    if metadata.format != 1 || metadata.model != hash {
        let why = format!(
            "format {} about the model {}; this one is {hash}",
            metadata.format, metadata.model
        );
        return Err(Failure::refused(&path, why));
    }
    let graph = model.graph();
    for (kind, borders, ids) in [
        ("input", &metadata.inputs, graph.inputs()),
        ("output", &metadata.outputs, graph.outputs()),
    ] {
        let names = borders.iter().map(|border| border.name.as_str());
        if !names.eq(ids.iter().map(|&id| graph.tensor(id).name.as_str())) {
            let why = format!("its {kind}s are not those of the model");
            return Err(Failure::refused(&path, why));
        }
        let wrong = borders.iter().zip(ids).find(|(border, id)| {
            let last = graph.tensor(**id).shape.dimensions().last().copied();
            let channels = border.scales.len() == last.unwrap_or(1) as usize;
            let sound = |scale: &f64| scale.is_finite() && *scale > 0.0;
            !(border.scales.len() == 1 || channels) || !border.scales.iter().all(sound)
        });
        if let Some((border, _)) = wrong {
            let why = format!("the scales of {kind} {:?}", border.name);
            return Err(Failure::refused(&path, why));
        }
    }
    Ok(metadata)
}

/// Real numbers as the bytes of a tensor.
///
/// # Errors
/// The index of an element that is not a number.
pub(crate) fn quantise(border: &Border, tensor: &Tensor, values: &[f32]) -> Result<Vec<u8>, usize> {
    let (min, max) = (tensor.data_type.min(), tensor.data_type.max());
    let mut stored = Vec::with_capacity(values.len());
    for (index, (&value, scale)) in values.iter().zip(border.scales.iter().cycle()).enumerate() {
        if value.is_nan() {
            return Err(index);
        }
        // The cast saturates.
        let steps = (value / *scale as f32).round_ties_even() as i64;
        stored.push(steps.saturating_add(border.zero_point).clamp(min, max));
    }
    let mut data = Vec::with_capacity(values.len() * tensor.data_type.bytes() as usize);
    bytes::encode(tensor.data_type, &stored, &mut data);
    Ok(data)
}

/// The bytes of a tensor as real numbers.
pub(crate) fn dequantise(border: &Border, data_type: DataType, data: &[u8]) -> Vec<f32> {
    bytes::decode(data_type, data)
        .into_iter()
        .zip(border.scales.iter().cycle())
        .map(|(stored, scale)| (stored - border.zero_point) as f32 * *scale as f32)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aivm_tosa::Shape;

    fn border(scales: &[f64], zero_point: i64) -> Border {
        Border {
            name: "x".into(),
            onnx_type: "float".into(),
            tosa_type: "i8".into(),
            shape: vec![scales.len() as u32],
            scales: scales.to_vec(),
            zero_point,
        }
    }

    fn tensor(sides: &[u32]) -> Tensor {
        Tensor {
            name: "x".into(),
            data_type: DataType::I8,
            shape: Shape::new(sides).expect("a small shape"),
            constant: None,
        }
    }

    #[test]
    fn halves_round_to_even_and_ends_saturate() {
        let stored = quantise(
            &border(&[0.5], -3),
            &tensor(&[5]),
            &[0.25, 0.75, -0.25, 1e9, -1e9],
        );
        let stored: Vec<i8> = stored
            .expect("numbers")
            .into_iter()
            .map(|byte| byte as i8)
            .collect();
        assert_eq!(stored, [-3, -1, -3, 127, -128]);
        assert_eq!(
            quantise(&border(&[0.5], 0), &tensor(&[2]), &[0.0, f32::NAN]),
            Err(1)
        );
    }

    #[test]
    fn every_channel_has_its_scale() {
        let border = border(&[0.5, 2.0], 1);
        assert_eq!(
            dequantise(&border, DataType::I8, &[3, 3, 0, 0]),
            [1.0, 4.0, -0.5, -2.0]
        );
    }
}
