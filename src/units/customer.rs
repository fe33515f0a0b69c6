//! Who is who: one customer's id, and the table of all ids that the columns of every stage stand
//! beside.
//!
//! Neither prints what it holds. An id is personal data, and error texts and logs travel further
//! than anyone planned; `expose()` gives the id to whoever asks for it by name.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use crate::units::UnitError;

mod lookup;

pub(crate) use lookup::CustomerLookup;
use lookup::canonical_integer;

/// One customer's id, as the company's own data has it.
///
/// ```
/// use segmentry::units::CustomerIds;
///
/// let ids = CustomerIds::from_texts(["17850", "13047"])?;
/// let customer = ids.get(1).unwrap();
/// assert_eq!(customer.expose(), "13047");
/// assert_eq!(format!("{customer:?}"), "CustomerId(withheld)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerId(Box<str>);

impl CustomerId {
    /// Wraps an id.
    pub fn new(id: impl Into<Box<str>>) -> Self {
        Self(id.into())
    }

    /// The id itself. Whoever calls this decides where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerId(withheld)")
    }
}

/// The customers of a table, one a row, each once. Cheap to clone: the tables of all stages share
/// it.
///
/// Rows keep the order in which they were given; a
/// [`CustomerHistory`](crate::data::CustomerHistory) gives them in the byte order of the ids.
/// Integer ids are kept as integers and read as their decimal text wherever text is asked for, so
/// that `17850` from a warehouse and `"17850"` from a file are the same customer.
#[derive(Clone)]
pub struct CustomerIds(Arc<Table>);

struct Table {
    ids: Ids,
    /// Rows in the byte order of their ids, or `None` where the rows already stand in it.
    by_id: Option<Vec<u32>>,
}

#[derive(PartialEq)]
enum Ids {
    Integers(Vec<i64>),
    Texts { text: String, ends: Vec<usize> },
}

impl CustomerIds {
    /// A table of text ids.
    ///
    /// # Errors
    ///
    /// [`UnitError::EmptyCustomerId`], [`UnitError::DuplicateCustomer`],
    /// [`UnitError::TooManyCustomers`].
    pub fn from_texts<T: AsRef<str>>(ids: impl IntoIterator<Item = T>) -> Result<Self, UnitError> {
        let (mut text, mut ends) = (String::new(), Vec::new());
        for (row, id) in ids.into_iter().enumerate() {
            let id = id.as_ref();
            if id.is_empty() {
                return Err(UnitError::EmptyCustomerId { row });
            }
            text.push_str(id);
            ends.push(text.len());
        }
        Self::index(Ids::Texts { text, ends })
    }

    /// A table of integer ids.
    ///
    /// # Errors
    ///
    /// [`UnitError::DuplicateCustomer`], [`UnitError::TooManyCustomers`].
    pub fn from_integers(ids: Vec<i64>) -> Result<Self, UnitError> {
        Self::index(Ids::Integers(ids))
    }

    /// Customers that have no ids but their row numbers, `0` to `n - 1`.
    ///
    /// # Errors
    ///
    /// [`UnitError::TooManyCustomers`].
    pub fn numbered(n: usize) -> Result<Self, UnitError> {
        let n = u32::try_from(n).map_err(|_| UnitError::TooManyCustomers)?;
        Self::from_integers((0..i64::from(n)).collect())
    }

    fn index(ids: Ids) -> Result<Self, UnitError> {
        let n = u32::try_from(ids.len()).map_err(|_| UnitError::TooManyCustomers)?;
        if (1..n).all(|row| ids.compare(row - 1, row).is_lt()) {
            return Ok(Self(Arc::new(Table { ids, by_id: None })));
        }
        let mut by_id: Vec<u32> = (0..n).collect();
        by_id.sort_unstable_by(|&a, &b| ids.compare(a, b).then(a.cmp(&b)));
        match by_id.windows(2).find(|pair| ids.compare(pair[0], pair[1]).is_eq()) {
            Some(pair) => {
                Err(UnitError::DuplicateCustomer { row: pair[1] as usize, first: pair[0] as usize })
            }
            None => Ok(Self(Arc::new(Table { ids, by_id: Some(by_id) }))),
        }
    }

    /// How many customers.
    pub fn len(&self) -> usize {
        self.0.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The customer of a row, or `None` behind the last.
    pub fn get(&self, row: usize) -> Option<CustomerId> {
        (row < self.len()).then(|| CustomerId::new(self.0.ids.text(row).into_owned()))
    }

    /// The customers in row order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = CustomerId> + '_ {
        (0..self.len()).map(|row| CustomerId::new(self.0.ids.text(row).into_owned()))
    }

    /// The row of the customer with this id.
    ///
    /// ```
    /// use segmentry::units::CustomerIds;
    ///
    /// let ids = CustomerIds::from_integers(vec![17850, 13047])?;
    /// assert_eq!(ids.row_of("13047"), Some(1));
    /// assert_eq!(ids.row_of("013047"), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Cost
    ///
    /// Logarithmic in the number of customers.
    pub fn row_of(&self, id: &str) -> Option<usize> {
        match &self.0.ids {
            Ids::Integers(ids) => {
                let id = canonical_integer(id)?;
                self.search(|row| compare_as_text(ids[row], id))
            }
            ids @ Ids::Texts { .. } => {
                self.search(|row| ids.text(row).as_bytes().cmp(id.as_bytes()))
            }
        }
    }

    /// The row that compares as equal, found by halving the byte order of the ids.
    fn search(&self, compare: impl Fn(usize) -> Ordering) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let row = self.ranked(middle);
            match compare(row) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Some(row),
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The row that stands at `rank` in the byte order of the ids.
    pub(crate) fn ranked(&self, rank: usize) -> usize {
        self.0.by_id.as_ref().map_or(rank, |rows| rows[rank] as usize)
    }

