#!/usr/bin/env python3
"""Heap snapshots of V8 with what node cannot have: elements of a page; and other kinds of leak, for heap_leaks.sh.

usage: heap_made.py FOLDER: writes FOLDER/KIND-1.heapsnapshot, -2 and -3.
"""
import json
import sys

META = {"node_fields": ["type", "name", "id", "self_size", "edge_count", "trace_node_id", "detachedness"],
        "node_types": [["hidden", "array", "string", "object", "code", "closure", "regexp", "number", "native",
                        "synthetic"], "string", "number", "number", "number", "number", "number"],
        "edge_fields": ["type", "name_or_index", "to_node"],
        "edge_types": [["context", "element", "property", "internal", "hidden", "shortcut", "weak"],
                       "string_or_number", "node"]}
TYPES, EDGES = META["node_types"][0], META["edge_types"][0]


class Heap:
    def __init__(self):
        self.nodes, self.edges, self.strings = [], [], []
        self.root = self.add("synthetic", "", 0)
        self.top = self.add("object", "Window", 100)
        self.hold(self.root, "element", 1, self.top)
        ballast = self.add("string", "ballast", 400000)
        self.hold(self.top, "property", "ballast", ballast)

    def text(self, s):
        if s not in self.strings:
            self.strings.append(s)
        return self.strings.index(s)

    def add(self, kind, name, size, detached=0):
        self.nodes.append([TYPES.index(kind), self.text(name), 2 * len(self.nodes) + 1, size, 0, 0, detached])
        self.edges.append([])
        return len(self.nodes) - 1

    def hold(self, holder, kind, name, held):
        name = self.text(name) if kind in ("context", "property", "internal") else name
        self.edges[holder].append([EDGES.index(kind), name, held * len(META["node_fields"])])

    def write(self, path):
        for node, edges in zip(self.nodes, self.edges):
            node[4] = len(edges)
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"snapshot": {"meta": META, "node_count": len(self.nodes),
                                    "edge_count": sum(map(len, self.edges))},
                       "nodes": [x for n in self.nodes for x in n],
                       "edges": [x for n in self.edges for e in n for x in e], "strings": self.strings}, f)


def detached(h, n):
    a = h.add("object", "Array", 16)
    h.hold(h.top, "property", "removed", a)
    for i in range(n):
        h.hold(a, "element", i, h.add("native", "HTMLDivElement", 200, 2))


def set_(h, n):
    s, table = h.add("object", "Set", 16), h.add("array", "", 64)
    h.hold(h.top, "property", "seen", s)
    h.hold(s, "internal", "table", table)
    for i in range(n):
        h.hold(table, "internal", str(i), h.add("object", "Visit", 200))


def object_(h, n):
    o = h.add("object", "Object", 16)
    h.hold(h.top, "property", "cache", o)
    for i in range(n):
        h.hold(o, "property", "key%d" % i, h.add("object", "Reply", 200))


def chain(h, n):
    holder = h.add("object", "Queue", 16)
    h.hold(h.top, "property", "queue", holder)
    name = "head"
    for _ in range(n):
        node = h.add("object", "Job", 200)
        h.hold(holder, "property", name, node)
        holder, name = node, "next"


def page(h, n):
    """Listeners of an element of a page, as Chrome has them."""
    e = h.add("native", "HTMLButtonElement", 100, 1)
    h.hold(h.top, "property", "button", e)
    for i in range(n):
        listener = h.add("native", "V8EventListener", 50)
        h.hold(e, "element", i, listener)
        h.hold(listener, "element", 1, h.add("closure", "onClick", 150))


for kind, make in (("detached", detached), ("set", set_), ("object", object_), ("chain", chain), ("page", page)):
    for step in (1, 2, 3):
        heap = Heap()
        make(heap, 200 * step)
        heap.write("%s/%s-%d.heapsnapshot" % (sys.argv[1], kind, step))
