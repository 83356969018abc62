use super::*;

fn missing(outcome: Result<String>) -> bool {
    outcome.unwrap_err().data().unwrap().contains("ENOENT")
}

/// What every store must do, however it keeps its files.
async fn holds(files: &dyn SessionFiles) {
    texts_hold(files).await;
    bytes_hold(files).await;
    moves_hold(files).await;
    removals_hold(files).await;
}

async fn texts_hold(files: &dyn SessionFiles) {
    assert!(missing(files.read_file("/state/a.txt").await));
    assert!(files.stat("/state").await.is_err());
    files.write_file("/state/deep/a.txt", "one\n").await.unwrap();
    files.append_file("/state/deep/a.txt", "two\n").await.unwrap();
    files.append_file("/state/b.txt", "ünï").await.unwrap();
    assert_eq!(files.read_file("/state/deep/a.txt").await.unwrap(), "one\ntwo\n");
    files.write_file("/state/deep/a.txt", "three").await.unwrap();
    assert_eq!(files.read_file("state/./deep/a.txt").await.unwrap(), "three");
    let info = files.stat("/state/b.txt").await.unwrap();
    assert_eq!((info.is_directory, info.size), (false, 5));
    assert!(files.stat("/state").await.unwrap().is_directory);
    let listed = files.readdir("/state").await.unwrap();
    assert_eq!(
        listed.iter().map(|entry| (entry.name.as_str(), entry.is_directory)).collect::<Vec<_>>(),
        [("b.txt", false), ("deep", true)]
    );
}

async fn bytes_hold(files: &dyn SessionFiles) {
    let bytes = [0_u8, 159, 146, 150];
    files.write_bytes("/b/x.bin", &bytes).await.unwrap();
    assert_eq!(files.read_bytes("/b/x.bin").await.unwrap(), bytes);
    assert!(files.read_file("/b/x.bin").await.unwrap_err().message().contains("UTF-8"));
    files.write_file("/b/x.bin", "text").await.unwrap();
    assert_eq!(files.read_bytes("/b/x.bin").await.unwrap(), b"text");
    files.rm("/b", true, false).await.unwrap();
}

async fn moves_hold(files: &dyn SessionFiles) {
    files.rename("/state/b.txt", "/state/deep/c.txt").await.unwrap();
    assert!(missing(files.read_file("/state/b.txt").await));
    assert_eq!(files.read_file("/state/deep/c.txt").await.unwrap(), "ünï");
    files.rename("/state/deep/c.txt", "/state/deep/a.txt").await.unwrap();
    assert_eq!(files.read_file("/state/deep/a.txt").await.unwrap(), "ünï");
    assert!(files.rename("/state/none", "/state/x").await.is_err());
}

async fn removals_hold(files: &dyn SessionFiles) {
    assert!(files.rm("/state/none", false, false).await.is_err());
    files.rm("/state/none", false, true).await.unwrap();
    assert!(files.rm("/state/deep", false, false).await.is_err());
    files.rm("/state/deep", true, false).await.unwrap();
    assert!(missing(files.read_file("/state/deep/a.txt").await));
    for path in ["/../outside", "../outside", "/state/../../outside"] {
        assert!(files.write_file(path, "x").await.is_err(), "{path} leads out");
    }
}

/// What stores with real directories do besides.
async fn directories_hold(files: &dyn SessionFiles) {
    assert!(files.mkdir("/one/two", false).await.is_err());
    files.mkdir("/one/two", true).await.unwrap();
    files.mkdir("/one/two", true).await.unwrap();
    assert!(files.mkdir("/one/two", false).await.is_err());
    assert_eq!(files.readdir("/one/two").await.unwrap(), []);
    files.write_file("/one/two/file", "x").await.unwrap();
    assert!(files.write_file("/one/two", "x").await.is_err());
    assert!(files.write_file("/one/two/file/below", "x").await.is_err());
    files.rename("/one/two", "/three").await.unwrap();
    assert_eq!(files.read_file("/three/file").await.unwrap(), "x");
}

#[tokio::test]
async fn memory() {
    holds(&MemoryFiles::new()).await;
    directories_hold(&MemoryFiles::new()).await;
}

#[tokio::test]
async fn folder() {
    let place = tempfile::tempdir().unwrap();
    holds(&FolderFiles::new(place.path().join("made")).unwrap()).await;
    directories_hold(&FolderFiles::new(place.path().join("again")).unwrap()).await;
    let entries: Vec<_> = std::fs::read_dir(place.path()).unwrap().collect();
    assert_eq!(entries.len(), 2, "nothing was written outside the stores");
}

