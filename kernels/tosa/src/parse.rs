//! Model bytes → [`Program`]: what stands around the one block, version, compatibility and regions.

use crate::block;
use crate::flatbuffer::{File, Kind, Table};
use crate::refusal::Quoted;
use crate::{ModelLimits, Program, Refusal, RefusalCode};

const REGION: Kind = ("TosaRegion", 2, 8);
const BLOCK: Kind = ("TosaBasicBlock", 6, 8);

/// Reads and checks a model file.
///
/// # Errors
/// The first rule that the file breaks, in file order.
pub(crate) fn parse(bytes: &[u8], limits: &ModelLimits) -> Result<Program, Refusal> {
    if bytes.len() as u64 > limits.file_bytes {
        return Err(Refusal::new(
            RefusalCode::FileBytes,
            format!("{} bytes, the limit is {}", bytes.len(), limits.file_bytes),
        ));
    }
    let (mut file, root) = File::open(bytes, b"TOSA", ("TosaGraph", 4), limits.name_bytes)?;
    read_version(&mut file, root)?;
    ignore_software_version(&mut file, root, 2)?;
    if let Some(compatibility) = file.table(root, 3, "SerializationCompatibility", 2)? {
        ignore_software_version(&mut file, compatibility, 0)?;
        let features = file.u64(compatibility, 1)?;
        if features != 0 {
            return Err(Refusal::at(
                RefusalCode::Compatibility,
                compatibility.position,
                format!("features {features:#x}"),
            ));
        }
    }
    let mut graph = None;
    file.tables(root, 1, REGION, |file, _, region| {
        let name = file.name(region, 0)?.unwrap_or("");
        if graph.is_some() || name != "main" {
            return Err(Refusal::at(
                RefusalCode::ControlFlowRegion,
                region.position,
                format!("region {}", Quoted(name)),
            ));
        }
        file.tables(region, 1, BLOCK, |file, _, block| {
            if graph.is_some() {
                return Err(Refusal::at(
                    RefusalCode::BlockCount,
                    block.position,
                    "a second block",
                ));
            }
            graph = Some(block::read(file, block, limits)?);
            Ok(())
        })?;
        if graph.is_none() {
            return Err(Refusal::at(
                RefusalCode::BlockCount,
                region.position,
                "no block",
            ));
        }
        Ok(())
    })?;
    file.close()?;
    let main = graph.ok_or_else(|| {
        Refusal::at(
            RefusalCode::ControlFlowRegion,
            root.position,
            "the file has no region",
        )
    })?;
    Ok(Program {
        main,
        regions: Vec::new(),
        variables: Vec::new(),
    })
}

fn read_version(file: &mut File<'_>, root: Table) -> Result<(), Refusal> {
    let version = file.table(root, 0, "Version", 4)?.ok_or_else(|| {
        Refusal::at(
            RefusalCode::MissingField,
            root.position,
            "the file has no version",
        )
    })?;
    let major = file.i32(version, 0, -1)?;
    let minor = file.i32(version, 1, -1)?;
    // Patches and drafts of 1.0 and 1.1 do not change what is read here.
    let _patch = file.i32(version, 2, -1)?;
    let _draft = file.u8(version, 3, 1)?;
    if major != 1 || !(0..=1).contains(&minor) {
        return Err(Refusal::at(
            RefusalCode::Version,
            version.position,
            format!("version {major}.{minor}"),
        ));
    }
    Ok(())
}

/// Which library wrote a file, or which it asks for, says nothing about the graph.
fn ignore_software_version(file: &mut File<'_>, table: Table, slot: usize) -> Result<(), Refusal> {
    if let Some(version) = file.table(table, slot, "SoftwareVersion", 4)? {
        for number in 0..3 {
            let _number = file.i32(version, number, -1)?;
        }
        let _modifier = file.text(version, 3)?;
    }
    Ok(())
}
