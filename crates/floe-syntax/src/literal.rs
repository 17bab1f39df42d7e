//! Values written in a query. Texts whose meaning depends on the session (a timestamp without zone) are not literals
//! yet: see `ExpressionKind::TypedLiteral`.

use crate::data_type::{DataType, DayTimeField, YearMonthField};

#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// NULL of a type; `DataType::Null` when untyped.
    Null(DataType),
    Boolean(bool),
    Byte(i8),
    Short(i16),
    Int(i32),
    Long(i64),
    Float(f32),
    Double(f64),
    Decimal {
        unscaled: i128,
        precision: u8,
        scale: i8,
    },
    String(String),
    Binary(Vec<u8>),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
    /// Microseconds since 1970-01-01T00:00:00 on the wall.
    TimestampNtz(i64),
    YearMonthInterval {
        months: i32,
        from: YearMonthField,
        to: YearMonthField,
    },
    DayTimeInterval {
        micros: i64,
        from: DayTimeField,
        to: DayTimeField,
    },
    CalendarInterval {
        months: i32,
        days: i32,
        micros: i64,
    },
    Array {
        element: DataType,
        values: Vec<Literal>,
    },
    Map {
        key: DataType,
        value: DataType,
        entries: Vec<(Literal, Literal)>,
    },
    Struct {
        data_type: DataType,
        values: Vec<Literal>,
    },
}
