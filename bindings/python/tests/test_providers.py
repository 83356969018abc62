"""Session files and model requests served by the program."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from copilot import CopilotClient, CopilotRequestContext, CopilotRequestHandler, SessionFsFileInfo, SessionFsProvider


class Files(SessionFsProvider):
    def __init__(self) -> None:
        self.files: dict[str, str] = {}

    async def read_file(self, path: str) -> str:
        if path not in self.files:
            raise FileNotFoundError(path)
        return self.files[path]

    async def write_file(self, path: str, content: str, mode: int | None = None) -> None:
        self.files[path] = content

    async def append_file(self, path: str, content: str, mode: int | None = None) -> None:
        self.files[path] = self.files.get(path, "") + content

    async def exists(self, path: str) -> bool:
        return path in self.files

    async def stat(self, path: str) -> SessionFsFileInfo:
        now = datetime.now(UTC)
        return SessionFsFileInfo(True, False, len(self.files[path]), now, now)

    async def mkdir(self, path: str, recursive: bool, mode: int | None = None) -> None: ...

    async def readdir(self, path: str) -> list[str]:
        return sorted(self.files)

    async def readdir_with_types(self, path: str) -> Any:
        return []

    async def rm(self, path: str, recursive: bool, force: bool) -> None:
        del self.files[path]

    async def rename(self, src: str, dest: str) -> None:
        self.files[dest] = self.files.pop(src)


CONFIG: Any = {"initial_working_directory": "/", "session_state_path": "/state", "conventions": "posix"}


async def test_session_files(connect: Any) -> None:
    files = Files()
    async with CopilotClient(connection=connect(), session_fs=CONFIG) as client:
        with pytest.raises(ValueError, match="create_session_fs_handler is required"):
            await client.create_session()
        session = await client.create_session(create_session_fs_handler=lambda session: files)

        async def call(method: str, **params: Any) -> Any:
            request = {"method": f"sessionFs.{method}", "params": {"sessionId": session.session_id, **params}}
            return (await client.request("fake.request", request))["result"]

        assert await call("writeFile", path="/a", content="x") is None
        assert await call("readFile", path="/a") == {"content": "x"}
        missing = await call("readFile", path="/b")
        assert missing["error"]["code"] == "ENOENT"
        assert await call("exists", path="/a") == {"exists": True}
        assert (await call("stat", path="/a"))["size"] == 1
        assert await call("readdir", path="/") == {"entries": ["/a"]}
        assert (await call("sqliteQuery", query="x", queryType="query"))["error"]["code"] == "UNKNOWN"


class Blobs(Files):
    def __init__(self) -> None:
        super().__init__()
        self.blobs: dict[str, bytes] = {}

    async def read_file_bytes(self, path: str) -> bytes:
        if path not in self.blobs:
            raise FileNotFoundError(path)
        return self.blobs[path]

    async def write_file_bytes(self, path: str, content: bytes, mode: int | None = None) -> None:
        self.blobs[path] = content


async def test_files_that_are_no_text(connect: Any) -> None:
    config = {**CONFIG, "capabilities": {"binary": True}}
    async with CopilotClient(connection=connect(), session_fs=config) as client:
        with pytest.raises(ValueError, match="SessionFsBinaryProvider"):
            await client.create_session(create_session_fs_handler=lambda session: Files())
        blobs = Blobs()
        session = await client.create_session(create_session_fs_handler=lambda session: blobs)

        async def call(method: str, **params: Any) -> Any:
            request = {"method": f"sessionFs.{method}", "params": {"sessionId": session.session_id, **params}}
            return (await client.request("fake.request", request))["result"]

        assert await call("writeFileBytes", path="/a", content="AJ+Slg==") is None
        assert blobs.blobs == {"/a": b"\x00\x9f\x92\x96"}
        assert await call("readFileBytes", path="/a") == {"content": "AJ+Slg=="}
        assert (await call("readFileBytes", path="/b"))["error"]["code"] == "ENOENT"
        refused = await call("writeFileBytes", path="/a", content="AJ-Slg")
        assert refused["code"] == "UNKNOWN"
        assert "base64" in refused["message"]


@pytest.mark.parametrize("key", ["initial_working_directory", "session_state_path"])
def test_session_fs_is_checked(connect: Any, key: str) -> None:
    with pytest.raises(ValueError, match=f"session_fs.{key} is required"):
        CopilotClient(connection=connect(), session_fs={**CONFIG, key: ""})
    with pytest.raises(ValueError, match="must be either 'posix' or 'windows'"):
        CopilotClient(connection=connect(), session_fs={**CONFIG, "conventions": "x"})


class Canned(CopilotRequestHandler):
    def __init__(self) -> None:
        self.seen: list[tuple[str, bytes, CopilotRequestContext]] = []

    async def send_request(self, request: httpx.Request, ctx: CopilotRequestContext) -> httpx.Response:
        self.seen.append((str(request.url), request.content, ctx))
        if request.url.path == "/bad":
            raise RuntimeError("no")
        return httpx.Response(201, content=b"hello", headers={"x-a": "1"})


async def test_model_requests(connect: Any) -> None:
    handler = Canned()
    accepted = {"reply": {"result": {"accepted": True}}}
    names = ("llmInference.setProvider", "llmInference.httpResponseStart", "llmInference.httpResponseChunk")
    rules = [{"on": {"method": name}, "do": [accepted]} for name in names]
    async with CopilotClient(connection=connect(rules), request_handler=handler) as client:

        async def exchange(identity: str, path: str) -> list[Any]:
            start = {"requestId": identity, "method": "POST", "url": f"http://m{path}", "headers": {"a": ["b"]}}
            chunk = {"requestId": identity, "data": "body", "end": True}
            for method, params in (("httpRequestStart", start), ("httpRequestChunk", chunk)):
                await client.request("fake.request", {"method": f"llmInference.{method}", "params": params})
            for _ in range(100):
                sent = await client.request("fake.received", {"where": {"requestId": identity}})
                frames = [each["params"] for each in sent["messages"] if "llmInference" in each["method"]]
                if frames and frames[-1].get("end"):
                    return frames
            pytest.fail("no end")

        frames = await exchange("1", "/good")
        assert frames[0]["status"] == 201
        assert frames[0]["headers"]["x-a"] == ["1"]
        assert frames[1]["data"] in ("hello", "aGVsbG8=")
        assert handler.seen[0][:2] == ("http://m/good", b"body")
        frames = await exchange("2", "/bad")
        assert frames[0]["status"] == 502
        assert frames[-1]["error"]["message"] == "no"
