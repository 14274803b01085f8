//! The directory of a bank: the one place of the service that knows files and the log engine.
//!
//! | file | what |
//! |---|---|
//! | `bank` | seed and authentication centre: what it was founded with |
//! | `bank.log` | batches of the registration centre |
//! | `bank.snapshot` | its state behind one batch, and what the service remembers; may be missing |
//! | `register` | the authentication centre's: whose certificate is whose |
//! | `desk.log` | idempotency keys of the institutions' desks |
//! | `tls` | certificates and keys of server and clients |
//! | `lock` | held while a process runs on the directory |

use crate::store::log::{Durability, Kind, LogError, LogWriter, recover};
use crate::store::restart::{Onlooker, RestartError, Restarted, restart};
use crate::store::snapshots::{self, Keeper, Snapshots};
use crate::store::{BankLog, manifest};
use bank::authentication::Register;
use bank::export::{Row, rows};
use bank::record::Record;
use bank::replay::Replay;
use bank::{Bank, Damage, Genesis, Registration};
use crypto::SigningKey;
use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use wire::{PublicKey, Wire};

/// Name of the file that says what a bank was founded with.
const FOUNDING: &str = "bank";
pub(crate) const REGISTER: &str = "register";
const LOCK: &str = "lock";
const BANK_LOG: &str = "bank.log";
pub(crate) const DESK_LOG: &str = "desk.log";
/// Folder of TLS certificates.
pub const TLS: &str = "tls";
/// What belongs to a bank of its own, beside the lock.
pub(crate) const BANK_FILES: [&str; 6] =
    [FOUNDING, REGISTER, BANK_LOG, DESK_LOG, TLS, snapshots::FILE];
const FORMAT: u16 = 1;
const TITLE: &str = "jidian bank directory";

/// The bank on its log file.
pub type FileBank = Bank<BankLog, SigningKey>;

/// Why a bank's directory can't be used: what, where, and what to do.
#[derive(Debug)]
pub struct StorageError {
    path: PathBuf,
    text: String,
}

impl StorageError {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong, without the place.
    pub(crate) fn reason(&self) -> &str {
        let place = format!("{}: ", self.path.display());
        self.text.strip_prefix(&place).unwrap_or(&self.text)
    }
}

impl core::fmt::Display for StorageError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.text)
    }
}

impl core::error::Error for StorageError {}

impl From<LogError> for StorageError {
    fn from(error: LogError) -> Self {
        Self { text: error.to_string(), path: error.path }
    }
}

impl From<RestartError> for StorageError {
    fn from(error: RestartError) -> Self {
        Self { path: PathBuf::new(), text: error.to_string() }
    }
}

pub(super) fn at(path: &Path, reason: impl core::fmt::Display) -> StorageError {
    StorageError { path: path.to_owned(), text: format!("{}: {reason}", path.display()) }
}

/// What a bank was founded with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founding {
    /// All keys of the institutions follow from it.
    pub seed: u64,
    /// Public key of the authentication centre.
    pub authority: PublicKey,
}

impl Founding {
    fn text(&self) -> String {
        let Self { seed, authority } = self;
        let body = format!("{TITLE}\nformat {FORMAT}\nseed {seed}\nauthority {authority}\n");
        let check = crypto::sm3(body.as_bytes());
        format!("{body}check {check}\n")
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let (_, _) = (field("jidian")?, field("format")?);
        let founding = Self {
            seed: field("seed")?.parse().ok()?,
            authority: field("authority")?.parse().ok()?,
        };
        (founding.text() == text).then_some(founding)
    }

    pub(crate) fn read(directory: &Path) -> Result<Self, StorageError> {
        let path = directory.join(FOUNDING);
        let text = std::fs::read_to_string(&path).map_err(|error| at(&path, error))?;
        let damaged = "damaged, or of another version; restore it from a copy";
        Self::parse(&text).ok_or_else(|| at(&path, damaged))
    }
}

/// Whether a bank was founded in a directory.
#[must_use]
pub fn is_bank(directory: &Path) -> bool {
    directory.join(FOUNDING).exists()
}

/// A bank's directory that this process holds alone.
pub struct BankDirectory {
    path: PathBuf,
    _lock: File,
}

