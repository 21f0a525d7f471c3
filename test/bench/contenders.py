"""Those who apply a folder of manifests once and end."""
import json
import os
import pathlib
import subprocess

import manifests

TOP = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ["BUILD"])


def part(name):
    """A peer of peers/, built from its pinned module."""
    folder = subprocess.run([TOP.parent / "cluster/parts/build", name], check=True, stdout=subprocess.PIPE, text=True)
    return pathlib.Path(folder.stdout.strip()) / name


class Contender:
    """`command()` applies what is in self.files, again and again. One namespace and folder a life."""
    name = user = ""
    env, wanted = {}, (0,)

    def __init__(self, cluster):
        self.cluster = cluster
        self.kubeconfig = cluster.user(self.user)

    def takes(self, count):
        return True

    def prepare(self, folder, namespace, count):
        self.folder, self.namespace, self.files, self.count = folder, namespace, folder / "etc" / "bench", count
        manifests.write(self.files, namespace, count)
        (folder / "etc").chmod(0o755)
        self.written()

    def change(self):
        manifests.change(self.files, self.namespace, 7, "two")
        self.written()

    def written(self):
        """The manifests are new."""

    def command(self):
        raise NotImplementedError


class Desired(Contender):
    name, user = "desired", "bench-desired"

    def verb(self, verb):
        folder = self.folder
        return [BUILD / "desired", verb, "--dir", folder / "etc", "--state", folder / "state", "--runtime",
                folder / "run", "--kubeconfig", self.kubeconfig]

    def command(self):
        return self.verb("apply")

    def bodies(self):
        """What it sent, in that order."""
        for revision in sorted((self.folder / "state" / "revisions").rglob("*.json")):
            return [entry["body"] for entry in json.loads(revision.read_text())["set"]["objects"]]


class Wire(Contender):
    """The requests of desired, sent by somebody who knows nothing of Kubernetes: the denominator."""
    name, user = "wire", "bench-wire"
    PATHS = {"Deployment": "/apis/apps/v1/namespaces/{}/deployments/{}", "Service": "/api/v1/namespaces/{}/services/{}",
             "ConfigMap": "/api/v1/namespaces/{}/configmaps/{}"}
    QUERY = "?fieldManager=desired&force=true&fieldValidation=Strict"

    def __init__(self, cluster, desired):
        super().__init__(cluster)
        self.desired = desired  # has applied the same set before

    def written(self):
        lines = []
        for body in self.desired.bodies():
            body["metadata"]["namespace"] = self.namespace
            if self.changed and body["kind"] == "ConfigMap" and body["metadata"]["name"] == "web-7":
                body["data"]["value"] = "two"
            path = self.PATHS[body["kind"]].format(self.namespace, body["metadata"]["name"])
            lines.append(f"{path}{self.QUERY} {json.dumps(body, separators=(',', ':'))}\n")
        (self.folder / "requests").write_text("".join(lines))

    changed = False

    def prepare(self, folder, namespace, count):
        self.changed = False
        super().prepare(folder, namespace, count)

    def change(self):
        self.changed = True
        super().change()

    def command(self):
        return [BUILD / "test/bench/wire", self.cluster.url, self.cluster.ca, self.cluster.token(self.user),
                self.folder / "requests"]


class Kubectl(Contender):
    user = "bench-kubectl"

    def __init__(self, cluster, name, *verb, wanted=(0,), largest=None):
        super().__init__(cluster)
        self.name, self.verb, self.wanted, self.largest = name, verb, wanted, largest

    def takes(self, count):
        return not self.largest or count <= self.largest

    def command(self):
        return [self.cluster.kubectl_path, "--kubeconfig", self.kubeconfig, *self.verb, "-R", "-f", self.files]


class FluxEngine(Contender):
    name, user = "Flux ssa library", "bench-flux-ssa"

    def written(self):
        manifests.join(self.files, self.folder / "all.yaml")

    def command(self):
        return [part("flux-ssa"), self.kubeconfig, self.folder / "all.yaml"]


class Ansible(Contender):
    user = "bench-ansible"

    def __init__(self, cluster, venv):
        super().__init__(cluster)
        self.venv = venv
        self.env = {"ANSIBLE_LOCALHOST_WARNING": "0", "ANSIBLE_DEPRECATION_WARNINGS": "0", "HOME": str(venv)}

    def takes(self, count):
        return count <= 300

    def task(self):
        raise NotImplementedError

    def written(self):
        manifests.join(self.files, self.folder / "all.yaml")
        play = [{"hosts": "localhost", "connection": "local", "gather_facts": False,
                 "vars": {"ansible_python_interpreter": f"{self.venv}/bin/python"}, "tasks": [self.task()]}]
        (self.folder / "play.yml").write_text(json.dumps(play))

    def command(self):
        return [f"{self.venv}/bin/ansible-playbook", "-i", "localhost,", self.folder / "play.yml"]


class AnsibleTask(Ansible):
    name = "Ansible, one task"

    def task(self):
        return {"kubernetes.core.k8s": {"kubeconfig": str(self.kubeconfig), "state": "present", "apply": True,
                                        "src": str(self.folder / "all.yaml")}}


class AnsibleLoop(Ansible):
    """As roles do it: one task, an object at a time. Thirty objects: more would take minutes."""
    name = "Ansible, loop"

    def prepare(self, folder, namespace, count):
        super().prepare(folder, namespace, 30)

    def task(self):
        texts = [text for file in sorted(self.files.glob("*.yaml")) for text in file.read_text().split("---\n")]
        return {"kubernetes.core.k8s": {"kubeconfig": str(self.kubeconfig), "state": "present", "apply": True,
                                        "definition": "{{ item }}"}, "loop": texts}


def all_of(cluster, ansible, quick):
    """In the order in which they take turns."""
    desired = Desired(cluster)
    contenders = [desired, Wire(cluster, desired),
                  Kubectl(cluster, "kubectl --validate=false", "apply", "--server-side", "--validate=false"),
                  Kubectl(cluster, "kubectl apply --server-side", "apply", "--server-side", largest=300)]
    if not quick:
        contenders += [FluxEngine(cluster), AnsibleTask(cluster, ansible), AnsibleLoop(cluster, ansible)]
    return contenders
