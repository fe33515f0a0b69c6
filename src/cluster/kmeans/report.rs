//! What a search saw: how often it came to the best optimum, and how far the others lie from it.

use serde::{Deserialize, Serialize};

/// How the best optimum was found, and whether the seed decides.
///
/// K-means has many optima. Where few of the starts come to the best one, and the next best are
/// other segments at almost the same inertia, another seed may tell another story about the same
/// customers.
///
/// # Example
///
/// ```
/// use segmentry::cluster::{KMeans, Segmenter};
/// use segmentry::features::FeatureMatrix;
/// use segmentry::work::Work;
///
/// let matrix = FeatureMatrix::from_rows(&["x"], &[[0.0], [1.0], [10.0], [12.0]])?;
/// let model = KMeans::new(2).fit(&matrix, &Work::new())?;
/// let search = model.search();
/// assert_eq!((search.hit_rate(), search.distinct_optima()), (1.0, 1));
/// assert!(!search.seed_decides());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchReport {
    pub(super) starts: usize,
    pub(super) hits: usize,
    pub(super) recombined: usize,
    pub(super) rounds: usize,
    pub(super) rounds_agreeing: usize,
    pub(super) distinct_optima: usize,
    pub(super) next_best: Vec<NextBest>,
}

/// An optimum that is not the best.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NextBest {
    /// By which share its inertia exceeds the best.
    #[serde(with = "crate::num::exact")]
    pub excess: f64,
    /// The adjusted Rand index between its segments and the best ones: one where they are the same,
    /// about zero where they have nothing in common.
    #[serde(with = "crate::num::exact")]
    pub adjusted_rand: f64,
}

/// Next best optima that are told.
pub(super) const TOLD: usize = 3;
/// Fewer starts than this share at the best optimum are few.
const FEW_HITS: f64 = 0.05;
/// Optima within this share of the best inertia fit as well as the best.
const AS_GOOD: f64 = 0.01;
/// Segments that agree less than this are other segments.
const OTHER_SEGMENTS: f64 = 0.8;

impl SearchReport {
    /// Independent starts, drawn by k-means++ and carried to an optimum.
    pub fn starts(&self) -> usize {
        self.starts
    }

    /// How many of the starts came to the best optimum. None where only recombination found it.
    pub fn hits(&self) -> usize {
        self.hits
    }

    /// The share of the starts that came to the best optimum.
    pub fn hit_rate(&self) -> f64 {
        if self.starts == 0 { 0.0 } else { self.hits as f64 / self.starts as f64 }
    }

    /// Further starts, made from optima already found.
    pub fn recombined(&self) -> usize {
        self.recombined
    }

    /// Independent rounds of starts and recombination; none where starts alone agreed.
    pub fn rounds(&self) -> usize {
        self.rounds
    }

    /// How many of the rounds came to the best optimum.
    pub fn rounds_agreeing(&self) -> usize {
        self.rounds_agreeing
    }

    /// How many different optima were seen, by their inertia.
    pub fn distinct_optima(&self) -> usize {
        self.distinct_optima
    }

    /// The next best optima, at most three.
    pub fn next_best(&self) -> &[NextBest] {
        &self.next_best
    }

    /// Whether another seed may well give other segments: less than a twentieth of the starts came
    /// to the best optimum, or an optimum within one per cent of it has other segments (adjusted
    /// Rand index below 0.8).
    pub fn seed_decides(&self) -> bool {
        let rival =
            |other: &NextBest| other.excess < AS_GOOD && other.adjusted_rand < OTHER_SEGMENTS;
        (self.starts > 1 && self.hit_rate() < FEW_HITS) || self.next_best.iter().any(rival)
    }

    /// Whether the counts fit together, whoever wrote them.
    pub(super) fn is_possible(&self) -> bool {
        self.hits <= self.starts
            && self.rounds_agreeing <= self.rounds
            && self.distinct_optima <= self.starts.saturating_add(self.recombined)
            && self.next_best.len() <= TOLD
            && self.next_best.iter().all(|other| other.excess >= 0.0 && other.adjusted_rand <= 1.0)
    }

    /// The search in a few words.
    pub(super) fn story(&self) -> String {
        let mut story = format!("best of {} starts, found by {}", self.starts, self.hits);
        if self.rounds > 0 {
            story += &format!(
                "; {} of {} rounds of recombination agree",
                self.rounds_agreeing, self.rounds
            );
        }
        let rival = self.next_best.first();
        if let (true, Some(rival)) = (self.seed_decides(), rival) {
            story += &format!(
                "; the seed decides: the next best of {} optima is {:.2} % worse and agrees to {:.2}",
                self.distinct_optima,
                100.0 * rival.excess,
                rival.adjusted_rand
            );
        }
        story
    }
}

/// The adjusted Rand index (Hubert & Arabie 1985) of two lists of labels; one where each list has
/// all customers in one segment, or each alone.
pub(super) fn adjusted_rand(one: &[u32], other: &[u32]) -> f64 {
    let classes = |labels: &[u32]| labels.iter().max().map_or(0, |&most| most as usize + 1);
    let (a, b) = (classes(one), classes(other));
    let mut table = vec![0u64; a * b];
    for (&x, &y) in one.iter().zip(other) {
        table[x as usize * b + y as usize] += 1;
    }
    let pairs = |n: u64| n as f64 * (n as f64 - 1.0) / 2.0;
    let mut together = 0.0;
    table.iter().for_each(|&n| together += pairs(n));
    let (mut in_one, mut in_other) = (0.0, 0.0);
    table.chunks(b.max(1)).for_each(|row| in_one += pairs(row.iter().sum()));
    (0..b).for_each(|column| {
        in_other += pairs((0..a).map(|row| table[row * b + column]).sum());
    });
    let all = pairs(one.len() as u64);
    let expected = if all > 0.0 { in_one * in_other / all } else { 0.0 };
    let most = 0.5 * (in_one + in_other);
    if most == expected { 1.0 } else { ((together - expected) / (most - expected)).min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rand_index_of_hand_counted_tables() {
        // The 2 x 2 table [2, 1 / 0, 3]: 4 pairs together, 6 and 7 of 15 in one of the lists.
        let (one, other) = ([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 1]);
        let expected: f64 = 6.0 * 7.0 / 15.0;
        let index = (4.0 - expected) / (6.5 - expected);
        assert!((adjusted_rand(&one, &other) - index).abs() < 1e-15);
        assert_eq!(adjusted_rand(&[0, 1, 1, 2], &[2, 0, 0, 1]), 1.0);
        assert_eq!((adjusted_rand(&[0, 0], &[0, 0]), adjusted_rand(&[], &[])), (1.0, 1.0));
    }

    #[test]
    fn few_hits_or_a_rival_let_the_seed_decide() {
        let report = |hits, excess, adjusted_rand| SearchReport {
            starts: 100,
            hits,
            recombined: 0,
            rounds: 4,
            rounds_agreeing: 3,
            distinct_optima: 7,
            next_best: vec![NextBest { excess, adjusted_rand }],
        };
        assert!(!report(5, 0.02, 0.5).seed_decides());
        assert!(!report(50, 0.001, 0.9).seed_decides());
        assert!(report(4, 0.02, 0.5).seed_decides());
        assert!(report(50, 0.001, 0.5).seed_decides());
        assert!(report(4, 0.02, 0.5).story().contains("the seed decides"));
    }
}
