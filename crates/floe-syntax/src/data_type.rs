//! Spark's data types as they are written and shown, and their Arrow form inside the engine.
//!
//! Inside, a type is Arrow's: a timestamp with local time zone is always `Timestamp(µs, "UTC")` (the session's zone is
//! applied at the edge), strings are `Utf8`, the child of a list is named `element`. What Arrow cannot say (the length
//! of a `char`, the fields of an interval) travels in field metadata, under Spark's own key where it has one.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow_schema as arrow;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DataType {
    Null,
    Boolean,
    Byte,
    Short,
    Int,
    Long,
    Float,
    Double,
    Decimal {
        precision: u8,
        scale: i8,
    },
    String,
    Char(u32),
    Varchar(u32),
    Binary,
    Date,
    Timestamp,
    TimestampNtz,
    /// Time of day with the given precision in digits of a second.
    Time(u8),
    YearMonthInterval(YearMonthField, YearMonthField),
    DayTimeInterval(DayTimeField, DayTimeField),
    CalendarInterval,
    Array {
        element: Box<DataType>,
        nullable: bool,
    },
    Map {
        key: Box<DataType>,
        value: Box<DataType>,
        nullable: bool,
    },
    Struct(Vec<Field>),
    Variant,
}

/// A named column or member of a struct.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    pub name: String,
    pub data_type: DataType,
    pub nullable: bool,
    pub comment: Option<String>,
    /// Further metadata as clients send it: a JSON object's text.
    pub metadata: Option<String>,
}

impl Field {
    pub fn new(name: impl Into<String>, data_type: DataType, nullable: bool) -> Self {
        Self { name: name.into(), data_type, nullable, comment: None, metadata: None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum YearMonthField {
    Year,
    Month,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DayTimeField {
    Day,
    Hour,
    Minute,
    Second,
}

impl YearMonthField {
    pub fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
        }
    }
}

impl DayTimeField {
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Minute => "minute",
            Self::Second => "second",
        }
    }
}

/// Key of the field metadata under which Spark itself keeps `char(n)` and `varchar(n)`.
pub const CHAR_VARCHAR_KEY: &str = "__CHAR_VARCHAR_TYPE_STRING";
/// Key of the field metadata under which we keep an interval's fields, as `day to second`.
pub const INTERVAL_KEY: &str = "floe.interval";
/// Key of the field metadata that marks the struct of a variant, as Spark's Arrow encoding does.
pub const VARIANT_KEY: &str = "variant";

/// The zone every timestamp with local time zone carries inside the engine.
pub const ZONE: &str = "UTC";

impl DataType {
    /// The type inside the engine.
    pub fn to_arrow(&self) -> arrow::DataType {
        use arrow::{DataType as A, IntervalUnit, TimeUnit};
        match self {
            Self::Null => A::Null,
            Self::Boolean => A::Boolean,
            Self::Byte => A::Int8,
            Self::Short => A::Int16,
            Self::Int => A::Int32,
            Self::Long => A::Int64,
            Self::Float => A::Float32,
            Self::Double => A::Float64,
            Self::Decimal { precision, scale } => A::Decimal128(*precision, *scale),
            Self::String | Self::Char(_) | Self::Varchar(_) => A::Utf8,
            Self::Binary => A::Binary,
            Self::Date => A::Date32,
            Self::Timestamp => A::Timestamp(TimeUnit::Microsecond, Some(ZONE.into())),
            Self::TimestampNtz => A::Timestamp(TimeUnit::Microsecond, None),
            Self::Time(_) => A::Time64(TimeUnit::Nanosecond),
            Self::YearMonthInterval(..) => A::Interval(IntervalUnit::YearMonth),
            Self::DayTimeInterval(..) => A::Duration(TimeUnit::Microsecond),
            Self::CalendarInterval => A::Interval(IntervalUnit::MonthDayNano),
            Self::Array { element, nullable } => A::List(Arc::new(element.to_field("element", *nullable))),
            Self::Map { key, value, nullable } => {
                map_of(key.to_field("key", false), value.to_field("value", *nullable))
            }
            Self::Struct(fields) => A::Struct(fields.iter().map(Field::to_arrow).collect()),
            Self::Variant => A::Struct(
                vec![arrow::Field::new("value", A::Binary, false), arrow::Field::new("metadata", A::Binary, false)]
                    .into(),
            ),
        }
    }

