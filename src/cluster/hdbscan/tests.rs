use super::*;
use crate::num::random::{Purpose, Stream};

fn matrix(rows: &[Vec<f64>]) -> FeatureMatrix {
    let names: Vec<String> =
        (0..rows.first().map_or(0, Vec::len)).map(|j| format!("f{j}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    FeatureMatrix::from_rows(&names, rows).unwrap()
}

/// Round heaps of points and some strewn about.
fn heaps(n: usize, d: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut stream = Stream::new(seed, Purpose::Restart, 0);
    let row = |i: usize, stream: &mut Stream| -> Vec<f64> {
        let spread = if i.is_multiple_of(7) { 6.0 } else { 0.3 + (i % 3) as f64 * 0.4 };
        (0..d).map(|j| ((i % 3) * (j + 2) % 4) as f64 * 4.0 + spread * stream.normal()).collect()
    };
    (0..n).map(|i| row(i, &mut stream)).collect()
}

fn two_to(power: i32) -> f64 {
    f64::from_bits(((power + 1023) as u64) << 52)
}

fn apart(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt()
}

/// The definition, read aloud: all distances, the whole tree, edges taken out one by one.
struct Naive {
    edges: Vec<(f64, usize, usize)>,
    least: usize,
}

/// What is found below a group: how stable the choice is, and the choice.
type Choice = (f64, Vec<Vec<usize>>);

impl Naive {
    fn segments(rows: &[Vec<f64>], least: usize, samples: usize, leaf: bool) -> Vec<Vec<usize>> {
        let n = rows.len();
        let core: Vec<f64> = rows
            .iter()
            .map(|row| {
                let mut all: Vec<f64> = rows.iter().map(|other| apart(row, other)).collect();
                all.sort_by(f64::total_cmp);
                all[samples - 1]
            })
            .collect();
        let mut pairs: Vec<(f64, usize, usize)> = (0..n)
            .flat_map(|i| (0..i).map(move |j| (j, i)))
            .map(|(i, j)| (apart(&rows[i], &rows[j]).max(core[i]).max(core[j]), i, j))
            .collect();
        let length = |pair: &(f64, usize, usize)| (pair.0, apart(&rows[pair.1], &rows[pair.2]));
        pairs.sort_by(|a, b| {
            let ((x, p), (y, q)) = (length(a), length(b));
            x.total_cmp(&y).then(p.total_cmp(&q)).then((a.1, a.2).cmp(&(b.1, b.2)))
        });
        let mut mark: Vec<usize> = (0..n).collect();
        let mut edges = Vec::new();
        for (length, i, j) in pairs {
            let (from, to) = (mark[i], mark[j]);
            if from != to {
                mark.iter_mut().filter(|m| **m == from).for_each(|m| *m = to);
                edges.push((length, i, j));
            }
        }
        let naive = Self { edges, least };
        let (_, mut chosen) = naive.group((0..n).collect(), 0.0, leaf, true);
        chosen.iter_mut().for_each(|members| members.sort_unstable());
        chosen.sort();
        chosen
    }

    fn group(&self, members: Vec<usize>, birth: f64, leaf: bool, root: bool) -> Choice {
        let mut here = members.clone();
        let mut stability = 0.0;
        loop {
            // The longest edge within; the parts of a tree hold no other edge between them.
            let inside =
                |edge: &(f64, usize, usize)| here.contains(&edge.1) && here.contains(&edge.2);
            let Some(longest) = self.edges.iter().rposition(inside) else {
                return (stability, vec![members]);
            };
            let (length, cut, _) = self.edges[longest];
            let at = 1.0 / length;
            let mut reached = vec![cut];
            let mut next = 0;
            while next < reached.len() {
                let from = reached[next];
                for (place, &(_, i, j)) in self.edges.iter().enumerate() {
                    for (a, b) in [(i, j), (j, i)] {
                        if place != longest
                            && a == from
                            && here.contains(&b)
                            && !reached.contains(&b)
                        {
                            reached.push(b);
                        }
                    }
                }
                next += 1;
            }
            let other: Vec<usize> =
                here.iter().copied().filter(|row| !reached.contains(row)).collect();
            let (large, small) =
                if reached.len() >= other.len() { (reached, other) } else { (other, reached) };
            if small.len() >= self.least {
                stability += here.len() as f64 * (at - birth);
                let (x, mut chosen) = self.group(large, at, leaf, false);
                let (y, more) = self.group(small, at, leaf, false);
                chosen.extend(more);
                let keep = !root && !leaf && x + y <= stability;
                return if keep { (stability, vec![members]) } else { (x + y, chosen) };
            }
            if large.len() < self.least {
                stability += here.len() as f64 * (at - birth);
                return (stability, if root { Vec::new() } else { vec![members] });
            }
            stability += small.len() as f64 * (at - birth);
            here = large;
        }
    }
}

fn segments_of(model: &HdbscanModel) -> Vec<Vec<usize>> {
    let mut segments = vec![Vec::new(); model.n_segments()];
    for (row, placement) in model.placements().iter().enumerate() {
        if let Some(segment) = placement.segment {
            segments[segment.index()].push(row);
        }
    }
    segments.sort();
    segments
}

#[test]
fn segments_are_those_of_the_definition() {
    for (seed, (n, d)) in [(60, 1), (80, 2), (90, 3), (70, 6)].into_iter().enumerate() {
        // In the order of their features, which is that of ties.
        let mut rows = heaps(n, d, seed as u64);
        rows.sort_by(|a, b| a.partial_cmp(b).unwrap());
        for (least, samples) in [(5, 5), (8, 1), (4, 7), (2, 2)] {
            for selection in [DenseSelection::ExcessOfMass, DenseSelection::Leaf] {
                let hdbscan = Hdbscan::new(least).min_samples(samples).selection(selection);
                let model = hdbscan.fit(&matrix(&rows), &Work::new()).unwrap();
                let naive =
                    Naive::segments(&rows, least, samples, selection == DenseSelection::Leaf);
                assert_eq!(segments_of(&model), naive, "{n} {d} {least} {samples} {selection:?}");
            }
        }
    }
}

#[test]
fn the_model_gives_its_own_customers_what_the_fit_gave_them() {
    let mut rows = heaps(400, 2, 5);
    let copies: Vec<Vec<f64>> = rows.iter().step_by(3).cloned().collect();
    rows.extend(copies);
    // Rounded, so that there are ties of all kinds.
    rows.iter_mut().flatten().for_each(|x| *x = (*x * 4.0).round() / 4.0);
    for (least, samples) in [(5, 5), (20, 3), (2, 1), (40, 40)] {
        let hdbscan = Hdbscan::new(least).min_samples(samples);
        let model = hdbscan.fit(&matrix(&rows), &Work::new()).unwrap();
        let placed = model.place(&matrix(&rows), &Work::new()).unwrap();
        assert_eq!(placed, model.placements());
        for placement in placed {
            assert!((0.0..=1.0).contains(&placement.strength));
            assert_eq!(placement.segment.is_none(), placement.strength == 0.0);
        }
        let segmentation = model.assign(&matrix(&rows), &Work::new()).unwrap();
        assert_eq!(segmentation.in_none(), model.n_noise());
        let sizes: Vec<usize> =
            segmentation.segments().map(|segment| segmentation.members(segment).len()).collect();
        assert!(sizes.is_sorted_by(|a, b| a >= b) && sizes.iter().all(|&size| size >= least));
    }
}

#[test]
fn a_newcomer_belongs_where_the_nearest_was_at_their_density() {
    let known: Vec<Vec<f64>> =
        [0.0, 1.0, 2.0, 3.0, 4.0, 20.0, 21.0, 22.0, 23.0].map(|x| vec![x]).to_vec();
    let model = Hdbscan::new(3).min_samples(2).fit(&matrix(&known), &Work::new()).unwrap();
    assert_eq!(model.n_segments(), 2);
    let place = |x: f64| model.place(&matrix(&[vec![x]]), &Work::new()).unwrap()[0];
    let first = model.placements()[0].segment;
    // As far from 4 as the next in its row, half as dense, and farther than the gap is wide.
    assert_eq!(place(5.0), Placement { segment: first, strength: 1.0 });
    assert_eq!(place(6.0), Placement { segment: first, strength: 0.5 });
    // 16 apart, the two segments are one; beyond that a newcomer is in neither.
    assert_eq!(place(-15.9).segment, first);
    assert_eq!(place(-16.1), Placement { segment: None, strength: 0.0 });
    assert_eq!(place(1e300), Placement { segment: None, strength: 0.0 });
    assert_eq!(place(-1.7e308).segment, None);
    assert!(model.place(&matrix(&[]), &Work::new()).is_err());
}

#[test]
fn a_weight_is_a_repeated_row_and_the_order_of_rows_is_nothing() {
    let mut rows = heaps(120, 2, 6);
    rows.iter_mut().flatten().for_each(|x| *x = (*x * 2.0).round() / 2.0);
    let weights: Vec<f64> = (0..120).map(|i| f64::from(i % 3 + 1)).collect();
    let repeated: Vec<Vec<f64>> = rows
        .iter()
        .zip(&weights)
        .flat_map(|(row, &weight)| vec![row.clone(); weight as usize])
        .collect();
    let hdbscan = Hdbscan::new(8).min_samples(6);
    let fit = |matrix: &FeatureMatrix| hdbscan.fit(matrix, &Work::new()).unwrap();
    let by_rows = fit(&matrix(&repeated)).place(&matrix(&rows), &Work::new()).unwrap();
    let weighted = fit(&matrix(&rows).with_weights(weights).unwrap());
    assert_eq!(weighted.placements(), by_rows);
    let mut order: Vec<usize> = (0..120).collect();
    Stream::new(2, Purpose::Restart, 0).shuffle(&mut order);
    let shuffled: Vec<Vec<f64>> = order.iter().map(|&row| rows[row].clone()).collect();
    let (left, right) = (fit(&matrix(&rows)).placements(), fit(&matrix(&shuffled)).placements());
    for (place, &row) in order.iter().enumerate() {
        assert_eq!(right[place], left[row]);
    }
}

#[cfg(feature = "parallel")]
#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let rows = matrix(&heaps(3000, 3, 8));
    let fit = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let model = Hdbscan::new(10).fit(&rows, &Work::new()).unwrap();
            (model.tree, model.segment)
        })
    };
    let one = fit(1);
    for threads in [2, 3, 8] {
        assert!(fit(threads) == one, "{threads} threads");
    }
}

