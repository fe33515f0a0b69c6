//! Amounts on their way to whole minor units: exact decimals, and the one rounding there is.
//!
//! A price of 0.001 times a quantity of 12 is 0.012 exactly, and one cent after rounding; taken
//! through floating numbers the answer would depend on the way. So a decimal stays a whole number
//! with a scale until the single, stated rounding: half a minor unit goes away from zero.

/// A decimal number as it is written: `mantissa` divided by ten to the power of `scale`.
///
/// ```
/// use segmentry::data::Decimal;
///
/// let price = Decimal::parse("4.95").unwrap();
/// assert_eq!((price.mantissa, price.scale), (495, 2));
/// assert!(Decimal::parse("1,000").is_none());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Decimal {
    /// The digits, with the sign.
    pub mantissa: i64,
    /// How many of the digits stand behind the point.
    pub scale: u8,
}

impl Decimal {
    /// Reads an optional sign, digits, and an optional point with digits. Nothing else: no
    /// exponent, no thousands separator, no currency sign, no spaces.
    ///
    /// `None` for anything else, and for more significant digits than 64 bits hold.
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text.as_bytes()).ok().map(Self::reduced)
    }

    /// Reads a number as it is written, zeros at the end of its fraction and all.
    pub(crate) fn read(text: &[u8]) -> Result<Self, Misread> {
        let (negative, digits) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let mut mantissa: u64 = 0;
        let mut point = None;
        for (place, &byte) in digits.iter().enumerate() {
            let digit = byte.wrapping_sub(b'0');
            if digit <= 9 {
                // Below 19 digits nothing is lost; more of them are read again below.
                mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
            } else if byte == b'.' && point.is_none() {
                point = Some(place);
            } else {
                return Err(Misread::NotANumber);
            }
        }
        let decimals = point.map_or(0, |point| digits.len() - 1 - point);
        // `5.` and `.5` are numbers, `.` and a bare sign are not.
        if digits.len() == usize::from(point.is_some()) {
            return Err(Misread::NotANumber);
        }
        if digits.len() > 18 {
            return Self::read_long(negative, digits, point).ok_or(Misread::TooLarge);
        }
        let mantissa = mantissa as i64;
        Ok(Self { mantissa: if negative { -mantissa } else { mantissa }, scale: decimals as u8 })
    }

    /// Many digits, which may still be few that count.
    fn read_long(negative: bool, digits: &[u8], point: Option<usize>) -> Option<Self> {
        let mut number = Self { mantissa: 0, scale: 0 };
        // Zeros at the end of a fraction are counted and only written out if another digit follows.
        let mut held: u32 = 0;
        for (place, &byte) in digits.iter().enumerate() {
            let behind = point.is_some_and(|point| place > point);
            match byte {
                b'.' => {}
                b'0' if behind => held += 1,
                _ => {
                    let shift = 10i64.checked_pow(held + 1)?;
                    let digit = i64::from(byte - b'0');
                    number.mantissa = number.mantissa.checked_mul(shift)?.checked_add(digit)?;
                    if behind {
                        number.scale = number.scale.checked_add(u8::try_from(held + 1).ok()?)?;
                    }
                    held = 0;
                }
            }
        }
        number.mantissa = if negative { -number.mantissa } else { number.mantissa };
        Some(number)
    }

    /// Whole minor units of a product, rounded half away from zero; `None` where they exceed 64
    /// bits.
    pub(crate) fn times(self, other: Self, digits: u8) -> Option<i64> {
        let mantissa = i128::from(self.mantissa) * i128::from(other.mantissa);
        to_minor(mantissa, u32::from(self.scale) + u32::from(other.scale), digits)
    }

    /// Whole minor units, rounded half away from zero; `None` where they exceed 64 bits.
    #[inline]
    pub(crate) fn to_minor(self, digits: u8) -> Option<i64> {
        if self.scale > digits {
            return to_minor(i128::from(self.mantissa), u32::from(self.scale), digits);
        }
        // What stands in files: no more decimals than the currency has.
        const TENS: [i64; 10] =
            [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];
        match TENS.get(usize::from(digits - self.scale)) {
            Some(&tens) => self.mantissa.checked_mul(tens),
            None => to_minor(i128::from(self.mantissa), u32::from(self.scale), digits),
        }
    }

    /// The same number without zeros at the end of its fraction.
    pub(crate) fn reduced(self) -> Self {
        let Self { mut mantissa, mut scale } = self;
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        Self { mantissa, scale }
    }
}

