"""Watches one ConfigMap as nobody in particular, and says when its value was which."""
import http.client
import json
import ssl
import threading
import time
import urllib.parse


class Observer:
    def __init__(self, cluster, namespace, name):
        address = urllib.parse.urlsplit(cluster.url)
        token = cluster.token("bench-observer").read_text().strip()
        self.context = ssl.create_default_context(cafile=str(cluster.ca))
        self.host, self.port = address.hostname, address.port
        self.headers = {"Authorization": f"Bearer {token}"}
        self.path = f"/api/v1/namespaces/{namespace}/configmaps/{name}"
        self.values = []  # (time, value)
        self.changed = threading.Condition()
        connection = self.connect()
        query = urllib.parse.urlencode({"watch": "true", "fieldSelector": f"metadata.name={name}"})
        connection.request("GET", f"/api/v1/namespaces/{namespace}/configmaps?{query}", headers=self.headers)
        self.stream = connection.getresponse()
        self.writer = self.connect()
        threading.Thread(target=self.read, daemon=True).start()

    def connect(self):
        return http.client.HTTPSConnection(self.host, self.port, context=self.context)

    def read(self):
        while line := self.stream.readline():
            event = json.loads(line)
            with self.changed:
                self.values.append((time.time(), event["object"].get("data", {}).get("value")))
                self.changed.notify_all()

    def edit(self, value):
        """As a person would."""
        body = json.dumps({"data": {"value": value}})
        headers = {**self.headers, "Content-Type": "application/merge-patch+json"}
        self.writer.request("PATCH", f"{self.path}?fieldManager=kubectl-edit", body, headers)
        answer = self.writer.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"the edit was answered with {answer.status}")

    def repaired_in(self, value, timeout):
        """Seconds from when the foreign value was seen until another was; None when that took too long."""
        end = time.monotonic() + timeout
        with self.changed:
            while True:
                foreign = [i for i, (_, seen) in enumerate(self.values) if seen == value]
                if foreign and len(self.values) > foreign[-1] + 1:
                    return self.values[foreign[-1] + 1][0] - self.values[foreign[-1]][0]
                if not self.changed.wait(max(0, end - time.monotonic())) and time.monotonic() >= end:
                    return None
