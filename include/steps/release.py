"""The annual release: freeze → check → draft → approve → publish; verify and list at any time.

Every step may run twice and does its work once. A release rests on the batches that were frozen with it, so it can
be built again from core at any later time, to the byte.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypedDict

from include.contracts import ALMATY
from include.ledger import FigureRow, Ledger, ReleaseRecord, ReleaseRow
from include.publish import FigureCard
from include.publish.cards import card_json
from include.publish.files import json_bytes
from include.publish.manifest import content_sha256
from include.statistics import RULES
from include.steps import clock, definitions, reports
from include.steps.context import code_version, open_ledger
from include.steps.release_build import Building, checked, facts_of
from include.storage import publish as folders
from include.storage.home import Home


class ReleaseError(RuntimeError):
    """A step of a release is not possible now; the message says what to do."""


class Frozen(TypedDict):
    """What freezing gave; `new` is False where the same release was there already."""

    release_id: str
    year: int
    number: int
    stage: str
    state: str
    as_at: str
    batches: int
    new: bool


class Checked(TypedDict):
    """What a check went through without a fault."""

    release_id: str
    figures: int
    tables: dict[str, int]


class Published(TypedDict):
    """Where a published release lies; `moved` is False where it had been published before."""

    release_id: str
    path: str
    content_sha256: str
    current: str | None
    moved: bool


def freeze(
    year: int,
    as_at: datetime | None = None,
    reason: str | None = None,
    home: Home | None = None,
    *,
    by: str | None = None,
) -> Frozen:
    """Fix what the release of a year rests on: the batches committed by `as_at` (now, where not given).

    The same batches, deliveries set aside, expected reports, stage, rules and code as the newest release of the year give that release
    again. Otherwise the next number is taken; after a published release it needs a `reason`, except for the first final one. A newest
    release that was not published yet is set aside (rejected): its number is not used again.

    Args:
        year: that the figures are about.
        as_at: UTC moment.
        reason: why a published release is revised.
        home: of the environment, where none is given.
        by: account of the person who starts the release and so cannot approve it; None where a schedule does.

    Raises:
        ReleaseError: nothing was committed by then, or a revision has no reason.
    """
    home = home or Home.from_environment()
    moment = as_at or clock.now()
    stage = stage_at(year, moment)
    with open_ledger(home) as ledger:
        batches = sorted(batch.batch_id for batch in ledger.committed_batches(moment))
        if not batches:
            raise ReleaseError(f"nothing was committed by {moment.isoformat()}: ingest first")
        newest = max(ledger.releases(year), key=lambda each: each.number, default=None)
        if newest is not None and _same(ledger, newest, batches, stage, moment):
            return _frozen(newest, len(batches), new=False)
        why = _reason(newest, stage, reason)
        number = newest.number + 1 if newest else 1
        record = ReleaseRecord(
            release_id=f"{year}.{number}-{stage}",
            year=year,
            number=number,
            stage=stage,
            as_at=moment.astimezone(UTC),
            rules_version=RULES.rules_version,
            code_version=code_version(),
            frozen_at=clock.now(),
            reason=why,
            started_by=by,
        )
        ledger.freeze_release(record, batches)
        if newest is not None and newest.state != "published":
            ledger.set_release_state(newest.release_id, "rejected")
        return _frozen(ledger.release(record.release_id), len(batches), new=True)


def stage_at(year: int, moment: datetime) -> str:
    """provisional until the end of the year after `year`, in Kazakhstan's time; final from then on (T1)."""
    return "final" if moment.astimezone(ALMATY).year > year + 1 else "provisional"


def check(release_id: str, home: Home | None = None) -> Checked:
    """Build the release in memory and put it through every check.

    Raises:
        ReleaseRefused: lists every fault: coverage (C1), small counts (C2), restricted columns, odd text (B9).
        IncompleteCard: names each figure and the missing part of its card.
    """
    home = home or Home.from_environment()
    with open_ledger(home) as ledger:
        built = checked(Building(home, facts_of(ledger, release_id)))
    return {
        "release_id": release_id,
        "figures": len(built.headlines),
        "tables": {name: table.num_rows for name, table in built.release.tables.items()},
    }


