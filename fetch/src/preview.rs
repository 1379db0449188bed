//! Link previews: what a page says of itself, as WhatsApp shows it above a message with a link.

use std::time::Duration;

use html5gum::{DefaultEmitter, Token, Tokenizer};
use linkify::{LinkFinder, LinkKind};
use reqwest::Url;
use tokio::task;

use crate::{Fetcher, Limits};

/// How much of a page is read: what it says of itself is at its beginning.
const PAGE_BYTES: usize = 512 * 1024;

/// The largest picture that is made a thumbnail.
const PICTURE_BYTES: u64 = 2 * 1024 * 1024;

/// How long the page may take, and then its picture. Somebody waits for the message to go out.
const PATIENCE: Duration = Duration::from_secs(3);

/// The most characters of a title …
const TITLE_CHARS: usize = 300;

/// … and of a description.
const DESCRIPTION_CHARS: usize = 1000;

/// What a page says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkPreview {
    /// As it was asked for.
    pub url: String,
    /// One line of at most 300 characters.
    pub title: String,
    /// One line of at most 1000 characters.
    pub description: Option<String>,
    /// A small JPEG of the page's picture.
    pub thumbnail_jpeg: Option<Vec<u8>>,
}

/// The first `http://` or `https://` URL in a text, without the punctuation around it.
pub fn first_url(text: &str) -> Option<&str> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]);
    let mut urls = finder.links(text).map(|link| link.as_str());
    urls.find(|url| {
        ["http://", "https://"].iter().any(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
    })
}

/// Takes 6 seconds at most. `None` if there is no page at the URL, it comes too slowly, or it has no title: a message goes without a
/// preview then. A picture that cannot be had is left out.
pub async fn link_preview(fetcher: &Fetcher, url: &str) -> Option<LinkPreview> {
    let html = page(fetcher, url).await?;
    let page = task::spawn_blocking(move || Page::read(&html)).await.ok()?;
    let thumbnail_jpeg = match page.image.and_then(|image| Url::parse(url).ok()?.join(&image).ok()) {
        Some(image) => thumbnail(fetcher, image.as_str()).await,
        None => None,
    };
    Some(LinkPreview { url: url.to_owned(), title: page.title?, description: page.description, thumbnail_jpeg })
}

async fn page(fetcher: &Fetcher, url: &str) -> Option<Vec<u8>> {
    let fetched = fetcher.get(url, Limits { max_bytes: u64::MAX, timeout: PATIENCE }).await.ok()?;
    let is_html = fetched.content_type.is_none_or(|mime| {
        let mime = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        mime == "text/html" || mime == "application/xhtml+xml"
    });
    if is_html { fetched.body.prefix(PAGE_BYTES).await.ok().map(Into::into) } else { None }
}

async fn thumbnail(fetcher: &Fetcher, url: &str) -> Option<Vec<u8>> {
    let fetched = fetcher.get(url, Limits { max_bytes: PICTURE_BYTES, timeout: PATIENCE }).await.ok()?;
    let bytes = fetched.body.bytes().await.ok()?;
    task::spawn_blocking(move || media::image(&bytes)).await.ok()?.ok().map(|picture| picture.thumbnail)
}

/// What is found in a page's source.
#[derive(Debug, Default, PartialEq, Eq)]
struct Page {
    title: Option<String>,
    description: Option<String>,
    image: Option<String>,
}

