"""Manifests as the roles of real projects write them, put together from pieces at random: the
features of such templates, in about the frequency that they have there."""
import random

from case import Case
from kubernetes_role import FILES, role

METADATA_NAME = ["{{ app_name }}", "{{ app_name }}-{{ stage | lower }}", "{{prefix}}-web", '"{{ app_name }}"', "{{ app_name | replace('_', '-') }}", "web",
                 "{{ app_name | lower | regex_replace('[^a-z0-9-]', '-') }}", "{{ (prefix ~ '-' ~ app_name) | trim('-') }}", "{{ app_name[:20] }}", "{{- app_name -}}"]
NAMESPACE = ["  namespace: {{ app_namespace }}\n", "  namespace: {{ app_namespace | default('default', true) }}\n", "{% if app_namespace is defined %}\n  namespace: {{ app_namespace }}\n{% endif %}\n", "", "  namespace: \"{{ app_namespace }}\"\n"]
LABELS = [
    "  labels:\n    app: {{ app_name }}\n",
    "  labels:\n{% for k, v in app_labels.items() %}\n    {{ k }}: \"{{ v }}\"\n{% endfor %}\n",
    "  labels:\n{% for key, value in app_labels | dictsort %}\n    {{ key }}: {{ value }}\n{% endfor %}\n",
    "  labels:\n    {{ app_labels | to_nice_yaml | indent(4) }}\n",
    "  labels:\n    {{ app_labels | to_nice_yaml(indent=2) | trim | indent(4) }}\n",
    "  labels: {{ app_labels | to_json }}\n",
    "  labels:\n{{ app_labels | to_nice_yaml(indent=2) | indent(4, true) }}",
    "  labels:\n{{ app_labels | combine({'app': app_name, 'tier': 'x'}) | to_nice_yaml | indent(width=4, first=True) }}\n",
    "{% if app_labels %}\n  labels:\n  {% for k, v in app_labels.items() %}\n    {{ k }}: {{ v | quote }}\n  {% endfor %}\n{% endif %}\n",
    "  labels:\n    {%- for k, v in app_labels.items() %}\n\n    {{ k }}: '{{ v }}'\n    {%- endfor %}\n\n",
    "  labels: {{ app_labels }}\n",
    "  labels:\n    {{ lookup('template', 'labels.j2') | indent(4) }}\n",
    "  labels:\n{% include 'labels.j2' %}\n",
    "  labels:\n{% filter indent(4, true) %}{% include 'labels.j2' %}{% endfilter %}\n",
    "",
]
ANNOTATIONS = [
    "", "",
    "{% if app_annotations is defined and app_annotations | length > 0 %}\n  annotations:\n{{ app_annotations | to_nice_yaml | indent(4, true) }}\n{% endif %}\n",
    "  annotations:\n{% for item in app_annotations | dict2items %}\n    {{ item.key }}: {{ item.value | to_json }}\n{% endfor %}\n",
    "  annotations: {{ app_annotations | default({}) | to_json }}\n",
    "{% if app_annotations %}\n  annotations:\n{% for k in app_annotations %}\n    {{ k }}: \"{{ app_annotations[k] }}\"\n{% endfor %}{% endif %}\n",
    "  annotations:\n    checksum/config: {{ config_data | to_json | hash('sha256') }}\n",
    "  annotations:\n    checksum/config: {{ lookup('template', 'config.yml.j2') | sha1 }}\n    {{ app_annotations | to_nice_yaml | indent(4) }}\n",
]
REPLICAS = ["  replicas: {{ replicas }}\n", "  replicas: {{ replicas | default(1) }}\n", "  replicas: {{ replicas | int }}\n", "{% if not hpa_enabled | bool %}\n  replicas: {{ replicas | int }}\n{% endif %}\n",
            "  replicas: {{ [replicas | int, 1] | max }}\n", "  replicas: {{ (stage == 'PROD') | ternary(3, 1) }}\n", "  replicas: {{ replicas | int + 1 }}\n", "  replicas: {{ node_list | length if node_list else 1 }}\n"]
