#!/bin/bash
# Stands in for ssh: the command runs here, as on a machine of that name. SSH_LOG gets the name.
while [[ ${1-} == -* ]]; do
    [[ $1 != -[lpioSF] ]] || shift # an option with a word behind it
    shift
done
echo "$1" >>"$SSH_LOG"
[[ $1 != dead* ]] || exit 255
shift
[[ ${1-} != -- ]] || shift
export SHELL=/bin/sh # as sshd does
cd / || exit 255
exec sh -c "$*"
