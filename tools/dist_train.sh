#!/usr/bin/env bash
# Trains in several processes: tools/dist_train.sh CONFIG NUMBER_OF_PROCESSES [options of tools/train.py]
set -euo pipefail
source "$(dirname "$0")/launchers.sh"
needs $# 2
by_torchrun "$2" 0 train.py "$1" "${@:3}"
