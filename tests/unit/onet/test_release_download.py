import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import tenacity
from onet_example import small_files, write_text, zip_folder

from onet.errors import ReleaseDownloadError
from onet.release import download_release, load_release

NO_WAIT = tenacity.wait_none()
Handler = Callable[[httpx.Request], httpx.Response]


class Site:
    """Answers one after the other and remembers what was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self))


@pytest.fixture
def archive(tmp_path: Path) -> bytes:
    return zip_folder(write_text(tmp_path / "made", small_files()), tmp_path / "made.zip").read_bytes()


def test_a_release_is_downloaded_once_and_recorded(tmp_path: Path, archive: bytes) -> None:
    site = Site(httpx.Response(200, content=archive))
    with site.client() as client:
        first = download_release("29.1", tmp_path / "cache", client=client, wait=NO_WAIT)
        second = download_release("29.1", tmp_path / "cache", client=client, wait=NO_WAIT)
    assert first == second
    assert site.asked == ["https://www.onetcenter.org/dl_files/database/db_29_1_text.zip"]
    record = json.loads(first.with_suffix(".json").read_text())
    assert record["size_bytes"] == len(archive)
    assert load_release(first).version == "29.1"
    assert sorted(file.name for file in first.parent.iterdir()) == ["db_29_1_text.json", "db_29_1_text.zip"]


def test_passing_faults_are_retried(tmp_path: Path, archive: bytes) -> None:
    site = Site(httpx.ConnectError("down"), httpx.Response(503), httpx.Response(200, content=archive))
    with site.client() as client:
        assert download_release("29.1", tmp_path, client=client, wait=NO_WAIT).exists()
    assert len(site.asked) == 3


@pytest.mark.parametrize(
    ("answers", "asked"),
    [([httpx.ConnectError("no route")] * 4, 4), ([httpx.Response(404)], 1)],
    ids=["no network", "no such version"],
)
def test_a_failed_download_names_the_remedy_and_leaves_nothing(
    tmp_path: Path, answers: list[httpx.Response | Exception], asked: int
) -> None:
    site = Site(*answers)
    with (
        site.client() as client,
        pytest.raises(ReleaseDownloadError, match="by hand and give its path with --onet FILE"),
    ):
        download_release("29.1", tmp_path, client=client, wait=NO_WAIT)
    assert len(site.asked) == asked
    assert not list(tmp_path.iterdir())


def test_an_answer_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    site = Site(httpx.Response(200, content=b"<html>please log in</html>"))
    with site.client() as client, pytest.raises(ReleaseDownloadError, match="did not answer with a zip"):
        download_release("29.1", tmp_path, client=client, wait=NO_WAIT)
    assert not list(tmp_path.iterdir())


def test_a_cached_file_that_changed_is_refused(tmp_path: Path, archive: bytes) -> None:
    with Site(httpx.Response(200, content=archive)).client() as client:
        cached = download_release("29.1", tmp_path, client=client, wait=NO_WAIT)
        cached.write_bytes(archive + b" ")
        with pytest.raises(ReleaseDownloadError, match="to accept a fresh download"):
            download_release("29.1", tmp_path, client=client, wait=NO_WAIT)


def test_a_fresh_download_that_differs_from_the_record_is_refused(tmp_path: Path, archive: bytes) -> None:
    (tmp_path / "db_29_1_text.json").write_text('{"url": "u", "sha256": "00", "size_bytes": 1}')
    with (
        Site(httpx.Response(200, content=archive)).client() as client,
        pytest.raises(ReleaseDownloadError, match="recorded was 00"),
    ):
        download_release("29.1", tmp_path, client=client, wait=NO_WAIT)
    assert [file.name for file in tmp_path.glob("db_*")] == ["db_29_1_text.json"]


def test_a_zip_placed_by_hand_is_taken_without_network(tmp_path: Path, archive: bytes) -> None:
    (tmp_path / "db_29_1_text.zip").write_bytes(archive)
    site = Site()
    with site.client() as client:
        download_release("29.1", tmp_path, client=client, wait=NO_WAIT)
    assert not site.asked
    assert (tmp_path / "db_29_1_text.json").exists()


@pytest.mark.parametrize("record", ["{", '{"sha256": "00"}', "[]"])
def test_a_damaged_record_says_to_delete_it(tmp_path: Path, record: str) -> None:
    (tmp_path / "db_29_1_text.json").write_text(record)
    with Site().client() as client, pytest.raises(ReleaseDownloadError, match="delete it and try again"):
        download_release("29.1", tmp_path, client=client, wait=NO_WAIT)


@pytest.mark.parametrize("version", ["latest", "29", "../29.1", "29.1/../x"])
def test_only_versions_are_asked_for(tmp_path: Path, version: str) -> None:
    with Site().client() as client, pytest.raises(ReleaseDownloadError, match="is no version"):
        download_release(version, tmp_path, client=client, wait=NO_WAIT)
