#!/usr/bin/env bash
# Searches on a Slurm cluster: tools/slurm_search.sh PARTITION JOB_NAME CONFIG WORK_DIR [options of tools/search.py]
# One process for each of GPUS, GPUS_PER_NODE on a machine. The same command continues a search that was cut off.
set -euo pipefail
[ $# -ge 4 ] || { sed -n '2p' "$0" >&2; exit 2; }
PARTITION=$1
JOB_NAME=$2
CONFIG=$3
WORK_DIR=$4
GPUS=${GPUS:-2}
GPUS_PER_NODE=${GPUS_PER_NODE:-$GPUS}

# shellcheck disable=SC2086
exec srun -p "$PARTITION" \
    --job-name="$JOB_NAME" \
    --gres="gpu:$GPUS_PER_NODE" \
    --ntasks="$GPUS" \
    --ntasks-per-node="$GPUS_PER_NODE" \
    --cpus-per-task="${CPUS_PER_TASK:-4}" \
    --kill-on-bad-exit=1 \
    ${SRUN_ARGS:-} \
    python -u "$(dirname "$0")/search.py" "$CONFIG" --work-dir "$WORK_DIR" --launcher slurm --resume "${@:5}"
