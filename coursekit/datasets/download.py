"""Downloads that resume: streamed beside the target, checked, renamed.

What cannot be trusted is never kept.
"""

import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from coursekit import files
from coursekit.datasets.answers import Interrupted, check_html, reason, refuse
from coursekit.errors import DataError

CHUNK = 2**16
SLOW = 1024  # bytes: fewer in one timeout is a stall
# (bytes so far, bytes in all if known, file name)
Progress = Callable[[int, int | None, str], None]


def fetch(
    url: str,
    target: Path,
    *,
    checksum: str = "",
    size: int | None = None,
    timeout: float = 30.0,
    tries: int = 4,
    progress: Progress | None = None,
) -> Path:
    """Download url to target, which appears only when whole and right.

    checksum "md5:…" or "sha256:…"; timeout seconds. A part that an earlier try left is resumed.
    Tries count in a row without a new byte. DataError says what went wrong.
    """
    with files.disk_errors(target.name, target):
        target.parent.mkdir(parents=True, exist_ok=True)
    download = _Download(url, target, checksum, size, timeout, progress)
    download.run(tries)
    problem = download.problem()
    if problem and download.resumed:  # the earlier part may be to blame: once more from the start
        download.drop()
        download.run(tries)
        problem = download.problem()
    if problem:
        download.drop()
        raise DataError(
            f"{url} {problem}. Nothing was kept; try again, and report it if it happens again."
        )
    files.sync(download.part)
    os.replace(download.part, target)
    download.note.unlink(missing_ok=True)
    return target


@dataclass
class _Download:
    """One file on its way: FILE.part grows beside the target, FILE.part.json says how its server
    names this version."""

    url: str
    target: Path
    checksum: str
    size: int | None
    timeout: float
    progress: Progress | None
    resumed: bool = False

    @property
    def part(self) -> Path:
        return self.target.with_name(self.target.name + ".part")

    @property
    def note(self) -> Path:
        return self.target.with_name(self.target.name + ".part.json")

    @property
    def done(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def drop(self) -> None:
        self.part.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def run(self, tries: int) -> None:
        """Stream until the end, resuming after each interruption."""
        left, before = tries, self.done
        while True:
            try:
                with files.disk_errors(self.target.name, self.target):
                    return self.stream()
            except Interrupted as error:
                left = tries - 1 if self.done > before else left - 1
                before = self.done
                if left <= 0:
                    kept = (
                        f"; {self.done:,} bytes are kept and the next try resumes"
                        if self.done
                        else ""
                    )
                    raise DataError(
                        f"{self.url} {error}{kept}. Check the connection and try again."
                    ) from None
                time.sleep(min(0.2 * 2 ** (tries - left), 5.0, self.timeout))

    def stream(self) -> None:
        """One request, appended to the part where the server agrees, else from the start."""
        import requests
        from requests.exceptions import ChunkedEncodingError
        from urllib3.exceptions import HTTPError

        try:
            with self.request(requests) as response:
                total = self.receive(response)
        except (
            requests.ConnectionError,
            requests.Timeout,
            ChunkedEncodingError,
            HTTPError,
        ) as error:
            raise Interrupted(reason(error)) from None
        except requests.RequestException as error:
            raise DataError(f"{self.url} cannot be fetched: {error}") from None
        if total is not None and self.done < total:
            raise Interrupted(f"stopped after {self.done:,} of {total:,} bytes")

    def request(self, requests):
        """The server's answer: the rest where a part can be trusted to be its beginning, else
        everything."""
        headers = {"Accept-Encoding": "identity", "User-Agent": "coursekit"}
        validator = self.validator()
        if self.done and (validator or self.checksum):
            self.resumed = True
            headers["Range"] = f"bytes={self.done}-"
            if validator:
                headers["If-Range"] = validator
        else:
            self.drop()
        response = requests.get(self.url, headers=headers, stream=True, timeout=self.timeout)
        if response.status_code not in (200, 206, 416):
            response.close()
            refuse(response)
        return response

    def validator(self) -> str:
        """ETag or date that the server gave for this url when the part was begun; empty when
        unknown."""
        try:
            note = json.loads(self.note.read_text(encoding="utf-8"))
            return note["validator"] if note["url"] == self.url else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def receive(self, response) -> int | None:
        """Write the answer's bytes to the part -> bytes in all, where known."""
        if response.status_code == 416:  # nothing after what is here: it is whole, or stale
            if not response.headers.get("Content-Range", "").endswith(f"/{self.done}"):
                self.drop()
                raise Interrupted("refused to resume")
            return self.done
        self.place(response)
        total = self.total(response)
        self.check_room(total)
        self.copy(response, total)
        return total

    def place(self, response) -> None:
        """Keep the part when the answer is the range that follows it, else start anew."""
        if response.status_code == 206:
            if not response.headers.get("Content-Range", "").startswith(f"bytes {self.done}-"):
                self.drop()
                raise Interrupted("resumed at another place than asked")
            return
        etag = response.headers.get("ETag", "")  # a weak tag does not promise the same bytes
        validator = (
            etag
            if etag and not etag.startswith("W/")
            else response.headers.get("Last-Modified", "")
        )
        self.part.write_bytes(b"")
        self.note.write_text(
            json.dumps({"url": self.url, "validator": validator}), encoding="utf-8"
        )

    def total(self, response) -> int | None:
        length = response.headers.get("Content-Length", "")
        total = self.done + int(length) if length.isdecimal() else self.size
        if None not in (self.size, total) and total != self.size:
            check_html(self.url, response.raw.read(512))
            raise DataError(
                f"{self.url} offers {total:,} bytes instead of {self.size:,}: it is another file "
                "now."
            )
        return total

    def check_room(self, total: int | None) -> None:
        needed, free = (total or 0) - self.done, shutil.disk_usage(self.target.parent).free
        if needed > free:
            self.drop()
            raise DataError(
                f"the disk is too full for {self.target.name}: {needed:,} bytes needed in "
                f"{self.target.parent}, {free:,} free. Free some space, "
                "or set COURSEKIT_CACHE to a folder with more."
            )

    def copy(self, response, total: int | None) -> None:
        """Append what comes, telling progress; a trickle below SLOW bytes a timeout is a stall."""
        done = marked = self.done
        since = time.monotonic()
        try:
            with self.part.open("ab") as file:
                while chunk := response.raw.read1(CHUNK):
                    if done == 0:
                        check_html(self.url, chunk)
                    file.write(chunk)
                    done += len(chunk)
                    if self.progress is not None:
                        self.progress(done, total, self.target.name)
                    if (now := time.monotonic()) - since > self.timeout:
                        if done - marked < SLOW:
                            raise Interrupted(
                                f"stalled: {done - marked} bytes in {self.timeout:g} seconds"
                            )
                        since, marked = now, done
        except OSError as error:
            if error.errno in files.FULL:
                self.drop()  # give a full disk back what this took
            raise

    def problem(self) -> str:
        """What is wrong with the finished part; empty when all is well."""
        if not self.done:
            return "sent an empty file"
        algorithm, _, expected = self.checksum.partition(":")
        if self.checksum and (found := files.checksum(self.part, algorithm)) != expected:
            return (
                f"came whole, but its {algorithm} is {found} and not {expected}: damaged on the "
                "way or changed"
            )
        return ""
