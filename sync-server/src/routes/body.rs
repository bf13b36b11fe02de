//! Reading what a request says, and writing what goes back.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Response, header};
use axum::response::IntoResponse;
use drystone_wire::WorkspaceId;
use drystone_wire::http::RelayErrorCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use crate::error::Refusal;
use crate::limits::{BodyMemory, MemoryShare};

/// The longest query string that is looked at, in bytes.
const QUERY_BYTES: usize = 8 << 10;

/// Set once a request's body was read to its end. Until then the connection
/// cannot carry another request.
#[derive(Debug, Clone, Default)]
pub struct BodyRead(Arc<AtomicBool>);

impl BodyRead {
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Reads a body of at most `limit` bytes. Its memory counts until the share is dropped.
pub async fn read(memory: &BodyMemory, request: Request, limit: usize) -> Result<(Bytes, MemoryShare), Refusal> {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limit) {
        return Err(too_large(limit));
    }
    let mut share = memory.take(announced.unwrap_or(limit)).await?;
    let whole = request.extensions().get::<BodyRead>().cloned().unwrap_or_default();
    let collected = Limited::new(request.into_body(), limit).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { too_large(limit) } else { Refusal::bad_request("the body broke off") }
    })?;
    whole.0.store(true, Ordering::Relaxed);
    let bytes = collected.to_bytes();
    share.shrink(bytes.len());
    Ok((bytes, share))
}

fn too_large(limit: usize) -> Refusal {
    Refusal::new(
        RelayErrorCode::TooLarge,
        format!("the body is larger than the limit of {limit} bytes; send less at once"),
    )
}

/// Reads a JSON body.
pub async fn json<T: DeserializeOwned>(memory: &BodyMemory, request: Request) -> Result<T, Refusal> {
    let (bytes, _share) = read(memory, request, drystone_wire::limits::JSON_BYTES).await?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Refusal::bad_request(format!("the JSON body cannot be read: {error}")))
}

/// A reply in CBOR whose memory counts until it has left.
pub fn cbor(bytes: Vec<u8>, share: MemoryShare) -> Response<Body> {
    struct Counted(Vec<u8>, #[expect(dead_code, reason = "held until the bytes have left")] MemoryShare);
    impl AsRef<[u8]> for Counted {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }
    cbor_reply(Body::from(Bytes::from_owner(Counted(bytes, share))))
}

/// A small reply in CBOR.
pub fn small_cbor<T: minicbor::Encode<()>>(value: &T) -> Response<Body> {
    cbor_reply(Body::from(drystone_wire::canonical::encode(value)))
}

/// A reply in CBOR of which others have a share.
pub fn cbor_reply(body: Body) -> Response<Body> {
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/cbor"));
    response
}

/// The workspace in a path.
pub fn workspace(text: &str) -> Result<WorkspaceId, Refusal> {
    text.parse().map_err(|error| Refusal::bad_request(format!("the workspace in the path is not an id: {error}")))
}

/// The parameters of a query. Those we know need no escapes, so none are undone.
pub struct Query<'a>(HashMap<&'a str, &'a str>);

impl<'a> Query<'a> {
    pub fn new(text: Option<&'a str>) -> Result<Query<'a>, Refusal> {
        let text = text.unwrap_or_default();
        if text.len() > QUERY_BYTES {
            return Err(Refusal::new(
                RelayErrorCode::TooLarge,
                format!("the query is longer than {QUERY_BYTES} bytes"),
            ));
        }
        Ok(Query(text.split('&').filter_map(|pair| pair.split_once('=')).collect()))
    }

    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).copied()
    }

    /// A number, or the default where the query does not name it.
    pub fn number<T: FromStr>(&self, name: &str, default: T) -> Result<T, Refusal> {
        self.text(name).map_or(Ok(default), |text| {
            text.parse().map_err(|_| Refusal::bad_request(format!("the query's {name} is not a number in range")))
        })
    }
}
