//! The files of one write: which is open, what its name is, how rows become bytes.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bzip2::write::BzEncoder;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, GzipLevel, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use flate2::write::GzEncoder;
use floe_base::{Error, Kind, Result};
use floe_catalog::files::partition_folder;
use parking_lot::Mutex;

use super::{cannot, file_schema};
use crate::threads;

/// What the files are.
pub(crate) enum Format {
    Parquet {
        compression: Compression,
        /// Stands in the file's name: `snappy.parquet`.
        suffix: String,
    },
    /// Lines of text, under a header if there is one.
    Lines { function: &'static str, suffix: &'static str, header: Option<String>, ending: String, codec: Codec },
}

impl Format {
    /// The format of these options, for columns that are not partitions; an option that would be ignored is refused.
    pub(crate) fn of(name: &str, options: &[(String, String)], columns: &[Field]) -> Result<Self> {
        let option = |name: &str| {
            options.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
        };
        let known = options_of(name)?;
        let is_known =
            |key: &str| key.eq_ignore_ascii_case("path") || known.iter().any(|name| name.eq_ignore_ascii_case(key));
        if let Some((key, _)) = options.iter().find(|(key, _)| !is_known(key)) {
            return Err(Error::unsupported(format!("option `{key}` when writing {name} files")));
        }
        check(name, columns)?;
        if name == "parquet" {
            return parquet(&option("compression").unwrap_or("snappy").to_lowercase());
        }
        let codec = Codec::of(name, option("compression").unwrap_or("none"))?;
        let ending = ending(name, option("lineSep"))?;
        let lines = |function, suffix, header| Self::Lines { function, suffix, header, ending, codec };
        Ok(match name {
            "json" => lines("to_json", "json", None),
            "csv" => {
                let wanted = option("header").is_some_and(|value| value.eq_ignore_ascii_case("true"));
                let separator = option("sep").or(option("delimiter")).unwrap_or(",");
                let names: Vec<&str> = columns.iter().map(|field| field.name().as_str()).collect();
                lines("to_csv", "csv", wanted.then(|| names.join(separator)))
            }
            _ => lines("", "txt", None),
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

/// The options a format's writer knows.
fn options_of(format: &str) -> Result<&'static [&'static str]> {
    Ok(match format {
        "parquet" => &["compression"],
        "csv" => &[
            "compression",
            "lineSep",
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
        "json" => &[
            "compression",
            "lineSep",
            "dateFormat",
            "timestampFormat",
            "timestampNTZFormat",
            "ignoreNullFields",
            "timeZone",
        ],
        "text" => &["compression", "lineSep"],
        other => return Err(Error::unsupported(format!("writing files of format {other}"))),
    })
}

/// Of a table's options those for its writer: its reader refused what neither knows.
pub(crate) fn for_writing(format: &str, options: &[(String, String)]) -> Result<Vec<(String, String)>> {
    let known = options_of(format)?;
    let is_known = |key: &str| known.iter().any(|name| name.eq_ignore_ascii_case(key));
    Ok(options.iter().filter(|(key, _)| is_known(key)).cloned().collect())
}

/// Refuses columns the format has no place for (Spark 4.1 `FileFormat.supportDataType`).
fn check(format: &str, columns: &[Field]) -> Result<()> {
    let takes = |data_type: &DataType| match format {
        "text" => *data_type == DataType::Utf8,
        "csv" => !data_type.is_nested() && !data_type.is_null(),
        _ => true,
    };
    if let Some(field) = columns.iter().find(|field| !takes(field.data_type())) {
        return Err(Error::analysis("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE")
            .with("format", if format == "text" { "Text" } else { "CSV" })
            .with("columnName", format!("`{}`", field.name()))
            .with("columnType", format!("\"{}\"", floe_syntax::DataType::from_field(field).sql())));
    }
    if format == "text" && columns.len() != 1 {
        let text = format!("Text data source supports only a single column, and you have {} columns.", columns.len());
        return Err(Error::message(Kind::Analysis, text));
    }
    Ok(())
}

/// What ends a line.
fn ending(format: &str, option: Option<&str>) -> Result<String> {
    match option {
        None => Ok("\n".into()),
        Some("") => {
            Err(Error::message(Kind::IllegalArgument, "requirement failed: 'lineSep' cannot be an empty string."))
        }
        Some(long) if format == "csv" && long.chars().count() > 2 => {
            Err(Error::unsupported("lineSep of more than two letters when writing csv files"))
        }
        Some(ending) => Ok(ending.into()),
    }
}

/// How lines are compressed.
#[derive(Clone, Copy)]
pub(crate) enum Codec {
    Plain,
    Gzip,
    Bzip2,
}

impl Codec {
    fn of(format: &str, name: &str) -> Result<Self> {
        match name.to_lowercase().as_str() {
            "none" | "uncompressed" => Ok(Self::Plain),
            "gzip" => Ok(Self::Gzip),
            "bzip2" => Ok(Self::Bzip2),
            other @ ("deflate" | "snappy" | "lz4") => {
                Err(Error::unsupported(format!("compression {other} of {format} files")))
            }
            _ => Err(unknown_codec(name, "bzip2, deflate, uncompressed, snappy, none, lz4, gzip")),
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Gzip => ".gz",
            Self::Bzip2 => ".bz2",
        }
    }

    fn open(self, file: File) -> Lines {
        let file = BufWriter::new(file);
        match self {
            Self::Plain => Lines::Plain(file),
            Self::Gzip => Lines::Gzip(GzEncoder::new(file, flate2::Compression::default())),
            Self::Bzip2 => Lines::Bzip2(BzEncoder::new(file, bzip2::Compression::best())),
        }
    }
}

fn unknown_codec(name: &str, known: &str) -> Error {
    Error::new(Kind::IllegalArgument, "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION")
        .with("codecName", name)
        .with("availableCodecs", known)
}

/// A file of lines.
enum Lines {
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Bzip2(BzEncoder<BufWriter<File>>),
}

impl Lines {
    fn write(&mut self, text: &str, ending: &str) -> std::io::Result<()> {
        let file: &mut dyn Write = match self {
            Self::Plain(file) => file,
            Self::Gzip(file) => file,
            Self::Bzip2(file) => file,
        };
        file.write_all(text.as_bytes())?;
        file.write_all(ending.as_bytes())
    }

    /// Writes what is held back.
    fn close(self) -> std::io::Result<()> {
        match self {
            Self::Plain(file) => Ok(file),
            Self::Gzip(file) => file.finish(),
            Self::Bzip2(file) => file.finish(),
        }?
        .flush()
    }
}

fn parquet(codec: &str) -> Result<Format> {
    let (compression, suffix) = match codec {
        "none" | "uncompressed" => (Compression::UNCOMPRESSED, "parquet".to_string()),
        "snappy" => (Compression::SNAPPY, "snappy.parquet".into()),
        "gzip" => (Compression::GZIP(GzipLevel::default()), "gz.parquet".into()),
        "zstd" => (Compression::ZSTD(ZstdLevel::default()), "zstd.parquet".into()),
        "lz4" => (Compression::LZ4, "lz4hadoop.parquet".into()),
        "lz4_raw" => (Compression::LZ4_RAW, "lz4raw.parquet".into()),
        "brotli" | "lzo" => return Err(Error::unsupported(format!("compression {codec} of parquet files"))),
        _ => return Err(unknown_codec(codec, "brotli, uncompressed, lzo, snappy, lz4_raw, none, zstd, lz4, gzip")),
    };
    Ok(Format::Parquet { compression, suffix })
}

/// The files of a write, one open at a time.
pub(crate) struct Parts {
    folder: PathBuf,
    format: Format,
    partitions: Vec<String>,
    /// Common to the names of all files of this write.
    id: String,
    count: usize,
    open: Option<(Vec<Option<String>>, Part)>,
    written: Arc<Mutex<Written>>,
}

/// What a write has left so far, also one that fails.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written {
    pub(crate) files: Vec<PathBuf>,
    /// The folders of partitions below the folder.
    pub(crate) partitions: BTreeSet<String>,
}

enum Part {
    Parquet(Box<ArrowWriter<File>>),
    Lines { file: Lines, ending: String, path: PathBuf },
}

impl Parts {
    pub(crate) fn new(folder: PathBuf, format: Format, partitions: Vec<String>) -> Self {
        Self { folder, format, partitions, id: floe_base::id::fresh(), count: 0, open: None, written: Arc::default() }
    }

    /// What is written, to be looked at when the write has ended somehow.
    pub(crate) fn written(&self) -> Arc<Mutex<Written>> {
        self.written.clone()
    }

    /// Writes rows that come sorted by partition, on a thread that may wait for a disk.
    pub(crate) async fn write(mut self, rows: RecordBatch) -> Result<Self> {
        threads::blocking(move || self.write_now(&rows).map(|()| self)).await
    }

    /// Ends the last file. A write without rows leaves one file, so that the columns are known.
    pub(crate) async fn finish(self, rows: SchemaRef) -> Result<()> {
        threads::blocking(move || self.finish_now(&rows)).await
    }

    fn write_now(&mut self, rows: &RecordBatch) -> Result<()> {
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

    fn finish_now(mut self, rows: &Schema) -> Result<()> {
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
        let names = self.partitions.iter().zip(place);
        let names: Vec<String> = names.map(|(name, value)| partition_folder::named(name, value.as_deref())).collect();
        let folder = names.iter().fold(self.folder.clone(), |folder, name| folder.join(name));
        std::fs::create_dir_all(&folder).map_err(|error| cannot(&folder, error))?;
        let suffix = match &self.format {
            Format::Parquet { suffix, .. } => suffix.clone(),
            Format::Lines { suffix, codec, .. } => format!("{suffix}{}", codec.suffix()),
        };
        let path = folder.join(format!("part-{:05}-{}-c000.{suffix}", self.count, self.id));
        self.count += 1;
        let file = File::create_new(&path).map_err(|error| cannot(&path, error))?;
        let mut written = self.written.lock();
        written.files.push(path.clone());
        if !names.is_empty() {
            written.partitions.insert(names.join("/"));
        }
        drop(written);
        match &self.format {
            Format::Parquet { compression, .. } => {
                let properties = WriterProperties::builder().set_compression(*compression).build();
                let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties));
                Ok(Part::Parquet(Box::new(writer.map_err(|error| unwritable(&path, error))?)))
            }
            Format::Lines { header, ending, codec, .. } => {
                let mut file = codec.open(file);
                if let Some(header) = header {
                    file.write(header, ending).map_err(|error| cannot(&path, error))?;
                }
                Ok(Part::Lines { file, ending: ending.clone(), path })
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
            Self::Lines { file, ending, path } => {
                let lines = arrow::compute::cast(rows.column(0), &DataType::Utf8)?;
                for line in lines.as_string::<i32>() {
                    file.write(line.unwrap_or_default(), ending).map_err(|error| cannot(path, error))?;
                }
                Ok(())
            }
        }
    }

    fn close(self, folder: &Path) -> Result<()> {
        match self {
            Self::Parquet(writer) => writer.close().map(drop).map_err(|error| unwritable(folder, error)),
            Self::Lines { file, path, .. } => file.close().map_err(|error| cannot(&path, error)),
        }
    }
}

fn unwritable(path: &Path, error: datafusion::parquet::errors::ParquetError) -> Error {
    Error::message(Kind::Operation, format!("cannot write to {}: {error}", path.display())).caused_by(error)
}