IMAGE = ["{{ image_repo }}:{{ image_tag }}", '"{{ image_repo }}:{{ image_tag }}"', "{{ image_repo }}:{{ app_version | default('latest') }}", "{{ registry }}/{{ app_name }}:{{ app_version }}",
         "{{ image_repo | regex_replace('^docker.io/', '') }}:{{ image_tag | string | lower }}", "{{ image_repo + ':' + image_tag | string }}", "nginx", "{{ image_repo.split('/')[-1] }}:{{ image_tag }}",
         "{{ [image_repo, image_tag] | join(':') }}", "{% if registry is defined %}{{ registry }}/{% endif %}nginx:{{ app_version }}"]
ENV = [
    "", "",
    "        env:\n{% for e in app_env %}\n        - name: {{ e.name }}\n          value: \"{{ e.value | default('') }}\"\n{% endfor %}\n",
    "{% if app_env %}\n        env:\n          {{ app_env | to_nice_yaml(indent=2) | indent(10) }}\n{% endif %}\n",
    "        env:\n{% for k, v in env_dict.items() %}\n        - name: {{ k }}\n          value: {{ v | string | to_json }}\n{% endfor %}\n",
    "        env:\n{% for k, v in env_dict | dictsort %}\n        - {name: {{ k }}, value: '{{ v }}'}\n{% endfor %}\n",
    "        env: {{ app_env | to_json }}\n",
    "        env:\n{% for e in app_env if e.value is defined %}\n        - name: {{ e.name }}\n          value: \"{{ e.value }}\"\n{% else %}\n        []\n{% endfor %}\n",
    "{% from 'macros.j2' import env %}\n        env:\n{% for k, v in env_dict.items() %}\n{{ env(k, v, 8) }}\n{%- endfor %}\n",
    "        env:\n{% import 'macros.j2' as m %}\n{% for k in env_dict %}{{ m.env(k, env_dict[k], indent_by=8) }}{% endfor %}\n",
    "        env:\n{% for e in app_env %}\n        - name: {{ e.name }}\n{% if e.value is defined %}\n          value: \"{{ e.value }}\"\n{% elif e.valueFrom is defined %}\n          valueFrom:\n            {{ e.valueFrom | to_nice_yaml(indent=2) | indent(12) }}\n{% endif %}\n{% endfor %}\n",
    "        env:\n        - name: HOSTS\n          value: \"{{ hosts | map(attribute='host') | join(',') }}\"\n        - name: NODES\n          value: \"{% for n in node_list %}{{ n }}{% if not loop.last %},{% endif %}{% endfor %}\"\n",
]
ARGS = [
    "", "",
    "        args:\n{% for a in app_args %}\n        - {{ a }}\n{% endfor %}\n",
    "        args: {{ app_args | to_json }}\n", "        args: {{ app_args }}\n",
    "        args:\n        - --v={{ log_level }}\n        - --listen=0.0.0.0:{{ app_port }}\n{% if tls_enabled | bool %}\n        - --tls\n{% endif %}\n",
    "        args:\n{{ app_args | to_nice_yaml | indent(8, true) }}\n",
    "        command: [\"/bin/sh\", \"-c\", {{ ('exec ' ~ app_args | join(' ')) | to_json }}]\n",
    "        args:\n{% if feature_gates %}\n        - --feature-gates={% for k, v in feature_gates.items() %}{{ k }}={{ v | string | lower }}{{ ',' if not loop.last else '' }}{% endfor %}\n\n{% endif %}\n        - --cidr={{ service_cidr }}\n",
    "        args:\n        {% for a in app_args %}- {{ a | quote }}\n        {% endfor %}\n",
    "        args:\n        - \"--dns={{ cluster_dns if cluster_dns is string else cluster_dns | join(',') }}\"\n",
]
RESOURCES = [
    "", "        resources:\n          {{ resources | to_nice_yaml | indent(10) }}\n", "        resources: {{ resources | to_json }}\n",
    "        resources:\n          limits:\n            cpu: {{ cpu }}\n            memory: {{ memory }}\n          requests:\n            cpu: \"{{ cpu }}\"\n",
    "{% if resources.limits is defined %}\n        resources:\n          limits:\n            cpu: {{ resources.limits.cpu | default(cpu) }}\n            memory: {{ resources['limits']['memory'] | default('64Mi') }}\n{% endif %}\n",
    "        resources:\n{{ resources | to_nice_yaml(indent=2) | indent(width=10, first=True) }}\n", "        resources:\n          {{ resources | to_yaml }}\n", "{% if resources %}\n        resources:\n{{ resources | to_nice_yaml(indent=2, width=1337) | indent(10, True) }}\n{% endif %}\n",
]
POD = [
    "", "      nodeSelector:\n{% for k, v in (node_selector or {}).items() %}\n        {{ k }}: {{ v }}\n{% endfor %}\n",
    "{% if node_selector %}\n      nodeSelector:\n        {{ node_selector | to_nice_yaml | indent(8) }}\n{% endif %}\n",
    "{% if tolerations is defined and tolerations %}\n      tolerations:\n        {{ tolerations | to_nice_yaml(indent=2) | indent(8) }}\n{% endif %}\n",
    "      tolerations: {{ tolerations | to_json }}\n", "      tolerations:\n{{ tolerations | to_nice_yaml(indent=0) | indent(6, true) }}",
    "{% if affinity | length %}\n      affinity:\n{{ affinity | to_nice_yaml(indent=2) | indent(8, first=True) }}\n{% endif %}\n",
    "{% if pull_secrets | default([]) | length > 0 %}\n      imagePullSecrets:\n{% for s in pull_secrets %}\n        - name: {{ s.name if s is mapping else s }}\n{% endfor %}\n{% endif %}\n",
    "      volumes:\n{% for v in volumes %}\n      - name: {{ v.name }}\n{% if v.host_path is defined %}\n        hostPath:\n          path: {{ v.host_path }}\n{% else %}\n        configMap:\n          name: {{ v.config_map }}\n{% endif %}\n{% endfor %}\n",
    "{% if owner is not none %}\n      securityContext:\n        runAsUser: {{ owner }}\n{% endif %}\n", "      terminationGracePeriodSeconds: {{ timeout }}\n",
    "{% if kube_version is version('v1.29.0', '>=') %}\n      enableServiceLinks: false\n{% elif kube_version is version('1.28', '<') %}\n      old: true\n{% endif %}\n",
    "      hostname: {{ node_list | first | default('none') }}\n", "      hostNetwork: {{ tls_enabled | bool | lower }}\n", "      hostNetwork: {{ tls_enabled }}\n",
    "      dnsPolicy: {% if stage == \"PROD\" -%} ClusterFirst {%- else -%} Default {%- endif %}\n\n",
    "      serviceAccountName: {{ service_account | default(app_name) }}\n", "      {# a comment #}\n", "      {#- a comment -#}\n",
]
MOUNTS = ["", "        volumeMounts:\n{% for v in volumes %}\n        - name: {{ v.name }}\n          mountPath: {{ v.mount }}\n{% if v.read_only | default(false) %}\n          readOnly: true\n{% endif %}\n{% endfor %}\n",
          "        volumeMounts: [{% for v in volumes %}{name: {{ v.name }}, mountPath: {{ v.mount }}}{{ \", \" if not loop.last }}{% endfor %}]\n",
          "{% if volumes | selectattr('read_only', 'defined') | list | length > 0 %}\n        volumeMounts:\n{% for v in volumes | selectattr('read_only', 'defined') %}\n        - mountPath: {{ v.mount }}\n          name: {{ v.name }}\n{% endfor %}\n{% endif %}\n"]
