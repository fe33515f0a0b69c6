//! Segments of the customers in a file: which of its numeric columns go together.
//!
//! ```text
//! cargo run --release --example segments -- --help
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use segmentry::cluster::{
    Dissimilarity, GaussianMixture, Hdbscan, Hierarchical, KMeans, KMedoids, LatentClasses,
    PredictionStrength, SegmentModel, Segmenter,
};
use segmentry::features::{FeatureColumn, FeatureMatrix, FeatureValues};
use segmentry::units::CustomerIds;
use segmentry::work::Work;
use serde_json::json;

const HELP: &str = "\
Groups the customers of a CSV file by its numeric columns.

    segments FILE.csv [--method kmeans|gmm|lca|ward|hdbscan|kmedoids] [--k K|auto] [--seed N] [--json]

A column named customer_id is the id and no feature; columns with anything but numbers are left
out and named. Columns are taken as they are: scale them before if their units differ.

--method   kmeans (the default), gmm (full Gaussian mixture), lca (latent classes; each distinct
           number is an answer, an empty field a missing one), ward, hdbscan, kmedoids
--k        the number of segments, or auto (the default): prediction strength for kmeans, the least
           BIC of 1 to 8 for gmm and lca. hdbscan finds its own number from segments of at least
           --k customers (10 where it is auto); ward and kmedoids need a number
--seed     of the random streams (0)
--json     one object on standard output: labels (from 0, null for a customer in no segment),
           centers, objective, k, hit_rate, distinct_optima, iterations, seconds";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let options = Options::of(arguments)?;
    let table = Table::read(&options.file)?;
    if !table.left_out.is_empty() {
        eprintln!("left out, not numeric: {}", table.left_out.join(", "));
    }
    let began = Instant::now();
    let found = options.fit(&table)?;
    let seconds = began.elapsed().as_secs_f64();
    let centers = found.centers.clone().unwrap_or_else(|| table.means(&found.labels, found.k));
    if options.json {
        let result = json!({
            "method": options.method,
            "columns": table.names,
            "labels": found.labels,
            "centers": centers,
            "objective": found.objective,
            "k": found.k,
            "hit_rate": found.hit_rate,
            "distinct_optima": found.distinct_optima,
            "iterations": found.iterations,
            "seconds": seconds,
        });
        println!("{result}");
        return Ok(());
    }
    println!("{}, {} customers, {seconds:.2} s", found.story, found.labels.len());
    for (segment, center) in centers.iter().enumerate() {
        let size = found.labels.iter().filter(|label| **label == Some(segment)).count();
        let values =
            table.names.iter().zip(center).map(|(name, value)| format!("{name} {value:.3}"));
        println!("{:>3}  {size:>8}  {}", segment + 1, values.collect::<Vec<_>>().join("  "));
    }
    let nobody = found.labels.iter().filter(|label| label.is_none()).count();
    if nobody > 0 {
        println!("     {nobody:>8}  in no segment");
    }
    Ok(())
}

struct Options {
    file: String,
    method: String,
    /// `None` for auto.
    k: Option<usize>,
    seed: u64,
    json: bool,
}

