//! Which products customers hold, and what products are worth to those who hold them.
//!
//! Holdings are lists of places, two bytes each, not bitsets: customers hold few of many products,
//! and every use of a holding goes through the list.

mod affinity;
mod next;
mod together;

use std::fmt;

use crate::data::{Attributes, CustomerHistory};
use crate::strategy::StrategyError;
use crate::units::{CustomerIds, Money};

pub use affinity::Affinity;
use next::Next;
pub use next::NextProduct;

/// How many products there may be. Which go together is a table of products by products, of 32 MB
/// at this number.
const MOST: usize = 2048;

/// How many holders' evidence what everybody does counts for.
const FEW: f64 = 20.0;

/// A first purchase of last week is no yearly rate: who holds something counts for this many days
/// at least, or for the whole observation where that is shorter.
const DAYS_AT_LEAST: f64 = 365.0;

const DAYS_PER_YEAR: f64 = 365.25;

/// Which products, or categories of products, customers hold.
///
/// # Example
///
/// ```
/// use segmentry::strategy::Products;
/// use segmentry::units::{CustomerIds, Money};
/// use segmentry::work::Work;
///
/// let ids = CustomerIds::from_texts(["ann", "bob", "eve"])?;
/// let products = Products::new(ids, ["account", "card", "loan"], [vec![0, 1], vec![0], vec![2]])?
///     .worth_a_year([("card", Money::new(120.0)?)])?
///     .margins([("card", 0.5)])?
///     .next_to_buy(&Work::new())?;
/// assert_eq!(products.holders(0), 2);
/// // Of those with an account one in two has a card, of all one in three.
/// let next = products.next(1).ok_or("nothing")?;
/// assert_eq!((next.product, next.name), (1, "card"));
/// // (1 + 20 × 1/3) / (2 + 20): as sure as two customers can make it.
/// assert!((next.affinity - (1.0 + 20.0 / 3.0) / 22.0).abs() < 1e-7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Products {
    ids: CustomerIds,
    names: Vec<String>,
    /// Places in the byte order of their names.
    by_name: Vec<u16>,
    /// Where each customer's holdings start, and where the last one's end.
    starts: Vec<usize>,
    /// Ascending, each once.
    held: Vec<u16>,
    holders: Vec<u32>,
    yearly: Vec<Option<f64>>,
    margins: Vec<Option<f64>>,
    next: Option<Next>,
}

impl Products {
    /// Products by name and, for each customer, the places of those they hold.
    ///
    /// # Errors
    ///
    /// [`StrategyError::Length`] where there is not one list per customer;
    /// [`StrategyError::NoSuchProduct`] for a place without a product;
    /// [`StrategyError::ProductName`]; [`StrategyError::TooManyProducts`].
    pub fn new<H: AsRef<[usize]>>(
        ids: CustomerIds,
        names: impl IntoIterator<Item = impl Into<String>>,
        holdings: impl IntoIterator<Item = H>,
    ) -> Result<Self, StrategyError> {
        let mut made = Self::none_held(ids, names.into_iter().map(Into::into).collect())?;
        for row in holdings {
            made.push(row.as_ref().iter().copied())?;
        }
        made.finish()
    }

