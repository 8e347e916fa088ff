//! Judges whose parameters must fit together: what is read is checked before it is one.

/// Reads a judge from the fields that it has, each as its attributes say; it is one only if its `check` finds nothing.
///
/// The fields that are read are a type of their own, which nobody else can name: so no judge is read unchecked.
macro_rules! checked {
    (
        $(#[$container:meta])*
        $judge:ident from $fields:ident { $($(#[$attribute:meta])* $field:ident: $kind:ty,)* }
    ) => {
        $(#[$container])*
        struct $fields {
            $($(#[$attribute])* $field: $kind,)*
        }

        impl TryFrom<$fields> for $judge {
            type Error = String;

            fn try_from(fields: $fields) -> Result<Self, String> {
                let $fields { $($field),* } = fields;
                let judge = Self { $($field),* };
                judge.check()?;
                Ok(judge)
            }
        }

        impl From<$judge> for $fields {
            fn from(judge: $judge) -> Self {
                let $judge { $($field),* } = judge;
                Self { $($field),* }
            }
        }
    };
}
pub(super) use checked;
