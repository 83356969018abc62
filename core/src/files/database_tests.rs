use super::*;
use crate::files::MemoryFiles;

async fn ask(files: &MemoryFiles, method: &str, params: Value) -> Result<Value> {
    let Value::Object(params) = params else { panic!("{params}") };
    serve(files, FILE, method, params).await
}

async fn query(files: &MemoryFiles, kind: &str, sql: &str) -> Result<Value> {
    ask(files, "sqliteQuery", json!({"query": sql, "queryType": kind})).await
}

#[tokio::test]
async fn what_is_written_is_there_afterwards() {
    let files = MemoryFiles::new();
    assert_eq!(ask(&files, "sqliteExists", json!({})).await.unwrap(), false);
    query(&files, "exec", "CREATE TABLE t (a INTEGER, b TEXT); CREATE INDEX i ON t (a)").await.unwrap();
    assert_eq!(ask(&files, "sqliteExists", json!({})).await.unwrap(), true);
    let asked = json!({"query": "INSERT INTO t VALUES (:a, @b), (2, $c)", "queryType": "run",
        "params": {"a": 1, "@b": "x", "c": null}});
    let answer = ask(&files, "sqliteQuery", asked).await.unwrap();
    assert_eq!(answer, json!({"columns": [], "rows": [], "rowsAffected": 2, "lastInsertRowid": 2}));
    let answer =
        query(&files, "query", "SELECT a, b, 1.5 AS c, x'ff00' AS d FROM t ORDER BY a").await.unwrap();
    let rows = json!([{"a": 1, "b": "x", "c": 1.5, "d": "/wA="}, {"a": 2, "b": null, "c": 1.5, "d": "/wA="}]);
    assert_eq!(answer, json!({"columns": ["a", "b", "c", "d"], "rows": rows, "rowsAffected": 0}));
}

#[tokio::test]
async fn a_transaction_is_all_or_nothing() {
    let files = MemoryFiles::new();
    query(&files, "exec", "CREATE TABLE t (a INTEGER UNIQUE)").await.unwrap();
    let insert = |a: u32| json!({"query": format!("INSERT INTO t VALUES ({a})"), "queryType": "run"});
    let failed = ask(&files, "sqliteTransaction", json!({"statements": [insert(1), insert(1)]})).await;
    assert!(failed.unwrap_err().message().contains("UNIQUE"));
    let done = ask(&files, "sqliteTransaction", json!({"statements": [insert(1), insert(2)]})).await.unwrap();
    assert_eq!(done.as_array().unwrap().len(), 2);
    let count = query(&files, "query", "SELECT count(*) AS n FROM t").await.unwrap();
    assert_eq!(count["rows"], json!([{"n": 2}]));
}

#[tokio::test]
async fn what_reads_writes_nothing() {
    let files = MemoryFiles::new();
    query(&files, "query", "SELECT 1").await.unwrap();
    assert_eq!(ask(&files, "sqliteExists", json!({})).await.unwrap(), false);
    query(&files, "exec", "CREATE TABLE t (a)").await.unwrap();
    let before = files.read_bytes(FILE).await.unwrap();
    query(&files, "exec", "CREATE TABLE IF NOT EXISTS t (a)").await.unwrap();
    query(&files, "query", "SELECT * FROM t").await.unwrap();
    assert_eq!(files.read_bytes(FILE).await.unwrap(), before);
}

#[tokio::test]
async fn no_other_file_can_be_reached() {
    let files = MemoryFiles::new();
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("x.db").display().to_string();
    query(&files, "exec", "CREATE TABLE t (a)").await.unwrap();
    for sql in [format!("ATTACH DATABASE '{place}' AS other"), format!("VACUUM INTO '{place}'")] {
        let refused = query(&files, "exec", &sql).await.unwrap_err();
        assert!(refused.message().contains("attached"), "{refused}");
    }
    assert!(query(&files, "query", &format!("SELECT load_extension('{place}')")).await.is_err());
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let files = MemoryFiles::new();
    let no_table = query(&files, "query", "SELECT * FROM nowhere").await.unwrap_err();
    assert!(no_table.message().contains("no such table: nowhere"), "{no_table}");
    let missing = ask(&files, "sqliteQuery", json!({"query": "SELECT :a", "queryType": "query"})).await;
    assert!(missing.unwrap_err().message().contains("without a value: :a"));
    let odd = json!({"query": "SELECT :a", "queryType": "query", "params": {"a": []}});
    assert!(ask(&files, "sqliteQuery", odd).await.unwrap_err().message().contains("no value"));
    assert!(query(&files, "nothing", "SELECT 1").await.is_err());
    files.write_bytes(FILE, b"no database").await.unwrap();
    assert!(query(&files, "query", "SELECT * FROM sqlite_schema").await.is_err());
}
