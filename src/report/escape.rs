//! Text from anywhere, made safe to stand in HTML and SVG.

/// Escapes what has a meaning in text and in quoted attributes; control characters, which have
/// none, become spaces.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if c.is_control() => safe.push(' '),
            // Marks that turn the direction of the text around could make a name read as something
            // else.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c => safe.push(c),
        }
    }
    safe
}

/// At most so many characters, with an ellipsis for the rest.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_means_something() {
        assert_eq!(
            escaped("<img src=x onerror='a&b'>\"\n\0"),
            "&lt;img src=x onerror=&#39;a&amp;b&#39;&gt;&quot;  "
        );
        assert_eq!(escaped("plain Ünïcode"), "plain Ünïcode");
        assert_eq!(escaped("a\u{202e}b"), "ab");
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(shortened("äöü", 2), "ä…");
        assert_eq!(shortened("äö", 2), "äö");
    }
}
