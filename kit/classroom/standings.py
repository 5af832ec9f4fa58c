"""Standings: the boards of a classroom as they are now, made once for each revision and kept as finished bytes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock
from typing import Literal, NamedTuple

from msgspec.structs import replace

from grader.text import _
from kit.bank import Bank
from kit.classroom.boards import Board, BoardName, Entrant, Row, encoded, first_solves, rank
from kit.classroom.database import Store
from kit.classroom.errors import Refused
from kit.classroom.history import History, history
from kit.classroom.ledger import Ledger, Plan, Tallies
from kit.classroom.points import Moment

__all__ = ["Audience", "Own", "Served", "Standings", "no_board"]

Audience = Literal["students", "staff"]
STAFF = frozenset({"assistant", "teacher"})


class Served(NamedTuple):
    """A board ready to be sent. etag: with its quotation marks; it changes with the revision. section: whose board alone it is, "" for all."""

    body: bytes
    etag: str
    revision: int
    section: str = ""

    def is_for(self, role: str | None, section: str | None) -> bool:
        """Whether somebody may know of this board: the staff, and students of its section. role None: a stranger, where boards are public."""
        return not self.section or role in STAFF or (role is not None and section == self.section)


class Own(NamedTuple):
    """Somebody's own row. later: with what the freeze hides from the others, at the rank of the frozen board; None where nothing is hidden."""

    row: Row
    later: Row | None


@dataclass(frozen=True)
class _Edition:
    """What was made of one revision so far. board and bytes by name and audience."""

    revision: int
    tallies: dict[Audience, Tallies]
    first: dict[Audience, dict[str, Moment]]
    boards: dict[tuple[BoardName, Audience], Board] = field(default_factory=dict)
    served: dict[tuple[BoardName, Audience], Served] = field(default_factory=dict)


