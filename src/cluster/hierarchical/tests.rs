use super::*;
use crate::num::random::{Purpose, Stream};

const LINKAGES: [Linkage; 4] =
    [Linkage::Ward, Linkage::Single, Linkage::Complete, Linkage::Average];

/// Heights by definition and by updates differ in the last digits.
const ROUNDING: f64 = 1e-10;

fn matrix(rows: &[Vec<f64>]) -> FeatureMatrix {
    let names: Vec<String> =
        (0..rows.first().map_or(0, Vec::len)).map(|j| format!("f{j}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    FeatureMatrix::from_rows(&names, rows).unwrap()
}

fn two_to(power: i32) -> f64 {
    f64::from_bits(((power + 1023) as u64) << 52)
}

fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum()
}

fn normals(n: usize, d: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut stream = Stream::new(seed, Purpose::Restart, 0);
    (0..n).map(|_| (0..d).map(|_| stream.normal()).collect()).collect()
}

/// The distance of two groups by the definition of the linkage, each row as often as its weight.
fn by_definition(
    linkage: Linkage,
    rows: &[Vec<f64>],
    weights: &[f64],
    a: &[usize],
    b: &[usize],
) -> f64 {
    let pairs = || a.iter().flat_map(|&i| b.iter().map(move |&j| (i, j)));
    let apart = |(i, j): (usize, usize)| stored::distance(&rows[i], &rows[j]);
    match linkage {
        Linkage::Single => pairs().map(apart).fold(f64::INFINITY, f64::min),
        Linkage::Complete => pairs().map(apart).fold(0.0, f64::max),
        Linkage::Average => {
            let (mut sum, mut all) = (0.0, 0.0);
            for (i, j) in pairs() {
                sum += weights[i] * weights[j] * apart((i, j));
                all += weights[i] * weights[j];
            }
            sum / all
        }
        Linkage::Ward => {
            let centre = |group: &[usize]| {
                let weight: f64 = group.iter().map(|&i| weights[i]).sum();
                let mean = |j: usize| group.iter().map(|&i| weights[i] / weight * rows[i][j]).sum();
                (weight, (0..rows[0].len()).map(mean).collect::<Vec<f64>>())
            };
            let ((x, from), (y, to)) = (centre(a), centre(b));
            (2.0 * x * y / (x + y)).sqrt() * stored::distance(&from, &to)
        }
    }
}

/// Replays the merges: each must be between the two nearest groups there are at the time, by
/// definition, at that height. This is the plain algorithm, and it takes any order of ties.
fn replay(linkage: Linkage, rows: &[Vec<f64>], weights: &[f64], tree: &Dendrogram, scale: f64) {
    let n = rows.len();
    assert_eq!((tree.n_rows(), tree.merges().len()), (n, n - 1));
    let mut groups: Vec<Option<Vec<usize>>> = (0..n).map(|row| Some(vec![row])).collect();
    let close = |a: f64, b: f64| (a - b).abs() <= ROUNDING * (scale + a.abs().max(b.abs()));
    let mut before = 0.0;
    for merge in tree.merges() {
        assert!(merge.left < merge.right && merge.height >= before);
        before = merge.height;
        let there: Vec<&Vec<usize>> = groups.iter().flatten().collect();
        let mut least = f64::INFINITY;
        for (place, a) in there.iter().enumerate() {
            for b in &there[..place] {
                least = least.min(by_definition(linkage, rows, weights, a, b));
            }
        }
        let (mut a, b) = (groups[merge.left].take().unwrap(), groups[merge.right].take().unwrap());
        let own = by_definition(linkage, rows, weights, &a, &b);
        assert!(close(own, merge.height), "{linkage:?}: {own} is told as {}", merge.height);
        assert!(close(least, merge.height), "{linkage:?}: {} is not {least}", merge.height);
        a.extend(b);
        assert_eq!(a.len(), merge.size);
        groups.push(Some(a));
    }
}

fn replay_all(rows: &[Vec<f64>], scale: f64) {
    for linkage in LINKAGES {
        let tree = Hierarchical::new(1).linkage(linkage);
        let tree = tree.dendrogram(&matrix(rows), &Work::new()).unwrap();
        replay(linkage, rows, &vec![1.0; rows.len()], &tree, scale);
    }
}

#[test]
fn merges_are_those_of_the_plain_algorithm_on_random_rows() {
    for (seed, (n, d)) in [(40, 1), (70, 2), (60, 3), (50, 10), (20, 40)].into_iter().enumerate() {
        replay_all(&normals(n, d, seed as u64), 0.0);
    }
    // Enough for boxes in boxes to be packed again and again.
    let rows = normals(150, 4, 9);
    let tree = Hierarchical::new(1).dendrogram(&matrix(&rows), &Work::new()).unwrap();
    replay(Linkage::Ward, &rows, &[1.0; 150], &tree, 0.0);
}

#[test]
fn merges_are_those_of_the_plain_algorithm_on_nasty_rows() {
    let grid: Vec<Vec<f64>> = (0..49).map(|i| vec![f64::from(i % 7), f64::from(i / 7)]).collect();
    replay_all(&grid, 1e-6);
    let mut repeated = normals(12, 2, 3);
    repeated.extend(repeated.clone());
    repeated.extend(repeated.clone());
    replay_all(&repeated, 1.0);
    // Each step doubles: nobody but the first two are each other's nearest.
    replay_all(&(0..40).map(|i| vec![two_to(i)]).collect::<Vec<_>>(), 0.0);
    let constant: Vec<Vec<f64>> =
        normals(30, 1, 4).into_iter().map(|row| vec![7.0, row[0], -0.0]).collect();
    replay_all(&constant, 0.0);
    // Beside an offset of a million, centres have ten digits behind the point.
    let offset: Vec<Vec<f64>> =
        normals(30, 2, 5).into_iter().map(|row| vec![row[0] + 1e6, row[1]]).collect();
    replay_all(&offset, 100.0);
}

#[test]
fn far_off_numbers_have_the_tree_of_near_ones() {
    let rows = normals(60, 3, 6);
    for linkage in LINKAGES {
        let hierarchical = Hierarchical::new(4).linkage(linkage);
        let usual = hierarchical.dendrogram(&matrix(&rows), &Work::new()).unwrap();
        for scale in [two_to(-1000), two_to(1000)] {
            let scaled: Vec<Vec<f64>> =
                rows.iter().map(|row| row.iter().map(|x| x * scale).collect()).collect();
            let tree = hierarchical.dendrogram(&matrix(&scaled), &Work::new()).unwrap();
            for (merge, other) in usual.merges().zip(tree.merges()) {
                let close = (other.height / scale - merge.height).abs() < 1e-12 * merge.height;
                assert!(close, "{linkage:?}: {} {}", other.height / scale, merge.height);
            }
            assert_eq!(usual.cut(4).unwrap(), tree.cut(4).unwrap());
            let model = hierarchical.fit(&matrix(&scaled), &Work::new()).unwrap();
            assert!(model.moved() < 1.0 && model.centre(3).iter().all(|x| x.is_finite()));
        }
    }
    let ends = matrix(&[vec![-1.7e308], vec![1.7e308], vec![1.6e308]]);
    let error = Hierarchical::new(1).dendrogram(&ends, &Work::new()).unwrap_err();
    assert!(matches!(error, SegmentError::TooFar));
}

#[test]
fn a_weight_is_a_repeated_row() {
    let rows = normals(30, 2, 7);
    let weights: Vec<f64> = (0..30).map(|i| f64::from(i % 4 + 1)).collect();
    for linkage in LINKAGES {
        let weighted = matrix(&rows).with_weights(weights.clone()).unwrap();
        let hierarchical = Hierarchical::new(3).linkage(linkage);
        let tree = hierarchical.dendrogram(&weighted, &Work::new()).unwrap();
        replay(linkage, &rows, &weights, &tree, 0.0);
        for scale in [1e-200, 1e200] {
            let scaled = weights.iter().map(|weight| weight * scale).collect();
            let scaled = matrix(&rows).with_weights(scaled).unwrap();
            let other = hierarchical.dendrogram(&scaled, &Work::new()).unwrap();
            let root = if linkage == Linkage::Ward { f64::sqrt(scale) } else { 1.0 };
            for (x, y) in tree.heights().zip(other.heights()) {
                assert!((y / root - x).abs() < 1e-9 * x, "{linkage:?}");
            }
        }
        let repeated: Vec<Vec<f64>> = rows
            .iter()
            .zip(&weights)
            .flat_map(|(row, &weight)| vec![row.clone(); weight as usize])
            .collect();
        let left = hierarchical.fit(&weighted, &Work::new()).unwrap();
        let right = hierarchical.fit(&matrix(&repeated), &Work::new()).unwrap();
        for segment in 0..3 {
            for (x, y) in left.centre(segment).iter().zip(right.centre(segment)) {
                assert!((x - y).abs() < 1e-12, "{linkage:?}");
            }
        }
        assert!((left.moved() - right.moved()).abs() < 1e-12);
    }
}

#[test]
fn another_order_of_the_rows_gives_the_same_heights_even_with_ties() {
    let grid: Vec<Vec<f64>> = (0..60).map(|i| vec![f64::from(i % 6), f64::from(i / 12)]).collect();
    let mut shuffled = grid.clone();
    Stream::new(1, Purpose::Restart, 0).shuffle(&mut shuffled);
    for linkage in [Linkage::Ward, Linkage::Single] {
        let tree = |rows: &[Vec<f64>]| {
            let hierarchical = Hierarchical::new(1).linkage(linkage);
            hierarchical.dendrogram(&matrix(rows), &Work::new()).unwrap()
        };
        let heights = |rows: &[Vec<f64>]| tree(rows).heights().collect::<Vec<f64>>();
        assert_eq!(heights(&grid), heights(&shuffled), "{linkage:?}");
    }
}

#[cfg(feature = "parallel")]
#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let rows = matrix(&normals(1500, 3, 8));
    for linkage in LINKAGES {
        let fit = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let hierarchical = Hierarchical::new(5).linkage(linkage);
            pool.install(|| hierarchical.fit(&rows, &Work::new()).unwrap())
        };
        let one = fit(1);
        for threads in [2, 3, 8] {
            assert!(fit(threads) == one, "{linkage:?}, {threads} threads");
        }
    }
}

