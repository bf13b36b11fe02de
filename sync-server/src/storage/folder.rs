//! The data folder: private, used by one relay at a time, with the relay's key.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use super::chunks::Chunks;
use crate::error::Fatal;

const KEY_FILE: &str = "relay.key";
const LOCK_FILE: &str = "relay.lock";
const DATABASE_FILE: &str = "relay.sqlite";
/// There while a restore fills the folder.
const RESTORING_FILE: &str = "relay.restoring";
const BELL_FILE: &str = "relay.bell";

/// A file that grows by a byte whenever the command line changed something.
/// Asking for its length is all that a running relay does at every request.
#[derive(Debug, Clone)]
pub struct Bell(PathBuf);

impl Bell {
    /// The bell of a data folder.
    pub fn of(data: &Path) -> Bell {
        Bell(data.join(BELL_FILE))
    }

    /// Says that something changed, after it did.
    pub fn ring(&self) -> io::Result<()> {
        open_private(&self.0, OpenOptions::new().create(true).append(true))?.write_all(b".")
    }

    /// How often it was rung.
    pub fn rings(&self) -> u64 {
        fs::metadata(&self.0).map_or(0, |metadata| metadata.len())
    }
}

/// An opened data folder. It is locked until this is dropped.
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Opens the folder, makes it where it is missing, and locks it.
    pub fn open(path: &Path) -> Result<Folder, Fatal> {
        prepare(path).map_err(|cause| unusable(path, &cause))?;
        let lock = open_private(&path.join(LOCK_FILE), OpenOptions::new().create(true).write(true).truncate(false))
            .map_err(|cause| unusable(path, &cause))?;
        match lock.try_lock() {
            Ok(()) => Ok(Folder { path: path.to_path_buf(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Fatal::Input(format!(
                "another relay is using the data folder {}: stop it, or give this one its own with --data DIR",
                path.display()
            ))),
            Err(TryLockError::Error(cause)) => Err(unusable(path, &cause)),
        }
    }

    pub fn database(&self) -> PathBuf {
        self.path.join(DATABASE_FILE)
    }

    /// Refuses a folder that a restore has not filled to the end.
    pub fn check_whole(&self) -> Result<(), Fatal> {
        check_whole(&self.path)
    }

    /// Whether a relay's data are here, and not only what a restore left that broke off.
    pub fn holds_a_relay(&self) -> bool {
        let there = |name: &str| self.path.join(name).exists();
        (there(KEY_FILE) || there(DATABASE_FILE)) && !there(RESTORING_FILE)
    }

    /// Begins to fill a folder that holds no relay. What a restore left that broke off is removed.
    pub fn begin_restore(&self) -> Result<(), Fatal> {
        let marker = self.path.join(RESTORING_FILE);
        let begin = || {
            open_private(&marker, OpenOptions::new().create(true).append(true))?.sync_all()?;
            for name in [KEY_FILE, DATABASE_FILE] {
                for suffix in ["", "-wal", "-shm", "-journal"] {
                    match fs::remove_file(self.path.join(format!("{name}{suffix}"))) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                        _ => {}
                    }
                }
            }
            Chunks::of(&self.path).remove_all()?;
            sync_folder(&self.path)
        };
        begin().map_err(|cause| unusable(&self.path, &cause))
    }

    /// Ends what [`Folder::begin_restore`] began: the folder is a relay's from here on.
    pub fn end_restore(&self, secret: &[u8; 32]) -> Result<(), Fatal> {
        let end = || {
            self.write_key(&self.path.join(KEY_FILE), secret)?;
            File::open(self.database())?.sync_all()?;
            sync_folder(&self.path)?;
            fs::remove_file(self.path.join(RESTORING_FILE))?;
            sync_folder(&self.path)
        };
        end().map_err(|cause| unusable(&self.path, &cause))
    }

    /// Makes an empty database that only its owner reads; SQLite gives the
    /// files beside it the same mode. Comes after [`Folder::signing_key`].
    pub fn private_database(&self) -> Result<PathBuf, Fatal> {
        let path = self.database();
        open_private(&path, OpenOptions::new().create(true).append(true)).map_err(|cause| unusable(&path, &cause))?;
        Ok(path)
    }

    /// The relay's signing key, made at the first start. Devices know the relay
    /// by it, so beside an existing database a missing key is never replaced.
    pub fn signing_key(&self) -> Result<SigningKey, Fatal> {
        let path = self.path.join(KEY_FILE);
        if !path.exists() {
            if self.database().exists() {
                return Err(Fatal::Integrity(format!(
                    "the relay's key {} is missing, but its database is there: restore the key from a backup. \
                     Devices would refuse a relay with another key",
                    path.display()
                )));
            }
            self.write_new_key(&path).map_err(|cause| unusable(&path, &cause))?;
        }
        read_key(&path)
    }

    fn write_new_key(&self, path: &Path) -> io::Result<()> {
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(secret.as_mut()).map_err(io::Error::other)?;
        self.write_key(path, &secret)
    }

    fn write_key(&self, path: &Path, secret: &[u8; 32]) -> io::Result<()> {
        let text = Zeroizing::new(format!("{}\n", data_encoding::HEXLOWER.encode(secret)));
        // Written aside and renamed: a crash leaves a whole key or none.
        let aside = path.with_extension("key.new");
        let mut file = open_private(&aside, OpenOptions::new().create(true).write(true).truncate(true))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&aside, path)?;
        sync_folder(&self.path)
    }
}

