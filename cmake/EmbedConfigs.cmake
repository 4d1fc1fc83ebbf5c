# octet_yaml_texts(RESULT FOLDER [ENDING]): the YAML files of FOLDER as entries {"name" + ENDING, "text"} of a map.
function(octet_yaml_texts result folder)
  file(GLOB files CONFIGURE_DEPENDS ${folder}/*.yaml)
  set(entries "")
  foreach(file ${files})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    get_filename_component(name ${file} NAME_WLE)  # entropy-3.66 has a dot of its own
    file(READ ${file} text)
    string(APPEND entries "      {\"${name}${ARGN}\", R\"yaml(${text})yaml\"},\n")
  endforeach()
  set(${result} "${entries}" PARENT_SCOPE)
endfunction()

# octet_embed_configs(TARGET): compiles the YAML files of configs/, configs/labs/ and configs/recipes/ into TARGET as
# cli/builtin_configs.h. The lab entropy.yaml is called entropy-lab: a name with a '/' would be a path.
function(octet_embed_configs target)
  octet_yaml_texts(configs ${PROJECT_SOURCE_DIR}/configs)
  octet_yaml_texts(labs ${PROJECT_SOURCE_DIR}/configs/labs -lab)
  octet_yaml_texts(recipes ${PROJECT_SOURCE_DIR}/configs/recipes)
  set(source ${PROJECT_BINARY_DIR}/builtin_configs.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT "#include \"cli/builtin_configs.h\"

namespace octet {

const std::map<std::string, std::string>& builtin_configs() {
  static const std::map<std::string, std::string> configs = {
@configs@@labs@  };
  return configs;
}

const std::map<std::string, std::string>& builtin_recipes() {
  static const std::map<std::string, std::string> recipes = {
@recipes@  };
  return recipes;
}

}  // namespace octet
")
  target_sources(${target} PRIVATE ${source})
endfunction()
