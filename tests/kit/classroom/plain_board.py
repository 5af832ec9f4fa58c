"""A board as one would make it by hand, to compare the real ones with: every submission is looked at again for every question, in fractions."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction


@dataclass
class Student:
    id: int
    pseudonym: str
    section: str = ""
    active: bool = True


@dataclass
class Task:
    """An assignment."""

    id: int
    slug: str
    weights: dict[str, float]
    counts: str = "best"
    credit: str = "all"
    due_at: datetime | None = None
    late_per_day: float = 0.0
    section: str = ""
    published: bool = True


@dataclass
class Handed:
    """A submission. task: None for practice."""

    id: int
    student: Student
    exercise: str
    task: Task | None
    at: datetime
    number: int = 1
    state: str = "pending"
    passed: bool = False
    right: int = 0
    checks: int = 4


@dataclass
class PlainRoom:
    points: dict[str, int]
    students: list[Student] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    handed: list[Handed] = field(default_factory=list)
    freeze_at: datetime | None = None


def value(each: Handed) -> Fraction:
    """The share of the exercise's points."""
    if each.state != "judged":
        return Fraction(0)
    made = Fraction(1) if each.passed else Fraction(0)
    if each.task is None:
        return made
    if each.task.credit == "share" and not each.passed:
        made = Fraction(each.right, each.checks)
    days = 0
    while each.task.due_at is not None and each.task.due_at + days * timedelta(hours=24) < each.at:
        days += 1
    return made * max(Fraction(0), 1 - Fraction(each.task.late_per_day) * days)


def counts(handed: list[Handed], way: str) -> Handed | None:
    judged = [each for each in handed if each.state == "judged"]
    if not judged:
        return None
    if way == "last":
        return max(judged, key=lambda each: (each.at, each.id))
    most = max(value(each) for each in judged)
    return min((each for each in judged if value(each) == most), key=lambda each: (each.at, each.id))


def first_solver(room: PlainRoom, visible: list[Handed], exercise: str) -> Student | None:
    line = sorted((each for each in visible if each.exercise == exercise and each.student.active), key=lambda each: (each.at, each.id))
    for each in line:
        if each.state == "pending":
            return None
        if each.state == "judged" and each.passed:
            return each.student
    return None


def plain_board(room: PlainRoom, kind: str, name: str, *, until: datetime | None) -> list[dict]:
    """The rows; until: only what was handed in before."""
    visible = [each for each in room.handed if until is None or each.at < until]
    task = next((task for task in room.tasks if kind == "assignment" and task.slug == name), None)
    worth = {exercise: Fraction(points) for exercise, points in room.points.items() if kind != "exercise" or exercise == name}
    if task is not None:
        worth = {exercise: room.points[exercise] * Fraction(weight) for exercise, weight in task.weights.items() if exercise in room.points}
    rows = []
    for student in room.students:
        of_task = task is not None and any(each.task is task and each.student is student for each in room.handed)
        if not student.active or (kind == "section" and student.section != name):
            continue
        if task is not None and task.section not in {"", student.section} and not of_task:
            continue
        rows.append(plain_row(room, visible, student, worth, task))
    for row in rows:
        row["rank"] = 1 + sum(better(other, row) for other in rows)
    return sorted(rows, key=lambda row: (row["rank"], row["pseudonym"]))


def plain_row(room: PlainRoom, visible: list[Handed], student: Student, worth: dict[str, Fraction], task: Task | None) -> dict:
    cells, total, reached, solved, submissions, pending, stars = {}, Fraction(0), [], 0, 0, 0, 0
    for exercise, most in worth.items():
        handed = [each for each in visible if each.student is student and each.exercise == exercise and each.state != "failed"]
        if task is not None:
            handed = [each for each in handed if each.task is task]
        if not handed:
            continue
        way = task.counts if task is not None else "best"
        counted = counts(handed, way)
        made = value(counted) * most if counted else Fraction(0)
        passed = counted is not None and (counted.passed if way == "last" else any(each.passed for each in handed if each.state == "judged"))
        waiting = sum(each.state == "pending" for each in handed)
        star = passed and first_solver(room, visible, exercise) is student
        state = "pending" if counted is None else "passed" if passed else "part" if made else "failed"
        cells[exercise] = (round(float(made), 6), state, len(handed), waiting, counted.id if counted else None, star)
        total, submissions, pending, solved, stars = total + made, submissions + len(handed), pending + waiting, solved + passed, stars + star
        if made and counted:
            reached.append(counted.at)
    return {
        "pseudonym": student.pseudonym,
        "points": round(float(total), 6),
        "reached_at": max(reached, default=None),
        "submissions": submissions,
        "solved": solved,
        "first_solves": stars,
        "pending": pending,
        "cells": cells,
    }


def better(one: dict, other: dict) -> bool:
    """Whether one stands before the other, pseudonyms aside."""
    if one["points"] != other["points"]:
        return one["points"] > other["points"]
    if not one["points"]:
        return False
    if one["reached_at"] != other["reached_at"]:
        return one["reached_at"] < other["reached_at"]
    return one["submissions"] < other["submissions"]
