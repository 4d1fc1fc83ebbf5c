# What Doxygen reads in place of a header (OctetDocs.cmake), so that comments stay plain text. Indented lines of a comment are formulas,
# tables and examples: they are kept as they are. An @ is a plain one. A specialization is found without its namespace.
function kept(line) { return line ~ /^ *\/\/\/  +[^ ]/ }

{
  gsub(/@/, "\\@")
  sub(/struct fmt::formatter/, "struct formatter")
  if (kept($0) && !inside) print "/// ~~~{.unparsed}"
  if (!kept($0) && inside) print "/// ~~~"
  inside = kept($0)
  if (inside) gsub(/\\@/, "@")
  print
}
