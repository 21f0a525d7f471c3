"""The chart of the README, from the results of a run: bars on a logarithmic scale, shorter is better."""
import html
import math
import statistics

WIDTH, LABEL, ROW, GAP = 860, 210, 17, 26
COLOURS = {"desired": "#1a7f37", "wire": "#8c959f"}


def bars_of(results):
    """(title, unit, [(name, value)]) of each panel."""
    turns, keeping = results["turns"], results["keeping"]
    size = "300" if "300" in turns else next(iter(turns))
    cold, same = turns[size]["cold"], turns[size]["unchanged"]

    def column(phase, key, scale=1.0):
        return [(name, scale * statistics.median(row[key] / row["objects"] for row in rows))
                for name, rows in phase.items()]

    def kept(key, scale=1.0):
        return [(name, scale * row[key]) for name, row in keeping.items() if row.get(key) is not None]
    yield "cold apply, per object", "ms", column(cold, "seconds", 1000)
    yield "client CPU for it, per object", "ms", column(cold, "cpu", 1000)
    yield "unchanged pass, per object", "ms", column(same, "seconds", 1000)
    yield "a foreign edit until repaired", "ms", kept("drift_p50", 1000)
    yield "private memory", "MB", [(name, row["memory"]["RssAnon"] / 1024) for name, row in keeping.items()]
    yield "restart until it knows", "ms", kept("restart_p50", 1000)


def panel(title, unit, bars, top):
    low = min(value for _, value in bars if value > 0) / 2
    scale = (WIDTH - LABEL - 110) / math.log10(2 * max(value for _, value in bars) / low)
    yield f'<text x="0" y="{top + 12}" font-weight="bold">{html.escape(title)}, {unit}</text>'
    for i, (name, value) in enumerate(bars):
        y = top + 20 + i * ROW
        length = max(1, scale * math.log10(max(value, low) / low))
        text = f"{value:.0f}" if value >= 100 else f"{value:.2g}"
        yield f'<text x="{LABEL - 8}" y="{y + 12}" text-anchor="end">{html.escape(name)}</text>'
        yield (f'<rect x="{LABEL}" y="{y + 2}" width="{length:.1f}" height="{ROW - 5}" rx="2" '
               f'fill="{COLOURS.get(name, "#54aeff")}"/>')
        yield f'<text x="{LABEL + length + 6:.1f}" y="{y + 12}">{text}</text>'


def draw(results):
    top, parts = 10, []
    for title, unit, bars in bars_of(results):
        if bars:
            parts += panel(title, unit, bars, top)
            top += 20 + len(bars) * ROW + GAP
    note = "logarithmic; one server, one run, contenders in turns; shorter is better"
    parts.append(f'<text x="0" y="{top}" fill="#57606a">{note}</text>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + 10}" font-family="sans-serif" '
            f'font-size="12">\n<rect width="100%" height="100%" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n")
