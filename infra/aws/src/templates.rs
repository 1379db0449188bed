//! Templates.
#![allow(unused, reason = "to be written")]

use async_trait::async_trait;
use domain::model::*;
use domain::ports::*;
use std::time::Duration;

use crate::Records;
use crate::error::flaw;

#[async_trait]
impl Templates for Records {
    async fn create(&self, _template: &Template) -> Result<bool, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn get(&self, _owner: TemplateOwner, _name: &str) -> Result<Option<Template>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn list(&self, _owner: Option<TemplateOwner>, _page: &PageRequest) -> Result<Page<Template>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn update(&self, _owner: TemplateOwner, _name: &str, _content: &str, _at: Timestamp) -> Result<Option<Template>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn delete(&self, _owner: TemplateOwner, _name: &str) -> Result<bool, PortError> {
        Err(flaw("not written yet").into())
    }
}
