# Sourced by the scripts beside it: one line a stage; a stage's output goes to a log that is shown if it fails.

log=$(mktemp "${TMPDIR:-/tmp}/sdk.XXXXXX")
trap 'rm -f "$log"' EXIT

stage() { # stage TITLE COMMAND...
  printf '%-40s ' "$1"
  if "${@:2}" >"$log" 2>&1 </dev/null; then
    echo ok
  else
    echo FAILED
    cat "$log"
    exit 1
  fi
}
