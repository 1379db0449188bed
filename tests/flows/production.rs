//! A production build knows no way to a fake server. `tests/production` looks into a built program; this looks at what one is built of.

use std::process::Command;

/// What the program is built of, with these features: a crate and its features a line.
fn tree(features: &[&str]) -> String {
    tree_of(&[&["--package", "warta", "--edges", "no-dev"], features].concat())
}

/// The same of what these arguments choose.
fn tree_of(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--prefix", "none", "--format", "{p} {f}", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_production_build_has_no_sandbox_in_it_and_checks_whatsapps_certificates() {
    let (production, sandbox) = (tree(&[]), tree(&["--features", "sandbox"]));
    for what in ["sandbox", "danger-skip-cert-chain-verify"] {
        assert!(sandbox.contains(what), "a sandbox build has {what}, or this test looks for the wrong thing");
        assert!(!production.contains(what), "a production build has {what}");
    }
}

#[test]
fn nothing_of_aws_is_compiled_for_one_machine() {
    let (program, tests) = (tree(&[]), tree_of(&["--workspace", "--exclude", "aws", "--features", "sandbox"]));
    let split = tree_of(&["--package", "functions", "--features", "aws"]);
    for what in ["aws-sdk-dynamodb", "lambda_http"] {
        assert!(split.contains(what), "the split has {what}, or this test looks for the wrong thing");
        assert!(!program.contains(what) && !tests.contains(what), "one machine has {what}");
    }
}