def draft(release_id: str, home: Home | None = None, *, by: str | None = None) -> str:
    """Write the checked release to the drafts folder and return its path; a published one stays as it is.

    The same bytes again change nothing, not even an approval; other bytes make a new draft, which voids it and is
    not approved by the account `by` that asked for it.

    Raises:
        ReleaseRefused, IncompleteCard: as `check`.
    """
    home = home or Home.from_environment()
    with folders.alone(home, release_id), open_ledger(home) as ledger:
        row = ledger.release(release_id)
        if row.state == "published":
            return str(folders.release_folder(home, release_id))
        built = checked(Building(home, facts_of(ledger, release_id)))
        files = built.files
        content = content_sha256(files)
        path = folders.write_draft(home, release_id, files)
        ledger.save_figures(release_id, _figure_rows(built.headlines))
        if row.state not in ("drafted", "approved") or row.content_sha256 != content:
            ledger.set_release_state(release_id, "drafted", content_sha256=content, drafted_by=by)
        return str(path)


def approve(release_id: str, by: str, home: Home | None = None) -> ReleaseRow:
    """Note that a person agreed to publish the draft as it is now; a second approval changes nothing.

    Args:
        release_id: for example 2025.1-provisional.
        by: the person's account, as Airflow or the operating system knows it; not the one that started the release.
        home: of the environment, where none is given.

    Raises:
        ReleaseError: nobody is named, or there is no draft, or it was changed after it was drafted.
        WrongState: `by` started or drafted the release.
    """
    home = home or Home.from_environment()
    if not by.strip():
        raise ReleaseError(f"release {release_id}: an approval names the person who gives it")
    with open_ledger(home) as ledger:
        row = ledger.release(release_id)
        if row.state in ("approved", "published"):
            return row
        if row.state != "drafted":
            raise ReleaseError(f"release {release_id} is {row.state}: draft it before approving")
        _untouched(home, row)
        return ledger.set_release_state(
            release_id, "approved", approved_by=by.strip(), approved_at=clock.now()
        )


def reject(release_id: str, home: Home | None = None) -> ReleaseRow:
    """Note that a person refused the draft; it can be drafted again. A published release cannot be rejected."""
    home = home or Home.from_environment()
    with open_ledger(home) as ledger:
        return ledger.set_release_state(release_id, "rejected")


def publish(release_id: str, home: Home | None = None) -> Published:
    """Publish the approved draft: one rename, then the pointer CURRENT, then the ledger.

    Called again it changes nothing; called again after a crash it finishes what was begun.

    Raises:
        ReleaseError: not approved, or the draft is not the one that was approved.
        PublishError: a published folder is in the way with other content; it is never overwritten (T1).
    """
    home = home or Home.from_environment()
    with folders.alone(home, release_id), open_ledger(home) as ledger:
        row = ledger.release(release_id)
        if row.state not in ("approved", "published"):
            raise ReleaseError(f"release {release_id} is {row.state}: a person has to approve it first")
        if row.state == "approved":
            _untouched(home, row)
        moved = folders.publish(home, release_id)
        if row.state == "approved":
            ledger.set_release_state(release_id, "published", published_at=clock.now())
        return {
            "release_id": release_id,
            "path": str(folders.release_folder(home, release_id)),
            "content_sha256": row.content_sha256 or "",
            "current": folders.current(home),
            "moved": moved,
        }


