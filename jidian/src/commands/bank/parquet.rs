//! Rows of the journal as Apache Parquet.

use bank::export::Row;
use parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, TimeUnit, Type};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types;
use std::fs::File;
use std::sync::Arc;

/// Rows of one row group: what a reader has to hold at once.
const GROUP_ROWS: usize = 100_000;

/// A column: its name, and where its values come from.
enum Column {
    Text(&'static str, fn(&Row) -> String),
    Number(&'static str, fn(&Row) -> i64),
    Small(&'static str, fn(&Row) -> i32),
    Milliseconds(&'static str, fn(&Row) -> i64),
}

/// What a row holds, in this order. Money is an integer of fen.
const COLUMNS: &[Column] = &[
    Column::Number("batch", |row| row.batch.cast_signed()),
    Column::Milliseconds("at", |row| row.at.unix_milliseconds()),
    Column::Text("order", |row| row.order.to_string()),
    Column::Text("signer", |row| row.signer.map_or(String::new(), |signer| signer.to_string())),
    Column::Number("sequence", |row| row.sequence.cast_signed()),
    Column::Text("kind", |row| row.kind.to_owned()),
    Column::Text("debit", |row| row.debit.to_string()),
    Column::Text("credit", |row| row.credit.to_string()),
    Column::Number("amount_fen", |row| row.amount.fen()),
    Column::Small("reason", |row| i32::from(row.reason)),
    Column::Text("result", |row| row.result.name().to_owned()),
];

/// Writes rows into a file and syncs it.
pub(super) fn write_parquet(
    rows: &[Row],
    file: File,
) -> Result<(), Box<dyn core::error::Error + Send + Sync>> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::UNCOMPRESSED)
        .set_created_by(format!("jidian {}", env!("CARGO_PKG_VERSION")))
        .build();
    let synced = file.try_clone()?;
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema()?), Arc::new(properties))?;
    for rows in rows.chunks(GROUP_ROWS) {
        let mut group = writer.next_row_group()?;
        COLUMNS.iter().try_for_each(|column| write_column(&mut group, column, rows))?;
        group.close()?;
    }
    writer.close()?;
    Ok(synced.sync_all()?)
}

fn schema() -> Result<types::Type, ParquetError> {
    let fields = COLUMNS.iter().map(|column| field(column).map(Arc::new));
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    types::Type::group_type_builder("movement").with_fields(fields).build()
}

fn field(column: &Column) -> Result<types::Type, ParquetError> {
    let (name, physical, logical) = match column {
        Column::Text(name, _) => (name, Type::BYTE_ARRAY, Some(LogicalType::String)),
        Column::Number(name, _) => (name, Type::INT64, None),
        Column::Small(name, _) => (name, Type::INT32, None),
        Column::Milliseconds(name, _) => {
            (name, Type::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS)))
        }
    };
    types::Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::REQUIRED)
        .with_converted_type(ConvertedType::NONE)
        .with_logical_type(logical)
        .build()
}

type Group<'a> = SerializedRowGroupWriter<'a, File>;

fn write_column(group: &mut Group<'_>, column: &Column, rows: &[Row]) -> Result<(), ParquetError> {
    match column {
        Column::Text(_, of) => {
            let values = rows.iter().map(|row| ByteArray::from(of(row).into_bytes()));
            write_values::<ByteArrayType>(group, values.collect())
        }
        Column::Number(_, of) | Column::Milliseconds(_, of) => {
            write_values::<Int64Type>(group, rows.iter().map(of).collect())
        }
        Column::Small(_, of) => write_values::<Int32Type>(group, rows.iter().map(of).collect()),
    }
}

fn write_values<T: DataType>(group: &mut Group<'_>, values: Vec<T::T>) -> Result<(), ParquetError> {
    let none = || ParquetError::General("fewer columns than the schema has".to_owned());
    let mut column = group.next_column()?.ok_or_else(none)?;
    column.typed::<T>().write_batch(&values, None, None)?;
    column.close()
}
