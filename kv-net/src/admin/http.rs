//! The little of HTTP/1.1 that the admin port speaks.

/// The longest request, in bytes.
pub(super) const REQUEST_LEN_MAX: usize = 8 * 1024;

/// How many header lines a request may have.
const HEADERS_MAX: usize = 64;

/// A request without a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    method: String,
    /// What is asked for, without a query.
    pub(super) path: String,
}

impl Request {
    /// Whether it asks for something, rather than wanting to change it.
    pub(super) fn is_get(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }

    /// Whether it asks for more than whether there is something.
    pub(super) fn wants_body(&self) -> bool {
        self.method != "HEAD"
    }
}

/// Reads a request. None if it is not whole yet; an error is the status to answer with.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<Request>, Status> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(&bytes[..bytes.len().min(REQUEST_LEN_MAX)]) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) if bytes.len() < REQUEST_LEN_MAX => return Ok(None),
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            return Err(Status::TooLarge);
        }
        Err(_) => return Err(Status::BadRequest),
    }
    let target = request.path.unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    Ok(Some(Request { method: request.method.unwrap_or_default().into(), path: path.into() }))
}

/// The first line of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    BadRequest,
    NotFound,
    MethodNotAllowed,
    TooLarge,
    Unavailable,
}

impl Status {
    fn text(self) -> &'static str {
        match self {
            Self::Ok => "200 OK",
            Self::BadRequest => "400 Bad Request",
            Self::NotFound => "404 Not Found",
            Self::MethodNotAllowed => "405 Method Not Allowed",
            Self::TooLarge => "431 Request Header Fields Too Large",
            Self::Unavailable => "503 Service Unavailable",
        }
    }
}

/// What is sent back.
#[derive(Debug)]
pub(super) struct Answer {
    status: Status,
    content_type: &'static str,
    body: String,
}

impl Answer {
    pub(super) fn new(status: Status, content_type: &'static str, body: String) -> Self {
        Self { status, content_type, body }
    }

    pub(super) fn text(status: Status, body: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body.into())
    }

    /// The bytes to send, after which the connection ends.
    pub(super) fn into_bytes(self, with_body: bool) -> Vec<u8> {
        let Self { status, content_type, body } = self;
        let allow = if status == Status::MethodNotAllowed { "Allow: GET, HEAD\r\n" } else { "" };
        let head = format!(
            "HTTP/1.1 {}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\
             {allow}Connection: close\r\n\r\n",
            status.text(),
            body.len(),
        );
        [head.as_bytes(), if with_body { body.as_bytes() } else { b"" }].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_when_it_is_whole() {
        let bytes = b"GET /metrics?x=1 HTTP/1.1\r\nHost: here\r\n\r\n";
        for len in 0..bytes.len() {
            assert_eq!(parse(&bytes[..len]), Ok(None), "{len} bytes");
        }
        let request = Request { method: "GET".into(), path: "/metrics".into() };
        assert_eq!(parse(bytes), Ok(Some(request)));
    }

    #[test]
    fn what_is_no_request_or_too_long_is_refused() {
        assert_eq!(parse(b"\0"), Err(Status::BadRequest));
        assert_eq!(parse(b"GET / HTTP/9\r\n\r\n"), Err(Status::BadRequest));
        let long = |len: usize| format!("{:x<1$}", "GET /", len);
        assert_eq!(parse(long(REQUEST_LEN_MAX - 1).as_bytes()), Ok(None));
        assert_eq!(parse(long(REQUEST_LEN_MAX).as_bytes()), Err(Status::TooLarge));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(HEADERS_MAX + 1));
        assert_eq!(parse(many.as_bytes()), Err(Status::TooLarge));
    }

    #[test]
    fn an_answer_to_head_has_the_length_and_no_body() {
        let bytes = Answer::text(Status::Ok, "ok\n").into_bytes(false);
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("Content-Length: 3\r\n") && text.ends_with("\r\n\r\n"), "{text}");
    }
}
