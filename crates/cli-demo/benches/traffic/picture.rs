//! Requests a second by version and outcome over time, with the stages marked.

use std::fmt::Write as _;

use crate::run::Run;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
const ABOVE: f64 = 64.0;
const BELOW: f64 = 40.0;

/// From the bottom up: colour and words.
const LAYERS: [(&str, &str); 3] = [
    ("#9db8d9", "version 1"),
    ("#2a7d3f", "the release"),
    ("#b3261e", "failed, whoever answered"),
];

/// As SVG.
pub(crate) fn drawn(title: &str, run: &Run) -> String {
    // Of the last second not everything is known.
    let (_, seconds) = run.seconds.split_last().unwrap();
    let length = seconds.len().max(1) as f64;
    let most = seconds
        .iter()
        .map(|second| second.iter().sum::<u64>())
        .max();
    let most = most.unwrap_or(1).max(1) as f64;
    let x = |second: f64| LEFT + (WIDTH - LEFT - RIGHT) * second / length;
    let floor = HEIGHT - BELOW;
    let y = |count: f64| floor - (floor - ABOVE) * count / most;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\" role=\"img\">\n<title>{title}</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"20\" font-size=\"14\" font-weight=\"bold\">{title}</text>\n"
    );
    // Writing to a String cannot fail.
    for (number, second) in seconds.iter().enumerate() {
        let (mut below, from) = (0.0, x(number as f64));
        let width = x(1.0) - x(0.0);
        for (count, (colour, _)) in second.iter().zip(LAYERS) {
            let above = below + *count as f64;
            let (top, height) = (y(above), y(below) - y(above));
            if *count > 0 {
                let _ = writeln!(
                    text,
                    "<rect x=\"{from:.1}\" y=\"{top:.1}\" width=\"{width:.2}\" height=\"{height:.1}\" fill=\"{colour}\"/>"
                );
            }
            below = above;
        }
    }
    let marks = run.stages.iter().map(|(at, name)| (*at, name.as_str()));
    let ends = [(run.decided, "decided"), (run.restored, "weight 0")];
    let ends = ends
        .into_iter()
        .filter_map(|(at, words)| Some((at?, words)));
    for (number, (at, words)) in marks.chain(ends).enumerate() {
        let (at, line) = (x(at), 40.0 + 12.0 * (number % 2) as f64);
        let _ = writeln!(
            text,
            "<line x1=\"{at:.1}\" y1=\"{line}\" x2=\"{at:.1}\" y2=\"{floor}\" stroke=\"#333333\" stroke-dasharray=\"3 3\"/>\n\
             <text x=\"{:.1}\" y=\"{line}\">{words}</text>",
            at + 3.0
        );
    }
    for count in [0.0, most] {
        let _ = writeln!(
            text,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{count}</text>",
            LEFT - 6.0,
            y(count) + 4.0
        );
    }
    for second in (0..=seconds.len()).step_by(10) {
        let _ = writeln!(
            text,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{second} s</text>",
            x(second as f64),
            floor + 16.0
        );
    }
    for (number, (colour, words)) in LAYERS.into_iter().enumerate() {
        let at = LEFT + 150.0 * number as f64;
        let _ = writeln!(
            text,
            "<rect x=\"{at}\" y=\"{:.1}\" width=\"10\" height=\"10\" fill=\"{colour}\"/>\n<text x=\"{:.1}\" y=\"{:.1}\">{words}</text>",
            HEIGHT - 14.0,
            at + 14.0,
            HEIGHT - 5.0
        );
    }
    text.push_str("</svg>\n");
    text
}
