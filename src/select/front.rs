//! The Pareto front: what no other candidate beats.

/// Whether `a` beats `b`: at least as good in everything that is known of `b`, and better in
/// something. Larger is better in every column.
///
/// What is not known of `a` but of `b` keeps `a` from beating it. This is a partial order even with
/// gaps, which comparing only what both have is not: three candidates could then beat one another
/// in a ring, and nobody would be left.
pub(super) fn beats(a: &[Option<f64>], b: &[Option<f64>]) -> bool {
    let mut better = false;
    for (a, b) in a.iter().zip(b) {
        match (a, b) {
            (_, None) => {}
            (None, Some(_)) => return false,
            (Some(a), Some(b)) if a < b => return false,
            (Some(a), Some(b)) => better |= a > b,
        }
    }
    better
}

/// For each candidate the first of those on the front that beats it; `None` for those on the front.
pub(super) fn beaten_by(figures: &[Vec<Option<f64>>]) -> Vec<Option<usize>> {
    let beaten = |i: usize| figures.iter().any(|other| beats(other, &figures[i]));
    let front: Vec<usize> = (0..figures.len()).filter(|&i| !beaten(i)).collect();
    (0..figures.len())
        .map(|i| front.iter().copied().find(|&other| beats(&figures[other], &figures[i])))
        .collect()
}

/// How one of the candidates fares against the others in single figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Bouts {
    pub(super) made: usize,
    pub(super) lost: usize,
}

/// Bouts of each candidate with every other, in each column that both have.
pub(super) fn bouts(figures: &[Vec<Option<f64>>]) -> Vec<Bouts> {
    let against = |i: usize| {
        let mut bouts = Bouts::default();
        for (j, other) in figures.iter().enumerate() {
            for (a, b) in figures[i].iter().zip(other) {
                if let (Some(a), Some(b), true) = (a, b, i != j) {
                    bouts.made += 1;
                    bouts.lost += usize::from(a < b);
                }
            }
        }
        bouts
    };
    (0..figures.len()).map(against).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn figures() -> impl Strategy<Value = Vec<Vec<Option<f64>>>> {
        // Few values, so that ties are common.
        let figure = prop_oneof![Just(None), (0..4i32).prop_map(|v| Some(f64::from(v)))];
        prop::collection::vec(prop::collection::vec(figure, 3), 1..12)
    }

    proptest! {
        #[test]
        fn beating_is_a_partial_order(points in figures()) {
            for a in &points {
                prop_assert!(!beats(a, a));
                for b in &points {
                    prop_assert!(!(beats(a, b) && beats(b, a)));
                    for c in &points {
                        prop_assert!(!(beats(a, b) && beats(b, c)) || beats(a, c));
                    }
                }
            }
        }

        #[test]
        fn the_front_is_what_nobody_beats(points in figures()) {
            let beaten = beaten_by(&points);
            prop_assert!(beaten.iter().any(Option::is_none));
            for (i, by) in beaten.iter().enumerate() {
                match by {
                    Some(other) => {
                        prop_assert!(beats(&points[*other], &points[i]));
                        prop_assert_eq!(beaten[*other], None);
                    }
                    None => prop_assert!(points.iter().all(|other| !beats(other, &points[i]))),
                }
            }
        }

        #[test]
        fn the_front_does_not_depend_on_the_order(points in figures(), turn in 0..12usize) {
            let turn = turn % points.len();
            let mut turned = points.clone();
            turned.rotate_left(turn);
            let here: Vec<bool> = beaten_by(&points).iter().map(Option::is_none).collect();
            let mut there: Vec<bool> = beaten_by(&turned).iter().map(Option::is_none).collect();
            there.rotate_right(turn);
            prop_assert_eq!(here, there);
        }

        #[test]
        fn one_more_that_is_beaten_changes_nothing_on_the_front(points in figures()) {
            let mut more = points.clone();
            more.push(points[0].iter().map(|figure| figure.map(|f| f - 1.0)).collect());
            let here: Vec<bool> = beaten_by(&points).iter().map(Option::is_none).collect();
            let there: Vec<bool> = beaten_by(&more).iter().map(Option::is_none).collect();
            prop_assert_eq!(&here[..], &there[..points.len()]);
        }
    }

    #[test]
    fn bouts_are_counted_in_what_both_have() {
        let points =
            [vec![Some(1.0), Some(5.0)], vec![Some(2.0), Some(5.0)], vec![Some(3.0), None]];
        let lost: Vec<(usize, usize)> = bouts(&points).iter().map(|b| (b.made, b.lost)).collect();
        assert_eq!(lost, [(3, 2), (3, 1), (2, 0)]);
    }
}
