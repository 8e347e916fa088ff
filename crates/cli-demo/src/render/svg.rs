//! The evidence against a release over time as a picture for documents.

use std::fmt::Write as _;
use std::time::Duration;

use strategy_metrics::judge::odds;

use super::evidence::Evidence;
use super::text::clock;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 320.0;
/// Around the field in which it is drawn.
const LEFT: f64 = 96.0;
const RIGHT: f64 = 24.0;
const ABOVE: f64 = 44.0;
const BELOW: f64 = 40.0;

/// A look as a mark on the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// As it should be.
    Good,
    /// Nothing that counts.
    Quiet,
    /// Somebody should look.
    Warn,
    /// Not as it should be.
    Bad,
}

impl Mark {
    const fn colour(self) -> &'static str {
        match self {
            Self::Good => "#2a7d3f",
            Self::Quiet => "#8a8a8a",
            Self::Warn => "#b7791f",
            Self::Bad => "#b3261e",
        }
    }
}

/// A picture with this title, and a mark for the end of each window.
pub fn drawn(title: &str, evidence: &Evidence, marks: &[(Duration, Mark)]) -> String {
    let top = evidence.top();
    let end = evidence.end.as_secs_f64().max(f64::MIN_POSITIVE);
    let x = |at: Duration| LEFT + (WIDTH - LEFT - RIGHT) * at.as_secs_f64() / end;
    let floor = HEIGHT - BELOW;
    let y = |logarithm: f64| floor - (floor - ABOVE) * logarithm.clamp(0.0, top) / top;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"13\" role=\"img\">\n<title>{title}</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"24\" font-weight=\"bold\">{title}</text>\n",
        title = escaped(title),
    );
    let mut label = |at: f64, words: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            at + 4.0,
            escaped(words)
        );
    };
    label(floor, "1 : 1");
    if let Some(line) = evidence.line {
        label(y(line), &odds(line));
    }
    if evidence.line.is_none_or(|line| top > line * 1.15) {
        label(ABOVE, &odds(top));
    }
    let right = WIDTH - RIGHT;
    let _ = writeln!(
        text,
        "<path d=\"M{LEFT} {ABOVE}V{floor}H{right}\" fill=\"none\" stroke=\"#444444\"/>"
    );
    if let Some(line) = evidence.line {
        let at = y(line);
        let _ = writeln!(
            text,
            "<path d=\"M{LEFT} {at:.1}H{right}\" stroke=\"{}\" stroke-dasharray=\"6 4\"/>\n\
             <text x=\"{right}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"{0}\">fails</text>",
            Mark::Bad.colour(),
            at - 6.0
        );
    }
    if !evidence.points.is_empty() {
        let points = evidence.points.iter();
        let points: Vec<_> = points
            .map(|(at, evidence)| format!("{:.1},{:.1}", x(*at), y(*evidence)))
            .collect();
        let _ = writeln!(
            text,
            "<polyline points=\"{LEFT:.1},{floor:.1} {}\" fill=\"none\" stroke=\"#1f4e8c\" stroke-width=\"2\"/>",
            points.join(" ")
        );
    }
    for (at, mark) in marks {
        let mut points = evidence.points.iter();
        let evidence = points.find(|(moment, _)| moment == at).map(|(_, of)| *of);
        let _ = writeln!(
            text,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\" fill=\"{}\"/>",
            x(*at),
            y(evidence.unwrap_or(0.0)),
            mark.colour()
        );
    }
    let below = HEIGHT - BELOW + 20.0;
    let _ = writeln!(
        text,
        "<text x=\"{LEFT}\" y=\"{below}\">0:00</text>\n\
         <text x=\"{right}\" y=\"{below}\" text-anchor=\"end\">{}</text>\n</svg>",
        clock(evidence.end)
    );
    text
}

/// Text of others in a picture.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            char if char.is_control() => escaped.extend(char.escape_default()),
            char => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_line_the_points_and_no_orders_of_others() {
        let seconds = Duration::from_secs;
        let evidence = Evidence {
            points: vec![(seconds(30), 1.0), (seconds(60), 6.0)],
            line: Some(100.0_f64.ln()),
            end: seconds(60),
        };
        let marks = [(seconds(30), Mark::Quiet), (seconds(60), Mark::Bad)];
        let text = drawn("errors <script>&\"\u{1b}", &evidence, &marks);
        for said in [
            "errors &lt;script&gt;&amp;&quot;\\u{1b}",
            ">1 : 100<",
            ">1 : 400<",
            ">1:00<",
            "fails</text>",
            "736.0,44.0\"",
        ] {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert!(
            !text.contains(['\u{1b}']) && !text.contains("NaN"),
            "{text}"
        );
        assert_eq!(text.matches("<circle").count(), 2);
    }
}
