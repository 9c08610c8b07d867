#!/usr/bin/env bash
# Credentials of one run of the program: the AWS role and the GitHub App that its operation may have, and no more.
#
# A pre-run command of Pulumi Deployments, and a step of .github/workflows/deploy.yml. It comes with AWS credentials of a role that may read
# one GitHub App's key: in Pulumi Deployments the previewing role, which an update, refresh or destroy exchanges for the deployer. AWS decides
# that by the signed subject of the run's token; the operation's name, which anybody could set, only says which role to ask for.
#
# environment: PACKAGE_FLOW_STACK, AWS_REGION, AWS credentials
#   Pulumi Deployments: PULUMI_CI_OPERATION, PULUMI_OIDC_TOKEN, PACKAGE_FLOW_DEPLOYER (ARN of the role); results go to /PULUMI_ENV
#   PACKAGE_FLOW_IDENTITY_CENTER (ARN of a role that reads, for a preview of a stack whose Identity Center is in another account)
#   GitHub Actions: GITHUB_ENV, PACKAGE_FLOW_ACCESS (preview or deploy); results go there
# https://www.pulumi.com/docs/deployments/concepts/settings/environment-variables/
set -euo pipefail
umask 077

# Release 1 of the AWS CLI reads only this one.
export AWS_DEFAULT_REGION=${AWS_DEFAULT_REGION:-$AWS_REGION}
results=${GITHUB_ENV:-${PULUMI_ENV_FILE:-/PULUMI_ENV}}
github=${GITHUB_API_URL:-https://api.github.com}

stop() {
  printf '%s: %s\n' "${BASH_SOURCE[0]##*/}" "$1" >&2
  exit 1
}

hide() { # from the log of a workflow
  [[ -z ${GITHUB_ENV:-} ]] || printf '::add-mask::%s\n' "$1"
}

access_of() { # OPERATION
  case $1 in
    preview | detect-drift) printf preview ;;
    update | refresh | destroy) printf deploy ;;
    *) stop "no role may '$1' this stack: its roles trust preview, detect-drift, update, refresh and destroy" ;;
  esac
}

become_deployer() {
  local answer variables
  answer=$(aws sts assume-role-with-web-identity --role-arn "$PACKAGE_FLOW_DEPLOYER" --web-identity-token "$PULUMI_OIDC_TOKEN" \
    --role-session-name "$PACKAGE_FLOW_STACK-$PULUMI_CI_OPERATION-${PULUMI_CI_BUILD_NUMBER:-0}" --output json) ||
    stop "AWS does not let this run have $PACKAGE_FLOW_DEPLOYER"
  variables=$(jq -er '.Credentials | "AWS_ACCESS_KEY_ID=\(.AccessKeyId)", "AWS_SECRET_ACCESS_KEY=\(.SecretAccessKey)",
    "AWS_SESSION_TOKEN=\(.SessionToken)"' <<< "$answer") || stop "AWS's answer holds no credentials"
  printf '%s\n' "$variables" >> "$results"
  while IFS='=' read -r name value; do export "$name=$value"; done <<< "$variables"
}

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# A JSON web token of the App, for ten minutes at most. https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
app_token() { # APP
  local now header payload signed
  now=$(date +%s)
  header=$(printf '{"alg":"RS256","typ":"JWT"}' | base64url)
  payload=$(jq -cj --argjson now "$now" '{iat: ($now - 60), exp: ($now + 540), iss: (.appId | tostring)}' <<< "$1" | base64url)
  signed=$(printf '%s.%s' "$header" "$payload" | openssl dgst -sha256 -sign <(jq -r .privateKey <<< "$1") -binary | base64url)
  printf '%s.%s.%s' "$header" "$payload" "$signed"
}

github_token() { # APP: of its installation, for an hour
  local installation token
  installation=$(jq -er .installationId <<< "$1") || stop "the secret is not {\"appId\", \"installationId\", \"privateKey\"}"
  # The credential goes in by standard input, where no other process of the machine can read it.
  token=$(printf 'header = "Authorization: Bearer %s"\n' "$(app_token "$1")" |
    curl --silent --show-error --fail --retry 3 --max-time 30 --config - --request POST --header 'Accept: application/vnd.github+json' \
      "$github/app/installations/$installation/access_tokens" | jq -er .token) || stop "GitHub gives the App no token"
  hide "$token"
  printf 'GITHUB_TOKEN=%s\n' "$token" >> "$results"
}

access=${PACKAGE_FLOW_ACCESS:-$(access_of "${PULUMI_CI_OPERATION:-}")}
if [[ $access == deploy && -n ${PULUMI_OIDC_TOKEN:-} ]]; then
  become_deployer
fi
secret=package-flow/$PACKAGE_FLOW_STACK/github-app-$access
app=$(aws secretsmanager get-secret-value --secret-id "$secret" --query SecretString --output text) || stop "the secret $secret can't be read"
github_token "$app"
# A comparison configures providers as the program does, not as the state has them: with the role below.
[[ ${PULUMI_CI_OPERATION:-} != detect-drift ]] || printf 'PULUMI_RUN_PROGRAM=true\n' >> "$results"
# This run's copy of the stack file alone: a preview looks at Identity Center with a role that only reads there.
if [[ $access == preview && -n ${PACKAGE_FLOW_IDENTITY_CENTER:-} ]]; then
  sed -i -E "s#^( +roleArn:) *arn:\S+#\1 $PACKAGE_FLOW_IDENTITY_CENTER#" "Pulumi.$PACKAGE_FLOW_STACK.yaml"
  grep -q "roleArn: $PACKAGE_FLOW_IDENTITY_CENTER" "Pulumi.$PACKAGE_FLOW_STACK.yaml" ||
    stop "Pulumi.$PACKAGE_FLOW_STACK.yaml has no roleArn on a line of its own below developers"
fi
printf 'credentials to %s the stack %s\n' "$access" "$PACKAGE_FLOW_STACK"
