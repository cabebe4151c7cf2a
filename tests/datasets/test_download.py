"""Downloads against a local server that has every fault built in."""

import errno
import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from coursekit.datasets import download as fetching
from coursekit.datasets.download import fetch
from coursekit.errors import DataError

BODY = bytes(range(256)) * 2000  # 512,000 bytes
SHA = "sha256:" + hashlib.sha256(BODY).hexdigest()
FLIPPED = BODY[:1000] + bytes([BODY[1000] ^ 1]) + BODY[1001:]
PAGE = b"\n<!DOCTYPE html><html><title>Please log in</title></html>"


class Faulty(BaseHTTPRequestHandler):
    """Path -> behavior.

    The server's `seen` lists (path, Range header); `stops` limits how often /stops breaks off.
    """

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.seen.append((self.path, self.headers.get("Range")))
        getattr(self, "do_" + self.path.strip("/").split("/")[0])()

    def send(self, body, *, status=200, length=None, cut=None, etag='"one"', headers=()):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in (*headers, *((("ETag", etag),) if etag else ())):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])

    def rest(self, body=BODY, **options):
        """Answer a Range request for the rest where If-Range allows it, else the whole."""
        asked = self.headers.get("Range")
        if asked and self.headers.get("If-Range", '"one"') == '"one"':
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            where = ("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            return self.send(body[start:], status=206, headers=[where], **options)
        return self.send(body, **options)

    def do_good(self):
        self.rest()

    def do_nameless(self):
        self.rest(etag=None)

    def do_stops(self):
        if self.server.stops > 0:
            self.server.stops -= 1
            self.rest(cut=100_000)
            self.close_connection = True
        else:
            self.rest()

    def do_ignores(self):  # breaks off once and does not know ranges
        self.server.stops -= 1
        self.send(BODY, cut=100_000 if self.server.stops >= 0 else None)
        self.close_connection = True

    def do_stalls(self):
        self.send(BODY, cut=100_000)
        self.wfile.flush()
        self.server.release.wait(10)

    def do_trickles(self):
        self.send(BODY, cut=10)
        while not self.server.release.wait(0.05):
            self.wfile.write(b"x")

    def do_silent(self):
        self.server.release.wait(10)
        self.close_connection = True

    def do_flipped(self):
        self.rest(FLIPPED)

    def do_missing(self):
        self.send(b"not here", status=404)

    def do_private(self):
        self.send(b"no", status=403)

    def do_busy(self):
        self.server.stops -= 1
        self.send(b"busy", status=503) if self.server.stops >= 0 else self.rest()

    def do_page(self):
        self.send(PAGE)

    def do_empty(self):
        self.send(b"")

    def do_longer(self):
        self.send(BODY + b"x")


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Faulty) as server:
        server.daemon_threads, server.seen, server.stops = True, [], 1
        server.release = threading.Event()
        server.handle_error = lambda *_: None  # clients that hang up are part of the test
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        server.url = f"http://127.0.0.1:{server.server_port}"
        yield server
        server.release.set()
        server.shutdown()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "cache" / "set.tar.gz"


def leftovers(target):
    return sorted(path.name for path in target.parent.glob("*"))


def test_whole_file_arrives_with_progress_and_nothing_beside_it(server, target):
    steps = []
    fetch(
        f"{server.url}/good",
        target,
        checksum=SHA,
        size=len(BODY),
        progress=lambda *step: steps.append(step),
    )
    assert target.read_bytes() == BODY and leftovers(target) == ["set.tar.gz"]
    assert steps[-1] == (len(BODY), len(BODY), "set.tar.gz")


@pytest.mark.parametrize("path", ["good", "nameless"])
def test_md5_is_understood_and_server_without_etag_works(server, target, path):
    fetch(f"{server.url}/{path}", target, checksum="md5:" + hashlib.md5(BODY).hexdigest())
    assert target.read_bytes() == BODY


def test_broken_connection_is_resumed_where_it_stopped(server, target):
    server.stops = 3
    fetch(f"{server.url}/stops", target, checksum=SHA, timeout=0.1)
    assert target.read_bytes() == BODY
    assert [asked for _, asked in server.seen] == [
        None,
        "bytes=100000-",
        "bytes=200000-",
        "bytes=300000-",
    ]


