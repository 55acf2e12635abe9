#!/bin/bash
# What a formatter meets: conditions, loops, cases, functions, here-documents.
if [ "$1" = x ]; then
echo    "Hello $USER" | grep -v  foo   >/dev/null
fi
for i in $(seq 1 10); do   foo "$i"; done
case $x in a) echo 1;; b|c) echo 2;; *) echo 3;; esac
function f() { local a=1; cat <<EOF
here $a
EOF
}
while read -r line; do
  [[ $line =~ ^# ]] && continue; printf '%s\n' "${line%%:*}"
done < /etc/passwd
