//! The quick way through a plain line: every byte is looked at once.
//!
//! Fields are read in the order of the columns, ids and amounts while their end is searched for.
//! Anything out of the ordinary, from a blank before a number to a digit too many, makes the line
//! be left to the careful way; this one never judges.

use crate::data::Decimal;
use crate::data::batch::PLACE;
use crate::data::csv::lines::{
    AMOUNT, Amount, CATEGORY, CURRENCY, CUSTOMER, Clock, Filling, ORDER, PRICE, PRODUCT, ROLES,
    TIME,
};

/// How to read a plain line.
#[derive(Debug, Clone)]
pub(crate) struct Quick {
    /// The role of each column; [`ROLES`] of one that is not read.
    roles: Vec<usize>,
    /// The texts that are read: role and whether it is mapped, once and for all lines.
    has_texts: bool,
    delimiter: u8,
    digits: u8,
    /// The delimiter in all of eight bytes.
    delimiters: u64,
}

/// What a line said, before anything is kept of it.
#[derive(Default)]
struct Said<'l> {
    id: u64,
    id_text: &'l [u8],
    seconds: i64,
    amount: Decimal,
    price: Option<Decimal>,
    texts: [&'l [u8]; ROLES - CATEGORY],
}

impl Quick {
    /// `None` where a column has two roles, so that its field would have to be read twice.
    pub(crate) fn new(
        n_columns: usize,
        places: &[Option<usize>; ROLES],
        delimiter: u8,
        digits: u8,
    ) -> Option<Self> {
        let mut roles = vec![ROLES; n_columns];
        for (role, place) in places.iter().enumerate() {
            if let Some(place) = *place {
                if roles[place] != ROLES {
                    return None;
                }
                roles[place] = role;
            }
        }
        let has_texts =
            [CATEGORY, PRODUCT, ORDER, CURRENCY].iter().any(|role| roles.contains(role));
        let delimiters = u64::from(delimiter) * ONES;
        Some(Self { roles, has_texts, delimiter, digits, delimiters })
    }

    /// Reads the first of these lines into the columns and says how many bytes it has; `None` where
    /// it is not for the quick way, and then nothing was kept.
    #[inline]
    pub(crate) fn line(
        &self,
        bytes: &[u8],
        clock: &mut Clock,
        filling: &mut Filling,
    ) -> Option<usize> {
        let mut said = Said::default();
        let mut at = 0;
        let last = self.roles.len() - 1;
        for (place, &role) in self.roles.iter().enumerate() {
            let start = at;
            match role {
                CUSTOMER => {
                    let number;
                    (number, at) = whole_number(bytes, at);
                    let digits = at - start;
                    let plain = (1..=18).contains(&digits)
                        && (bytes[start] != b'0' || digits == 1)
                        && self.ends(*bytes.get(at)?);
                    if plain {
                        said.id = number;
                    } else {
                        at = self.end(bytes, at, place == last)?;
                        (said.id, said.id_text) = (PLACE, &bytes[start..at]);
                    }
                }
                TIME => {
                    let date: &[u8; 10] = bytes.get(at..at + 10)?.try_into().ok()?;
                    match clock.seconds {
                        Some(seconds) if *date == clock.date && self.ends(*bytes.get(at + 10)?) => {
                            said.seconds = seconds;
                            at += 10;
                        }
                        _ => {
                            at = self.end(bytes, at, place == last)?;
                            said.seconds = clock.read(&bytes[start..at]).ok()?;
                        }
                    }
                }
                AMOUNT => (said.amount, at) = decimal(bytes, at)?,
                PRICE => {
                    let price;
                    (price, at) = decimal(bytes, at)?;
                    said.price = Some(price);
                }
                role => {
                    at = self.end(bytes, at, place == last)?;
                    if role < ROLES {
                        said.texts[role - CATEGORY] = &bytes[start..at];
                    }
                }
            }
            match *bytes.get(at)? {
                byte if byte == self.delimiter && place < last => at += 1,
                b'\n' if place == last => at += 1,
                b'\r' if place == last && bytes.get(at + 1) == Some(&b'\n') => at += 2,
                _ => return None,
            }
        }
        self.keep(&said, filling)?;
        Some(at)
    }

    /// Keeps what a line said, if all of it can be kept.
    #[inline]
    fn keep(&self, said: &Said<'_>, filling: &mut Filling) -> Option<()> {
        let amount = Amount::new(said.amount, said.price, self.digits)?;
        let id = std::str::from_utf8(said.id_text).ok()?;
        if self.has_texts {
            self.keep_texts(said, filling)?;
        }
        if said.id == PLACE {
            filling.customers.push(if id.trim().is_empty() { "" } else { id });
        } else {
            filling.customers.names.push(said.id);
        }
        filling.values.push(said.seconds, amount);
        Some(())
    }

    fn keep_texts(&self, said: &Said<'_>, filling: &mut Filling) -> Option<()> {
        let text = |role: usize| std::str::from_utf8(said.texts[role - CATEGORY]).ok();
        let (category, product, order) = (text(CATEGORY)?, text(PRODUCT)?, text(ORDER)?);
        let currency = text(CURRENCY)?.trim();
        for &role in &self.roles {
            match role {
                CATEGORY => filling.categories.push(category),
                PRODUCT => filling.products.push(product),
                ORDER => filling.orders.push(order),
                CURRENCY => filling.currencies.push(currency),
                _ => {}
            }
        }
        Some(())
    }

