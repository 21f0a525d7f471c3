"""Variables as the defaults/main.yml of a role has them: comments, quotes, anchors, folded text,
lists and dicts of every shape, and values made of other values."""

SCALARS = {
    "app_name": ["ghost", "web", '"kube-prometheus"', "'metrics-server'", '"{{ prefix }}-app"', "{{ prefix }}app"],
    "app_namespace": ["default", "kube-system", '"{{ app_name }}-ns"', "monitoring"],
    "prefix": ["prod", "''", "blue", '"{{ stage | lower }}"'],
    "stage": ["PROD", "Dev", "staging"],
    "app_version": ["1.27.3", "'1.10'", "v1.30.1", "2.0", "latest", "1.9.10", '"0.9"'],
    "image_repo": ["docker.io/library/nginx", '"{{ registry }}/nginx"', "quay.io/org/app"],
    "registry": ["registry.k8s.io", '"localhost:5000"', "'ghcr.io'"],
    "image_tag": ['"{{ app_version }}"', "'{{ app_version }}-alpine'", "v{{ app_version | regex_replace('^v', '') }}", "latest"],
    "replicas": ["1", "3", '"2"', "0", "{{ 3 if stage == 'PROD' else 1 }}"],
    "app_port": ["8080", '"80"', "443", "9100"],
    "node_port": ["30080", "''", "null", "31000", "~"],
    "ingress_enabled": ["true", "false", "yes", "no", "'true'", '"False"', "on", "True"],
    "tls_enabled": ["true", "false", "yes", '"no"', "{{ ingress_enabled | bool }}"],
    "hpa_enabled": ["false", "true", "{{ stage == 'PROD' }}"],
    "cpu": ["100m", "0.5", "1", "'2'", "1.50"],
    "memory": ["128Mi", "1Gi", "536870912", "1e9", "12345678901"],
    "file_mode": ["0644", "'0644'", "0o600", "420", "0755"],
    "schedule": ['"*/5 * * * *"', "'@daily'", "0 3 * * *"],
    "password": ["s3cr3t!", "'pa$$w0rd'", '"with \\"quotes\\""', "'p: #x'", "1234", "tëst", "{{ 'fixed' | hash('sha1') }}"],
    "domain": ["example.org", "'k8s.example.org'", '"{{ stage | lower }}.example.org"'],
    "storage_class": ["null", "local-path", "''", "~"],
    "pull_policy": ["IfNotPresent", '"Always"'],
    "service_type": ["ClusterIP", "NodePort", "LoadBalancer"],
    "service_cidr": ["10.233.0.0/18", "'10.96.0.0/12'"],
    "cluster_dns": ["10.233.0.10", "[10.233.0.10, 10.233.0.11]"],
    "log_level": ["2", "info", "'4'", "debug"],
    "timeout": ["30s", "5m", "60", "1_000"],
    "started": ["2021-01-01", "'2021-01-01'", "12:30", "2021-01-02T03:04:05Z"],
    "kube_version": ["v1.30.1", "'1.29.0'", "v1.31.0-rc.1", "1.28.10"],
    "owner": ["null", "1000", "'1000:1000'", "root"],
}
BLOCKS = {
    "app_labels": ["\n  app: web\n  tier: backend\n", "\n  app.kubernetes.io/name: \"{{ app_name }}\"\n  version: \"1.10\"\n", " {}\n", " {app: web, 'on': 'yes'}\n",
                   "\n  team: 'Süd'\n  build: 007\n  release: 1e3\n  empty: ''\n"],
    "app_annotations": [" {}\n", "\n  prometheus.io/scrape: \"true\"\n  prometheus.io/port: \"{{ app_port }}\"\n", "\n  note: >-\n    a folded\n    text\n  long: |\n    line one\n    line two\n",
                        "\n  nginx.ingress.kubernetes.io/configuration-snippet: |\n    proxy_set_header X-Real-IP $remote_addr;\n    return 301 https://$host$request_uri;\n"],
    "app_env": ["\n  - name: A\n    value: \"1\"\n  - name: B\n    value: \"{{ domain }}\"\n", " []\n", "\n  - {name: TZ, value: Europe/Berlin}\n  - {name: EMPTY, value: ''}\n",
                "\n  - name: SECRET\n    valueFrom:\n      secretKeyRef: {name: s, key: k}\n"],
    "env_dict": ["\n  DB_HOST: db\n  DB_PORT: 5432\n  DEBUG: false\n  RATE: 0.10\n", " {}\n", "\n  URL: \"http://{{ domain }}:{{ app_port }}/\"\n  EMPTY:\n  OCT: 010\n"],
    "app_args": ["\n  - --v=2\n  - --port={{ app_port }}\n", " []\n", " [--a, '--b=x y', \"--c\"]\n"],
    "app_ports": ["\n  - {name: http, port: 80, target: 8080}\n  - {name: https, port: 443, target: 8443, protocol: TCP}\n", "\n  - name: metrics\n    port: 9100\n    target: metrics\n", " []\n"],
    "resources": ["\n  requests: {cpu: 100m, memory: 128Mi}\n  limits:\n    cpu: 500m\n    memory: \"{{ memory }}\"\n", " {}\n", "\n  limits: {cpu: 1, memory: 1Gi}\n", "\n  requests:\n    cpu: \"{{ cpu }}\"\n"],
    "tolerations": [" []\n", "\n  - key: node-role.kubernetes.io/control-plane\n    operator: Exists\n    effect: NoSchedule\n", "\n- {operator: Exists}\n- effect: NoExecute\n  key: dedicated\n  value: \"true\"\n  tolerationSeconds: 300\n"],
    "node_selector": [" {}\n", "\n  kubernetes.io/os: linux\n", "\n  disktype: ssd\n  'zone': \"{{ stage }}\"\n", " null\n"],
    "affinity": [" {}\n", "\n  nodeAffinity:\n    requiredDuringSchedulingIgnoredDuringExecution:\n      nodeSelectorTerms:\n        - matchExpressions:\n            - {key: a, operator: In, values: [x, 'y', \"z\"]}\n"],
    "volumes": [" []\n", "\n  - name: data\n    host_path: /srv/{{ app_name }}\n    mount: /data\n  - name: cfg\n    config_map: cfg\n    mount: /etc/cfg\n    read_only: true\n"],
    "hosts": ["\n  - host: a.example.org\n    paths: [/, /api]\n  - host: \"b.{{ domain }}\"\n    paths:\n      - /\n", " []\n", "\n  - {host: x.org, paths: []}\n"],
    "users": ["\n  - {name: ann, groups: [dev, ops], admin: true}\n  - {name: bob, groups: []}\n  - {name: cid, groups: [dev], admin: no}\n", " []\n"],
    "feature_gates": [" {}\n", "\n  RotateKubeletServerCertificate: true\n  Other: false\n"],
    "config_data": ["\n  server.conf: |\n    listen {{ app_port }};\n    root /var/www;\n\n    # end\n  empty.conf: ''\n", "\n  app.json: '{\"a\": 1}'\n  app.ini: \"[main]\\nkey = value\\n\"\n", " {}\n",
                    "\n  settings:\n    nested: {deep: [1, 2, {x: null}]}\n    text: \"tab\\there\"\n"],
    "node_list": [" [node1, node2, node3]\n", "\n- node1\n- node10\n- node2\n", " []\n"],
    "extra_manifest": ["\n  key: value\n  list:\n  - 1\n  - two\n  - 3.0\n  nested:\n    a: {b: c}\n    'yes': no\n    long: the quick brown fox jumps over the lazy dog and then it runs away far beyond the hills and the river\n",
                       " {}\n", "\n  - a\n  - b: [c]\n", "\n  multi: |-\n    x\n\n    y\n  u: \"\\u263a\"\n  date: 2021-01-01\n  float: 1.50\n  big: 12345678901234567890\n  colon: 'a: b'\n  hash: 'a #b'\n  star: '*x'\n"],
    "pull_secrets": [" []\n", " [regcred]\n", "\n  - name: a\n  - name: b\n"],
    "defaults_a": ["\n  x: 1\n  y: {z: 2, l: [1]}\n", " {}\n"],
    "defaults_b": ["\n  y: {w: 3, l: [2]}\n  n: null\n", " {}\n", "\n  x: \"{{ replicas }}\"\n"],
    "csv": [" a,b,,c\n", " \"one two  three\"\n", " single\n"],
    "anchors": ["\n  base: &base {a: 1, b: two}\n  other:\n    <<: *base\n    b: 3\n  same: *base\n"],
    "multiline": [" |\n  #!/bin/sh\n  set -e\n  echo \"$HOME\" ${x}\n\n  exit 0\n", " >\n  folded text\n  goes on\n\n  next\n", " |+\n  keep\n\n", " \"plain\"\n"],
    "undefined_user": [" \"{{ not_set_anywhere | default('fallback') }}\"\n"],
}
FILES = {
    "config.yml.j2": "server:\n  port: {{ app_port }}\n{% if tls_enabled | bool %}\n  tls: true\n{% endif %}\n  hosts:\n{% for h in hosts %}\n    - {{ h.host }}\n{% endfor %}\n",
    "labels.j2": "app: {{ app_name }}\ntier: {{ tier | default('none') }}\n",
    "script.sh": "#!/bin/sh\necho {{ not rendered }}\n\n\n",
    "macros.j2": "{% macro env(name, value, indent_by=0) %}\n{{ ' ' * indent_by }}- name: {{ name }}\n{{ ' ' * indent_by }}  value: \"{{ value }}\"\n{% endmacro %}\n{% macro port(p) -%}\n{{ p.name }}={{ p.port }}\n{%- endmacro %}\n",
}


def role(rng) -> str:
    """The text of defaults/main.yml."""
    lines = ["---\n# defaults of the role\n"]
    for name, choices in SCALARS.items():
        if rng.random() < 0.996:
            value = rng.choice(choices)
            if value.startswith("{{") or "{{" in value and value[0] not in "'\"":
                value = f'"{value}"' if '"' not in value else f"'{value}'"
            lines.append(f"{name}: {value}{rng.choice(['', '', '', '  # a comment'])}\n")
    for name, choices in BLOCKS.items():
        if rng.random() < 0.996:
            lines.append(f"{rng.choice(['', '', chr(10)])}{name}:{rng.choice(choices)}")
    return "".join(lines)
