//! TOSA model bytes to a validated, priced graph. Nothing runs here.
//!
//! The way of a model: model bytes → [`Graph`] → [`Priced`] → a [`Plan`] that an [`Executor`] makes.
//! Each step is a type, so none can be skipped; [`load`] takes the first two.

#![forbid(unsafe_code)]

mod account;
mod attribute;
mod block;
mod constant;
mod control_flow;
mod declaration;
mod flatbuffer;
mod late;
mod ops;
mod parse;

pub mod bytes;
pub mod executor;
pub mod graph;
pub mod interval;
pub mod limits;
pub mod metrics;
pub mod observe;
pub mod operator;
pub mod price;
pub mod refusal;
pub mod schema;
pub mod types;
pub mod variables;
pub mod work;

pub use executor::{Executor, ExecutorFault, FaultKind, Plan, RunError, RunStatus};
pub use graph::{
    Graph, LateOperand, Node, NodeId, Program, RegionId, Slot, Tensor, TensorId, Variable,
    VariableId,
};
pub use interval::Class;
pub use limits::ModelLimits;
pub use metrics::{ExecutorMetrics, Figure};
pub use observe::{Observation, Observed, ObservedStep, Selected, Verification};
pub use operator::{Operator, RescaleRounding};
pub use price::{PriceTable, Priced, load, model_hash};
pub use refusal::{Refusal, RefusalCode};
pub use types::{DataType, Shape};
pub use variables::Variables;
pub use work::Work;
