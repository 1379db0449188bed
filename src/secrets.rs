//! Secrets that nobody set: generated once and kept in the data folder.

use std::{fs, io::Write, path::Path};

use anyhow::{Context, Result};
use domain::ports::Ids;

/// The secret that `data_dir/name` holds; a new one is put there first if there is none.
pub fn kept(data_dir: &Path, name: &str, ids: &dyn Ids) -> Result<String> {
    let path = data_dir.join(name);
    let context = || format!("the secret in {}", path.display());
    match fs::read_to_string(&path) {
        Ok(secret) if !secret.trim().is_empty() => return Ok(secret.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(context),
    }
    let secret = ids.secret();
    // Written aside and renamed, so that a crash leaves a whole secret or none.
    let aside = data_dir.join(format!(".{name}"));
    let mut file = private_file(&aside).with_context(context)?;
    writeln!(file, "{secret}").and_then(|()| file.sync_all()).with_context(context)?;
    fs::rename(&aside, &path).with_context(context)?;
    Ok(secret)
}

fn private_file(path: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
