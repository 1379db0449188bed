//! Templates, in the order of their names.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use domain::{
    model::{Page, PageRequest, Template, TemplateOwner, Timestamp, UserId},
    ports::{PortError, Templates},
};
use serde::{Deserialize, Serialize};

use crate::{
    Records,
    error::flaw,
    layout,
    table::{Item, item, key, number, text, text_of, value},
    window,
};

/// A template's item, but for its places in lists.
#[derive(Serialize, Deserialize)]
struct Stored {
    /// None if it is everyone's.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<u64>,
    name: String,
    content: String,
    created_at: i64,
    updated_at: i64,
}

#[async_trait]
impl Templates for Records {
    async fn create(&self, template: &Template) -> Result<bool, PortError> {
        let new = self.table.put_new(item_of(template)?).await?;
        // A call that is repeated finds its own template.
        Ok(new || Templates::get(self, template.owner, &template.name).await?.as_ref() == Some(template))
    }

    async fn get(&self, owner: TemplateOwner, name: &str) -> Result<Option<Template>, PortError> {
        self.table.get(&layout::templates_of(owner), &layout::template(name)).await?.map(template_of).transpose()
    }

    async fn list(&self, owner: Option<TemplateOwner>, page: &PageRequest) -> Result<Page<Template>, PortError> {
        let (query, place) = match owner {
            None => (self.table.list(1, layout::TEMPLATES), "p1"),
            Some(owner) => (self.table.list(2, &layout::templates_of(owner)), "p2"),
        };
        let listed = self.table.all(query).await?.into_iter().map(|item| {
            let key = (text_of(&item, "pk")?.to_owned(), text_of(&item, "sk")?.to_owned());
            Ok((text_of(&item, place)?.to_owned(), key))
        });
        let Page { items, total, next } = window::page(listed.collect::<Result<_, PortError>>()?, page);
        let items = self.table.get_many(&items).await?.into_iter().flatten().map(template_of).collect::<Result<_, _>>()?;
        Ok(Page { items, total, next })
    }

    async fn update(&self, owner: TemplateOwner, name: &str, content: &str, at: Timestamp) -> Result<Option<Template>, PortError> {
        let update = UpdateBuilder::default()
            .set_key(Some(key(&layout::templates_of(owner), &layout::template(name))))
            .update_expression("SET content = :content, updated_at = :at")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":content", text(content))
            .expression_attribute_values(":at", number(at.millis()));
        self.table.update(update).await?.map(template_of).transpose()
    }

    async fn delete(&self, owner: TemplateOwner, name: &str) -> Result<bool, PortError> {
        Ok(self.table.delete(&layout::templates_of(owner), &layout::template(name)).await?.is_some())
    }
}

fn item_of(template: &Template) -> Result<Item, PortError> {
    let owner = match template.owner {
        TemplateOwner::Everyone => None,
        TemplateOwner::User(user) => Some(user.get()),
    };
    let stored = Stored {
        owner,
        name: template.name.clone(),
        content: template.content.clone(),
        created_at: template.created_at.millis(),
        updated_at: template.updated_at.millis(),
    };
    let (pk, sk) = (layout::templates_of(template.owner), layout::template(&template.name));
    let mut item = item(&pk, &sk, &stored)?;
    item.extend([
        ("i1".to_owned(), text(layout::TEMPLATES)),
        // By name, then owner, everyone's first; no name goes on with a zero.
        ("p1".to_owned(), text(format!("{}\0{}", template.name, owner.map(layout::number).unwrap_or_default()))),
        ("i2".to_owned(), text(pk)),
        ("p2".to_owned(), text(sk)),
    ]);
    Ok(item)
}

fn template_of(item: Item) -> Result<Template, PortError> {
    let Stored { owner, name, content, created_at, updated_at } = value(item)?;
    let user = owner.map(|user| UserId::parse(user).map_err(flaw)).transpose()?;
    Ok(Template {
        owner: user.map_or(TemplateOwner::Everyone, TemplateOwner::User),
        name,
        content,
        created_at: Timestamp::from_millis(created_at),
        updated_at: Timestamp::from_millis(updated_at),
    })
}
