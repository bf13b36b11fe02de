//! Ending without losing the last words: the page hands over what it holds,
//! then the core flushes, and only then does the process end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tauri::{AppHandle, Manager, RunEvent, Window, WindowEvent};

use crate::session::Session;
use crate::window::LABEL;

/// How long the page gets to hand over its last edits. It sends them as soon
/// as it is hidden, and otherwise within 50 ms of the keystroke.
const LAST_EDITS: Duration = Duration::from_millis(200);

/// How long the core gets to flush. What it acknowledged is durable anyway.
const LAST_FLUSH: Duration = Duration::from_secs(10);

static CLOSING: AtomicBool = AtomicBool::new(false);

/// Closing the window ends the process, after everything is stored.
pub fn on_window_event(window: &Window, event: &WindowEvent) {
    if let WindowEvent::CloseRequested { api, .. } = event {
        api.prevent_close();
        finish(window.app_handle());
    }
}

/// Quitting by menu or by the session's end takes the same way.
pub fn on_run_event(handle: &AppHandle, event: RunEvent) {
    if let RunEvent::ExitRequested { api, code: None, .. } = event {
        api.prevent_exit();
        finish(handle);
    }
}

/// Ending by signal, as a session's end does, takes the same way.
pub fn on_signals(handle: &AppHandle) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let handle = handle.clone();
        tauri::async_runtime::spawn(async move {
            let (Ok(mut terminate), Ok(mut interrupt)) =
                (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
            else {
                return;
            };
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            finish(&handle);
        });
    }
    #[cfg(not(unix))]
    let _ = handle;
}

fn finish(handle: &AppHandle) {
    if CLOSING.swap(true, Ordering::AcqRel) {
        return;
    }
    if let Some(window) = handle.get_webview_window(LABEL)
        && let Err(error) = window.hide()
    {
        tracing::warn!("the window could not be hidden: {error}");
    }
    let handle = handle.clone();
    tauri::async_runtime::spawn(async move {
        if let Some(app) = handle.state::<Session>().app_now() {
            tokio::time::sleep(LAST_EDITS).await;
            match tokio::time::timeout(LAST_FLUSH, app.close()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!("closing: {error} {}", error.advice),
                Err(_) => tracing::error!("closing took longer than {} s and was cut off", LAST_FLUSH.as_secs()),
            }
        }
        handle.exit(0);
    });
}