/// The database of a folder that a relay uses or used; nothing is made.
pub fn existing_database(data: &Path) -> Result<PathBuf, Fatal> {
    check_whole(data)?;
    let path = data.join(DATABASE_FILE);
    match path.try_exists() {
        Ok(true) => Ok(path),
        Ok(false) => Err(Fatal::Input(format!(
            "there is no relay's database in {}: name the relay's data folder with --data DIR",
            data.display()
        ))),
        Err(cause) => Err(unusable(data, &cause)),
    }
}

/// The relay's key in a folder, for a backup.
pub fn existing_key(data: &Path) -> Result<SigningKey, Fatal> {
    read_key(&data.join(KEY_FILE))
}

/// Makes a file that only its owner reads, empty.
pub fn private_file(path: &Path) -> io::Result<File> {
    open_private(path, OpenOptions::new().create(true).write(true).truncate(true))
}

/// Makes a folder, and those above it, that only its owner reads.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    create_private(path)
}

/// Makes a name beside this path survive a power cut.
pub fn sync_beside(path: &Path) -> io::Result<()> {
    sync_folder(path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

fn check_whole(path: &Path) -> Result<(), Fatal> {
    if path.join(RESTORING_FILE).exists() {
        return Err(Fatal::Input(format!(
            "a restore into {} has not ended: run `drystone-relay restore` again with the same backup",
            path.display()
        )));
    }
    Ok(())
}

fn read_key(path: &Path) -> Result<SigningKey, Fatal> {
    let mut text = Zeroizing::new(String::new());
    let file = File::open(path).map_err(|cause| unusable(path, &cause))?;
    file.take(256).read_to_string(&mut text).map_err(|cause| unusable(path, &cause))?;
    let secret: Option<[u8; 32]> =
        data_encoding::HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    match secret.map(Zeroizing::new) {
        Some(secret) => Ok(SigningKey::from_bytes(&secret)),
        None => Err(Fatal::Integrity(format!(
            "the relay's key {} is damaged (it should be 64 hexadecimal digits): restore it from a backup",
            path.display()
        ))),
    }
}

fn unusable(path: &Path, cause: &io::Error) -> Fatal {
    Fatal::Input(format!(
        "{} cannot be used: {cause}. The relay needs a folder that it may write and nobody else may read; \
         choose another with --data DIR or change its owner",
        path.display()
    ))
}

/// Makes the folder private. A folder that holds someone else's files is left
/// alone, so that `--data /tmp` cannot lock everybody out of it.
fn prepare(path: &Path) -> io::Result<()> {
    if !path.exists() {
        create_private(path)?;
        return path.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), sync_folder);
    }
    let ours = [KEY_FILE, LOCK_FILE, DATABASE_FILE, RESTORING_FILE].iter().any(|name| path.join(name).exists());
    if !ours && fs::read_dir(path)?.next().is_some() {
        return Err(io::Error::other("it is not empty and not a relay's data folder"));
    }
    restrict(path)
}

#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(unix)]
fn restrict(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(unix)]
fn open_private(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600).open(path)
}

/// Makes a new name in the folder survive a power cut.
#[cfg(unix)]
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

// On Windows a user's data folder is private by inheritance, and folders cannot be synced.
#[cfg(not(unix))]
fn create_private(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(not(unix))]
fn restrict(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn open_private(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    options.open(path)
}

#[cfg(not(unix))]
pub fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_stays_the_same_and_private() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/b");
        let first = Folder::open(&path).unwrap().signing_key().unwrap();
        let second = Folder::open(&path).unwrap().signing_key().unwrap();
        assert_eq!(first.to_bytes(), second.to_bytes());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o700);
            assert_eq!(mode(&path.join(KEY_FILE)), 0o600);
            assert_eq!(mode(&Folder::open(&path).unwrap().private_database().unwrap()), 0o600);
        }
    }

    #[test]
    fn a_folder_serves_one_relay_at_a_time() {
        let home = tempfile::tempdir().unwrap();
        let first = Folder::open(&home.path().join("data")).unwrap();
        let error = Folder::open(&home.path().join("data")).err().unwrap();
        assert!(error.to_string().contains("another relay"), "{error}");
        drop(first);
        Folder::open(&home.path().join("data")).unwrap();
    }

    #[test]
    fn a_missing_or_damaged_key_beside_a_database_is_not_replaced() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::open(&home.path().join("data")).unwrap();
        folder.signing_key().unwrap();
        fs::write(folder.database(), "x").unwrap();
        fs::write(home.path().join("data").join(KEY_FILE), "abc").unwrap();
        assert_eq!(folder.signing_key().unwrap_err().exit_code(), 4);
        fs::remove_file(home.path().join("data").join(KEY_FILE)).unwrap();
        assert_eq!(folder.signing_key().unwrap_err().exit_code(), 4);
    }

    #[test]
    fn a_folder_with_other_files_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("letter"), "x").unwrap();
        let error = Folder::open(home.path()).err().unwrap();
        assert!(error.to_string().contains("not empty"), "{error}");
        fs::write(home.path().join(DATABASE_FILE), "x").unwrap();
        let folder = Folder::open(home.path()).unwrap();
        assert!(folder.signing_key().unwrap_err().to_string().contains("restore the key"));
    }
}
