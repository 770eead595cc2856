#!/usr/bin/env bash
# tests/gpu/run.sh [--cpu] [PUBLISHED]: checks a published RolloutLab on a GPU machine with nvcc, CMake and a Python that
# has torch (no .NET, no network): builds native/ against that torch, trains two steps on the CPU and two with CUDA from
# the same recipe and compares them, compares with transformers where that is installed, runs the benchmarks, and prints
# a table. PUBLISHED is the folder that `./rolloutlab publish` made; without it, the one that this script lies in.
#
# --cpu leaves the GPU out: the second run is `device: auto`, which must repeat the first. It checks the script itself.
# Exit code 0: every check passed; 1: one failed; 69: something is missing on this machine, named in one line.
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
device=cuda
if [[ ${1-} == --cpu ]]; then device=auto && shift; fi
published=${1:-$here/../..}
have() { type -P "$1" >/dev/null; }
refuse() { printf 'gpu/run.sh: %s\n' "$1" >&2; exit 69; }

python_says() { python3 -c "$1" 2>/dev/null; }

missing=()
[[ -x $published/rolloutlab && -x $published/bin/rolloutlab ]] || refuse "$published is no published RolloutLab: run ./rolloutlab publish, and name its folder"
have python3 || missing+=(python3)
have cmake || missing+=(cmake)
have c++ || have g++ || missing+=('a C++ compiler')
if [[ $device == cuda ]]; then
  have nvcc || [[ -x /usr/local/cuda/bin/nvcc ]] || missing+=('nvcc (the CUDA toolkit)')
  have nvidia-smi && nvidia-smi -L >/dev/null 2>&1 || missing+=('a GPU with its driver (nvidia-smi -L)')
  [[ $(python_says 'import torch; print(torch.version.cuda or "")') ]] || missing+=("a Python torch with CUDA")
fi
if ((${#missing[@]})); then
  printf -v list '%s, ' "${missing[@]}"
  refuse "missing here: ${list%, }"
fi
if [[ $device == cuda ]]; then
  LIBTORCH=$(python_says 'import os, torch; print(os.path.dirname(torch.__file__))')
  export LIBTORCH PATH=$PATH:/usr/local/cuda/bin
fi

published=$(cd "$published" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rolloutlab() { "$published/rolloutlab" "$@"; }
failed=0

printf '== native/ and the machine\n'
rolloutlab setup
rolloutlab doctor || true

printf '\n== the CPU and device: %s, two steps each\n' "$device"
train() {
  rolloutlab train "$published/recipes/quickstart.yaml" --run-dir "$work/$1" --set "device=$2" --set training.steps=2 \
    --set run.store=false --set 'evaluation={ every: 0, rollouts: 1, pass_at: [1] }' --set data.eval.limit=4 \
    --set budget.prompts_per_step=8 --json >"$work/$1.json" 2>"$work/$1.err" && return
  grep '^rolloutlab:' "$work/$1.err" | tail -n 1 >&2
  return 1
}
train cpu cpu || failed=1
if train device "$device"; then
  python3 "$here/compare_runs.py" "$work/cpu" "$work/device" || failed=1
else
  failed=1
fi

printf '\n== transformers\n'
if python_says 'import torch, transformers'; then
  python3 "$here/compare_transformers.py" "$published" "$work" || failed=1
else
  printf 'not compared: this Python has no torch with transformers\n'
fi

printf '\n== benchmarks\n'
for suite in core rollout update; do
  printf '%s\n' "-- $suite"
  rolloutlab bench "$suite" ${QUICK:+--quick} 2>"$work/bench.err" && continue
  tail -n 3 "$work/bench.err" >&2
  failed=1
done

if ((failed)); then printf 'gpu/run.sh: a check failed\n' >&2; fi
exit "$failed"
