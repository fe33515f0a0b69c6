//! Where results go.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::export::ExportError;

/// A place for named results: a folder, a bucket, a row in a table.
///
/// Results are written one after the other and become visible together with
/// [`commit`](Sink::commit); a sink that is dropped before that leaves nothing behind.
pub trait Sink {
    /// Writes one result; `content` fills the writer.
    ///
    /// # Errors
    ///
    /// What the sink or the content fails with.
    fn write(
        &mut self,
        name: &str,
        content: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), ExportError>;

    /// Makes all results visible.
    ///
    /// # Errors
    ///
    /// What the sink fails with.
    fn commit(&mut self) -> Result<(), ExportError>;
}

/// A folder on disk.
///
/// Each file is written beside its place under another name and renamed on commit; without a commit
/// the files are removed, and the folder too if it was made here.
///
/// # Example
///
/// ```
/// use segmentry::export::{Directory, Sink};
///
/// let path = std::env::temp_dir().join(format!("segmentry-doc-{}", std::process::id()));
/// let mut folder = Directory::create(&path)?;
/// folder.write("hello.txt", &mut |out| out.write_all(b"hello"))?;
/// assert!(!path.join("hello.txt").exists()); // not before the commit
/// folder.commit()?;
/// assert_eq!(std::fs::read(path.join("hello.txt"))?, b"hello");
/// # std::fs::remove_dir_all(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    made_here: bool,
    pending: Vec<String>,
    committed: bool,
}

impl Directory {
    /// A folder, made if it is not there.
    ///
    /// # Errors
    ///
    /// [`ExportError::Io`].
    pub fn create(path: impl AsRef<Path>) -> Result<Self, ExportError> {
        let path = path.as_ref().to_owned();
        let made_here = !path.exists();
        fs::create_dir_all(&path).map_err(ExportError::io(&path.display().to_string()))?;
        Ok(Self { path, made_here, pending: Vec::new(), committed: false })
    }

    fn partial(&self, name: &str) -> PathBuf {
        self.path.join(format!(".{name}.partial"))
    }
}

impl Sink for Directory {
    fn write(
        &mut self,
        name: &str,
        content: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), ExportError> {
        self.pending.push(name.to_owned());
        let mut write = || {
            let mut out = BufWriter::new(File::create(self.partial(name))?);
            content(&mut out)?;
            out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
        };
        write().map_err(ExportError::io(name))
    }

    fn commit(&mut self) -> Result<(), ExportError> {
        while let Some(name) = self.pending.first().cloned() {
            fs::rename(self.partial(&name), self.path.join(&name))
                .map_err(ExportError::io(&name))?;
            self.pending.remove(0);
            self.committed = true;
        }
        Ok(())
    }
}

impl Drop for Directory {
    /// Removes what was not committed. Failures are ignored: there is nobody left to tell.
    fn drop(&mut self) {
        for name in &self.pending {
            let _ = fs::remove_file(self.partial(name));
        }
        if self.made_here && !self.committed {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("segmentry-{name}-{}", std::process::id()))
    }

    #[test]
    fn a_failure_leaves_nothing_behind() {
        let path = fresh("failure");
        {
            let mut folder = Directory::create(&path).unwrap();
            folder.write("a.csv", &mut |out| out.write_all(b"half")).unwrap();
            let error = folder.write("b.csv", &mut |_| Err(io::Error::other("full"))).unwrap_err();
            assert!(matches!(error, ExportError::Io { name, .. } if name == "b.csv"));
        }
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_that_was_there_stays_with_its_files() {
        let path = fresh("kept");
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("a.csv"), "old").unwrap();
        drop(
            Directory::create(&path)
                .map(|mut f| f.write("a.csv", &mut |out| out.write_all(b"new"))),
        );
        assert_eq!(fs::read_to_string(path.join("a.csv")).unwrap(), "old");
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
        fs::remove_dir_all(path).unwrap();
    }
}
