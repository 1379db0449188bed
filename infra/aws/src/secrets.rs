//! Secrets, by the names that the stack gives them.

use domain::ports::PortError;

use crate::{
    Clients,
    error::{flaw, unavailable},
};

impl Clients {
    /// The text of a secret.
    pub async fn secret(&self, id: &str) -> Result<String, PortError> {
        let secret = self.secrets().get_secret_value().secret_id(id).send().await.map_err(unavailable)?;
        secret.secret_string.ok_or_else(|| flaw(format!("the secret {id} is no text")))
    }
}
