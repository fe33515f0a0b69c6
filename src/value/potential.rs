//! What customers could be worth: the frontier of their peers.
//!
//! A customer's own past says what they are worth, not what they could be; what the best of
//! comparable customers reach is evidence that is in the data. The future values it is taken from
//! are estimates that were pulled towards the mean, so the frontier is not one of lucky outliers.

use crate::num::quantile::{quantile, sorted};
use crate::units::{Money, Probability};
use crate::value::ValueError;

/// A group of peers smaller than this is compared with everybody instead.
const FEW: usize = 20;

/// Each customer's potential: the `share`-quantile of the future values of their peers, or their
/// own where that is more.
///
/// `peers[i]` is a plain label of customer `i`; customers with equal labels are peers. Where fewer
/// than 20 share a label, they are compared with all customers.
///
/// # Errors
///
/// [`ValueError::Length`] where there is not one label per value.
///
/// # Example
///
/// ```
/// use segmentry::units::{Money, Probability};
/// use segmentry::value::peer_frontier;
///
/// let future: Vec<Money> = (1..=101).map(|v| Money::from_minor(v, 0)).collect();
/// let potential = peer_frontier(&future, &[0; 101], Probability::new(0.8)?)?;
/// assert_eq!(potential[0].amount(), 81.0);
/// assert_eq!(potential[100].amount(), 101.0); // already beyond the frontier
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn peer_frontier(
    future: &[Money],
    peers: &[u32],
    share: Probability,
) -> Result<Vec<Money>, ValueError> {
    if peers.len() != future.len() {
        return Err(ValueError::Length {
            what: "the list of peers",
            expected: future.len(),
            got: peers.len(),
        });
    }
    let at = |sorted: &[f64]| quantile(sorted, share.value()).unwrap_or(0.0);
    let everybody = at(&sorted(future.iter().map(|value| value.amount())));
    let mut by_label: Vec<usize> = (0..future.len()).collect();
    by_label.sort_by_key(|&row| peers[row]);
    let mut potential = vec![Money::ZERO; future.len()];
    for group in by_label.chunk_by(|&a, &b| peers[a] == peers[b]) {
        let frontier = if group.len() < FEW {
            everybody
        } else {
            at(&sorted(group.iter().map(|&row| future[row].amount())))
        };
        for &row in group {
            potential[row] = Money::finite(frontier.max(future[row].amount()));
        }
    }
    Ok(potential)
}

/// Peers by tenure where nobody says better: quarters of the customers by age. Equal ages are in
/// one band.
pub(crate) fn tenure_bands(ages: &[f64]) -> Vec<u32> {
    let sorted = sorted(ages.iter().copied());
    let edges: Vec<f64> = [0.25, 0.5, 0.75].iter().filter_map(|&p| quantile(&sorted, p)).collect();
    ages.iter().map(|age| edges.iter().filter(|edge| age > edge).count() as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_peers_look_to_everybody() {
        let future: Vec<Money> = (0..40).map(|v| Money::from_minor(v, 0)).collect();
        let mut peers = vec![0; 40];
        peers[0] = 1;
        let potential = peer_frontier(&future, &peers, Probability::new(0.5).unwrap()).unwrap();
        assert_eq!(potential[0].amount(), 19.5);
        assert!(peer_frontier(&future, &peers[1..], Probability::new(0.5).unwrap()).is_err());
    }

    #[test]
    fn bands_are_quarters_and_ties_stay_together() {
        assert_eq!(tenure_bands(&[1.0, 2.0, 3.0, 4.0, 5.0]), [0, 0, 1, 2, 3]);
        assert_eq!(tenure_bands(&[7.0; 4]), [0; 4]);
        assert!(tenure_bands(&[]).is_empty());
    }
}
