#!/usr/bin/env bash
# After an upload that failed: which team owns the name. The registry answers 403 alone; who may publish a name is in its package group.
#
# environment: FORMAT, DOMAIN, DOMAIN_OWNER, REGION, REPOSITORY (see action.yml), credentials for the AWS CLI
set -euo pipefail
export AWS_PAGER=""

[[ -f $RUNNER_TEMP/uploading ]] || exit 0
{ read -r namespace && read -r package; } < "$RUNNER_TEMP/uploading"

# group OPERATION OPTION...
group() {
  aws codeartifact "$1" --domain "$DOMAIN" --domain-owner "$DOMAIN_OWNER" --region "$REGION" --output text "${@:2}"
}

found=$(group get-associated-package-group --format "$FORMAT" ${namespace:+--namespace "$namespace"} --package "$package" \
  --query packageGroup.pattern) || exit 0
# shellcheck disable=SC2016 # a literal of the AWS CLI's query language
allowed=$(group list-allowed-repositories-for-group --package-group "$found" --origin-restriction-type PUBLISH \
  --query 'join(`\n`, allowedRepositories)') || exit 0
# Its own repository may publish it: something else failed, which the step before says.
! grep -qxF "$REPOSITORY" <<< "$allowed" || exit 0
owner=$(grep -vxF -e shared -e None -e '' <<< "$allowed" | tr '\n' ' ') || true
case $FORMAT in
  npm) name=${namespace:+@$namespace/}$package ;;
  *) name=${namespace:+$namespace:}$package ;;
esac
if [[ -n $owner ]]; then
  says="belongs to the team of repository ${owner% } (package group $found), not of $REPOSITORY: publish it from one of that team's"
else
  says="belongs to no team (package group $found): add it to 'owns' in your team's file of the catalog, or use a name that the team owns"
fi
printf '::error title=Whose name::%s %s\n' "$name" "$says"
