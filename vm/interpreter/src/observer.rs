//! Calls and returns, for tools that want to know of them.

/// Is told of each call, of imports too, and of each return. What is running when a run ends otherwise (a trap, no more
/// ink) does not return. Nothing that an observer does reaches the run.
pub trait Observer {
    /// Function `function` of the index space begins, with these arguments and this much ink.
    fn enter(&self, function: u32, arguments: &[u64], ink: u64);

    /// The last function that began and has not returned returns, with this much ink left.
    fn leave(&self, ink: u64);
}

/// Nobody watches.
pub(crate) struct Unobserved;

impl Observer for Unobserved {
    #[inline(always)]
    fn enter(&self, _: u32, _: &[u64], _: u64) {}

    #[inline(always)]
    fn leave(&self, _: u64) {}
}
