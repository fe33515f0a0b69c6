//! A little SVG: what the charts are drawn with.

use std::fmt::Write;

use crate::report::escape::escaped;

pub(crate) const INK: &str = "#1d2733";
pub(crate) const MUTED: &str = "#5d6b7a";
pub(crate) const LINE: &str = "#dfe4ea";
pub(crate) const ACCENT: &str = "#0b6e7f";
pub(crate) const PALE: &str = "#d7ebee";
pub(crate) const WARM: &str = "#c9562c";

/// A drawing of fixed inner size that scales with its frame.
pub(crate) struct Svg {
    body: String,
    width: f64,
    height: f64,
    label: String,
}

/// Where a text is anchored.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    /// `label` says in words what the drawing shows.
    pub(crate) fn new(width: f64, height: f64, label: impl Into<String>) -> Self {
        Self { body: String::new(), width, height, label: label.into() }
    }

    pub(crate) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, fill: &str) {
        let (width, height) = (width.max(0.0), height.max(0.0));
        self.push(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{fill}"/>"#
        ));
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: &str, dashed: Dash) {
        let dash = match dashed {
            Dash::Solid => "",
            Dash::Dashed => r#" stroke-dasharray="4 4""#,
        };
        self.push(format_args!(
            r#"<line x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}" stroke="{stroke}"{dash}/>"#,
            from.0, from.1, to.0, to.1
        ));
    }

    /// A polygon or a curve through points.
    pub(crate) fn path(&mut self, points: &[(f64, f64)], fill: &str, stroke: &str) {
        let mut d = String::new();
        for (place, (x, y)) in points.iter().enumerate() {
            let command = if place == 0 { 'M' } else { 'L' };
            // Writing to a string cannot fail.
            let _ = write!(d, "{command}{x:.1} {y:.1}");
        }
        self.push(format_args!(r#"<path d="{d}" fill="{fill}" stroke="{stroke}" stroke-width="2" stroke-linejoin="round"/>"#));
    }

    pub(crate) fn dot(&mut self, x: f64, y: f64, fill: &str) {
        self.push(format_args!(r##"<circle cx="{x:.1}" cy="{y:.1}" r="4.5" fill="{fill}" stroke="#fff" stroke-width="2"/>"##));
    }

    /// Text from anywhere; escaped.
    pub(crate) fn text(&mut self, at: (f64, f64), anchor: Anchor, style: Style, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let Style { size, weight, fill } = style;
        let text = escaped(text);
        self.push(format_args!(
            r#"<text x="{:.1}" y="{:.1}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" fill="{fill}">{text}</text>"#,
            at.0, at.1
        ));
    }

    pub(crate) fn finish(self) -> String {
        format!(
            concat!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w:.0} {h:.0}" role="img" aria-label="{label}" "#,
                r#"font-family="system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif">{body}</svg>"#
            ),
            w = self.width,
            h = self.height,
            label = escaped(&self.label),
            body = self.body
        )
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.body.write_fmt(element);
    }
}

/// Whether a line is broken.
#[derive(Clone, Copy)]
pub(crate) enum Dash {
    Solid,
    Dashed,
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    pub(crate) size: u32,
    pub(crate) weight: u32,
    pub(crate) fill: &'static str,
}

/// Ordinary text.
pub(crate) const PLAIN: Style = Style { size: 14, weight: 400, fill: INK };
/// Text that stands back.
pub(crate) const NOTE: Style = Style { size: 13, weight: 400, fill: MUTED };
/// Text that stands out.
pub(crate) const STRONG: Style = Style { size: 14, weight: 600, fill: INK };

/// From nearly white for none to the deep colour of the page for all.
pub(crate) fn shade(share: f64) -> String {
    let mix = |low: f64, high: f64| (low + (high - low) * share.clamp(0.0, 1.0)).round() as u8;
    format!("#{:02x}{:02x}{:02x}", mix(240.0, 11.0), mix(246.0, 110.0), mix(247.0, 127.0))
}

/// The colour of text that can be read on a [`shade`].
pub(crate) fn text_on(share: f64) -> &'static str {
    if share > 0.55 { "#ffffff" } else { INK }
}

/// The colour of a strategy: the ones that come with the library have their own, others share a
/// palette by name.
pub(crate) fn strategy_colour(name: &str) -> &'static str {
    const OTHERS: [&str; 5] = ["#7a4fa3", "#8a6d1f", "#3f7d5a", "#a23b6c", "#4a5f8f"];
    match name {
        "retain" => "#1f6fb5",
        "develop" => "#2c8a5b",
        "win_back" => WARM,
        "reduce_cost_to_serve" => "#8b5a9e",
        "maintain" => "#6b7a89",
        other => {
            OTHERS[other
                .bytes()
                .fold(0usize, |sum, b| sum.wrapping_mul(31).wrapping_add(usize::from(b)))
                % OTHERS.len()]
        }
    }
}
