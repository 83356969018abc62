# Builds the checkout that this port lies in:
#   vcpkg install copilot --overlay-ports=ffi/vcpkg/ports
# Needs Rust. A library with an interface of C serves programs for development and for release alike: it is built once.
set(VCPKG_BUILD_TYPE release)
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../../.." ABSOLUTE)

find_program(CARGO cargo PATHS "$ENV{CARGO_HOME}/bin" "$ENV{HOME}/.cargo/bin" "$ENV{USERPROFILE}/.cargo/bin")
if(NOT CARGO)
  message(FATAL_ERROR "copilot is built by cargo, which was not found: install Rust 1.88 or newer")
endif()
if(VCPKG_LIBRARY_LINKAGE STREQUAL "static")
  set(libraries static)
else()
  set(libraries shared)
endif()

vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}/ffi"
  OPTIONS
    "-DCOPILOT_CARGO=${CARGO}"
    "-DCOPILOT_INSTALL=${libraries}"
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(PACKAGE_NAME copilot CONFIG_PATH lib/cmake/Copilot)
# It has moved to share/copilot, one folder nearer to the prefix.
set(config "${CURRENT_PACKAGES_DIR}/share/copilot/CopilotConfig.cmake")
file(READ "${config}" text)
string(REPLACE "{CMAKE_CURRENT_LIST_DIR}/../../../" "{CMAKE_CURRENT_LIST_DIR}/../../" text "${text}")
file(WRITE "${config}" "${text}")
vcpkg_fixup_pkgconfig()

file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/share/doc")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
