#!/usr/bin/env bash
# Check what is asked for, and what came.
#
# usage: take-over.sh before|after; environment: ARTIFACT_ID, DIGEST, DIRECTORY (see action.yml)
set -euo pipefail

# shellcheck source=../hand-over/digest.sh
source "$(dirname "${BASH_SOURCE[0]}")/../hand-over/digest.sh"

if [[ $1 == before ]]; then
  # Without an id every artifact of the run would be downloaded.
  [[ $ARTIFACT_ID =~ ^[0-9]+$ ]] || stop "got no artifact's id; expected the one that the job before handed over"
  [[ $DIGEST =~ ^[0-9a-f]{64}$ ]] || stop "got no digest; expected the one that the job before handed over"
  [[ ! -e $DIRECTORY ]] || stop "got the folder $DIRECTORY, which is there already; expected a new one"
else
  found=$(digest "$DIRECTORY")
  [[ $found == "$DIGEST" ]] || stop "got content with the digest $found; expected $DIGEST, as it was handed over"
fi
