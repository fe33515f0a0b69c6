//! Numbers of a plan as texts: what people write by hand, and no reader of JSON may change.
//!
//! Amounts are written as decimal texts, the shortest that read back to the same bits. Whoever
//! writes a plan by hand may also use plain numbers.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

use crate::units::{Money, Probability};

/// What is a number inside.
pub(super) trait Decimal: Sized {
    /// What would do, for the error.
    const EXPECTED: &'static str;

    fn number(&self) -> f64;

    /// `None` for a number that it cannot be.
    fn from_number(number: f64) -> Option<Self>;
}

impl Decimal for Money {
    const EXPECTED: &'static str = "a finite amount of money";

    fn number(&self) -> f64 {
        self.amount()
    }

    fn from_number(number: f64) -> Option<Self> {
        Self::new(number).ok()
    }
}

impl Decimal for Probability {
    const EXPECTED: &'static str = "a probability from 0 to 1";

    fn number(&self) -> f64 {
        self.value()
    }

    fn from_number(number: f64) -> Option<Self> {
        Self::new(number).ok()
    }
}

impl Decimal for f64 {
    const EXPECTED: &'static str = "a finite number";

    fn number(&self) -> f64 {
        *self
    }

    fn from_number(number: f64) -> Option<Self> {
        number.is_finite().then_some(number)
    }
}

struct Read<T>(PhantomData<T>);

impl<T: Decimal> Visitor<'_> for Read<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, as a text or a number", T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        let number = text.parse().ok().and_then(T::from_number);
        number.ok_or_else(|| E::custom(format_args!("expected {}", T::EXPECTED)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        T::from_number(number).ok_or_else(|| E::custom(format_args!("expected {}", T::EXPECTED)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        self.visit_f64(number as f64)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        self.visit_f64(number as f64)
    }
}

/// Writes a number as a text.
pub(super) fn serialize<T: Decimal, S: Serializer>(number: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&number.number())
}

/// Reads a text or a number.
pub(super) fn deserialize<'de, T: Decimal, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    from.deserialize_any(Read(PhantomData))
}

/// The same for what may be absent; used with `default` and `skip_serializing_if`.
pub(super) mod optional {
    use super::{Decimal, Deserializer, Serializer};

    pub(in crate::treatment) fn serialize<T: Decimal, S: Serializer>(
        number: &Option<T>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match number {
            Some(number) => super::serialize(number, to),
            None => to.serialize_none(),
        }
    }

    pub(in crate::treatment) fn deserialize<'de, T: Decimal, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<T>, D::Error> {
        super::deserialize(from).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Held {
        #[serde(with = "super")]
        cost: Money,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "super::optional")]
        chance: Option<Probability>,
    }

    #[test]
    fn every_bit_comes_back_and_hands_may_write_numbers() {
        let held = Held {
            cost: Money::new(0.1 + 0.2).unwrap(),
            chance: Some(Probability::new(1.0 / 3.0).unwrap()),
        };
        let text = serde_json::to_string(&held).unwrap();
        assert_eq!(serde_json::from_str::<Held>(&text).unwrap(), held);
        let by_hand: Held = serde_json::from_str("{\"cost\": 2}").unwrap();
        assert_eq!((by_hand.cost.amount(), by_hand.chance), (2.0, None));
        for bad in ["\"NaN\"", "\"inf\"", "\"x\"", "null", "[1]", "\"\""] {
            assert!(serde_json::from_str::<Held>(&format!("{{\"cost\": {bad}}}")).is_err());
        }
        assert!(serde_json::from_str::<Held>("{\"cost\": 1, \"chance\": 1.5}").is_err());
    }
}
