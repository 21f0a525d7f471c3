"""The table of a run, from its results."""
import statistics


def median(rows, key):
    return statistics.median(row[key] for row in rows)


def times(value, base):
    return f"{value / base:8.2f}" if base else f"{'-':>8}"


def print_turns(count, results):
    print(f"\n## {count} objects: Deployments, Services and ConfigMaps")
    print(f"{'':12} {'':29} {'seconds':>8} {'CPU s':>7} {'ms/obj':>7} {'server':>7} {'requests':>8} {'writes':>6}"
          f" {'x wire':>8} {'x desired':>9}")
    for phase, contenders in results.items():
        middle = {name: {key: median(rows, key) for key in rows[0]} for name, rows in contenders.items()}
        wire = middle.get("wire", {}).get("seconds")
        ours = middle["desired"]["seconds"] / middle["desired"]["objects"]
        for name, row in middle.items():
            whole = row["objects"] == middle["desired"]["objects"]
            per_object = row["seconds"] / row["objects"]
            print(f"{phase:12} {name:29} {row['seconds']:8.3f} {row['cpu']:7.3f} {1000 * row['cpu'] / row['objects']:7.2f}"
                  f" {row['server_cpu']:7.2f} {row['requests']:8.0f} {row['writes']:6.0f}"
                  f" {times(row['seconds'], wire if whole else None)} {per_object / ours:9.2f}"
                  + ("" if whole else f"  ({row['objects']:.0f} objects; the last column is per object)"))


KEEPING = (("first sync, s", "first_seconds", "{:.2f}"), ("  requests", "first_requests", "{:.0f}"),
           ("one file changed, p50 ms", "change_p50", "ms"), ("  p99 ms", "change_p99", "ms"),
           ("  writes a change", "change_writes", "{:.2f}"), ("idle: seconds", "idle_seconds", "{:.0f}"),
           ("  requests", "idle_requests", "{:.0f}"), ("  CPU, % of a core", "idle_cpu_percent", "{:.3f}"),
           ("foreign edit repaired, p50 ms", "drift_p50", "ms"), ("  p99 ms", "drift_p99", "ms"),
           ("restart until verdict, ms", "restart_p50", "ms"), ("  requests", "restart_requests", "{:.0f}"),
           ("server back: edit repaired, ms", "server_back_repair", "ms"),
           ("  requests in the outage and after", "outage_requests", "{:.0f}"))


def cell(value, form):
    if value is None:
        return "-"
    return f"{1000 * value:.1f}" if form == "ms" else form.format(value)


def print_keeping(results):
    if not results:
        return
    print(f"\n## keeping {next(iter(results.values()))['objects']} objects in force")
    print(f"{'':36}" + "".join(f"{name:>28}" for name in results))
    for label, key, form in KEEPING:
        print(f"{label:36}" + "".join(f"{cell(row.get(key), form):>28}" for row in results.values()))
    for key in ("RssAnon", "VmRSS", "VmHWM"):
        print(f"{key + ', MB':36}" + "".join(f"{row['memory'][key] / 1024:28.1f}" for row in results.values()))


def print_all(results):
    if results["busy"]:
        print(f"The machine was busy before the run ({100 * results['busy']:.0f} % of its cores): trust the ratios only.")
    for count, phases in results["turns"].items():
        print_turns(count, phases)
    print_keeping(results["keeping"])
