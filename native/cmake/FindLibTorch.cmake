# Finds LibTorch by its files: the folder of TorchConfig.cmake under CMAKE_PREFIX_PATH, then headers and libraries around
# it. LibTorch's own package file would demand a CUDA toolkit of everyone whose LibTorch has CUDA (the one of a plain
# Python install); this source uses no CUDA headers and does not need one.
#
# Defines the target LibTorch::LibTorch, LibTorch_VERSION and LibTorch_CUDA (whether it has CUDA).

find_path(
  LibTorch_CONFIG_DIR TorchConfig.cmake
  PATH_SUFFIXES cmake/Torch share/cmake/Torch lib/cmake/Torch lib/${CMAKE_LIBRARY_ARCHITECTURE}/cmake/Torch)
# A LibTorch folder (include, lib, share/cmake/Torch), or a system's prefix (include, lib/<triplet>/cmake/Torch).
set(LibTorch_ROOTS ${LibTorch_CONFIG_DIR}/../../.. ${LibTorch_CONFIG_DIR}/../../../..)
set(LibTorch_LIBRARY_DIRS)
foreach(directory ${LibTorch_CONFIG_DIR}/../../../lib ${LibTorch_CONFIG_DIR}/../..)
  get_filename_component(directory ${directory} ABSOLUTE)
  list(APPEND LibTorch_LIBRARY_DIRS ${directory})
endforeach()

find_path(LibTorch_INCLUDE_DIR ATen/ATen.h HINTS ${LibTorch_ROOTS} PATH_SUFFIXES include)
foreach(library torch torch_cpu c10 torch_cuda c10_cuda)
  # Only beside the configuration: libraries of another LibTorch must not be mixed in.
  find_library(LibTorch_${library}_LIBRARY ${library} PATHS ${LibTorch_LIBRARY_DIRS} NO_DEFAULT_PATH)
endforeach()

# The numbers have moved between versions; the older header then only includes the newer one.
foreach(header torch/csrc/api/include/torch/version.h torch/version.h torch/headeronly/version.h)
  if(NOT LibTorch_VERSION AND EXISTS ${LibTorch_INCLUDE_DIR}/${header})
    file(STRINGS ${LibTorch_INCLUDE_DIR}/${header} LibTorch_VERSION_LINES
         REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) +[0-9]+")
    string(REGEX MATCHALL "[0-9]+" LibTorch_VERSION_NUMBERS "${LibTorch_VERSION_LINES}")
    string(REPLACE ";" "." LibTorch_VERSION "${LibTorch_VERSION_NUMBERS}")
  endif()
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  LibTorch
  REQUIRED_VARS LibTorch_CONFIG_DIR LibTorch_INCLUDE_DIR LibTorch_torch_LIBRARY LibTorch_torch_cpu_LIBRARY
                LibTorch_c10_LIBRARY
  VERSION_VAR LibTorch_VERSION)

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
  add_library(LibTorch::LibTorch INTERFACE IMPORTED)
  target_include_directories(LibTorch::LibTorch SYSTEM INTERFACE
                             ${LibTorch_INCLUDE_DIR} ${LibTorch_INCLUDE_DIR}/torch/csrc/api/include)
  set(LibTorch_LIBRARIES ${LibTorch_torch_LIBRARY} ${LibTorch_torch_cpu_LIBRARY} ${LibTorch_c10_LIBRARY})
  set(LibTorch_CUDA OFF)
  if(LibTorch_torch_cuda_LIBRARY AND LibTorch_c10_cuda_LIBRARY)
    set(LibTorch_CUDA ON)
    list(APPEND LibTorch_LIBRARIES ${LibTorch_torch_cuda_LIBRARY} ${LibTorch_c10_cuda_LIBRARY})
  endif()
  # Nothing here calls into torch_cuda by name; it registers itself when it is loaded, so it must not be dropped.
  target_link_libraries(LibTorch::LibTorch INTERFACE -Wl,--no-as-needed ${LibTorch_LIBRARIES} -Wl,--as-needed)

  # LibTorch may bring an OpenMP runtime of its own; linking the system's beside it would give two pools of threads.
  foreach(directory ${LibTorch_LIBRARY_DIRS})
    file(GLOB LibTorch_OPENMP_CANDIDATES ${directory}/libgomp*.so*)
    list(APPEND LibTorch_OPENMP_LIBRARIES ${LibTorch_OPENMP_CANDIDATES})
  endforeach()
  if(LibTorch_OPENMP_LIBRARIES)
    list(GET LibTorch_OPENMP_LIBRARIES 0 LibTorch_OPENMP_LIBRARY)
  else()
    find_package(OpenMP REQUIRED COMPONENTS CXX)
    set(LibTorch_OPENMP_LIBRARY OpenMP::OpenMP_CXX)
  endif()
  target_link_libraries(LibTorch::LibTorch INTERFACE ${LibTorch_OPENMP_LIBRARY})

  # Strings cross the boundary in the ABI LibTorch was built with.
  file(STRINGS ${LibTorch_CONFIG_DIR}/TorchConfig.cmake LibTorch_ABI_LINE REGEX "_GLIBCXX_USE_CXX11_ABI=[01]")
  if(LibTorch_ABI_LINE MATCHES "_GLIBCXX_USE_CXX11_ABI=([01])")
    target_compile_definitions(LibTorch::LibTorch INTERFACE _GLIBCXX_USE_CXX11_ABI=${CMAKE_MATCH_1})
  endif()
endif()
