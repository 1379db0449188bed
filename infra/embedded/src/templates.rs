//! Templates, in the order of their names.

use async_trait::async_trait;
use domain::{
    model::{Cursor, Page, PageRequest, Template, TemplateOwner, Timestamp, UserId},
    ports::{PortError, Templates},
};
use rusqlite::{Connection, Row};

use crate::{
    Store, counts,
    error::StoreError,
    rows::{self, integer},
};

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT name, owner, content, created_at, updated_at FROM templates ", $rest)
    };
}

#[async_trait]
impl Templates for Store {
    async fn create(&self, template: &Template) -> Result<bool, PortError> {
        let template = template.clone();
        let create = move |connection: &Connection| {
            const SQL: &str =
                "INSERT INTO templates (name, owner, content, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
            let (created_at, updated_at) = (template.created_at.millis(), template.updated_at.millis());
            let values = (&template.name, number(template.owner), &template.content, created_at, updated_at);
            let new = rows::run(connection, SQL, values)? > 0;
            // A call that is repeated finds its own template.
            Ok(new || get(connection, template.owner, &template.name)?.as_ref() == Some(&template))
        };
        Ok(self.writer().write(create).await?)
    }

    async fn get(&self, owner: TemplateOwner, name: &str) -> Result<Option<Template>, PortError> {
        Ok(self.look_up(|connection| get(connection, owner, name))?)
    }

    async fn list(&self, owner: Option<TemplateOwner>, page: &PageRequest) -> Result<Page<Template>, PortError> {
        let page = page.clone();
        Ok(self.query(move |connection| list(connection, owner, &page)).await?)
    }

    async fn update(&self, owner: TemplateOwner, name: &str, content: &str, at: Timestamp) -> Result<Option<Template>, PortError> {
        let (name, content) = (name.to_owned(), content.to_owned());
        let update = move |connection: &Connection| {
            const SQL: &str = "UPDATE templates SET content = ?3, updated_at = ?4 WHERE name = ?1 AND owner = ?2";
            rows::run(connection, SQL, (&name, number(owner), content, at.millis()))?;
            get(connection, owner, &name)
        };
        Ok(self.writer().write(update).await?)
    }

    async fn delete(&self, owner: TemplateOwner, name: &str) -> Result<bool, PortError> {
        let name = name.to_owned();
        let delete = move |connection: &Connection| {
            Ok(rows::run(connection, "DELETE FROM templates WHERE name = ?1 AND owner = ?2", (name, number(owner)))? > 0)
        };
        Ok(self.writer().write(delete).await?)
    }
}

fn get(connection: &Connection, owner: TemplateOwner, name: &str) -> Result<Option<Template>, StoreError> {
    rows::first(connection, select!("WHERE name = ?1 AND owner = ?2"), (name, number(owner)), read)
}

fn list(connection: &Connection, owner: Option<TemplateOwner>, page: &PageRequest) -> Result<Page<Template>, StoreError> {
    let moment = connection.unchecked_transaction()?;
    let limit = page.limit.clamp(1, PageRequest::MAX_LIMIT);
    let after: Option<(String, i64)> = page.cursor.as_ref().and_then(|cursor| serde_json::from_slice(&cursor.0).ok());
    let offset = if after.is_some() { 0 } else { integer(page.offset()) };
    let (name, last) = after.unwrap_or_else(|| (String::new(), i64::MIN));
    let (total, mut items) = match owner.map(number) {
        Some(owner) => {
            const SQL: &str = select!("WHERE owner = ?5 AND (name, owner) > (?1, ?2) ORDER BY name, owner LIMIT ?3 OFFSET ?4");
            (
                rows::number(&moment, "SELECT count(*) FROM templates WHERE owner = ?1", [owner])?,
                rows::all(&moment, SQL, (name, last, limit + 1, offset, owner), read)?,
            )
        }
        None => {
            const SQL: &str = select!("WHERE (name, owner) > (?1, ?2) ORDER BY name, owner LIMIT ?3 OFFSET ?4");
            (rows::number(&moment, "SELECT count(*) FROM templates", [])?, rows::all(&moment, SQL, (name, last, limit + 1, offset), read)?)
        }
    };
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let place = |last: &Template| Ok(Cursor(serde_json::to_vec(&(&last.name, number(last.owner)))?));
    let next = items.last().filter(|_| more).map(place).transpose().map_err(|error: serde_json::Error| StoreError::from(error))?;
    Ok(Page { items, total, next })
}

fn read(row: &Row<'_>) -> Result<Template, StoreError> {
    Ok(Template {
        name: row.get(0)?,
        owner: owner(row.get(1)?)?,
        content: row.get(2)?,
        created_at: rows::moment(row, 3)?,
        updated_at: rows::moment(row, 4)?,
    })
}

fn number(owner: TemplateOwner) -> i64 {
    match owner {
        TemplateOwner::Everyone => -1,
        TemplateOwner::User(user) => counts::user(user),
    }
}

fn owner(number: i64) -> Result<TemplateOwner, StoreError> {
    let Ok(user) = u64::try_from(number) else { return Ok(TemplateOwner::Everyone) };
    UserId::parse(user).map(TemplateOwner::User).map_err(StoreError::record)
}
