//! The page: the story of the base in seven sections, each opening with what follows from its
//! pictures.

use std::io::{self, Write};

use crate::cluster::Segmentation;
use crate::data::{Attributes, DataQuality, Findings};
use crate::profile::{Profile, SegmentProfile};
use crate::report::escape::escaped;
use crate::report::findings::{alarm, findings_section};
use crate::report::numbers::{grouped, percent, short, span};
use crate::report::strategy_section::strategy_section;
use crate::report::suppress::withheld_entries;
use crate::report::text::summary;
use crate::report::{decile_chart, lorenz_chart, profile_chart};
use crate::strategy::allocation::FrontierPoint;
use crate::strategy::{Sensitivity, StrategyPlan, ValueMap};
use crate::units::{Money, Probability};
use crate::validate::{Answer, Outcome, Verdict};
use crate::value::{Concentration, CustomerValue};

/// What is told.
#[derive(Debug, Clone, Copy)]
pub struct ReportParts<'a> {
    /// What became of the rows.
    pub quality: &'a DataQuality,
    /// Whether they can carry what follows.
    pub findings: &'a Findings,
    /// What else is known of customers, where anything is.
    pub attributes: Option<&'a Attributes>,
    /// What customers are worth.
    pub value: &'a CustomerValue,
    /// How concentrated their gross spend is, where there is any.
    pub concentration: Option<&'a Concentration>,
    /// Who is in which segment.
    pub segmentation: &'a Segmentation,
    /// What sets the segments apart.
    pub profile: &'a Profile,
    /// How the segments were found.
    pub story: &'a str,
    /// Whether the segments deserve trust.
    pub verdict: &'a Verdict,
    /// What to do about each customer.
    pub plan: &'a StrategyPlan,
    /// How much the plan hangs on assumptions, where that is known.
    pub sensitivity: Option<&'a Sensitivity>,
    /// What other budgets would gain; empty without a budget.
    pub frontier: &'a [FrontierPoint],
    /// Customers by value and headroom.
    pub map: &'a ValueMap,
}

/// The results, told to people.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    parts: ReportParts<'a>,
    least: usize,
}

impl<'a> Report<'a> {
    /// A report that shows no figure of fewer than eleven customers, the cell size policy of the US
    /// Centers for Medicare & Medicaid Services.
    pub fn new(parts: ReportParts<'a>) -> Self {
        Self { parts, least: 11 }
    }

    /// Shows no figure of fewer customers than this.
    #[must_use]
    pub fn least_customers(mut self, customers: usize) -> Self {
        self.least = customers;
        self
    }

    /// What matters most, in at most 80 columns and about a screen of lines. It is for whoever runs
    /// the analysis, and withholds nothing.
    pub fn summary(&self) -> String {
        summary(&self.parts)
    }

    /// Writes one self-contained HTML page.
    ///
    /// # Errors
    ///
    /// What the writer fails with.
    pub fn html(&self, out: &mut dyn Write) -> io::Result<()> {
        let n = self.parts.value.rows().len();
        out.write_all(HEAD.as_bytes())?;
        write!(
            out,
            "<style>{}</style></head><body><main>",
            include_str!("style.css").replace('\n', "")
        )?;
        if n < self.least {
            let text = format!(
                "<header><h1>Customer blueprint</h1><p>There are fewer than {} customers. No figure is shown, so that none of \
                 them can be read off this page; the tables beside it have all of them.</p></header>",
                self.least
            );
            out.write_all(text.as_bytes())?;
        } else {
            for section in [
                self.opening(),
                self.worth(),
                self.segments(),
                self.trust(),
                strategy_section(&self.parts, self.least),
                findings_section(self.parts.findings, n, self.least),
                self.footing(),
            ] {
                out.write_all(section.as_bytes())?;
            }
        }
        out.write_all(b"</main></body></html>\n")
    }

