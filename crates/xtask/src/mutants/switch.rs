//! Writes mutants into a source text, each behind a switch.
//!
//! `a < b` becomes `(if !in_range { a < b } else if is(7) { a == b } else { a > b })`: what was there
//! comes first, so that its type is the one that is asked of the others. A function that is replaced
//! returns at its beginning. A constant function cannot ask for a switch and so is made an ordinary
//! one, unless the value of a constant needs it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::list::{Kind, Mutant};

/// A text with switches.
#[derive(Debug)]
pub(super) struct Switched {
    pub(super) text: String,
    /// Where in the text there is code that only a mutant has.
    pub(super) added: Vec<(Range<usize>, usize)>,
    /// Mutants that have a switch.
    pub(super) carried: BTreeSet<usize>,
    /// Mutants that are no Rust: `||` beside a `let`.
    pub(super) no_rust: BTreeSet<usize>,
}

/// What the crate needs once, for the switches to work.
pub(super) const MODULE: &str = "
/// Which mutant is turned on.
#[doc(hidden)]
#[allow(missing_docs, unreachable_pub, clippy::all)]
pub mod mutants {
    static ON: std::sync::LazyLock<u32> = std::sync::LazyLock::new(|| {
        let number = std::env::var(\"MUTANT\").ok();
        number.and_then(|number| number.parse().ok()).unwrap_or(u32::MAX)
    });

    pub fn is(number: u32) -> bool {
        *ON == number
    }

    pub fn is_none_of(numbers: &[u32]) -> bool {
        !numbers.contains(&*ON)
    }
}
";

/// The text with `mutants` behind switches; functions whose names are in `constant` stay constant, and
/// mutants in them are left out.
pub(super) fn switched(
    text: &str,
    mutants: &[&Mutant],
    constant: &BTreeSet<String>,
) -> syn::Result<Switched> {
    let file = syn::parse_file(text)?;
    let mut at: BTreeMap<(Kind, usize), Vec<&Mutant>> = BTreeMap::new();
    for mutant in mutants {
        let offset = mutant.span.start.offset(text);
        at.entry((mutant.kind, offset)).or_default().push(mutant);
    }
    let mut visitor = Visitor {
        text,
        at,
        constant,
        is_constant: false,
        insertions: Vec::new(),
        blanks: Vec::new(),
        no_rust: BTreeSet::new(),
    };
    visitor.visit_file(&file);
    let switched = assemble(text, visitor.insertions, visitor.blanks);
    Ok(Switched {
        no_rust: visitor.no_rust,
        ..switched
    })
}

/// A piece of text to be put in.
#[derive(Debug)]
enum Piece {
    Plain(String),
    Mutant(String, usize),
}

#[derive(Debug)]
struct Insertion {
    at: usize,
    closes: bool,
    /// Of what is opened or closed at one place, the broader is outside.
    breadth: usize,
    pieces: Vec<Piece>,
}

fn assemble(text: &str, mut insertions: Vec<Insertion>, blanks: Vec<Range<usize>>) -> Switched {
    let mut source = text.to_owned();
    for blank in blanks {
        source.replace_range(blank.clone(), &" ".repeat(blank.len()));
    }
    insertions.sort_by_key(|insertion| {
        let breadth = match insertion.closes {
            true => insertion.breadth,
            false => usize::MAX - insertion.breadth,
        };
        (insertion.at, !insertion.closes, breadth)
    });
    let mut switched = Switched {
        text: String::new(),
        added: Vec::new(),
        carried: BTreeSet::new(),
        no_rust: BTreeSet::new(),
    };
    let mut done = 0;
    for insertion in insertions {
        switched.text += &source[done..insertion.at];
        done = insertion.at;
        for piece in insertion.pieces {
            match piece {
                Piece::Plain(piece) => switched.text += &piece,
                Piece::Mutant(piece, number) => {
                    let begin = switched.text.len();
                    switched.text += &piece;
                    switched.added.push((begin..switched.text.len(), number));
                    switched.carried.insert(number);
                }
            }
        }
    }
    switched.text += &source[done..];
    switched
}

struct Visitor<'a> {
    text: &'a str,
    at: BTreeMap<(Kind, usize), Vec<&'a Mutant>>,
    constant: &'a BTreeSet<String>,
    is_constant: bool,
    insertions: Vec<Insertion>,
    blanks: Vec<Range<usize>>,
    no_rust: BTreeSet<usize>,
}

