"""The one text form of schemas, values and errors that all recorded answers are written in.

Here: `schema_line`, `row_lines` and `error_line`, from a PySpark schema, an Arrow table and an exception. Not here:
who asks (`slt/`, `differential/`, `connect/`). The rules stand in README.md; any other reader or writer of recorded
answers must follow them to the letter, so change both or neither.
"""

import json
import math
import re

import numpy
import pyarrow

BARE = re.compile(r"[!#-+\--Z^-z~](?:[ !#-+\--Z^-z~]*[!#-+\--Z^-z~])?")
MICROS_PER_DAY = 86_400_000_000


def text(value: str) -> str:
    """Return a string bare when nothing in it could mislead, else as ASCII JSON."""
    return value if BARE.fullmatch(value) and value != "NULL" else json.dumps(value)


# ---- values -------------------------------------------------------------------------------------------------------

def floating(value: float, single: bool) -> str:
    """Return the shortest digits that read back the same in the value's own width."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if not single:
        return repr(float(value))
    digits = numpy.format_float_scientific(numpy.float32(value), unique=True, trim="-")
    mantissa, exponent = digits.split("e")
    return placed(mantissa, int(exponent))


def placed(mantissa: str, exponent: int) -> str:
    """Return `d.ddd`×10^exponent as repr() writes it: positional for exponents -4 to 15, else with `e`."""
    sign, mantissa = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    if not -4 <= exponent < 16:
        return f"{sign}{mantissa}e{exponent:+03d}"
    digits = mantissa.replace(".", "")
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    return f"{sign}{whole}.{digits[exponent + 1:] or '0'}"


def date(days: int) -> str:
    """Return days since 1970-01-01 as an ISO date of the proleptic Gregorian calendar, any year."""
    shifted = days + 719_468
    era, day_of_era = divmod(shifted, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month_shifted + 2) // 5 + 1
    month = month_shifted + 3 if month_shifted < 10 else month_shifted - 9
    year = year_of_era + era * 400 + (month <= 2)
    shown = f"{year:04d}" if 0 <= year <= 9999 else f"+{year}" if year > 0 else f"-{-year:04d}"
    return f"{shown}-{month:02d}-{day:02d}"


def clock(micros: int) -> str:
    """Return a time of day, the fraction without trailing zeros."""
    seconds, fraction = divmod(micros, 1_000_000)
    shown = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{shown}.{fraction:06d}".rstrip("0") if fraction else shown


def timestamp(micros: int) -> str:
    """Return microseconds since the epoch as ISO date and time."""
    days, rest = divmod(micros, MICROS_PER_DAY)
    return f"{date(days)}T{clock(rest)}"


def duration(micros: int) -> str:
    """Return a day-time interval: sign, days, time of day."""
    days, rest = divmod(abs(micros), MICROS_PER_DAY)
    return f"{'-' if micros < 0 else ''}{days} {clock(rest)}"


def months(count: int) -> str:
    """Return a year-month interval: sign, years, months."""
    return f"{'-' if count < 0 else ''}{abs(count) // 12}-{abs(count) % 12}"


def value(array: pyarrow.Array, index: int) -> str:
    """Return one value of an Arrow array as text."""
    scalar = array[index]
    if not scalar.is_valid:
        return "NULL"
    kind = array.type
    kinds = pyarrow.types
    if kinds.is_string(kind) or kinds.is_large_string(kind):
        return text(scalar.as_py())
    if kinds.is_boolean(kind):
        return "true" if scalar.as_py() else "false"
    if kinds.is_integer(kind):
        return str(scalar.as_py())
    if kinds.is_floating(kind):
        return floating(scalar.as_py(), kinds.is_float32(kind))
    if kinds.is_decimal(kind):
        return format(scalar.as_py(), "f")
    if kinds.is_binary(kind) or kinds.is_large_binary(kind):
        return f"X'{scalar.as_py().hex().upper()}'"
    if kinds.is_date32(kind):
        return date(scalar.value)
    if kinds.is_timestamp(kind):
        return timestamp(scalar.value) + ("Z" if kind.tz else "")
    if kinds.is_duration(kind):
        return duration(scalar.value)
    if kinds.is_time64(kind):
        return clock(scalar.value // 1000 if kind.unit == "ns" else scalar.value)
    if kinds.is_map(kind):
        entries = scalar.values
        keys, items = entries.field(0), entries.field(1)
        return "{" + ", ".join(f"{value(keys, at)}: {value(items, at)}" for at in range(len(entries))) + "}"
    if kinds.is_list(kind) or kinds.is_large_list(kind):
        return "[" + ", ".join(value(scalar.values, at) for at in range(len(scalar.values))) + "]"
    if kinds.is_struct(kind):
        names = [text(kind.field(at).name) for at in range(kind.num_fields)]
        return "{" + ", ".join(f"{name}: {value(array.field(at), index)}" for at, name in enumerate(names)) + "}"
    if kinds.is_null(kind):
        return "NULL"
    return f"?{kind}"


def row_lines(table: pyarrow.Table) -> list[str]:
    """Return one line per row, columns parted by ` | `; none without columns, for Arrow's tables do not count such rows."""
    lines = []
    for batch in table.to_batches():
        columns = [[value(column, at) for at in range(batch.num_rows)] for column in batch.columns]
        lines += [" | ".join(row) for row in zip(*columns)]
    return lines


