//! Which values share a buffer: a value's buffer is free again after the last step that reads it.

use crate::program::{Operand, Output, Program};

/// Buffers of a program, for one case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Slots {
    /// Of each value, its buffer.
    pub(crate) of_value: Vec<usize>,
    /// Words of each buffer.
    pub(crate) words: Vec<u32>,
}

/// Assigns buffers. No step's output shares one with its operands; inputs are there from the start, outputs
/// stay to the end.
pub(crate) fn assign(program: &Program) -> Slots {
    let last_use = last_uses(program);
    let mut slots = Slots {
        of_value: vec![usize::MAX; program.values.len()],
        words: Vec::new(),
    };
    let mut free = Vec::new();
    for input in &program.inputs {
        slots.place(&mut free, input.value, program.values[input.value]);
    }
    for (index, (inputs, outputs)) in accesses(program).into_iter().enumerate() {
        for &output in outputs {
            slots.place(&mut free, output, program.values[output]);
        }
        // Freed only now, so that no output could take an operand's buffer.
        let mut freed: Vec<usize> = inputs
            .iter()
            .filter_map(value_of)
            .chain(outputs.iter().copied())
            .collect();
        freed.sort_unstable();
        freed.dedup();
        free.extend(
            freed
                .into_iter()
                .filter(|&value| last_use[value] == index)
                .map(|value| slots.of_value[value]),
        );
    }
    slots
}

/// What each step and each control reads and writes, in the order in which they run.
fn accesses(program: &Program) -> Vec<(&[Operand], &[usize])> {
    let mut all = Vec::with_capacity(program.steps.len() + program.controls.len());
    let mut controls = program.controls.iter().peekable();
    for index in 0..=program.steps.len() {
        while let Some(control) = controls.next_if(|control| control.before == index) {
            all.push((control.inputs.as_slice(), control.outputs.as_slice()));
        }
        if let Some(step) = program.steps.get(index) {
            all.push((step.operands.as_slice(), std::slice::from_ref(&step.output)));
        }
    }
    all
}

/// Of each value the last of the program's accesses that needs it; outputs are needed behind all of them.
fn last_uses(program: &Program) -> Vec<usize> {
    let mut last = vec![0; program.values.len()];
    for (index, (inputs, outputs)) in accesses(program).into_iter().enumerate() {
        for value in inputs
            .iter()
            .filter_map(value_of)
            .chain(outputs.iter().copied())
        {
            last[value] = index;
        }
    }
    for value in program.results.iter().filter_map(value_of) {
        last[value] = usize::MAX;
    }
    for output in &program.outputs {
        if let Output::Value { value, .. } = output {
            last[*value] = usize::MAX;
        }
    }
    last
}

fn value_of(operand: &Operand) -> Option<usize> {
    match operand {
        Operand::Value(value) => Some(*value),
        Operand::Constant(_) => None,
    }
}

impl Slots {
    /// Takes the smallest free buffer that is large enough, or else enlarges the largest, or else adds one.
    fn place(&mut self, free: &mut Vec<usize>, value: usize, words: u32) {
        if self.of_value[value] != usize::MAX {
            // An earlier step makes another part of it.
            return;
        }
        let fits = (0..free.len())
            .filter(|&i| self.words[free[i]] >= words)
            .min_by_key(|&i| self.words[free[i]]);
        let chosen = fits.or_else(|| (0..free.len()).max_by_key(|&i| self.words[free[i]]));
        let slot = match chosen {
            Some(index) => free.swap_remove(index),
            None => {
                self.words.push(0);
                self.words.len() - 1
            }
        };
        self.words[slot] = self.words[slot].max(words);
        self.of_value[value] = slot;
    }
}

#[cfg(test)]
mod tests {
    use aivm_shaders::kernels::Kernel;

    use super::*;
    use crate::program::{Action, Control, Input, Step};

    fn step(operands: &[usize], output: usize) -> Step {
        let operands: Vec<Operand> = operands
            .iter()
            .map(|&value| Operand::Value(value))
            .collect();
        Step {
            kernel: Kernel {
                name: "none".into(),
                source: "".into(),
                inputs: operands.len() as u32,
                uniforms: 0,
            },
            params: Vec::new(),
            operands,
            output,
            groups: [1, 1],
            cut: crate::program::Cut::WHOLE,
            nodes: Vec::new(),
            tensor: None,
            work: 1,
        }
    }

    #[test]
    fn a_chain_alternates_between_two_buffers() {
        let program = Program {
            values: vec![8, 4, 16, 2],
            inputs: vec![Input {
                value: 0,
                bytes: 32,
            }],
            steps: vec![step(&[0], 1), step(&[1], 2), step(&[2], 3)],
            outputs: vec![Output::Value { value: 3, bytes: 8 }],
            ..Program::default()
        };
        assert_eq!(
            assign(&program),
            Slots {
                of_value: vec![0, 1, 0, 1],
                words: vec![16, 4]
            }
        );
    }

    #[test]
    fn a_value_read_later_keeps_its_buffer() {
        let program = Program {
            values: vec![4, 4, 4, 4],
            inputs: vec![Input {
                value: 0,
                bytes: 16,
            }],
            steps: vec![step(&[0], 1), step(&[1], 2), step(&[0, 2], 3)],
            outputs: vec![Output::Value {
                value: 3,
                bytes: 16,
            }],
            ..Program::default()
        };
        assert_eq!(assign(&program).of_value, vec![0, 1, 2, 1]);
    }

    #[test]
    fn steps_that_make_parts_of_a_value_write_one_buffer() {
        let program = Program {
            values: vec![4, 4, 4],
            inputs: vec![Input {
                value: 0,
                bytes: 16,
            }],
            steps: vec![step(&[0], 1), step(&[0], 1), step(&[1], 2)],
            outputs: vec![Output::Value {
                value: 2,
                bytes: 16,
            }],
            ..Program::default()
        };
        assert_eq!(assign(&program).of_value, vec![0, 1, 0]);
    }

    #[test]
    fn outputs_stay_to_the_end() {
        let program = Program {
            values: vec![4, 4, 4],
            inputs: vec![Input {
                value: 0,
                bytes: 16,
            }],
            steps: vec![step(&[0], 1), step(&[1], 2)],
            outputs: vec![
                Output::Value {
                    value: 1,
                    bytes: 16,
                },
                Output::Value {
                    value: 2,
                    bytes: 16,
                },
            ],
            ..Program::default()
        };
        let slots = assign(&program);
        assert_ne!(slots.of_value[1], slots.of_value[2]);
    }

    #[test]
    fn what_the_host_does_uses_buffers_in_its_turn() {
        let program = Program {
            values: vec![4; 6],
            inputs: vec![Input {
                value: 0,
                bytes: 16,
            }],
            steps: vec![step(&[0], 1), step(&[2, 3], 4), step(&[4], 5)],
            controls: vec![Control {
                before: 1,
                action: Action::ReadVariable(aivm_tosa::VariableId(0)),
                inputs: vec![Operand::Value(1)],
                outputs: vec![2, 3],
            }],
            results: vec![Operand::Value(5), Operand::Value(3)],
            ..Program::default()
        };
        // The first of its outputs takes the buffer of value 0, which the first step was the last to read. Value 3 is a
        // result, so it keeps its buffer.
        assert_eq!(assign(&program).of_value, vec![0, 1, 0, 2, 1, 0]);
    }
}