#[cfg(unix)]
#[tokio::test]
async fn links_do_not_lead_out_of_a_folder() {
    let place = tempfile::tempdir().unwrap();
    std::fs::create_dir(place.path().join("store")).unwrap();
    std::fs::write(place.path().join("secret"), "s").unwrap();
    std::os::unix::fs::symlink(place.path(), place.path().join("store/out")).unwrap();
    let files = FolderFiles::new(place.path().join("store")).unwrap();
    assert!(files.read_file("/out/secret").await.unwrap_err().message().contains("EACCES"));
    assert!(files.write_file("/out/new", "x").await.is_err());
    files.write_file("/in", "x").await.unwrap();
    std::os::unix::fs::symlink("in", place.path().join("store/link")).unwrap();
    assert_eq!(files.read_file("/link").await.unwrap(), "x");
}

#[cfg(feature = "opendal")]
#[tokio::test]
async fn object_store() {
    let operator = opendal::Operator::new(opendal::services::Memory::default()).unwrap().finish();
    holds(&ObjectStoreFiles::new(operator)).await;
}

#[tokio::test]
async fn sessions_share_a_store_without_seeing_each_other() {
    let store = MemoryFiles::new();
    let served = ServeFiles::by_session(store.clone());
    for (session, content) in [("one", "1"), ("../two", "2")] {
        let context = CallContext { session_id: session.into(), cancel: Default::default() };
        let Value::Object(params) = json!({"path": "/state/x", "content": content}) else { unreachable!() };
        served.call(&context, "writeFile", params).await.unwrap();
    }
    assert_eq!(store.read_file("/one/state/x").await.unwrap(), "1");
    assert_eq!(store.read_file("/%2E.%2Ftwo/state/x").await.unwrap(), "2");
}

#[tokio::test]
async fn operations_arrive_by_their_names() {
    let served = ServeFiles::new(MemoryFiles::new());
    let context = CallContext { session_id: "s".into(), cancel: Default::default() };
    let call = async |method: &str, params: Value| {
        let Value::Object(params) = params else { panic!("params are an object") };
        served.call(&context, method, params).await
    };
    call("writeFile", json!({"path": "/a", "content": "x"})).await.unwrap();
    assert_eq!(call("exists", json!({"path": "/a"})).await.unwrap(), true);
    assert_eq!(call("exists", json!({"path": "/b"})).await.unwrap(), false);
    assert_eq!(
        call("readdirWithTypes", json!({"path": "/"})).await.unwrap(),
        json!([{"name": "a", "type": "file"}])
    );
    assert_eq!(call("stat", json!({"path": "/a"})).await.unwrap()["isFile"], true);
    assert_eq!(call("sqliteExists", json!({})).await.unwrap(), false);
    let asked = call("sqliteQuery", json!({"query": "select 1", "queryType": "query"})).await;
    let refused = asked.err().map(|error| error.kind());
    assert_eq!(refused, (!cfg!(feature = "sqlite")).then_some(ErrorKind::Unsupported));
}

/// A store that takes its time for the first change, and appends in two steps.
#[derive(Default)]
struct Slow(MemoryFiles, std::sync::atomic::AtomicBool);

#[async_trait]
impl SessionFiles for Slow {
    async fn read_file(&self, path: &str) -> Result<String> {
        self.0.read_file(path).await
    }

    async fn write_file(&self, path: &str, content: &str) -> Result<()> {
        self.0.write_file(path, content).await
    }

    async fn append_file(&self, path: &str, content: &str) -> Result<()> {
        let before = self.read_file(path).await.unwrap_or_default();
        if !self.1.swap(true, std::sync::atomic::Ordering::SeqCst) {
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        }
        self.write_file(path, &(before + content)).await
    }

    async fn stat(&self, path: &str) -> Result<FileInfo> {
        self.0.stat(path).await
    }

    async fn mkdir(&self, path: &str, recursive: bool) -> Result<()> {
        self.0.mkdir(path, recursive).await
    }

    async fn readdir(&self, path: &str) -> Result<Vec<DirEntry>> {
        self.0.readdir(path).await
    }

    async fn rm(&self, path: &str, recursive: bool, force: bool) -> Result<()> {
        self.0.rm(path, recursive, force).await
    }

    async fn rename(&self, src: &str, dest: &str) -> Result<()> {
        self.0.rename(src, dest).await
    }
}

#[tokio::test]
async fn changes_of_one_file_follow_each_other() {
    let serve = ServeFiles::new(Slow::default());
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let serve = Arc::clone(&serve);
            tokio::spawn(async move {
                let params = json!({"path": "/log", "content": format!("{n} ")});
                let context = CallContext { session_id: "s".into(), cancel: Default::default() };
                serve.call(&context, "appendFile", params.as_object().unwrap().clone()).await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let whole: String = (0..20).map(|n| format!("{n} ")).collect();
    assert_eq!(serve.files.read_file("/log").await.unwrap(), whole);
}
