# What dist_*.sh and slurm_*.sh share; they read it by `source`.

# Ends a script that got too few arguments with its usage, the comment in its second line.
needs() {
    [ "$1" -ge "$2" ] || { sed -n '2p' "$0" >&2; exit 2; }
}

# by_torchrun PROCESSES RESTARTS SCRIPT ARGUMENTS...
# On several machines by NNODES, MASTER_ADDR (the first of them) and PORT; the work_dir must be on a disk that all see.
by_torchrun() {
    # Each restart meets at a store of its own; in a shared one, addresses of dead processes can be found.
    export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1
    exec python -m torch.distributed.run \
        --nnodes="${NNODES:-1}" \
        --rdzv-backend=c10d \
        --rdzv-id="${RUN_ID:-relnas}" \
        --rdzv-endpoint="${MASTER_ADDR:-127.0.0.1}:${PORT:-29500}" \
        --nproc_per_node="$1" \
        --max-restarts="$2" \
        "$(dirname "$0")/$3" "${@:4}" --launcher pytorch
}

# by_srun PARTITION JOB_NAME SCRIPT ARGUMENTS...
# One process for each of GPUS, GPUS_PER_NODE on a machine; SRUN_ARGS for what else srun shall know, such as --gres=none
# where there are no GPUs.
by_srun() {
    local per_node=${GPUS_PER_NODE:-$((GPUS < 8 ? GPUS : 8))}
    # shellcheck disable=SC2086
    exec srun -p "$1" \
        --job-name="$2" \
        --gres="gpu:$per_node" \
        --ntasks="$GPUS" \
        --ntasks-per-node="$per_node" \
        --cpus-per-task="${CPUS_PER_TASK:-4}" \
        --kill-on-bad-exit=1 \
        ${SRUN_ARGS:-} \
        python -u "$(dirname "$0")/$3" "${@:4}" --launcher slurm
}
