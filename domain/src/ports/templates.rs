//! Templates.

use async_trait::async_trait;

use super::PortError;
use crate::model::{Page, PageRequest, Template, TemplateOwner, Timestamp};

/// The templates there are.
#[async_trait]
pub trait Templates: Send + Sync {
    /// Stores a new template. `false`, and nothing stored, if its owner has one of that name.
    async fn create(&self, template: &Template) -> Result<bool, PortError>;

    /// The owner's template of that name.
    async fn get(&self, owner: TemplateOwner, name: &str) -> Result<Option<Template>, PortError>;

    /// Templates by name, then owner: of one owner, or all there are.
    async fn list(&self, owner: Option<TemplateOwner>, page: &PageRequest) -> Result<Page<Template>, PortError>;

    /// Gives it a new text at `at` and answers it as it is then; `None` if there is none.
    async fn update(&self, owner: TemplateOwner, name: &str, content: &str, at: Timestamp) -> Result<Option<Template>, PortError>;

    /// Whether there was one to delete.
    async fn delete(&self, owner: TemplateOwner, name: &str) -> Result<bool, PortError>;
}