class Standings:
    """The boards of a classroom, for any number of threads. Students see them as of the freeze, the staff as they are.

    The first request reads all submissions; afterwards what changed is read, and what did not change is not made again.
    """

    def __init__(self, store: Store, bank: Bank) -> None:
        self._store, self._bank = store, bank
        self._ledger = Ledger()
        self._lock = Lock()
        self._edition = _Edition(-1, {}, {})

    def cached(self, name: BoardName, audience: Audience, revision: int) -> Served | None:
        """The board when it is at hand at this revision or a later one; never touches the database, never waits."""
        edition = self._edition
        return edition.served.get((name, audience)) if edition.revision >= revision else None

    def served(self, name: BoardName, audience: Audience, revision: int | None = None) -> Served:
        """The board as JSON; at least at this revision, None: at the present one. Raises Refused when there is none of that name."""
        if revision is not None and (made := self.cached(name, audience, revision)) is not None:
            return made
        with self._lock:
            edition = self._present(revision)
            made = edition.served.get((name, audience))
            if made is None:
                body = encoded(self._board(edition, name, audience))
                digest = sha256(body + self._bank.index.fingerprint.encode()).hexdigest()[:16]
                section = self._scope(name, audience).section
                made = edition.served[name, audience] = Served(body, f'"{edition.revision}-{digest}"', edition.revision, section)
            return made

    def board(self, name: BoardName, audience: Audience, revision: int | None = None) -> Board:
        """The board as a value. Raises Refused when there is none of that name."""
        with self._lock:
            return self._board(self._present(revision), name, audience)

    def own(self, name: BoardName, person_id: int) -> Own | None:
        """A student's own row of a board, None when they are not on it. Raises Refused when there is no board of that name that they may know of."""
        with self._lock:
            edition = self._present(None)
            scope = self._scope(name, "students")
            if scope.section and any(each.person_id == person_id and each.section != scope.section for each in self._ledger.entrants):
                raise no_board(name)
            row = self._board(edition, name, "students").row(person_id)
            if row is None or self._ledger.freeze_at is None:
                return None if row is None else Own(row, None)
            first = edition.first["students"]  # who was first meanwhile would tell of others
            alone = [entrant for entrant in scope.entrants if entrant.person_id == person_id]
            (later,) = rank(alone, edition.tallies["staff"], scope.worth, first, scope.assignment_id)
        later = replace(later, rank=row.rank)
        return Own(row, None if later == row else later)

    def history(self, name: BoardName, audience: Audience, people: Callable[[Board], Iterable[Row]]) -> History:
        """The points over time of some people of a board, say of its first eight. Raises Refused when there is no board of that name."""
        with self._lock:
            edition = self._present(None)
            board = self._board(edition, name, audience)
            return history(people(board), edition.tallies[audience], board.worth, self._scope(name, audience).assignment_id)

    def _present(self, revision: int | None) -> _Edition:
        """What is made of this revision or a later one; None: of the present one."""
        if revision is None or self._edition.revision < revision:
            with self._store.reading() as session:
                self._ledger.refresh(session)
            if self._ledger.revision != self._edition.revision:
                self._edition = self._begun()
        return self._edition

    def _begun(self) -> _Edition:
        ledger = self._ledger
        people = [entrant.person_id for entrant in ledger.entrants]

        def first(tallies: Tallies) -> dict[str, Moment]:
            return first_solves(tallies.get(person_id, {}) for person_id in people)

        live = ledger.tallies
        frozen = live if ledger.freeze_at is None else ledger.frozen()
        of_live = first(live)
        of_frozen = of_live if frozen is live else first(frozen)
        return _Edition(ledger.revision, {"staff": live, "students": frozen}, {"staff": of_live, "students": of_frozen})

    def _board(self, edition: _Edition, name: BoardName, audience: Audience) -> Board:
        made = edition.boards.get((name, audience))
        if made is None:
            scope = self._scope(name, audience)
            rows = rank(scope.entrants, edition.tallies[audience], scope.worth, edition.first[audience], scope.assignment_id)
            freeze_at = self._ledger.freeze_at if audience == "students" else None
            made = edition.boards[name, audience] = Board(name, scope.title, scope.worth, freeze_at, rows)
        return made

    def _scope(self, name: BoardName, audience: Audience) -> "_Scope":
        """Who and what is on a board. Raises Refused."""
        worth: dict[str, float] = {exercise.slug: exercise.points for exercise in self._bank.exercises}
        entrants = self._ledger.entrants
        if name.kind == "overall":
            return _Scope("", worth, entrants)
        if name.kind == "exercise" and name.name in worth:
            return _Scope("", {name.name: worth[name.name]}, entrants)
        if name.kind == "section" and name.name in self._ledger.sections:
            return _Scope("", worth, tuple(entrant for entrant in entrants if entrant.section == name.name))
        if name.kind == "assignment":
            for plan in self._ledger.plans:
                if plan.slug == name.name and (plan.published or audience == "staff"):
                    weighted = {slug: worth[slug] * weight for slug, weight in plan.weights.items() if slug in worth}
                    return _Scope(plan.title, weighted, tuple(each for each in entrants if self._belongs(each, plan)), plan.id, plan.section)
        raise no_board(name)

    def _belongs(self, entrant: Entrant, plan: Plan) -> bool:
        """A section's assignment has the people of that section, and who handed something in for it before they left."""
        if not plan.section or entrant.section == plan.section:
            return True
        return any(tally.of(plan.id) for tally in self._ledger.tallies.get(entrant.person_id, {}).values())


def no_board(name: BoardName) -> Refused:
    """What is said of a board that there is not, or not for who asks."""
    return Refused("no-board", _("there is no such board"), name, _("See which ones the page of boards names."), http=404)


class _Scope(NamedTuple):
    """Who and what is on a board; assignment_id None: everything that was handed in. section: the only one that may know of it."""

    title: str
    worth: dict[str, float]
    entrants: tuple[Entrant, ...]
    assignment_id: int | None = None
    section: str = ""
