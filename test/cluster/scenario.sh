# What every scenario shares. Sourced; needs BUILD (where the binary is) and CLUSTER (the
# folder of a running cluster). Sets up an empty /etc/desired of its own:
#
#   $etc $state $runtime $data    folders of this scenario; $data is for host paths
#   desired VERB ...              the binary, on these folders and this cluster
#   daemon_start, daemon_stop     `desired run` in the background; its lines are in $journal
#   k ...                         kubectl on the cluster
#   expect NAME COMMAND...        ok NAME, or not ok NAME with what the command printed
#   eventually SECONDS COMMAND... the command, again and again until it succeeds
#
# shellcheck shell=bash
set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$CLUSTER/env"
# Without a folder of its own a scenario would write to, and remove, what is below the root.
work=$(mktemp -d) && [ -d "${work:?}" ] || { echo "not ok $(basename "$0"): no folder could be made"; exit 1; }
etc=$work/etc state=$work/state runtime=$work/run data=$work/data journal=$work/journal
mkdir "$etc" "$data"
chmod 755 "$work"
daemon='' failures=0
[ -t 1 ] || export NO_COLOR=1

k() { "$KUBECTL" --kubeconfig "$KUBECONFIG" "$@"; }

desired() {
	"$BUILD/desired" "$@" --dir "$etc" --state "$state" --runtime "$runtime" --kubeconfig "$KUBECONFIG"
}

daemon_start() {
	"$BUILD/desired" run --dir "$etc" --state "$state" --runtime "$runtime" \
		--kubeconfig "$KUBECONFIG" >>"$journal" 2>&1 &
	daemon=$!
	eventually 10 test -S "$runtime/control" || { echo "the daemon did not open its socket:"; cat "$journal"; }
}

# Not through expect: a subshell cannot wait for it.
daemon_stop() { # ok when it ended in time and without a failure
	local before code
	[ -n "$daemon" ] || return 0
	before=$(date +%s%N)
	kill -TERM "$daemon" 2>/dev/null
	wait "$daemon"
	code=$?
	daemon=''
	expect "SIGTERM ends the daemon without a failure" test $code -eq 0
	expect "within 2 s" test $((($(date +%s%N) - before) / 1000000)) -lt 2000
}

leave() {
	[ -z "$daemon" ] || { kill -KILL "$daemon" 2>/dev/null; wait "$daemon" 2>/dev/null; }
	if [ $failures -gt 0 ]; then
		echo "--- the daemon's lines in $(basename "$0")"
		tail -60 "$journal" 2>/dev/null
	fi
	[ -n "${KEEP:-}" ] && echo "kept: $work" || rm -rf "$work"
}
trap leave EXIT

expect() { # NAME COMMAND...
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		echo "ok $name"
		return 0
	fi
	echo "not ok $name: $* -> ${output:-nothing printed}" | head -c 3000
	echo
	failures=$((failures + 1))
	return 1
}

eventually() { # SECONDS COMMAND...
	local until=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $until ] || { "$@"; return 1; }
		sleep 0.1
	done
}

fails() { ! "$@"; }
exits() { # CODE COMMAND...
	local want=$1 code
	shift
	"$@"
	code=$?
	[ $code -eq "$want" ] || { echo "exit $code, not $want"; return 1; }
}
prints() { # TEXT COMMAND...: the output has the text, whatever the exit code
	local text=$1 output
	shift
	output=$("$@" 2>&1)
	grep -qF -- "$text" <<<"$output" || { echo "$output"; return 1; }
}
says() { grep -qF -- "$1" "$journal" || { tail -5 "$journal"; return 1; }; } # the daemon's lines have it
exists() { [ -n "$(k get "$@" -o name)" ]; } # kubectl is content with a list that has nothing
gone() { [ -z "$(k get "$@" -o name --ignore-not-found 2>&1)" ]; }
field() { # WANT PATH OBJECT...
	local want=$1 path=$2 have
	shift 2
	have=$(k get "$@" -o "jsonpath=$path")
	[ "$have" = "$want" ] || { echo "$path is '$have', not '$want'"; return 1; }
}

# The requests that changed something, by our field manager's user agent, since the mark.
mark() { wc -l <"$CLUSTER/log/audit.log"; }
requests_since() { # MARK [jq filter]: requests of desired that were answered, without watches
	tail -n "+$(($1 + 1))" "$CLUSTER/log/audit.log" |
		jq -r --arg filter "${2:-}" 'select(.stage == "ResponseComplete" and .verb != "watch"
			and (.userAgent | startswith("desired"))) | "\(.verb) \(.requestURI)"' |
		grep -v '/leases/' || true
}

configmap() { # NAME VALUE [NAMESPACE]
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s%s}\ndata: {value: "%s"}\n' \
		"$1" "${3:+, namespace: $3}" "$2"
}

# The shipped desired state, its host paths below $data.
copy_shipped() {
	cp -R "$top/manifests/." "$etc/"
	rm -f "$etc/fetch-traefik-crds"
	cp "$BUILD/traefik-crds.yaml" "$etc/traefik/crd.yaml"
	sed -i "s,^data_root:.*,data_root: $data," "$etc/vars.yaml"
	chmod -R go-w "$etc"
}
