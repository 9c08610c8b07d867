# shellcheck shell=bash
# Maven. Sourced by pack.sh.

pack() {
  local maven=(mvn --batch-mode --no-transfer-progress "-Dproject.build.outputTimestamp=$SOURCE_DATE_EPOCH")
  [[ -z $VERSION ]] ||
    "${maven[@]}" --quiet org.codehaus.mojo:versions-maven-plugin:2.18.0:set "-DnewVersion=$VERSION" -DgenerateBackupPoms=false
  # Deploys into a folder: the layout of a Maven repository, with every artifact that the build attached.
  "${maven[@]}" package org.apache.maven.plugins:maven-deploy-plugin:3.1.4:deploy "-DaltDeploymentRepository=package::file://$DESTINATION"
}

installable() {
  python3 "${packing:?}/../publish/poms.py" "$DESTINATION" || stop "nobody could install this: see above"
}
