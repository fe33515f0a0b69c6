//! Intervals of parameters that follow the likelihood itself.
//!
//! The dropout parameters of small bases are known in product or ratio much better than alone; so
//! many standard errors either way then promise what the data do not hold. The profile likelihood
//! interval asks how far a parameter can go while the others make up for it.

use crate::num::interval::two_sided;
use crate::num::newton::{Bounds, Curve, Minimum};
use crate::num::profile;
use crate::num::real::exp;
use crate::value::intervals::check_level;
use crate::value::{FittedPurchaseModel, Parameter, PurchaseSummary, ValueError};
use crate::work::Work;

impl FittedPurchaseModel {
    /// The profile likelihood interval of a parameter, for the base that the model was fitted to.
    ///
    /// An end is `None` where the data leave that side open: the likelihood does not fall far
    /// enough before the edge of the range. A degree of regularity is taken as known.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] for a level that is not between 0 and 1, and for a parameter that the
    /// model does not have; [`ValueError::Cancelled`].
    ///
    /// # Cost
    ///
    /// Some fifty refits of the other parameters.
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::value::{MbgNbd, Parameter, PurchaseModel, PurchaseRecord, PurchaseSummary};
    /// use segmentry::work::Work;
    ///
    /// let records = (0..400).map(|i| {
    ///     let x = [0, 0, 0, 1, 0, 2, 1, 5][i % 8];
    ///     let t_x = if x == 0 { 0.0 } else { 20.0 + (i * 37 % 200) as f64 };
    ///     PurchaseRecord::new(x, t_x, 250.0).unwrap()
    /// });
    /// let base = PurchaseSummary::from_records(records)?;
    /// let model = PurchaseModel::from(MbgNbd::new()).fit(&base, &Work::new())?;
    /// let [low, high] = model.profile_interval(Parameter::R, &base, 0.95, &Work::new())?;
    /// let r = model.parameters()[0].1;
    /// assert!(low.is_some_and(|low| low < r) && high.is_none_or(|high| high > r));
    /// # Ok::<(), segmentry::value::ValueError>(())
    /// ```
    pub fn profile_interval(
        &self,
        parameter: Parameter,
        base: &PurchaseSummary,
        level: f64,
        work: &Work,
    ) -> Result<[Option<f64>; 2], ValueError> {
        check_level(level)?;
        let names = self.parameters();
        let Some(which) = names.iter().position(|&(name, _)| name == parameter) else {
            let expected = "a parameter of the model";
            return Err(ValueError::Param { name: parameter.symbol(), value: 0.0, expected });
        };
        match self {
            Self::BetaGeometric(model) => {
                let (rows, bounds) = model.objective(base);
                let evaluate = |logs: &[f64; 4]| Ok(rows.negative_log_likelihood(logs, work)?);
                self.ends(which, level, bounds, evaluate)
            }
            Self::ParetoNbd(model) => {
                let (rows, bounds) = model.objective(base);
                self.ends(which, level, bounds, |logs| rows.negative_log_likelihood(logs, work))
            }
            Self::Cnbd(model) => self.ends(which, level, model.bounds(), |logs| {
                Ok(model.negative_log_likelihood(base, logs, work)?)
            }),
        }
    }

    fn ends(
        &self,
        which: usize,
        level: f64,
        bounds: Bounds,
        mut evaluate: impl FnMut(&[f64; 4]) -> Result<Curve<4>, ValueError>,
    ) -> Result<[Option<f64>; 2], ValueError> {
        /// Of the logarithm, where there is no standard error.
        const STEP: f64 = 0.5;
        let at = self.logs();
        let curve = evaluate(&at)?;
        let best = Minimum { at, curve, iterations: 0, converged: true, bound: [false; 4] };
        let z = two_sided(level);
        let step =
            self.covariance_of_logs().map_or(STEP, |covariance| covariance[which][which].sqrt());
        let ends = profile::ends(&best, which, z * z / 2.0, step.min(STEP), bounds, evaluate)?;
        Ok(ends.map(|end| end.map(exp)))
    }
}
