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
    let problem = &plainly(problem);
    match error.path().to_string().as_str() {
        "." => ApiError::Validation { details: problem.to_owned() },
        path => ApiError::invalid(path, problem),
    }
}

/// What serde and Rust say of types, in the words of JSON.
fn plainly(problem: &str) -> String {
    const NO_NUMBER: [&str; 3] =
        ["invalid digit found in string", "cannot parse integer from empty string", "number too large to fit in target type"];
    if NO_NUMBER.contains(&problem) {
        return "expected a whole number".to_owned();
    }
    let Some((found, expected)) = problem.rsplit_once(", expected ") else { return problem.to_owned() };
    let expected = match expected {
        "u8" | "u32" | "u64" | "usize" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        "a map" => "an object",
        expected if expected.starts_with("struct ") => "an object",
        expected => expected,
    };
    format!("{found}, expected {expected}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_told_in_the_words_of_json() {
        for (problem, told) in [
            ("invalid type: string \"x\", expected u64", "invalid type: string \"x\", expected a whole number"),
            ("invalid type: string \", expected u64\", expected f64", "invalid type: string \", expected u64\", expected a number"),
            ("invalid type: null, expected a sequence", "invalid type: null, expected a list"),
            ("invalid type: boolean `true`, expected struct Request", "invalid type: boolean `true`, expected an object"),
            ("invalid digit found in string", "expected a whole number"),
            ("unknown variant `x`, expected one of `a`, `b`", "unknown variant `x`, expected one of `a`, `b`"),
            ("missing field `userId`", "missing field `userId`"),
        ] {
            assert_eq!(plainly(problem), told);
        }
    }
}
