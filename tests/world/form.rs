//! A form with a file, byte for byte as a client writes it.

use reqwest::{Method, RequestBuilder};

use super::Program;

const BOUNDARY: &str = "----WebKitFormBoundary7MA4YWxkTrZu0gW";

#[derive(Clone, Default)]
pub struct Form {
    body: Vec<u8>,
}

impl Form {
    pub fn new() -> Self {
        Self::default()
    }

    /// A field of text.
    pub fn text(self, name: &str, value: &str) -> Self {
        self.part(&format!("name=\"{name}\""), "", value.as_bytes())
    }

    /// A file, as browsers send it.
    pub fn file(self, name: &str, file_name: &str, mime_type: &str, bytes: &[u8]) -> Self {
        self.part(&format!("name=\"{name}\"; filename=\"{file_name}\""), &format!("Content-Type: {mime_type}\r\n"), bytes)
    }

    /// A part of the form: what its disposition says, further headers each with their line's end, and its content.
    pub fn part(mut self, disposition: &str, headers: &str, content: &[u8]) -> Self {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n{headers}\r\n");
        self.body.extend_from_slice(head.as_bytes());
        self.body.extend_from_slice(content);
        self.body.extend_from_slice(b"\r\n");
        self
    }

    /// What the header says of it.
    pub fn content_type() -> String {
        format!("multipart/form-data; boundary={BOUNDARY}")
    }

    /// The whole of it.
    pub fn bytes(mut self) -> Vec<u8> {
        self.body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        self.body
    }

    /// The request that posts it.
    pub fn post(self, program: &Program, path: &str) -> RequestBuilder {
        program.request(Method::POST, path).header("content-type", Self::content_type()).body(self.bytes())
    }
}
