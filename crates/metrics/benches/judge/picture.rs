//! The two pictures, as SVG: what peeking does, and what a regression costs.

use std::fmt::Write;

use crate::dice::number;
use crate::table::Table;

/// Dark enough for any page; who is above 1% is in another colour and says so.
const OURS: &str = "#1f6feb";
const THEIRS: &str = "#6e7781";
const BROKEN: &str = "#cf222e";

/// One row of the picture of costs.
#[derive(Clone, Debug)]
struct Point {
    name: String,
    /// Per cent of good releases that it fails.
    alarms: f64,
    failed: f64,
    median: String,
}

impl Point {
    /// As the table has it, in the column of false alarms and in that of the candidate; `None`: it has no false
    /// alarms to speak of.
    fn read(row: &[String], candidate: usize) -> Option<Self> {
        let [name, alarms] = row.get(..2)? else {
            return None;
        };
        let mut cells = row.get(candidate)?.split(", ").skip(1);
        Some(Self {
            name: name.replace('`', ""),
            alarms: alarms.split('%').next()?.parse().ok()?,
            median: cells.next()?.replace('–', "not found"),
            failed: cells.next()?.parse().ok()?,
        })
    }
}

fn begin(width: f64, height: f64, title: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"{title}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
         <text x=\"12\" y=\"22\" font-size=\"15\" fill=\"#1f2328\">{title}</text>\n"
    )
}

/// A bar for each judge in the table of what is found: how many requests fail on the candidate of 2% before it is
/// taken back.
pub(crate) fn costs(table: &Table) -> String {
    let candidate = table.columns.iter().position(|column| column == "2%");
    let rows = table.rows.iter();
    let mut points: Vec<_> = rows
        .filter_map(|row| Some((Point::read(row, candidate?)?, row[0].starts_with('`'))))
        .collect();
    points.sort_by(|(a, _), (b, _)| a.failed.total_cmp(&b.failed));
    let failed = points.iter().map(|(point, _)| point.failed);
    let most = failed.fold(1.0, f64::max);
    let height = 27.0_f64.mul_add(number(u64::try_from(points.len()).unwrap_or(0)), 90.0);
    let title = "Failed requests until the candidate is taken back: 0.5% to 2%, a tenth of 50 requests a second";
    let mut svg = begin(900.0, height, title);
    let mut y = 40.0;
    for (point, ours) in &points {
        let colour = match ours {
            _ if point.alarms > 1.5 => BROKEN,
            true => OURS,
            false => THEIRS,
        };
        let name = &point.name;
        let width = point.failed / most * 240.0;
        let said = format!(
            "{:.1} requests, {}; fails {:.1}% of good releases",
            point.failed, point.median, point.alarms
        );
        let (text, end) = (y + 14.0, 345.0 + width);
        add(
            &mut svg,
            &format!(
                "<text x=\"330\" y=\"{text}\" text-anchor=\"end\" fill=\"#1f2328\">{name}</text>\n\
                 <rect x=\"338\" y=\"{y}\" width=\"{width:.1}\" height=\"18\" fill=\"{colour}\"/>\n\
                 <text x=\"{end:.1}\" y=\"{text}\" font-size=\"11\" fill=\"#1f2328\">{said}</text>\n"
            ),
        );
        y += 27.0;
    }
    let text = y + 24.0;
    add(
        &mut svg,
        &format!(
            "<text x=\"12\" y=\"{text}\" font-size=\"12\" fill=\"#1f2328\">Red: fails more than 1.5% of good releases, \
             where 1% was asked for. Blue: the judges of this crate.</text>\n</svg>\n"
        ),
    );
    svg
}

/// Two lines: the share of good releases that were failed after so many looks, of so many.
pub(crate) fn peeking(failed: &[Vec<u64>; 2], count: u64, looks: u64) -> String {
    let title = "Share of good releases that are failed, by how often one has looked";
    let mut svg = begin(760.0, 360.0, title);
    let most = failed
        .iter()
        .map(|looks| number(u64::try_from(looks.len()).unwrap_or(0)) / number(count.max(1)))
        .fold(0.05, f64::max);
    let top = (most * 20.0).ceil() / 20.0;
    let x = |look: u64| 620.0_f64.mul_add(number(look.max(1)).ln() / number(looks).ln(), 60.0);
    let y = |share: f64| (-260.0_f64).mul_add(share / top, 310.0);
    let mut share = 0.0;
    while share <= top + 1e-9 {
        let (at, percent) = (y(share), share * 100.0);
        add(
            &mut svg,
            &format!(
                "<path d=\"M60 {at:.1}H680\" stroke=\"#d0d7de\"/>\n<text x=\"54\" y=\"{:.1}\" text-anchor=\"end\" \
                 fill=\"#1f2328\">{percent:.0}%</text>\n",
                at + 4.0
            ),
        );
        share += 0.05;
    }
    let mut look = 1;
    while look <= looks {
        add(
            &mut svg,
            &format!(
                "<text x=\"{:.1}\" y=\"330\" text-anchor=\"middle\" fill=\"#1f2328\">{look}</text>\n",
                x(look)
            ),
        );
        look *= 10;
    }
    add(
        &mut svg,
        &format!(
            "<path d=\"M60 {at:.1}H680\" stroke=\"#1f2328\" stroke-dasharray=\"4 4\"/>\n<text x=\"686\" y=\"{text:.1}\" \
             font-size=\"12\" fill=\"#1f2328\">1%</text>\n<text x=\"370\" y=\"350\" text-anchor=\"middle\" \
             fill=\"#1f2328\">looks</text>\n",
            at = y(0.01),
            text = y(0.01) + 4.0
        ),
    );
    let names = ["a p-value below 1%", "evidence of 1 : 100"];
    for ((failed, colour), name) in failed.iter().zip([BROKEN, OURS]).zip(names) {
        let mut line = format!("M60 {:.1}", y(0.0));
        let mut alarms = 0;
        for look in failed {
            alarms += 1;
            let share = number(alarms) / number(count.max(1));
            let _ = write!(line, "H{:.1}V{:.1}", x(*look), y(share));
        }
        line += "H680";
        let end = y(number(alarms) / number(count.max(1)));
        add(
            &mut svg,
            &format!(
                "<path d=\"{line}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n<text x=\"672\" \
                 y=\"{:.1}\" text-anchor=\"end\" fill=\"{colour}\">{name}</text>\n",
                end - 8.0
            ),
        );
    }
    svg + "</svg>\n"
}

fn add(svg: &mut String, text: &str) {
    svg.push_str(text);
}
