//! Runs the steps of planned graphs.

use std::mem;

use aivm_tosa::{NodeId, Priced, RegionId, RunStatus, TensorId, Variables, bytes};

use crate::chain::{Program, REGISTER_NUMBERS};
use crate::isa::Isa;
use crate::linear::matmul;
use crate::memory::{Buffer, Place, Reader, Source, copy, split};
use crate::plan::{Body, Lowered, Operands, lower};
use crate::step::Step;
use crate::threads::Sharing;

/// Elements of a chain from which its blocks are shared among threads.
pub(crate) const PARALLEL_ELEMENTS: usize = 1 << 13;

/// Elements of a chain in a part of its own: whole cache lines.
const PART_ELEMENTS: usize = PARALLEL_ELEMENTS / 2;

/// Outputs of a chain that need no large tables on the stack.
const FEW_OUTPUTS: usize = 3;

/// Outputs of a chain at most: one for each of its nodes.
const MOST_OUTPUTS: usize = crate::plan::CHAIN_NODES;

/// The memory of one run; kept for the next.
pub(crate) struct Scratch {
    /// The arena of each graph: `main`, then the regions. Regions do not run inside themselves.
    arenas: Vec<Buffer>,
    numbers: Vec<i32>,
    bytes: Vec<u8>,
    variables: Vec<Vec<u8>>,
}

impl Scratch {
    pub(crate) fn new(bodies: &[Body], variables: &Variables, count: usize) -> Scratch {
        let wants = |want: fn(&Body) -> usize| bodies.iter().map(want).max().unwrap_or(0);
        let mut scratch = Scratch {
            arenas: bodies
                .iter()
                .map(|body| Buffer::new(body.arena_bytes))
                .collect(),
            numbers: vec![0; wants(|body| body.scratch_numbers)],
            bytes: vec![0; wants(|body| body.scratch_bytes)],
            variables: vec![Vec::new(); count],
        };
        scratch.set_variables(variables);
        scratch
    }

    /// Begins a run with these values.
    pub(crate) fn set_variables(&mut self, variables: &Variables) {
        for (own, id) in self.variables.iter_mut().zip(0..) {
            own.clear();
            own.extend_from_slice(variables.get(aivm_tosa::VariableId(id)));
        }
    }

    /// Hands out the values after a run.
    pub(crate) fn copy_variables(&self, variables: &mut Variables) {
        for (own, id) in self.variables.iter().zip(0..) {
            variables
                .get_mut(aivm_tosa::VariableId(id))
                .copy_from_slice(own);
        }
    }
}

/// Is called after each step of `main` with its nodes.
pub(crate) type Observe<'a> = &'a mut (dyn FnMut(&[NodeId]) + Send);

/// A planned model as its steps see it.
#[derive(Clone, Copy)]
pub(crate) struct Machine<'a> {
    pub model: &'a Priced,
    /// `main`, then the regions.
    pub bodies: &'a [Body],
    pub constants: &'a [u8],
    pub isa: Isa,
    /// Who large steps are shared with.
    pub sharing: Sharing<'a>,
}

/// The bytes at `place` while nothing is written.
fn at<'a>(arena: &'a [u8], constants: &'a [u8], place: Place) -> &'a [u8] {
    match place.source {
        Source::Arena => &arena[place.range()],
        Source::Constants => &constants[place.range()],
    }
}