#[test]
fn cuts_are_numbered_by_their_first_rows() {
    let rows = [5.0, 0.0, 5.5, 1.0, 9.0].map(|x| vec![x]);
    let tree = Hierarchical::new(1).linkage(Linkage::Single);
    let tree = tree.dendrogram(&matrix(&rows), &Work::new()).unwrap();
    assert_eq!(tree.cut(3).unwrap(), [0, 1, 0, 1, 2].map(SegmentId));
    assert_eq!(tree.cut_at(1.0).unwrap(), tree.cut(3).unwrap());
    assert_eq!(tree.cut_at(0.75).unwrap(), [0, 1, 0, 2, 3].map(SegmentId));
    assert_eq!(tree.cut_at(-1.0).unwrap(), [0, 1, 2, 3, 4].map(SegmentId));
    assert_eq!(tree.cut_at(f64::INFINITY).unwrap(), [SegmentId(0); 5]);
    let merges: Vec<(usize, usize, usize)> =
        tree.merges().map(|merge| (merge.left, merge.right, merge.size)).collect();
    assert_eq!(merges, [(0, 2, 2), (1, 3, 2), (4, 5, 3), (6, 7, 5)]);
    assert!(matches!(tree.cut(0), Err(SegmentError::Param { name: "k", .. })));
    assert!(matches!(tree.cut(6), Err(SegmentError::Param { name: "k", .. })));
    assert!(matches!(tree.cut_at(f64::NAN), Err(SegmentError::Param { name: "height", .. })));
}

