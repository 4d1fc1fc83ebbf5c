#!/usr/bin/env bash
# Logs above 2 MiB lose their middle, so that the archive stays small.
find "$GPU_RAW" -type f \( -name '*.log' -o -name '*.csv' \) -size +2M | while IFS= read -r log; do
  { head -c 1M "$log"; printf '\n[... shortened ...]\n'; tail -c 256K "$log"; } >"$log.short" && mv -f "$log.short" "$log"
done
