//! The manifest of a data directory: which world it holds, and whom its readers must trust.

use core::fmt;
use std::path::{Path, PathBuf};

/// Name of the file.
pub const FILE: &str = "manifest";
const TITLE: &str = "jidian data directory";

/// What a data directory was made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Version of the layout.
    pub format: u16,
    /// Seed of the world.
    pub seed: u64,
    /// Customer meters.
    pub meters: u32,
    /// Public key of the authentication centre, in hex: the one anchor that signs all others.
    pub authority: String,
    /// Public keys of regulator and grid company, in hex.
    pub regulator: String,
    /// See above.
    pub grid_company: String,
    /// The whole scenario, so that nobody needs another file to check or to go on.
    pub scenario: String,
}

/// Why a manifest can't be used.
#[derive(Debug)]
pub enum ManifestError {
    /// It can't be read or written.
    Io(PathBuf, std::io::Error),
    /// It was changed after it was written, or isn't a manifest.
    Damaged(PathBuf),
    /// Another version of the program wrote it.
    OtherVersion(PathBuf, u16),
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) if error.kind() == std::io::ErrorKind::NotFound => write!(
                f,
                "{}: {error}; name the data directory that `jidian run --data` filled",
                path.display()
            ),
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Damaged(path) => write!(f, "{}: damaged, or no manifest", path.display()),
            Self::OtherVersion(path, format) => {
                write!(f, "{}: {}", path.display(), super::log::other_version(*format))
            }
        }
    }
}

impl core::error::Error for ManifestError {}

impl Manifest {
    /// Reads the manifest of a directory. Every bit counts: the file must be exactly what
    /// [`Manifest::text`] gives.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn read(directory: &Path) -> Result<Self, ManifestError> {
        let path = directory.join(FILE);
        let bytes = std::fs::read(&path).map_err(|error| ManifestError::Io(path.clone(), error))?;
        let text = String::from_utf8(bytes).map_err(|_| ManifestError::Damaged(path.clone()))?;
        if let Some(format) = checked_format(&text)
            && format != super::log::FORMAT_VERSION
        {
            return Err(ManifestError::OtherVersion(path, format));
        }
        let manifest = Self::parse(&text).filter(|manifest| manifest.text() == text);
        manifest.ok_or(ManifestError::Damaged(path))
    }

    /// Writes the manifest into a directory that has none, all at once.
    ///
    /// # Errors
    /// [`ManifestError::Io`].
    pub fn write(&self, directory: &Path) -> Result<(), ManifestError> {
        let path = directory.join(FILE);
        let new = directory.join("manifest.new");
        let write = || -> std::io::Result<()> {
            std::fs::write(&new, self.text())?;
            std::fs::File::open(&new)?.sync_all()?;
            std::fs::rename(&new, &path)?;
            std::fs::File::open(directory)?.sync_all()
        };
        write().map_err(|error| ManifestError::Io(path.clone(), error))
    }

    fn text(&self) -> String {
        let Self { format, seed, meters, authority, regulator, grid_company, scenario } = self;
        let body = format!(
            "{TITLE}\nformat {format}\nseed {seed}\nmeters {meters}\nauthority {authority}\n\
             regulator {regulator}\ngrid-company {grid_company}\nscenario\n{scenario}"
        );
        let check = check_line(&body);
        body + &check
    }

    fn parse(text: &str) -> Option<Self> {
        let (head, rest) = text.split_once("\nscenario\n")?;
        let scenario = rest.get(..rest.len().checked_sub(CHECK_LINE_BYTES)?)?.to_owned();
        let mut lines = head.lines();
        if lines.next()? != TITLE {
            return None;
        }
        let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        Some(Self {
            format: field("format")?.parse().ok()?,
            seed: field("seed")?.parse().ok()?,
            meters: field("meters")?.parse().ok()?,
            authority: field("authority")?.to_owned(),
            regulator: field("regulator")?.to_owned(),
            grid_company: field("grid-company")?.to_owned(),
            scenario,
        })
    }
}

/// `check `, 64 digits, and a line feed before and behind.
const CHECK_LINE_BYTES: usize = 72;

fn check_line(body: &str) -> String {
    format!("\ncheck {}\n", crypto::sm3(body.as_bytes()))
}

/// The format version of a text whose check is right, whatever else another version put into it.
fn checked_format(text: &str) -> Option<u16> {
    let body = text.get(..text.len().checked_sub(CHECK_LINE_BYTES)?)?;
    let sound = text.ends_with(&check_line(body));
    let line = body.lines().nth(1).filter(|_| sound)?;
    line.strip_prefix("format ")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Manifest {
        Manifest {
            format: crate::store::log::FORMAT_VERSION,
            seed: 7,
            meters: 200,
            authority: "ab".repeat(64),
            regulator: "cd".repeat(64),
            grid_company: "ef".repeat(64),
            scenario: "name = \"x\"\n\nscenario\n# 河南\n".to_owned(),
        }
    }

    #[test]
    fn it_reads_back_and_every_flipped_bit_is_found() {
        let directory =
            std::env::temp_dir().join(format!("jidian-manifest-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        sample().write(&directory).unwrap();
        assert_eq!(Manifest::read(&directory).unwrap(), sample());
        let good = std::fs::read(directory.join(FILE)).unwrap();
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(directory.join(FILE), &bad).unwrap();
            assert!(Manifest::read(&directory).is_err(), "bit {bit}");
        }
        let known = crate::store::log::FORMAT_VERSION;
        for (format, age) in [(known - 1, "an older version"), (known + 1, "a newer version")] {
            let other = Manifest { format, ..sample() };
            std::fs::write(directory.join(FILE), other.text()).unwrap();
            let error = Manifest::read(&directory).unwrap_err().to_string();
            assert!(error.contains(age), "{error}");
        }
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