#[test]
fn epsilon_leaves_groups_together() {
    // Two pairs of heaps: 3 apart within a pair, 100 between.
    let rows: Vec<Vec<f64>> = [0.0, 3.0, 100.0, 103.0]
        .into_iter()
        .flat_map(|start| (0..6).map(move |i| vec![start + f64::from(i) * 0.1]))
        .collect();
    let count = |hdbscan: Hdbscan| {
        hdbscan
            .selection(DenseSelection::Leaf)
            .fit(&matrix(&rows), &Work::new())
            .unwrap()
            .n_segments()
    };
    assert_eq!(count(Hdbscan::new(4).min_samples(2)), 4);
    assert_eq!(count(Hdbscan::new(4).min_samples(2).epsilon(2.0)), 4);
    assert_eq!(count(Hdbscan::new(4).min_samples(2).epsilon(5.0)), 2);
    assert_eq!(count(Hdbscan::new(4).min_samples(2).epsilon(500.0)), 2);
}

#[test]
fn nasty_rows_end_in_an_answer_or_a_typed_error() {
    let work = Work::new();
    let fit = |rows: &[Vec<f64>]| Hdbscan::new(3).min_samples(2).fit(&matrix(rows), &work);
    let same = fit(&vec![vec![1.0, 2.0]; 9]).unwrap();
    assert_eq!((same.n_segments(), same.n_noise()), (0, 9));
    assert!(matches!(fit(&[]), Err(SegmentError::NoCustomers)));
    assert!(matches!(
        fit(&[vec![1.0]]),
        Err(SegmentError::Param { name: "min_samples", value: 2.0, .. })
    ));
    assert_eq!(fit(&[vec![1.0], vec![2.0]]).unwrap().n_noise(), 2);
    // Two places, each with customers who are alike: infinitely dense, and still finite.
    let mut twins = vec![vec![0.0]; 5];
    twins.extend(vec![vec![1.0]; 4]);
    let model = fit(&twins).unwrap();
    assert_eq!((model.n_segments(), model.n_noise()), (2, 0));
    assert!(model.placements().iter().all(|placement| placement.strength == 1.0));
    let heaps = heaps(80, 2, 1);
    let usual = fit(&heaps).unwrap().placements();
    for scale in [two_to(-1000), two_to(1000)] {
        let scaled: Vec<Vec<f64>> =
            heaps.iter().map(|row| row.iter().map(|x| x * scale).collect()).collect();
        let placements = fit(&scaled).unwrap().placements();
        for (x, y) in usual.iter().zip(&placements) {
            assert_eq!(x.segment, y.segment);
            assert!((x.strength - y.strength).abs() < 1e-12);
        }
    }
    let nothing = FeatureMatrix::new(crate::units::CustomerIds::numbered(3).unwrap());
    let nothing = Hdbscan::new(2).fit(&nothing, &work).unwrap();
    assert_eq!((nothing.n_segments(), nothing.n_noise()), (0, 3));
    let cancelled = Work::new();
    cancelled.canceller().cancel();
    assert!(matches!(
        Hdbscan::new(3).fit(&matrix(&heaps), &cancelled),
        Err(SegmentError::Cancelled(_))
    ));
}

#[test]
fn parameters_are_checked() {
    let name = |hdbscan: Hdbscan| match hdbscan.validate() {
        Err(SegmentError::Param { name, .. }) => name,
        _ => "",
    };
    assert_eq!(name(Hdbscan::new(1)), "min_cluster_size");
    assert_eq!(name(Hdbscan::new(2).min_samples(0)), "min_samples");
    for epsilon in [f64::NAN, -1.0, f64::INFINITY] {
        assert_eq!(name(Hdbscan::new(2).epsilon(epsilon)), "epsilon");
    }
    assert_eq!(name(Hdbscan::new(2).min_samples(1).epsilon(0.5)), "");
}
