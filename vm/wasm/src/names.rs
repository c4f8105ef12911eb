//! Names of functions, for tools: as the custom section `name` gives them, or as they are exported. That section is checked
//! by nobody and reaches no plan, price or hash.

use std::collections::BTreeMap;

use wasmparser::{ExternalKind, KnownCustom, Name, Parser, Payload};

/// The name of each function that has one, by its index in the index space, as the file gives it; up to the first thing
/// in the file that cannot be read.
#[must_use]
pub fn function_names(bytes: &[u8]) -> BTreeMap<u32, String> {
    let (mut exported, mut named) = (BTreeMap::new(), BTreeMap::new());
    for payload in Parser::new(0).parse_all(bytes).map_while(Result::ok) {
        match payload {
            Payload::ExportSection(exports) => {
                let exports = exports.into_iter().map_while(Result::ok);
                let functions = exports.filter(|export| export.kind == ExternalKind::Func);
                exported.extend(functions.map(|export| (export.index, export.name.to_owned())));
            }
            Payload::CustomSection(section) => {
                let KnownCustom::Name(subsections) = section.as_known() else {
                    continue;
                };
                for subsection in subsections.into_iter().map_while(Result::ok) {
                    let Name::Function(functions) = subsection else {
                        continue;
                    };
                    let functions = functions.into_iter().map_while(Result::ok);
                    named.extend(functions.map(|one| (one.index, one.name.to_owned())));
                }
            }
            _ => {}
        }
    }
    exported.append(&mut named);
    exported
}

#[cfg(test)]
mod tests {
    use super::function_names;

    #[test]
    fn names_are_read_up_to_what_is_damaged() {
        let text = r#"(module (import "vm_hooks" "msg_value" (func $value (param i32)))
            (func $first (export "one")) (func (export "two")) (func $"a b;c") (func)
            (memory (export "memory") 1))"#;
        let bytes = wat::parse_str(text).expect("valid text");
        let names: Vec<_> = function_names(&bytes).into_iter().collect();
        let expected = [(0, "value"), (1, "first"), (2, "two"), (3, "a b;c")];
        assert_eq!(
            names,
            expected.map(|(index, name)| (index, name.to_owned()))
        );
        for len in 0..bytes.len() {
            assert!(function_names(&bytes[..len]).len() <= expected.len());
        }
        assert!(function_names(b"no module").is_empty());
    }
}
