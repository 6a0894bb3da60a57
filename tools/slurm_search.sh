#!/usr/bin/env bash
# Searches on a Slurm cluster: tools/slurm_search.sh PARTITION JOB_NAME CONFIG WORK_DIR [options of tools/search.py]
# The same command continues a search that was cut off.
set -euo pipefail
source "$(dirname "$0")/launchers.sh"
needs $# 4
GPUS=${GPUS:-2} by_srun "$1" "$2" search.py "$3" --work-dir "$4" --resume "${@:5}"
