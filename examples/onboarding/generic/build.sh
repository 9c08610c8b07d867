#!/bin/sh
# The files of a version: what they are is yours.
set -eu
mkdir -p dist
printf 'EUR,USD\n1,1.08\n' > dist/rates.csv
printf 'Rates of the European Central Bank\n' > dist/notes.txt
