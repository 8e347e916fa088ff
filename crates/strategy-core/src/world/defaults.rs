//! What a file need not say: fields that have their default are left out.

/// For every field a function that says whether it has its default, for `skip_serializing_if`.
macro_rules! defaults {
    ($(#[$meta:meta])* $module:ident of $owner:ident { $($field:ident: $kind:ty),* $(,)? }) => {
        $(#[$meta])*
        mod $module {
            use super::*;

            $(
                pub(super) fn $field(value: &$kind) -> bool {
                    *value == $owner::default().$field
                }
            )*
        }
    };
}

pub(crate) use defaults;