    fn opening(&self) -> String {
        let ReportParts { quality, findings, value, concentration, verdict, plan, .. } = self.parts;
        let future = value.total_future().map_or("-".to_owned(), short);
        let tenth = concentration
            .map_or("-".to_owned(), |c| percent(c.top_share(Probability::clamped(0.1)), 0));
        let tiles = [
            (grouped(value.rows().len() as f64, 0), "customers".to_owned()),
            (short(value.total_current()), "net value so far".to_owned()),
            (future, format!("expected in the next {}", span(value.horizon()))),
            (tenth, "of gross value from the best tenth".to_owned()),
            (short(plan.summary().gain), "to be gained by acting".to_owned()),
            (verdict.answer().in_words().to_owned(), "do the segments deserve trust?".to_owned()),
        ];
        let tiles: String = tiles
            .iter()
            .map(|(figure, what)| {
                format!(
                    "<div class=\"tile\"><b>{}</b><span>{}</span></div>",
                    escaped(figure),
                    escaped(what)
                )
            })
            .collect();
        format!(
            "<header><h1>Customer blueprint</h1><p class=\"lead\">What your customers are worth, how they differ, and what to \
             do about each of them. Observed from {} to {}.</p>{}<div class=\"tiles\">{tiles}</div></header>",
            quality.observed_from,
            quality.observed_until,
            alarm(findings)
        )
    }

    fn worth(&self) -> String {
        let ReportParts { value, concentration, .. } = self.parts;
        let mut cards = String::new();
        let deciles_are_large =
            value.deciles().groups.iter().all(|group| group.customers >= self.least as u64);
        match decile_chart(value.deciles()).filter(|_| deciles_are_large) {
            Some(chart) => {
                cards += &card(
                    "What each tenth of the customers brought",
                    "Share of net value so far.",
                    &chart,
                )
            }
            None => {
                cards += &card(
                    "What each tenth of the customers brought",
                    "Withheld: the tenths are too small to show.",
                    "",
                )
            }
        }
        if let Some(held) = concentration.filter(|_| value.rows().len() >= 5 * self.least) {
            cards += &card(
                "How few hold how much",
                "Cumulated gross value, the least valuable customers first.",
                &lorenz_chart(held),
            );
        }
        let lead = concentration.map_or("There is no value to share yet.".to_owned(), |held| {
            let top = |share| percent(held.top_share(Probability::clamped(share)), 1);
            format!(
                "The best tenth of the customers brought {} of the gross value, the best fifth {}.",
                top(0.1),
                top(0.2)
            )
        });
        section("Value first", &lead, &format!("<div class=\"cards\">{cards}</div>"))
    }

    fn segments(&self) -> String {
        let ReportParts { value, segmentation, profile, story, .. } = self.parts;
        let sizes: Vec<usize> = profile.segments.iter().map(|segment| segment.customers).collect();
        let withheld = withheld_entries(&sizes, self.least);
        let total = value.total_current().amount();
        let cards: String = profile
            .segments
            .iter()
            .zip(withheld)
            .map(|(segment, withheld)| {
                if withheld {
                    let why = "Withheld, so that no group of a few customers can be worked out.";
                    return card(&segment.name, why, "");
                }
                let members = segmentation.members(segment.segment);
                let worth: Money = members.iter().map(|&row| value.rows()[row].current).sum();
                let share =
                    if total > 0.0 { percent(worth.amount() / total, 0) } else { "-".to_owned() };
                segment_card(segment, &share)
            })
            .collect();
        let lead = match profile.segments.len() {
            0 | 1 => {
                "These customers behave alike: the data support no groups that differ reliably."
                    .to_owned()
            }
            k => format!(
                "{k} groups of customers who behave alike, and what sets each apart from the others."
            ),
        };
        let story = format!("<p class=\"note\">How they were found: {}.</p>", escaped(story));
        section("Segments", &lead, &format!("<div class=\"cards\">{cards}</div>{story}"))
    }

