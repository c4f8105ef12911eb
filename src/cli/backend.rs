//! Which back end a command uses.

use std::sync::Arc;

use aivm_cpu::{CpuExecutor, CpuOptions};
use aivm_gpu::AdapterInfo;
use aivm_reference::{ReferenceExecutor, ReferencePlan};
use aivm_tosa::{NodeId, RunError};
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};
use synergy_aivm::{Coprocessor, Executor, ModelLimits, PriceTable, Priced};

use super::failure::Failure;

/// `--backend` and `--adapter`.
#[derive(Args)]
pub(crate) struct BackendArguments {
    /// What runs models.
    #[arg(long, value_enum, default_value_t = Backend::Reference)]
    backend: Backend,
    /// The adapter to use with `--backend gpu`: a part of its name, in any case. Needed if there are several.
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    adapter: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Backend {
    /// The CPU reference: the authority.
    Reference,
    /// The CPU with SIMD and threads; AIVM_CPU_ISA names the instruction set.
    Cpu,
    /// A GPU adapter, after its known-answer tests; AIVM_GPU_KERNELS names the kernels of linear operators, which no
    /// answer depends on: suited, measured, storage, uniform, block-64, block-128; cooperative
    /// in builds with the feature `cooperative-matrix`.
    Gpu,
}

impl BackendArguments {
    /// The executor to run models on; `threads` is for the CPU's fast path alone.
    pub(crate) fn open(&self, threads: Option<usize>) -> Result<Arc<dyn Executor>, Failure> {
        if threads.is_some() && self.backend != Backend::Cpu {
            return Err(Failure::Usage("--threads needs --backend cpu".to_owned()));
        }
        Ok(match self.accelerator(threads)? {
            Some(executor) => executor,
            None => Arc::new(ReferenceExecutor),
        })
    }

    /// A coprocessor for models on chain that runs them there: on the reference or the CPU alone, or on the adapter with
    /// the CPU behind it.
    pub(crate) fn coprocessor(&self) -> Result<Coprocessor, Failure> {
        let (limits, prices) = (ModelLimits::CHAIN, PriceTable::V1);
        let back_ends = self.accelerator(None)?.into_iter().collect();
        Ok(match self.backend {
            Backend::Gpu => Coprocessor::new(back_ends, limits, prices),
            Backend::Reference | Backend::Cpu => {
                Coprocessor::with_back_ends(back_ends, limits, prices)
            }
        })
    }

    fn accelerator(&self, threads: Option<usize>) -> Result<Option<Arc<dyn Executor>>, Failure> {
        match (self.backend, &self.adapter) {
            (Backend::Reference | Backend::Cpu, Some(_)) => {
                Err(Failure::Usage("--adapter needs --backend gpu".to_owned()))
            }
            (Backend::Reference, None) => Ok(None),
            (Backend::Cpu, None) => Ok(Some(Arc::new(cpu(threads)?))),
            (Backend::Gpu, name) => {
                let adapters = aivm_gpu::adapters();
                let adapter = choose(&adapters, name.as_deref())?;
                let executor = aivm_coprocessor::open_checked(adapter)
                    .map_err(|reason| Failure::Machine(format!("{}: {reason}", adapter.name)))?;
                Ok(Some(executor))
            }
        }
    }
}

/// Runs one case and calls back after each step with the nodes that it has computed.
pub(crate) type Trace =
    Box<dyn Fn(&[u8], &mut (dyn FnMut(&[NodeId]) + Send)) -> Result<(), RunError>>;

impl BackendArguments {
    /// Runs of `model` whose steps can be told apart, if the back end has such.
    pub(crate) fn trace(
        &self,
        threads: Option<usize>,
        model: &Arc<Priced>,
    ) -> Result<Option<Trace>, Failure> {
        Ok(match self.backend {
            Backend::Reference => {
                let plan = ReferencePlan::new(model);
                Some(Box::new(move |input, observe| {
                    plan.trace(input, &mut |node, _| observe(&[node]))
                }))
            }
            Backend::Cpu => {
                let plan = cpu(threads)?.plan(model);
                Some(Box::new(move |input, observe| plan.trace(input, observe)))
            }
            Backend::Gpu => None,
        })
    }
}

/// The CPU executor with this many threads, or one for each core.
pub(crate) fn cpu(threads: Option<usize>) -> Result<CpuExecutor, Failure> {
    CpuOptions::from_environment()
        .and_then(|options| CpuExecutor::with_options(CpuOptions { threads, ..options }))
        .map_err(|fault| Failure::Machine(fault.to_string()))
}

/// The one adapter that `name` means.
fn choose<'a>(adapters: &'a [AdapterInfo], name: Option<&str>) -> Result<&'a AdapterInfo, Failure> {
    let names: Vec<&str> = adapters
        .iter()
        .map(|adapter| adapter.name.as_str())
        .collect();
    pick(&names, name).map(|index| &adapters[index])
}

/// The index of the one name that contains `wanted`, in any case.
fn pick(names: &[&str], wanted: Option<&str>) -> Result<usize, Failure> {
    let wanted_lower = wanted.unwrap_or_default().to_lowercase();
    let mut matching =
        (0..names.len()).filter(|&i| names[i].to_lowercase().contains(&wanted_lower));
    let (first, second) = (matching.next(), matching.next());
    let list = || {
        let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
        quoted.join(", ")
    };
    match (first, second) {
        (Some(index), None) => Ok(index),
        (None, _) if names.is_empty() => Err(Failure::Machine(
            "no GPU adapter; --backend cpu runs on the CPU".to_owned(),
        )),
        (None, _) => Err(Failure::Machine(format!(
            "no adapter's name contains {:?}; there are {}",
            wanted.unwrap_or_default(),
            list()
        ))),
        (Some(_), Some(_)) => Err(Failure::Usage(format!(
            "more than one adapter fits; choose with --adapter among {}",
            list()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &["llvmpipe (LLVM 19.1.7, 256 bits)", "SwiftShader Device"];

    #[test]
    fn a_part_of_a_name_in_any_case_is_enough() {
        assert_eq!(pick(NAMES, Some("swiftshader")).unwrap(), 1);
        assert_eq!(pick(NAMES, Some("LLVMpipe")).unwrap(), 0);
        assert_eq!(pick(&NAMES[..1], None).unwrap(), 0);
    }

    #[test]
    fn none_and_several_are_errors_that_list_what_there_is() {
        for (wanted, code) in [(Some("nvidia"), "no adapter's"), (None, "more than one")] {
            let error = pick(NAMES, wanted).unwrap_err().to_string();
            assert!(error.starts_with(code), "{error}");
            assert!(error.contains("\"SwiftShader Device\""), "{error}");
        }
        assert!(
            pick(&[], None)
                .unwrap_err()
                .to_string()
                .starts_with("no GPU adapter")
        );
    }
}
