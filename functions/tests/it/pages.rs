//! The pages that people see: what they may load and do, and that nobody fetches them twice.

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request},
};
use functions::router;
use tower::ServiceExt;

use crate::world::api;

async fn get(path: &str, known: Option<&str>) -> (u16, HeaderMap, String) {
    let mut request = Request::get(path);
    if let Some(etag) = known {
        request = request.header("if-none-match", etag);
    }
    let response = router(api().0).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let text = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
    (parts.status.as_u16(), parts.headers, text)
}

#[tokio::test]
async fn a_page_may_load_and_do_nothing_but_what_is_here() {
    for (path, kind) in [
        ("/", "text/html"),
        ("/console/app.js", "text/javascript"),
        ("/console/style.css", "text/css"),
        ("/console/icon.svg", "image/svg+xml"),
    ] {
        let (status, headers, _) = get(path, None).await;
        assert_eq!(status, 200, "{path}");
        assert!(headers["content-type"].to_str().unwrap().starts_with(kind), "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        for part in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "form-action 'none'"] {
            assert!(policy.split("; ").any(|found| found == part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(
            (&headers["x-content-type-options"], &headers["referrer-policy"]),
            (&"nosniff".parse().unwrap(), &"no-referrer".parse().unwrap())
        );
    }
}

#[tokio::test]
async fn what_a_browser_has_already_is_not_sent_again() {
    for path in ["/", "/console/app.js", "/console/id.json"] {
        let (_, headers, text) = get(path, None).await;
        assert_eq!(headers["cache-control"], "no-cache");
        assert!(!text.is_empty());
        let etag = headers["etag"].to_str().unwrap();
        for known in [etag.to_owned(), format!("\"other\", W/{etag}")] {
            let (status, headers, text) = get(path, Some(&known)).await;
            assert_eq!((status, text.as_str()), (304, ""), "{path}");
            assert_eq!(headers["etag"], etag);
        }
        assert_eq!(get(path, Some("\"other\"")).await.0, 200);
    }
}

#[tokio::test]
async fn every_file_that_a_page_asks_for_is_there() {
    let mut asked: Vec<String> = ["/", "/link/nonsense"].map(str::to_owned).into();
    let mut at = 0;
    while let Some(path) = asked.get(at).cloned() {
        let (status, headers, text) = get(&path, None).await;
        let is_page = path == "/link/nonsense";
        assert_eq!(status, if is_page { 404 } else { 200 }, "{path}");
        assert!(headers.contains_key("content-security-policy"), "{path}");
        // In an attribute of a page, or imported by a script.
        for quoted in text.split(['"', '\'']) {
            let path = match quoted.strip_prefix("./") {
                Some(module) if module.ends_with(".js") => format!("/console/{module}"),
                _ if quoted.starts_with("/console/") && quoted.contains('.') => quoted.to_owned(),
                _ => continue,
            };
            if !asked.contains(&path) {
                asked.push(path);
            }
        }
        at += 1;
    }
    assert!(asked.len() > 15, "{asked:?}");
}