def verify(release_id: str, home: Home | None = None) -> list[str]:
    """Build the release again from core and compare it with its folder, file by file; an empty list is the same bytes.

    Compares the published folder, or the draft where it is not published yet. Nothing is written.
    """
    home = home or Home.from_environment()
    with open_ledger(home) as ledger:
        row = ledger.release(release_id)
        built = Building(home, facts_of(ledger, release_id))
    folder = folders.release_folder(home, release_id)
    if row.state != "published" and not folder.is_dir():
        folder = folders.draft_folder(home, release_id)
    there, again = folders.read_files(folder), built.files
    if not there:
        return [f"{release_id}: there is no folder to compare with"]
    found = [f"{path}: missing in the release" for path in sorted(again.keys() - there.keys())]
    found += [f"{path}: not part of the release" for path in sorted(there.keys() - again.keys())]
    found += [
        f"{path}: differs ({len(there[path])} bytes in the release, {len(again[path])} rebuilt)"
        for path in sorted(again.keys() & there.keys())
        if there[path] != again[path]
    ]
    if row.content_sha256 and content_sha256(there) != row.content_sha256:
        found.append(f"content: {content_sha256(there)}, the ledger says {row.content_sha256}")
    return found


def releases(year: int | None = None, home: Home | None = None) -> list[dict[str, Any]]:
    """Every release with its state, and whether CURRENT names it."""
    home = home or Home.from_environment()
    newest = folders.current(home)
    with open_ledger(home) as ledger:
        return [asdict(row) | {"current": row.release_id == newest} for row in ledger.releases(year)]


def figures(release_id: str | None = None, home: Home | None = None) -> list[dict[str, Any]]:
    """The headline cards of a published release (the current one, where none is named), as in figures.json.

    Raises:
        ReleaseError: nothing is published, or not this release.
    """
    home = home or Home.from_environment()
    wanted = release_id or folders.current(home)
    if wanted is None:
        raise ReleaseError("no release is published yet: run odcm release draft and publish")
    path = folders.release_folder(home, wanted) / "figures.json"
    if not path.exists():
        raise ReleaseError(f"release {wanted} is not published")
    cards: list[dict[str, Any]] = json.loads(path.read_bytes())["figures"]
    return cards


def _same(ledger: Ledger, newest: ReleaseRow, batches: list[str], stage: str, moment: datetime) -> bool:
    made_by = (newest.stage, newest.rules_version, newest.code_version)
    now = (stage, RULES.rules_version, code_version())
    if made_by != now or ledger.release_batches(newest.release_id) != batches:
        return False
    if ledger.set_aside(newest.as_at) != ledger.set_aside(moment):
        return False
    years = [newest.year - 1, newest.year]
    then, today = (definitions.in_force(ledger, at) for at in (newest.as_at, moment))
    return reports.expected(then, years) == reports.expected(today, years)


def _reason(newest: ReleaseRow | None, stage: str, given: str | None) -> str | None:
    if given and given.strip():
        return given.strip()
    if newest is None:
        return None
    if newest.state != "published":
        return f"replaces {newest.release_id}, which was not published"
    if newest.stage == "provisional" and stage == "final":
        return f"final figures of the year; replaces {newest.release_id}"
    raise ReleaseError(
        f"release {newest.release_id} is published and rests on other batches, rules or code: give a reason for the "
        "next number (late report, correction, reclassification, method)"
    )


def _frozen(row: ReleaseRow, batches: int, *, new: bool) -> Frozen:
    return {
        "release_id": row.release_id,
        "year": row.year,
        "number": row.number,
        "stage": row.stage,
        "state": row.state,
        "as_at": row.as_at.isoformat(),
        "batches": batches,
        "new": new,
    }


def _untouched(home: Home, row: ReleaseRow) -> None:
    # After a crash between rename and ledger the draft is already in its published place.
    published = folders.release_folder(home, row.release_id)
    folder = published if published.is_dir() else folders.draft_folder(home, row.release_id)
    found = content_sha256(folders.read_files(folder))
    if found != row.content_sha256:
        raise ReleaseError(
            f"release {row.release_id}: the files in {folder.parent.name}/{folder.name} are not those that were "
            f"drafted (content {found[:12]}, drafted {(row.content_sha256 or 'nothing')[:12]}): draft it again"
        )


def _figure_rows(cards: list[FigureCard]) -> list[FigureRow]:
    return [
        FigureRow(
            figure_id=card.figure_id,
            value=None if card.value is None else float(card.value),
            card=json_bytes(card_json(card)).decode("utf-8"),
        )
        for card in cards
    ]