impl Options {
    fn of(arguments: &[String]) -> Result<Self, Box<dyn Error>> {
        let (mut file, mut method) = (None, "kmeans".to_owned());
        let (mut k, mut seed, mut json) = (None, 0, false);
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--json" => json = true,
                "--method" => method = value()?.clone(),
                "--seed" => seed = value()?.parse().map_err(|_| "--seed needs a whole number")?,
                "--k" => {
                    k = match value()?.as_str() {
                        "auto" => None,
                        number => Some(number.parse().map_err(|_| "--k needs a number, or auto")?),
                    }
                }
                option if option.starts_with("--") => {
                    return Err(format!("no option {option}").into());
                }
                path if file.is_none() => file = Some(path.to_owned()),
                other => return Err(format!("one file at a time, not also {other}").into()),
            }
        }
        let file = file.ok_or("a file is needed; --help says more")?;
        Ok(Self { file, method, k, seed, json })
    }

    fn fit(&self, table: &Table) -> Result<Found, Box<dyn Error>> {
        let work = Work::new();
        let (seed, k) = (self.seed, self.k);
        let given = k.ok_or(format!("{} needs --k with a number", self.method));
        match self.method.as_str() {
            "kmeans" => {
                let matrix = table.numbers()?;
                let model = match k {
                    Some(k) => KMeans::new(k).seed(seed).fit(&matrix, &work)?,
                    None => {
                        let chosen = PredictionStrength::new().seed(seed).fit(&matrix, &work)?;
                        chosen.model().clone()
                    }
                };
                let centers =
                    (0..model.n_segments()).map(|segment| model.centre(segment).to_vec()).collect();
                let found = Found::of(&model, &matrix)?;
                let iterations = Some(model.iterations());
                Ok(Found {
                    centers: Some(centers),
                    objective: Some(model.inertia()),
                    iterations,
                    ..found
                })
            }
            "gmm" => {
                let matrix = table.numbers()?;
                let fit = |k| GaussianMixture::new(k).seed(seed).fit(&matrix, &work);
                let model = match k {
                    Some(k) => fit(k)?,
                    None => least((1..=8).map(|k| fit(k).map(|model| (model.bic(), model))))?,
                };
                let centers = (0..model.n_segments()).map(|segment| model.mean(segment)).collect();
                let found = Found::of(&model, &matrix)?;
                let (objective, iterations) =
                    (Some(model.log_likelihood()), Some(model.iterations()));
                Ok(Found { centers: Some(centers), objective, iterations, ..found })
            }
            "lca" => {
                let matrix = table.answers()?;
                let fit = |k| LatentClasses::new(k).seed(seed).fit(&matrix, &work);
                let model = match k {
                    Some(k) => fit(k)?,
                    None => least(
                        (1..=8).map(|k| fit(k).map(|model| (model.information().bic, model))),
                    )?,
                };
                let found = Found::of(&model, &matrix)?;
                let (objective, iterations) = (Some(model.log_likelihood()), Some(model.steps()));
                Ok(Found { objective, iterations, ..found })
            }
            "ward" => Found::of(
                &Hierarchical::new(given?).fit(&table.numbers()?, &work)?,
                &table.numbers()?,
            ),
            "hdbscan" => {
                let model = Hdbscan::new(k.unwrap_or(10)).fit(&table.numbers()?, &work)?;
                Found::of(&model, &table.numbers()?)
            }
            "kmedoids" => {
                let matrix = table.numbers()?;
                let method = KMedoids::new(given?, Dissimilarity::Euclidean).seed(seed);
                let model = method.fit(&matrix, &work)?;
                Ok(Found { objective: Some(model.cost()), ..Found::of(&model, &matrix)? })
            }
            other => Err(format!("no method {other}; --help lists them").into()),
        }
    }
}

/// Of some fits the one with the least figure; fits that fail are left out unless all do.
fn least<M, E: Error + 'static>(
    fits: impl Iterator<Item = Result<(f64, M), E>>,
) -> Result<M, Box<dyn Error>> {
    let (mut best, mut failed) = (None, None);
    for fit in fits {
        match fit {
            Ok((figure, model)) if best.as_ref().is_none_or(|(least, _)| figure < *least) => {
                best = Some((figure, model));
            }
            Ok(_) => {}
            Err(error) => failed = Some(error),
        }
    }
    match (best, failed) {
        (Some((_, model)), _) => Ok(model),
        (None, Some(error)) => Err(error.into()),
        (None, None) => Err("nothing was tried".into()),
    }
}

/// What a method found.
struct Found {
    labels: Vec<Option<usize>>,
    k: usize,
    /// Where the method has none, the means of the members stand in.
    centers: Option<Vec<Vec<f64>>>,
    objective: Option<f64>,
    hit_rate: Option<f64>,
    distinct_optima: Option<usize>,
    iterations: Option<usize>,
    story: String,
}

