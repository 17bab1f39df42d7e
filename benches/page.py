"""The page about benchmarks and its chart, from the figures of one run. Nothing in them is written by hand.

Here: `write`, which makes `benchmarks.md` and `benchmarks/chart.svg`. Not here: measuring.
"""

import math
from pathlib import Path

# Of each engine its colour, the same in every chart.
COLOURS = {"floe auto": "#1f5fa8", "floe uncopied": "#3f7fc4", "floe cold": "#9fb4cc",
           "floe cold-datafusion": "#b9cfe6", "floe cold-duckdb": "#d3e2f2", "floe datafusion": "#6f9fd8",
           "floe duckdb": "#a9c7e8", "DuckDB": "#c9a227", "Sail": "#5b8c5a", "Sail unlimited": "#8fb88e", "Spark": "#b5523b"}

# Backends that are not chosen but told: what they refuse, the engine would have run elsewhere.
FORCED = ("floe datafusion", "floe duckdb", "floe cold-datafusion", "floe cold-duckdb")


def write(results: dict, folder: Path) -> None:
    """Write the page and the chart into a folder of pages."""
    (folder / "benchmarks").mkdir(parents=True, exist_ok=True)
    chart(results, folder / "benchmarks" / "chart.svg")
    (folder / "benchmarks.md").write_text("\n".join(lines(results)) + "\n", encoding="utf-8")


def lines(results: dict) -> list[str]:
    """Return the page."""
    machine, limits = results["machine"], results["limits"]
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items() if not name.startswith("floe"))
    ours = next((version for name, version in results["versions"].items() if name.startswith("floe")), "")
    out = [
        "# Benchmarks", "",
        f"Written by `make bench` on {results['when']}, size `{results['size']}`; not edited by hand.",
        "Smaller is faster.", "",
        "![Time of each engine by workload](benchmarks/chart.svg)", "",
        "| what | |", "|---|---|",
        f"| machine | {machine['processor']}, {machine['cores']} cores, {machine['memory'] / 2**30:.0f} GiB, {machine['system']} |",
        f"| limits of every engine | {limits['threads']} threads, {limits['memory'] / 2**30:.1f} GiB of memory for queries |",
        f"| versions | floe-engine {ours}, {versions} |",
        f"| rounds | {results['rounds']}, engines in turn query by query; the median counts |", "",
        "The limit is what each engine is told; peak is what its process took at most, with all it needs besides. DuckDB runs",
        "inside the measuring process, whose answers count there too. Sums are over what all engines of a table did right, but for",
        "those of floe's backends that were forced; where one of them refused some of it, its sum says over how many it is.", "",
        "Files that are read again and again floe copies ([why](decisions/0021-what-is-read-often-is-copied.md)): results are never",
        "kept, tables are. `uncopied` is `auto` without (`--copy-limit 0`). Nobody is asked before the last one has come to rest.",
    ]
    for workload in results["workloads"]:
        out += ["", *section(workload)]
    return out


def section(workload: dict) -> list[str]:
    """Return one workload: what became of each engine, then every item."""
    names = engines(workload)
    out = [f"## {workload['title']}", "", workload["what"]]
    out += ["", *summary(workload, names)] if workload["unit"] == "s" else []
    for name, why in workload["absent"].items():
        out += ["", f"{name} did not take part: {why}"]
    table = [row("", *names), row("---", *["---:"] * len(names))]
    table += [row(item["label"], *[cell(workload, item, name) for name in names]) for item in workload["items"]]
    if len(workload["items"]) <= 6:
        return [*out, "", *table]
    return [*out, "", "<details><summary>Each query</summary>", "", *table, "", "</details>"]


def engines(workload: dict) -> list[str]:
    """Return the engines that took part, in the order of the colours."""
    known = {name for item in workload["items"] for name in [*item["times"], *item["failed"]]}
    return [name for name in COLOURS if name in known]


def summary(workload: dict, names: list[str]) -> list[str]:
    """Return the table of sums."""
    items, both = workload["items"], common(workload, names)
    unchecked = sum(not item["is_checked"] for item in items)
    over = f"s, over {len(both)}"
    out = [row("", "right", over, "geometric mean by the first's", "peak, GiB"), row("---", *["---:"] * 4)]
    for name in names:
        mine = [item for item in both if name in item["typical"]]
        total = f"{sum(item['typical'][name] for item in mine):.2f}" + (f" of {len(mine)}" if len(mine) < len(both) else "")
        ratios = [math.log(item["typical"][name] / item["typical"][names[0]]) for item in mine if names[0] in item["typical"]]
        mean = f"{math.exp(sum(ratios) / len(ratios)):.2f}" if ratios else ""
        right = sum(name in item["typical"] for item in items)
        peak = workload["peaks"].get(name, 0) / 2**30
        out.append(row(name, f"{right}/{len(items)}", total if mine else "", mean, f"{peak:.1f}"))
    if unchecked:
        out += ["", f"{unchecked} answers were not checked: there was nobody to say what is right."]
    return out


def common(workload: dict, names: list[str]) -> list[dict]:
    """Return the items that every engine did right; a backend that is forced may refuse what it is not for."""
    needed = [name for name in names if name not in FORCED] or names
    return [item for item in workload["items"] if all(name in item["typical"] for name in needed)]


def cell(workload: dict, item: dict, name: str) -> str:
    """Return a time, or what became of it."""
    if name in item["failed"]:
        return "failed"
    if name in item["wrong"]:
        return "wrong"
    if name not in item["typical"]:
        return ""
    return f"{item['typical'][name]:.{1 if workload['unit'] == 'ms' else 3}f}"


def row(*cells: str) -> str:
    """Return a row of a table."""
    return "| " + " | ".join(cells) + " |"


def chart(results: dict, path: Path) -> None:
    """Draw a panel for each workload."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "floe", "svg.fonttype": "none", "font.size": 9}
    from matplotlib import pyplot

    panels = [(workload, bars(workload)) for workload in results["workloads"]]
    panels = [(workload, found) for workload, found in panels if found]
    across = 3
    down = max(1, math.ceil(len(panels) / across))
    figure, axes = pyplot.subplots(down, across, figsize=(11, 2.3 * down + 0.3), squeeze=False)
    for axis in axes.flat[len(panels):]:
        axis.set_visible(False)
    for axis, (workload, found) in zip(axes.flat, panels):
        names = [*found][::-1]
        drawn = axis.barh(names, [found[name] for name in names], color=[COLOURS[name] for name in names])
        axis.bar_label(drawn, fmt="%.3g", padding=2)
        of = "all queries" if workload["unit"] == "s" else workload["items"][-1]["label"]
        axis.set_title(f"{workload['title']}\n{of}, {workload['unit']}", fontsize=8.5, loc="left", x=-0.3)
        axis.margins(x=0.18)
        axis.spines[["top", "right", "bottom"]].set_visible(False)
        axis.xaxis.set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def bars(workload: dict) -> dict[str, float]:
    """Return the length of each engine's bar: of what all did right; of milliseconds the last line, which is the worst case."""
    names = engines(workload)
    if workload["unit"] == "ms":
        return workload["items"][-1]["typical"] if workload["items"] else {}
    both = common(workload, names)
    whole = [name for name in names if both and all(name in item["typical"] for item in both)]
    return {name: sum(item["typical"][name] for item in both) for name in whole}