/// Why a text is no decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misread {
    /// It is not written as one.
    NotANumber,
    /// It has more significant digits than 64 bits hold.
    TooLarge,
}

/// Whole minor units of `mantissa / 10^scale`, rounded half away from zero. `None` where they
/// exceed 64 bits.
pub(crate) fn to_minor(mantissa: i128, scale: u32, digits: u8) -> Option<i64> {
    let digits = u32::from(digits);
    let minor = if scale <= digits {
        mantissa.checked_mul(10i128.checked_pow(digits - scale)?)?
    } else {
        match 10i128.checked_pow(scale - digits) {
            Some(unit) => {
                let (whole, rest) = (mantissa / unit, mantissa % unit);
                // |rest| < unit <= 10^38 would overflow when doubled only at the very top; halve the unit instead.
                let up = rest.unsigned_abs() >= unit.unsigned_abs().div_ceil(2);
                if up { whole + mantissa.signum() } else { whole }
            }
            None => 0,
        }
    };
    i64::try_from(minor).ok()
}

/// Whole minor units of a floating amount, rounded half away from zero. `None` where it is not
/// finite or too large.
#[inline]
pub(crate) fn float_to_minor(amount: f64, units: f64) -> Option<i64> {
    let minor = amount * units;
    // 2^63 is exact in a double; the largest double below it still fits. NaN is not below it.
    let fits = minor.abs() < 9_223_372_036_854_775_808.0;
    if !fits {
        return None;
    }
    // Rounding by hand: the default target has no instruction for it and would call a function.
    let whole = minor as i64;
    let rest = minor - whole as f64;
    Some(whole + i64::from(rest >= 0.5) - i64::from(rest <= -0.5))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<(i64, u8)> {
        Decimal::parse(text).map(|d| (d.mantissa, d.scale))
    }

    #[test]
    fn the_grammar() {
        assert_eq!(parsed("12.50"), Some((125, 1)));
        assert_eq!(parsed("-0.001"), Some((-1, 3)));
        assert_eq!(parsed("+7"), Some((7, 0)));
        assert_eq!(parsed("5."), Some((5, 0)));
        assert_eq!(parsed(".5"), Some((5, 1)));
        assert_eq!(parsed("100"), Some((100, 0)));
        assert_eq!(parsed("10.05"), Some((1005, 2)));
        assert_eq!(parsed("0.000"), Some((0, 0)));
        assert_eq!(parsed("9223372036854775807"), Some((i64::MAX, 0)));
        for bad in [
            "",
            ".",
            "-",
            "1e3",
            "1e999",
            "1,000",
            "1_000",
            "0x1F",
            "NaN",
            "inf",
            " 7",
            "7 ",
            "1.2.3",
            "--1",
            "$5",
            "１２",
            "9223372036854775808",
            "12345678901234567890.1",
        ] {
            assert_eq!(parsed(bad), None, "{bad}");
        }
    }

    #[test]
    fn zeros_behind_a_fraction_change_nothing() {
        assert_eq!(parsed("1.10"), parsed("1.1"));
        assert_eq!(parsed("1.1000000000000000000000000000000000"), parsed("1.1"));
        assert_eq!(
            Decimal { mantissa: 1200, scale: 3 }.reduced(),
            Decimal { mantissa: 12, scale: 1 }
        );
    }

    #[test]
    fn one_rounding_half_away_from_zero() {
        assert_eq!(to_minor(12, 3, 2), Some(1)); // 0.012
        assert_eq!(to_minor(15, 3, 2), Some(2)); // 0.015
        assert_eq!(to_minor(-15, 3, 2), Some(-2));
        assert_eq!(to_minor(14_999, 6, 2), Some(1));
        assert_eq!(to_minor(5, 0, 2), Some(500));
        assert_eq!(to_minor(i128::from(i64::MAX), 0, 2), None);
        assert_eq!(to_minor(7, 60, 2), Some(0));
        assert_eq!(float_to_minor(1.005, 1000.0), Some(1005));
        assert_eq!(float_to_minor(-0.125, 100.0), Some(-13));
        for amount in [0.5, 0.49999999999999994, -0.5, 2.5, -3.5, 4503599627370497.5, 1e18] {
            assert_eq!(float_to_minor(amount, 1.0), Some(amount.round() as i64), "{amount}");
        }
        assert_eq!(float_to_minor(f64::NAN, 100.0), None);
        assert_eq!(float_to_minor(1e300, 100.0), None);
    }
}
