#!/usr/bin/env python3
"""Own costs of the nodes of JSON plans, computed a second time and compared with slowdive's.

    own_costs.py PROGRAM PATH...      files, folders and .tar.xz of plans; a line for each plan that differs

An independent arithmetic after PostgreSQL's costsize.c: it hands amounts of cost down the tree (what a node
pays in all, and how often it starts anew) and knows nothing of how the program does it. A node's own cost may
differ by 1 % of itself or by 0.1 % of the plan's cost, as costs are printed with two digits.
"""
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile

TUPLE, OPERATOR, PAGE, MEMORY = 0.01, 0.0025, 1.0, 4 << 20


def start(n):
    return min(n.get("Startup Cost", 0), total(n))


def total(n):
    return n.get("Total Cost", 0)


def rows(n):
    return n.get("Plan Rows", 0)


def size(n):
    return rows(n) * (n.get("Plan Width", 0) + 24)


def fraction(x, low, high):
    return min(1.0, max(0.0, (x - low) / (high - low))) if high > low else 1.0


def texts(n):
    conditions = [v for k, v in n.items() if isinstance(v, str) and k != "Subplan Name"]
    lists = [x for v in n.values() if isinstance(v, list) for x in v if isinstance(x, str)]
    return " \n".join(conditions), " \n".join(lists)


def kind(n, c):
    """once, tested, returned, unused or plain"""
    relation, name = c.get("Parent Relationship"), c.get("Subplan Name", "")
    if relation == "InitPlan":
        return "once"
    if relation != "SubPlan":
        return "plain"
    conditions, lists = texts(n)
    word = re.escape(name) + r"(?!\d)"
    if re.search("or hashed " + word, conditions):
        return "unused"
    if re.search("hashed " + word, conditions + lists):
        return "once"
    if re.search(word, conditions):
        return "tested"
    if "Output" not in n and total(c) > start(c):
        others = [o for o in n["Plans"] if o is not c]
        before = sum(total(o) if o.get("Parent Relationship") == "InitPlan" or
                     (n["Node Type"], o.get("Parent Relationship")) == ("Hash Join", "Inner") else start(o)
                     for o in others)
        below = sum(total(o) for o in others if o.get("Parent Relationship") != "SubPlan")
        if start(n) - before >= total(c) and not start(n) >= below > 0:
            return "once"
    return "returned"


