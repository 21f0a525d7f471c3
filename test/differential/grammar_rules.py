"""The tables of the grammar. {kind} stands for another expression of that kind; see Expressions.

    a any       s string    i int      n number     b bool     l list      ls list of strings
    li of ints  ld of dicts lm of any  d dict
    w literal string        c literal of one character        p small literal int     k literal key
    re regular expression   name, attr, test, filter: names    v version
"""

WORDS = ["a", "e", "o", "l", "an", "x", "web", "-", ".", "/", ",", "", " ", "ü", "\\n", "1", "yes", "b", "A", ": "]
PATTERNS = [r"[a-z]+", r"\\d+", r"(.)l", r"^.", r".$", r"\\s+", r"(\\w+)-(\\w+)", r"a|e", r"[^a-z]", r"(?i)A", r"\\.", r"(x)?b",
            r"^(?P<first>\\w)", r"\\b\\w", r"n{1,2}", r"[aeiou]+?", r"\\S+$", r"(a)(p)", r".*", r"$"]
VERSIONS = ["1.10", "1.9.3", "2.0", "1.10.2", "v1.30.1", "1.0.0-rc1", "0.9", "10"]
COMPARES = ["<", "<=", "==", ">=", ">", "!=", "lt", "ge", "eq", "ne", "gt", "le"]
ATTRIBUTES = ["name", "port", "on", "sub.v", "tags", "name", "port"]
TESTS = ["string", "number", "integer", "float", "mapping", "sequence", "iterable", "none", "defined", "boolean", "true",
         "false", "truthy", "falsy", "undefined", "callable", "hashable_"]

