#!/usr/bin/env bash
# Signs one Windows file in place, with the certificate in $SIGNING_FOLDER: certificate.pfx and
# password (packaging/signing.md). Wants osslsigncode.
#
#     packaging/windows/sign.sh FILE.exe
set -euo pipefail

folder=${SIGNING_FOLDER:?"the folder that holds certificate.pfx and password"}
# Without a time from somebody else a signature ends with its certificate.
timestamp=${SIGNING_TIMESTAMP-http://timestamp.digicert.com}

arguments=(-h sha256 -n Homebody -pkcs12 "$folder/certificate.pfx" -readpass "$folder/password")
if [ -n "$timestamp" ]; then arguments+=(-ts "$timestamp"); fi
osslsigncode sign "${arguments[@]}" -in "$1" -out "$1.signed"
mv "$1.signed" "$1"