    /// The categories that each customer bought of, and what they are worth a year to those who
    /// did.
    ///
    /// What a category is worth is the mean, not the median, because the means of customers add up
    /// to money: the spend in it over the years of those who bought of it, pulled towards the same
    /// of all categories as if twenty average buyers more had been seen. A buyer's years run from
    /// their first purchase, and are at least one, or as many as were observed.
    ///
    /// # Errors
    ///
    /// [`StrategyError::Data`] where the history was read without
    /// [`categories`](crate::data::HistorySpec::categories); [`StrategyError::TooManyProducts`].
    pub fn from_history(history: &CustomerHistory) -> Result<Self, StrategyError> {
        let categories = history.categories().map_err(StrategyError::Data)?;
        let mut made = Self::none_held(history.ids().clone(), categories.names().to_vec())?;
        let k = made.names.len();
        let (mut spent, mut years) = (vec![0_i128; k], vec![0.0; k]);
        let observed = history.observed_until().day_number() - history.observed_from().day_number();
        let at_least = DAYS_AT_LEAST.min(f64::from(observed)).max(1.0);
        for row in 0..history.n_customers() {
            let age = f64::from(history.age(row).count()).max(at_least) / DAYS_PER_YEAR;
            let bought = categories.spent(row).filter(|&(_, minor)| minor > 0);
            for (category, minor) in bought.clone() {
                spent[category] += i128::from(minor);
                years[category] += age;
            }
            made.push(bought.map(|(category, _)| category))?;
        }
        let mut made = made.finish()?;
        let money = |minor: i128| Money::from_whole(minor, history.minor_digits()).amount();
        let (mut all_spent, mut all_years) = (0, 0.0);
        for (spent, years) in spent.iter().zip(&years) {
            all_spent += spent;
            all_years += years;
        }
        let usual = if all_years > 0.0 { money(all_spent) / all_years } else { 0.0 };
        let few = FEW * all_years / (made.held.len() as f64).max(1.0);
        made.yearly = spent
            .iter()
            .zip(&years)
            .map(|(&spent, &years)| {
                let seen = years + few;
                (seen > 0.0).then(|| (money(spent) + few * usual) / seen)
            })
            .collect();
        Ok(made)
    }

    /// The products that yes-or-no attributes of these names are about: who answered yes holds it.
    ///
    /// # Errors
    ///
    /// [`StrategyError::Data`] where there is no such attribute or it is of another kind; as
    /// [`new`](Self::new).
    pub fn from_attributes(attributes: &Attributes, names: &[&str]) -> Result<Self, StrategyError> {
        let answers = |&name: &&str| attributes.column(name)?.yes_no();
        let answers: Result<Vec<_>, _> = names.iter().map(answers).collect();
        let answers = answers.map_err(StrategyError::Data)?;
        let names = names.iter().map(|&name| name.to_owned()).collect();
        let mut made = Self::none_held(attributes.ids().clone(), names)?;
        for row in 0..attributes.ids().len() {
            let held = (0..answers.len()).filter(|&product| answers[product][row] == Some(true));
            made.push(held)?;
        }
        made.finish()
    }

    fn none_held(ids: CustomerIds, names: Vec<String>) -> Result<Self, StrategyError> {
        let k = names.len();
        if k > MOST {
            return Err(StrategyError::TooManyProducts { got: k, most: MOST });
        }
        let mut by_name: Vec<u16> = (0..k as u16).collect();
        by_name.sort_by_key(|&place| &names[usize::from(place)]);
        let name = |place: u16| &names[usize::from(place)];
        let twice = by_name.windows(2).find(|pair| name(pair[0]) == name(pair[1]));
        let nameless = by_name.first().filter(|&&place| name(place).is_empty());
        if let Some(&place) = twice.map(|pair| &pair[1]).or(nameless) {
            return Err(StrategyError::ProductName { place: usize::from(place) });
        }
        let mut starts = Vec::with_capacity(ids.len() + 1);
        starts.push(0);
        Ok(Self {
            ids,
            names,
            by_name,
            starts,
            held: Vec::new(),
            holders: vec![0; k],
            yearly: vec![None; k],
            margins: vec![None; k],
            next: None,
        })
    }

    /// The holdings of the next customer.
    fn push(&mut self, held: impl Iterator<Item = usize>) -> Result<(), StrategyError> {
        let start = self.held.len();
        for place in held {
            if place >= self.names.len() {
                let (what, product) = ("a holding", place.to_string());
                return Err(StrategyError::NoSuchProduct { what, product });
            }
            self.held.push(place as u16);
        }
        self.held[start..].sort_unstable();
        let mut kept = start;
        for at in start..self.held.len() {
            if at == start || self.held[at] != self.held[kept - 1] {
                self.held[kept] = self.held[at];
                self.holders[usize::from(self.held[at])] += 1;
                kept += 1;
            }
        }
        self.held.truncate(kept);
        self.starts.push(kept);
        Ok(())
    }

