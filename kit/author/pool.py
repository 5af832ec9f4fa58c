"""Many jobs for the judge at once: it blocks, so each has a thread; answers to the same exercise go to it together."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeAlias

from msgspec import structs

from grader.text import _
from grader.verdict import Job, Verdict

__all__ = ["Judge", "judge_all"]

Judge: TypeAlias = Callable[[Job], Verdict]

TOGETHER = 20  # answers at most: enough to share the work, few enough that all cores have some until the end


def judge_all(
    jobs: Sequence[Job], *, judge: Judge | None = None, workers: int | None = None, on_done: Callable[[int], None] = lambda _index: None
) -> list[Verdict]:
    """Judge all, as many at once as there are cores. Where the judge itself failed, the verdict has its `error` set.

    judge: another one than the real one; it gets one job at a time. on_done gets the index of each job that is done, in the calling thread.
    """
    verdicts: list[Verdict | None] = [None] * len(jobs)
    pool = ThreadPoolExecutor(max_workers=workers or os.cpu_count() or 1)
    try:
        groups = [[index] for index in range(len(jobs))] if judge is not None else list(_groups(jobs))
        waiting = {pool.submit(_judge_group, judge, [jobs[index] for index in group]): group for group in groups}
        for future in as_completed(waiting):
            for index, verdict in zip(waiting[future], future.result(), strict=True):
                verdicts[index] = verdict
                on_done(index)
    finally:
        pool.shutdown(cancel_futures=True)
    return [verdict for verdict in verdicts if verdict is not None]


def _groups(jobs: Sequence[Job]) -> Iterator[list[int]]:
    """The jobs by index: those that differ in nothing but their source and end at the first failure together, every other alone."""
    alike: list[tuple[Job, list[int]]] = []
    for index, job in enumerate(jobs):
        if job.stop_at_first_failure and job.seed is not None and job.device == "cpu":
            bare = structs.replace(job, source="")
            if not alike or alike[-1][0] != bare or len(alike[-1][1]) == TOGETHER:
                alike.append((bare, []))
            alike[-1][1].append(index)
        else:
            yield [index]
    yield from (group for _bare, group in alike)


def _judge_group(judge: Judge | None, jobs: Sequence[Job]) -> list[Verdict]:
    if len(jobs) > 1:
        from grader.client import judge_each  # noqa: PLC0415  # only the judged part needs it

        try:
            return judge_each(jobs)
        except Exception:  # noqa: BLE001, S110  # one of them may have done it: alone, it spoils no other's verdict
            pass
    chosen = judge if judge is not None else _real_judge()
    return [_judge(chosen, job) for job in jobs]


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
