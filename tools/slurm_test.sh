#!/usr/bin/env bash
# Tests on a Slurm cluster: tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [options of tools/test.py]
set -euo pipefail
source "$(dirname "$0")/launchers.sh"
needs $# 4
GPUS=${GPUS:-8} by_srun "$1" "$2" test.py "$3" "$4" "${@:5}"
