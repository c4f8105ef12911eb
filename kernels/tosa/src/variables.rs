//! The variables of a model (EXT-VARIABLE) between runs: the caller owns them.

use crate::{Program, RunStatus, VariableId, bytes};

/// Values of all variables of one model, as bytes at the borders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variables {
    values: Vec<Vec<u8>>,
}

impl Variables {
    /// The values that the file gives.
    #[must_use]
    pub fn initial(program: &Program) -> Variables {
        let values = program.variables().iter();
        Variables {
            values: values.map(|variable| variable.initial.to_vec()).collect(),
        }
    }

    /// The value of a variable.
    ///
    /// # Panics
    /// If the variables are those of another model.
    #[must_use]
    pub fn get(&self, id: VariableId) -> &[u8] {
        &self.values[id.0 as usize]
    }

    /// Where a back end writes the new value of a variable: bytes of its type, as many as before.
    ///
    /// # Panics
    /// If the variables are those of another model.
    pub fn get_mut(&mut self, id: VariableId) -> &mut [u8] {
        &mut self.values[id.0 as usize]
    }

    /// All values, one after the other in the order of [`Program::variables`].
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        self.values.concat()
    }

    /// The variables of `program` with the values of a snapshot.
    ///
    /// # Errors
    /// [`RunStatus::VariableBytes`] for another length, [`RunStatus::VariableValue`] for bytes that are no value of
    /// their type.
    pub fn restore(program: &Program, snapshot: &[u8]) -> Result<Variables, RunStatus> {
        let expected = program.variables().iter().map(|v| v.bytes()).sum();
        if snapshot.len() as u64 != expected {
            return Err(RunStatus::VariableBytes {
                expected,
                actual: snapshot.len() as u64,
            });
        }
        let mut rest = snapshot;
        let mut values = Vec::with_capacity(program.variables().len());
        for (index, variable) in program.variables().iter().enumerate() {
            let (value, behind) = rest.split_at(variable.bytes() as usize);
            rest = behind;
            if let Some(element) = bytes::first_bad_element(variable.data_type, value) {
                return Err(RunStatus::VariableValue {
                    variable: index as u32,
                    element: element as u32,
                    data_type: variable.data_type,
                });
            }
            values.push(value.to_vec());
        }
        Ok(Variables { values })
    }
}
