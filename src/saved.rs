//! Fitted models as text that a later day, and a later version of this crate, can read.
//!
//! JSON with a name and a version in front; numbers are texts ([`exact`](crate::num::exact)), and
//! whatever is read is checked as though a stranger had written it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Why a saved model cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SavedModelError {
    /// It is no JSON, or lacks something.
    #[error("the text is no saved model")]
    Malformed {
        /// What the reader of JSON says.
        #[source]
        source: serde_json::Error,
    },
    /// It is something else.
    #[error("the format is not `{expected}`")]
    OtherFormat {
        /// What was asked for.
        expected: &'static str,
    },
    /// A newer version of this crate wrote it.
    #[error("version {version} is newer than {newest}, the newest that this crate reads")]
    FromTheFuture {
        /// Its version.
        version: u32,
        /// The newest that is known.
        newest: u32,
    },
    /// A part of it cannot be.
    #[error("`{what}` is not {expected}")]
    Invalid {
        /// Which part.
        what: &'static str,
        /// What would do.
        expected: &'static str,
    },
}

/// The name and the version in front.
#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    format: String,
    version: u32,
    #[serde(flatten)]
    content: T,
}

/// Only what must be known before the rest is looked at.
#[derive(Deserialize)]
struct Label {
    format: String,
    version: u32,
}

/// Writes `content` under a name and a version.
pub(crate) fn to_json<T: Serialize>(format: &str, version: u32, content: T) -> String {
    let envelope = Envelope { format: format.to_owned(), version, content };
    serde_json::to_string_pretty(&envelope).expect("texts, whole numbers and lists become JSON")
}

/// Reads what [`to_json`] wrote, of any version up to `newest`.
pub(crate) fn from_json<T: DeserializeOwned>(
    text: &str,
    format: &'static str,
    newest: u32,
) -> Result<T, SavedModelError> {
    let malformed = |source| SavedModelError::Malformed { source };
    let label: Label = serde_json::from_str(text).map_err(malformed)?;
    if label.format != format {
        return Err(SavedModelError::OtherFormat { expected: format });
    }
    if label.version > newest {
        return Err(SavedModelError::FromTheFuture { version: label.version, newest });
    }
    let envelope: Envelope<T> = serde_json::from_str(text).map_err(malformed)?;
    Ok(envelope.content)
}
