//! Rules of the chapter "Control Flow Operators", and of the regions that these operators name.

use crate::block::Block;
use crate::ops::Operation;
use crate::refusal::Quoted;
use crate::{DataType, Graph, ModelLimits, Node, Operator, Refusal, RefusalCode, RegionId, Tensor};

/// Level 8K: MAX_TENSOR_LIST_SIZE.
const TENSOR_LIST_MAX: usize = 64;

/// The regions of a file as the operators of one of them see them.
pub(crate) struct Regions<'b, 'a> {
    /// Names with places in the file, sorted.
    pub names: &'b [(&'a str, usize)],
    /// The blocks, in file order; the one that is being read is empty.
    pub blocks: &'b [Block<'a>],
    /// Place of `main`.
    pub main: usize,
    /// Place of the region that is being read.
    pub current: usize,
}

impl<'b, 'a> Regions<'b, 'a> {
    /// Whether the region that is being read is `main`.
    pub(crate) fn in_main(&self) -> bool {
        self.current == self.main
    }

    fn find(&self, name: &str) -> Result<(RegionId, &'b Block<'a>), Refusal> {
        let Ok(index) = self.names.binary_search_by(|entry| entry.0.cmp(name)) else {
            return Err(Refusal::new(
                RefusalCode::UndefinedRegion,
                format!("region {}", Quoted(name)),
            ));
        };
        let place = self.names[index].1;
        // Longer cycles are found when all regions were read.
        if place == self.main || place == self.current {
            return Err(recursive(name));
        }
        // `main` has no number among the regions.
        let id = RegionId((place - usize::from(place > self.main)) as u32);
        Ok((id, &self.blocks[place]))
    }
}

fn recursive(name: &str) -> Refusal {
    Refusal::new(
        RefusalCode::RecursiveRegion,
        format!("region {}", Quoted(name)),
    )
}

/// COND_IF.
pub(crate) fn cond_if(
    operation: &Operation<'_>,
    regions: &Regions<'_, '_>,
    then_graph: &str,
    else_graph: &str,
) -> Result<Node, Refusal> {
    let (then_region, then_block) = regions.find(then_graph)?;
    let (else_region, else_block) = regions.find(else_graph)?;
    if operation.inputs.is_empty() {
        return Err(Refusal::new(RefusalCode::OperandCount, "no condition"));
    }
    let condition = operation.input(0)?;
    if condition.data_type != DataType::Bool {
        return Err(Refusal::new(
            RefusalCode::ConditionType,
            format!("the condition is {}", condition.data_type),
        ));
    }
    if condition.shape.elements() != 1 {
        return Err(Refusal::new(
            RefusalCode::ConditionSize,
            format!("the condition has shape {}", condition.shape),
        ));
    }
    let (inputs, outputs) = lists(operation, 1)?;
    same(
        &inputs,
        then_block.inputs(),
        RefusalCode::ThenGraphInputs,
        "input",
    )?;
    same(
        &inputs,
        else_block.inputs(),
        RefusalCode::ElseGraphInputs,
        "input",
    )?;
    same(
        &outputs,
        then_block.outputs(),
        RefusalCode::ThenGraphOutputs,
        "output",
    )?;
    same(
        &outputs,
        else_block.outputs(),
        RefusalCode::ElseGraphOutputs,
        "output",
    )?;
    node(
        operation,
        Operator::CondIf {
            then_region,
            else_region,
        },
    )
}

/// WHILE_LOOP.
pub(crate) fn while_loop(
    operation: &Operation<'_>,
    regions: &Regions<'_, '_>,
    cond_graph: &str,
    body_graph: &str,
) -> Result<Node, Refusal> {
    let (cond_region, cond) = regions.find(cond_graph)?;
    let (body_region, body) = regions.find(body_graph)?;
    let (inputs, outputs) = lists(operation, 0)?;
    same(
        &inputs,
        outputs.iter().copied(),
        RefusalCode::LoopOutputs,
        "output",
    )?;
    same(
        &inputs,
        cond.inputs(),
        RefusalCode::CondGraphInputs,
        "input",
    )?;
    same(
        &inputs,
        body.inputs(),
        RefusalCode::BodyGraphInputs,
        "input",
    )?;
    same(
        &inputs,
        body.outputs(),
        RefusalCode::BodyGraphOutputs,
        "output",
    )?;
    let count = cond.outputs().len();
    let Some(condition) = cond.outputs().next().filter(|_| count == 1) else {
        return Err(Refusal::new(
            RefusalCode::CondGraphOutputSize,
            format!("cond_graph has {count} outputs"),
        ));
    };
    if condition.shape.elements() != 1 {
        return Err(Refusal::new(
            RefusalCode::CondGraphOutputSize,
            format!("the condition has shape {}", condition.shape),
        ));
    }
    if condition.data_type != DataType::Bool {
        return Err(Refusal::new(
            RefusalCode::CondGraphOutputType,
            format!("the condition is {}", condition.data_type),
        ));
    }
    node(
        operation,
        Operator::WhileLoop {
            cond_region,
            body_region,
        },
    )
}

