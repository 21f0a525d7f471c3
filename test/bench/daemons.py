"""Those who stay, and keep a folder of manifests in force on the server."""
import pathlib
import shutil
import socket
import subprocess
import threading
import time

import contenders
import manifests
import measure
from peers.flux.source import Source

PEERS = pathlib.Path(__file__).resolve().parent / "peers"
INTERVAL = 60  # s, of those who compare by the clock


class Keeper:
    """files: the folder that it keeps in force. `start()` and `change()` return when that began."""
    name = user = ""

    def __init__(self, cluster, root, count):
        self.cluster, self.root, self.count = cluster, root, count
        self.folder = root / self.user
        self.namespace = self.user
        self.files = self.folder / "etc" / "bench"
        self.kubeconfig = cluster.user(self.user)
        self.daemon = None
        cluster.kubectl("create", "namespace", self.namespace)
        manifests.write(self.files, self.namespace, count)

    def start(self):
        """Begins when the process does; returns when it says that all is in force."""
        raise NotImplementedError

    def change(self, i, value):
        """Another value in the ConfigMap web-i."""
        raise NotImplementedError

    def pid(self):
        return self.daemon.pid

    def stop(self):
        self.daemon.stop()

    def memory(self):
        return {key: measure.memory_of(self.pid(), key) for key in ("RssAnon", "VmRSS", "VmHWM")}


class Desired(Keeper):
    name, user = "desired", "bench-keeper"

    def __init__(self, cluster, root, count):
        super().__init__(cluster, root, count)
        self.folder.chmod(0o755)
        (self.folder / "etc").chmod(0o755)

    def command(self, verb):
        return [contenders.BUILD / "desired", verb, "--dir", self.folder / "etc", "--state", self.folder / "state",
                "--runtime", self.folder / "run", "--kubeconfig", self.kubeconfig]

    def start(self):
        """Its verdict is the STATUS that it gives systemd after the first pass."""
        path = self.folder / "notify"
        path.unlink(missing_ok=True)
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(str(path))
        self.daemon = measure.Daemon(self.command("run"), env={"NOTIFY_SOCKET": str(path)})
        words = []
        threading.Thread(target=self.listen, args=(notify, words), daemon=True).start()
        while True:
            time.sleep(0.01)
            ready = [when for when, text in words if "READY=1" in text]
            verdicts = [when for when, text in words if ready and when > ready[0] and "1 of 1 apps are ready" in text]
            if verdicts and time.time() - verdicts[-1] > 1:
                return self.daemon.began, verdicts[-1]

    @staticmethod
    def listen(notify, words):
        while True:
            text = notify.recv(4096).decode()
            words.append((time.time(), text))

    def change(self, i, value):
        manifests.change(self.files, self.namespace, i, value)
        time.sleep(0.1)  # files that are still being written are not taken up
        began = time.time()
        measure.Run(self.command("reload"))
        return began


class Flux(Keeper):
    name, user = "Flux kustomize-controller", "bench-flux"

    def __init__(self, cluster, root, count):
        super().__init__(cluster, root, count)
        self.source = Source(cluster, self.files, root / "flux-artifacts", INTERVAL)

    def start(self):
        ports = [self.source.free_port() for _ in range(2)]
        self.daemon = measure.Daemon(
            [contenders.part("flux"), "--feature-gates=ExternalArtifact=true", f"--metrics-addr=127.0.0.1:{ports[0]}",
             f"--health-addr=127.0.0.1:{ports[1]}", "--log-level=info"],
            env={"KUBECONFIG": str(self.kubeconfig), "RUNTIME_NAMESPACE": "flux-system", "TMPDIR": str(self.root)})
        return self.daemon.began, self.daemon.wait_for("Reconciliation finished", self.daemon.began)

    def change(self, i, value):
        manifests.change(self.files, self.namespace, i, value)
        began = time.time()
        self.source.publish()
        return began


class Argo(Keeper):
    name, user = "Argo engine agent", "bench-argo"

    def git(self, *args):
        subprocess.run(["git", "-C", self.files, "-c", "user.name=bench", "-c", "user.email=bench@example.com", *args],
                       check=True, capture_output=True)

    def start(self):
        if not (self.files / ".git").exists():
            self.git("init", "--quiet")
            self.git("add", ".")
            self.git("commit", "--quiet", "-m", "first")
        self.box = self.folder / "box"
        shutil.rmtree(self.box, ignore_errors=True)
        self.box.mkdir()
        port = self.cluster.url.rsplit(":", 1)[1]
        self.daemon = measure.Daemon(
            ["python3", PEERS / "argo/box.py", self.box, port, contenders.part("argo-agent"), self.files,
             "--kubeconfig", self.kubeconfig, "--default-namespace", self.namespace,
             "--resync-seconds", str(INTERVAL)])
        return self.daemon.began, self.daemon.wait_for("RESOURCE", self.daemon.began)

    def pid(self):
        return int((self.box / "pid").read_text())

    def change(self, i, value):
        manifests.change(self.files, self.namespace, i, value)
        self.git("commit", "--quiet", "-a", "-m", value)
        began = time.time()
        with socket.socket(socket.AF_UNIX) as sync:
            sync.connect(str(self.box / "sync"))
            sync.recv(1)
        return began
