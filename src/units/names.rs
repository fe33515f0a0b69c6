//! Names of the things that customers are put into and that are done about them.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The number of a segment within one segmentation, from zero.
///
/// The number carries no meaning across segmentations; printed, segments count from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SegmentId(pub u32);

impl SegmentId {
    /// As an index into per-segment slices.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for SegmentId {
    /// Counts from one, as people do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", u64::from(self.0) + 1)
    }
}

/// A name in words of a person's own, of an open set.
macro_rules! name {
    ($(#[$about:meta])* $name:ident) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Cow<'static, str>);

        impl $name {
            /// A name; by custom lower case with underscores.
            pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
                Self(name.into())
            }

            /// A name known when the program is compiled.
            pub const fn of(name: &'static str) -> Self {
                Self(Cow::Borrowed(name))
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The name as a person would write it.
            pub fn in_words(&self) -> String {
                self.0.replace('_', " ")
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// The name of a strategy, such as `retain` or `win_back`.
    ///
    /// An open set: callers bring levers of their own.
    ///
    /// ```
    /// use segmentry::units::LeverId;
    ///
    /// assert_eq!(LeverId::new("win_back").in_words(), "win back");
    /// ```
    LeverId
);

name!(
    /// The name of something limited that strategies use up, such as `money` or `agent_minutes`.
    ///
    /// An open set: callers limit what is scarce with them.
    ///
    /// ```
    /// use segmentry::units::ResourceId;
    ///
    /// assert_eq!(ResourceId::new("agent_minutes").in_words(), "agent minutes");
    /// ```
    ResourceId
);

impl ResourceId {
    /// Money spent on contacts and incentives, in the data's currency.
    pub const MONEY: Self = Self::of("money");
}

name!(
    /// The name of a way to reach a customer, such as `email` or `call`.
    ///
    /// An open set: callers bring channels of their own.
    ///
    /// ```
    /// use segmentry::units::ChannelId;
    ///
    /// assert_eq!(ChannelId::new("direct_mail").in_words(), "direct mail");
    /// ```
    ChannelId
);
