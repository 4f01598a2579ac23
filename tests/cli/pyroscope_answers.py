"""Answers as Pyroscope's query service (querier.v1) gives them in JSON: flame graphs cut to a number of nodes, tables
of functions, comparisons. Integers of 64 bits are text, and what is 0 is left out. For profile_server.py.

A path with /v1/ is a server of the older storage, which has no tables; one with /small/ gives few nodes only.
"""
import re

MS = 1000
# When (s), service, stack, value.
SAMPLES = [(1700000000, "shop", ("main", "serve", "render"), 800), (1700000000, "shop", ("main", "serve"), 150),
           (1700000000, "shop", ("main", "gc"), 50), (1700003600, "shop", ("main", "serve", "render"), 800),
           (1700003600, "shop", ("main", "serve", "encode"), 900), (1700003600, "shop", ("main", "gc"), 50),
           (1700000000, "named", ("main", "other"), 5)]
SAMPLES += [(1700000000, "many", ("main", "f%d" % (i % 10), "g%d" % (i % 50), "leaf%d" % (i % 7)), i + 1)
            for i in range(200)]
TICK = 10 * MS * MS  # ns a sample of 100 Hz


class Refused(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code = status, code


def select(ask):
    """Stacks of what a request is for."""
    if not re.fullmatch(r'\{(\w+="[^"]*")?\}', ask["labelSelector"]):
        raise Refused(400, "invalid_argument", "failed to parse label selectors: parse error")
    return [(stack, value * TICK) for at, service, stack, value in SAMPLES
            if ask["start"] <= at * MS <= ask["end"]
            and ask["labelSelector"] in ("{}", '{service_name="%s"}' % service)]


def tree(stacks):
    root = {"name": "total", "self": 0, "total": 0, "below": {}}
    for stack, value in stacks:
        root["total"] += value
        node = root
        for name in stack:
            node = node["below"].setdefault(name, {"name": name, "self": 0, "total": 0, "below": {}})
            node["total"] += value
        node["self"] += value
    return root


def cut(root, most):
    """The largest nodes; others of one parent become one of the name "other"."""
    sizes, todo = [], [root]
    while todo:
        node = todo.pop()
        sizes.append(node["total"])
        todo += node["below"].values()
    least = sorted(sizes, reverse=True)[most - 1] if most and len(sizes) > most else 0
    todo = [root]
    while todo:
        node = todo.pop()
        small = [b for b in node["below"].values() if b["total"] < least]
        for b in small:
            del node["below"][b["name"]]
        if small:
            value = sum(b["total"] for b in small)
            o = node["below"].setdefault("other", {"name": "other", "self": 0, "total": 0, "below": {}})
            o["self"] += value
            o["total"] += value
        todo += [b for b in node["below"].values()]
    return root


def without_zero(message):
    return {k: v for k, v in message.items() if v not in ("0", [], "")}


def graph(sides):
    """Levels of boxes of one tree, or of two beside each other."""
    names, levels, row = [], [], [([0] * len(sides), sides)]
    while row:
        values, ends, below = [], [0] * len(sides), []
        for starts, nodes in row:
            name = next(n for n in nodes if n)["name"]
            if name not in names:
                names.append(name)
            at = list(starts)
            for i, n in enumerate(nodes):
                total, own = (n["total"], n["self"]) if n else (0, 0)
                values += [str(starts[i] - ends[i]), str(total), str(own)]
                ends[i] = starts[i] + total
                at[i] += own
            values.append(str(names.index(name)))
            for b in sorted({b for n in nodes if n for b in n["below"]}):
                under = [n["below"].get(b) if n else None for n in nodes]
                below.append((list(at), under))
                at = [a + (u["total"] if u else 0) for a, u in zip(at, under)]
        levels.append({"values": values})
        row = below
    return {"names": names, "levels": levels}


def pyroscope(path, ask):
    if path.endswith("/Diff"):
        left, right = (cut(tree(select(ask[side])), ask[side].get("maxNodes", 8192)) for side in ("left", "right"))
        g = graph([left, right])
        g.update(total=str(left["total"] + right["total"]), leftTicks=str(left["total"]),
                 rightTicks=str(right["total"]))
        return {"flamegraph": without_zero(g)}
    stacks = select(ask)
    if ask.get("format") == "PROFILE_FORMAT_FUNCTIONS":
        if "/v1/" in path:
            raise Refused(501, "unimplemented", "functions format is only supported with the v2 query backend")
        own, total = {}, {}
        for stack, value in stacks:
            own[stack[-1]] = own.get(stack[-1], 0) + value
            for name in set(stack):
                total[name] = total.get(name, 0) + value
        rows = sorted(total, key=lambda n: (-own.get(n, 0), n))
        return {"functions": without_zero({
            "functions": [without_zero({"name": n, "self": str(own.get(n, 0)), "total": str(total[n])}) for n in rows],
            "total": str(sum(own.values()))})}
    if "/small/" in path and ask.get("maxNodes", 0) > 20:
        raise Refused(400, "invalid_argument", "max flamegraph nodes limit 65536 is greater than allowed 20")
    root = tree(stacks)
    if not root["total"]:
        return {"flamegraph": {"names": ["total"], "levels": [{"values": ["0", "0", "0", "0"]}]}}
    return {"flamegraph": without_zero(dict(graph([cut(root, 20 if "/small/" in path else ask.get("maxNodes", 8192))]),
                                            total=str(root["total"])))}
