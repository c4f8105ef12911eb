//! Model bytes → [`Program`]: what stands around the blocks, version, compatibility and regions.

use crate::account::Account;
use crate::block::Block;
use crate::control_flow::{self, Regions};
use crate::flatbuffer::{File, Kind, Table};
use crate::refusal::Quoted;
use crate::{ModelLimits, Program, Refusal, RefusalCode, Tensor};

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
    let regions = read_regions(&mut file, root, limits)?;
    let program = read_program(&mut file, root, &regions, limits)?;
    file.close()?;
    Ok(program)
}

/// A region before its block is read.
struct Region<'a> {
    name: &'a str,
    block: Table,
}

fn read_regions<'a>(
    file: &mut File<'a>,
    root: Table,
    limits: &ModelLimits,
) -> Result<Vec<Region<'a>>, Refusal> {
    file.tables(root, 1, REGION, |file, index, region| {
        let name = file.name(region, 0)?.unwrap_or("");
        let refuse = |code, detail: &str| {
            Refusal::at(
                code,
                region.position,
                format!("region {}: {detail}", Quoted(name)),
            )
        };
        // `main` is not counted.
        if index as u64 > u64::from(limits.regions) {
            let limit = format!("the limit is {} and main", limits.regions);
            return Err(refuse(RefusalCode::RegionCount, &limit));
        }
        let blocks = file.tables(region, 1, BLOCK, |_, _, block| Ok(block))?;
        match blocks[..] {
            [block] => Ok(Region { name, block }),
            [] => Err(refuse(RefusalCode::BlockCount, "no block")),
            [_, ..] => Err(refuse(RefusalCode::BlockCount, "a second block")),
        }
    })
}

fn read_program<'a>(
    file: &mut File<'a>,
    root: Table,
    regions: &[Region<'a>],
    limits: &ModelLimits,
) -> Result<Program, Refusal> {
    let mut names: Vec<_> = regions.iter().map(|region| region.name).zip(0..).collect();
    names.sort_unstable();
    for pair in names.windows(2) {
        if pair[0].0 == pair[1].0 {
            return Err(Refusal::at(
                RefusalCode::DuplicateRegion,
                root.position,
                format!("{} twice", Quoted(pair[0].0)),
            ));
        }
    }
    let main = regions.iter().position(|region| region.name == "main");
    let main = main.ok_or_else(|| {
        let detail = format!("{} regions of other names", regions.len());
        Refusal::at(RefusalCode::MainRegion, root.position, detail)
    })?;
    let in_region = |place: usize, refusal: Refusal| {
        if place == main {
            return refusal;
        }
        let name = Quoted(regions[place].name);
        Refusal {
            detail: format!("region {name}: {}", refusal.detail),
            ..refusal
        }
    };
    let mut account = Account::new(limits, file.len() as u64);
    let mut blocks = Vec::with_capacity(regions.len());
    for (place, region) in regions.iter().enumerate() {
        let block = Block::declare(file, region.block, &mut account);
        blocks.push(block.map_err(|refusal| in_region(place, refusal))?);
    }
    check_borders(&blocks[main], regions[main].block, limits)?;
    for (current, region) in regions.iter().enumerate() {
        let mut block = std::mem::take(&mut blocks[current]);
        let seen = Regions {
            names: &names,
            blocks: &blocks,
            main,
            current,
        };
        block
            .operate(file, region.block, &mut account, &seen)
            .map_err(|refusal| in_region(current, refusal))?;
        blocks[current] = block;
    }
    let mut graphs: Vec<_> = blocks.into_iter().map(Block::into_graph).collect();
    let graph = graphs.remove(main);
    let order = control_flow::order(&graph, &graphs, limits)
        .map_err(|refusal| refusal.or_at(root.position))?;
    Ok(Program {
        main: graph,
        regions: graphs,
        order,
        variables: account.into_variables(),
    })
}

/// Checks the inputs and outputs of `main`.
fn check_borders(main: &Block<'_>, table: Table, limits: &ModelLimits) -> Result<(), Refusal> {
    if main.outputs().len() == 0 {
        return Err(Refusal::at(
            RefusalCode::NoOutput,
            table.position,
            "main has no output",
        ));
    }
    let inputs: u64 = main.inputs().map(Tensor::bytes).sum();
    let outputs: u64 = main.outputs().map(Tensor::bytes).sum();
    let bytes = inputs.max(outputs);
    if bytes > limits.border_bytes {
        return Err(Refusal::at(
            RefusalCode::BorderBytes,
            table.position,
            format!("{bytes} bytes, the limit is {}", limits.border_bytes),
        ));
    }
    Ok(())
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
