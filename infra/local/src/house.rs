//! What a house is on the disk: a folder with its key, the case store and the host's own store. Owns who may read them,
//! and whether they belong together: a key is made for a new house only, and what was lost, exchanged or set back is
//! refused before anything is done with it. Refuses to mend: what is right stands in a backup.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use banto_aws::Keys;

use crate::engine::{self, Engine, Place};
use crate::host::HostError;
use crate::store::{self, Store};

/// The root key's file.
const KEY: &str = "root.key";
/// Both stores know the house by this name, and its key by that.
const ID: &str = "house";
const CHECK: &str = "key";

/// Why a house can't be opened as it is.
#[derive(Debug, thiserror::Error)]
pub enum HouseError {
    /// The disk.
    #[error("{0}: {1}")]
    Io(PathBuf, std::io::Error),
    /// A house whose key is gone.
    #[error("{0} is missing: the key that this house was made with")]
    NoKey(PathBuf),
    /// What can't be a key.
    #[error("{0}: the root key must be 64 hex digits (32 bytes)")]
    NotAKey(PathBuf),
    /// The key of another house, or a new one.
    #[error("{0} is not the key that this house was made with")]
    OtherKey(PathBuf),
    /// One of the two stores is gone.
    #[error("{0} is missing, and the rest of the house is there")]
    Missing(PathBuf),
    /// A store that was emptied, or comes from elsewhere.
    #[error("{0} is empty or another house's: the rest of the house doesn't know it")]
    Exchanged(PathBuf),
    /// A store that was set back.
    #[error("{0} is older than the rest of the house: what happened since is not in it")]
    Older(PathBuf),
}

impl HouseError {
    /// What to do.
    #[must_use]
    pub fn way_out(&self) -> &'static str {
        match self {
            Self::Io(..) => "look at the folder and its rights, or name another with --data DIR",
            Self::NoKey(_) | Self::NotAKey(_) | Self::OtherKey(_) => {
                "put the key back from a backup: without it the links in mails and the stored secrets are void"
            }
            Self::Missing(_) | Self::Exchanged(_) | Self::Older(_) => {
                "put cases.sqlite and host.sqlite back together, from one backup, with what stands beside them \
                 (-wal); nothing here was changed"
            }
        }
    }
}

/// Whether somebody lived here: one of the stores is there.
#[must_use]
pub fn is_lived_in(dir: &Path) -> bool {
    dir.join(engine::FILE).exists() || dir.join(store::FILE).exists()
}

/// Makes the folder of a house, for its owner alone.
///
/// # Errors
/// When it can't be made.
pub fn folder(dir: &Path) -> Result<(), HouseError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|e| HouseError::Io(dir.to_owned(), e))
}

/// The root key of a house. A new house gets one; one that has been lived in has its own, or none.
///
/// # Errors
/// When the key is gone, or can't be read or made.
pub fn key(place: &Place) -> Result<Keys, HouseError> {
    let Place::Dir(dir) = place else { return fresh().map(Keys::new).map_err(|e| HouseError::Io(KEY.into(), e)) };
    let path = dir.join(KEY);
    // In this order: who makes a house makes its key first.
    let lived_in = is_lived_in(dir);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => text,
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(HouseError::Io(path, e)),
        _ if lived_in => return Err(HouseError::NoKey(path)),
        _ => {
            folder(dir)?;
            make(&path).map_err(|e| HouseError::Io(path.clone(), e))?
        }
    };
    Keys::parse(text.trim()).map_err(|_| HouseError::NotAKey(path))
}

fn fresh() -> std::io::Result<[u8; 32]> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|e| std::io::Error::other(e.to_string()))?;
    Ok(key)
}

/// Makes the key, or reads the one that somebody makes at this moment: whoever has the lock first writes it.
fn make(path: &Path) -> std::io::Result<String> {
    engine::private_file(path)?;
    let mut file = File::options().read(true).write(true).open(path)?;
    file.lock()?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    if text.trim().is_empty() {
        text = data_encoding::HEXLOWER.encode(&fresh()?);
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
    }
    Ok(text)
}