#[test]
fn the_cophenetic_correlation_is_that_of_all_pairs() {
    let rows = normals(90, 2, 10);
    let tree = Hierarchical::new(1).linkage(Linkage::Average);
    let tree = tree.dendrogram(&matrix(&rows), &Work::new()).unwrap();
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for i in 0..90 {
        for j in 0..i {
            x.push(stored::distance(&rows[i], &rows[j]));
            let together = tree.heights().find(|&height| {
                let cut = tree.cut_at(height).unwrap();
                cut[i] == cut[j]
            });
            y.push(together.unwrap());
        }
    }
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (mx, my) = (mean(&x), mean(&y));
    let of =
        |f: fn(f64, f64) -> f64| -> f64 { x.iter().zip(&y).map(|(x, y)| f(x - mx, y - my)).sum() };
    let naive = of(|x, y| x * y) / (of(|x, _| x * x) * of(|_, y| y * y)).sqrt();
    let work = Work::new();
    let got = Hierarchical::cophenetic_correlation(&tree, &matrix(&rows), &work).unwrap().unwrap();
    assert!((got - naive).abs() < 1e-12, "{got} {naive}");
    for few in [vec![vec![1.0]], vec![vec![1.0], vec![3.0]], vec![vec![2.0]; 5]] {
        let few = matrix(&few);
        let tree = Hierarchical::new(1).dendrogram(&few, &work).unwrap();
        assert_eq!(Hierarchical::cophenetic_correlation(&tree, &few, &work).unwrap(), None);
        let other = matrix(&rows);
        assert!(Hierarchical::cophenetic_correlation(&tree, &other, &work).is_err());
    }
}