    /// Whether the rows stand in the byte order of their ids.
    pub(crate) fn rows_are_ranked(&self) -> bool {
        self.0.by_id.is_none()
    }

    /// For each row of `self`, the row of the same customer in `other`.
    pub(crate) fn rows_in(&self, other: &Self) -> Vec<Option<usize>> {
        if self == other {
            return (0..self.len()).map(Some).collect();
        }
        let lookup = other.lookup();
        let row_of = |row| match &self.0.ids {
            Ids::Integers(ids) => lookup.integer(ids[row]),
            ids @ Ids::Texts { .. } => lookup.text(&ids.text(row)),
        };
        (0..self.len()).map(|row| row_of(row).map(|row| row as usize)).collect()
    }

    /// The id of a row as text, for the writers of results.
    pub(crate) fn text(&self, row: usize) -> Cow<'_, str> {
        self.0.ids.text(row)
    }

    /// Byte order of two rows' ids, the rule for ties everywhere.
    pub(crate) fn compare(&self, a: usize, b: usize) -> Ordering {
        self.0.ids.compare(a as u32, b as u32)
    }
}

impl Ids {
    fn len(&self) -> usize {
        match self {
            Self::Integers(ids) => ids.len(),
            Self::Texts { ends, .. } => ends.len(),
        }
    }

    fn text(&self, row: usize) -> Cow<'_, str> {
        match self {
            Self::Integers(ids) => Cow::Owned(ids[row].to_string()),
            Self::Texts { text, ends } => {
                let start = if row == 0 { 0 } else { ends[row - 1] };
                Cow::Borrowed(&text[start..ends[row]])
            }
        }
    }

    fn compare(&self, a: u32, b: u32) -> Ordering {
        match self {
            Self::Integers(ids) => compare_as_text(ids[a as usize], ids[b as usize]),
            Self::Texts { .. } => {
                self.text(a as usize).as_bytes().cmp(self.text(b as usize).as_bytes())
            }
        }
    }
}

/// Compares two integers as their decimal texts would compare, byte by byte, without making the
/// texts.
pub(crate) fn compare_as_text(a: i64, b: i64) -> Ordering {
    /// The digits pushed to the left of 19 places, then how many there are.
    fn key(value: i64) -> (bool, u64, u32) {
        let magnitude = value.unsigned_abs();
        let digits = magnitude.checked_ilog10().map_or(1, |log| log + 1);
        (value >= 0, magnitude * 10u64.pow(19 - digits), digits)
    }
    key(a).cmp(&key(b))
}

impl PartialEq for CustomerIds {
    /// The same customers in the same rows, whether an id is kept as an integer or as its text.
    fn eq(&self, other: &Self) -> bool {
        let (left, right) = (&self.0.ids, &other.0.ids);
        Arc::ptr_eq(&self.0, &other.0)
            || match (left, right) {
                (Ids::Integers(_), Ids::Integers(_)) | (Ids::Texts { .. }, Ids::Texts { .. }) => {
                    left == right
                }
                _ => {
                    left.len() == right.len()
                        && (0..left.len()).all(|row| left.text(row) == right.text(row))
                }
            }
    }
}

impl fmt::Debug for CustomerIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CustomerIds({} withheld)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_compare_as_their_texts() {
        let values = [
            i64::MIN,
            -100,
            -10,
            -9,
            -1,
            0,
            1,
            2,
            9,
            10,
            19,
            100,
            101,
            1_000,
            i64::MAX,
            i64::MAX - 1,
        ];
        for a in values {
            for b in values {
                let texts = a.to_string().cmp(&b.to_string());
                assert_eq!(compare_as_text(a, b), texts, "{a} {b}");
            }
        }
    }

    #[test]
    fn rows_keep_their_order_and_are_found() {
        let ids = CustomerIds::from_texts(["b", "a", "c"]).unwrap();
        assert_eq!(ids.get(0).unwrap().expose(), "b");
        assert_eq!((ids.row_of("a"), ids.row_of("c"), ids.row_of("d")), (Some(1), Some(2), None));
        assert_eq!((0..3).map(|rank| ids.ranked(rank)).collect::<Vec<_>>(), [1, 0, 2]);
        assert!(ids.get(3).is_none());
    }

    #[test]
    fn an_integer_and_its_text_are_one_customer() {
        let integers = CustomerIds::from_integers(vec![10, 9, -3]).unwrap();
        let texts = CustomerIds::from_texts(["9", "-3", "77"]).unwrap();
        assert_eq!(texts.rows_in(&integers), [Some(1), Some(2), None]);
        assert_eq!(integers.rows_in(&texts), [None, Some(0), Some(1)]);
    }

    #[test]
    fn empty_and_repeated_ids_are_named_by_row() {
        assert_eq!(CustomerIds::from_texts(["a", ""]), Err(UnitError::EmptyCustomerId { row: 1 }));
        let twice = CustomerIds::from_texts(["x", "a", "x"]);
        assert_eq!(twice, Err(UnitError::DuplicateCustomer { row: 2, first: 0 }));
        assert_eq!(
            CustomerIds::from_integers(vec![1, 1]),
            Err(UnitError::DuplicateCustomer { row: 1, first: 0 })
        );
    }

    #[test]
    fn nothing_is_printed() {
        let ids = CustomerIds::from_texts(["CANARY"]).unwrap();
        assert!(!format!("{ids:?} {:?}", ids.get(0)).contains("CANARY"));
    }
}
