#!/usr/bin/env bash
# Searches in several processes: tools/dist_search.sh CONFIG NUMBER_OF_PROCESSES [options of tools/search.py]
# When a process dies, all are started anew, MAX_RESTARTS times at most, and continue from the last checkpoint.
set -euo pipefail
source "$(dirname "$0")/launchers.sh"
needs $# 2
by_torchrun "$2" "${MAX_RESTARTS:-3}" search.py "$1" "${@:3}"
