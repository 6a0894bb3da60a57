#!/usr/bin/env bash
# Trains on a Slurm cluster: tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [options of tools/train.py]
set -euo pipefail
source "$(dirname "$0")/launchers.sh"
needs $# 4
GPUS=${GPUS:-8} by_srun "$1" "$2" train.py "$3" --work-dir "$4" "${@:5}"
