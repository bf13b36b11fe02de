//! The one window.

use drystone_core::App;
use drystone_core::api::{DocumentSummary, ListDocuments};
use drystone_core::command::Request;
use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Manager, Url, WebviewUrl, WebviewWindowBuilder};

use crate::session::Session;

/// The window's label, which the capability names.
pub const LABEL: &str = "main";

const SIZE: (f64, f64) = (1280.0, 840.0);
const MIN_SIZE: (f64, f64) = (420.0, 480.0);

/// Opens the window on the library.
pub fn open(handle: &AppHandle) -> tauri::Result<()> {
    // Set by `tauri dev` only; then the page comes from Vite.
    let development = handle.config().build.dev_url.clone();
    WebviewWindowBuilder::new(handle, LABEL, WebviewUrl::default())
        .title("Drystone")
        .inner_size(SIZE.0, SIZE.1)
        .min_inner_size(MIN_SIZE.0, MIN_SIZE.1)
        // The page handles files dropped on it; Tauri's handler would take them away.
        .disable_drag_drop_handler()
        .on_navigation(move |url| is_ours(url, development.as_ref()))
        .on_new_window(|_, _| NewWindowResponse::Deny)
        // The page's title is the document's; a list of windows shows which is which.
        .on_document_title_changed(|window, title| {
            if let Err(error) = window.set_title(&title) {
                tracing::warn!("the window's title could not be set: {error}");
            }
        })
        .build()?;
    Ok(())
}

/// Shows a document as soon as the data is open; an unknown one leaves the
/// library, in which it can be looked for.
pub fn show_document_once_open(handle: &AppHandle, wanted: String) {
    let handle = handle.clone();
    tauri::async_runtime::spawn(async move {
        let Some(app) = handle.state::<Session>().app_when_open().await else { return };
        let Some(id) = find(&app, &wanted).await else {
            tracing::warn!("no single document is called {wanted:?}; the library is shown instead");
            return;
        };
        let shown = handle.get_webview_window(LABEL).map(|window| {
            let mut url = window.url()?;
            url.set_fragment(Some(&format!("/document/{id}")));
            window.navigate(url)
        });
        if let Some(Err(error)) = shown {
            tracing::warn!("the document could not be shown: {error}");
        }
    });
}

async fn find(app: &App, wanted: &str) -> Option<String> {
    let list = app.call(Request::DocumentList(ListDocuments { workspace: None, deleted: false })).await.ok()?;
    let documents: Vec<DocumentSummary> = serde_json::from_str(list.get()).ok()?;
    only(&documents, |document| {
        document.id == wanted || document.slug == wanted || document.title.to_lowercase() == wanted.to_lowercase()
    })
    .or_else(|| only(&documents, |document| document.id.starts_with(wanted)))
}

/// The id of the one document that fits; `None` when several do.
fn only(documents: &[DocumentSummary], fits: impl Fn(&DocumentSummary) -> bool) -> Option<String> {
    let mut fitting = documents.iter().filter(|document| fits(document));
    match (fitting.next(), fitting.next()) {
        (Some(document), None) => Some(document.id.clone()),
        _ => None,
    }
}

/// The page stays ours: a link in a document never replaces it.
fn is_ours(url: &Url, development: Option<&Url>) -> bool {
    let embedded = url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost");
    embedded || development.is_some_and(|page| page.origin() == url.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_pages_are_refused() {
        let ours = |url: &str| is_ours(&url.parse().unwrap(), None);
        assert!(ours("tauri://localhost/#/document/1"));
        assert!(ours("http://tauri.localhost/"));
        assert!(!ours("https://example.org/"));
        assert!(!ours("file:///etc/passwd"));
        assert!(!ours("data:text/html,x"));
        assert!(!ours("http://localhost:5173/"));
    }

    #[test]
    fn a_development_server_is_ours_when_it_is_configured() {
        let page = "http://localhost:5173".parse().unwrap();
        assert!(is_ours(&"http://localhost:5173/src/main.ts".parse().unwrap(), Some(&page)));
        assert!(!is_ours(&"http://localhost:8080/".parse().unwrap(), Some(&page)));
    }
}
