//! Rules on declarations: types, variables, entry points, function arguments.

use naga::{AddressSpace, Binding, BuiltIn, ScalarKind, Span, TypeInner};

use crate::rule::{LintError, Rule};

/// Checks every declaration of the module, used or not, and the type of every expression.
pub(crate) fn check(
    source: &str,
    module: &naga::Module,
    info: &naga::valid::ModuleInfo,
) -> Result<(), LintError> {
    for (handle, ty) in module.types.iter() {
        check_type(&ty.inner)
            .map_err(|(rule, detail)| error(source, module.types.get_span(handle), rule, detail))?;
    }
    if let Some((handle, _)) = module.overrides.iter().next() {
        let span = module.overrides.get_span(handle);
        return Err(error(
            source,
            span,
            Rule::Override,
            "an override's value is not known to the lint",
        ));
    }
    for (handle, expression) in module.global_expressions.iter() {
        if let naga::Expression::Literal(literal) = expression {
            check_type(&TypeInner::Scalar(literal.scalar())).map_err(|(rule, detail)| {
                error(
                    source,
                    module.global_expressions.get_span(handle),
                    rule,
                    detail,
                )
            })?;
        }
    }
    for (handle, variable) in module.global_variables.iter() {
        if !matches!(
            variable.space,
            AddressSpace::Uniform | AddressSpace::Storage { .. } | AddressSpace::WorkGroup
        ) {
            let detail = format!(
                "address space {:?}: use uniform, storage, workgroup or a function variable",
                variable.space
            );
            return Err(error(
                source,
                module.global_variables.get_span(handle),
                Rule::AddressSpace,
                detail,
            ));
        }
    }
    for (handle, function) in module.functions.iter() {
        check_function(source, module, function, &info[handle])?;
        for argument in &function.arguments {
            if let TypeInner::Pointer { .. } | TypeInner::ValuePointer { .. } =
                module.types[argument.ty].inner
            {
                let detail = "pass the value and return the result";
                return Err(error(
                    source,
                    module.functions.get_span(handle),
                    Rule::PointerArgument,
                    detail,
                ));
            }
        }
    }
    for (index, entry) in module.entry_points.iter().enumerate() {
        check_function(source, module, &entry.function, info.get_entry_point(index))?;
        check_entry(module, entry)
            .map_err(|detail| error(source, Span::UNDEFINED, Rule::EntryPoint, detail))?;
    }
    Ok(())
}

/// An error at a span of the source.
pub(crate) fn error(source: &str, span: Span, rule: Rule, detail: impl Into<String>) -> LintError {
    match span.to_range() {
        Some(range) if range.start <= source.len() => {
            LintError::at(rule, source, range.start, detail)
        }
        _ => LintError {
            rule,
            line: 0,
            column: 0,
            detail: detail.into(),
        },
    }
}

fn check_function(
    source: &str,
    module: &naga::Module,
    function: &naga::Function,
    info: &naga::valid::FunctionInfo,
) -> Result<(), LintError> {
    for (handle, _) in function.expressions.iter() {
        check_type(info[handle].ty.inner_with(&module.types)).map_err(|(rule, detail)| {
            error(source, function.expressions.get_span(handle), rule, detail)
        })?;
    }
    Ok(())
}

fn check_type(inner: &TypeInner) -> Result<(), (Rule, String)> {
    let scalar = match *inner {
        TypeInner::Scalar(scalar)
        | TypeInner::Vector { scalar, .. }
        | TypeInner::ValuePointer { scalar, .. } => scalar,
        TypeInner::Pointer { .. } | TypeInner::Array { .. } | TypeInner::Struct { .. } => {
            return Ok(());
        }
        TypeInner::Matrix { .. } => {
            return Err((Rule::FloatType, "a matrix is a floating-point type".into()));
        }
        TypeInner::Atomic(_) => {
            return Err((
                Rule::Atomic,
                "the order of atomic operations is not fixed".into(),
            ));
        }
        _ => return Err((Rule::Type, format!("{inner:?} is not accepted"))),
    };
    match (scalar.kind, scalar.width) {
        (ScalarKind::Sint | ScalarKind::Uint, 4) | (ScalarKind::Bool, _) => Ok(()),
        // A constant that no one has used yet has no concrete type; its uses have.
        (ScalarKind::AbstractInt, _) => Ok(()),
        (ScalarKind::Float | ScalarKind::AbstractFloat, _) => Err((
            Rule::FloatType,
            "a floating-point value; only i32, u32 and bool are accepted".into(),
        )),
        (kind, width) => Err((
            Rule::Type,
            format!("{kind:?} of {width} bytes; only i32, u32 and bool are accepted"),
        )),
    }
}

fn check_entry(module: &naga::Module, entry: &naga::EntryPoint) -> Result<(), String> {
    if entry.stage != naga::ShaderStage::Compute {
        return Err(format!(
            "`{}` is a {:?} shader; only compute shaders are accepted",
            entry.name, entry.stage
        ));
    }
    if entry.workgroup_size_overrides.is_some() {
        return Err(format!(
            "`{}` has a workgroup size that is not a literal",
            entry.name
        ));
    }
    for argument in &entry.function.arguments {
        let bindings = match (&argument.binding, &module.types[argument.ty].inner) {
            (Some(binding), _) => vec![Some(binding)],
            (None, TypeInner::Struct { members, .. }) => members
                .iter()
                .map(|member| member.binding.as_ref())
                .collect(),
            (None, _) => vec![None],
        };
        for binding in bindings {
            match binding {
                Some(Binding::BuiltIn(
                    BuiltIn::GlobalInvocationId
                    | BuiltIn::LocalInvocationId
                    | BuiltIn::LocalInvocationIndex
                    | BuiltIn::WorkGroupId
                    | BuiltIn::NumWorkGroups,
                )) => {}
                other => {
                    return Err(format!(
                        "`{}` reads {other:?}; only invocation and workgroup ids are accepted",
                        entry.name
                    ));
                }
            }
        }
    }
    Ok(())
}
