//! Disks that fail, for real processes: `fault.c` is preloaded into them and
//! makes one operation on the store go wrong, or all from one on.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// One operation fails with an I/O error.
    Once,
    /// It and all after it do.
    Gone,
    /// It and all writes after it find no space.
    Full,
    /// Half of it is written, then the process is killed.
    Torn,
}

/// All of them.
pub const FAULT_KINDS: [FaultKind; 4] = [FaultKind::Once, FaultKind::Gone, FaultKind::Full, FaultKind::Torn];

impl FaultKind {
    fn name(self) -> &'static str {
        match self {
            FaultKind::Once => "once",
            FaultKind::Gone => "gone",
            FaultKind::Full => "full",
            FaultKind::Torn => "torn",
        }
    }
}

/// A disk that counts what is done to some files, and fails at one operation.
#[derive(Debug, Clone)]
pub struct Disk {
    /// What the path of a file contains that it is about.
    pub files: String,
    /// Which operation goes wrong and how; none for counting alone.
    pub fault: Option<(u64, FaultKind)>,
    folder: PathBuf,
    armed: bool,
}

impl Disk {
    /// A good disk. In `folder` it keeps its count.
    pub fn new(folder: &Path, files: &str) -> Disk {
        let disk = Disk { files: files.into(), fault: None, folder: folder.to_path_buf(), armed: false };
        let _none = std::fs::remove_file(disk.counter());
        disk
    }

    /// The same, counting only from [`Disk::arm`] on.
    pub fn armed_later(mut self) -> Disk {
        self.armed = true;
        let _none = std::fs::remove_file(self.trigger());
        self
    }

    /// The same, failing at an operation, from 1.
    pub fn failing(mut self, at: u64, kind: FaultKind) -> Disk {
        self.fault = Some((at, kind));
        self
    }

    /// Counts from now on.
    pub fn arm(&self) {
        std::fs::write(self.trigger(), "").unwrap();
    }

    /// Works again, as after a disk was made free.
    pub fn disarm(&self) {
        let _none = std::fs::remove_file(self.trigger());
    }

    /// Operations so far.
    pub fn operations(&self) -> u64 {
        std::fs::read_to_string(self.counter()).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// Puts a process onto this disk.
    pub fn under(&self, command: &mut Command) {
        let (at, kind) = self.fault.unwrap_or((0, FaultKind::Once));
        command.env("LD_PRELOAD", library()).env("DRYSTONE_FAULT_PATH", &self.files);
        command.env("DRYSTONE_FAULT_COUNT", self.counter());
        command.env("DRYSTONE_FAULT_AT", at.to_string()).env("DRYSTONE_FAULT_KIND", kind.name());
        if self.armed {
            command.env("DRYSTONE_FAULT_ARM", self.trigger());
        }
    }

    fn counter(&self) -> PathBuf {
        self.folder.join("operations")
    }

    fn trigger(&self) -> PathBuf {
        self.folder.join("armed")
    }
}

/// Compiles the library once a process.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = LIBRARY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let (source, library) = (folder.path().join("fault.c"), folder.path().join("fault.so"));
        std::fs::write(&source, include_str!("fault.c")).unwrap();
        let mut compile = Command::new("cc");
        compile.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).args(["-ldl"]);
        let output = compile.output().unwrap_or_else(|error| panic!("cc cannot be started ({error})"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (folder, library)
    });
    path
}