#[test]
fn who_moves_to_a_nearer_centre_is_counted() {
    // A long chain and a far point: the middle of the chain is far from its end.
    let mut rows: Vec<Vec<f64>> = (0..11).map(|i| vec![f64::from(i)]).collect();
    rows.push(vec![12.5]);
    let model = Hierarchical::new(2).linkage(Linkage::Single);
    let model = model.fit(&matrix(&rows), &Work::new()).unwrap();
    assert_eq!((model.centre(0), model.centre(1)), (&[5.0][..], &[12.5][..]));
    // 9 and 10 lie nearer to 12.5 than to 5.
    assert_eq!(model.moved(), 2.0 / 12.0);
    let assigned = model.assign(&matrix(&rows), &Work::new()).unwrap().partition().unwrap();
    let differ = assigned.iter().zip(model.labels()).filter(|(a, b)| a != b).count();
    assert_eq!(differ, 2);
    assert!(model.story().contains("16.7 %"), "{}", model.story());
}

#[test]
fn polishing_never_raises_the_inertia() {
    let rows = normals(300, 3, 11);
    let work = Work::new();
    let ward = Hierarchical::new(5).fit(&matrix(&rows), &work).unwrap();
    let polished = ward.polished(&KMeans::new(5), &matrix(&rows), &work).unwrap();
    let inertia: f64 = rows
        .iter()
        .zip(ward.labels())
        .map(|(row, label)| squared_distance(row, ward.centre(label.index())))
        .sum();
    assert!(polished.converged() && polished.inertia() < inertia);
    assert!(ward.polished(&KMeans::new(4), &matrix(&rows), &work).is_err());
}

#[test]
fn impossible_requests_are_typed() {
    let work = Work::new();
    let same = matrix(&vec![vec![1.0, 1.0]; 5]);
    for linkage in LINKAGES {
        let hierarchical = |k| Hierarchical::new(k).linkage(linkage);
        assert!(matches!(
            hierarchical(2).fit(&same, &work),
            Err(SegmentError::TooFewDistinct { k: 2, distinct: 1 })
        ));
        let one = hierarchical(1).fit(&same, &work).unwrap();
        assert_eq!((one.centre(0), one.moved()), (&[1.0, 1.0][..], 0.0));
        let alone = hierarchical(1).fit(&matrix(&[vec![3.0]]), &work).unwrap();
        assert_eq!(alone.dendrogram().merges().len(), 0);
        assert!(matches!(hierarchical(0).validate(), Err(SegmentError::Param { name: "k", .. })));
        assert!(matches!(hierarchical(1).fit(&matrix(&[]), &work), Err(SegmentError::NoCustomers)));
        // Without a feature all customers are alike.
        let nothing = FeatureMatrix::new(crate::units::CustomerIds::numbered(3).unwrap());
        assert_eq!(hierarchical(1).fit(&nothing, &work).unwrap().n_segments(), 1);
        assert!(hierarchical(2).fit(&nothing, &work).is_err());
        let cancelled = Work::new();
        cancelled.canceller().cancel();
        assert!(matches!(
            hierarchical(1).fit(&matrix(&normals(20, 2, 0)), &cancelled),
            Err(SegmentError::Cancelled(_))
        ));
    }
    let many = Hierarchical::new(2).linkage(Linkage::Average).most_stored(19);
    assert!(many.fit(&matrix(&normals(20, 2, 0)), &work).is_err());
    assert!(many.fit(&matrix(&normals(19, 2, 0)), &work).is_ok());
}
