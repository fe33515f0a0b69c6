//! Ward's linkage without a matrix of distances: rounds of pairs who are each other's nearest.
//!
//! Two groups who are each other's nearest are merged by any agglomeration whose distances never
//! fall by merging others, sooner or later, so all such pairs are merged at once (Murtagh 1983). A
//! round asks only for the nearest of groups that are new or whose nearest is gone, all at the same
//! time and each by boxes within boxes. Memory is a row's numbers once more and 60 bytes.

use pulp::{Simd, WithSimd};

use crate::cluster::hierarchical::dendrogram::Pair;
use crate::cluster::neighbours::{Entry, NOBODY, Neighbours, Own, Search};
use crate::cluster::numbers::{Distinct, Numbers};
use crate::num::{blocks, simd};
use crate::work::{Cancelled, Work};

/// Questions for one task: enough to be worth a thread's while.
const QUESTIONS: usize = 64;

/// The merges of distinct rows, children before parents; each group bears the name of its first.
pub(super) fn merges(
    numbers: &Numbers<'_>,
    distinct: &Distinct,
    work: &Work,
) -> Result<Vec<Pair>, Cancelled> {
    let n = distinct.len();
    let mut pairs = Vec::with_capacity(n - 1);
    let mut groups = Groups::new(numbers, distinct);
    let mut ask: Vec<Question> = groups.everybody();
    while groups.active > 1 {
        work.tell("merging customers", pairs.len() as u64, Some(n as u64 - 1));
        groups.answer(&mut ask, work)?;
        let before = pairs.len();
        ask = groups.merge(&mut pairs);
        if pairs.len() == before {
            // Roundings of ties can point in a circle. A full round has one order on all pairs, and
            // the first of them is always merged.
            ask = groups.everybody();
        } else if groups.active * 2 <= groups.packed {
            groups.pack(numbers.d());
        }
    }
    Ok(pairs)
}

/// Who asks for their nearest, and somebody near to begin with.
#[derive(Clone, Copy)]
struct Question {
    name: u32,
    hint: u32,
}

/// Groups that are not yet merged into others, and for each the nearest of the others.
struct Groups {
    boxes: Neighbours,
    /// By name, as all that follows: where the group stands.
    slot: Vec<u32>,
    weight: Vec<f64>,
    /// The nearest, [`NOBODY`] while that is not known.
    nearest: Vec<u32>,
    cost: Vec<f64>,
    /// The height at which the group came to be.
    height: Vec<f64>,
    active: usize,
    /// How many groups the boxes were made for.
    packed: usize,
    d: usize,
}

impl Groups {
    fn new(numbers: &Numbers<'_>, distinct: &Distinct) -> Self {
        let (n, d) = (distinct.len(), numbers.d());
        let entry = |name: usize| Entry { name: name as u32, own: 1.0 / distinct.weights[name] };
        let entries: Vec<Entry> = (0..n).map(entry).collect();
        let boxes = Neighbours::new(&entries, d, Own::Largest, |place, dimension| {
            numbers.value(distinct.rows[place] as usize, dimension)
        });
        let mut groups = Self {
            boxes,
            slot: vec![0; n],
            weight: distinct.weights.clone(),
            nearest: vec![NOBODY; n],
            cost: vec![f64::INFINITY; n],
            height: vec![0.0; n],
            active: n,
            packed: n,
            d,
        };
        groups.find_slots();
        groups
    }

    fn find_slots(&mut self) {
        for slot in 0..self.boxes.slots() {
            let name = self.boxes.name(slot);
            if name != NOBODY {
                self.slot[name as usize] = slot as u32;
            }
        }
    }

    /// All groups, where they stand one behind the other.
    fn names(&self) -> impl Iterator<Item = u32> {
        (0..self.boxes.slots()).map(|slot| self.boxes.name(slot)).filter(|&name| name != NOBODY)
    }

    fn everybody(&self) -> Vec<Question> {
        self.names().map(|name| Question { name, hint: NOBODY }).collect()
    }

    /// Finds the nearest of all who ask.
    fn answer(&mut self, ask: &mut [Question], work: &Work) -> Result<(), Cancelled> {
        // Neighbours ask behind one another, so that they look into the same boxes.
        ask.sort_unstable_by_key(|question| self.slot[question.name as usize]);
        let tasks = ask.len().div_ceil(QUESTIONS);
        let task = |task: usize| {
            let ask = &ask[task * QUESTIONS..ask.len().min((task + 1) * QUESTIONS)];
            simd::run(Answers { groups: self, ask })
        };
        // The last rounds are many and small; other threads would come too late.
        let answers = if tasks < 2 {
            work.check()?;
            (0..tasks).map(task).collect()
        } else {
            blocks::map_tasks(tasks, work, task)?
        };
        for (question, answer) in ask.iter().zip(answers.into_iter().flatten()) {
            self.nearest[question.name as usize] = answer.name;
            self.cost[question.name as usize] = answer.cost;
        }
        Ok(())
    }

