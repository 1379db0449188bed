//! Texts with gaps, kept for later.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Timestamp, UserId};

/// A text that is sent often, with variables written as `{{customer_name}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Whose it is.
    pub owner: TemplateOwner,
    /// Unique within its owner.
    pub name: String,
    /// The text.
    pub content: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Who may send a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TemplateOwner {
    /// Every device of the installation; a user's template of the same name goes first.
    Everyone,
    /// The devices of one user.
    User(UserId),
}

/// The name of a variable that a text needs and nobody gave.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the variable {0} is missing")]
pub struct MissingVariable(pub String);

/// The text with every `{{name}}` replaced by its variable. What is written in a variable is not looked at again.
pub fn render(text: &str, variables: &BTreeMap<String, String>) -> Result<String, MissingVariable> {
    let mut rendered = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => rendered.push_str(text),
            Piece::Variable(name) => rendered.push_str(variables.get(name).ok_or_else(|| MissingVariable(name.to_owned()))?),
        }
    }
    Ok(rendered)
}

/// The names of a text's variables, each once, in the order they first appear.
pub fn variables(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for piece in pieces(text) {
        match piece {
            Piece::Variable(name) if !names.contains(&name) => names.push(name),
            _ => {}
        }
    }
    names
}

enum Piece<'a> {
    Text(&'a str),
    Variable(&'a str),
}

/// A gap is `{{`, blanks, a name of letters, digits, `_`, `-` and `.`, blanks, `}}`; anything else is text.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some((name, after)) = gap(rest) {
            rest = after;
            return Some(Piece::Variable(name));
        }
        // At least one character, so that a brace that opens no gap is text.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let mut end = first;
        while end < rest.len() && gap(&rest[end..]).is_none() {
            end += rest[end..].chars().next().map_or(1, char::len_utf8);
            end += rest[end..].find('{').unwrap_or(rest.len() - end);
        }
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(Piece::Text(piece))
    })
}

fn gap(text: &str) -> Option<(&str, &str)> {
    let (inside, after) = text.strip_prefix("{{")?.split_once("}}")?;
    let name = inside.trim();
    let valid = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    valid.then_some((name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn variables_fill_the_gaps_and_are_not_looked_at_again() {
        let given = with(&[("name", "{{order}}"), ("order", "№5")]);
        assert_eq!(render("Halo {{name}}, {{ order }}!", &given).unwrap(), "Halo {{order}}, №5!");
        assert_eq!(render("{{name}}{{name}}", &given).unwrap(), "{{order}}{{order}}");
        assert_eq!(render("", &given).unwrap(), "");
    }

    #[test]
    fn braces_that_make_no_gap_are_text() {
        for text in ["{", "{{", "{{}}", "{{a b}}", "a {{ } b", "}}{{", "東{{京"] {
            assert_eq!(render(text, &with(&[])).unwrap(), text);
        }
        assert_eq!(render("{{{name}}}", &with(&[("name", "x")])).unwrap(), "{x}");
    }

    #[test]
    fn a_missing_variable_is_named() {
        assert_eq!(render("{{a}} {{b}}", &with(&[("a", "1")])), Err(MissingVariable("b".into())));
        assert_eq!(variables("{{b}} {{a}} {{b}}"), ["b", "a"]);
    }
}
