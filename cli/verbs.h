#pragma once

// The verbs. Each of these functions puts one on the command line, with its options, and stands in the file of that
// verb, below the function that does the work. A verb writes results to stdout and progress to stderr; it throws
// errors, which become an exit code in main().

namespace octet {

class VerbList;

void add_run(VerbList& verbs);
void add_train(VerbList& verbs);
void add_quantize(VerbList& verbs);
void add_eval(VerbList& verbs);
void add_report(VerbList& verbs);
void add_compare(VerbList& verbs);
void add_import(VerbList& verbs);
void add_export(VerbList& verbs);
void add_generate(VerbList& verbs);
void add_bench(VerbList& verbs);
void add_inspect(VerbList& verbs);
void add_verify(VerbList& verbs);
void add_microscope(VerbList& verbs);
void add_explain(VerbList& verbs);
void add_tokens(VerbList& verbs);
void add_configs(VerbList& verbs);

}  // namespace octet
