#!/usr/bin/env bash
# All GPUs of one machine: GNU parallel runs one rfclip per GPU and gives each the next shard when it is done, then the
# results are merged. Call it again to go on after anything.
#
#   BENCHMARK=voc21 DATA=/data/VOCdevkit/VOC2012 CHECKPOINT=/data/ViT-B-16.pt OUT=out/voc21 bash several-gpus.sh [GPU...]
#
# A GPU is a part of its name, as "rfclip doctor" shows it, or its PCI address, as lspci and nvidia-smi show it. Equal GPUs
# have equal names, so they need their addresses. Without arguments, all that nvidia-smi lists are used.
set -euo pipefail

BENCHMARK=${BENCHMARK:-sample} # one of "rfclip eval --help"; all is the eight benchmarks
DATA=${DATA:-}                 # the folder the data set lies in; the sample needs none
CHECKPOINT=${CHECKPOINT:-}     # a file (README.md says where from); without one, the embedded toy
OUT=${OUT:-$PWD/rfclip-out}
OPTIONS=${OPTIONS:-}           # more options of rfclip eval, as in "--method naclip"
RFCLIP=${RFCLIP:-rfclip}       # how to call it, as in "node dist/cli/main.js"
SHARDS=${SHARDS:-}             # as many as GPUs; more of them even out GPUs of different speed

fail() {
  echo "several-gpus.sh: $1" >&2
  exit "$2"
}

gpus=("$@")
if [[ ${#gpus[@]} -eq 0 ]]; then
  mapfile -t gpus < <(nvidia-smi --query-gpu=pci.bus_id --format=csv,noheader 2>/dev/null)
fi
[[ ${#gpus[@]} -gt 0 ]] || fail 'name the GPUs, as in: several-gpus.sh 0000:3b:00.0 0000:af:00.0 ("lspci -D" lists addresses, "rfclip doctor" names)' 2
command -v parallel >/dev/null || fail 'GNU parallel is missing (Debian: apt install parallel)' 1

# Sets DRI_PRIME for an address, or adapter for a name.
choose() {
  adapter=()
  unset DRI_PRIME
  if [[ $1 =~ ^([0-9A-Fa-f]{4})?([0-9A-Fa-f]{4}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-7])$ ]]; then
    local address=${BASH_REMATCH[2],,}
    [[ -e /sys/bus/pci/devices/$address ]] || fail "this machine has no PCI device $address" 2
    # With the exclamation mark, Mesa's device selection layer hides all other GPUs, whoever made them.
    export DRI_PRIME="pci-${address//[:.]/_}!"
  else
    adapter=(--adapter "$1")
  fi
}

# Called by parallel with the number of a free slot and of a shard.
evaluate() {
  local rfclip options
  read -ra rfclip <<<"$RFCLIP"
  read -ra options <<<"$OPTIONS"
  choose "$(sed -n "$1p" <<<"$GPU_OF_SLOT")"
  # The table of a shard alone says nothing.
  "${rfclip[@]}" eval "$BENCHMARK" ${DATA:+--data "$DATA"} ${CHECKPOINT:+--checkpoint "$CHECKPOINT"} --out "$OUT" --resume --shard "$2/$SHARDS" "${adapter[@]}" "${options[@]}" >/dev/null
}

# Where the layer is not installed, addresses are ignored without a word, and all processes would share one GPU.
read -ra rfclip <<<"$RFCLIP"
for gpu in "${gpus[@]}"; do
  choose "$gpu"
  report=$("${rfclip[@]}" doctor --json "${adapter[@]}") || fail "rfclip doctor fails with the GPU $gpu" 1
  seen=$(grep -c '(vulkan)"' <<<"$report" || true)
  [[ -z ${DRI_PRIME:-} || $seen -eq 1 ]] || fail "$gpu cannot be singled out: rfclip sees $seen adapters. Is it a GPU, and is Mesa's device selection layer installed (Debian: mesa-vulkan-drivers)?" 1
done

SHARDS=${SHARDS:-${#gpus[@]}}
GPU_OF_SLOT=$(printf '%s\n' "${gpus[@]}")
export BENCHMARK DATA CHECKPOINT OUT OPTIONS RFCLIP SHARDS GPU_OF_SLOT
export -f choose evaluate fail
# A minute between the signal that asks rfclip to finish its image and the one that does not ask.
PARALLEL_SHELL=$BASH parallel --jobs "${#gpus[@]}" --line-buffer --tagstring 'shard {}' --termseq TERM,60000,TERM,5000,KILL,25 \
  evaluate '{%}' '{}' ::: $(seq "$SHARDS") &
child=$!
stopped=
# Ctrl-C reaches parallel too.
trap 'stopped=130' INT
trap 'stopped=143; kill -TERM "$child"' TERM
while kill -0 "$child" 2>/dev/null; do
  wait "$child" || true
done
if [[ -n $stopped ]]; then
  echo "several-gpus.sh: stopped; what was done is kept, and the same command goes on" >&2
  exit "$stopped"
fi
# Refuses where a shard is missing.
exec bash "$(dirname "${BASH_SOURCE[0]}")/merge.sbatch"
