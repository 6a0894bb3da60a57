#!/usr/bin/env bash
# Tests in several processes: tools/dist_test.sh CONFIG CHECKPOINT NUMBER_OF_PROCESSES [options of tools/test.py]
set -euo pipefail
source "$(dirname "$0")/launchers.sh"
needs $# 3
by_torchrun "$3" 0 test.py "$1" "$2" "${@:4}"
