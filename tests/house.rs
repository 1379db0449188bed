//! The house's plan, held by reading what Cargo knows of it.

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

/// Where foreign crates whose names begin so may be used, besides tests.
const HOMES: [(&str, &[&str]); 9] = [
    ("whatsapp-rust", &["session-host"]),
    ("wacore", &["session-host", "sandbox"]),
    ("aws-", &["aws"]),
    ("aws_lambda", &["functions"]),
    ("axum", &["functions", "sandbox", "warta"]),
    ("lambda_", &["functions"]),
    ("opentelemetry", &["process"]),
    ("rusqlite", &["embedded"]),
    ("reqwest", &["fetch", "session-host"]),
];

/// Whom each of our packages may know, besides for tests. Arrows point inward only.
const ARROWS: [(&str, &[&str]); 11] = [
    ("ai", &["domain", "fetch"]),
    ("aws", &["domain"]),
    ("domain", &[]),
    ("embedded", &["domain"]),
    ("fetch", &["domain", "media"]),
    ("functions", &["ai", "aws", "domain", "fetch", "media", "process"]),
    ("media", &[]),
    ("process", &["ai", "domain", "fetch"]),
    ("session-host", &["ai", "aws", "domain", "fetch", "media", "process"]),
    ("sandbox", &[]),
    ("warta", &["ai", "domain", "embedded", "fetch", "functions", "process", "sandbox", "session-host"]),
];

/// Each package of the workspace with what it depends on outside of tests.
fn packages() -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap().iter();
            (name(package), dependencies.filter(|dependency| dependency["kind"].is_null()).map(name).collect())
        })
        .collect()
}

#[test]
fn arrows_point_inward_only() {
    let packages = packages();
    assert_eq!(packages.keys().map(String::as_str).collect::<Vec<_>>(), {
        let mut names = ARROWS.map(|(name, _)| name);
        names.sort_unstable();
        names
    });
    for (package, allowed) in ARROWS {
        let known = packages[package].iter().filter(|name| packages.contains_key(*name));
        for name in known {
            assert!(allowed.contains(&name.as_str()), "{package} must not know {name}");
        }
    }
}

#[test]
fn foreign_crates_stay_in_their_homes() {
    for (package, dependencies) in packages() {
        for (foreign, homes) in HOMES {
            assert!(
                !dependencies.iter().any(|name| name.starts_with(foreign)) || homes.contains(&package.as_str()),
                "{package} must not use {foreign}"
            );
        }
    }
}