def test_next_run_resumes_what_this_one_kept(server, target):
    server.stops = 1
    with pytest.raises(
        DataError, match="broke off; 100,000 bytes are kept and the next try resumes"
    ):
        fetch(f"{server.url}/stops", target, tries=1)
    assert not target.exists()
    fetch(f"{server.url}/stops", target)
    assert server.seen[-1][1] == "bytes=100000-" and target.read_bytes() == BODY


def test_server_without_ranges_starts_over(server, target):
    fetch(f"{server.url}/ignores", target, checksum=SHA, timeout=0.1)
    assert target.read_bytes() == BODY


def test_file_that_changed_at_the_source_is_not_glued_to_the_old_part(server, target):
    target.parent.mkdir()
    target.with_name("set.tar.gz.part").write_bytes(b"old" * 100)
    target.with_name("set.tar.gz.part.json").write_text(
        f'{{"url": "{server.url}/good", "validator": "\\"older\\""}}'
    )
    fetch(f"{server.url}/good", target)
    assert target.read_bytes() == BODY


def test_damaged_part_of_an_earlier_run_is_thrown_away(server, target):
    target.parent.mkdir()
    target.with_name("set.tar.gz.part").write_bytes(b"?" * 100)
    target.with_name("set.tar.gz.part.json").write_text(
        f'{{"url": "{server.url}/good", "validator": "\\"one\\""}}'
    )
    fetch(f"{server.url}/good", target, checksum=SHA)
    assert target.read_bytes() == BODY and [asked for _, asked in server.seen] == [
        "bytes=100-",
        None,
    ]


@pytest.mark.parametrize("path", ["stalls", "trickles", "silent"])
def test_stall_times_out(server, target, path):
    start = time.monotonic()
    with pytest.raises(DataError, match="stalled"):
        fetch(f"{server.url}/{path}", target, timeout=0.25, tries=1)
    assert time.monotonic() - start < 3 and not target.exists()


@pytest.mark.parametrize(
    "path, options, message",
    [
        ("flipped", {"checksum": SHA}, "came whole, but its sha256 is .* and not"),
        ("missing", {}, "/missing answered 404 Not Found .the address is dead"),
        ("private", {}, "403 Forbidden"),
        ("page", {}, "web page instead of data"),
        ("page", {"size": len(BODY), "checksum": SHA}, "web page instead of data"),
        ("empty", {}, "empty file"),
        ("longer", {"size": len(BODY)}, "offers 512,001 bytes instead of 512,000"),
    ],
)
def test_wrong_answers_are_named_and_nothing_usable_is_kept(server, target, path, options, message):
    with pytest.raises(DataError, match=message):
        fetch(f"{server.url}/{path}", target, **options)
    assert not target.exists()
    parts = list(target.parent.glob("*.part"))
    assert all(part.stat().st_size == 0 for part in parts)


def test_flipped_byte_leaves_no_part_to_resume(server, target):
    with pytest.raises(DataError):
        fetch(f"{server.url}/flipped", target, checksum=SHA)
    assert leftovers(target) == []


def test_busy_server_is_tried_again(server, target):
    fetch(f"{server.url}/busy", target, timeout=0.1)
    assert [path for path, _ in server.seen] == ["/busy", "/busy"] and target.read_bytes() == BODY


def test_nobody_there(target):
    with pytest.raises(DataError, match="cannot be reached"):
        fetch("http://127.0.0.1:9/file", target, timeout=0.2, tries=2)


def test_too_little_room_is_said_before_the_download(server, target, monkeypatch):
    class Usage:
        free = 1000

    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _: Usage)
    with pytest.raises(
        DataError, match="disk is too full for set.tar.gz: 512,000 bytes needed in .*, 1,000 free"
    ):
        fetch(f"{server.url}/good", target)
    assert leftovers(target) == []


def test_disk_that_fills_up_on_the_way_is_named_and_given_back(server, target, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(target.parent))

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(
        DataError, match="cannot write set.tar.gz.*disk is full.*set COURSEKIT_CACHE"
    ):
        fetch(f"{server.url}/good", target, progress=full)
    assert leftovers(target) == []
