//! The section on strategies: what to do, where, within which limits, and how sure that is.

use crate::report::escape::escaped;
use crate::report::numbers::{grouped, percent, short, span};
use crate::report::page::{ReportParts, capitalised, card, section};
use crate::report::suppress::withheld_entries;
use crate::report::svg::strategy_colour;
use crate::report::{
    FrontierMark, SensitivityBar, frontier_chart, sensitivity_chart, value_map_chart,
};
use crate::strategy::allocation::FrontierPoint;
use crate::strategy::{Budgeting, PlanSummary, Sensitivity, StrategyPlan};
use crate::units::{Money, ResourceId};
use crate::value::ValueUnit;

/// The section, in which no figure is of fewer than `least` customers.
pub(crate) fn strategy_section(parts: &ReportParts<'_>, least: usize) -> String {
    let summary = parts.plan.summary();
    let mut cards = what_to_do(&summary, parts.plan, least);
    cards += &match value_map_chart(parts.map, least) {
        Some(chart) => {
            let note =
                "Customers and gain in each fifth; the colour is the most frequent strategy.";
            card("Where to do it: the customer value map", note, &chart)
        }
        None => card(
            "Where to do it: the customer value map",
            "No potential could be estimated for these customers.",
            "",
        ),
    };
    if let Some(budgeting) = parts.plan.budgeting() {
        cards += &within_limits(budgeting, parts.frontier, least);
    }
    if let Some(sensitivity) = parts.sensitivity {
        cards += &how_sure(sensitivity, &summary, least);
    }
    let body = format!("<div class=\"cards\">{cards}</div>");
    section("Strategy for each customer", &lead(parts, &summary), &body)
}

fn lead(parts: &ReportParts<'_>, summary: &PlanSummary) -> String {
    let Some(assumed) = summary.assumed_share else {
        return "No strategy promises more than it costs.".to_owned();
    };
    let unit = match parts.value.unit() {
        ValueUnit::Revenue => "Gains are in revenue, because no margin was stated",
        ValueUnit::Margin => "Gains are in margin",
    };
    let costs = if parts.plan.costs_are_stated() {
        "and after the cost of contacts"
    } else {
        "and before the cost of contacts, which was not stated"
    };
    format!(
        "Acting on each customer\u{2019}s first strategy should bring {} in the next {}. {unit}, {costs}; {} of them rest \
         on assumed success rates, which a test against a control group should replace.",
        short(summary.gain),
        span(parts.value.horizon()),
        percent(assumed, 0)
    )
}

fn what_to_do(summary: &PlanSummary, plan: &StrategyPlan, least: usize) -> String {
    let counts: Vec<usize> = summary.strategies.iter().map(|total| total.customers).collect();
    let rows: String = summary
        .strategies
        .iter()
        .zip(withheld_entries(&counts, least))
        .map(|(total, withheld)| {
            let (customers, gain) = if withheld {
                ("withheld".to_owned(), "withheld".to_owned())
            } else {
                (grouped(total.customers as f64, 0), short(total.gain))
            };
            format!(
                "<tr><td><span class=\"dot\" style=\"background:{}\"></span>{}</td><td>{customers}</td><td>{gain}</td></tr>",
                strategy_colour(total.lever.as_str()),
                escaped(&capitalised(&total.lever.in_words()))
            )
        })
        .collect();
    let rules: String = plan
        .rules()
        .iter()
        .filter(|(_, _, customers)| *customers >= least)
        .take(5)
        .map(|(lever, rule, _)| {
            format!("<li>No {}: {}</li>", escaped(&lever.in_words()), escaped(rule))
        })
        .collect();
    let body = format!(
        "<table><tr><th>Primary strategy</th><th>Customers</th><th>Expected gain</th></tr>{rows}</table>\
         <p class=\"note\">What most often ruled a strategy out:</p><ul class=\"note rules\">{rules}</ul>"
    );
    card("What to do", "Each customer\u{2019}s strategy with the largest expected gain.", &body)
}

