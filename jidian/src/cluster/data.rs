//! The data directory of a ledger node.
//!
//! | file | what |
//! |---|---|
//! | `node` | which cluster it belongs to, and behind which record its stream begins |
//! | `cluster.log` | all envelopes from the genesis on: the truth |
//! | `bank.snapshot` | the state behind one of them; may be missing |
//! | `registration.key` | the registration centre's private key, 64 hexadecimal digits; secret |
//! | `lock` | held while a process runs on the directory; empty |

use super::load::{Loaded, load};
use super::log::{FILE as LOG, NodeLog};
use bank::cluster::Envelope;
use bank::cluster::node::Identity;
use crypto::SigningKey;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use wire::Digest;
use wire::identity::PublicKey;

const MANIFEST: &str = "node";
const KEY: &str = "registration.key";
const LOCK: &str = "lock";
const TITLE: &str = "jidian ledger node";
const FORMAT: u32 = 1;

/// Which cluster a node belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Hash of the genesis.
    pub genesis: Digest,
    /// The authentication centre that is trusted.
    pub authority: PublicKey,
    /// How many streams this cluster has had.
    pub generation: u32,
    /// The last record before the stream of this generation.
    pub base: u64,
}

/// A data directory that this process holds alone.
pub struct NodeDirectory {
    path: PathBuf,
    manifest: Manifest,
    _lock: File,
}

impl Manifest {
    fn text(&self) -> String {
        let mut text = format!(
            "{TITLE}\nformat {FORMAT}\ngenesis {}\nauthority {}\ngeneration {}\nbase {}\n",
            self.genesis, self.authority, self.generation, self.base
        );
        let check = crypto::sm3(text.as_bytes());
        text.push_str(&format!("check {check}\n"));
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let _title = field("jidian")?;
        let _format = field("format")?;
        let manifest = Self {
            genesis: field("genesis")?.parse().ok()?,
            authority: field("authority")?.parse().ok()?,
            generation: field("generation")?.parse().ok()?,
            base: field("base")?.parse().ok()?,
        };
        (manifest.text() == text).then_some(manifest)
    }

    /// Name of this generation's stream.
    #[must_use]
    pub fn stream(&self) -> String {
        let genesis = self.genesis.to_string();
        format!("JIDIAN-{}-{}", &genesis[..16], self.generation)
    }

    /// Subject of a part of this generation's traffic, `records` or `notices`.
    #[must_use]
    pub fn subject(&self, part: &str) -> String {
        let genesis = self.genesis.to_string();
        format!("jidian.{}.{}.{part}", &genesis[..16], self.generation)
    }
}

/// Makes the directory of a new node.
///
/// # Errors
/// Says what is in the way.
pub fn create<'e>(
    path: &Path,
    manifest: &Manifest,
    key: &[u8; 32],
    envelopes: impl IntoIterator<Item = &'e Envelope>,
) -> Result<(), String> {
    let at = |error: &dyn core::fmt::Display| format!("{}: {error}", path.display());
    std::fs::create_dir_all(path).map_err(|error| at(&error))?;
    let mut entries = std::fs::read_dir(path).map_err(|error| at(&error))?;
    if entries.next().is_some() {
        return Err(at(&"the directory isn't empty; choose a new one"));
    }
    NodeLog::create(path, envelopes).map_err(|error| error.to_string())?;
    let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    write_new(&path.join(KEY), &format!("{digits}\n"), 0o600)
        .and_then(|()| write_new(&path.join(MANIFEST), &manifest.text(), 0o644))
        .and_then(|()| File::open(path)?.sync_all())
        .map_err(|error| at(&error))
}

fn write_new(path: &Path, text: &str, mode: u32) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Reads the manifest of a directory, whoever runs on it.
///
/// # Errors
/// Says what is wrong.
pub fn manifest(path: &Path) -> Result<Manifest, String> {
    let file = path.join(MANIFEST);
    let text = std::fs::read_to_string(&file).map_err(|error| {
        format!("{}: {error}; make a node with 'jidian bank init'", file.display())
    })?;
    Manifest::parse(&text).ok_or_else(|| {
        format!("{}: damaged, or of another version; restore it from a copy", file.display())
    })
}

/// Reads the registration centre's key.
///
/// # Errors
/// Says what is wrong; never what the file holds.
pub fn secret(path: &Path) -> Result<[u8; 32], String> {
    let file = path.join(KEY);
    let text =
        std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let digest: Result<Digest, _> = text.trim_end().parse();
    digest.map(|key| key.0).map_err(|_| format!("{}: not 64 hexadecimal digits", file.display()))
}

impl NodeDirectory {
    /// Takes the directory for this process.
    ///
    /// # Errors
    /// Says what is in the way.
    pub fn open(path: &Path) -> Result<Self, String> {
        let manifest = manifest(path)?;
        let lock = path.join(LOCK);
        let lock = File::create(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
        crate::store::lock_patiently(&lock).map_err(|_| {
            format!("{}: another jidian process runs on this directory; stop it", path.display())
        })?;
        Ok(Self { path: path.to_owned(), manifest, _lock: lock })
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Which cluster it belongs to.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Reads the log and takes up its state.
    ///
    /// # Errors
    /// Says which record is damaged or missing, and what to do.
    pub fn load(&self) -> Result<Loaded, String> {
        load(&self.path, &self.manifest.authority)
    }

    /// The registration centre's key.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn signer(&self) -> Result<SigningKey, String> {
        let key = secret(&self.path)?;
        SigningKey::from_bytes(&key)
            .ok_or_else(|| format!("{}: no SM2 key", self.path.join(KEY).display()))
    }

    /// What a client sees of it.
    #[must_use]
    pub fn describe(&self, who: &Identity) -> String {
        format!(
            "ledger node {} on {}, stream {}, log {LOG}",
            who.name,
            self.path.display(),
            self.manifest.stream()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_changed_byte_of_a_manifest_is_found() {
        let manifest = Manifest {
            genesis: crypto::sm3(b"genesis"),
            authority: PublicKey([7; 64]),
            generation: 2,
            base: 41,
        };
        let text = manifest.text();
        assert_eq!(Manifest::parse(&text), Some(manifest));
        for place in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[place] ^= 1;
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(Manifest::parse(&changed), None, "byte {place}");
        }
    }
}
