#!/usr/bin/env bash
# Clocks, power and temperature of the GPU, once a second to the end of the run: a slow number may be a throttled card.
exec nvidia-smi --query-gpu=timestamp,clocks.sm,clocks.mem,power.draw,temperature.gpu,utilization.gpu --format=csv -l 1
