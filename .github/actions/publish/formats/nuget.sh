# shellcheck shell=bash
# NuGet: one package. Sourced by publish.sh.
#
# Uploaded with curl, as NuGet's protocol has it: dotnet nuget push would read settings and plug-ins beside this job's rights.
# https://learn.microsoft.com/nuget/api/package-publish-resource#push-a-package

upload() {
  local address token answer push package_file=$DIRECTORY/${files[0]:?}
  address=$(endpoint)
  fetch_token
  answer=$(request "${address}v3/index.json") || stop "$REPOSITORY does not say where packages are pushed to: $answer"
  push=$(jq -er 'first(.resources[] | select(."@type" == "PackagePublish/2.0.0"))."@id"' <<< "$answer") ||
    stop "$REPOSITORY does not say where packages are pushed to"
  # The token is for this registry alone.
  [[ $push == "$address"* ]] || stop "$REPOSITORY sends packages to $push"
  answer=$(request --request PUT --form "package=@$package_file;type=application/octet-stream" "$push") ||
    stop "can't push ${title:?}: $answer"
}

# request OPTION... URL: the token goes in by standard input, where no other process of the machine can read it.
request() {
  # shellcheck disable=SC2154 # fetch_token's
  printf 'user = "aws:%s"\n' "$token" | curl --silent --show-error --fail-with-body --max-time 300 --config - "$@"
}