def again(n, children):
    """What a repeated run costs where a node keeps its result; None: as much as the first."""
    t = n["Node Type"]
    if t in ("Materialize", "Sort", "CTE Scan", "WorkTable Scan"):
        each = (OPERATOR if t in ("Materialize", "Sort") else TUPLE) * rows(n)
        each += PAGE * -(-size(n) // 8192) if size(n) > MEMORY else 0
        return each if each < total(n) else None
    if t == "Function Scan" and start(n) > 0:
        return total(n) - start(n)
    if t == "Hash Join" and start(n) > 0:
        if all(size(c) <= MEMORY for c in children if c.get("Parent Relationship") == "Inner"):
            return total(n) - start(n)
    return None


def loop(n, amount, starts, left, outer, inner):
    """The inner side of a nested loop: (amount, starts)."""
    read = fraction(amount / starts if starts else 0, start(n), total(n))
    repeats = read * (max(1, rows(outer)) - 1) * starts
    first = starts * (start(inner) + read * (total(inner) - start(inner)))
    kept = again(inner, inner.get("Plans", []))
    each = total(inner) if kept is None else kept
    if each * repeats > left:
        each = max(0, left - rows(n) * read * starts * TUPLE) / repeats
    if kept is not None or inner["Node Type"] == "Memoize":
        read = min(1, read * max(1, rows(outer)))
        first = starts * (start(inner) + read * (total(inner) - start(inner)))
        return first + each * repeats, starts, (repeats, each)
    return first + each * repeats, starts + (repeats * each / total(inner) if total(inner) else 0), None


def spread(n, amount, starts, out, repeats=(0, 0)):
    """Own costs of n and what is below it, in the order of the plan."""
    place = len(out)
    out.append(0)
    children = n.get("Plans", [])
    kinds = [kind(n, c) for c in children]
    plain = [c for c, k in zip(children, kinds) if k == "plain"]
    only = plain[0] if len(plain) == 1 else None
    once = min(start(n), sum(total(c) for c, k in zip(children, kinds) if k == "once"))
    per_start = (amount - repeats[0] * repeats[1]) / starts if starts else 0
    read = fraction(per_start, start(n), total(n))
    t = n["Node Type"]
    claims = []
    for c, k in zip(children, kinds):
        runs, part = starts, read
        if k == "once":
            part = 1.0
            if c.get("Parent Relationship") == "InitPlan" and total(c) > start(n) + 0.011:
                part = fraction(start(n), start(c), total(c))
        elif k != "plain":
            runs = 0
        elif t == "Hash Join":
            if c.get("Parent Relationship") == "Inner":
                part = 1.0
            else:
                runs += repeats[0]
        elif t == "Memoize":
            runs += repeats[0] * max(0, repeats[1] - TUPLE - OPERATOR) / total(c) if total(c) else 0
        elif t == "Recursive Union" and c.get("Parent Relationship") == "Inner":
            runs *= 10
        elif c is only:
            if t == "Limit":
                part = fraction(per_start - once, start(c), total(c))
            elif t in ("Gather", "Gather Merge"):
                pass
            elif start(n) - once >= total(c) - 0.011:
                part = 1.0
            elif t in ("Incremental Sort", "WindowAgg") or n.get("Strategy") == "Mixed":
                part = fraction(per_start - once, start(c), total(n) - once)
        claims.append([runs * (start(c) + part * (total(c) - start(c))), runs, (0, 0)])
    asked = sum(x[0] for x in claims)
    if asked > amount and t == "Append" and not n.get("Parallel Aware"):
        left = amount
        for x, c in zip(claims, children):
            if x[0] > left:
                if x[1] * start(c) > left or total(c) <= start(c):
                    x[1] *= left / x[0]
                x[0] = left
            left -= x[0]
    elif asked > amount:
        firm = [x[0] if k == "once" else x[1] * start(c) for x, c, k in zip(claims, children, kinds)]
        begin = sum(firm)
        rest = asked - begin
        reserve = rows(n) * starts * read * TUPLE if t in ("Nested Loop", "Hash Join", "Merge Join") else 0
        keep = min(1.0, max(0.0, (amount - begin - reserve) / rest)) if rest > 0 else 1.0
        scale = amount / begin if begin > amount else 1.0
        for x, f in zip(claims, firm):
            x[0] = (f + keep * (x[0] - f)) * scale
            x[1] *= scale
    else:
        sides = {c.get("Parent Relationship"): i for i, c in enumerate(children) if kinds[i] == "plain"}
        if t == "Nested Loop" and "Outer" in sides and "Inner" in sides:
            o, i = sides["Outer"], sides["Inner"]
            total_amount, runs, kept = loop(n, amount, starts, amount - asked, children[o], children[i])
            claims[i] = [total_amount, runs, kept or (0, 0)]
        subplans(n, children, kinds, claims, only, starts, read, amount)
    out[place] = max(0, amount - sum(x[0] for x in claims))
    for x, c in zip(claims, children):
        spread(c, x[0], x[1], out, x[2])


def subplans(n, children, kinds, claims, only, starts, read, amount):
    left = max(0, amount - sum(x[0] for x in claims))
    test = sum(total(c) for c, k in zip(children, kinds) if k == "tested")
    give = sum(total(c) for c, k in zip(children, kinds) if k == "returned")
    below = 0
    if only is not None:
        claim = claims[[c is only for c in children].index(True)]
        each = claim[0] / claim[1] if claim[1] else 0
        below = rows(only) * claim[1] * fraction(each, start(only), total(only))
    given = rows(n) * starts * read
    if only is not None and n["Node Type"] in ("Aggregate", "WindowAgg") and below > given and below * give <= left:
        given = below
    given = given if give else 0
    tested = 0
    if test:
        fits = max(0, left - given * give) / (test + TUPLE + OPERATOR + PAGE / 60)
        if "One-Time Filter" in n and "Filter" not in n:
            tested = starts
        elif only is not None and n["Node Type"] != "Aggregate":
            tested = below
        elif n["Node Type"] in ("Seq Scan", "Nested Loop", "Hash Join", "Merge Join"):
            tested = fits
        else:
            tested = min(fits, 2 * rows(n) * starts)
    whole = tested * test + given * give
    scale = left / whole if whole > left else 1.0
    for i, c in enumerate(children):
        if kinds[i] in ("tested", "returned"):
            runs = (tested if kinds[i] == "tested" else given) * scale
            claims[i] = [runs * total(c), runs, (0, 0)]


def compare(plan, nodes):
    own = []
    root = plan["Plan"]
    if "Total Cost" not in root or "Settings" in plan:
        return None
    spread(root, total(root), 1.0, own)
    worst = None
    for mine, node in zip(own, nodes):
        if node["cost_share"] is None:
            continue
        theirs = node["cost_share"] * total(root)
        if abs(mine - theirs) > max(0.01 * mine, 0.001 * total(root), 0.02) and worst is None:
            worst = "node %d %s: %.2f, slowdive %.2f of %.2f" % (node["id"], node["type"], mine, theirs, total(root))
    return worst if worst else len(own)


def one(program, path, name, tally):
    try:
        text = open(path, encoding="utf-8").read()
        plans = json.loads(text)
    except (ValueError, UnicodeDecodeError):
        return
    plans = plans if isinstance(plans, list) else [plans]
    plans = [p for p in plans if isinstance(p, dict) and isinstance(p.get("Plan"), dict) and "Node Type" in p["Plan"]]
    if len(plans) != 1 or "pev2" in name:
        return
    got = subprocess.run([program, "explain", "--format", "json", path], capture_output=True, text=True)
    if got.returncode:
        return
    said = compare(plans[0], json.loads(got.stdout)["nodes"])
    if isinstance(said, int):
        tally["plans"] += 1
        tally["nodes"] += said
    elif said:
        tally["differ"] += 1
        print("%s: %s" % (name, said))


def main():
    program, tally = sys.argv[1], {"plans": 0, "nodes": 0, "differ": 0}
    for path in sys.argv[2:]:
        for folder, _, files in sorted(os.walk(path)) if os.path.isdir(path) else [(os.path.dirname(path), [], [os.path.basename(path)])]:
            for name in sorted(files):
                whole = os.path.join(folder, name)
                if name.endswith(".tar.xz"):
                    with tarfile.open(whole) as tar, tempfile.TemporaryDirectory() as tmp:
                        for member in tar:
                            if member.isfile() and member.name.endswith(".json"):
                                inside = os.path.join(tmp, "plan.json")
                                open(inside, "wb").write(tar.extractfile(member).read())
                                one(program, inside, member.name, tally)
                else:
                    one(program, whole, os.path.relpath(whole, path) if os.path.isdir(path) else name, tally)
    print("%(plans)d plans of %(nodes)d nodes agree, %(differ)d differ" % tally)
    return 1 if tally["differ"] or not tally["plans"] else 0


sys.exit(main())
