#!/usr/bin/env bash
# Exchange this job's GitHub token for credentials of a role, which the steps that follow have in their environment alone. What the AWS CLI
# exchanges itself it keeps in HOME (.aws/cli/cache), where a later step finds it, and on a runner of one's own a later job.
#
# environment: ROLE_ARN, REGION, and what GitHub gives a job with the permission id-token write
set -euo pipefail
umask 077

# https://docs.github.com/en/actions/reference/security/oidc
AUDIENCE=sts.amazonaws.com

stop() {
  printf '::error title=Role::%s\n' "$1" >&2
  exit 1
}

# No jq: not every container has it. The AWS CLI signs what follows; curl's own signatures differ between its versions.
for tool in aws curl; do
  command -v "$tool" > /dev/null ||
    stop "this job has no $tool: install it before this step (in a container, put it into the image; https://docs.aws.amazon.com/cli)"
done
[[ -n ${ACTIONS_ID_TOKEN_REQUEST_URL:-} && -n ${ACTIONS_ID_TOKEN_REQUEST_TOKEN:-} ]] ||
  stop "GitHub gives this job no token: the calling job needs the permission id-token: write, which a fork's pull request never has"

# The request's credential goes in by standard input, where no other process of the machine can read it.
answer=$(printf 'header = "Authorization: bearer %s"\n' "$ACTIONS_ID_TOKEN_REQUEST_TOKEN" |
  curl --silent --show-error --fail-with-body --retry 3 --max-time 30 --config - "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=$AUDIENCE") ||
  stop "GitHub refused this job a token: ${answer//$'\n'/ }"
token=$(sed -nE 's/.*"value" *: *"([^"]+)".*/\1/p' <<< "${answer//$'\n'/ }")
[[ -n $token ]] || stop "GitHub's answer holds no token"
printf '::add-mask::%s\n' "$token"

home=$(mktemp -d "$RUNNER_TEMP/assume-role.XXXXXX")
trap 'rm -rf "$home"' EXIT
printf '%s' "$token" > "$home/token"

# Neither a profile of the machine nor what an earlier step set has a say in this.
unset AWS_PROFILE AWS_DEFAULT_PROFILE
answer=$(HOME=$home AWS_CONFIG_FILE=$home/config AWS_SHARED_CREDENTIALS_FILE=$home/credentials AWS_PAGER="" \
  aws sts assume-role-with-web-identity --role-arn "$ROLE_ARN" --role-session-name "github-$GITHUB_RUN_ID-$GITHUB_RUN_ATTEMPT" \
  --web-identity-token "file://$home/token" --region "$REGION" --output text \
  --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' 2> "$home/errors") ||
  stop "AWS refuses this job the role $ROLE_ARN: $(tr '\n' ' ' < "$home/errors")"
read -r id secret session <<< "$answer"
[[ -n $session && $id$secret$session != *None* ]] || stop "AWS's answer holds no credentials"
printf '::add-mask::%s\n' "$id" "$secret" "$session"
printf '%s\n' "AWS_ACCESS_KEY_ID=$id" "AWS_SECRET_ACCESS_KEY=$secret" "AWS_SESSION_TOKEN=$session" "AWS_REGION=$REGION" \
  "AWS_DEFAULT_REGION=$REGION" >> "$GITHUB_ENV"