impl Page {
    /// Open Graph's words are preferred to the page's own; the first of each kind counts.
    fn read(html: &[u8]) -> Self {
        let (mut graph, mut own) = (Self::default(), Self::default());
        let mut emitter = DefaultEmitter::default();
        // Scripts, styles and titles have no tags inside.
        emitter.naively_switch_states(true);
        let (mut in_title, mut title) = (false, Vec::new());
        for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
            match token {
                Token::StartTag(tag) if **tag.name == *b"meta" => {
                    let attribute = |name: &[u8]| tag.attributes.get(name).map(|value| String::from_utf8_lossy(value));
                    let (Some(name), Some(content)) = (attribute(b"property").or_else(|| attribute(b"name")), attribute(b"content")) else {
                        continue;
                    };
                    match name.trim().to_ascii_lowercase().as_str() {
                        "og:title" => keep(&mut graph.title, &content, TITLE_CHARS),
                        "og:description" => keep(&mut graph.description, &content, DESCRIPTION_CHARS),
                        "og:image" | "og:image:url" | "og:image:secure_url" => keep(&mut graph.image, &content, usize::MAX),
                        "description" => keep(&mut own.description, &content, DESCRIPTION_CHARS),
                        _ => {}
                    }
                }
                Token::StartTag(tag) => in_title = title.is_empty() && **tag.name == *b"title",
                Token::EndTag(_) => in_title = false,
                Token::String(text) if in_title => title.extend_from_slice(&text),
                _ => {}
            }
        }
        keep(&mut own.title, &String::from_utf8_lossy(&title), TITLE_CHARS);
        Self { title: graph.title.or(own.title), description: graph.description.or(own.description), image: graph.image }
    }
}

/// Keeps the first text that is not empty: on one line, and cut where it is too long.
fn keep(place: &mut Option<String>, text: &str, most: usize) {
    if place.is_some() {
        return;
    }
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if let Some((end, _)) = line.char_indices().nth(most) {
        line.truncate(end);
    }
    if !line.is_empty() {
        *place = Some(line);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_url_of_a_text_is_found() {
        for (text, url) in [
            ("see https://example.com/a?b=c&d#e, please", Some("https://example.com/a?b=c&d#e")),
            ("(http://example.com/a_(b)) and https://example.org", Some("http://example.com/a_(b)")),
            ("HTTPS://EXAMPLE.COM.", Some("HTTPS://EXAMPLE.COM")),
            ("ftp://example.com then http://localhost:3000/x", Some("http://localhost:3000/x")),
            ("ani@example.com, example.com, mailto:ani@example.com", None),
            ("", None),
        ] {
            assert_eq!(first_url(text), url, "{text}");
        }
    }

    #[test]
    fn open_graph_is_preferred_to_the_pages_own_words() {
        let page = Page::read(
            b"<!doctype html><html><head><title>Own &amp; title</title><meta name=description content='Own words'>
            <meta property=\"og:title\" content=\"Tea &mdash; caf&#xe9;\"><META content='Two\n  lines' PROPERTY='OG:DESCRIPTION' />
            <meta property=og:image content=/tea.png><meta property=og:image content=/second.png></head>",
        );
        assert_eq!(page.title.as_deref(), Some("Tea — café"));
        assert_eq!(page.description.as_deref(), Some("Two lines"));
        assert_eq!(page.image.as_deref(), Some("/tea.png"));
    }

    #[test]
    fn a_page_without_open_graph_has_its_own_words() {
        let page = Page::read(
            b"<script>var a = '<title>no</title>'</script><style><title>no</style><!-- <title>no</title> --><meta property=og:title content=' '>
            <title>\n Own &lt;title&gt; <b>\n</title><meta name=Description content=Words><svg><title>no</title></svg>",
        );
        assert_eq!(page.title.as_deref(), Some("Own <title> <b>"));
        assert_eq!(page.description.as_deref(), Some("Words"));
        assert_eq!(page.image, None);
    }

    #[test]
    fn words_without_end_are_cut() {
        let page =
            Page::read(format!("<title>{}</title><meta name=description content='{}'>", "ä".repeat(5000), "b ".repeat(5000)).as_bytes());
        assert_eq!(page.title.unwrap().chars().count(), TITLE_CHARS);
        assert_eq!(page.description.unwrap().len(), DESCRIPTION_CHARS);
    }

    proptest! {
        #[test]
        fn whatever_a_page_holds_it_is_read(html in any::<Vec<u8>>(), words in "[<>/a-z=\"' &;:#!-]{0,200}") {
            Page::read(&html);
            Page::read(format!("<meta property=og:title content={words}<title>{words}").as_bytes());
            first_url(&words);
            first_url(&String::from_utf8_lossy(&html));
        }
    }
}