impl<'a> Visitor<'a> {
    /// The mutants of this kind that begin there.
    fn mutants(&mut self, kind: Kind, at: usize) -> Vec<&'a Mutant> {
        if self.is_constant {
            return Vec::new();
        }
        self.at.remove(&(kind, at)).unwrap_or_default()
    }

    fn open(&mut self, range: &Range<usize>, breadth: usize, pieces: Vec<Piece>) {
        self.insertions.push(Insertion {
            at: range.start,
            closes: false,
            breadth,
            pieces,
        });
    }

    fn close(&mut self, range: &Range<usize>, breadth: usize, pieces: Vec<Piece>) {
        self.insertions.push(Insertion {
            at: range.end,
            closes: true,
            breadth,
            pieces,
        });
    }

    /// An expression that is another one under a switch.
    fn expression(&mut self, range: &Range<usize>, others: Vec<(usize, String)>) {
        if others.is_empty() {
            return;
        }
        let numbers: Vec<String> = others
            .iter()
            .map(|(number, _)| number.to_string())
            .collect();
        let numbers = numbers.join(", ");
        let mut pieces = vec![Piece::Plain("}".to_owned())];
        let last = others.len() - 1;
        for (index, (number, text)) in others.into_iter().enumerate() {
            pieces.push(Piece::Plain(match index {
                index if index == last => " else {".to_owned(),
                _ => format!(" else if crate::mutants::is({number}) {{"),
            }));
            pieces.push(Piece::Mutant(text, number));
            pieces.push(Piece::Plain("}".to_owned()));
        }
        pieces.push(Piece::Plain(")".to_owned()));
        let begin = format!("(if crate::mutants::is_none_of(&[{numbers}]) {{");
        self.open(range, range.len(), vec![Piece::Plain(begin)]);
        self.close(range, range.len(), pieces);
    }

    /// A function: its body, and whether it stays constant.
    fn function(&mut self, signature: &syn::Signature, block: &syn::Block) -> bool {
        let was_constant = self.is_constant;
        if let Some(token) = &signature.constness {
            if self.constant.contains(&signature.ident.to_string()) {
                self.is_constant = true;
            } else {
                self.blanks.push(bytes(token.span));
            }
        }
        if let Some(first) = block.stmts.first() {
            let begin = bytes(first.span()).start;
            let mut pieces = Vec::new();
            for mutant in self.mutants(Kind::FnValue, begin) {
                // A second `return` would have to be of the same hidden type.
                if mutant.returns.contains("impl ") {
                    continue;
                }
                let number = mutant.number;
                pieces.push(Piece::Plain(format!("if crate::mutants::is({number}) {{ ")));
                let text = format!("return {};", mutant.replacement);
                pieces.push(Piece::Mutant(text, number));
                pieces.push(Piece::Plain(" } ".to_owned()));
            }
            self.open(&(begin..begin), usize::MAX, pieces);
        }
        was_constant
    }
}

impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        let before = self.function(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
        self.is_constant = before;
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        let before = self.function(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
        self.is_constant = before;
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            let before = self.function(&item.sig, block);
            visit::visit_trait_item_fn(self, item);
            self.is_constant = before;
        }
    }

    fn visit_expr_binary(&mut self, expression: &'ast syn::ExprBinary) {
        let (whole, operator) = (bytes(expression.span()), bytes(expression.op.span()));
        let mutants = self.mutants(Kind::BinaryOperator, operator.start);
        if has_let(&expression.left) || has_let(&expression.right) {
            let numbers = mutants.iter().map(|mutant| mutant.number);
            self.no_rust.extend(numbers);
        } else {
            let (left, right) = (
                &self.text[whole.start..operator.start],
                &self.text[operator.end..whole.end],
            );
            let other = |mutant: &&Mutant| {
                let text = format!("{left}{}{right}", mutant.replacement);
                (mutant.number, text)
            };
            let others = mutants.iter().map(other).collect();
            self.expression(&whole, others);
        }
        visit::visit_expr_binary(self, expression);
    }

    fn visit_expr_unary(&mut self, expression: &'ast syn::ExprUnary) {
        let (whole, operator) = (bytes(expression.span()), bytes(expression.op.span()));
        let operand = self.text[operator.end..whole.end].to_owned();
        let mutants = self.mutants(Kind::UnaryOperator, operator.start);
        let others = mutants
            .iter()
            .map(|mutant| (mutant.number, format!("{}{operand}", mutant.replacement)))
            .collect();
        self.expression(&whole, others);
        visit::visit_expr_unary(self, expression);
    }

    fn visit_expr_struct(&mut self, expression: &'ast syn::ExprStruct) {
        let whole = bytes(expression.span());
        let mut others = Vec::new();
        for field in expression.fields.pairs() {
            let mut range = bytes(field.value().span());
            if let Some(comma) = field.punct() {
                range.end = bytes(comma.span).end;
            }
            for mutant in self.mutants(Kind::StructField, range.start) {
                let (before, after) = (
                    &self.text[whole.start..range.start],
                    &self.text[range.end..whole.end],
                );
                others.push((mutant.number, format!("{before}{after}")));
            }
        }
        self.expression(&whole, others);
        visit::visit_expr_struct(self, expression);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        let pattern = bytes(arm.pat.span());
        for mutant in self.mutants(Kind::MatchArm, bytes(arm.span()).start) {
            let on = format!("!crate::mutants::is({})", mutant.number);
            match &arm.guard {
                Some((_, guard)) => {
                    let guard = bytes(guard.span());
                    let begin = Piece::Mutant(format!("{on} && ("), mutant.number);
                    self.open(&guard, usize::MAX, vec![begin]);
                    let end = Piece::Plain(")".to_owned());
                    self.close(&guard, usize::MAX, vec![end]);
                }
                None => {
                    let guard = Piece::Mutant(format!(" if {on}"), mutant.number);
                    self.close(&pattern, usize::MAX, vec![guard]);
                }
            }
        }
        if let Some((_, guard)) = &arm.guard {
            let range = bytes(guard.span());
            for mutant in self.mutants(Kind::MatchArmGuard, range.start) {
                let number = mutant.number;
                let begin = match mutant.replacement.as_str() {
                    "true" => format!("crate::mutants::is({number}) || ("),
                    _ => format!("!crate::mutants::is({number}) && ("),
                };
                let breadth = usize::MAX - 1;
                self.open(&range, breadth, vec![Piece::Mutant(begin, number)]);
                self.close(&range, breadth, vec![Piece::Plain(")".to_owned())]);
            }
        }
        visit::visit_arm(self, arm);
    }

    // Where values are computed by the compiler there are no switches.

    fn visit_item_const(&mut self, _item: &'ast syn::ItemConst) {}

    fn visit_impl_item_const(&mut self, _item: &'ast syn::ImplItemConst) {}

    fn visit_item_static(&mut self, _item: &'ast syn::ItemStatic) {}

    fn visit_type_array(&mut self, _array: &'ast syn::TypeArray) {}

    fn visit_expr_const(&mut self, _block: &'ast syn::ExprConst) {}
}

fn has_let(expression: &syn::Expr) -> bool {
    if let syn::Expr::Binary(binary) = expression {
        return has_let(&binary.left) || has_let(&binary.right);
    }
    matches!(expression, syn::Expr::Let(_))
}

fn bytes(span: Span) -> Range<usize> {
    span.byte_range()
}

#[cfg(test)]
mod tests;
