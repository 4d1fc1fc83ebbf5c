# What Doxygen reads in place of a header (OctetDocs.cmake), so that comments stay plain text. Indented lines of a comment are formulas,
# tables and examples: they are kept as they are. An @ is a plain one, and so is a < in a comment. A specialization is found
# without its namespace.
function kept(line) { return line ~ /^ *\/\/\/  +[^ ]/ }

{
  gsub(/@/, "\\@")
  sub(/struct fmt::formatter/, "struct formatter")
  if (kept($0) && !inside) print "/// ~~~{.unparsed}"
  if (!kept($0) && inside) print "/// ~~~"
  inside = kept($0)
  if (inside) gsub(/\\@/, "@")
  else if (match($0, /\/\/\/<?/)) {
    code = substr($0, 1, RSTART + RLENGTH - 1)
    pieces = split(substr($0, RSTART + RLENGTH), piece, "`")
    for (i = 1; i <= pieces; ++i) {
      if (i % 2 == 1) gsub(/</, "\\<", piece[i])  # not within `code`
      code = code (i > 1 ? "`" : "") piece[i]
    }
    $0 = code
  }
  print
}