    fn finish(mut self) -> Result<Self, StrategyError> {
        let (expected, got) = (self.ids.len(), self.starts.len() - 1);
        if got != expected {
            return Err(StrategyError::Length { expected, got });
        }
        self.held.shrink_to_fit();
        Ok(self)
    }

    /// Says what products are worth: what a customer who holds one spends on it in a year.
    ///
    /// A [next product](Self::next_to_buy) that was worked out before is forgotten.
    ///
    /// # Errors
    ///
    /// [`StrategyError::NoSuchProduct`]; [`StrategyError::ProductValue`] below zero.
    pub fn worth_a_year<'n>(
        mut self,
        worth: impl IntoIterator<Item = (&'n str, Money)>,
    ) -> Result<Self, StrategyError> {
        for (name, money) in worth {
            let place = self.named("a worth", name)?;
            let (what, value) = ("what a product is worth a year", money.amount());
            if value < 0.0 {
                let expected = "not negative";
                return Err(StrategyError::ProductValue { what, row: place, value, expected });
            }
            self.yearly[place] = Some(value);
        }
        self.next = None;
        Ok(self)
    }

    /// Says at what margin products are sold, as a share of spend. Those of which it is not said
    /// are taken to be sold at the customer's margin.
    ///
    /// A [next product](Self::next_to_buy) that was worked out before is forgotten.
    ///
    /// # Errors
    ///
    /// [`StrategyError::NoSuchProduct`]; [`StrategyError::ProductValue`] unless finite and at most
    /// 1.
    pub fn margins<'n>(
        mut self,
        margins: impl IntoIterator<Item = (&'n str, f64)>,
    ) -> Result<Self, StrategyError> {
        for (name, value) in margins {
            let row = self.named("a margin", name)?;
            if !(value.is_finite() && value <= 1.0) {
                let (what, expected) = ("the margin of a product", "finite and at most 1");
                return Err(StrategyError::ProductValue { what, row, value, expected });
            }
            self.margins[row] = Some(value);
        }
        self.next = None;
        Ok(self)
    }

    fn named(&self, what: &'static str, name: &str) -> Result<usize, StrategyError> {
        let missing = || StrategyError::NoSuchProduct { what, product: name.to_owned() };
        self.place(name).ok_or_else(missing)
    }

    /// The customers, one a row.
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }

    /// The products.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The place of the product of that name.
    pub fn place(&self, name: &str) -> Option<usize> {
        let by_name = |&place: &u16| self.names[usize::from(place)].as_str().cmp(name);
        let at = self.by_name.binary_search_by(by_name).ok()?;
        Some(usize::from(self.by_name[at]))
    }

    /// The places of the products that the customer in a row holds, ascending.
    pub fn held(&self, row: usize) -> &[u16] {
        &self.held[self.starts[row]..self.starts[row + 1]]
    }

    /// Whether the customer in a row holds a product.
    pub fn holds(&self, row: usize, product: usize) -> bool {
        self.held(row).binary_search_by(|&held| usize::from(held).cmp(&product)).is_ok()
    }

    /// How many customers hold a product.
    pub fn holders(&self, product: usize) -> usize {
        self.holders[product] as usize
    }

    /// What a customer who holds a product spends on it in a year, where it is known.
    pub fn yearly_worth(&self, product: usize) -> Option<Money> {
        self.yearly[product].map(Money::finite)
    }

    /// The margin of a product, where it was stated.
    pub fn margin(&self, product: usize) -> Option<f64> {
        self.margins[product]
    }

    /// Whether anything is known of what any product is worth.
    pub(crate) fn any_worth(&self) -> bool {
        self.yearly.iter().any(Option::is_some)
    }

    /// Whether something is earned by selling a product, as far as is known.
    fn sells(&self, product: usize) -> bool {
        self.yearly[product].is_some_and(|yearly| yearly > 0.0)
            && self.margins[product].is_none_or(|margin| margin > 0.0)
    }
}

impl fmt::Debug for Products {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Products")
            .field("customers", &self.ids.len())
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
