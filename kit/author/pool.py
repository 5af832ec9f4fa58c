"""Many jobs for the judge at once: it blocks, so each has a thread."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeAlias

from grader.text import _
from grader.verdict import Job, Verdict

__all__ = ["Judge", "judge_all"]

Judge: TypeAlias = Callable[[Job], Verdict]


def judge_all(
    jobs: Sequence[Job], *, judge: Judge | None = None, workers: int | None = None, on_done: Callable[[int], None] = lambda _index: None
) -> list[Verdict]:
    """Judge all, as many at once as there are cores. Where the judge itself failed, the verdict has its `error` set.

    on_done gets the index of each job that is done, in the calling thread.
    """
    chosen = judge if judge is not None else _real_judge()
    verdicts: list[Verdict | None] = [None] * len(jobs)
    pool = ThreadPoolExecutor(max_workers=workers or os.cpu_count() or 1)
    try:
        waiting = {pool.submit(_judge, chosen, job): index for index, job in enumerate(jobs)}
        for future in as_completed(waiting):
            verdicts[waiting[future]] = future.result()
            on_done(waiting[future])
    finally:
        pool.shutdown(cancel_futures=True)
    return [verdict for verdict in verdicts if verdict is not None]


def _real_judge() -> Judge:
    from grader import client  # noqa: PLC0415  # only the judged part needs it

    return client.judge


def _judge(judge: Judge, job: Job) -> Verdict:
    try:
        return judge(job)
    except Exception as error:  # noqa: BLE001  # the judge's own failure belongs to its job; the other jobs go on
        reason = str(error) or type(error).__name__
        return Verdict(
            slug=job.slug,
            passed=False,
            complete=False,
            seed=job.seed or 0,
            replayed=job.seed is not None,
            device="cuda" if job.device == "cuda" else "cpu",
            checks=[],
            error=_("the judge failed: {reason}").format(reason=reason),
        )
