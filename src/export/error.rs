//! What can go wrong while results are written.

use std::io;

/// Errors of the export stage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// Writing failed.
    #[error("writing `{name}` failed")]
    Io {
        /// Which file.
        name: String,
        /// What the system reported.
        #[source]
        source: io::Error,
    },
    /// The tables are not of the same customers.
    #[error("{what} is not of the same customers as the values")]
    OtherCustomers {
        /// Which table.
        what: &'static str,
    },
}

impl ExportError {
    pub(crate) fn io(name: &str) -> impl FnOnce(io::Error) -> Self + use<> {
        let name = name.to_owned();
        move |source| Self::Io { name, source }
    }
}
