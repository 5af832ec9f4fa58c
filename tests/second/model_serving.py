"""Another right answer: a deque, one loop that cuts batches, requests as small objects, replicas by counting upwards."""

from collections import deque
from concurrent.futures import Future


class Waiting:
    def __init__(self, since, request):
        self.since, self.request, self.future = since, request, Future()


class MicroBatcher:
    def __init__(self, model, *, max_batch, max_wait, max_queue):
        self.model = model
        self.limits = max_batch, max_wait, max_queue
        self.line = deque()

    def submit(self, now, request):
        if len(self.line) == self.limits[2]:
            raise RuntimeError
        self.line.append(Waiting(now, request))
        return self.line[-1].future

    def next_time(self):
        max_batch, max_wait, _ = self.limits
        if len(self.line) == 0:
            return float("inf")
        first = self.line[0].since
        return first if len(self.line) >= max_batch else first + max_wait

    def tick(self, now):
        max_batch, max_wait, _ = self.limits
        ran = 0
        while self.line and (len(self.line) >= max_batch or now >= self.line[0].since + max_wait):
            batch = [self.line.popleft() for _ in range(min(max_batch, len(self.line)))]
            ran += 1
            try:
                results = list(self.model([entry.request for entry in batch]))
            except Exception as error:  # noqa: BLE001
                if len(batch) > 1:
                    for entry in batch:
                        self.alone(entry)
                else:
                    batch[0].future.set_exception(error)
                continue
            for place, entry in enumerate(batch):
                entry.future.set_result(results[place])
        return ran

    def alone(self, entry):
        try:
            entry.future.set_result(self.model([entry.request])[0])
        except Exception as error:  # noqa: BLE001
            entry.future.set_exception(error)


def replicas_wanted(waiting, *, rate, target, current, low=1, high=10):
    wanted = low
    while wanted < high and (wanted * rate * target < waiting or wanted < current - 1):
        wanted += 1
    return wanted
