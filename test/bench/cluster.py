"""A real control plane for one run of the bench: its users, and what its audit log says of each."""
import datetime
import json
import os
import pathlib
import subprocess
import sys
import time

CLUSTER = pathlib.Path(__file__).resolve().parent.parent / "cluster" / "cluster"
WRITES = ("create", "patch", "update", "delete")


def seconds_of(stamp):
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


class Requests:
    """What a user asked since a mark. Watches are not requests; the first time that one began is kept."""

    def __init__(self):
        self.total = self.writes = 0
        self.last = self.last_write = None  # when the last one was answered; seconds since 1970
        self.write_times = []

    def add(self, event):
        if event["verb"] == "watch":
            return
        answered = seconds_of(event["stageTimestamp"])
        self.total += 1
        self.last = max(self.last or 0, answered)
        if event["verb"] in WRITES:
            self.writes += 1
            self.last_write = max(self.last_write or 0, answered)
            self.write_times.append(answered)


class Cluster:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.control("up")
        self.kubectl_path = self.variable("KUBECTL")
        self.url = self.variable("APISERVER")
        self.ca = self.folder / "pki" / "ca.crt"
        self.kubeconfig = self.folder / "kubeconfig"
        self.audit = self.folder / "log" / "audit.log"

    def control(self, verb, *args):
        return subprocess.run([CLUSTER, verb, self.folder, *args], check=True, stdout=subprocess.PIPE, text=True).stdout

    def variable(self, name):
        script = f'. "{self.folder}/env"; echo "${name}"'
        return subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True).stdout.strip()

    def user(self, name):
        """The kubeconfig of a cluster-admin with that name."""
        config = self.folder / f"{name}.kubeconfig"
        if not config.exists():
            (self.folder / f"{name}.token").write_text(self.control("token", name))
        return config

    def token(self, name):
        self.user(name)
        return self.folder / f"{name}.token"

    def kubectl(self, *args, user=None, check=True, stdin=None):
        config = self.user(user) if user else self.kubeconfig
        done = subprocess.run([self.kubectl_path, "--kubeconfig", config, *args], capture_output=True, text=True,
                              input=stdin)
        if check and done.returncode:
            sys.exit(f"kubectl {' '.join(map(str, args))}: {done.stderr}")
        return done.stdout

    def mark(self):
        return os.path.getsize(self.audit)

    def requests(self, mark, user):
        time.sleep(0.3)  # the log is written behind the answer
        found = Requests()
        with open(self.audit) as log:
            log.seek(mark)
            for line in log:
                if user not in line:
                    continue
                event = json.loads(line)
                if event["stage"] == "ResponseComplete" and event["user"].get("username", "").endswith(":" + user):
                    found.add(event)
        return found

    def server_pids(self):
        """kube-apiserver and its datastore."""
        return [int((self.folder / "pid" / name).read_text().split()[0]) for name in ("kube-apiserver", "kine")]

    def down(self):
        subprocess.run([CLUSTER, "down", self.folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
