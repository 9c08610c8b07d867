#!/usr/bin/env bash
# Say the digest of what is handed over.
#
# environment: DIRECTORY (see action.yml)
set -euo pipefail

# shellcheck source=digest.sh
source "$(dirname "${BASH_SOURCE[0]}")/digest.sh"

found=$(digest "$DIRECTORY")
printf 'digest=%s\n' "$found" >> "$GITHUB_OUTPUT"