impl BankDirectory {
    /// Makes the directory if need be, and locks it.
    ///
    /// # Errors
    /// [`StorageError`] if it holds something else, or another process runs on it.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        std::fs::create_dir_all(path).map_err(|error| at(path, error))?;
        check_names(path)?;
        let lock = File::create(path.join(LOCK)).map_err(|error| at(path, error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(at(path, IN_USE)),
            Err(TryLockError::Error(error)) => Err(at(path, error)),
        }
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the bank was founded with; `None` if there is no bank yet.
    ///
    /// # Errors
    /// [`StorageError`] if the file is damaged, or the bank was lost.
    pub fn founding(&self) -> Result<Option<Founding>, StorageError> {
        if self.path.join(FOUNDING).exists() {
            return Founding::read(&self.path).map(Some);
        }
        Ok(None)
    }

    /// Founds a bank. The file `bank` is written last: without it nothing was ever acknowledged.
    ///
    /// # Errors
    /// [`StorageError`], for example if there is a log that a bank without founding left.
    pub fn found(
        &self,
        founding: &Founding,
        genesis: &Genesis,
        (signer, register): (SigningKey, &Register),
    ) -> Result<FileBank, StorageError> {
        let path = self.path.join(BANK_LOG);
        self.clear_unfinished()?;
        let log = BankLog::create(&path)?;
        let bank = Bank::found(genesis, signer, log, &crypto::Sm2Verifier)
            .map_err(|error| at(&path, error))?;
        self.keep_register(register)?;
        self.replace(FOUNDING, founding.text().as_bytes())?;
        Ok(bank)
    }

    /// A log of a founding that was never finished holds the genesis at most.
    fn clear_unfinished(&self) -> Result<(), StorageError> {
        let path = self.path.join(BANK_LOG);
        if !path.exists() {
            return Ok(());
        }
        let mut records: u64 = 0;
        let counted = recover(&path, Kind::Bank, |_| {
            records += 1;
            true
        });
        if counted.is_ok() && records > 1 {
            let lost = "there is a log, but no file 'bank'; restore it from a copy";
            return Err(at(&self.path, lost));
        }
        std::fs::remove_file(&path).map_err(|error| at(&path, error))
    }

    /// The first record of the bank's log.
    ///
    /// # Errors
    /// [`StorageError`] if it is damaged.
    pub fn genesis(&self) -> Result<Genesis, StorageError> {
        let path = self.path.join(BANK_LOG);
        let first = BankLog::records_of(&path)?.next().unwrap_or_default();
        Genesis::from_record(&first).map_err(|error| at(&path, format!("record 0: {error}")))
    }

    /// Goes on with the bank; `watch` sees every record that is repeated.
    ///
    /// # Errors
    /// [`StorageError`] names the file and the place that is damaged.
    pub fn recover<W: Onlooker>(
        &self,
        founding: &Founding,
        signer: &SigningKey,
        watch: &W,
    ) -> Result<Restarted<SigningKey, W>, StorageError> {
        Ok(restart(&self.path, &founding.authority, signer, watch)?)
    }

    /// Keeps the snapshots of a bank that was just founded.
    pub(super) fn keeper(&self) -> Keeper {
        Keeper::new(Snapshots::of(&self.path))
    }

    /// Keeps the register; it is on the medium when this returns.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn keep_register(&self, register: &Register) -> Result<(), StorageError> {
        let mut body = Vec::new();
        register.write(&mut |part| body.extend_from_slice(part));
        let mut bytes = crypto::sm3(&body).0.to_vec();
        bytes.extend(body);
        self.replace(REGISTER, &bytes)
    }

    /// Replaces a file all at once.
    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), StorageError> {
        let (path, new) = (self.path.join(name), self.path.join(format!("{name}.new")));
        let write = || -> io::Result<()> {
            let mut file = File::create(&new)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            std::fs::rename(&new, &path)?;
            File::open(&self.path)?.sync_all()
        };
        write().map_err(|error| at(&path, error))
    }

    /// Opens the log of the desks, with all its records; a new one if there is none.
    ///
    /// # Errors
    /// [`StorageError`] if it is damaged.
    pub(super) fn desk_log(&self) -> Result<(LogWriter, Vec<Vec<u8>>), StorageError> {
        let path = self.path.join(DESK_LOG);
        // One that was cut off while it was made never held a record.
        if std::fs::metadata(&path).map_or(0, |file| file.len()) < 32 {
            let _ = std::fs::remove_file(&path);
            return Ok((LogWriter::create(&path, Kind::Desk, Durability::Buffered)?, Vec::new()));
        }
        let mut records = Vec::new();
        let reader = recover(&path, Kind::Desk, |bytes| {
            records.push(bytes.to_vec());
            true
        })?;
        Ok((LogWriter::resume(&reader, Durability::Buffered)?, records))
    }

    /// Begins the log of the desks anew with some records.
    ///
    /// # Errors
    /// [`StorageError`]; then the old one is still there.
    pub(super) fn renew_desk_log(&self, records: &[Vec<u8>]) -> Result<LogWriter, StorageError> {
        let (path, new) = (self.path.join(DESK_LOG), self.path.join("desk.log.new"));
        let _ = std::fs::remove_file(&new);
        let mut log = LogWriter::create(&new, Kind::Desk, Durability::Buffered)?;
        records.iter().try_for_each(|record| log.append(record))?;
        log.sync()?;
        log.rename(&path)?;
        Ok(log)
    }
}

