# shellcheck shell=bash
# PyPI. Sourced by pack.sh.

pack() {
  if [[ -n $VERSION ]]; then
    python "${packing:?}/set_version.py" pyproject.toml "$VERSION"
    # For packages whose version is dynamic, from version control: setuptools-scm and hatch-vcs, PDM, poetry-dynamic-versioning,
    # uv-dynamic-versioning.
    export SETUPTOOLS_SCM_PRETEND_VERSION=$VERSION PDM_BUILD_SCM_VERSION=$VERSION
    export POETRY_DYNAMIC_VERSIONING_BYPASS=$VERSION UV_DYNAMIC_VERSIONING_BYPASS=$VERSION
  fi
  # A wheel alone: setuptools' source distributions differ from one build to the next, so a re-run could not be distinguished from a change.
  python -m build --wheel --outdir "$DESTINATION"
}

installable() {
  python3 "${packing:?}/requirements.py" "$DESTINATION"/*.whl "$DESTINATION"/*.tar.gz || stop "nobody could install this: see above"
}
