//! The files of one write: which is open, what its name is, how rows become bytes.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Schema;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, GzipLevel, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use floe_base::{Error, Kind, Result};

use super::{cannot, file_schema};

/// The folder of rows whose partition value is NULL or empty text (Hive's word for it).
const NO_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

/// What the files are.
pub(super) enum Format {
    Parquet {
        compression: Compression,
        /// Stands in the file's name: `snappy.parquet`.
        suffix: String,
    },
    /// Lines of text, under a header if there is one.
    Lines { function: &'static str, suffix: &'static str, header: Option<String> },
}

impl Format {
    /// The format of these options; one that would be ignored is refused.
    pub(super) fn of(name: &str, options: &[(String, String)], columns: &[String]) -> Result<Self> {
        let option = |name: &str| {
            options.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
        };
        let known: &[&str] = match name {
            "parquet" => &["compression"],
            "csv" => &[
                "compression",
                "header",
                "sep",
                "delimiter",
                "quote",
                "escape",
                "quoteAll",
                "nullValue",
                "emptyValue",
                "dateFormat",
                "timestampFormat",
                "timestampNTZFormat",
                "ignoreLeadingWhiteSpace",
                "ignoreTrailingWhiteSpace",
                "timeZone",
            ],
            "json" => {
                &["compression", "dateFormat", "timestampFormat", "timestampNTZFormat", "ignoreNullFields", "timeZone"]
            }
            "text" => &["compression"],
            other => return Err(Error::unsupported(format!("writing files of format {other}"))),
        };
        let is_known =
            |key: &str| key.eq_ignore_ascii_case("path") || known.iter().any(|name| name.eq_ignore_ascii_case(key));
        if let Some((key, _)) = options.iter().find(|(key, _)| !is_known(key)) {
            return Err(Error::unsupported(format!("option `{key}` when writing {name} files")));
        }
        let codec = option("compression").map(str::to_lowercase);
        if name == "parquet" {
            return parquet(codec.as_deref().unwrap_or("snappy"));
        }
        if codec.is_some_and(|codec| codec != "none" && codec != "uncompressed") {
            return Err(Error::unsupported(format!("compressed {name} files")));
        }
        Ok(match name {
            "json" => Self::Lines { function: "to_json", suffix: "json", header: None },
            "csv" => {
                let wanted = option("header").is_some_and(|value| value.eq_ignore_ascii_case("true"));
                let header = wanted.then(|| columns.join(option("sep").or(option("delimiter")).unwrap_or(",")));
                Self::Lines { function: "to_csv", suffix: "csv", header }
            }
            _ if columns.len() == 1 => Self::Lines { function: "", suffix: "txt", header: None },
            _ => {
                let text =
                    format!("Text data source supports only a single column, and you have {} columns.", columns.len());
                return Err(Error::message(Kind::Analysis, text));
            }
        })
    }

    /// The function that makes a row a line; empty where the only column is the line.
    pub(super) fn line_function(&self) -> Option<&'static str> {
        match self {
            Self::Parquet { .. } => None,
            Self::Lines { function, .. } => Some(function),
        }
    }
}

fn parquet(codec: &str) -> Result<Format> {
    let (compression, suffix) = match codec {
        "none" | "uncompressed" => (Compression::UNCOMPRESSED, "parquet".to_string()),
        "snappy" => (Compression::SNAPPY, "snappy.parquet".into()),
        "gzip" => (Compression::GZIP(GzipLevel::default()), "gz.parquet".into()),
        "zstd" => (Compression::ZSTD(ZstdLevel::default()), "zstd.parquet".into()),
        "lz4" | "lz4_raw" => (Compression::LZ4_RAW, "lz4raw.parquet".into()),
        other => return Err(Error::unsupported(format!("compression {other} of parquet files"))),
    };
    Ok(Format::Parquet { compression, suffix })
}

/// The files of a write, one open at a time.
pub(super) struct Parts {
    folder: PathBuf,
    format: Format,
    partitions: Vec<String>,
    /// Common to the names of all files of this write.
    id: String,
    count: usize,
    open: Option<(Vec<Option<String>>, Part)>,
}

enum Part {
    Parquet(Box<ArrowWriter<File>>),
    Lines(BufWriter<File>, PathBuf),
}

impl Parts {
    pub(super) fn new(folder: PathBuf, format: Format, partitions: Vec<String>) -> Self {
        Self { folder, format, partitions, id: floe_base::id::fresh(), count: 0, open: None }
    }

