//! Adapters, models and numbers of these tests.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use aivm_coprocessor::CheckPolicy;
use aivm_coprocessor::check::{Checker, Rotation};
use aivm_gpu::GpuExecutor;
use aivm_tosa::{Executor, ModelLimits, ObservedStep, Plan, PriceTable, Priced, Verification};

/// A model on an adapter with its checker.
pub(crate) struct Subject {
    pub(crate) model: Arc<Priced>,
    pub(crate) plan: Arc<dyn Plan>,
    pub(crate) checker: Checker,
}

impl Subject {
    pub(crate) fn new(executor: &GpuExecutor, model: &Arc<Priced>) -> Subject {
        let plan = executor.prepare(model).expect("the model fits");
        let rotation = Arc::new(Rotation::default());
        let checker = Checker::new(model, &*plan, &rotation).expect("there is randomness");
        Subject {
            model: Arc::clone(model),
            plan,
            checker,
        }
    }

    pub(crate) fn steps(&self) -> &[ObservedStep] {
        match self.plan.verification() {
            Verification::Steps(observed) => observed.steps(),
            _ => panic!("a plain model on a GPU shows its steps"),
        }
    }

    /// The cases in which something was rejected, and how many steps were checked.
    pub(crate) fn rejected(
        &self,
        policy: CheckPolicy,
        cases: u32,
        input: &[u8],
    ) -> (BTreeSet<u32>, u64) {
        let checked = self.checker.run(&*self.plan, policy, cases, input);
        let checked = checked.expect("the run is no fault");
        let rejected = checked.rejected.iter().map(|rejection| rejection.case);
        (rejected.collect(), checked.checks)
    }

    pub(crate) fn input(&self, cases: u32, numbers: &mut Numbers) -> Vec<u8> {
        let bytes = self.model.input_bytes() as usize * cases as usize;
        (0..bytes).map(|_| numbers.below(256) as u8).collect()
    }
}

/// Every adapter of this machine, open. None, with a message, if there is none.
pub(crate) fn executors() -> Vec<GpuExecutor> {
    let adapters = aivm_gpu::adapters();
    if adapters.is_empty() {
        skip("no adapter that wgpu sees");
    }
    let open = |adapter| GpuExecutor::open(adapter).expect("the adapter opens");
    adapters.iter().map(open).collect()
}

/// Says that a test did not run; fails where nothing may be skipped.
pub(crate) fn skip(reason: &str) {
    assert!(
        std::env::var_os("AIVM_NO_SKIP").is_none(),
        "skipped although AIVM_NO_SKIP is set: {reason}"
    );
    println!("skipped: {reason}");
}

/// A model from its file's bytes.
pub(crate) fn model(bytes: &[u8]) -> Arc<Priced> {
    let priced = aivm_tosa::load(bytes, &ModelLimits::TOOL, &PriceTable::default());
    Arc::new(priced.expect("the model is valid"))
}

/// The model of this repository, and those of the shared folder that are there.
pub(crate) fn models() -> Vec<(&'static str, Arc<Priced>)> {
    let mnist = model(include_bytes!("../../../../examples/models/mnist_cnn.tosa"));
    let mut models = vec![("mnist_cnn", mnist)];
    for name in ["resnet8", "kws_dscnn", "ad01"] {
        let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
        let folder = std::env::var_os("AIVM_SHARED").map_or_else(beside, PathBuf::from);
        let file = folder.join(format!("models/{name}.tosa"));
        match std::fs::read(&file) {
            Ok(bytes) => models.push((name, model(&bytes))),
            Err(error) => skip(&format!("{}: {error}", file.display())),
        }
    }
    models
}

/// Numbers that look random and are the same in every run (splitmix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}
