"""An installation gives a whole model or changes nothing, whatever happens on the way.

The archives have the layout of the published ones; their checkpoint is a tiny 4-stem network
written by TensorFlow.
"""

import hashlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from core.catalog.download import Patience
from core.catalog.install import InstallProgress, Stage, install_model
from core.catalog.registry import find_model, list_models
from core.errors import ModelError

CHECKPOINT = Path(__file__).with_name("checkpoint")
NAME = "spleeter-4stems"
STEMS = ("vocals", "drums", "bass", "other")
QUICK = Patience(attempts=3, timeout=10.0, pause=0.001)
PADDING = 200_000
"""Bytes that do not compress, so that the archive has a middle to be cut in."""

# What a child process runs: it stops for good where its only argument says.
CHILD = """
import signal, sys
from core.catalog.install import install_model
def report(progress):
    if progress.stage == sys.argv[1]:
        print(progress.stage, flush=True)
        signal.pause()
install_model("spleeter-4stems", progress=report)
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("release")
    (folder / "checkpoint").write_text('model_checkpoint_path: "model"\n')
    (folder / "model.meta").write_bytes(os.urandom(PADDING))
    for name in ("model.index", "model.data-00000-of-00001"):
        (folder / name).write_bytes((CHECKPOINT / name).read_bytes())
    packed = folder / "4stems.tar.gz"
    with tarfile.open(packed, "w:gz") as tar:
        for name in sorted(path.name for path in folder.iterdir() if path != packed):
            tar.add(folder / name, f"./{name}")
    return packed.read_bytes()


@pytest.fixture
def release(mirror, archive: bytes, models_dir: Path, monkeypatch: pytest.MonkeyPatch):
    """A server with the archive and its checksum, to which installations go."""
    publish(mirror, archive)
    monkeypatch.setenv("MINUSONE_MODEL_URL", mirror.url)
    return mirror


def publish(mirror, archive: bytes, *, key: str = "4stems", digest: str | None = None) -> None:
    digest = digest or hashlib.sha256(archive).hexdigest()
    mirror.files["/4stems.tar.gz"] = archive
    mirror.files["/checksum.json"] = json.dumps({"2stems": "0" * 64, key: digest}).encode()


def install(**options) -> None:
    install_model(NAME, patience=QUICK, **options)


def assert_not_there(models_dir: Path) -> None:
    assert NAME not in [entry.name for entry in list_models()]
    with pytest.raises(ModelError, match="not installed"):
        find_model(NAME)
    assert not list(models_dir.glob("[!.]*"))


def assert_whole(models_dir: Path) -> None:
    entry = find_model(NAME)
    entry.verify()
    assert entry.path.parent == models_dir / NAME
    assert sorted(path.name for path in entry.path.parent.iterdir()) == [
        "manifest.toml",
        f"{NAME}.tflite",
    ]
    assert entry.spec.stems == STEMS
    hidden = {path.name for path in models_dir.iterdir()} - {NAME}
    assert hidden <= {".lock", ".downloads"}


def test_installed_model_is_found_and_runs(release, models_dir: Path) -> None:
    seen: list[InstallProgress] = []
    entry = install_model(NAME, progress=seen.append, patience=QUICK)
    assert entry == find_model(NAME)
    assert_whole(models_dir)
    assert list((models_dir / ".downloads").iterdir()) == []

    stages = list(dict.fromkeys(progress.stage for progress in seen))
    assert stages == list(Stage)[1:]
    size = len(release.files["/4stems.tar.gz"])
    last = [progress for progress in seen if progress.stage is Stage.DOWNLOADING][-1]
    assert (last.done, last.total) == (size, size)

    runner = Interpreter(str(entry.path)).get_signature_runner()
    (name, details), *_ = runner.get_input_details().items()
    patch = np.random.default_rng(0).random(details["shape"], np.float32)
    masks = runner(**{name: patch})
    assert set(masks) == set(STEMS)
    assert all(mask.shape == patch.shape for mask in masks.values())
    assert all(0.0 <= mask.min() < mask.max() <= 1.0 for mask in masks.values())


@pytest.mark.parametrize("key", ["4stems", "4stems.tar.gz"])
def test_checksum_index_may_name_the_model_or_the_file(
    release, archive: bytes, models_dir: Path, key: str
) -> None:
    publish(release, archive, key=key)
    install()
    assert_whole(models_dir)


def test_address_can_be_an_argument(release, models_dir: Path, monkeypatch) -> None:
    monkeypatch.setenv("MINUSONE_MODEL_URL", "http://127.0.0.1:9/nowhere")
    install(base_url=f"{release.url}/")
    assert_whole(models_dir)


def test_installing_again_replaces_the_model(release, models_dir: Path) -> None:
    install()
    (models_dir / NAME / f"{NAME}.tflite").write_bytes(b"damaged")
    install()
    assert_whole(models_dir)


def test_failed_installation_keeps_the_model_that_is_there(release, models_dir: Path) -> None:
    install()
    release.files["/4stems.tar.gz"] = b"something else"
    with pytest.raises(ModelError):
        install()
    assert_whole(models_dir)


def test_truncated_archive_is_refused(release, archive: bytes, models_dir: Path) -> None:
    release.files["/4stems.tar.gz"] = archive[: len(archive) // 2]
    with pytest.raises(ModelError, match="checksums differ"):
        install()
    assert_not_there(models_dir)


def test_truncated_archive_with_its_own_checksum_is_refused(
    release, archive: bytes, models_dir: Path
) -> None:
    publish(release, archive[: len(archive) // 2])
    with pytest.raises(ModelError, match="damaged"):
        install()
    assert_not_there(models_dir)


def test_wrong_checksum_is_refused_and_the_download_thrown_away(
    release, archive: bytes, models_dir: Path
) -> None:
    publish(release, archive, digest="1" * 64)
    with pytest.raises(ModelError, match="checksums differ"):
        install()
    assert_not_there(models_dir)
    publish(release, archive)
    install()
    assert_whole(models_dir)


@pytest.mark.parametrize(
    ("index", "word"),
    [
        (b"<html>Sign in</html>", "not JSON"),
        (b"{}", "does not list 4stems.tar.gz"),
        (b'["4stems"]', "does not list"),
        (b'{"4stems": "tomorrow"}', "not a sha256"),
    ],
)
def test_senseless_checksum_index_is_refused(
    release, models_dir: Path, index: bytes, word: str
) -> None:
    release.files["/checksum.json"] = index
    with pytest.raises(ModelError, match=word):
        install()
    assert_not_there(models_dir)
    assert release.asked_for("/4stems.tar.gz") == []


def test_missing_checksum_index_is_refused(release, models_dir: Path) -> None:
    del release.files["/checksum.json"]
    with pytest.raises(ModelError, match="HTTP 404"):
        install()
    assert_not_there(models_dir)


def unsafe(tmp_path: Path, info: tarfile.TarInfo) -> bytes:
    path = tmp_path / "unsafe.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(info)
    return path.read_bytes()


def test_archive_that_leads_out_is_refused(release, models_dir: Path, tmp_path: Path) -> None:
    publish(release, unsafe(tmp_path, tarfile.TarInfo("../../../model.index")))
    with pytest.raises(ModelError, match="leads out"):
        install()
    assert_not_there(models_dir)
    assert not (tmp_path / "model.index").exists()


def test_archive_with_a_link_is_refused(release, models_dir: Path, tmp_path: Path) -> None:
    link = tarfile.TarInfo("model.index")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    publish(release, unsafe(tmp_path, link))
    with pytest.raises(ModelError, match="a link"):
        install()
    assert_not_there(models_dir)


def test_checkpoint_of_another_network_is_refused(release, models_dir: Path) -> None:
    release.files["/5stems.tar.gz"] = release.files["/4stems.tar.gz"]
    digest = hashlib.sha256(release.files["/4stems.tar.gz"]).hexdigest()
    release.files["/checksum.json"] = json.dumps({"5stems": digest}).encode()
    with pytest.raises(ModelError, match="5 stems"):
        install_model("spleeter-5stems", patience=QUICK)
    assert_not_there(models_dir)


def test_no_network_says_where_it_looked_and_how_to_do_without(models_dir: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(ModelError) as error:
            install(base_url=url)
    assert url in error.value.title
    assert "minusone models install" in error.value.detail
    assert "--from" in error.value.detail
    assert_not_there(models_dir)


def test_unknown_name_lists_the_known(models_dir: Path) -> None:
    with pytest.raises(ModelError) as error:
        install_model("spleeter-9stems")
    assert "spleeter-4stems" in error.value.detail
    assert not models_dir.exists()


def test_folder_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("MINUSONE_MODELS_DIR", str(tmp_path / "file" / "models"))
    with pytest.raises(ModelError, match="could not be installed"):
        install()


def test_interrupted_installation_cleans_up(release, models_dir: Path) -> None:
    def interrupt(progress: InstallProgress) -> None:
        if progress.stage is Stage.CONVERTING:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        install(progress=interrupt)
    assert_not_there(models_dir)
    assert {path.name for path in models_dir.iterdir()} == {".lock", ".downloads"}


def test_dropped_connection_goes_on_where_it_was(release, archive: bytes, models_dir: Path) -> None:
    release.cuts = [PADDING // 2]
    install()
    assert_whole(models_dir)
    first, second = release.asked_for("/4stems.tar.gz")
    assert (first.range, second.range) == (None, f"bytes={PADDING // 2}-")
    assert first.sent + second.sent == len(archive)


def test_server_without_ranges_starts_again(release, models_dir: Path) -> None:
    release.ranges = False
    release.cuts = [PADDING // 2]
    install()
    assert_whole(models_dir)


def test_partial_download_that_rotted_is_fetched_again(
    release, archive: bytes, models_dir: Path
) -> None:
    release.cuts = [PADDING // 2, 0, 0]
    with pytest.raises(ModelError):
        install()
    (part,) = (models_dir / ".downloads").glob("*.part")
    part.write_bytes(bytes(part.stat().st_size))
    install()
    assert_whole(models_dir)


class TestLocalArchive:
    """An archive that was brought by hand needs no network, and the same care."""

    @pytest.fixture
    def local(self, tmp_path: Path, archive: bytes, monkeypatch) -> Path:
        monkeypatch.setenv("MINUSONE_MODEL_URL", "http://127.0.0.1:9/nowhere")
        path = tmp_path / "stick" / "4stems.tar.gz"
        path.parent.mkdir()
        path.write_bytes(archive)
        return path

    def test_with_its_checksum_beside_it_is_installed(
        self, local: Path, archive: bytes, models_dir: Path
    ) -> None:
        digest = hashlib.sha256(archive).hexdigest()
        local.with_name("checksum.json").write_text(json.dumps({"4stems": digest}))
        install(archive=local)
        assert_whole(models_dir)
        assert local.read_bytes() == archive

    def test_that_is_not_the_published_one_is_refused(self, local: Path, models_dir: Path) -> None:
        with pytest.raises(ModelError, match="not the published 4stems") as error:
            install(archive=local)
        assert "checksum.json" in error.value.detail
        assert_not_there(models_dir)

    def test_that_differs_from_its_checksum_is_refused(self, local: Path, models_dir: Path) -> None:
        local.with_name("checksum.json").write_text(json.dumps({"4stems": "0" * 64}))
        with pytest.raises(ModelError, match="damaged"):
            install(archive=local)
        assert_not_there(models_dir)

    def test_that_does_not_fit_on_the_disk_leaves_nothing(
        self, local: Path, archive: bytes, models_dir: Path
    ) -> None:
        digest = hashlib.sha256(archive).hexdigest()
        local.with_name("checksum.json").write_text(json.dumps({"4stems": digest}))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
        try:
            with pytest.raises(ModelError, match="could not be installed") as error:
                install(archive=local)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert "space" in error.value.detail
        assert_not_there(models_dir)
        assert [path.name for path in models_dir.iterdir()] == [".lock"]

    def test_that_is_missing_is_told(self, tmp_path: Path, models_dir: Path) -> None:
        with pytest.raises(ModelError, match="cannot be read"):
            install(archive=tmp_path / "nothing.tar.gz")
        assert_not_there(models_dir)


@contextmanager
def child_installation(stop_at: str) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, stop_at], stdout=subprocess.PIPE, text=True
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


@pytest.mark.parametrize("stage", list(Stage)[1:])
def test_killed_installation_leaves_nothing_and_the_next_succeeds(
    release, models_dir: Path, stage: Stage
) -> None:
    with child_installation(stage) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == stage
        os.kill(child.pid, signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
    assert_not_there(models_dir)
    install()
    assert_whole(models_dir)


def test_installation_killed_during_the_download_goes_on_later(
    release, archive: bytes, models_dir: Path
) -> None:
    release.hold_after = PADDING // 2
    with child_installation("never") as child:
        assert release.held.wait(60)
        part = models_dir / ".downloads" / "4stems.tar.gz.part"
        wait_until(lambda: part.exists() and part.stat().st_size >= PADDING // 4)
        os.kill(child.pid, signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
    assert_not_there(models_dir)
    had = part.stat().st_size
    release.hold_after = None
    release.release.set()
    install()
    assert_whole(models_dir)
    assert release.asked_for("/4stems.tar.gz")[-1].range == f"bytes={had}-"
    assert release.asked_for("/4stems.tar.gz")[-1].sent == len(archive) - had


def test_model_put_aside_by_a_killed_installation_comes_back(release, models_dir: Path) -> None:
    install()
    (models_dir / NAME).rename(models_dir / f".replaced-{NAME}")
    del release.files["/checksum.json"]
    with pytest.raises(ModelError):
        install()
    assert_whole(models_dir)


def test_second_installation_waits_for_the_first(release, models_dir: Path) -> None:
    with child_installation(Stage.CONVERTING) as first:
        assert first.stdout is not None
        assert first.stdout.readline().strip() == Stage.CONVERTING
        with child_installation(Stage.WAITING) as second:
            assert second.stdout is not None
            assert second.stdout.readline().strip() == Stage.WAITING
        stages: list[Stage] = []

        def report(progress: InstallProgress) -> None:
            stages.append(progress.stage)
            if progress.stage is Stage.WAITING:
                os.kill(first.pid, signal.SIGKILL)

        install(progress=report)
    assert stages[0] is Stage.WAITING
    assert_whole(models_dir)


def wait_until(condition) -> None:
    """Look again and again; the machine's own pace decides how often."""
    for _ in range(1_000_000):
        if condition():
            return
        os.sched_yield()
    pytest.fail("the condition did not come true")
