//! What becomes of a segment that loses its last member.

/// What becomes of a segment that loses its last member during the iteration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum EmptyCluster {
    /// It takes the customer who lies farthest from their own centre (by weight times squared
    /// distance, of equals the first), so that there are as many segments as were asked for.
    #[default]
    Relocate,
    /// It is given up, and there are fewer segments than were asked for.
    Drop,
    /// The fit ends in an error.
    Error,
}
