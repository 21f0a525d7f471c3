"""What the kustomize-controller needs of Flux around it: its CRDs, and an artifact to fetch.

There is no source-controller: an ExternalArtifact says by hand where a tarball of the manifests is.
"""
import datetime
import functools
import hashlib
import http.server
import json
import socket
import tarfile
import threading

GROUPS = {"GitRepository": ("source.toolkit.fluxcd.io", "gitrepositories"),
          "OCIRepository": ("source.toolkit.fluxcd.io", "ocirepositories"),
          "Bucket": ("source.toolkit.fluxcd.io", "buckets"),
          "ExternalArtifact": ("source.toolkit.fluxcd.io", "externalartifacts"),
          "Kustomization": ("kustomize.toolkit.fluxcd.io", "kustomizations")}
NAMESPACE, NAME = "flux-system", "bench"


def crd(kind, group, plural):
    """It takes whatever it is given: the controller knows its own schema."""
    open_schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {"group": group, "scope": "Namespaced",
                     "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": kind + "List"},
                     "versions": [{"name": "v1", "served": True, "storage": True, "subresources": {"status": {}},
                                   "schema": {"openAPIV3Schema": open_schema}}]}}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class Source:
    def __init__(self, cluster, files, folder, interval):
        self.cluster, self.files, self.folder = cluster, files, folder
        self.serial = 0
        folder.mkdir()
        self.port = self.free_port()
        handler = functools.partial(Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.install(interval)
        self.publish()

    @staticmethod
    def free_port():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def install(self, interval):
        crds = [crd(kind, *names) for kind, names in GROUPS.items()]
        self.apply(*crds)
        self.cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd",
                             *[item["metadata"]["name"] for item in crds])
        self.cluster.kubectl("create", "namespace", NAMESPACE)
        self.apply({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "ExternalArtifact",
                    "metadata": {"name": NAME, "namespace": NAMESPACE}, "spec": {}},
                   {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
                    "metadata": {"name": NAME, "namespace": NAMESPACE},
                    "spec": {"interval": f"{interval}s", "path": "./", "prune": True, "wait": False,
                             "timeout": "10m", "sourceRef": {"kind": "ExternalArtifact", "name": NAME}}})

    def apply(self, *objects):
        items = {"apiVersion": "v1", "kind": "List", "items": objects}
        self.cluster.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(items))

    def publish(self):
        """Packs the manifests as they are now; the controller sees the new artifact by its watch."""
        self.serial += 1
        tarball = self.folder / f"{self.serial}.tar.gz"
        with tarfile.open(tarball, "w:gz") as archive:
            for file in sorted(self.files.iterdir()):
                archive.add(file, arcname=file.name)
        digest = hashlib.sha256(tarball.read_bytes()).hexdigest()
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        status = {"conditions": [{"type": "Ready", "status": "True", "reason": "Succeeded", "message": "packed",
                                  "lastTransitionTime": now, "observedGeneration": 1}],
                  "artifact": {"url": f"http://127.0.0.1:{self.port}/{tarball.name}", "path": tarball.name,
                               "revision": f"latest@sha256:{digest}", "digest": f"sha256:{digest}",
                               "lastUpdateTime": now, "size": tarball.stat().st_size}}
        self.cluster.kubectl("patch", "externalartifact", NAME, "-n", NAMESPACE, "--subresource=status",
                             "--type=merge", "-p", json.dumps({"status": status}))
