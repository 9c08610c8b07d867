#!/usr/bin/env bash
# Fetch this job's GitHub token for AWS and tell the AWS CLI, by the environment of the steps that follow, to use it.
#
# environment: ROLE_ARN, REGION, and what GitHub gives a job with the permission id-token write
set -euo pipefail
umask 077

# https://docs.github.com/en/actions/reference/security/oidc
AUDIENCE=sts.amazonaws.com

stop() {
  printf '::error title=GitHub token::%s\n' "$1" >&2
  exit 1
}

[[ -n ${ACTIONS_ID_TOKEN_REQUEST_URL:-} && -n ${ACTIONS_ID_TOKEN_REQUEST_TOKEN:-} ]] ||
  stop "GitHub gives this job no token: the calling job needs the permission id-token: write, which a fork's pull request never has"

# The request's credential goes in by standard input, where no other process of the machine can read it.
answer=$(printf 'header = "Authorization: bearer %s"\n' "$ACTIONS_ID_TOKEN_REQUEST_TOKEN" |
  curl --silent --show-error --fail-with-body --retry 3 --max-time 30 --config - "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=$AUDIENCE") ||
  stop "GitHub refused this job a token: ${answer//$'\n'/ }"
token=$(jq -er .value <<< "$answer") || stop "GitHub's answer holds no token"
printf '::add-mask::%s\n' "$token"

token_file="$RUNNER_TEMP/aws-web-identity-token"
printf '%s' "$token" > "$token_file"
{
  printf 'AWS_WEB_IDENTITY_TOKEN_FILE=%s\n' "$token_file"
  printf 'AWS_ROLE_ARN=%s\n' "$ROLE_ARN"
  printf 'AWS_ROLE_SESSION_NAME=github-%s-%s\n' "$GITHUB_RUN_ID" "$GITHUB_RUN_ATTEMPT"
  printf 'AWS_REGION=%s\nAWS_DEFAULT_REGION=%s\n' "$REGION" "$REGION"
} >> "$GITHUB_ENV"
