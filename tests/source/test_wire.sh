#!/bin/bash
# Servers that lie (wire.py): every message and a flood of each, at every stage.
# SLOWDIVE_WIRE=REGEX runs the scripts it matches, each with every verb.
exec python3 "$(dirname "$0")/wire.py"