PORTS = ["        ports:\n        - containerPort: {{ app_port }}\n", "        ports:\n{% for p in app_ports %}\n        - name: {{ p.name }}\n          containerPort: {{ p.target }}\n          protocol: {{ p.protocol | default('TCP') }}\n{% endfor %}\n",
         "", "        ports:\n{%- for p in app_ports %}\n\n        - containerPort: {{ p.port | int }}{% endfor %}\n\n"]
SPICE = [
    "{{ '%02d' | format(loop_n | default(7)) }}\n", "# {{ ansible_managed | default('managed') | comment }}\n", "{{ 'Managed by desired' | comment }}\n", "# {{ (app_name, stage) | join('/') | upper }}\n", "{% raw %}\n# {{ .Values.x }} {% if %}\n{% endraw %}\n",
    "# {{ csv.split(',') | map('trim') | select | list | to_json }}\n", "{% set full = app_name ~ '.' ~ domain %}\n# {{ full }} {{ full | length }}\n", "# {{ defaults_a | combine(defaults_b, recursive=True) | to_json(sort_keys=True) }}\n",
    "# {{ users | selectattr('admin', 'defined') | selectattr('admin') | map(attribute='name') | join(', ') }}\n", "{% for u in users %}{% for g in u.groups %}# {{ loop.index }}/{{ loop.length }} {{ u.name }} {{ g }}\n{% endfor %}{% endfor %}\n",
    "{% set ns = namespace(found=false) %}{% for u in users if u.admin | default(false) %}{% set ns.found = true %}{% endfor %}\n# {{ ns.found }}\n", "# {{ node_list | sort | first | default('-') }} {{ node_list | difference(['node1']) | sort | join(' ') }}\n",
    "# {{ anchors.other.b }} {{ anchors.same == anchors.base }}\n", "# {{ started }} {{ started | string | length }}\n", "# {{ file_mode }} {{ '%o' | format(file_mode | int) }}\n", "# {{ multiline | indent(2) }}\n",
    "# {{ undefined_user }} {{ missing.thing | default('none') }}\n", "# {{ lookup('file', 'script.sh') | b64encode }}\n", "# {{ lookup('env', 'DESIRED_NOT_SET') | default('unset', true) }}\n", "# {{ (memory | string) in ['1Gi'] }} {{ cpu is number }}\n",
    "# {{ query('items', node_list) | length }} {{ lookup('vars', 'app_' ~ 'name') }}\n", "{% macro pair(k, v='x') %}{{ k }}={{ v }}{% endmacro %}\n# {{ pair('a') }} {{ pair('b', v=2) }}\n", "# {{ domain.split('.') | reverse | join('.') }}\n",
    "# {{ app_version | string is match('v?1') }}\n", "# {{ 'x' if ingress_enabled | bool and not tls_enabled | bool else 'y' }}\n", "# {{ extra_manifest | type_debug }}\n",
    "{% for i in range(replicas | int) %}\n# {{ app_name }}-{{ i }}\n{% endfor %}\n", "# {{ app_ports | map(attribute='port') | list }} {{ app_ports | sum(attribute='port') }}\n", "# {{ app_labels.keys() | list | sort }} {{ app_labels.get('app', 'none') }}\n",
    "# {{ service_cidr | regex_search('[0-9.]+') }} {{ service_cidr.split('/').1 }}\n", "# {{ dict(app_ports | map(attribute='name') | zip(app_ports | map(attribute='port'))) }}\n", "{%- if hosts -%}\n# {{ hosts[0].host }}\n{%- endif +%}\n",
    "# {{ app_ports | items2dict(key_name='name', value_name='port') | dict2items | map('combine', {'x': 1}) | list }}\n", "{% set hosts_csv %}{% for h in hosts %}{{ h.host }},{% endfor %}{% endset %}\n# {{ hosts_csv.rstrip(',') }}\n",
]
HEADERS = ["", "", "", "", "", "", "", "", "#jinja2: trim_blocks: False\n", "#jinja2: lstrip_blocks: True\n", "#jinja2: trim_blocks: True, lstrip_blocks: True\n", "---\n", "---\n", "# {{ ansible_managed | default('x') }}\n", "#jinja2: trim_blocks:False, lstrip_blocks:True\n"]