impl Found {
    fn of<M: SegmentModel>(model: &M, matrix: &FeatureMatrix) -> Result<Self, Box<dyn Error>> {
        let segments = model.assign(matrix, &Work::new())?;
        let label = |row| segments.segment_of(row).map(|segment| segment.index());
        let criteria = model.criteria();
        Ok(Self {
            labels: (0..matrix.n_customers()).map(label).collect(),
            k: segments.n_segments(),
            centers: None,
            objective: None,
            hit_rate: criteria.hit_rate(),
            distinct_optima: criteria.distinct_optima,
            iterations: None,
            story: model.story(),
        })
    }
}

/// The numeric columns of a file.
struct Table {
    ids: CustomerIds,
    names: Vec<String>,
    columns: Vec<Vec<Option<f64>>>,
    left_out: Vec<String>,
}

impl Table {
    fn read(path: &str) -> Result<Self, Box<dyn Error>> {
        let mut reader = csv::Reader::from_path(path)?;
        let headers: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
        let mut texts: Vec<Vec<String>> = vec![Vec::new(); headers.len()];
        for record in reader.records() {
            for (column, field) in texts.iter_mut().zip(&record?) {
                column.push(field.trim().to_owned());
            }
        }
        let n = texts.first().map_or(0, Vec::len);
        let mut table = Self {
            ids: CustomerIds::numbered(n)?,
            names: Vec::new(),
            columns: Vec::new(),
            left_out: Vec::new(),
        };
        for (name, column) in headers.into_iter().zip(texts) {
            if name == "customer_id" {
                table.ids = CustomerIds::from_texts(column.iter().map(String::as_str))?;
                continue;
            }
            let finite = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite());
            let number = |text: &String| (!text.is_empty()).then(|| finite(text));
            let numbers: Vec<Option<Option<f64>>> = column.iter().map(number).collect();
            let known = numbers.iter().flatten().count();
            if known == 0 || numbers.iter().flatten().any(Option::is_none) {
                table.left_out.push(name);
            } else {
                table.names.push(name);
                table.columns.push(numbers.into_iter().map(Option::flatten).collect());
            }
        }
        if table.names.is_empty() {
            return Err("the file has no numeric column".into());
        }
        Ok(table)
    }

    fn matrix(
        &self,
        column: impl Fn(&str, &[Option<f64>]) -> FeatureColumn,
    ) -> Result<FeatureMatrix, Box<dyn Error>> {
        let mut matrix = FeatureMatrix::new(self.ids.clone());
        for (name, values) in self.names.iter().zip(&self.columns) {
            matrix = matrix.with(column(name, values))?;
        }
        Ok(matrix)
    }

    fn numbers(&self) -> Result<FeatureMatrix, Box<dyn Error>> {
        self.matrix(|name, values| FeatureColumn::numbers_or_missing(name, values.iter().copied()))
    }

    /// Each distinct number of a column as an answer of its own.
    fn answers(&self) -> Result<FeatureMatrix, Box<dyn Error>> {
        self.matrix(|name, values| {
            let mut distinct: Vec<f64> = values.iter().flatten().copied().collect();
            distinct.sort_by(f64::total_cmp);
            distinct.dedup();
            let code = |value: f64| distinct.partition_point(|level| *level < value) as u32;
            let codes = values.iter().map(|value| value.map_or(0, code)).collect();
            let missing = values.iter().map(Option::is_none).collect();
            let levels = distinct.iter().map(f64::to_string).collect();
            FeatureColumn::of(name, FeatureValues::Category { levels, codes }).missing(missing)
        })
    }

    /// The mean of each column over the members of each segment, of what is known.
    fn means(&self, labels: &[Option<usize>], k: usize) -> Vec<Vec<f64>> {
        let mean = |segment: usize, column: &[Option<f64>]| {
            let mine = labels.iter().zip(column).filter(|(label, _)| **label == Some(segment));
            let (mut sum, mut count) = (0.0, 0.0);
            for value in mine.filter_map(|(_, value)| *value) {
                sum += value;
                count += 1.0;
            }
            sum / count
        };
        (0..k)
            .map(|segment| self.columns.iter().map(|column| mean(segment, column)).collect())
            .collect()
    }
}
