//! The database of a session: a file among the session's own, read for each question and written back when it has changed.
//!
//! So it goes wherever the session's files go, and who owns them owns it. The price is that each change writes all of it,
//! which suits what agents keep there (lists of things to do, notes): some pages.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::limits::Limit;
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, MAIN_DB, Row, Statement};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{SessionFiles, failed};
use crate::error::{Error, Result};
use crate::protocol::json;

/// Where it is in the session's tree.
pub(super) const FILE: &str = "/session.db";
/// What one question may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many steps of SQLite's machine are taken between two looks at the clock.
const STEPS: i32 = 100_000;
/// The most that a database may have: 64 MiB in pages of 4 KiB.
const PAGES: u32 = 16 << 10;

/// A statement, as the runtime asks.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    query: String,
    query_type: Kind,
    #[serde(default)]
    params: Option<Map<String, Value>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// Any number of statements, without rows.
    Exec,
    Query,
    Run,
}

#[derive(Deserialize)]
struct Statements {
    statements: Vec<Asked>,
}

/// Answers one of the runtime's questions. Nobody else may be at the database meanwhile.
pub(super) async fn serve(
    files: &dyn SessionFiles,
    path: &str,
    method: &str,
    params: Map<String, Value>,
) -> Result<Value> {
    if method == "sqliteExists" {
        return Ok(files.stat(path).await.is_ok().into());
    }
    let before = match files.stat(path).await {
        Ok(_) => files.read_bytes(path).await?,
        Err(_) => Vec::new(),
    };
    let is_one = method == "sqliteQuery";
    let params = json::to_text(&params)?;
    let work = move || {
        let asked = if is_one {
            vec![json::parse_as("params", params.as_bytes())?]
        } else {
            json::parse_as::<Statements>("params", params.as_bytes())?.statements
        };
        let database = open(&before)?;
        let content = || database.serialize(MAIN_DB).map(|content| content.to_vec()).map_err(told);
        let before = content()?;
        let answer = if is_one { run(&database, &asked[0])? } else { run_all(&database, &asked)? };
        Ok::<_, Error>((answer, Some(content()?).filter(|after| *after != before)))
    };
    let done = tokio::task::spawn_blocking(work).await;
    let (answer, changed) = done.map_err(|_| failed("the database ended unexpectedly"))??;
    if let Some(content) = changed {
        files.write_bytes(path, &content).await?;
    }
    Ok(answer)
}

fn told(error: rusqlite::Error) -> Error {
    failed(error.to_string())
}

/// A database in memory, which reaches nothing but itself.
fn open(content: &[u8]) -> Result<Connection> {
    let mut database = Connection::open_in_memory().map_err(told)?;
    if !content.is_empty() {
        database.deserialize_read_exact(MAIN_DB, content, content.len(), false).map_err(told)?;
    }
    // The agent writes what runs here: no other file of this machine, and an end.
    database.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0).map_err(told)?;
    database.pragma_update(None, "temp_store", "MEMORY").map_err(told)?;
    database.pragma_update(None, "max_page_count", PAGES).map_err(told)?;
    let end = Instant::now() + PATIENCE;
    database.progress_handler(STEPS, Some(move || Instant::now() > end)).map_err(told)?;
    Ok(database)
}

fn run_all(database: &Connection, asked: &[Asked]) -> Result<Value> {
    let transaction = database.unchecked_transaction().map_err(told)?;
    let answers = asked.iter().map(|asked| run(database, asked)).collect::<Result<Vec<_>>>()?;
    transaction.commit().map_err(told)?;
    Ok(answers.into())
}

fn run(database: &Connection, asked: &Asked) -> Result<Value> {
    if matches!(asked.query_type, Kind::Exec) {
        database.execute_batch(&asked.query).map_err(told)?;
        return Ok(json!({"columns": [], "rows": [], "rowsAffected": 0}));
    }
    let mut statement = database.prepare(&asked.query).map_err(told)?;
    bind(&mut statement, asked.params.as_ref())?;
    let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let before = database.total_changes();
    let mut found = statement.raw_query();
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(told)? {
        rows.push(row_of(row, &columns)?);
    }
    drop(found);
    drop(statement);
    let changes = database.total_changes() - before;
    let mut answer = json!({"columns": columns, "rows": rows, "rowsAffected": changes});
    if changes > 0 {
        answer["lastInsertRowid"] = database.last_insert_rowid().into();
    }
    Ok(answer)
}

/// The values of a statement by their names, which may be given with or without what SQLite begins them with.
fn bind(statement: &mut Statement<'_>, params: Option<&Map<String, Value>>) -> Result<()> {
    let empty = Map::new();
    let params = params.unwrap_or(&empty);
    for number in 1..=statement.parameter_count() {
        let name = statement.parameter_name(number).unwrap_or_default().to_owned();
        let bare = name.trim_start_matches([':', '@', '$']);
        let given = params.get(&name).or_else(|| params.get(bare));
        let value = match given {
            None => return Err(failed(format!("the statement has a parameter without a value: {name}"))),
            Some(Value::Null) => Sql::Null,
            Some(Value::Bool(flag)) => Sql::Integer((*flag).into()),
            Some(Value::String(text)) => Sql::Text(text.clone()),
            Some(Value::Number(number)) => match number.as_i64() {
                Some(whole) => Sql::Integer(whole),
                None => Sql::Real(number.as_f64().unwrap_or_default()),
            },
            Some(other) => return Err(failed(format!("{name}: {other} is no value of a database"))),
        };
        statement.raw_bind_parameter(number, value).map_err(told)?;
    }
    Ok(())
}

fn row_of(row: &Row<'_>, columns: &[String]) -> Result<Value> {
    let mut found = Map::new();
    for (number, column) in columns.iter().enumerate() {
        let value = match row.get_ref(number).map_err(told)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(whole) => whole.into(),
            // What is no number in JSON is null there.
            ValueRef::Real(real) => real.into(),
            ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
            ValueRef::Blob(bytes) => STANDARD.encode(bytes).into(),
        };
        found.insert(column.clone(), value);
    }
    Ok(found.into())
}

#[cfg(test)]
#[path = "database_tests.rs"]
mod tests;
