//! A state in words, line by line: each by the way to it.

/// Calls `visit` with each line and the ways to everything that it stands in, itself last.
pub(super) fn each_line(text: &str, mut visit: impl FnMut(&[(usize, String)], &str)) {
    let mut stack: Vec<(usize, String)> = Vec::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let line = line.trim();
        while stack.last().is_some_and(|(at, _)| *at >= indent) {
            stack.pop();
        }
        let name = line.split([':', '(', ' ', '{']).next().unwrap_or_default();
        let above = stack.last().map_or("", |(_, path)| path.as_str());
        let path = format!("{above}/{name}");
        stack.push((indent, path));
        visit(&stack, line);
    }
}
