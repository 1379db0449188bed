//! Parts of a request, each refused in the contract's shape.

mod device;
mod json;
mod path;
mod query;

pub use device::PathDevice;
pub use json::Json;
pub use path::Path;
pub use query::Query;

use crate::error::ApiError;

/// Reads a field's type, path and problem out of serde's own words.
pub fn refuse<E: std::fmt::Display>(error: &serde_path_to_error::Error<E>) -> ApiError {
    let problem = error.inner().to_string();
    // serde_json ends with " at line 1 column 20", which nobody can use.
    let problem = problem.rsplit_once(" at line ").map_or(problem.as_str(), |(problem, _place)| problem);
    match error.path().to_string().as_str() {
        "." => ApiError::Validation { details: problem.to_owned() },
        path => ApiError::invalid(path, problem),
    }
}
