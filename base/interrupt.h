#pragma once

namespace octet {

/// From now on the first SIGINT (Ctrl-C) or SIGTERM only sets a flag, so that a long job can finish
/// its step and save; a second one kills the process at once.
void install_interrupt_handler();

/// True once such a signal has come.
bool interrupt_requested();

}  // namespace octet
