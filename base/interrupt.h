#pragma once

namespace octet {

/// From now on the first SIGINT (Ctrl-C) or SIGTERM only sets a flag, so that a long job can finish its step and save;
/// a second one kills the process at once. SIGHUP (the terminal is closed) sets the flag too, however often it comes;
/// where it is ignored already (`nohup`) it stays ignored. Call it from the main thread. SIGQUIT (Ctrl-\) is not
/// touched: it ends a process at once.
void install_interrupt_handler();

/// True once such a signal has come.
bool interrupt_requested();

}  // namespace octet
