//! The cuts against a full sort, on random and on nasty values.

use super::*;

/// A full sort: the definition.
fn sorted(values: &[f64], lasts: &[usize], key: Option<&[u32]>) -> (Vec<u16>, Vec<f64>) {
    let n = values.len();
    let plain: Vec<f64> = values.iter().map(|v| v + 0.0).collect();
    let mut rows: Vec<usize> = (0..n).collect();
    rows.sort_by(|&a, &b| {
        plain[b]
            .total_cmp(&plain[a])
            .then_with(|| key.map_or(0, |k| k[a]).cmp(&key.map_or(0, |k| k[b])))
    });
    let mut of = vec![0; n];
    for (rank, &row) in rows.iter().enumerate() {
        let first = match key {
            Some(_) => rank,
            None => rows.partition_point(|&other| plain[other] > plain[row]),
        };
        of[row] = lasts.iter().filter(|&&last| last < first).count() as u16;
    }
    let cuts = lasts.iter().map(|&last| plain[rows[last]]).collect();
    (of, cuts)
}

fn check(values: &[f64], groups: usize) {
    let n = values.len();
    let lasts = even_lasts(n, groups);
    let mut key: Vec<u32> = (0..n as u32).collect();
    Stream::new(5, Purpose::Sample, n as u64).shuffle(&mut key);
    let by_key = |rows: &mut Vec<u32>, places: &[usize]| {
        assert!(
            places.is_sorted_by(|a, b| a < b) && places.iter().all(|&p| 0 < p && p < rows.len())
        );
        rows.sort_unstable_by_key(|&row| key[row as usize]);
    };
    let orders: [Option<TieOrder<'_>>; 2] = [None, Some(&by_key)];
    for ties in orders {
        let found: RankGroups<u16> = cut(values, |v| *v, &lasts, ties, &Work::new()).unwrap();
        let (of, cuts) = sorted(values, &lasts, ties.is_some().then_some(&key));
        assert!(found.of == of, "{n} values in {groups} groups, by key: {}", ties.is_some());
        assert_eq!(found.cuts, cuts);
        let places = Places::of(values.iter().fold(0.0, |m: f64, v| m.max(v.abs())), n);
        for group in 0..found.counts.len() {
            let mut sum = OrderFreeSum::default();
            let members: Vec<usize> = (0..n).filter(|&i| usize::from(of[i]) == group).collect();
            members.iter().for_each(|&i| sum.add(&places, values[i]));
            assert_eq!(found.counts[group], members.len() as u64);
            assert_eq!(found.sums[group].to_bits(), sum.value(&places).to_bits());
        }
    }
}

fn drawn(n: usize, draw: impl Fn(&mut Stream, usize) -> f64) -> Vec<f64> {
    let mut stream = Stream::new(9, Purpose::Sample, 1);
    (0..n).map(|i| draw(&mut stream, i)).collect()
}

#[test]
fn as_a_full_sort_on_small_inputs() {
    for n in [0, 1, 2, 3, 9, 10, 11, 99, 100, 1001] {
        for groups in [1, 2, 3, 10, 20, 100] {
            check(&drawn(n, |s, _| s.normal()), groups);
            check(&vec![7.0; n], groups);
            check(&drawn(n, |s, _| s.below(3) as f64 - 1.0), groups);
            check(&drawn(n, |s, _| if s.chance(0.5) { 0.0 } else { -0.0 }), groups);
        }
    }
}

#[test]
fn as_a_full_sort_beyond_the_sample() {
    let n = 2 * SAMPLE + 4321;
    check(&drawn(n, |s, _| crate::num::real::exp(4.0 + 1.2 * s.normal())), 10);
    check(&drawn(n, |s, _| s.normal()), 100);
    check(&vec![-3.5; n], 10);
    // Nearly all at zero, of both signs, with a tail on either side.
    let zeros = |s: &mut Stream, i: usize| match i % 50 {
        0 => s.normal(),
        1 => -0.0,
        _ => 0.0,
    };
    check(&drawn(n, zeros), 10);
    check(&drawn(n, |s, _| s.below(7) as f64), 20);
    check(&drawn(n, |_, i| i as f64), 10);
    check(&drawn(n, |_, i| -(i as f64)), 10);
    check(&drawn(n, |_, i| if i % 2 == 0 { f64::MAX } else { 5e-324 }), 4);
}

#[test]
fn a_bad_sample_costs_time_and_nothing_else() {
    // Limits that enclose nothing: the bin that holds everything is looked into.
    let values = drawn(5000, |s, _| s.uniform());
    let lasts = even_lasts(5000, 10);
    let opened = Opened { rank: 0, cuts: 0..9, alone: None };
    let members: Vec<u32> = (0..5000).collect();
    let found = opened.sort_out(&values, &|v: &f64| *v, &members, &lasts, None);
    let (of, cuts) = sorted(&values, &lasts, None);
    assert_eq!(found.cuts, cuts);
    assert!(found.placed.iter().all(|&(row, group)| of[row as usize] == group));
}

#[cfg(feature = "parallel")]
#[test]
fn threads_do_not_matter() {
    let values = drawn(4 * STRETCH + 9, |s, _| s.normal());
    let lasts = even_lasts(values.len(), 10);
    let with = |threads| -> RankGroups<u8> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| cut(&values, |v| *v, &lasts, None, &Work::new()).unwrap())
    };
    let one = with(1);
    assert_eq!(with(3), one);
    assert_eq!(one.counts.iter().sum::<u64>(), values.len() as u64);
}