    #[inline]
    fn ends(&self, byte: u8) -> bool {
        byte == self.delimiter || byte == b'\n' || byte == b'\r'
    }

    /// Where the field ends that goes on at `at`. A carriage return stands before a line feed alone,
    /// so that it needs to be looked for in the last field of a line only.
    #[inline]
    fn end(&self, bytes: &[u8], at: usize, is_last: bool) -> Option<usize> {
        let mut at = at;
        while let Some(eight) = bytes.get(at..at + 8).and_then(|eight| eight.try_into().ok()) {
            let eight = u64::from_le_bytes(eight);
            let mut found =
                zeros(eight ^ self.delimiters) | zeros(eight ^ (u64::from(b'\n') * ONES));
            if is_last {
                found |= zeros(eight ^ (u64::from(b'\r') * ONES));
            }
            if found != 0 {
                return Some(at + found.trailing_zeros() as usize / 8);
            }
            at += 8;
        }
        while !self.ends(*bytes.get(at)?) {
            at += 1;
        }
        Some(at)
    }
}

/// One in each of eight bytes.
const ONES: u64 = 0x0101_0101_0101_0101;

/// The upper bits of the bytes that are zero; behind the first of them there may be too many.
#[inline]
fn zeros(eight: u64) -> u64 {
    eight.wrapping_sub(ONES) & !eight & (ONES << 7)
}

/// Digits as a number, which is right for up to 18 of them, and where they end.
#[inline]
fn whole_number(bytes: &[u8], start: usize) -> (u64, usize) {
    match eight_digits(bytes, start) {
        Some(number) => more_digits(number, bytes, start + 8),
        None => more_digits(0, bytes, start),
    }
}

#[inline]
fn more_digits(mut number: u64, bytes: &[u8], start: usize) -> (u64, usize) {
    let mut at = start;
    for &byte in &bytes[start.min(bytes.len())..] {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    (number, at)
}

/// The number that eight digits write, where there are eight: neighbours are put together to twos,
/// fours and eight, in one register.
#[inline]
fn eight_digits(bytes: &[u8], start: usize) -> Option<u64> {
    let bytes: [u8; 8] = bytes.get(start..start + 8)?.try_into().ok()?;
    let digits = u64::from_le_bytes(bytes) ^ 0x3030_3030_3030_3030;
    if (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let twos = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = twos.wrapping_mul(100).wrapping_add(twos >> 16) & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff)
}

/// A plain decimal of up to 18 digits, and where it ends.
#[inline]
fn decimal(bytes: &[u8], start: usize) -> Option<(Decimal, usize)> {
    let negative = *bytes.get(start)? == b'-';
    let first = start + usize::from(negative);
    // Amounts are short: looking for eight digits first does not pay.
    let (whole, point) = more_digits(0, bytes, first);
    let (number, at, scale) = if bytes.get(point) == Some(&b'.') {
        let (number, at) = more_digits(whole, bytes, point + 1);
        (number, at, at - point - 1)
    } else {
        (whole, point, 0)
    };
    let digits = point - first + scale;
    // `.5` and `5.` are numbers, and left to the careful way like all that is rare.
    if point == first || digits > 18 || bytes[at - 1] == b'.' {
        return None;
    }
    let mantissa = if negative { -(number as i64) } else { number as i64 };
    Some((Decimal { mantissa, scale: scale as u8 }, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_field_is_the_first_one() {
        let quick = Quick::new(3, &[None; ROLES], b';', 2).unwrap();
        for text in [";", "a;b", "abcdefgh;i\n", "abcdefg\r\n;;", "\u{1}\0;,:<\n;", "é;éééééééé"]
        {
            for padding in ["", "01234567", "0123456789abcdef"] {
                let text = format!("{padding}{text}01234567");
                let plain = text.bytes().position(|byte| quick.ends(byte));
                assert_eq!(quick.end(text.as_bytes(), 0, true), plain, "{text:?}");
                if !text.contains('\r') {
                    assert_eq!(quick.end(text.as_bytes(), 0, false), plain, "{text:?}");
                }
            }
        }
        assert_eq!(quick.end(b"no end at all", 0, true), None);
    }

    #[test]
    fn eight_digits_are_one_number() {
        for text in ["12345678", "00000000", "99999999", "10000001"] {
            assert_eq!(eight_digits(text.as_bytes(), 0), text.parse().ok(), "{text}");
        }
        for text in ["1234567", "1234567:", "/2345678", "12345 78", "1234567\u{fe}", "-1234567"] {
            assert_eq!(eight_digits(text.as_bytes(), 0), None, "{text}");
        }
        assert_eq!(whole_number(b"1103515245,", 0), (1_103_515_245, 10));
    }

    #[test]
    fn decimals_are_those_of_the_careful_way() {
        for text in
            ["0", "12.50", "-0.01", "-7", "123456789012345678", "0.1234567890123456", "00.5"]
        {
            let line = format!("{text},");
            let (number, at) = decimal(line.as_bytes(), 0).unwrap();
            assert_eq!((Ok(number), at), (Decimal::read(text.as_bytes()), text.len()), "{text}");
        }
        for text in ["", "-", ".5", "5.", "1234567890123456789", "x", "+5", " 5"] {
            let line = format!("{text},");
            let read = decimal(line.as_bytes(), 0).filter(|&(_, at)| at == text.len());
            assert_eq!(read, None, "{text}");
        }
    }
}
