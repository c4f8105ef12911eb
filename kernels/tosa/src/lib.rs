//! TOSA model bytes to a validated, priced graph. Nothing runs here.
//!
//! The way of a model: model bytes → [`Graph`] → [`Priced`] → a [`Plan`] that an [`Executor`] makes.
//! Each step is a type, so none can be skipped.

pub mod executor;
pub mod graph;
pub mod operator;
pub mod price;
pub mod types;

pub use executor::{Executor, ExecutorFault, Plan, RunError, RunStatus};
pub use graph::{Graph, Node, NodeId, Tensor, TensorId};
pub use operator::{Operator, RescaleRounding};
pub use price::Priced;
pub use types::{DataType, Shape};