    /// Merges all who are each other's nearest; returns who must ask again.
    fn merge(&mut self, pairs: &mut Vec<Pair>) -> Vec<Question> {
        let names: Vec<u32> = self.names().collect();
        let mut ask = Vec::new();
        for &left in &names {
            let right = self.nearest[left as usize];
            if right == NOBODY || right < left || self.nearest[right as usize] != left {
                continue;
            }
            let (a, b) = (left as usize, right as usize);
            // Heights that rounding would let fall by a last digit stay level.
            let height = real_height(self.cost[a]).max(self.height[a]).max(self.height[b]);
            pairs.push(Pair { left, right, height });
            self.height[a] = height;
            self.join(a, b);
            ask.push(Question { name: left, hint: NOBODY });
        }
        if ask.is_empty() {
            return ask;
        }
        for name in names {
            let nearest = self.nearest[name as usize];
            // Merged groups have lost theirs in `join`, and who is gone points at who took them.
            if nearest == NOBODY || self.slot[name as usize] == NOBODY {
                continue;
            }
            let gone = self.slot[nearest as usize] == NOBODY;
            let hint = if gone { self.nearest[nearest as usize] } else { nearest };
            if gone || self.nearest[nearest as usize] == NOBODY {
                ask.push(Question { name, hint });
            }
        }
        ask
    }

    /// Puts `b` into `a`.
    fn join(&mut self, a: usize, b: usize) {
        let (to, from) = (self.slot[a] as usize, self.slot[b] as usize);
        let total = self.weight[a] + self.weight[b];
        let share = self.weight[b] / total;
        let (mut x, mut y) = (vec![0.0; self.d], vec![0.0; self.d]);
        self.boxes.point(to, &mut x);
        self.boxes.point(from, &mut y);
        self.boxes
            .set(to, 1.0 / total, |dimension| x[dimension] + (y[dimension] - x[dimension]) * share);
        self.boxes.remove(from);
        self.boxes.refresh(to);
        self.boxes.refresh(from);
        self.weight[a] = total;
        self.slot[b] = NOBODY;
        self.nearest[a] = NOBODY;
        self.nearest[b] = a as u32;
        self.active -= 1;
    }

    /// New boxes for the groups that are left.
    fn pack(&mut self, d: usize) {
        let names: Vec<u32> = self.names().collect();
        let entry = |&name: &u32| Entry { name, own: 1.0 / self.weight[name as usize] };
        let entries: Vec<Entry> = names.iter().map(entry).collect();
        let boxes = Neighbours::new(&entries, d, Own::Largest, |place, dimension| {
            self.boxes.coordinate(self.slot[names[place] as usize] as usize, dimension)
        });
        self.boxes = boxes;
        self.packed = self.active;
        self.find_slots();
    }
}

/// Ward's height from half its square.
fn real_height(cost: f64) -> f64 {
    (2.0 * cost).sqrt()
}

/// The least costly merge of one group, of equals that with the first name.
struct Nearest {
    me: u32,
    inverse: f64,
    cost: f64,
    name: u32,
}

impl Search for Nearest {
    /// `a b / (a + b)` times the squared distance, by the inverses of the weights.
    #[inline(always)]
    fn cost(&self, squared: f64, own: f64) -> f64 {
        squared / (self.inverse + own)
    }

    #[inline(always)]
    fn bound(&self) -> f64 {
        self.cost
    }

    #[inline(always)]
    fn offer(&mut self, cost: f64, _: f64, name: u32) {
        if name != self.me && (cost < self.cost || (cost == self.cost && name < self.name)) {
            (self.cost, self.name) = (cost, name);
        }
    }
}

/// The kernel: the answers to some questions.
struct Answers<'a> {
    groups: &'a Groups,
    ask: &'a [Question],
}

impl WithSimd for Answers<'_> {
    type Output = Vec<Nearest>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<Nearest> {
        let groups = self.groups;
        let mut query = vec![0.0; groups.d];
        let mut answers = Vec::with_capacity(self.ask.len());
        for question in self.ask {
            let slot = groups.slot[question.name as usize] as usize;
            groups.boxes.point(slot, &mut query);
            let inverse = groups.boxes.own(slot);
            let mut nearest =
                Nearest { me: question.name, inverse, cost: f64::INFINITY, name: NOBODY };
            if question.hint != NOBODY {
                let hint = groups.slot[question.hint as usize] as usize;
                let mut squared = 0.0;
                for (dimension, value) in query.iter().enumerate() {
                    let distance = groups.boxes.coordinate(hint, dimension) - value;
                    squared = simd::fma(distance, distance, squared);
                }
                let cost = nearest.cost(squared, groups.boxes.own(hint));
                nearest.offer(cost, squared, question.hint);
            }
            groups.boxes.search(&query, &mut nearest);
            answers.push(nearest);
        }
        answers
    }
}