/// The authentication centre's register in a bank's directory.
///
/// # Errors
/// [`StorageError`] if it is damaged.
pub(crate) fn read_register(directory: &Path) -> Result<Register, StorageError> {
    let path = directory.join(REGISTER);
    let bytes = std::fs::read(&path).map_err(|error| at(&path, error))?;
    let damaged = || at(&path, "damaged; restore it from a copy");
    let (check, body) = bytes.split_at_checked(32).ok_or_else(damaged)?;
    if crypto::sm3(body).0 != check {
        return Err(damaged());
    }
    Register::decode(body).map_err(|error| at(&path, error))
}

const IN_USE: &str = "another jidian process runs on this directory; stop it, or name a copy";

fn check_names(path: &Path) -> Result<(), StorageError> {
    const OURS: [&str; 11] = [
        FOUNDING,
        REGISTER,
        LOCK,
        BANK_LOG,
        snapshots::FILE,
        snapshots::NEW_FILE,
        DESK_LOG,
        TLS,
        "bank.new",
        "register.new",
        "desk.log.new",
    ];
    for entry in std::fs::read_dir(path).map_err(|error| at(path, error))? {
        let name = entry.map_err(|error| at(path, error))?.file_name();
        if name == manifest::FILE {
            return Err(at(path, "holds a pilot of `jidian run`; choose another --data"));
        }
        if !OURS.iter().any(|ours| name == *ours) {
            return Err(at(path, "the directory holds other files; choose an empty or a new one"));
        }
    }
    Ok(())
}

/// Repeats the next record of a log, and tells its rows.
pub(super) fn repeat(replay: &mut Replay, bytes: &[u8]) -> Result<(Record, Vec<Row>), Damage> {
    let record = replay.decode(bytes)?;
    let movements = replay.repeat_showing(record.clone())?;
    let outcomes = record.entries.iter().map(|entry| (entry.code, &entry.operation));
    let rows = rows(&record.root.body, outcomes, &movements, replay.registration());
    Ok((record, rows))
}

/// A bank's log that is read and not written: that of `jidian bank serve` or of `jidian run`.
pub struct Reading {
    path: PathBuf,
    authority: PublicKey,
    _lock: Option<File>,
}

impl Reading {
    /// Opens a directory for reading, while nobody writes to it.
    ///
    /// # Errors
    /// [`StorageError`] if there is no bank, or a process runs on it.
    pub fn open(directory: &Path) -> Result<Self, StorageError> {
        let authority = if directory.join(manifest::FILE).exists() {
            let manifest = manifest::Manifest::read(directory);
            let path = directory.join(manifest::FILE);
            let manifest =
                manifest.map_err(|error| StorageError { text: error.to_string(), path })?;
            manifest
                .authority
                .parse()
                .map_err(|error| at(&directory.join(manifest::FILE), error))?
        } else if directory.join(FOUNDING).exists() {
            Founding::read(directory)?.authority
        } else {
            let none = "no bank is here; name the directory that `jidian run --data` or `jidian \
                        bank serve --data` filled";
            return Err(at(directory, none));
        };
        let lock = share(directory)?;
        Ok(Self { path: directory.join(BANK_LOG), authority, _lock: lock })
    }

    /// Repeats every decision of the bank; `each` sees every movement of money in order.
    ///
    /// # Errors
    /// [`StorageError`] names the file and the place that is damaged.
    pub fn replay(&self, mut each: impl FnMut(&Row)) -> Result<Registration, StorageError> {
        let mut records = BankLog::records_of(&self.path)?;
        let genesis = records.next().unwrap_or_default();
        let damaged = |damage: Damage| at(&self.path, damage);
        let mut replay = Replay::begin(&genesis, &self.authority).map_err(damaged)?;
        for bytes in &mut records {
            let (_, rows) = repeat(&mut replay, &bytes).map_err(damaged)?;
            rows.iter().for_each(&mut each);
        }
        if let Some(failure) = records.failure() {
            return Err(at(&self.path, failure));
        }
        replay.finish().map_err(damaged)
    }
}

/// A copy of a directory may have no lock file, or be on a medium that can't be written.
fn share(directory: &Path) -> Result<Option<File>, StorageError> {
    let Ok(lock) = File::open(directory.join(LOCK)) else { return Ok(None) };
    match lock.try_lock_shared() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Err(at(directory, IN_USE)),
        Err(TryLockError::Error(error)) => Err(at(directory, error)),
    }
}