    fn trust(&self) -> String {
        let verdict = self.parts.verdict;
        let lead = match verdict.answer() {
            Answer::Yes => "Yes: every check holds.",
            Answer::No => {
                "No: at least one check fails. Do not build treatments on these segments before it is mended. The strategies below do not rest on segments."
            }
            Answer::NotProven => "Not proven: no check fails, but not all of them could be made.",
        };
        let items: String = verdict
            .findings()
            .iter()
            .map(|finding| {
                let class = match finding.outcome {
                    Outcome::Pass => "pass",
                    Outcome::Fail => "fail",
                    _ => "open",
                };
                let mend = finding.mend.as_ref().map_or(String::new(), |mend| {
                    format!(" What would mend it: {}.", escaped(mend))
                });
                format!(
                    "<li><span class=\"badge {class}\">{}</span><h3>{}</h3><p>{}.{mend}</p></li>",
                    finding.outcome.in_words(),
                    escaped(&capitalised(&finding.check)),
                    prose(&capitalised(&finding.reason))
                )
            })
            .collect();
        section(
            "Do the segments deserve trust?",
            lead,
            &format!("<ul class=\"findings\">{items}</ul>"),
        )
    }

    fn footing(&self) -> String {
        let ReportParts { quality, attributes, value, .. } = self.parts;
        // The last line counts customers, and a few customers are a small group here too.
        let few = (1..self.least as u64).contains(&quality.customers_without_purchase.customers);
        let account = quality.to_string();
        let lines = account.lines().count() - usize::from(few);
        let mut rows: String = account
            .lines()
            .take(lines)
            .map(|line| format!("<li>{}</li>", escaped(line.trim())))
            .collect();
        if let Some(attributes) = attributes.filter(|attributes| attributes.matched() >= self.least)
        {
            let share = attributes.matched() as f64 / value.rows().len() as f64;
            rows += &format!(
                "<li>attributes are known of {} of the customers</li>",
                prose(&percent(share, 0))
            );
        }
        let notes: String = value
            .basis()
            .notes
            .iter()
            .map(|line| format!("<li>{}</li>", escaped(&capitalised(line))))
            .collect();
        format!(
            "<h2>What this rests on</h2><p class=\"lead\">Every row that was read is accounted for.</p><ul class=\"note\">{rows}</ul>\
             <p class=\"note\">Future value: {} over {}, discounted at {} a year.</p><ul class=\"note\">{notes}</ul>\
             <footer>No figure on this page is of fewer than {} customers.</footer>",
            escaped(&value.basis().to_string()),
            span(value.horizon()),
            percent(value.annual_discount(), 0),
            self.least
        )
    }
}

const HEAD: &str = concat!(
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
    "<title>Customer blueprint</title>"
);

pub(crate) fn section(title: &str, lead: &str, body: &str) -> String {
    format!(
        "<section><h2>{}</h2><p class=\"lead\">{}</p>{body}</section>",
        escaped(title),
        prose(lead)
    )
}

/// Running text, escaped, in which no line breaks between a number and its percent sign.
pub(crate) fn prose(text: &str) -> String {
    escaped(text).replace(" %", "&nbsp;%")
}

/// A card; `body` is HTML already.
pub(crate) fn card(title: &str, note: &str, body: &str) -> String {
    format!(
        "<div class=\"card\"><h3>{}</h3><span class=\"note\">{}</span>{body}</div>",
        escaped(title),
        escaped(note)
    )
}

fn segment_card(segment: &SegmentProfile, value_share: &str) -> String {
    format!(
        "<div class=\"card\"><h3>{}: {}</h3><div class=\"share\"><span>{} customers, {}</span><span>{} of net value</span></div>{}</div>",
        escaped(&segment.name),
        escaped(&segment.in_words(3)),
        grouped(segment.customers as f64, 0),
        percent(segment.share, 0),
        escaped(value_share),
        profile_chart(segment)
    )
}

pub(crate) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}
