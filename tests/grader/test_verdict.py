"""Jobs and verdicts as JSON."""

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

import grader
from grader.verdict import CheckResult, Failure, Frame, Job, Layer, Verdict, decode_job, decode_verdict, encode, schema

SHIPPED = Path(grader.__file__).with_name("verdict.schema.json")
VERDICT = Verdict(
    slug="conv2d", passed=False, complete=True, seed=7, replayed=False, device="cpu", layers=[Layer("seccomp", on=True)],
    checks=[CheckResult(name="a", title="A", status="failed", failure=Failure(kind="values", lines=["…"], frames=[Frame(1, "f", "x")]))],
)  # fmt: skip


def test_the_shipped_schema_is_the_codes():
    assert json.loads(SHIPPED.read_text(encoding="utf-8")) == schema()


def test_verdicts_fit_the_schema():
    jsonschema.validate(json.loads(encode(VERDICT)), json.loads(SHIPPED.read_text(encoding="utf-8")))


def test_a_real_verdict_fits_the_schema(judge):
    checks = "from grader.compare import assert_same\ndef test_a(answer, draw): assert_same(answer.f(draw.normal(3)), draw.normal(3), 'f(x)')"
    verdict = judge("def f(x): return x", checks)
    jsonschema.validate(json.loads(encode(verdict)), json.loads(SHIPPED.read_text(encoding="utf-8")))


def test_round_trips():
    job = Job(slug="conv2d", source="x = 1", filename="conv2d.py", checks="test_conv2d.py")
    assert decode_job(encode(job)) == job
    assert decode_verdict(encode(VERDICT)) == VERDICT


def test_something_else_is_refused():
    with pytest.raises(msgspec.ValidationError):
        decode_verdict(b'{"slug": 1}')
