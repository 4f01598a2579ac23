#!/usr/bin/env python3
"""A made trace of three weeks, and a simulation of single instances beside the document of `scale`.

    scale_made.py make TRACE POLICY
    scale_made.py check TRACE POLICY DOCUMENT
"""
import datetime
import json
import math
import random
import sys

STEP, HISTORY, RATE, TARGET, MIN, MAX, START, COOL = 300, 14 * 288, 100, 0.7, 2, 200, 2, 1
BEGIN = datetime.datetime(2026, 3, 2, tzinfo=datetime.timezone.utc)
EVENT = (HISTORY + 2 * 288 + 18 * 12, HISTORY + 2 * 288 + 20 * 12)


def moment(step):
    return (BEGIN + datetime.timedelta(seconds=STEP * step)).strftime("%Y-%m-%dT%H:%M:%SZ")


def make(trace, policy):
    r = random.Random(16)
    with open(trace, "w") as f:
        f.write("time,rate_per_s\n")
        for i in range(21 * 288):
            hour = i % 288 / 12
            x = .2 if hour < 8 or hour >= 22 else min(1, .2 + 3.2 * (hour - 8)) if hour < 18 else 1 - .2 * (hour - 18)
            x *= 2000 * (.5 if i // 288 % 7 >= 5 else 1) * r.lognormvariate(0, .06)
            f.write("%s,%.3f\n" % (moment(i), x * (3 if EVENT[0] <= i < EVENT[1] else 1)))
    with open(policy, "w") as f:
        f.write("instance: {rate: 100, start: 10m, price_per_hour: 0.2}\nfrom: %s\ntarget: 70%%\nmin: 2\nmax: 200\n"
                "cool_down: 5m\nlead: 15m\npolicies: [fixed, reactive, predictive, clairvoyant]\n"
                "events: [{name: sale, from: %s, to: %s, factor: 3}]\n" % tuple(map(moment, (HISTORY,) + EVENT)))


def desired(x):
    return min(MAX, max(MIN, math.ceil(x / (TARGET * RATE) - 1e-9)))


def simulate(x, want, before):
    """Instances as the steps from which they serve, the oldest first."""
    pool, figures, missed = [-9] * before, [0, 0, 0], []
    for i in range(len(x)):
        n = want(i)
        figures[2] += n != len(pool)
        del pool[n:]
        pool += [i + START] * (n - len(pool))
        if x[i] > RATE * sum(at <= i for at in pool):
            figures[0] += 1
            missed.append(i)
        figures[1] += len(pool)
    return figures, missed


def check(trace, document):
    all_x = [float(line.split(",")[1]) for line in open(trace).read().split("\n")[1:] if line]
    d = json.load(open(document))
    x, before = all_x[HISTORY:], desired(all_x[HISTORY - 1])
    state = {"is": before, "free": 0}
    changes = {e["time"][:19] + "Z": e["instances"] for e in d["decisions"]}

    def reactive(i):
        n = desired(all_x[HISTORY + i - 1])
        if n > state["is"] or (n < state["is"] and i >= state["free"]):
            state.update({"is": n, "free": i + COOL})
        return state["is"]

    def predictive(i):
        state["p"] = changes.get(moment(HISTORY + i), state.get("p", before))
        return state["p"]

    most = desired(max(x))
    wants = {"fixed": lambda i: most, "reactive": reactive, "predictive": predictive,
             "clairvoyant": lambda i: max(map(desired, x[i:i + START + 1]))}
    same = True
    for row in d["rows"]:
        (violations, paid, actions), missed = simulate(x, wants[row["policy"]], most if row["policy"] == "fixed" else before)
        is_same = (row["violations"], row["actions"]) == (violations, actions) and abs(
            row["instance_hours"] - paid * STEP / 3600) < 1e-6 * paid
        print(row["policy"], violations, paid * STEP / 3600, actions, "" if is_same else "not " + str(row))
        same = same and is_same
        if row["policy"] == "predictive":
            print("in the event:", sum(EVENT[0] <= HISTORY + i < EVENT[1] for i in missed))
    print("the same" if same else "other")


if sys.argv[1] == "make":
    make(sys.argv[2], sys.argv[3])
else:
    check(sys.argv[2], sys.argv[4])
