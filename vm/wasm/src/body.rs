//! This machine's rules for function bodies: locals, instructions, nesting and operand stack.

use aivm_core::Limits;
use wasmparser::{
    FuncToValidate, FuncValidator, FunctionBody, LocalsIterator, Operator, OperatorsReader,
    ValidatorResources,
};

use crate::findings::Findings;
use crate::operator::{NO_EXTENSIONS, Translation, refusal_of, translate};
use crate::refusal::{Place, Refusal, RefusalCode, Section};
use crate::sections::{byte_at, value};
use crate::strip::Reach;

/// First byte of every SIMD instruction.
const SIMD_PREFIX: u8 = 0xfd;

/// Checks one body; its highest operand stack in values, dead code not counted.
pub(crate) fn check(
    bytes: &[u8],
    limits: &Limits,
    findings: &Findings,
    function: FuncToValidate<ValidatorResources>,
    code: &FunctionBody<'_>,
) -> Result<u32, Refusal> {
    let mut body = Body {
        bytes,
        limits,
        findings,
        place: Place {
            section: Section::Code,
            function: Some(function.index),
            offset: code.range().start,
        },
        validator: function.into_validator(Default::default()),
    };
    let locals = code
        .get_locals_reader()
        .map_err(|error| body.place.malformed(&error))?;
    let operators = body.locals(locals.into_iter())?;
    body.operators(operators)
}

struct Body<'a> {
    bytes: &'a [u8],
    limits: &'a Limits,
    findings: &'a Findings,
    place: Place,
    validator: FuncValidator<ValidatorResources>,
}

impl Body<'_> {
    fn locals<'code>(
        &mut self,
        mut locals: LocalsIterator<'code>,
    ) -> Result<OperatorsReader<'code>, Refusal> {
        let place = self.place;
        let mut total = u64::from(self.validator.len_locals());
        self.count_locals(total)?;
        for group in locals.by_ref() {
            let (count, ty) = group.map_err(|error| place.malformed(&error))?;
            total = total.saturating_add(count.into());
            self.count_locals(total)?;
            self.findings
                .note(value(place, ty, || "of a local".to_owned()))?;
            self.validator
                .define_locals(place.offset, count, ty)
                .map_err(|error| place.invalid(&error))?;
        }
        Ok(locals.into_operators_reader())
    }

    fn count_locals(&self, total: u64) -> Result<(), Refusal> {
        let things = "locals, parameters included,";
        let limit = self.limits.locals;
        self.findings
            .note(self.place.limit(RefusalCode::Locals, things, total, limit))
    }

    fn operators(&mut self, mut operators: OperatorsReader<'_>) -> Result<u32, Refusal> {
        let mut reach = Reach::default();
        let mut highest = 0;
        while !operators.eof() {
            let place = self.place.at(operators.original_position());
            // Looked at before it is read: the parser's answer depends on how it was built.
            if byte_at(self.bytes, place.offset) == Some(SIMD_PREFIX) {
                let what = "a SIMD instruction";
                return Err(place.refuse(RefusalCode::Feature, what, NO_EXTENSIONS));
            }
            // Looked at where it was put: a copy of an operator waits for what was just written.
            let read = operators.read();
            let operator = read.as_ref().map_err(|error| place.malformed(error))?;
            self.branch_targets(place, operator)?;
            let translation = translate(operator, |index| index, |_| 0)
                .map_err(|error| place.malformed(&error))?;
            if let Translation::Refused = translation {
                let (code, what, right) = refusal_of(operator);
                self.findings.note(Err(place.refuse(code, what, right)))?;
            }
            self.validator
                .op(place.offset, operator)
                .map_err(|error| place.invalid(&error))?;
            let height = self.depths(place)?;
            if let Translation::Op(op) = translation
                && reach.keeps(&op)
            {
                highest = highest.max(height);
            }
        }
        operators
            .finish()
            .map_err(|error| self.place.malformed(&error))?;
        Ok(highest)
    }

    fn branch_targets(&self, place: Place, operator: &Operator<'_>) -> Result<(), Refusal> {
        let Operator::BrTable { targets } = operator else {
            return Ok(());
        };
        self.findings.note(place.limit(
            RefusalCode::BranchTargets,
            "targets of a `br_table`",
            targets.len().into(),
            self.limits.branch_targets,
        ))
    }

    /// Checks nesting and operand stack after an instruction; the operand stack's height.
    fn depths(&self, place: Place) -> Result<u32, Refusal> {
        // The function itself is the outermost entry of the control stack.
        let nesting = self.validator.control_stack_height().saturating_sub(1);
        self.findings.note(place.limit(
            RefusalCode::Nesting,
            "nested blocks",
            nesting.into(),
            self.limits.nesting,
        ))?;
        let height = self.validator.operand_stack_height();
        self.findings.note(place.limit(
            RefusalCode::OperandStack,
            "values on the operand stack",
            height.into(),
            self.limits.operand_stack,
        ))?;
        Ok(height)
    }
}
