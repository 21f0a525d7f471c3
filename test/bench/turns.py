"""Contenders take turns at one set of manifests: apply it cold, again, and after one change."""
import measure

DIFF = "kubectl diff"


class Turns:
    """results[phase][contender]: a row for each round."""

    def __init__(self, cluster, root, contenders, count):
        self.cluster, self.root, self.count = cluster, root / f"turns-{count}", count
        self.contenders = [contender for contender in contenders if contender.takes(count)]
        self.results = {}
        self.serial = 0

    def measure(self, phase, contender, command, wanted=(0,), name=None):
        mark = self.cluster.mark()
        server = sum(map(measure.cpu_of, self.cluster.server_pids()))
        run = measure.Run(command, contender.env, wanted)
        server = sum(map(measure.cpu_of, self.cluster.server_pids())) - server
        requests = self.cluster.requests(mark, contender.user)
        # What a contender does after its last write (waiting until all is ready, say) is not counted.
        written = requests.last_write - run.began if requests.writes else run.seconds
        row = {"seconds": written, "whole": run.seconds, "cpu": run.cpu, "server_cpu": server,
               "requests": requests.total, "writes": requests.writes, "objects": contender.count}
        self.results.setdefault(phase, {}).setdefault(name or contender.name, []).append(row)

    def turn(self, contender):
        """In a namespace of its own, which is gone afterwards."""
        self.serial += 1
        namespace = f"bench-{self.count}-{self.serial}"
        self.cluster.kubectl("create", "namespace", namespace)
        contender.prepare(self.root / str(self.serial), namespace, self.count)
        self.measure("cold", contender, contender.command())
        self.measure("unchanged", contender, contender.command())
        if contender.name == "kubectl --validate=false":
            diff = [contender.cluster.kubectl_path, "--kubeconfig", contender.kubeconfig, "diff", "--server-side", "-R",
                    "-f", contender.files]
            self.measure("unchanged", contender, diff, wanted=(0, 1), name=DIFF)
        contender.change()
        self.measure("one changed", contender, contender.command())
        self.cluster.kubectl("delete", "namespace", namespace)

    def round(self):
        self.root.mkdir(exist_ok=True)
        for contender in self.contenders:
            self.turn(contender)
