# shellcheck shell=bash
# NuGet: the package that the build-command made (dotnet pack, with the version). Sourced by pack.sh.

# shellcheck source=generic.sh
source "${packing:?}/formats/generic.sh"

pack() {
  mapfile -t files < <(built_files)
  [[ ${#files[@]} == 1 && ${files[0]} == *.nupkg ]] ||
    stop "got ${#files[@]} files that match ${FILES:-(no pattern)}; expected the one .nupkg of dotnet pack; set the input files"
  cp "${files[0]}" "$DESTINATION"
}

installable() { :; }