    /// A field of this type, with what Arrow's type cannot say in its metadata.
    pub fn to_field(&self, name: &str, nullable: bool) -> arrow::Field {
        let field = arrow::Field::new(name, self.to_arrow(), nullable);
        let (key, value) = match self {
            Self::Char(n) => (CHAR_VARCHAR_KEY, format!("char({n})")),
            Self::Varchar(n) => (CHAR_VARCHAR_KEY, format!("varchar({n})")),
            Self::YearMonthInterval(from, to) => (INTERVAL_KEY, range(from.name(), to.name())),
            Self::DayTimeInterval(from, to) => (INTERVAL_KEY, range(from.name(), to.name())),
            Self::Variant => (VARIANT_KEY, "true".into()),
            _ => return field,
        };
        field.with_metadata(HashMap::from([(key.into(), value)]))
    }

    /// The Spark type of a field inside the engine. Arrow types that the engine never produces come out as the
    /// nearest Spark type.
    pub fn from_field(field: &arrow::Field) -> Self {
        if let Some(written) = field.metadata().get(CHAR_VARCHAR_KEY)
            && let Some(found) = char_varchar(written)
        {
            return found;
        }
        if let Some(fields) = field.metadata().get(INTERVAL_KEY)
            && let Some(found) = interval(fields)
        {
            return found;
        }
        if field.metadata().contains_key(VARIANT_KEY) {
            return Self::Variant;
        }
        Self::from_arrow(field.data_type())
    }

    /// The Spark type of an Arrow type.
    pub fn from_arrow(data_type: &arrow::DataType) -> Self {
        use arrow::{DataType as A, IntervalUnit};
        match data_type {
            A::Null => Self::Null,
            A::Boolean => Self::Boolean,
            A::Int8 => Self::Byte,
            A::Int16 | A::UInt8 => Self::Short,
            A::Int32 | A::UInt16 => Self::Int,
            A::Int64 | A::UInt32 => Self::Long,
            A::UInt64 => Self::Decimal { precision: 20, scale: 0 },
            A::Float16 | A::Float32 => Self::Float,
            A::Float64 => Self::Double,
            A::Decimal32(precision, scale)
            | A::Decimal64(precision, scale)
            | A::Decimal128(precision, scale)
            | A::Decimal256(precision, scale) => Self::Decimal { precision: *precision, scale: *scale },
            A::Utf8 | A::LargeUtf8 | A::Utf8View => Self::String,
            A::Binary | A::LargeBinary | A::BinaryView | A::FixedSizeBinary(_) => Self::Binary,
            A::Date32 | A::Date64 => Self::Date,
            A::Timestamp(_, Some(_)) => Self::Timestamp,
            A::Timestamp(_, None) => Self::TimestampNtz,
            A::Time32(_) | A::Time64(_) => Self::Time(6),
            A::Interval(IntervalUnit::YearMonth) => {
                Self::YearMonthInterval(YearMonthField::Year, YearMonthField::Month)
            }
            A::Duration(_) | A::Interval(IntervalUnit::DayTime) => {
                Self::DayTimeInterval(DayTimeField::Day, DayTimeField::Second)
            }
            A::Interval(IntervalUnit::MonthDayNano) => Self::CalendarInterval,
            A::List(element)
            | A::LargeList(element)
            | A::ListView(element)
            | A::LargeListView(element)
            | A::FixedSizeList(element, _) => {
                Self::Array { element: Box::new(Self::from_field(element)), nullable: element.is_nullable() }
            }
            A::Map(entries, _) => match entries.data_type() {
                A::Struct(fields) if fields.len() == 2 => Self::Map {
                    key: Box::new(Self::from_field(&fields[0])),
                    value: Box::new(Self::from_field(&fields[1])),
                    nullable: fields[1].is_nullable(),
                },
                _ => Self::Null,
            },
            A::Struct(fields) => Self::Struct(fields.iter().map(|field| Field::from_arrow(field)).collect()),
            A::Dictionary(_, values) => Self::from_arrow(values),
            A::RunEndEncoded(_, values) => Self::from_arrow(values.data_type()),
            A::Union(..) => Self::Null,
        }
    }

    /// Spark's `simpleString`: `int`, `decimal(10,2)`, `array<string>`, `struct<a:int>`.
    pub fn simple(&self) -> String {
        self.to_string()
    }