fn node(operation: &Operation<'_>, operator: Operator) -> Result<Node, Refusal> {
    Ok(Node {
        operator,
        inputs: operation.input_ids(operation.inputs.len())?,
        outputs: operation.output_ids()?,
        late: Vec::new(),
    })
}

/// The tensors of both lists of `operation`; the inputs from number `first`.
fn lists<'a>(
    operation: &Operation<'a>,
    first: usize,
) -> Result<(Vec<&'a Tensor>, Vec<&'a Tensor>), Refusal> {
    let (inputs, outputs) = (operation.inputs.len() - first, operation.outputs.len());
    if inputs.max(outputs) > TENSOR_LIST_MAX {
        return Err(Refusal::new(
            RefusalCode::TensorListLevel,
            format!("{inputs} inputs and {outputs} outputs"),
        ));
    }
    let inputs = (first..operation.inputs.len()).map(|index| operation.input(index));
    let outputs = operation.output_ids()?;
    let outputs = outputs.iter().map(|id| &operation.tensors[id.0 as usize]);
    Ok((inputs.collect::<Result<_, _>>()?, outputs.collect()))
}

/// Checks that a list of the operator and one of a region have the same types and shapes.
fn same<'t>(
    list: &[&Tensor],
    other: impl ExactSizeIterator<Item = &'t Tensor>,
    code: RefusalCode,
    what: &str,
) -> Result<(), Refusal> {
    if list.len() != other.len() {
        return Err(Refusal::new(
            code,
            format!("{} {what}s, expected {}", other.len(), list.len()),
        ));
    }
    for (index, (ours, theirs)) in list.iter().zip(other).enumerate() {
        if ours.data_type != theirs.data_type || ours.shape != theirs.shape {
            return Err(Refusal::new(
                code,
                format!(
                    "{what} {index} is {} {}, expected {} {}",
                    theirs.data_type, theirs.shape, ours.data_type, ours.shape
                ),
            ));
        }
    }
    Ok(())
}

/// The regions that `graph` uses, each once.
fn used(graph: &Graph) -> Vec<RegionId> {
    let mut used: Vec<RegionId> = graph.nodes.iter().flat_map(regions_of).collect();
    used.sort_unstable();
    used.dedup();
    used
}

/// The regions that a node uses.
fn regions_of(node: &Node) -> impl Iterator<Item = RegionId> + use<> {
    let pair = match node.operator {
        Operator::CondIf {
            then_region,
            else_region,
        } => Some([then_region, else_region]),
        Operator::WhileLoop {
            cond_region,
            body_region,
        } => Some([cond_region, body_region]),
        _ => None,
    };
    pair.into_iter().flatten()
}

/// A region on the way from `main` to the one that is being looked at.
struct Step {
    /// `None` for `main`.
    region: Option<RegionId>,
    /// What it uses and was not looked at yet.
    open: Vec<RegionId>,
    /// How deep control flow nests inside, as far as known.
    height: u32,
}

/// An order of the regions in which each stands behind those that it uses.
///
/// # Errors
/// If a region uses itself through others, is not used, or nests too deeply.
pub(crate) fn order(
    main: &Graph,
    regions: &[Graph],
    limits: &ModelLimits,
) -> Result<Vec<RegionId>, Refusal> {
    /// What is known of a region.
    #[derive(Clone, Copy, PartialEq)]
    enum Known {
        Nothing,
        OnTheWay,
        Height(u32),
    }
    let mut known = vec![Known::Nothing; regions.len()];
    let mut order = Vec::with_capacity(regions.len());
    let mut way = vec![Step {
        region: None,
        open: used(main),
        height: 0,
    }];
    // A walk with its own stack: the file decides how long the way is.
    while let Some(step) = way.last_mut() {
        if let Some(next) = step.open.pop() {
            match known[next.0 as usize] {
                Known::OnTheWay => {
                    return Err(Refusal::new(
                        RefusalCode::RecursiveRegion,
                        format!("region {}", next.0),
                    ));
                }
                Known::Height(height) => step.height = step.height.max(height + 1),
                Known::Nothing => {
                    known[next.0 as usize] = Known::OnTheWay;
                    way.push(Step {
                        region: Some(next),
                        open: used(&regions[next.0 as usize]),
                        height: 0,
                    });
                }
            }
            continue;
        }
        let height = step.height;
        if height > limits.nesting {
            return Err(Refusal::new(
                RefusalCode::NestingLevel,
                format!("{height} deep, the limit is {}", limits.nesting),
            ));
        }
        if let Some(region) = step.region {
            known[region.0 as usize] = Known::Height(height);
            order.push(region);
        }
        way.pop();
        if let Some(user) = way.last_mut() {
            user.height = user.height.max(height + 1);
        }
    }
    if let Some(index) = known.iter().position(|known| *known == Known::Nothing) {
        return Err(Refusal::new(
            RefusalCode::UnusedRegion,
            format!("region {index}"),
        ));
    }
    Ok(order)
}
