"""What those who stay cost and how fast they are: all of them beside each other on one server."""
import statistics
import subprocess
import time

import measure
from observer import Observer


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else None


class Keeping:
    def __init__(self, cluster, keepers, options):
        self.cluster, self.keepers, self.options = cluster, keepers, options
        self.results = {keeper.name: {"objects": keeper.count} for keeper in keepers}

    def note(self, keeper, **values):
        self.results[keeper.name].update(values)

    def run(self):
        for keeper in self.keepers:
            self.first(keeper)
        for keeper in self.keepers:
            self.changes(keeper)
        self.idle()
        for keeper in self.keepers:
            self.drift(keeper)
        for keeper in self.keepers:
            self.restart(keeper)
        self.server_restart()
        for keeper in self.keepers:
            keeper.stop()

    def first(self, keeper):
        mark = self.cluster.mark()
        began, done = keeper.start()
        requests = self.cluster.requests(mark, keeper.user)
        self.note(keeper, first_seconds=done - began, first_requests=requests.total, first_writes=requests.writes,
                  first_cpu=measure.cpu_of(keeper.pid()))

    def changes(self, keeper):
        """One file of all, so many times."""
        times, writes = [], 0
        for i in range(self.options.changes):
            mark = self.cluster.mark()
            began = keeper.change(i, f"change-{i}")
            requests = self.wait_for_write(mark, keeper)
            times.append(requests.write_times[0] - began)
            writes += requests.writes
        self.note(keeper, change_p50=percentile(times, 0.5), change_p99=percentile(times, 0.99),
                  change_writes=writes / self.options.changes)

    def wait_for_write(self, mark, keeper):
        end = time.monotonic() + 120
        while time.monotonic() < end:
            time.sleep(0.5)
            requests = self.cluster.requests(mark, keeper.user)
            if requests.writes:
                return requests
        raise SystemExit(f"{keeper.name} did not take up a change")

    def idle(self):
        """All at once, each counted by its own token."""
        time.sleep(10)  # until the last word about what was done before is over
        mark = self.cluster.mark()
        cpu = {keeper: measure.cpu_of(keeper.pid()) for keeper in self.keepers}
        time.sleep(self.options.idle)
        for keeper in self.keepers:
            used = measure.cpu_of(keeper.pid()) - cpu[keeper]
            requests = self.cluster.requests(mark, keeper.user)
            self.note(keeper, idle_seconds=self.options.idle, idle_requests=requests.total,
                      idle_cpu_percent=100 * used / self.options.idle, memory=keeper.memory())

    def drift(self, keeper):
        """A person edits an object: until it is as the files say."""
        observer = Observer(self.cluster, keeper.namespace, "web-3")
        times = []
        quick = keeper.name == "desired"
        for i in range(self.options.edits if quick else self.options.slow_edits):
            observer.edit(f"foreign-{i}")
            took = observer.repaired_in(f"foreign-{i}", 300)
            times.append(took if took is not None else float("inf"))
            time.sleep(0.5 if quick else 1)
        self.note(keeper, drift_p50=statistics.median(times), drift_p99=percentile(times, 0.99), drift_count=len(times))

    def restart(self, keeper):
        times, counts = [], []
        for _ in range(self.options.restarts):
            keeper.stop()
            mark = self.cluster.mark()
            began, done = keeper.start()
            times.append(done - began)
            counts.append(self.cluster.requests(mark, keeper.user).total)
        self.note(keeper, restart_p50=statistics.median(times), restart_requests=statistics.median(counts))

    def server_restart(self):
        """From when it answers again until an edit that follows at once is repaired."""
        mark = self.cluster.mark()
        self.cluster.control("stop-apiserver")
        time.sleep(self.options.outage)
        self.cluster.control("start-apiserver")
        back = time.time()
        observers = {keeper: Observer(self.cluster, keeper.namespace, "web-5") for keeper in self.keepers}
        for observer in observers.values():
            observer.edit("while-away")
        for keeper, observer in observers.items():
            took = observer.repaired_in("while-away", 300)
            self.note(keeper, server_back_seconds=None if took is None else time.time() - back,
                      server_back_repair=took, outage_requests=self.cluster.requests(mark, keeper.user).total)