    /// The name in SQL: upper case, struct members as `a: INT`.
    pub fn sql(&self) -> String {
        match self {
            Self::Array { element, .. } => format!("ARRAY<{}>", element.sql()),
            Self::Map { key, value, .. } => format!("MAP<{}, {}>", key.sql(), value.sql()),
            Self::Struct(fields) => {
                let member = |field: &Field| {
                    let null = if field.nullable { "" } else { " NOT NULL" };
                    format!("{}: {}{null}", identifier(&field.name), field.data_type.sql())
                };
                format!("STRUCT<{}>", fields.iter().map(member).collect::<Vec<_>>().join(", "))
            }
            other => other.to_string().to_uppercase(),
        }
    }
}

/// A name as SQL needs it: bare where that is safe, in back-ticks where not.
pub fn identifier(name: &str) -> String {
    let bare = !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if bare { name.into() } else { format!("`{}`", name.replace('`', "``")) }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("void"),
            Self::Boolean => f.write_str("boolean"),
            Self::Byte => f.write_str("tinyint"),
            Self::Short => f.write_str("smallint"),
            Self::Int => f.write_str("int"),
            Self::Long => f.write_str("bigint"),
            Self::Float => f.write_str("float"),
            Self::Double => f.write_str("double"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::String => f.write_str("string"),
            Self::Char(n) => write!(f, "char({n})"),
            Self::Varchar(n) => write!(f, "varchar({n})"),
            Self::Binary => f.write_str("binary"),
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::TimestampNtz => f.write_str("timestamp_ntz"),
            Self::Time(precision) => write!(f, "time({precision})"),
            Self::YearMonthInterval(from, to) => write!(f, "interval {}", range(from.name(), to.name())),
            Self::DayTimeInterval(from, to) => write!(f, "interval {}", range(from.name(), to.name())),
            Self::CalendarInterval => f.write_str("interval"),
            Self::Array { element, .. } => write!(f, "array<{element}>"),
            Self::Map { key, value, .. } => write!(f, "map<{key},{value}>"),
            Self::Struct(fields) => {
                f.write_str("struct<")?;
                for (index, field) in fields.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(f, "{comma}{}:{}", field.name, field.data_type)?;
                }
                f.write_str(">")
            }
            Self::Variant => f.write_str("variant"),
        }
    }
}

impl Field {
    pub fn to_arrow(&self) -> arrow::Field {
        let mut field = self.data_type.to_field(&self.name, self.nullable);
        let mut metadata = field.metadata().clone();
        if let Some(comment) = &self.comment {
            metadata.insert("comment".into(), comment.clone());
        }
        if let Some(json) = &self.metadata {
            metadata.insert("spark.metadata".into(), json.clone());
        }
        field.set_metadata(metadata);
        field
    }

    pub fn from_arrow(field: &arrow::Field) -> Self {
        Self {
            name: field.name().clone(),
            data_type: DataType::from_field(field),
            nullable: field.is_nullable(),
            comment: field.metadata().get("comment").cloned(),
            metadata: field.metadata().get("spark.metadata").cloned(),
        }
    }
}

/// The Arrow map of two fields, in the layout Spark's clients expect.
pub fn map_of(key: arrow::Field, value: arrow::Field) -> arrow::DataType {
    let entries = arrow::DataType::Struct(vec![key, value].into());
    arrow::DataType::Map(Arc::new(arrow::Field::new("entries", entries, false)), false)
}

fn range(from: &str, to: &str) -> String {
    if from == to { from.into() } else { format!("{from} to {to}") }
}

fn char_varchar(written: &str) -> Option<DataType> {
    let (name, rest) = written.split_once('(')?;
    let length = rest.strip_suffix(')')?.trim().parse().ok()?;
    match name {
        "char" => Some(DataType::Char(length)),
        "varchar" => Some(DataType::Varchar(length)),
        _ => None,
    }
}

fn interval(fields: &str) -> Option<DataType> {
    let (from, to) = fields.split_once(" to ").unwrap_or((fields, fields));
    let year_month = |name: &str| match name {
        "year" => Some(YearMonthField::Year),
        "month" => Some(YearMonthField::Month),
        _ => None,
    };
    let day_time = |name: &str| match name {
        "day" => Some(DayTimeField::Day),
        "hour" => Some(DayTimeField::Hour),
        "minute" => Some(DayTimeField::Minute),
        "second" => Some(DayTimeField::Second),
        _ => None,
    };
    match (year_month(from), year_month(to)) {
        (Some(from), Some(to)) => Some(DataType::YearMonthInterval(from, to)),
        _ => Some(DataType::DayTimeInterval(day_time(from)?, day_time(to)?)),
    }
}