/// Before the stores are opened, and so made: a case store without its host's is a house that lost a part.
pub(crate) fn before_opening(dir: &Path) -> Result<(), HouseError> {
    // In this order: who makes a house makes the host's store first.
    let (cases, host) = (State::of(&dir.join(engine::FILE)), dir.join(store::FILE));
    if cases == State::Full { State::of(&host).holds(host) } else { Ok(()) }
}

/// What is to be seen of a store's file without opening it.
#[derive(Debug, PartialEq, Eq)]
enum State {
    Missing,
    Empty,
    Full,
}

impl State {
    fn of(path: &Path) -> Self {
        let length = |path: &Path| std::fs::metadata(path).map(|there| there.len());
        let beside = path.with_extension("sqlite-wal");
        match length(path) {
            Err(_) => Self::Missing,
            Ok(0) if length(&beside).unwrap_or_default() == 0 => Self::Empty,
            Ok(_) => Self::Full,
        }
    }

    /// Whether it may hold what the rest of the house expects of it.
    fn holds(self, path: PathBuf) -> Result<(), HouseError> {
        match self {
            Self::Missing => Err(HouseError::Missing(path)),
            Self::Empty => Err(HouseError::Exchanged(path)),
            Self::Full => Ok(()),
        }
    }
}

/// What the host's own store knows of the house.
#[derive(Debug)]
pub(crate) struct Known {
    id: Option<String>,
    key: Option<String>,
    /// How far the stream was read.
    read: Option<String>,
}

impl Known {
    /// Reads it, before the case store is opened and so made.
    pub(crate) async fn read(dir: &Path, store: &Store) -> Result<Self, HostError> {
        let known = store.read(|tx| Ok((tx.meta(ID)?, tx.meta(CHECK)?, tx.meta(crate::worker::STREAM)?))).await?;
        let (id, key, read) = known;
        if id.is_some() || read.is_some() {
            let cases = dir.join(engine::FILE);
            State::of(&cases).holds(cases)?;
        }
        Ok(Self { id, key, read })
    }

    /// Whether both stores and the key are of one house, and of one time.
    pub(crate) fn belongs(&self, dir: &Path, engine: &Engine, table: &str, keys: &Keys) -> Result<(), HostError> {
        let (cases, host) = (dir.join(engine::FILE), dir.join(store::FILE));
        let extent = engine.extent(table)?;
        match (&self.id, engine.mark(ID)?) {
            (Some(ours), theirs) if theirs.as_ref() != Some(ours) => return Err(HouseError::Exchanged(cases).into()),
            // Of a house that was just being made, the case store is marked first, and has nothing yet.
            (None, Some(_)) if extent.is_some() => return Err(HouseError::Exchanged(host).into()),
            _ => {}
        }
        let check = keys.check();
        if [&self.key, &engine.mark(CHECK)?].into_iter().flatten().any(|known| *known != check) {
            return Err(HouseError::OtherKey(dir.join(KEY)).into());
        }
        match (&self.read, extent) {
            (Some(_), None) => Err(HouseError::Exchanged(cases).into()),
            (Some(read), Some((_, newest))) if newest < *read => Err(HouseError::Older(cases).into()),
            // What was read is forgotten, but for the last of it.
            (Some(read), Some((oldest, _))) if oldest > *read => Err(HouseError::Older(host).into()),
            _ => Ok(()),
        }
    }

    /// Marks both stores, if they aren't: a new house, or one of a version that had no marks.
    pub(crate) async fn mark(&self, store: &Store, engine: &Engine, keys: &Keys) -> Result<(), HostError> {
        let check = keys.check();
        if self.id.is_some() && self.key.is_some() {
            return Ok(());
        }
        let id = engine.mark(ID)?.unwrap_or_else(crate::ids::uuid);
        engine.set_marks(&[(ID, &id), (CHECK, &check)])?;
        let marked = store.change(move |tx| {
            tx.set_meta(ID, &id)?;
            tx.set_meta(CHECK, &check)
        });
        Ok(marked.await?)
    }
}

