//! Budget and capacity: four scenarios that HiGHS solved to proven optimality.
//!
//! Several assignments share one optimum, so objectives, feasibility and bounds are compared, never
//! the assignments themselves.

use std::collections::BTreeMap;

use segmentry::strategy::allocation::{Allocation, Allocator, OfferTable, Uses};
use segmentry::work::Work;
use serde::Deserialize;

use crate::{close, golden};

/// Gains are in cents: half of one.
const CENT: f64 = 0.005;

/// Bounds and shadow prices of the reference come from HiGHS in double precision.
const LINEAR: f64 = 1e-7;

#[derive(Deserialize)]
struct Reference {
    strategies: Vec<String>,
    budget: f64,
    capacity: BTreeMap<String, f64>,
    optimum: f64,
    lp_bound: f64,
    lp_shadow_price_budget: f64,
    unconstrained_value: f64,
    greedy_by_value: f64,
    dual_primal_repair_best: f64,
    more_scenarios: Vec<Scenario>,
}

#[derive(Deserialize)]
struct Scenario {
    budget: f64,
    capacity: BTreeMap<String, f64>,
    optimum: f64,
    lp_bound: f64,
    shadow_budget: f64,
}

fn reference() -> Reference {
    serde_json::from_str(&golden("assignment.json")).unwrap()
}

/// The table of the reference: costs from the budget, and a place of its own for each strategy.
fn table(strategies: &[String]) -> OfferTable {
    let (mut gains, mut costs) = (Vec::new(), Vec::new());
    for (line, text) in golden("assignment_fixed.csv").lines().skip(1).enumerate() {
        let cells: Vec<&str> = text.split(',').collect();
        assert_eq!(cells[1], strategies[line % strategies.len()]);
        let gain: f64 = cells[2].parse().unwrap();
        gains.push((cells[4] == "1").then_some(gain));
        costs.push(cells[3].parse().unwrap());
    }
    let table = OfferTable::new(strategies.len(), gains).unwrap();
    let table = table.uses("money", Uses::PerOffer(costs)).unwrap();
    strategies.iter().enumerate().fold(table, |table, (lever, name)| {
        let mut places = vec![0.0; strategies.len()];
        places[lever] = 1.0;
        table.uses(name, Uses::PerLever(places)).unwrap()
    })
}

/// Adds everything up again from the table, and returns the value.
fn check(table: &OfferTable, allocation: &Allocation) -> f64 {
    let mut value = 0.0;
    for limit in allocation.limits() {
        let mut used = 0.0;
        for row in 0..table.len() {
            let lever = allocation.primary(row);
            used += lever.map_or(0.0, |lever| table.used(&limit.resource, row, lever).unwrap());
        }
        assert!(used <= limit.at_most * (1.0 + 1e-12), "{}: {used}", limit.resource);
    }
    for row in 0..table.len() {
        assert_eq!(allocation.secondary(row), None);
        value += allocation.primary(row).map_or(0.0, |lever| table.gain(row, lever).unwrap());
    }
    close(value, allocation.value(), 1e-12);
    value
}

fn solve(table: &OfferTable, budget: f64, capacity: &BTreeMap<String, f64>) -> Allocation {
    let allocator = capacity
        .iter()
        .fold(Allocator::new().limit("money", budget), |allocator, (name, &places)| {
            allocator.limit(name, places)
        });
    allocator.solve(table, &Work::new()).unwrap()
}

fn compare(allocation: &Allocation, value: f64, optimum: f64, bound: f64, price: f64) {
    assert!(value <= optimum + CENT, "better than the optimum: {value}");
    close(allocation.bound(), bound, LINEAR);
    close(allocation.limits()[0].price, price, LINEAR);
    assert!(allocation.converged());
    assert!(allocation.bound() >= optimum - LINEAR);
    assert!(allocation.is_optimal());
}

#[test]
fn the_first_scenario() {
    let reference = reference();
    let table = table(&reference.strategies);
    let allocation = solve(&table, reference.budget, &reference.capacity);
    let value = check(&table, &allocation);
    let price = reference.lp_shadow_price_budget;
    compare(&allocation, value, reference.optimum, reference.lp_bound, price);
    assert!((value - reference.optimum).abs() < CENT, "{value}");
    assert!(value > reference.dual_primal_repair_best);
    for limit in &allocation.limits()[1..] {
        close(limit.price, 0.0, LINEAR);
    }
    close(allocation.greedy().value, reference.greedy_by_value, 1e-9);
}

#[test]
fn the_other_scenarios() {
    let reference = reference();
    let table = table(&reference.strategies);
    for scenario in &reference.more_scenarios {
        let allocation = solve(&table, scenario.budget, &scenario.capacity);
        let value = check(&table, &allocation);
        compare(&allocation, value, scenario.optimum, scenario.lp_bound, scenario.shadow_budget);
        assert!((value - scenario.optimum).abs() < CENT, "{value}");
    }
}

#[test]
fn without_limits_everybody_gets_the_best() {
    let reference = reference();
    let table = table(&reference.strategies);
    let allocation = Allocator::new().solve(&table, &Work::new()).unwrap();
    close(allocation.value(), reference.unconstrained_value, 1e-9);
    assert_eq!(allocation.gap(), 0.0);
    assert!(allocation.is_optimal());
}
