//! The desktop window: the interface in a web view, with the core behind one
//! command. Thin on purpose: there is no domain code here, and the page gets
//! no file system, no shell and no network.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

use std::process::ExitCode;

use clap::Parser;

mod args;
mod closing;
mod commands;
mod display;
mod files;
mod session;
mod window;

use args::Args;
use session::Session;

/// Exit code where no window can be opened.
const EXIT_NO_DISPLAY: u8 = 3;

/// Opens the window and runs until it is closed.
pub fn main() -> ExitCode {
    let args = Args::parse();
    start_logging();
    if let Err(problem) = display::prepare() {
        complain(problem.what, &problem.advice);
        return ExitCode::from(EXIT_NO_DISPLAY);
    }
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("The window cannot be opened: {error}."), display::FALLBACK_ADVICE);
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> tauri::Result<()> {
    let session = Session::new(&args, args::passphrase());
    let bundle = args.document.as_deref().is_some_and(args::is_bundle);
    let (file, wanted) = if bundle { (args.document, None) } else { (None, args.document) };
    let file = args::OpenedFile(std::sync::Mutex::new(file.map(Into::into)));
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .manage(session)
        .manage(file)
        .invoke_handler(tauri::generate_handler![
            commands::rpc,
            commands::lock_state,
            commands::unlock,
            files::save_file,
            files::opened_file
        ])
        .on_window_event(closing::on_window_event)
        .setup(move |app| {
            let handle = app.handle().clone();
            tauri::async_runtime::spawn(async move { session::start(&handle).await });
            window::open(app.handle())?;
            if let Some(document) = wanted {
                window::show_document_once_open(app.handle(), document);
            }
            closing::on_signals(app.handle());
            Ok(())
        })
        .build(tauri::generate_context!())?;
    app.run(closing::on_run_event);
    Ok(())
}

/// Warnings go to standard error; `DRYSTONE_LOG` asks for more.
fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("DRYSTONE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

// Before there is a window, standard error is the only place to say anything.
#[allow(clippy::print_stderr)]
fn complain(what: &str, advice: &str) {
    eprintln!("error: {what}\n  {advice}");
}
