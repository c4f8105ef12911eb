//! What is counted over all regions of a file while it is read, and the variables that regions share.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::constant;
use crate::declaration::FileTensor;
use crate::ops::Resolved;
use crate::refusal::Quoted;
use crate::{ModelLimits, Refusal, RefusalCode, Tensor, Variable, VariableId};

/// The account of a file: how much of each limit is used up.
pub(crate) struct Account<'a, 'l> {
    pub limits: &'l ModelLimits,
    /// Tensors and shapes.
    tensors: u64,
    nodes: u64,
    constant_bytes: u64,
    weight_bytes: u64,
    /// Of the tensors that were written and are no constants, and of the variables.
    activation_bytes: u64,
    pub resolved: Resolved,
    variables: Vec<Variable>,
    variable_names: BTreeMap<&'a str, VariableId>,
}

impl<'a, 'l> Account<'a, 'l> {
    /// The account of a file of `file_bytes` bytes.
    pub(crate) fn new(limits: &'l ModelLimits, file_bytes: u64) -> Account<'a, 'l> {
        Account {
            limits,
            tensors: 0,
            nodes: 0,
            constant_bytes: 0,
            weight_bytes: 0,
            activation_bytes: 0,
            resolved: Resolved::new(file_bytes.saturating_mul(3)),
            variables: Vec::new(),
            variable_names: BTreeMap::new(),
        }
    }

    /// Counts a tensor or shape.
    pub(crate) fn count_tensor(&mut self) -> Result<(), Refusal> {
        self.tensors += 1;
        if self.tensors > u64::from(self.limits.tensors) {
            return Err(Refusal::new(
                RefusalCode::TensorCount,
                format!("the limit is {}", self.limits.tensors),
            ));
        }
        Ok(())
    }

    /// Counts an operator.
    pub(crate) fn count_node(&mut self) -> Result<(), Refusal> {
        self.nodes += 1;
        if self.nodes > u64::from(self.limits.nodes) {
            return Err(Refusal::new(
                RefusalCode::NodeCount,
                format!("the limit is {}", self.limits.nodes),
            ));
        }
        Ok(())
    }

    /// Counts the value of a constant.
    pub(crate) fn count_constant(&mut self, tensor: &Tensor) -> Result<(), Refusal> {
        self.constant_bytes = self.constant_bytes.saturating_add(tensor.bytes());
        if self.constant_bytes > self.limits.constant_bytes {
            return Err(Refusal::new(
                RefusalCode::ConstantBytes,
                format!(
                    "{} bytes with tensor {}, the limit is {}",
                    self.constant_bytes,
                    Quoted(&tensor.name),
                    self.limits.constant_bytes
                ),
            ));
        }
        self.resolved.take(tensor.bytes())
    }

    /// Counts the weight of a convolution, also one that another convolution reads too.
    pub(crate) fn count_weight(&mut self, tensor: &Tensor) -> Result<(), Refusal> {
        self.weight_bytes = self.weight_bytes.saturating_add(tensor.bytes());
        if self.weight_bytes > self.limits.weight_bytes {
            return Err(Refusal::new(
                RefusalCode::WeightBytes,
                format!(
                    "{} bytes with tensor {}, the limit is {}",
                    self.weight_bytes,
                    Quoted(&tensor.name),
                    self.limits.weight_bytes
                ),
            ));
        }
        Ok(())
    }

    /// Counts a tensor that is no constant. Done tensor by tensor, so that a graph above the limit is refused
    /// before the rest of its operators is read.
    pub(crate) fn count_activation(&mut self, tensor: &Tensor) -> Result<(), Refusal> {
        self.activation_bytes = self.activation_bytes.saturating_add(tensor.bytes());
        if self.activation_bytes > self.limits.activation_bytes {
            return Err(Refusal::new(
                RefusalCode::ActivationBytes,
                format!(
                    "{} bytes with tensor {}, the limit is {}",
                    self.activation_bytes,
                    Quoted(&tensor.name),
                    self.limits.activation_bytes
                ),
            ));
        }
        Ok(())
    }

    /// The variable named `name` that `declared` stands for: a new one, or that of another region.
    pub(crate) fn variable(
        &mut self,
        name: &'a str,
        declared: &FileTensor<'a>,
    ) -> Result<VariableId, Refusal> {
        let tensor = &declared.tensor;
        if let Some(&id) = self.variable_names.get(name) {
            let known = &self.variables[id.0 as usize];
            let same = known.data_type == tensor.data_type
                && known.shape == tensor.shape
                && if declared.data.bytes.is_empty() {
                    known.initial.iter().all(|&byte| byte == 0)
                } else {
                    first_value(declared)? == known.initial
                };
            if !same {
                return Err(Refusal::new(
                    RefusalCode::VariableDeclaration,
                    format!("variable {}", Quoted(name)),
                ));
            }
            return Ok(id);
        }
        if self.variables.len() as u64 >= u64::from(self.limits.variables) {
            return Err(Refusal::new(
                RefusalCode::VariableCount,
                format!("the limit is {}", self.limits.variables),
            ));
        }
        self.count_activation(tensor)?;
        // Counted like a constant, also where the file gives no value: a few bytes may not ask for a gigabyte.
        self.resolved.take(tensor.bytes())?;
        let id = VariableId(self.variables.len() as u32);
        self.variables.push(Variable {
            name: name.to_owned(),
            data_type: tensor.data_type,
            shape: tensor.shape.clone(),
            initial: first_value(declared)?,
        });
        self.variable_names.insert(name, id);
        Ok(id)
    }

    /// A variable that was declared.
    pub(crate) fn declared(&self, id: VariableId) -> &Variable {
        &self.variables[id.0 as usize]
    }

    /// All variables.
    pub(crate) fn into_variables(self) -> Vec<Variable> {
        self.variables
    }
}

/// The first value of a variable: its data, or zeros.
fn first_value(declared: &FileTensor<'_>) -> Result<Arc<[u8]>, Refusal> {
    let tensor = &declared.tensor;
    if declared.data.bytes.is_empty() {
        return Ok(vec![0; tensor.bytes() as usize].into());
    }
    let elements = u64::from(tensor.shape.elements());
    constant::decode(declared.data, tensor.data_type, elements)
}