# ---- schemas ------------------------------------------------------------------------------------------------------

def type_name(kind) -> str:
    """Return the DDL name of a PySpark type in upper case, with NOT NULL wherever null is excluded."""
    match type(kind).__name__:
        case "ArrayType":
            return f"ARRAY<{nullable(type_name(kind.elementType), kind.containsNull)}>"
        case "MapType":
            return f"MAP<{type_name(kind.keyType)}, {nullable(type_name(kind.valueType), kind.valueContainsNull)}>"
        case "StructType":
            inner = (f"{text(field.name)}: {nullable(type_name(field.dataType), field.nullable)}" for field in kind.fields)
            return f"STRUCT<{', '.join(inner)}>"
        case "NullType":
            return "VOID"
        case _:
            return kind.simpleString().upper()


def nullable(name: str, null_allowed: bool) -> str:
    """Return the type's name with its nullability."""
    return name if null_allowed else f"{name} NOT NULL"


def schema_line(schema) -> str:
    """Return `schema: name TYPE [NOT NULL], …` of a PySpark StructType."""
    fields = (f"{text(field.name)} {nullable(type_name(field.dataType), field.nullable)}" for field in schema.fields)
    return "schema: " + ", ".join(fields)


# ---- answers of a PySpark frame -----------------------------------------------------------------------------------

AS_STRING = ("YearMonthIntervalType", "CalendarIntervalType", "VariantType")
YEAR_MONTH = re.compile(r"INTERVAL '(-?\d+(?:-\d+)?)' (YEAR TO MONTH|YEAR|MONTH)")


def answer(frame) -> list[str]:
    """Return the schema line and row lines of a PySpark frame; runs it.

    Arrow clients cannot take year-month and calendar intervals or variants: such columns are asked for as strings.
    A year-month interval is then written by the rule of `months`; the other two stay as Spark's string. `toArrow` is
    not used: it casts the rows to the schema once more, which pyarrow refuses for VOID that cannot be null (`array()`).
    """
    try:
        table, schema, *_ = frame._to_table()
        names = [type(field.dataType).__name__ for field in schema.fields]
    except (KeyError, NotImplementedError, pyarrow.ArrowException):
        table, schema, names = None, frame.schema, [type(field.dataType).__name__ for field in frame.schema.fields]
    if any(name in AS_STRING for name in names):
        renamed = frame.toDF(*[f"c{at}" for at in range(len(names))])
        columns = [renamed[f"c{at}"].cast("string") if name in AS_STRING else renamed[f"c{at}"] for at, name in enumerate(names)]
        table, *_ = renamed.select(*columns)._to_table()
    lines = row_lines(table)
    if "YearMonthIntervalType" in names:
        lines = [YEAR_MONTH.sub(lambda found: months(total_months(*found.groups())), line) for line in lines]
    return [schema_line(schema), *lines]


def total_months(shown: str, unit: str) -> int:
    """Return the months that the text inside a year-month interval literal stands for."""
    if unit == "MONTH":
        return int(shown)
    sign = -1 if shown.startswith("-") else 1
    years, _, rest = shown.lstrip("-").partition("-")
    return sign * (int(years) * 12 + int(rest or 0))


# ---- errors -------------------------------------------------------------------------------------------------------

def error_line(error: Exception) -> str:
    """Return `error: CONDITION SQLSTATE`, or the exception's class where the server named no condition."""
    condition = call(error, "getCondition" if hasattr(error, "getCondition") else "getErrorClass") or type(error).__name__
    state = call(error, "getSqlState")
    return f"error: {condition} {state}" if state else f"error: {condition}"


def call(error: Exception, name: str):
    """Return what a getter says; older clients and plain exceptions lack some of them."""
    getter = getattr(error, name, None)
    return getter() if getter else None
