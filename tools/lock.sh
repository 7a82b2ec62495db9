#!/usr/bin/env bash
# Writes requirements/*.lock from pyproject.toml: every version with the hash of every file, for every platform and every
# Python from 3.11 on. Runs uv from an environment of its own; installing from the locks needs only pip.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
uv=${UV:-build/lock/bin/uv}
[ -x "$uv" ] || { "${PYTHON:-python3}" -m venv build/lock && build/lock/bin/pip install --quiet 'uv>=0.9'; }

compile() { # NAME [argument...]: with the versions of the earlier lock where they still fit, so that a lock changes only as asked
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
    --no-annotate --custom-compile-command "make lock" --output-file "requirements/$1.lock" "${@:2}"
}

compile run pyproject.toml --extra postgresql "${@}"
compile build --group build --constraints requirements/run.lock "${@}"
compile dev pyproject.toml --extra postgresql --group dev --constraints requirements/run.lock --constraints requirements/build.lock "${@}"
compile real --group real --constraints requirements/run.lock --constraints requirements/dev.lock "${@}"
