//! What is left of each day's capacity and of the budget, while contacts take from them.

use crate::units::Money;

/// Decimals of money in exact sums: a millionth of a major unit.
pub(super) const DIGITS: u8 = 6;

/// Days are found free in nearly constant time, however many are full.
#[derive(Debug)]
pub(super) struct Ledger {
    rooms: Vec<Option<Room>>,
    /// In millionths; `None` where there is no budget.
    left: Option<i128>,
}

/// The days of one channel.
#[derive(Debug)]
struct Room {
    /// Contacts that fit in a day.
    contacts: u32,
    used: Vec<u32>,
    /// For each day, a day not before it that may be free; one more than there are days.
    next: Vec<u32>,
}

/// How many contacts fit in a day's capacity.
pub(super) fn fitting(capacity: f64, effort: f64) -> u32 {
    // A tenth fits ten times into one, whatever the last digit of the quotient says.
    (capacity / effort * (1.0 + 1e-12)).min(f64::from(u32::MAX)) as u32
}

impl Ledger {
    /// Contacts a day of each channel, where that is limited, and money.
    pub(super) fn new(limits: &[Option<u32>], days: i32, budget: Option<Money>) -> Self {
        let days = days.max(0) as u32;
        let room = |contacts: &u32| {
            let mut next: Vec<u32> = (0..=days).collect();
            if *contacts == 0 {
                next.fill(days);
            }
            Room { contacts: *contacts, used: vec![0; days as usize], next }
        };
        Self {
            rooms: limits.iter().map(|limit| limit.as_ref().map(room)).collect(),
            left: budget.map(|money| money.to_whole(DIGITS)),
        }
    }

    /// The first day with room from this one on; behind the last where there is none.
    pub(super) fn free_from(&self, channel: u8, day: i32) -> i32 {
        match &self.rooms[usize::from(channel)] {
            Some(room) => {
                let mut free = day as u32;
                while room.next[free as usize] != free {
                    free = room.next[free as usize];
                }
                free as i32
            }
            None => day,
        }
    }

    /// Takes a contact's room and money, where there is money; the day must have room.
    pub(super) fn take(&mut self, channel: u8, day: i32, cost: Money) -> bool {
        if let Some(left) = &mut self.left {
            let cost = cost.to_whole(DIGITS);
            if cost > *left {
                return false;
            }
            *left -= cost;
        }
        if let Some(room) = &mut self.rooms[usize::from(channel)] {
            let day = day as usize;
            room.used[day] += 1;
            if room.used[day] >= room.contacts {
                room.next[day] = day as u32 + 1;
                room.shorten(day);
            }
        }
        true
    }
}

impl Room {
    /// Points the full days before and at this one past the full days behind it.
    fn shorten(&mut self, day: usize) {
        let mut free = day as u32;
        while self.next[free as usize] != free {
            free = self.next[free as usize];
        }
        let mut full = day;
        loop {
            self.next[full] = free;
            if full == 0 || self.next[full - 1] as usize == full - 1 {
                break;
            }
            full -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_days_are_passed_over() {
        let cost = Money::from_minor(100, 2);
        let mut ledger = Ledger::new(&[Some(2), None, Some(0)], 4, None);
        for day in [1, 2, 1, 2] {
            assert_eq!(ledger.free_from(0, day), day);
            assert!(ledger.take(0, day, cost));
        }
        assert_eq!((ledger.free_from(0, 0), ledger.free_from(0, 1)), (0, 3));
        assert!(ledger.take(0, 0, cost) && ledger.take(0, 0, cost));
        assert_eq!(ledger.free_from(0, 0), 3);
        assert!(ledger.take(0, 3, cost) && ledger.take(0, 3, cost));
        assert_eq!(ledger.free_from(0, 0), 4); // behind the last
        assert_eq!((ledger.free_from(1, 2), ledger.free_from(2, 0)), (2, 4));
    }

    #[test]
    fn a_budget_is_spent_to_the_last_cent_and_no_further() {
        let mut ledger = Ledger::new(&[None], 1, Some(Money::new(0.3).unwrap()));
        let tenth = Money::new(0.1).unwrap();
        assert!(ledger.take(0, 0, tenth) && ledger.take(0, 0, tenth) && ledger.take(0, 0, tenth));
        assert!(!ledger.take(0, 0, tenth));
        assert!(ledger.take(0, 0, Money::ZERO));
    }

    #[test]
    fn whole_contacts_fit() {
        assert_eq!((fitting(1.0, 0.1), fitting(0.3, 0.1), fitting(480.0, 8.0)), (10, 3, 60));
        assert_eq!((fitting(7.9, 8.0), fitting(0.0, 1.0), fitting(1e300, 1.0)), (0, 0, u32::MAX));
    }
}
