//! What was measured, beside the budget.

use std::{fmt, time::Duration};

/// A figure and what it has to be.
pub enum Budget {
    AtMost(f64),
    AtLeast(f64),
    None,
}

/// Who used how much of one core.
pub struct Split {
    pub warta: f64,
    pub sandbox: f64,
    pub load: f64,
    /// Whatever else runs on this machine.
    pub others: f64,
}

struct Row {
    what: String,
    measured: f64,
    unit: &'static str,
    budget: Budget,
}

#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Table {
    pub fn row(&mut self, what: impl Into<String>, measured: f64, unit: &'static str, budget: Budget) {
        self.rows.push(Row { what: what.into(), measured, unit, budget });
    }

    pub fn milliseconds(&mut self, what: impl Into<String>, measured: Duration, budget: Budget) {
        self.row(what, measured.as_secs_f64() * 1000.0, "ms", budget);
    }

    pub fn megabytes(&mut self, what: impl Into<String>, bytes: u64, budget: Budget) {
        self.row(what, bytes as f64 / 1e6, "MB", budget);
    }

    /// Adds to the lines below the table.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Adds who used the processor while something was measured.
    pub fn split(&mut self, what: &str, split: &Split) {
        let Split { warta, sandbox, load, others } = split;
        self.note(format!(
            "cores used for {what}: warta {warta:.2}, sandbox {sandbox:.2}, load program {load:.2}, other programs {others:.2}"
        ));
        if *others > QUIET {
            self.note("other programs were busy: these figures are too low");
        }
    }
}

/// As many cores for all other programs change nothing that is measured.
const QUIET: f64 = 0.25;

impl Row {
    fn cells(&self) -> [String; 4] {
        let show = |figure: f64| match self.unit {
            "ms" | "s" => format!("{figure:.1} {}", self.unit),
            unit => format!("{} {unit}", grouped(figure)),
        };
        let (budget, met) = match self.budget {
            Budget::AtMost(most) => (format!("≤ {}", show(most)), Some(self.measured <= most)),
            Budget::AtLeast(least) => (format!("≥ {}", show(least)), Some(self.measured >= least)),
            Budget::None => (String::new(), None),
        };
        let met = met.map_or("", |met| if met { "yes" } else { "NO" });
        [self.what.clone(), show(self.measured), budget, met.to_owned()]
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["what", "measured", "budget", "met"].map(str::to_owned);
        let cells: Vec<[String; 4]> = std::iter::once(head).chain(self.rows.iter().map(Row::cells)).collect();
        let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
        let (what, measured, budget) = (width(0), width(1), width(2));
        for row in &cells {
            let line = format!("{:what$}  {:>measured$}  {:>budget$}  {}", row[0], row[1], row[2], row[3]);
            writeln!(f, "{}", line.trim_end())?;
        }
        if !self.notes.is_empty() {
            writeln!(f)?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "{note}"))
    }
}

/// A whole number in groups of three digits.
fn grouped(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
