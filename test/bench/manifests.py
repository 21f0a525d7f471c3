"""What is applied: a mix of Deployments, Services and ConfigMaps, three to a file."""

DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {{name: web-{i}, namespace: {namespace}, labels: {{app: web-{i}}}}}
spec:
  replicas: 0
  selector: {{matchLabels: {{app: web-{i}}}}}
  template:
    metadata: {{labels: {{app: web-{i}}}}}
    spec:
      containers:
      - name: web
        image: registry.example/web:1.{i}
        ports: [{{name: http, containerPort: 8080, protocol: TCP}}]
        env: [{{name: LOG_LEVEL, value: info}}, {{name: INDEX, value: "{i}"}}]
        readinessProbe: {{httpGet: {{path: /healthz, port: http}}, periodSeconds: 10}}
        resources: {{requests: {{cpu: 10m, memory: 32Mi}}, limits: {{memory: 64Mi}}}}
        securityContext: {{allowPrivilegeEscalation: false, readOnlyRootFilesystem: true}}
---
apiVersion: v1
kind: Service
metadata: {{name: web-{i}, namespace: {namespace}, labels: {{app: web-{i}}}}}
spec:
  selector: {{app: web-{i}}}
  ports: [{{name: http, port: 80, targetPort: http, protocol: TCP}}]
---
"""
CONFIGMAP = """apiVersion: v1
kind: ConfigMap
metadata: {{name: web-{i}, namespace: {namespace}, labels: {{app: web-{i}}}}}
data: {{value: "{value}", index: "{i}"}}
"""


def trio(namespace, i, value="one"):
    return (DEPLOYMENT + CONFIGMAP).format(namespace=namespace, i=i, value=value)


def write(folder, namespace, count):
    """`count` objects, a third of each kind."""
    folder.mkdir(parents=True)
    for i in range(count // 3):
        (folder / f"web-{i}.yaml").write_text(trio(namespace, i))


def change(folder, namespace, i, value):
    """Another value in one ConfigMap."""
    (folder / f"web-{i}.yaml").write_text(trio(namespace, i, value))


def join(folder, file):
    """All of it as one file."""
    file.write_text("---\n".join(path.read_text() for path in sorted(folder.glob("*.yaml"))))
