//! What sets a segment apart, as bars to the left and right of everybody.

use crate::profile::{Contrast, Direction, SegmentProfile};
use crate::report::escape::shortened;
use crate::report::numbers::grouped;
use crate::report::svg::{ACCENT, Anchor, Dash, LINE, MUTED, NOTE, PLAIN, Svg, WARM};

/// One segment's features against the other customers, as an SVG: bars to the right for more, to
/// the left for less, in standard deviations, beside the index (everybody at 100). What chance
/// would explain is grey.
///
/// ```
/// use segmentry::cluster::Segmentation;
/// use segmentry::features::FeatureMatrix;
/// use segmentry::{profile::Profile, report::profile_chart, work::Work};
///
/// let rows: Vec<[f64; 1]> = (0..40).map(|i| [f64::from(i % 5) + if i < 20 { 10.0 } else { 0.0 }]).collect();
/// let matrix = FeatureMatrix::from_rows(&["purchases"], &rows)?;
/// let labels: Vec<&str> = (0..40).map(|i| if i < 20 { "many" } else { "few" }).collect();
/// let profile = Profile::of(&Segmentation::from_labels(matrix.ids(), &labels)?, &matrix, &Work::new())?;
/// assert!(profile_chart(&profile.segments[1]).contains("171")); // 12 against 7
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn profile_chart(segment: &SegmentProfile) -> String {
    const WIDTH: f64 = 460.0;
    const ROW: f64 = 26.0;
    const MIDDLE: f64 = 290.0;
    const ARM: f64 = 110.0;
    /// Two standard deviations fill an arm; what is further away does not get longer.
    const FULL: f64 = 2.0;
    let shown: Vec<&Contrast> = segment.contrasts.iter().take(14).collect();
    let height = 34.0 + ROW * shown.len() as f64;
    let mut svg = Svg::new(WIDTH, height, format!("{}: {}", segment.name, segment.in_words(3)));
    svg.text((MIDDLE - ARM, 14.0), Anchor::Start, NOTE, "less");
    svg.text((MIDDLE + ARM, 14.0), Anchor::End, NOTE, "more");
    svg.text((WIDTH - 4.0, 14.0), Anchor::End, NOTE, "index");
    svg.line((MIDDLE, 20.0), (MIDDLE, height - 6.0), LINE, Dash::Solid);
    for (place, contrast) in shown.into_iter().enumerate() {
        let y = 24.0 + ROW * place as f64;
        let length = ARM * (contrast.effect.unwrap_or(0.0) / FULL).clamp(-1.0, 1.0);
        let fill = match contrast.direction {
            Direction::Over => ACCENT,
            Direction::Under => WARM,
            Direction::Alike => LINE,
        };
        svg.text(
            (4.0, y + 16.0),
            Anchor::Start,
            PLAIN,
            &shortened(&contrast.feature.replace('_', " "), 24),
        );
        svg.rect(MIDDLE + length.min(0.0), y + 4.0, length.abs().max(1.0), ROW - 10.0, fill);
        let index = contrast.index.map_or("-".to_owned(), |index| grouped(index, 0));
        let style = if contrast.direction == Direction::Alike { NOTE } else { PLAIN };
        svg.text((WIDTH - 4.0, y + 16.0), Anchor::End, style, &index);
    }
    svg.line((MIDDLE, height - 6.0), (MIDDLE, height), MUTED, Dash::Solid);
    svg.finish()
}