/// A copy of a house's stores, for one that can only be read, or is running. It goes when it is dropped.
#[derive(Debug)]
pub struct Copied(PathBuf);

impl Copied {
    fn empty() -> Result<Self, HouseError> {
        let to = Self(std::env::temp_dir().join(format!("banto-look-{}", crate::ids::uuid())));
        folder(&to.0)?;
        Ok(to)
    }

    /// Copies the stores with what SQLite has beside them.
    ///
    /// # Errors
    /// When they can't be read, or there is no room for them.
    pub fn of(dir: &Path) -> Result<Self, HouseError> {
        let to = Self::empty()?;
        for file in IN_ORDER {
            copy_store(dir, &to.0, file)?;
        }
        Ok(to)
    }

    /// Copies the stores of a house that is running, each as it stood at one instant. SQLite appends to the `-wal` file and
    /// checks each of its frames, so that a part of it is the store as it stood before; what is written back into the store
    /// meanwhile makes a copy worth nothing, and it is made again.
    ///
    /// # Errors
    /// When they can't be read, there is no room for them, or they were written back again and again.
    pub fn of_running(dir: &Path) -> Result<Self, HouseError> {
        let to = Self::empty()?;
        for file in IN_ORDER {
            let mut tries = 0..MAX_COPIES;
            loop {
                let before = written_back(dir, file)?;
                copy_store(dir, &to.0, file)?;
                if written_back(dir, file)? == before {
                    break;
                }
                if tries.next().is_none() {
                    let busy = std::io::Error::other("was written each time that it was copied; try again later");
                    return Err(HouseError::Io(dir.join(file), busy));
                }
            }
        }
        Ok(to)
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> Place {
        Place::Dir(self.0.clone())
    }
}

/// The host's first: it may be older than the cases, as after a crash, and never newer.
const IN_ORDER: [&str; 2] = [store::FILE, engine::FILE];
/// How many times a store is copied that is being written.
const MAX_COPIES: u32 = 20;

fn copy_store(dir: &Path, to: &Path, file: &str) -> Result<(), HouseError> {
    for beside in ["", "-wal"] {
        let name = format!("{file}{beside}");
        let from = dir.join(&name);
        if from.exists() {
            copy(&from, &to.join(name)).map_err(|e| HouseError::Io(from, e))?;
        }
    }
    Ok(())
}

/// What changes when a store's `-wal` file is written back into it: the file, and how the `-wal` file begins.
type WrittenBack = (u64, Option<std::time::SystemTime>, Vec<u8>);

fn written_back(dir: &Path, file: &str) -> Result<WrittenBack, HouseError> {
    let (main, wal) = (dir.join(file), dir.join(format!("{file}-wal")));
    let read = || {
        let meta = std::fs::metadata(&main)?;
        let mut head = Vec::new();
        if wal.exists() {
            File::open(&wal)?.take(32).read_to_end(&mut head)?;
        }
        Ok((meta.len(), meta.modified().ok(), head))
    };
    read().map_err(|e| HouseError::Io(main.clone(), e))
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut from = File::open(from)?;
    engine::private_file(to)?;
    std::io::copy(&mut from, &mut File::options().write(true).open(to)?).map(drop)
}

impl Drop for Copied {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "a copy that was looked at could not be removed");
        }
    }
}

/// What of a house others than its owner may read.
#[must_use]
pub fn open_to_others(dir: &Path) -> Vec<PathBuf> {
    // In a folder that is closed nobody reaches its files.
    if !is_open(dir) {
        return Vec::new();
    }
    [KEY, engine::FILE, store::FILE].map(|name| dir.join(name)).into_iter().filter(|path| is_open(path)).collect()
}

#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|there| there.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open(_: &Path) -> bool {
    false
}