class Manifests:
    def __init__(self, rng):
        self.rng = rng

    def one(self, choices):
        return self.rng.choice(choices)

    def head(self, version, kind):
        return (f"apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {self.one(METADATA_NAME)}\n" + self.one(NAMESPACE) + self.one(LABELS) + self.one(ANNOTATIONS))

    def container(self):
        return (f"      containers:\n      - name: {self.one(METADATA_NAME)}\n        image: {self.one(IMAGE)}\n" + self.one(["", "        imagePullPolicy: {{ pull_policy }}\n"])
                + self.one(ARGS) + self.one(ENV) + self.one(PORTS) + self.one(RESOURCES) + self.one(MOUNTS))

    def pod(self):
        return "".join(self.rng.sample(POD, self.rng.randint(0, 3))) + self.container() + "".join(self.rng.sample(POD, self.rng.randint(0, 2)))

    def workload(self):
        kind = self.one(["Deployment", "Deployment", "DaemonSet", "StatefulSet"])
        return (self.head("apps/v1", kind) + "spec:\n" + (self.one(REPLICAS) if kind != "DaemonSet" else "")
                + "  selector:\n    matchLabels:\n      app: {{ app_name }}\n  template:\n    metadata:\n      labels:\n        app: {{ app_name }}\n    spec:\n" + self.pod())

    def service(self):
        return self.head("v1", "Service") + "spec:\n" + self.one(["  type: {{ service_type }}\n", "  type: {{ service_type | default('ClusterIP') }}\n", "{% if service_type != 'ClusterIP' %}\n  type: {{ service_type }}\n{% endif %}\n"]) + "  ports:\n" + self.one([
            "  - port: {{ app_port }}\n    targetPort: {{ app_port }}\n", "{% for p in app_ports %}\n  - name: {{ p.name }}\n    port: {{ p.port }}\n    targetPort: {{ p.target }}\n{% endfor %}\n",
            "  - port: {{ app_port }}\n{% if service_type == \"NodePort\" and node_port %}\n    nodePort: {{ node_port }}\n{% endif %}\n", "{{ app_ports | to_nice_yaml | indent(2, true) }}\n",
            "  - {port: {{ app_port }}{% if node_port is not none and node_port != '' %}, nodePort: {{ node_port }}{% endif %}}\n"]) + "  selector:\n    app: {{ app_name }}" + self.one(["\n", "", "\n\n"])

    def ingress(self):
        return ("{% if ingress_enabled | bool %}\n" + self.head("networking.k8s.io/v1", "Ingress") + "spec:\n" + self.one(["", "{% if tls_enabled | bool %}\n  tls:\n  - hosts:\n{% for h in hosts %}\n    - {{ h.host }}\n{% endfor %}\n    secretName: {{ app_name }}-tls\n{% endif %}\n",
                "  tls: {% if tls_enabled %}[{hosts: {{ hosts | map(attribute='host') | list | to_json }}}]{% else %}[]{% endif %}\n\n"])
                + "  rules:\n" + self.one(["{% for h in hosts %}\n  - host: {{ h.host }}\n    http:\n      paths:\n{% for p in h.paths %}\n      - path: {{ p }}\n        pathType: Prefix\n        backend:\n          service:\n            name: {{ app_name }}\n            port:\n              number: {{ app_port }}\n{% endfor %}\n{% endfor %}\n",
                "  {% for h in hosts %}\n  - host: \"{{ h.host }}\"\n    http:\n      paths: [{% for p in h.paths %}{path: {{ p }}, pathType: Exact}{% if not loop.last %}, {% endif %}{% endfor %}]\n  {% endfor %}\n",
                "  - host: {{ domain }}\n", "{% for h in hosts -%}\n  - host: {{ h.host }}\n    paths: {{ h.paths | join(' ') }}\n{% endfor -%}\n"]) + "{% endif %}" + self.one(["\n", "", "\n\n"]))

    def config_map(self):
        return self.head("v1", "ConfigMap") + "data:\n" + self.one([
            "{% for name, text in config_data.items() %}\n  {{ name }}: |\n    {{ text | indent(4) }}\n{% endfor %}\n", "  config.yml: |\n    {{ lookup('template', 'config.yml.j2') | indent(4) }}\n", "  {{ config_data | to_nice_yaml | indent(2) }}\n",
            "  all.json: |-\n    {{ config_data | to_nice_json(indent=2) | indent(4) }}\n", "  config: |\n{{ extra_manifest | to_nice_yaml(indent=2) | indent(4, true) }}\n", "  Corefile: |\n    .:53 {\n        errors\n        forward . {{ cluster_dns if cluster_dns is string else cluster_dns | join(' ') }} {\n          prefer_udp\n        }\n        reload\n    }\n",
            "  script.sh: {{ lookup('file', 'script.sh') | to_json }}\n", "  multi: |\n    {{ multiline | indent(4) }}\n", "  nodes: \"{{ node_list | join(';') }}\"\n  users: {{ users | to_json | to_json }}\n", "  {% for k, v in env_dict.items() -%}\n  {{ k }}: \"{{ v }}\"\n  {% endfor %}\n",
            "  config.yml: |\n{% filter indent(4, true) %}\n{% include 'config.yml.j2' %}\n{% endfilter %}\n", "  list: |\n{% for u in users %}\n    {{ u.name | upper }}:{{ u.groups | length }}:{{ (u.admin | default(false)) | bool }}\n{% endfor %}\n"])

    def secret(self):
        return self.head("v1", "Secret") + "type: Opaque\n" + self.one(["data:\n  password: {{ password | string | b64encode }}\n", "stringData:\n  password: \"{{ password }}\"\n", "data:\n{% for k, v in env_dict.items() %}\n  {{ k | lower }}: {{ v | string | b64encode }}\n{% endfor %}\n",
            "data:\n  all: {{ env_dict | to_json | b64encode }}\n  script: {{ lookup('file', 'script.sh') | b64encode }}\n", "stringData: {{ {'user': owner, 'pass': password} | to_json }}\n",
            "data:\n  .dockerconfigjson: {{ {'auths': {registry: {'auth': ('u:' ~ password) | b64encode}}} | to_json | b64encode }}\n", "data:\n  x: \"{{ lookup('template', 'config.yml.j2') | b64encode }}\"\n"])

    def cron_job(self):
        return self.head("batch/v1", "CronJob") + "spec:\n  schedule: " + self.one(["\"{{ schedule }}\"", "{{ schedule | to_json }}", "'{{ schedule }}'"]) + "\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n" + self.container()

    def role_binding(self):
        return self.head("rbac.authorization.k8s.io/v1", "RoleBinding") + "subjects:\n" + self.one(["{% for u in users if u.groups %}\n- kind: User\n  name: {{ u.name }}\n{% endfor %}\n", "{% for u in users | rejectattr('groups', 'equalto', []) | list %}\n- {kind: User, name: {{ u.name }}}\n{% endfor %}\n",
            "{% for g in users | map(attribute='groups') | flatten | unique | sort %}\n- kind: Group\n  name: \"{{ g }}\"\n{% endfor %}\n", "{% for u in users %}\n{% if 'dev' in u.groups %}\n- kind: User\n  name: {{ u['name'] }}\n{% endif %}\n{% endfor %}\n"]) + "roleRef:\n  kind: Role\n  name: {{ app_name }}\n"

    def custom(self):
        return self.head("example.org/v1alpha1", "Thing") + self.one(["spec: {{ extra_manifest | to_json }}\n", "spec:\n  {{ extra_manifest | to_nice_yaml | indent(2) }}", "spec:\n{{ extra_manifest | to_nice_yaml(indent=2, sort_keys=False) | indent(2, true) }}\n", "spec: {{ extra_manifest }}\n",
            "spec:\n  replicas: {{ replicas }}\n  storageClassName: {{ storage_class | default('', true) | to_json }}\n  {% if storage_class %}class: {{ storage_class }}{% endif %}\n\n", "{% if extra_manifest is mapping %}\nspec:\n{% for k, v in extra_manifest.items() %}\n  {{ k }}: {% if v is string %}\"{{ v }}\"{% elif v is mapping or v is iterable %}{{ v | to_json }}{% else %}{{ v }}{% endif %}\n\n{% endfor %}\n{% endif %}\n",
            "spec:\n  merged: {{ defaults_a | combine(defaults_b) | to_json }}\n  deep: {{ defaults_a | combine(defaults_b, recursive=True, list_merge='append') | to_nice_json | indent(2) }}\n", "spec:\n  anchors:\n    {{ anchors | to_nice_yaml(indent=2) | indent(4) }}\n", "spec: {% if storage_class is none %}{}{% else %}{ class: \"{{ storage_class }}\" }{% endif %}"])

    KINDS = [workload, workload, workload, service, ingress, config_map, secret, cron_job, role_binding, custom]

    def template(self):
        r = self.rng
        parts = [r.choice(self.KINDS)(self)]
        while r.random() < 0.25:
            parts.append(r.choice(self.KINDS)(self))
        text = self.one(HEADERS) + self.one(["---\n", "\n---\n", "{% if stage != 'x' %}\n---\n{% endif %}\n"]).join(parts)
        for _ in range(r.choice([0, 0, 1, 1, 2])):
            text += self.one(SPICE)
        return text if r.random() < 0.9 else text.rstrip("\n")


def generate(count, seed):
    rng = random.Random(seed)
    cases, text = [], ""
    for number in range(count):
        if number % 8 == 0:
            text = role(rng)
        template = Manifests(rng).template()
        files = {name: body for name, body in FILES.items() if name in template}
        cases.append(Case(f"kubernetes/{seed}#{number}", template, text, files))
    return cases
