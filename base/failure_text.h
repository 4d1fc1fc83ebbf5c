#pragma once

#include <exception>
#include <string>

namespace octet {

/// What any exception says to a person: the message of an octet::Error; the path and the reason where a file system
/// refused; "out of memory"; and of others, which no user can have caused, that it is a fault of this program, with its
/// text for whoever mends it.
std::string failure_text(const std::exception& failure);

}  // namespace octet
