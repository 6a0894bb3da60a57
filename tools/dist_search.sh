#!/usr/bin/env bash
# Searches in several processes: tools/dist_search.sh CONFIG NUMBER_OF_PROCESSES [options of tools/search.py]
# On several machines by NNODES, MASTER_ADDR (the first of them) and PORT; the work_dir must be on a disk that all see.
# When a process dies, all are started anew, MAX_RESTARTS times at most, and continue from the last checkpoint.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2p' "$0" >&2; exit 2; }
CONFIG=$1
PROCESSES=$2

# Each restart meets at a store of its own; in a shared one, addresses of dead processes can be found.
export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1

exec python -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    --rdzv-backend=c10d \
    --rdzv-id="${RUN_ID:-search}" \
    --rdzv-endpoint="${MASTER_ADDR:-127.0.0.1}:${PORT:-29500}" \
    --nproc_per_node="$PROCESSES" \
    --max-restarts="${MAX_RESTARTS:-3}" \
    "$(dirname "$0")/search.py" "$CONFIG" --launcher pytorch "${@:3}"
