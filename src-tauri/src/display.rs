//! Whether a window can be opened here, and how it is drawn.

/// What to try when a window opens and stays empty.
pub const FALLBACK_ADVICE: &str =
    "Try `WEBKIT_DISABLE_DMABUF_RENDERER=1 drystone-desktop`, or `drystone serve` and a browser.";

/// Why no window can be opened.
pub struct NoDisplay {
    /// What is wrong.
    pub what: &'static str,
    /// What to do.
    pub advice: String,
}

/// Everything that must be settled before the first window, on the main thread.
pub fn prepare() -> Result<(), NoDisplay> {
    #[cfg(target_os = "linux")]
    linux::prepare()?;
    Ok(())
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::OsString;
    use std::os::unix::process::CommandExt;
    use std::path::Path;
    use std::process::Command;

    use super::NoDisplay;

    /// WebKit's switch between its two ways to bring pixels on the screen.
    const SWITCH: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

    pub fn prepare() -> Result<(), NoDisplay> {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if !is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY") {
            return Err(no_display(
                "There is no display to open a window on: neither DISPLAY nor WAYLAND_DISPLAY is set.",
            ));
        }
        if std::env::var_os(SWITCH).is_none() && needs_fallback(Path::new("/")) {
            restart_with_fallback();
        }
        // GTK would end the process with a panic later on.
        gtk::init().map_err(|_| {
            no_display("The display cannot be reached: DISPLAY or WAYLAND_DISPLAY names one that does not answer.")
        })
    }

    /// Sharing buffers with the graphics card leaves the window blank with
    /// NVIDIA's own driver, and without a card to share with it only costs
    /// 70 MB of memory.
    pub(super) fn needs_fallback(root: &Path) -> bool {
        let nvidia = root.join("proc/driver/nvidia/version").exists();
        let cards = std::fs::read_dir(root.join("dev/dri")).into_iter().flatten().flatten();
        let has_card = cards.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("renderD"));
        nvidia || !has_card
    }

    /// The environment is set by starting anew in the same process: changing
    /// it in place is not safe once there are threads. Should that fail, the
    /// window opens as it would have.
    fn restart_with_fallback() {
        let Ok(program) = std::env::current_exe() else { return };
        let args: Vec<OsString> = std::env::args_os().skip(1).collect();
        let error = Command::new(program).args(args).env(SWITCH, "1").exec();
        tracing::warn!("the fallback for drawing could not be chosen: {error}");
    }

    fn no_display(what: &'static str) -> NoDisplay {
        let advice = "Run `drystone serve` and open the address it prints in a browser; it is the same interface.";
        NoDisplay { what, advice: advice.into() }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::linux::needs_fallback;

    #[test]
    fn the_fallback_is_for_nvidia_and_for_no_card() {
        let root = tempfile::tempdir().unwrap();
        assert!(needs_fallback(root.path()), "no card");
        std::fs::create_dir_all(root.path().join("dev/dri")).unwrap();
        std::fs::write(root.path().join("dev/dri/renderD128"), "").unwrap();
        assert!(!needs_fallback(root.path()), "a card");
        std::fs::create_dir_all(root.path().join("proc/driver/nvidia")).unwrap();
        std::fs::write(root.path().join("proc/driver/nvidia/version"), "").unwrap();
        assert!(needs_fallback(root.path()), "NVIDIA's driver");
    }
}
