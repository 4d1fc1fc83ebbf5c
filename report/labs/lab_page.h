#pragma once

#include <string>

#include "report/run/sections/facts.h"

namespace octet {

// The end of the page of every lab: how its numbers were measured, by which program, and the whole configuration.

/// `method` is plain text.
std::string lab_facts_markdown(const std::string& method, const ReportProvenance& provenance);
/// The same as a section of the page.
std::string lab_facts_html(const std::string& method, const ReportProvenance& provenance);

}  // namespace octet