    /// Writes rows that come sorted by partition.
    pub(super) fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        let schema = Arc::new(file_schema(&rows.schema(), self.partitions.len()));
        let kept = rows.project(&(0..schema.fields().len()).collect::<Vec<_>>())?;
        let mut start = 0;
        while start < rows.num_rows() {
            let place = self.place(rows, start);
            let same = |row: &usize| self.place(rows, *row) == place;
            let end = (start + 1..rows.num_rows()).take_while(same).count() + start + 1;
            if self.open.as_ref().is_none_or(|(open, _)| *open != place) {
                self.close()?;
                let part = self.create(&place, &schema)?;
                self.open = Some((place, part));
            }
            if let Some((_, part)) = &mut self.open {
                part.write(&kept.slice(start, end - start))?;
            }
            start = end;
        }
        Ok(())
    }

    /// Ends the last file. A write without rows leaves one file, so that the columns are known.
    pub(super) fn finish(mut self, rows: &Schema) -> Result<()> {
        if self.count == 0 && self.partitions.is_empty() {
            let part = self.create(&[], &Arc::new(file_schema(rows, 0)))?;
            self.open = Some((Vec::new(), part));
        }
        self.close()
    }

    /// The partition of a row: the texts behind its columns.
    fn place(&self, rows: &RecordBatch, row: usize) -> Vec<Option<String>> {
        let first = rows.num_columns() - self.partitions.len();
        let value = |column: usize| {
            let texts = rows.column(column).as_string_opt::<i32>()?;
            (texts.is_valid(row) && !texts.value(row).is_empty()).then(|| texts.value(row).to_string())
        };
        (first..rows.num_columns()).map(value).collect()
    }

    fn create(&mut self, place: &[Option<String>], schema: &Arc<Schema>) -> Result<Part> {
        let mut folder = self.folder.clone();
        for (name, value) in self.partitions.iter().zip(place) {
            folder.push(format!("{}={}", escaped(name), value.as_deref().map_or(NO_VALUE.into(), escaped)));
        }
        std::fs::create_dir_all(&folder).map_err(|error| cannot(&folder, error))?;
        let suffix = match &self.format {
            Format::Parquet { suffix, .. } => suffix,
            Format::Lines { suffix, .. } => *suffix,
        };
        let path = folder.join(format!("part-{:05}-{}-c000.{suffix}", self.count, self.id));
        self.count += 1;
        let file = File::create_new(&path).map_err(|error| cannot(&path, error))?;
        match &self.format {
            Format::Parquet { compression, .. } => {
                let properties = WriterProperties::builder().set_compression(*compression).build();
                let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties));
                Ok(Part::Parquet(Box::new(writer.map_err(|error| unwritable(&path, error))?)))
            }
            Format::Lines { header, .. } => {
                let mut file = BufWriter::new(file);
                if let Some(header) = header {
                    writeln!(file, "{header}").map_err(|error| cannot(&path, error))?;
                }
                Ok(Part::Lines(file, path))
            }
        }
    }

    fn close(&mut self) -> Result<()> {
        match self.open.take() {
            Some((_, part)) => part.close(&self.folder),
            None => Ok(()),
        }
    }
}

impl Part {
    fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        match self {
            Self::Parquet(writer) => writer.write(rows).map_err(|error| unwritable(Path::new("a file"), error)),
            Self::Lines(file, path) => {
                let lines = arrow::compute::cast(rows.column(0), &arrow::datatypes::DataType::Utf8)?;
                for line in lines.as_string::<i32>() {
                    writeln!(file, "{}", line.unwrap_or_default()).map_err(|error| cannot(path, error))?;
                }
                Ok(())
            }
        }
    }

    fn close(self, folder: &Path) -> Result<()> {
        match self {
            Self::Parquet(writer) => writer.close().map(drop).map_err(|error| unwritable(folder, error)),
            Self::Lines(mut file, path) => file.flush().map_err(|error| cannot(&path, error)),
        }
    }
}

fn unwritable(path: &Path, error: datafusion::parquet::errors::ParquetError) -> Error {
    Error::message(Kind::Operation, format!("cannot write to {}: {error}", path.display())).caused_by(error)
}

/// A name or value in the name of a folder (`ExternalCatalogUtils.escapePathName`, 4.1).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_control() || "\"#%'*/:=?\\{[]^".contains(letter) {
            out.push_str(&format!("%{:02X}", u32::from(letter)));
        } else {
            out.push(letter);
        }
    }
    out
}
