# octet_embed_configs(TARGET): compiles the YAML files of configs/ into TARGET as cli/builtin_configs.h.
function(octet_embed_configs target)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/configs/*.yaml)
  set(entries "")
  foreach(file ${files})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    get_filename_component(name ${file} NAME_WE)
    file(READ ${file} text)
    string(APPEND entries "      {\"${name}\", R\"yaml(${text})yaml\"},\n")
  endforeach()
  set(source ${PROJECT_BINARY_DIR}/builtin_configs.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT "#include \"cli/builtin_configs.h\"

namespace octet {

const std::map<std::string, std::string>& builtin_configs() {
  static const std::map<std::string, std::string> configs = {
@entries@  };
  return configs;
}

}  // namespace octet
")
  target_sources(${target} PRIVATE ${source})
endfunction()