TABLE = {
    "s": """
        {s} | upper;; {s} | lower;; {s} | title;; {s} | capitalize;; {s} | trim;; {s} | trim({w});; {s} | replace({w}, {w});;
        {s} | replace({w}, {w}, {p});; {s} | indent;; {s} | indent({p});; {s} | indent({p}, true);; {s} | indent(width={p}, blank=true);;
        {s} | indent({p}, first=false);; {s} | indent(first=true, width={p});; {s} | indent({w});;
        {a} | string;; {a} ~ {a};; {s} + {s};; {s} * {p};; {s}[{p}:];; {s}[:{p}];; {s}[::-1];; {s}[-{p}:];; {s}[{p}];;
        {s}.upper();; {s}.lower();; {s}.strip();; {s}.strip({w});; {s}.lstrip();; {s}.rstrip({w});; {s}.title();; {s}.capitalize();;
        {s}.replace({w}, {w});; {s}.split({c})[0];; {s}.split()[0];; {s}.split({c}, 1)[-1];; {s}.rsplit({c}, 1)[0];; {w}.join({ls});;
        {s}.center({p}0);; {s}.ljust({p}0, {c});; {s}.rjust({p}0);; {s}.zfill({p}0);; {s}.swapcase();; {s}.partition({c})[0];;
        {s}.rpartition({c})[2];; {s}.format({a});; '{:>8}|{:<4}|{}'.format({s}, {i}, {a});; '{0}-{{x}}'.format({s}, x={a});;
        '%s-%s' | format({a}, {a});; '%05d' % ({i});; '%s' % ({a},);; '%.2f|%x' % ({n}, {p});; '%(a)s' | format(a={a});; '%-8s|' % {s};;
        {ls} | join({w});; {lm} | join({w});; {li} | join(',');; {ld} | join(',', attribute='name');; {l} | join;;
        {s} if {b} else {s};; {s} if {b};; {b} | ternary({s}, {s});; {a} | default({s});; {s} | default({s}, true);; {s} or {s};; {s} and {s};;
        {s} | b64encode;; {s} | b64encode | b64decode;; {s} | hash('sha256');; {s} | hash('md5');; {s} | sha1;; {s} | checksum;; {s} | md5;; {s} | quote;;
        {s} | regex_replace({re}, {w});; {s} | regex_replace({re}, '<\\\\g<0>>');; {s} | regex_replace('(.)(.)', '\\\\2\\\\1');;
        {s} | regex_replace({re}, {w}, ignorecase=true);; {s} | regex_replace('^', '# ', multiline=true);; {s} | regex_escape;;
        {s} | regex_search({re}) | default('none', true);; {s} | truncate({p}0);; {s} | truncate({p}, true);; {s} | truncate(9, false, '..', 0);;
        {s} | center({p}0);; {s} | wordwrap({p}0);; {s} | wordwrap(12, false);; {s} | wordwrap(8, wrapstring='|');;
        {a} | to_json;; {a} | to_nice_json;; {a} | to_nice_json(indent=2);; {d} | to_json(sort_keys=true);; {l} | to_json(indent=2);; {a} | tojson;; {d} | tojson(indent=2);;
        {a} | to_yaml;; {a} | to_nice_yaml;; {a} | to_nice_yaml(indent=2);; {d} | to_nice_yaml(indent=2, width=1337);; {d} | to_nice_yaml(sort_keys=false);;
        {l} | to_nice_yaml(indent=0);; {d} | to_yaml(default_flow_style=false);; {d} | to_nice_yaml | indent({p});; {d} | to_nice_yaml | trim;; {d} | to_yaml(width=40);;
        {d} | to_nice_yaml(indent=2) | indent(4, true);; {l} | to_yaml | trim;; {d} | to_nice_yaml(explicit_start=true);; {s} | to_yaml;;
        {s} | comment;; {s} | comment('c');; {s} | comment(decoration='; ');; {s} | urlencode;; {d} | urlencode;; {s} | urldecode;; {s} | basename;; {s} | dirname;;
        {s} | e;; {s} | forceescape;; {s} | striptags;; {s} | splitext | first;; {s} | normpath;; [{s}, {w}] | path_join;; {s} | win_basename;;
        {s} | first;; {s} | last;; {s} | reverse;; {l} | first;; {l} | last | string;; {a} | type_debug;; {i} | filesizeformat;; {i} | human_readable;;
        {n} | round(1) | string;; {s} | wordcount | string;; {s} | pprint;; {a} | pprint;; {s} | urlize;; ('/srv/' ~ {s}) | relpath('/etc');;
        {s} | to_uuid;; {d} | xmlattr;; {l} | map('string') | join(' ');; {ls} | map('upper') | join;; {ls} | map('regex_replace', {re}, {w}) | join(',');;
        {s} | regex_findall({re}) | join('|');; {s} | split({c}) | last;; {s} | split | first;; {d} | dictsort | string;; {s} | int | string;;
        {d}[{k}] | default({s});; {d}.get({k}, {s});; {d}.{attr} | default({s});; {ld} | map(attribute='name') | join(',');;
        {s} | urlsplit('hostname') | default('', true);; {s} | urlsplit('path');; ({s}, {s}) | join;; {s} | safe;; {s} | string | length | string;;
        lookup('vars', {var});; lookup('vars', 'nowhere', default={s});; {i} | string | b64encode;; '{{{{' ~ {s};; {s} | mandatory;; {s} | root;; {i} | log | string;; {s} | to_nice_json;; {s} | tojson | replace('"', '')
        """,
    "i": """
        {i} + {i};; {i} - {i};; {i} * {i};; {i} // {i};; {i} % {i};; -{i};; +{i};; {i} ** {p};; {l} | length;; {s} | length;; {d} | length;; {l} | count;;
        {i} | abs;; {s} | int;; {s} | int({p});; {s} | int(base=16);; {n} | int;; {li} | sum;; {li} | max;; {li} | min;; {s}.count({w});; {s}.find({w});;
        {s} | wordcount;; {ld} | sum(attribute='port');; {ld} | map(attribute='port') | max;; {b} | int;; {i} if {b} else {i};; {i} | default({p});;
        {l} | list | length;; ({i}, {i}) | max;; {li}[0];; {li}[-1];; {l}.index({a});; {l}.count({a});; {li} | first;; {li} | last;; {b} + {i};;
        {s} | string | length;; range({p}) | list | length;; {d}.get({k}, {p}) | int;; {s}.index({w});; '10 MB' | human_to_bytes;; {d} | dict2items | length;; {n} | round | int;; {i} or {i}
        """,
    "f": """
        {n} / {n};; {n} * {n};; {n} + {n};; {n} - {n};; {n} | round({p});; {n} | float;; {n} | round;; {n} // {n};; {n} % {n};; {n} | round(1, 'floor');;
        {n} | round(2, 'ceil');; {s} | float;; {s} | float(1.5);; {i} / {p};; {n} ** 2;; {n} | pow(2);; {n} | root(3);; {n} | log(10);; -{f};; {n} | abs;; {li} | sum / {p}
        """,
    "b": """
        {a} == {a};; {n} < {n};; {n} >= {n};; {s} != {s};; {s} < {s};; {b} and {b};; {b} or {b};; not {b};; {a} in {l};; {s} not in {l};; {w} in {s};; {k} in {d};;
        {a} is {test};; {a} is not {test};; {i} is odd;; {i} is even;; {i} is divisibleby({p});; {i} is divisibleby {p};; {s} is match({re});; {s} is search({re});;
        {s} is not search({re});; {s} is regex({re});; {a} | bool;; {v} is version({v}, {cmp});; {v} is version({v});; 1 < {i} < 50;; {d}.{attr} is defined;; {d}.nope is defined;;
        missing is defined;; missing.x is defined;; {s}.startswith({w});; {s}.endswith({w});; {l} is contains({a});; {l} is contains {a};; {s} is lower;; {s} is upper;; {a} is eq({a});;
        {i} is gt {i};; {n} is lt({n});; {a} is in {l};; {l} is subset({l});; {l} is superset({l});; {l} is any;; {l} is all;; {a} is sameas none;; {a} is sameas(true);;
        {s}.isdigit();; {s}.isalpha();; {s}.isupper();; {a} is truthy(convert_bool=true);; {s} is url;; {s} is abs;; {a} == none;; {l} == {l};; {d} == {d};; {n} == {n};;
        {s} is filter;; {w} is filter;; {w} is test;; (not {b}) == {b};; {a} is escaped;; {s} == {s} | lower;; {l} | length > {p};; {s} is nan;; {f} is nan;; {n} > {p} and {b};; {a} is none or {b};; {d} | length == 0
        """,
    "ls": """
        {s}.split({c});; {s}.split();; {s} | split({c});; {s} | split;; {s}.splitlines();; {ls} | sort;; {ls} | sort(reverse=true);; {ls} | sort(case_sensitive=true);;
        {ls} | unique;; {ls} | map('upper') | list;; {ls} | map('lower');; {ls} + {ls};; {ls} | reverse | list;; {ls}[{p}:];; {ls}[::-1];; {ls} | select('match', {re}) | list;;
        {ls} | reject('search', {re}) | list;; {s} | regex_findall({re});; {d} | list;; {d}.keys() | list;; {ld} | map(attribute='name') | list;; {ls} | map('replace', {w}, {w}) | list;;
        {ls} | map('regex_replace', {re}, {w});; {s} | list;; [{s}, {s}];; {ls} | select('string');; {ls} | rejectattr('nope', 'defined') | list;; {s} | splitext;; {s}.partition({c});;
        {ls} | map('length') | map('string');; {ls} | map('trim') | unique;; {ls} | flatten;; {ls} | difference({ls}) | sort;; {ls} | union({ls}) | sort;; {ls} | intersect({ls}) | sort;; {ls} | reject('equalto', {s}) | list;;
        {ls} | select('in', {ls});; {ls} | map('default', {w});; query('items', {ls});; {s} | from_yaml_all | list
        """,
    "li": """
        {li} | sort;; {li} | sort(reverse=true);; {li} + {li};; {li} | unique;; {li} | map('abs') | list;; range({p}) | list;; range({p}, 1{p});; range(10, {p}, -3) | list;; {li} | select('odd') | list;;
        {li} | select('gt', {p});; {li} | reject('divisibleby', 3) | list;; {li}[1:];; {li} | union({li}) | sort;; {li} | intersect({li}) | sort;; {li} | difference({li}) | sort;; {li} | symmetric_difference({li}) | sort;;
        {li} | map('int');; {ls} | map('int') | list;; {ls} | map('length');; {ld} | map(attribute='port') | list;; [{i}, {i}];; {li} | reverse | list;; ({i}, {i});; {li} * 2;; {li} | map('pow', 2) | list
        """,
    "lm": """
        {l} + {l};; {l} | list;; {l} | reverse | list;; {l}[1:];; {l}[::2];; {l}[-2:];; {l} | unique;; {l} | select | list;; {l} | reject('none') | list;; {l} | map('string') | list;; {l} | batch(2) | list;;
        {l} | batch(3, '-') | map('list') | list;; {l} | slice(2) | list;; {l} | slice(3, 'f') | map('list');; {l} | flatten;; {l} | flatten(levels=1);; {l} | zip({l}) | list;; {l} | zip_longest({l}, fillvalue='-') | list;;
        [{a}, {a}];; [{a}];; [];; ({a}, {a});; {d}.values() | list;; {d}.items() | list;; {d} | dictsort;; {d} | dictsort(by='value');; {d} | dictsort(reverse=true);; {d} | items | list;; {l} | product({l}) | list;; {l} | combinations(2) | list;; {l} | permutations(2) | list;;
        {l} | select('string') | list;; {l} | map('default', 'x') | list;; {l} | to_json | from_json;; {l} | to_yaml | from_yaml;; {ld} | map(attribute='sub.v', default=0) | list;; {ld} | groupby('port') | list;; {ld} | groupby('name', default='n') | map('first');;
        {l} | list | first | default([]);; {a} | default([]) | list;; query('dict', {d});; query('indexed_items', {l});; {ld} | subelements('tags', skip_missing=true);; {l} if {b} else {l};; {s} | from_json;; {s} | from_yaml;; {l} | shuffle(seed=1) | length | string | list
        """,
    "ld": """
        {ld} | sort(attribute='name');; {ld} | sort(attribute='port,name');; {ld} | selectattr('on') | list;; {ld} | selectattr('port', 'gt', 100) | list;; {ld} | rejectattr('name', 'equalto', 'web') | list;; {ld} | selectattr('sub.v', 'defined');;
        {ld} | selectattr('name', 'match', '^w') | list;; {ld} | unique(attribute='port') | list;; {d} | dict2items;; {d} | dict2items(key_name='k', value_name='v');; [{d}, {d}];; {ld} + {ld};; {ld}[:2];; {ld} | map('combine', {d}) | list;; {ld} | rejectattr('on') | list;;
        {ld} | selectattr('tags', 'contains', 'x') | list;; {ld} | sort(attribute='port', reverse=true);; {ld} | map('dict2items') | first;; {ld} | selectattr('name', 'in', ['web', 'db'])
        """,
    "d": """
        {d} | combine({d});; {d} | combine({d}, recursive=true);; {d} | combine({d}, list_merge='append');; {d} | combine({d}, recursive=True, list_merge='append_rp');; [{d}, {d}] | combine;; {ld} | items2dict(key_name='name', value_name='port');;
        {d} | dict2items | items2dict;; dict({ls} | zip({l}));; {{{k}: {a}, {k}: {a}}};; {{{k}: {a}}};; dict(a={a}, b={a});; {d} | to_json | from_json;; {d} | to_nice_yaml | from_yaml;; {ld} | first;; {ld}[0];; {d} if {b} else {d};; {d}.nested;; {d}.get({k}, {{}});;
        {s} | urlsplit;; {d}.copy();; dict({d});; dict({d}, z={a});; {ld} | rekey_on_member('name');; {d} | default({{}});; {d} | dict2items | rejectattr('key', 'equalto', {k}) | items2dict;; {d} | dict2items | list | items2dict | default({{}})
        """,
}
LITERALS = {
    "i": ["0", "1", "5", "-3", "0x1F", "1_000", "0o17", "0b101", "10**20", "2"],
    "f": ["1.5", "1e3", "2.0", "0.1", "1.0e-5", "12e10"],
    "b": ["true", "false", "True", "False"],
    "ls": ["['a', 'b']", "'a b c'.split()"],
    "li": ["[3, 1, 2]", "(1, 2)", "range(4)"],
    "lm": ["[1, 'a', none]", "[[1], {}]", "()"],
    "ld": ["[{'name': 'x', 'port': 1}]", "records"],
    "d": ["{'a': 1}", "{}", "dict(x=1)", "{'n': none, 1: 'one'}"],
}
