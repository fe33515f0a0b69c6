//! What customers allow, channel by channel.

use std::fmt;

use crate::data::{Consent, EventSummary};
use crate::treatment::TreatmentError;
use crate::units::{ChannelId, CustomerIds};

/// What each customer allows, a byte for each channel. Who was not heard on a channel has neither
/// allowed nor refused it.
///
/// # Example
///
/// ```
/// use segmentry::data::Consent;
/// use segmentry::treatment::Consents;
/// use segmentry::units::{ChannelId, CustomerIds};
///
/// let email = ChannelId::of("email");
/// let said = vec![Some(Consent::Given), Some(Consent::Refused), None];
/// let consents = Consents::new(CustomerIds::numbered(3)?).channel(email.clone(), &said)?;
/// assert_eq!(consents.of(0, &email), Some(Consent::Given));
/// assert_eq!(consents.given(&email), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Consents {
    ids: CustomerIds,
    channels: Vec<(ChannelId, Vec<Option<Consent>>)>,
}

impl Consents {
    /// Nobody was heard on anything.
    pub fn new(ids: CustomerIds) -> Self {
        Self { ids, channels: Vec::new() }
    }

    /// What each customer said of a channel; said again, it replaces what was there.
    ///
    /// # Errors
    ///
    /// [`TreatmentError::Length`].
    pub fn channel(
        mut self,
        channel: ChannelId,
        said: &[Option<Consent>],
    ) -> Result<Self, TreatmentError> {
        let (expected, got) = (self.ids.len(), said.len());
        if got != expected {
            return Err(TreatmentError::Length { what: "the consents", expected, got });
        }
        self.channels.retain(|(known, _)| *known != channel);
        self.channels.push((channel, said.to_vec()));
        Ok(self)
    }

    /// The last word of each customer on these channels, from consent events whose keys are the
    /// names of the channels.
    pub fn from_events(events: &EventSummary, channels: &[ChannelId]) -> Self {
        let column = |channel: &ChannelId| {
            (0..events.ids().len()).map(|row| events.consent(row, channel.as_str())).collect()
        };
        let channels = channels.iter().map(|channel| (channel.clone(), column(channel))).collect();
        Self { ids: events.ids().clone(), channels }
    }

    /// The customers, one a row.
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }

    /// What a customer said of a channel.
    pub fn of(&self, row: usize, channel: &ChannelId) -> Option<Consent> {
        self.column(channel)?[row]
    }

    /// How many customers allow a channel.
    pub fn given(&self, channel: &ChannelId) -> usize {
        let column = self.column(channel).unwrap_or_default();
        column.iter().filter(|said| **said == Some(Consent::Given)).count()
    }

    pub(super) fn column(&self, channel: &ChannelId) -> Option<&[Option<Consent>]> {
        self.channels.iter().find(|(known, _)| known == channel).map(|(_, said)| said.as_slice())
    }
}

impl fmt::Debug for Consents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let channels: Vec<&ChannelId> = self.channels.iter().map(|(channel, _)| channel).collect();
        f.debug_struct("Consents").field("ids", &self.ids).field("channels", &channels).finish()
    }
}