/// Budget and capacities, and what one more unit of each would gain.
fn within_limits(budgeting: &Budgeting, frontier: &[FrontierPoint], least: usize) -> String {
    let title = "What budget and capacity leave";
    if budgeting.acting < least {
        return card(title, "Withheld: something is done for too few customers to show.", "");
    }
    let limits: String = budgeting
        .limits
        .iter()
        .map(|limit| {
            let money = limit.resource == ResourceId::MONEY;
            let name = if money { "budget".to_owned() } else { limit.resource.in_words() };
            format!(
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                escaped(&capitalised(&name)),
                grouped(limit.at_most, 0),
                grouped(limit.used, 0),
                limit.price
            )
        })
        .collect();
    let quotas: String = budgeting
        .quotas
        .iter()
        .filter(|quota| quota.customers >= least)
        .map(|quota| {
            format!(
                "<li>At least {} customers get {}: {} do, and the last one costs {} of gain elsewhere.</li>",
                grouped(quota.at_least as f64, 0),
                escaped(&quota.lever.in_words()),
                grouped(quota.customers as f64, 0),
                quota.price
            )
        })
        .collect();
    let marks: Vec<FrontierMark> = frontier
        .iter()
        .filter(|point| point.customers == 0 || point.customers >= least)
        .map(|point| FrontierMark {
            budget: Money::finite(point.at_most),
            gain: Money::finite(point.value),
        })
        .collect();
    let money = budgeting.limits.iter().find(|limit| limit.resource == ResourceId::MONEY);
    let current = money.map(|limit| Money::finite(limit.at_most));
    let chart = frontier_chart(&marks, &[], current).unwrap_or_default();
    let body = format!(
        "<table><tr><th>Limit</th><th>There is</th><th>Used</th><th>One more gains</th></tr>{limits}</table>\
         <ul class=\"note rules\">{quotas}<li>{} of the {} to be gained without limits; serving the largest gains first \
         would {}.</li><li>No plan within these limits gains more than {}.</li></ul>{chart}",
        short(budgeting.gain),
        short(budgeting.unlimited),
        match budgeting.greedy {
            Some(greedy) => format!("bring {}", short(greedy)),
            None => "not meet the quotas".to_owned(),
        },
        short(budgeting.bound)
    );
    let note = format!("Something is done for {} customers.", grouped(budgeting.acting as f64, 0));
    card(title, &note, &body)
}

/// How much the choice hangs on assumptions.
fn how_sure(sensitivity: &Sensitivity, summary: &PlanSummary, least: usize) -> String {
    let shown = |share: f64| {
        let customers = share * sensitivity.customers as f64;
        if customers.round() < least as f64 { 0.0 } else { share }
    };
    let bars: Vec<SensitivityBar> = sensitivity
        .rows
        .iter()
        .map(|sway| SensitivityBar {
            label: format!("{}: {}", sway.lever.in_words(), sway.assumption.in_words()),
            at_10: shown(sway.at_a_tenth()),
            at_25: shown(sway.at_a_quarter()),
        })
        .filter(|bar| bar.at_25 > 0.0)
        .collect();
    let ranking = match summary.risk_rankings.as_slice() {
        [] => String::new(),
        levers => {
            let names: Vec<String> = levers.iter().map(|lever| lever.in_words()).collect();
            format!(
                "<p class=\"note\">One success rate serves all customers for: {}. These rank customers by what is at \
                 stake, not by who can be persuaded.</p>",
                escaped(&names.join(", "))
            )
        }
    };
    let title = "How much hangs on assumptions";
    let (note, chart) = match sensitivity_chart(&bars) {
        Some(chart) => (
            format!(
                "Customers who get another first strategy when one number moves; fewer than {least} count as none."
            ),
            chart,
        ),
        None => (
            "No assumption that moves by a quarter changes the strategies.".to_owned(),
            String::new(),
        ),
    };
    card(title, &note, &format!("{chart}{ranking}"))
}
