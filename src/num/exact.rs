//! Numbers as texts that keep every bit, for whatever is saved.
//!
//! A reader of JSON may change the last bit of a number, and a model applied tomorrow shall give
//! the values of today. So a saved number is a text: the shortest decimal that reads back to the
//! same bits. Use it as `#[serde(with = "crate::num::exact")]`, on numbers and on lists of them.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Numbers, or lists of numbers, or lists of such lists.
pub(crate) trait Texts: Sized {
    /// The same, made of texts.
    type Text: Serialize + DeserializeOwned;

    fn to_texts(&self) -> Self::Text;

    /// `None` where a text is no finite number.
    fn from_texts(texts: Self::Text) -> Option<Self>;
}

impl Texts for f64 {
    type Text = String;

    fn to_texts(&self) -> String {
        format!("{self:e}")
    }

    fn from_texts(text: String) -> Option<Self> {
        text.parse().ok().filter(|number: &f64| number.is_finite())
    }
}

impl<T: Texts> Texts for Vec<T> {
    type Text = Vec<T::Text>;

    fn to_texts(&self) -> Self::Text {
        self.iter().map(T::to_texts).collect()
    }

    fn from_texts(texts: Self::Text) -> Option<Self> {
        texts.into_iter().map(T::from_texts).collect()
    }
}

/// Writes numbers as texts.
pub(crate) fn serialize<T: Texts, S: Serializer>(numbers: &T, to: S) -> Result<S::Ok, S::Error> {
    numbers.to_texts().serialize(to)
}

/// Reads numbers from texts.
pub(crate) fn deserialize<'de, T: Texts, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    T::from_texts(T::Text::deserialize(from)?)
        .ok_or_else(|| D::Error::custom("expected finite numbers as texts"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Saved {
        #[serde(with = "crate::num::exact")]
        rows: Vec<Vec<f64>>,
    }

    #[test]
    fn every_bit_comes_back_and_nothing_else_is_read() {
        let saved = Saved { rows: vec![vec![0.1 + 0.2, -1e-300], vec![], vec![5e-324, -0.0]] };
        let text = serde_json::to_string(&saved).unwrap();
        let read: Saved = serde_json::from_str(&text).unwrap();
        assert_eq!(read, saved);
        assert!(read.rows[2][1].is_sign_negative());
        for bad in ["NaN", "inf", "1e999", "x"] {
            let text = format!("{{\"rows\":[[\"{bad}\"]]}}");
            assert!(serde_json::from_str::<Saved>(&text).is_err(), "{bad}");
        }
    }
}
