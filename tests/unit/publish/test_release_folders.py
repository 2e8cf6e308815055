"""Publishing is one rename and one pointer; nothing published is ever overwritten."""

import os
from pathlib import Path

import pytest

from include.storage import publish
from include.storage.home import Home

FILES = {"index.html": b"<p>", "data/a.csv": b"1\n"}


@pytest.fixture
def empty(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_a_draft_is_written_whole_and_the_same_bytes_leave_it_alone(empty):
    folder = publish.write_draft(empty, "2025.1-provisional", FILES)
    before = folder.stat().st_ino
    assert publish.read_files(publish.write_draft(empty, "2025.1-provisional", FILES)) == FILES
    assert folder.stat().st_ino == before
    publish.write_draft(empty, "2025.1-provisional", {"index.html": b"new"})
    assert publish.read_files(folder) == {"index.html": b"new"}
    assert [path.name for path in folder.parent.iterdir()] == ["2025.1-provisional"]


def test_a_draft_that_fails_half_way_leaves_the_old_one(empty, monkeypatch):
    folder = publish.write_draft(empty, "2025.1-provisional", FILES)
    monkeypatch.setattr(publish, "_fsync_folders", lambda folder: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        publish.write_draft(empty, "2025.1-provisional", {"index.html": b"new"})
    assert publish.read_files(folder) == FILES
    assert [path.name for path in folder.parent.iterdir()] == ["2025.1-provisional"]


def test_publishing_moves_the_draft_and_sets_the_pointer_once(empty):
    publish.write_draft(empty, "2025.1-provisional", FILES)
    assert publish.publish(empty, "2025.1-provisional") is True
    assert publish.publish(empty, "2025.1-provisional") is False
    assert publish.read_files(publish.release_folder(empty, "2025.1-provisional")) == FILES
    assert (
        publish.current(empty) == "2025.1-provisional"
        and not publish.draft_folder(empty, "2025.1-provisional").exists()
    )


def test_a_crash_between_rename_and_pointer_is_repaired_by_publishing_again(empty, monkeypatch):
    publish.write_draft(empty, "2025.1-provisional", FILES)
    with monkeypatch.context() as broken:
        broken.setattr(publish, "point", lambda home: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            publish.publish(empty, "2025.1-provisional")
    assert publish.current(empty) is None
    assert publish.publish(empty, "2025.1-provisional") is False
    assert publish.current(empty) == "2025.1-provisional"


def test_the_pointer_never_goes_back_to_an_older_release(empty):
    for release_id in ("2025.2-provisional", "2024.10-final", "2025.10-final", "2025.9-provisional"):
        publish.write_draft(empty, release_id, FILES)
        publish.publish(empty, release_id)
    assert publish.current(empty) == "2025.10-final"
    assert publish.published(empty)[0] == "2024.10-final"


def test_a_published_release_is_never_overwritten(empty):
    publish.write_draft(empty, "2025.1-provisional", FILES)
    publish.publish(empty, "2025.1-provisional")
    publish.write_draft(empty, "2025.1-provisional", {"index.html": b"other"})
    with pytest.raises(publish.PublishError, match="never overwritten"):
        publish.publish(empty, "2025.1-provisional")
    assert publish.read_files(publish.release_folder(empty, "2025.1-provisional")) == FILES


def test_published_files_are_read_only(empty):
    publish.write_draft(empty, "2025.1-provisional", FILES)
    publish.publish(empty, "2025.1-provisional")
    modes = {
        path.stat().st_mode & 0o777
        for path in publish.release_folder(empty, "2025.1-provisional").rglob("*.*")
    }
    assert modes == {0o444}


def test_without_a_draft_there_is_nothing_to_publish(empty):
    with pytest.raises(publish.PublishError, match="has no draft"):
        publish.publish(empty, "2025.1-provisional")


@pytest.mark.parametrize("name", ["../2025.1-provisional", "2025.1", "CURRENT", "2025.1-provisional/x", ""])
def test_a_release_id_cannot_lead_out_of_the_folder(empty, name):
    with pytest.raises(publish.PublishError, match="no release id"):
        publish.write_draft(empty, name, FILES)


def test_only_one_process_holds_a_release(empty):
    with publish.alone(empty, "2025.1-provisional"):
        child = os.fork()
        if child == 0:
            try:
                with publish.alone(empty, "2025.1-provisional"):
                    os._exit(1)
            except publish.Busy:
                os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with publish.alone(empty, "2025.1-provisional"):
        pass