impl Machine<'_> {
    /// Runs `main` on the inputs of one case and writes its outputs. `observe` is told of each step.
    ///
    /// # Errors
    /// [`RunStatus::IterationLimit`].
    pub(crate) fn case(
        &self,
        scratch: &mut Scratch,
        mut input: &[u8],
        mut output: &mut [u8],
        observe: Observe<'_>,
    ) -> Result<(), RunStatus> {
        let body = &self.bodies[0];
        let arena = scratch.arenas[0].bytes_mut();
        for place in &body.inputs {
            let (own, rest) = input.split_at(place.bytes);
            copy(&mut arena[place.range()], own);
            input = rest;
        }
        self.body(0, scratch, observe)?;
        let arena = scratch.arenas[0].bytes();
        for &place in &body.outputs {
            let (own, rest) = mem::take(&mut output).split_at_mut(place.bytes);
            copy(own, at(arena, self.constants, place));
            output = rest;
        }
        Ok(())
    }

    /// Runs the steps of a graph whose inputs stand in its arena. Regions run inside; validation bounds how deep.
    fn body(
        &self,
        index: usize,
        scratch: &mut Scratch,
        observe: Observe<'_>,
    ) -> Result<(), RunStatus> {
        let mut arena = mem::take(&mut scratch.arenas[index]);
        let body = &self.bodies[index];
        let mut steps = body.steps.iter().zip(&body.nodes);
        let result = steps.try_for_each(|(step, nodes)| {
            self.step(index, step, arena.bytes_mut(), scratch)?;
            observe(nodes);
            Ok(())
        });
        scratch.arenas[index] = arena;
        result
    }

    fn step(
        &self,
        body: usize,
        step: &Step,
        arena: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<(), RunStatus> {
        match step {
            Step::Chain(program) => self.chain(program, arena, &mut scratch.numbers),
            Step::Linear {
                linear,
                input,
                output,
            } => self.write(arena, *output, |reader, output| {
                let input = reader.read::<i8>(*input);
                linear.run(input, output, &mut scratch.bytes, self.sharing);
            }),
            Step::Product { product, output } => self.write(arena, *output, |reader, output| {
                matmul(
                    reader.read(product.a),
                    reader.read(product.b),
                    product.sides,
                    product.a_zp,
                    product.b_zp,
                    bytemuck::cast_slice_mut(output),
                    &mut scratch.bytes,
                    self.isa,
                    self.sharing,
                );
            }),
            Step::Operation { operation, output } => {
                self.write(arena, *output, |reader, output| {
                    operation.run(self.isa, reader, output, &mut scratch.numbers);
                });
            }
            Step::Late { node, output } => self.late(body, *node, *output, arena),
            Step::ReadVariable { variable, to } => {
                arena[to.range()].copy_from_slice(&scratch.variables[variable.0 as usize]);
            }
            Step::WriteVariable { from, variable } => {
                scratch.variables[variable.0 as usize].copy_from_slice(at(
                    arena,
                    self.constants,
                    *from,
                ));
            }
            Step::Branch {
                condition,
                regions,
                inputs,
                outputs,
            } => {
                let holds = at(arena, self.constants, *condition)[0] != 0;
                let region = regions[usize::from(!holds)];
                self.enter(region, inputs, arena, scratch);
                self.leave(region, outputs, arena, scratch)?;
            }
            Step::Loop {
                condition,
                body,
                inputs,
                outputs,
            } => {
                // The outputs hold the list between rounds.
                for (from, to) in inputs.iter().zip(outputs) {
                    match from.source {
                        Source::Arena => arena.copy_within(from.range(), to.offset),
                        Source::Constants => {
                            arena[to.range()].copy_from_slice(&self.constants[from.range()]);
                        }
                    }
                }
                self.rounds(*condition, *body, outputs, arena, scratch)?;
            }
        }
        Ok(())
    }

    /// WHILE_LOOP. The condition may hold as often as the body may run; once more is a status.
    fn rounds(
        &self,
        condition: RegionId,
        body: RegionId,
        list: &[Place],
        arena: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<(), RunStatus> {
        let limit = self.model.loop_iterations();
        let mut round = 0;
        loop {
            self.enter(condition, list, arena, scratch);
            let index = condition.0 as usize + 1;
            self.body(index, scratch, &mut |_| ())?;
            let holds = self.bodies[index].outputs[0];
            if at(scratch.arenas[index].bytes(), self.constants, holds)[0] == 0 {
                return Ok(());
            }
            if round == limit {
                return Err(RunStatus::IterationLimit { limit });
            }
            self.enter(body, list, arena, scratch);
            self.leave(body, list, arena, scratch)?;
            round += 1;
        }
    }

    /// Copies what a region is given into its arena.
    fn enter(&self, region: RegionId, from: &[Place], arena: &[u8], scratch: &mut Scratch) {
        let index = region.0 as usize + 1;
        let inner = scratch.arenas[index].bytes_mut();
        for (&from, to) in from.iter().zip(&self.bodies[index].inputs) {
            copy(&mut inner[to.range()], at(arena, self.constants, from));
        }
    }

    /// Runs a region and copies its outputs out of its arena.
    fn leave(
        &self,
        region: RegionId,
        to: &[Place],
        arena: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<(), RunStatus> {
        let index = region.0 as usize + 1;
        self.body(index, scratch, &mut |_| ())?;
        let inner = scratch.arenas[index].bytes();
        for (to, &from) in to.iter().zip(&self.bodies[index].outputs) {
            copy(&mut arena[to.range()], at(inner, self.constants, from));
        }
        Ok(())
    }

    /// Gives `work` one place to write and the rest to read.
    fn write(&self, arena: &mut [u8], place: Place, work: impl FnOnce(Reader<'_>, &mut [u8])) {
        let mut outputs: [&mut [u8]; 1] = [&mut []];
        let mut pieces: [(usize, &[u8]); 2] = [(0, &[]); 2];
        split(arena, &[place], &mut outputs, &mut pieces);
        let [output] = outputs;
        work(Reader::new(self.constants, &pieces), output);
    }

    fn chain(&self, program: &Program, arena: &mut [u8], numbers: &mut [i32]) {
        if program.outputs.len() <= FEW_OUTPUTS {
            self.chain_outputs::<FEW_OUTPUTS, { FEW_OUTPUTS + 1 }>(program, arena, numbers);
        } else {
            self.chain_outputs::<MOST_OUTPUTS, { MOST_OUTPUTS + 1 }>(program, arena, numbers);
        }
    }

    fn chain_outputs<const OUTPUTS: usize, const PIECES: usize>(
        &self,
        program: &Program,
        arena: &mut [u8],
        numbers: &mut [i32],
    ) {
        let count = program.outputs.len();
        let mut outputs: [&mut [u8]; OUTPUTS] = std::array::from_fn(|_| -> &mut [u8] { &mut [] });
        let mut pieces: [(usize, &[u8]); PIECES] = [(0, &[]); PIECES];
        split(arena, &program.outputs, &mut outputs, &mut pieces);
        let reader = Reader::new(self.constants, &pieces[..=count]);
        let all = 0..program.elements;
        if matches!(self.sharing, Sharing::Alone)
            || program.elements < PARALLEL_ELEMENTS
            || count > FEW_OUTPUTS
        {
            program.run(self.isa, reader, &mut outputs[..count], all, numbers);
            return;
        }
        let mut few: [&mut [u8]; FEW_OUTPUTS] = std::array::from_fn(|_| -> &mut [u8] { &mut [] });
        for (few, output) in few.iter_mut().zip(&mut outputs) {
            *few = mem::take(output);
        }
        share(self.sharing, self.isa, program, reader, few);
    }

    /// Lowers a node with the values that came late, and runs it.
    fn late(&self, body: usize, node: usize, output: Place, arena: &mut [u8]) {
        let program = self.model.program();
        let graph = match body.checked_sub(1) {
            None => program.main(),
            Some(region) => &program.regions()[region],
        };
        let body = &self.bodies[body];
        let operands = Operands {
            graph,
            root: &body.root,
            places: &body.places,
        };
        let node = &graph.nodes()[node];
        let operator = node.settle(|id: TensorId| {
            let value = at(arena, self.constants, operands.place(id));
            bytes::decode(graph.tensor(id).data_type, value)
        });
        match lower(&operands, node, &operator) {
            Lowered::Chain(program) => {
                let mut numbers = vec![0; program.register_numbers()];
                self.chain(&program, arena, &mut numbers);
            }
            Lowered::Operation(operation) => {
                let mut numbers = vec![0; operation.scratch_numbers()];
                self.write(arena, output, |reader, output| {
                    operation.run(self.isa, reader, output, &mut numbers);
                });
            }
        }
    }
}

/// Computes a chain's elements in parts on several threads.
fn share(
    sharing: Sharing<'_>,
    isa: Isa,
    program: &Program,
    reader: Reader<'_>,
    mut outputs: [&mut [u8]; FEW_OUTPUTS],
) {
    let count = program.outputs.len();
    let parts = (0..program.elements).step_by(PART_ELEMENTS).map(|start| {
        let end = program.elements.min(start + PART_ELEMENTS);
        let mut part: [&mut [u8]; FEW_OUTPUTS] = std::array::from_fn(|_| -> &mut [u8] { &mut [] });
        for ((part, output), bytes) in part
            .iter_mut()
            .zip(&mut outputs)
            .zip(&program.output_widths)
        {
            *part = output
                .split_off_mut(..(end - start) * bytes)
                .unwrap_or_default();
        }
        (start..end, part)
    });
    sharing.each(parts, &|(range, mut outputs)| {
        let outputs = &mut outputs[..count];
        let mut numbers = [0_i32; REGISTER_NUMBERS];
        let needed = program.register_numbers();
        match numbers.get_mut(..needed) {
            Some(numbers) => program.run(isa, reader, outputs, range, numbers),
            None => program.run(isa, reader, outputs, range, &mut vec![0; needed]),
        }
    });
}
